import { describe, expect, it } from "vitest";
import type { Trigger } from "@/shared/api/workflows";
import { bars } from "./bars";
import { called } from "./called";
import { cronInWords, nextTimes } from "./cron";
import { conductSchema, kindOf, newStep, stepKinds, templated } from "./kinds";
import { templates } from "./templates";
import { stepInWords, triggersInWords } from "./words";

describe("cron lines", () => {
  it.each([
    ["* * * * *", "every minute"],
    ["*/15 * * * *", "every 15 minutes"],
    ["0 * * * *", "every hour"],
    ["20 * * * *", "every hour at 20 past"],
    ["0 9 * * *", "every day at 09:00"],
    ["30 8,17 * * 1-5", "every weekday at 08:30 and 17:30"],
    ["0 9 * * MON,fri", "every Monday and Friday at 09:00"],
    ["0 0 1 * *", "each month on the 1st at 00:00"],
    ["0 0 9 * * *", "every day at 09:00"],
    // What no words fit is said as it is.
    ["*/7 * * * *", "at */7 * * * *"],
    ["0 9 * 2 *", "at 0 9 * 2 *"],
    ["nonsense", "at nonsense"],
  ])("%s is %s", (line, words) => expect(cronInWords(line)).toBe(words));

  const times = (line: string, zone: string, after: string, count?: number) =>
    nextTimes(line, zone, Date.parse(after), count)?.map((at) => new Date(at).toISOString().slice(0, 16));

  it("come at the hour of their own zone, in winter and in summer", () => {
    expect(times("0 9 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T07:00",
      "2026-03-30T07:00",
    ]);
    expect(times("0 9 * * *", "Europe/Berlin", "2026-01-01T12:00:00Z", 1)).toEqual(["2026-01-02T08:00"]);
    expect(times("0 9 * * *", "America/Los_Angeles", "2026-01-01T12:00:00Z", 1)).toEqual([
      "2026-01-01T17:00",
    ]);
  });

  it("leave out the hour that the clocks leave out", () => {
    expect(times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1)).toEqual(["2026-03-30T00:30"]);
  });

  it("come on either day where both are said, as cron has it", () => {
    expect(times("0 0 13 * 5", "UTC", "2026-02-10T00:00:00Z", 2)).toEqual([
      "2026-02-13T00:00",
      "2026-02-20T00:00",
    ]);
  });

  it("are not guessed, and may never come", () => {
    expect(nextTimes("0 0 30 2 *", "UTC", 0)).toEqual([]);
    for (const [line, zone] of [
      ["0 0 L * *", "UTC"],
      ["61 * * * *", "UTC"],
      ["* * *", "UTC"],
      ["* * * * *", "Mars/Olympus"],
    ])
      expect(nextTimes(line!, zone!, 0)).toBeUndefined();
  });
});

describe("what starts it", () => {
  const nameOf = (id: string) => ({ feed_1: "Weather", int_1: "Shop" })[id];
  it.each<[Trigger[], string]>([
    [[], "by hand or API"],
    [
      [{ type: "cron", cron: "0 9 * * 1-5", time_zone: "Europe/Berlin" }],
      "every weekday at 09:00 (Europe/Berlin)",
    ],
    [[{ type: "feed", feed_id: "feed_1", filter: ".x" }], "when Weather changes, filtered"],
    [[{ type: "feed", feed_id: "feed_2" }], "when a feed changes"],
    [[{ type: "inbound", integration_id: "int_1", event_type: "push" }], "when push comes from Shop"],
    [
      [
        { type: "event", kind: "connection.*" },
        { type: "event", kind: "*" },
      ],
      "on connection.*; on every event",
    ],
  ])("%j", (triggers, words) => expect(triggersInWords(triggers, nameOf)).toBe(words));
});

describe("steps", () => {
  it("each say what they do", () => {
    for (const type of Object.keys(stepKinds)) {
      const made = newStep(type, "a");
      expect(stepInWords(made), type).not.toBe("an unknown kind of step");
      expect(made.config).not.toBe(kindOf(type).config);
    }
    expect(kindOf("nonsense").title).toBe("Unknown step");
  });

  it("that only decide or wait are not tried again", () => {
    const asks = (type: string) => Object.keys(conductSchema(kindOf(type)).properties ?? {});
    expect(asks("http")).toContain("retry");
    expect(asks("condition")).toEqual(["if"]);
  });

  it("take their call flat or by itself", () => {
    const flat = {
      connectorType: "slack",
      credentialId: "cred_1",
      action: "send_message",
      channel: "#a",
      text: "hi",
    };
    expect(called(flat)).toEqual({
      provider: "slack",
      credential_id: "cred_1",
      action: "send_message",
      input: { channel: "#a", text: "hi" },
    });
    expect(called({ provider: "slack", action: "x", input: { a: 1 } }).input).toEqual({ a: 1 });
    // An action may have a field that is called so.
    expect(called({ action: "x", input: "text", model: "m" }).input).toEqual({ input: "text", model: "m" });
  });

  it("take templates where numbers are asked for", () => {
    const { properties } = templated({
      properties: {
        text: { type: "string" },
        size: { type: "integer" },
        to: { type: "array", items: { type: "string" } },
        on: { type: "boolean" },
        more: { type: "object", properties: { depth: { type: "number" } } },
      },
    });
    const loose = (name: string) => properties?.[name]?.["x-loose"] ?? false;
    expect(["text", "size", "to", "on"].map(loose)).toEqual([false, true, true, false]);
    expect(properties?.more?.properties?.depth?.["x-loose"]).toBe(true);
  });
});

it("templates make whole workflows of their answers", () => {
  for (const { id, make } of templates) {
    const made = make({
      name: "N",
      zone: "Europe/Berlin",
      at: "06:30",
      feed: "feed_1",
      url: "https://a.example",
    });
    expect(made.steps.length, id).toBeGreaterThan(0);
    expect(new Set(made.steps.map(({ name }) => name)).size).toBe(made.steps.length);
  }
  const nightly = templates.find(({ id }) => id === "nightly")!.make({ name: "N", zone: "UTC", at: "06:30" });
  expect(nightly.triggers).toEqual([{ type: "cron", cron: "30 6 * * *", time_zone: "UTC" }]);
});

it("the bars of a run lie in its time", () => {
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const step = (path: string, from: number, to: number | null, status = "succeeded") =>
    ({ path, status, started_at: at(from), ended_at: to === null ? null : at(to) }) as never;
  const run = {
    started_at: at(100),
    created_at: at(99),
    ended_at: null,
    steps: [step("0", 100, 105), step("1.then.0", 105, null, "running"), step("2[3].0", 110, 110, "skipped")],
  } as never;
  const shown = bars(run, 110_000);
  expect(shown.map(({ left, width, depth }) => [left, width, depth])).toEqual([
    [0, 0.5, 0],
    [0.5, 0.5, 1],
    [1, 0.006, 1],
  ]);
  expect(shown.map(({ took }) => took)).toEqual([5_000, 5_000, null]);
});
