// The kinds of things that happen, and patterns of them: `feed.updated`, `feed.*`, `*`.

import type { EventEntry } from "./api/health";
import { useListing } from "./listing";

const known: Record<string, [group: string, kinds: string[]]> = {
  feed: ["Feeds", ["created", "updated", "failed", "failing", "recovered", "push_failed", "deleted"]],
  execution: ["Workflow runs", ["started", "approval_requested", "ended"]],
  connection: [
    "Connected accounts",
    ["connected", "expiring", "expired", "degraded", "recovered", "revoked", "disabled", "deleted"],
  ],
  integration: ["Integrations", ["created", "changed", "enabled", "disabled", "deleted"]],
  inbound: ["Pushes that came in", ["received", "replayed"]],
  metrics: ["Numbers of accounts", ["updated", "drift", "drift_ended"]],
  webhook: ["Webhooks", ["disabled", "rejected"]],
  task: ["Tasks", ["created", "closed"]],
  job: ["Jobs", ["given_up"]],
  custom: ["Your own", []],
};

export interface KindGroup {
  group: string;
  items: string[];
}

/** What can be asked for: everything, each room by its beginning, and every kind; those `seen` lately, too. */
export function kindGroups(seen: string[]): KindGroup[] {
  const groups = Object.entries(known).map(([room, [group, kinds]]) => {
    const own = kinds.map((kind) => `${room}.${kind}`);
    const more = seen.filter((kind) => kind.startsWith(`${room}.`) && !own.includes(kind));
    return { group, items: [`${room}.*`, ...own, ...new Set(more)] };
  });
  return [{ group: "Everything", items: ["*"] }, ...groups];
}

export const fits = (pattern: string, kind: string) =>
  pattern.endsWith("*") ? kind.startsWith(pattern.slice(0, -1)) : pattern === kind;

/** The kinds that patterns stand for, of those that can be named. */
export const covered = (patterns: string[], groups: KindGroup[]) =>
  groups
    .flatMap(({ items }) => items)
    .filter((kind) => !kind.endsWith("*") && patterns.some((pattern) => fits(pattern, kind)));

/** What happened lately, and the kinds to choose from. */
export function useKinds() {
  const lately = useListing<EventEntry>("/events", {}, { limit: 100, staleTime: 60_000 });
  return { lately: lately.rows, groups: kindGroups(lately.rows.map(({ kind }) => kind)) };
}

/** An event as filters see it. */
export const asFilterInput = ({ id, kind, subject, at, data }: EventEntry) => ({
  id,
  type: kind,
  subject,
  timestamp: at,
  data: data as never,
});
