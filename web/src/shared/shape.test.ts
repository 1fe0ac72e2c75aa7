import { expect, it } from "vitest";
import { shapeOf } from "./shape";
import { defaultsOf, kindOf, missingIn, withField, type Schema } from "./schema";

it("draws weather as a card with a line", () => {
  const shape = shapeOf({
    city: "Lund",
    temperature: 12.4,
    humidity: 71,
    wind: { speed: 5 },
    next_hours: [12, 11, 10],
  });
  expect(shape).toEqual({
    kind: "card",
    title: "Lund",
    facts: [
      ["temperature", "12.4"],
      ["humidity", "71"],
      ["wind speed", "5"],
    ],
    series: { name: "next_hours", values: [12, 11, 10] },
  });
});

it("draws a feed as a list, and follows no script", () => {
  const shape = shapeOf({
    title: "Blog",
    items: [
      { title: "One", summary: "First", published_at: "2026-01-01T00:00:00Z", link: "https://example.org/1" },
      { title: "Two", link: "javascript:alert(1)" },
    ],
  });
  expect(shape).toEqual({
    kind: "list",
    title: "Blog",
    items: [
      { title: "One", detail: "First", at: "2026-01-01T00:00:00Z", link: "https://example.org/1" },
      { title: "Two", detail: undefined, at: undefined, link: undefined },
    ],
  });
});

it("says first what one asks for first, and writes seconds as moments", () => {
  const shape = shapeOf({
    coord: { lon: 139.7 },
    weather: [{ id: 802, description: "scattered clouds" }],
    main: { temp: 18.9 },
    sys: { sunrise: 1_767_225_600 },
    cod: 200,
  });
  expect(shape).toMatchObject({
    facts: [
      ["main temp", "18.9"],
      ["weather description", "scattered clouds"],
      ["sys sunrise", "2026-01-01T00:00:00.000Z"],
      ["coord lon", "139.7"],
      ["weather id", "802"],
      ["cod", "200"],
    ],
  });
});

it("turns a list that grows at its end, and reads summaries as text", () => {
  const shape = shapeOf([
    { name: "Build", at: "2026-01-01T00:00:00Z" },
    { name: "Test", at: "2026-01-02T00:00:00Z", summary: "<p>All &amp; <b>green</b></p>" },
  ]);
  expect(shape).toMatchObject({ items: [{ title: "Test", detail: "All & green" }, { title: "Build" }] });
});

it("draws numbers as a line, and the rest as it is", () => {
  expect(shapeOf([1, 2, 3])).toEqual({ kind: "series", values: [1, 2, 3] });
  expect(
    shapeOf({
      values: [
        { at: "x", value: 1 },
        { at: "y", value: 4 },
      ],
    }),
  ).toEqual({ kind: "series", title: undefined, values: [1, 4] });
  expect(shapeOf("hello")).toEqual({ kind: "text", text: "hello" });
  expect(shapeOf(null)).toEqual({ kind: "none" });
  expect(shapeOf([])).toEqual({ kind: "list", items: [] });
});

it.each<[Schema, string]>([
  [{ type: "string" }, "text"],
  [{ type: "string", "x-sensitive": true }, "secret"],
  [{ type: "string", enum: ["a"] }, "choice"],
  [{ type: ["integer", "null"] }, "number"],
  [{ type: "boolean" }, "switch"],
  [{ type: "array", items: { type: "string" } }, "list"],
  [{ type: "array", items: { type: "object" } }, "json"],
  [{ type: "object", additionalProperties: { type: "string" } }, "map"],
  [{ type: "object", properties: { a: {} } }, "group"],
  [{}, "json"],
])("%j is asked for as %s", (schema, kind) => expect(kindOf(schema)).toBe(kind));

it("starts with the defaults and knows what is missing", () => {
  const schema: Schema = {
    required: ["city", "login"],
    properties: {
      city: { type: "string" },
      units: { type: "string", default: "metric" },
      login: {
        type: "object",
        required: ["user"],
        properties: { user: { type: "string" }, retries: { type: "integer", default: 3 } },
      },
    },
  };
  const value = defaultsOf(schema);
  expect(value).toEqual({ units: "metric", login: { retries: 3 } });
  expect(missingIn(schema, value, "/config").map(({ pointer }) => pointer)).toEqual([
    "/config/city",
    "/config/login/user",
  ]);
});

it("leaves a cleared field out", () => {
  expect(withField({ a: 1, b: "x" }, "b", "")).toEqual({ a: 1 });
  expect(withField({}, "flag", false)).toEqual({ flag: false });
});
