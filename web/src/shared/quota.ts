import { useQuery } from "@tanstack/react-query";
import { connections, type Connection, type Quota } from "./api/connections";
import { count } from "./text";
import { duration } from "./time";

/** What is left at a provider: of one account, or of an integration and its accounts. */
export const useQuotas = (of: Parameters<typeof connections.quotas>[0]) =>
  useQuery({
    queryKey: ["quotas", of],
    queryFn: () => connections.quotas(of),
    refetchInterval: 30_000,
    retry: false,
  });

/** The budgets that a connection lives on: its own, and those that its app shares among all accounts. */
export const quotasOf = (quotas: Quota[], it: Pick<Connection, "id" | "integration_id">) =>
  quotas.filter(({ integration_id, connection_id }) =>
    connection_id ? connection_id === it.id : integration_id === it.integration_id,
  );

const spans: Record<number, string> = { 1: "second", 60: "minute", 3_600: "hour", 86_400: "day" };
const each = (seconds: number) => `Each ${spans[seconds] ?? duration(seconds * 1_000)}`;

/** What the limit is of: `Each day, of the app`, `Each 30 s, of the account`. */
export const titleOf = ({ daily, window_secs, scope }: Quota) =>
  [daily ? "Each day" : window_secs ? each(window_secs) : "Requests", `of the ${scope}`].join(", ");

/** What calls of no class of their own are counted as. */
const GENERAL = "api";

/** The class of calls in words. */
export const classOf = ({ class: name }: Quota) => {
  const words = name === GENERAL ? "everything else" : name.replace(/[_-]+/g, " ");
  return words[0]!.toUpperCase() + words.slice(1);
};

/** `1,200 of 10,000 used`. A limit that nobody tells is not made up. */
export const usedOf = ({ used, limit }: Quota) =>
  limit === null ? `${count(used)} used` : `${count(used)} of ${count(limit)} used`;

export const shareOf = ({ used, limit }: Quota): number | null =>
  limit === null || limit <= 0 ? null : Math.min(1, used / limit);

export interface Budgets {
  /** Those in use, by class of calls; calls of no class come last. Without a name where there is one class only. */
  classes: { name: string | null; quotas: Quota[] }[];
  /** Where there are many, those that nothing has been taken of. */
  idle: Quota[];
}

/** More bars than these are shown only where something is used. */
const MANY = 4;

/** Budgets as they are read: what is used stands out of what is not. */
export function budgetsOf(quotas: Quota[]): Budgets {
  const isMany = quotas.length > MANY;
  const idle = quotas.filter(({ used }) => isMany && used === 0);
  const isOne = new Set(quotas.map((quota) => quota.class)).size < 2;
  const classes = new Map<string, Quota[]>();
  const general = (quota: Quota) => (quota.class === GENERAL ? 1 : 0);
  for (const quota of quotas.toSorted((a, b) => general(a) - general(b))) {
    if (idle.includes(quota)) continue;
    classes.set(quota.class, [...(classes.get(quota.class) ?? []), quota]);
  }
  return {
    classes: [...classes.values()].map((quotas) => ({ name: isOne ? null : classOf(quotas[0]!), quotas })),
    idle,
  };
}
