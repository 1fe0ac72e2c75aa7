import { expect, it } from "vitest";
import { nextSort } from "./listing";
import { queriesOf } from "./live";
import { pathOf } from "./subject";
import { bytes, plural, slug } from "./text";
import { age, duration, expiry, relative } from "./time";

const NOW = Date.parse("2026-01-15T12:00:00Z");
const DAY = 86_400_000;

it.each([
  [0, "just now"],
  [-4, "just now"],
  [-42, "42 seconds ago"],
  [-60, "1 minute ago"],
  [-3_599, "59 minutes ago"],
  [-7_200, "2 hours ago"],
  [-86_400, "yesterday"],
  [90, "in 1 minute"],
  [3 * 86_400, "in 3 days"],
  [-40 * 86_400, "last month"],
  [-800 * 86_400, "2 years ago"],
])("%i seconds from now is %s", (seconds, said) => {
  expect(relative(NOW + seconds * 1000, NOW)).toBe(said);
  expect(relative(new Date(NOW + seconds * 1000).toISOString(), NOW)).toBe(said);
});

it.each([
  [-5, "0s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [3 * 3_600_000, "3h"],
  [9 * DAY, "9d"],
])("%i ms old is %s", (ms, said) => expect(age(ms)).toBe(said));

it.each([
  [850, "850 ms"],
  [1_240, "1.2 s"],
  [300_000, "5 min"],
  [2 * DAY, "2 d"],
])("%i ms last %s", (ms, said) => expect(duration(ms)).toBe(said));

it.each([
  [null, "never"],
  [NOW - 1, "expired"],
  [NOW + 6.9 * DAY, "soon"],
  [NOW + 7 * DAY, "fine"],
])("a key that ends at %s is %s", (at, said) =>
  expect(expiry(at === null ? null : new Date(at).toISOString(), NOW)).toBe(said),
);

it.each([
  ["My Weather Widget", "my-weather-widget"],
  ["  Åre & Co. ", "are-co"],
])("the slug of %s", (name, said) => expect(slug(name)).toBe(said));

it("counts and sizes", () => {
  expect([plural(1, "feed"), plural(1_200, "feed"), bytes(12), bytes(1_480), bytes(18_431_022)]).toEqual([
    "1 feed",
    "1,200 feeds",
    "12 B",
    "1.5 kB",
    "18.4 MB",
  ]);
});

it("sorts and unsorts", () => {
  const next = [undefined, "name", "-name", "status"].map((now) => nextSort(now, "name"));
  expect(next).toEqual(["name", "-name", undefined, "name"]);
});

it("knows the page of a thing and what an event makes old", () => {
  expect([pathOf("feed_01"), pathOf("wcfg_01"), pathOf("xyz_01")]).toEqual([
    "/feeds/feed_01",
    "/widgets/wcfg_01",
    undefined,
  ]);
  expect(pathOf("conn_01")).toBe("/connections/conn_01");
  expect(queriesOf("feed.updated")).toContain("graph");
  expect(queriesOf("connection.expired")).toContain("tasks");
  expect(queriesOf("unheard.of")).toEqual([]);
});
