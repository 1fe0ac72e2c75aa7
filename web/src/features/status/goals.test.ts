import { expect, it } from "vitest";
import type { EventEntry } from "@/shared/api/health";
import type { Kpi } from "@/shared/api/insight";
import { goalsOf, groupsOf, measured, targetOf } from "./goals";

const kpi = (name: string, platform: string | null, value: number | null): Kpi => ({
  name,
  title: name,
  target: 99,
  bound: "at_least",
  value,
  unit: "%",
  platform,
  ok: value === null ? null : value >= 99,
});

it("tells goals over all from those of a platform", () => {
  const goals = goalsOf([kpi("a", null, 99.5), kpi("a", "youtube", 98), kpi("b", "spotify", null)]);
  expect(goals.overall.map(({ name }) => name)).toEqual(["a"]);
  expect(goals.platforms).toEqual(["spotify", "youtube"]);
  expect(goals.names.map(({ name }) => name)).toEqual(["a", "b"]);
  expect([goals.of("youtube", "a")?.value, goals.of("youtube", "b")]).toEqual([98, undefined]);
});

it.each([
  [99.416, "%", "99.42 %"],
  [24, "h", "24 h"],
  [0, "h", "0 h"],
  [0.01, "h", "36 s"],
  [0.5, "h", "30 min"],
  [null, "%", ""],
])("%s in %s is written %s", (value, unit, written) => expect(measured(value, unit)).toBe(written));

it("says which way a goal lies", () => {
  const goal = kpi("a", null, 1);
  expect([targetOf(goal), targetOf({ ...goal, bound: "at_most", target: 24, unit: "h" })]).toEqual([
    "at least 99 %",
    "at most 24 h",
  ]);
});

const event = (subject: string, at: string, data: EventEntry["data"]): EventEntry => ({
  id: subject + at,
  kind: "feed.failed",
  subject,
  at,
  data,
});

it("counts errors of one kind together", () => {
  const groups = groupsOf([
    event("feed_1", "2026-01-02", { code: "feed.timeout", message: "slow", name: "News" }),
    event("feed_1", "2026-01-03", { code: "feed.timeout", message: "slower", name: "News" }),
    event("conn_1", "2026-01-04", { cause: { code: "invalid_grant", message: "gone" }, account: "Aurel" }),
  ]);
  expect(groups.map(({ code, times, message, last }) => [code, times, message, last])).toEqual([
    ["feed.timeout", 2, "slower", "2026-01-03"],
    ["invalid_grant", 1, "gone", "2026-01-04"],
  ]);
  expect(groups[1]?.subjects).toEqual([{ id: "conn_1", name: "Aurel" }]);
});
