import type { Connection, Quota } from "@/shared/api/connections";
import { count } from "@/shared/text";
import { duration } from "@/shared/time";

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

/** `1,200 of 10,000 used`. A limit that nobody tells is not made up. */
export const usedOf = ({ used, limit }: Quota) =>
  limit === null ? `${count(used)} used` : `${count(used)} of ${count(limit)} used`;

export const shareOf = ({ used, limit }: Quota): number | null =>
  limit === null || limit <= 0 ? null : Math.min(1, used / limit);
