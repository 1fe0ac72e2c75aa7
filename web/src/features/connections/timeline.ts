// The life of a connection's tokens as a row of moments, with the present in its place among them.

import { isOver } from "@/shared/account";
import type { Connection } from "@/shared/api/connections";

export interface Moment {
  key: string;
  /** Absent for the present. */
  at: string | null;
  title: string;
  note?: string;
  when: "past" | "now" | "future";
  tone?: "failing" | "stale";
}

/** How a state that is not as it should be is called when it began. */
export const endings: Partial<Record<Connection["status"], string>> = {
  degraded: "Works badly",
  expired: "Access ended",
  revoked: "Access taken back",
  disabled: "Switched off",
};

/** What happened and what will, oldest first. */
export function momentsOf(it: Connection, now: number): Moment[] {
  const found: Omit<Moment, "when">[] = [];
  const add = (key: string, at: string | null, title: string, more: Partial<Moment> = {}) => {
    if (at) found.push({ key, at, title, ...more });
  };
  const isAlive = it.status === "active" || it.status === "degraded";
  const near = (one: string | null, other: string | null) =>
    one !== null && other !== null && Math.abs(Date.parse(one) - Date.parse(other)) < 5_000;
  add("created", it.created_at, "Access granted");
  // Each renewal is a grant, too; what is told is when a person agreed again.
  if (!near(it.granted_at, it.created_at) && !near(it.granted_at, it.refreshed_at))
    add("granted", it.granted_at, "Access granted again");
  add("refreshed", it.refreshed_at, "Token renewed");
  if (![it.created_at, it.granted_at].some((at) => near(at, it.validated_at)))
    add("validated", it.validated_at, "Token accepted in a test");
  add("synced", it.synced_at, "Numbers read");
  add("failing", it.failing_since, "Renewals began to fail", {
    tone: "stale",
    note: it.failures > 1 ? `${it.failures} in a row; tried again by itself` : "tried again by itself",
  });
  const ending = endings[it.status];
  if (ending) {
    add("status", it.status_since, ending, {
      note: it.cause?.message,
      tone: it.status === "disabled" ? undefined : it.status === "degraded" ? "stale" : "failing",
    });
  }
  const ended = it.expires_at !== null && Date.parse(it.expires_at) <= now;
  // What was taken back has no end ahead.
  if (ended || !isOver(it))
    add("expires", it.expires_at, ended ? "Token expired" : "Token expires", {
      note:
        ended || !isAlive ? undefined : it.can_refresh ? "renewed before that" : "a person must agree again",
      tone: ended || !isAlive || it.can_refresh ? undefined : "stale",
    });
  if (it.can_refresh && !isOver(it))
    add("refresh_expires", it.refresh_expires_at, "Renewals end", { note: "a person must agree again" });
  const dated = found
    .map((moment, index) => ({ moment, at: Date.parse(moment.at!), index }))
    .sort((a, b) => a.at - b.at || a.index - b.index);
  const past = dated
    .filter(({ at }) => at <= now)
    .map(({ moment }) => ({ ...moment, when: "past" as const }));
  const future = dated
    .filter(({ at }) => at > now)
    .map(({ moment }) => ({ ...moment, when: "future" as const }));
  return [...past, { key: "now", at: null, title: "Now", when: "now" }, ...future];
}
