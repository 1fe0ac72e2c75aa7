import { expect, it } from "vitest";
import type { MetricRow } from "@/shared/api/insight";
import { alone, changeOf, latestOf, onAxis, said, seriesOf, signed, spanOf } from "./metrics";

const row = (
  date: string,
  platform: string,
  metrics: MetricRow["metrics"],
  estimated: MetricRow["estimated"] = {},
): MetricRow => ({ date, platform, subject: "aurel", metrics, estimated, fetched_at: `${date}T06:00:00Z` });

const rows = [
  row("2026-01-01", "spotify", { followers: 100, top_track: "Neon Rain" }),
  row("2026-01-03", "spotify", { followers: 0, popularity: null }),
  row("2026-01-02", "youtube", { views: 7, followers: 20 }, { views: "sum of the newest videos" }),
];
const span = { from: "2026-01-01", to: "2026-01-04" };

it("leaves a gap where nothing is known, and tells it from 0", () => {
  const { days, told, estimated } = seriesOf(rows, "followers", "spotify", span);
  expect(days).toEqual(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]);
  expect(told).toEqual([100, null, 0, null]);
  expect(estimated).toEqual([null, null, null, null]);
  expect(alone(told)).toEqual([0, 2]);
});

it("keeps what was computed apart from what was told", () => {
  const { told, estimated, formulas } = seriesOf(rows, "views", "youtube", span);
  expect([told[1], estimated[1], formulas[1]]).toEqual([null, 7, "sum of the newest videos"]);
});

it("knows the newest of each, in the order of the vocabulary", () => {
  const latest = latestOf(rows);
  expect(latest.platforms).toEqual(["spotify", "youtube"]);
  expect(latest.metrics).toEqual(["followers", "views", "top_track"]);
  expect(latest.of("followers", "spotify")).toEqual({ value: 0, date: "2026-01-03", formula: undefined });
  expect(latest.of("top_track", "spotify")?.value).toBe("Neon Rain");
  expect(latest.of("popularity", "spotify")).toBeUndefined();
});

it("tells how it went", () => {
  const change = (metric: string, platform: string) => changeOf(seriesOf(rows, metric, platform, span));
  expect([change("followers", "spotify"), change("followers", "youtube")]).toEqual([-100, null]);
  expect([signed(1_204), signed(-0.125), signed(0)]).toEqual(["+1,204", "−0.13", "±0"]);
});

it.each([
  ["followers", 48_102, "48,102", "48.1k"],
  ["engagement_rate", 3.256, "3.26 %", "3.26%"],
])("%s of %d is written %s", (metric, value, written, short) => {
  expect([said(metric, value), onAxis(metric, value)]).toEqual([written, short]);
});

it("writes lists and leaves unknown things empty", () => {
  expect([said("genres", ["indie", "pop"]), said("followers", null), said("views", undefined)]).toEqual([
    "indie, pop",
    "",
    "",
  ]);
});

it("counts days back from today, in UTC", () =>
  expect(spanOf(7, Date.parse("2026-01-15T23:30:00Z"))).toEqual({ from: "2026-01-09", to: "2026-01-15" }));
