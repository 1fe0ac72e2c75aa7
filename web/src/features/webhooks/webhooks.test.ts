import { describe, expect, it } from "vitest";
import { covered, fits, kindGroups } from "@/shared/events";
import { sinceOf } from "@/shared/span";
import { shareOf } from "@/shared/ui/Outcomes";
import { draftOf, fresh, missing, sent } from "./draft";
import { outcomeOf } from "./outcome";
import { samplesOf } from "./samples";

describe("kinds of events", () => {
  it.each([
    ["*", "feed.updated", true],
    ["feed.*", "feed.updated", true],
    ["feed.*", "feedback.given", false],
    ["feed.updated", "feed.updated_twice", false],
  ])("%s and %s: %s", (pattern, kind, does) => expect(fits(pattern, kind)).toBe(does));

  it("offer what was seen lately, and say what a pattern covers", () => {
    const groups = kindGroups(["custom.order_paid", "feed.updated", "custom.order_paid"]);
    const custom = groups.find(({ items }) => items.includes("custom.*"))!.items;
    expect(custom).toEqual(["custom.*", "custom.order_paid"]);
    expect(covered(["custom.*", "execution.ended"], groups)).toEqual([
      "execution.ended",
      "custom.order_paid",
    ]);
    const all = groups.flatMap(({ items }) => items);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("a webhook's form", () => {
  it("says what is needed", () => {
    expect(missing(fresh)).toMatch(/address/);
    expect(missing({ ...fresh, url: "https://a.example" })).toMatch(/event/);
    expect(missing({ ...fresh, url: "https://a.example", events: ["*"] })).toBeNull();
  });

  it("sends no empty name and no empty filter", () => {
    const { name, filter } = sent({ ...fresh, name: " ", filter: " " });
    expect([name, filter]).toEqual([undefined, null]);
  });

  it("gives back what it was given, so that what nobody touched stays", () => {
    const stored = {
      id: "wh_1",
      ...fresh,
      name: "Shop",
      url: "https://a.example",
      events: ["*"],
      headers: { authorization: "••••" },
      rate_limit: { requests: 5, window_secs: 60 },
      concurrency: 3,
      timeout_ms: 9_000,
    };
    expect(sent(draftOf(stored as never))).toMatchObject({
      headers: { authorization: "••••" },
      rate_limit: { requests: 5, window_secs: 60 },
      concurrency: 3,
      timeout_ms: 9_000,
    });
  });
});

it("samples never hold a secret, and hold the public key", () => {
  const hmac = samplesOf({ signing: "hmac" });
  expect(hmac.map(({ language }) => language)).toEqual(["JavaScript", "Python", "Go"]);
  for (const { code } of hmac) expect(code).toContain("WEBHOOK_SECRET");
  for (const { code } of samplesOf({ signing: "ed25519", public_key: "whpk_QUJD" }))
    expect(code).toContain('"QUJD"');
});

it("the success rate counts what ended", () => {
  const outcomes = (["succeeded", "pending", "retrying", "dead", "succeeded"] as const).map((status) =>
    outcomeOf({ status }),
  );
  expect(outcomes).toEqual(["ok", "open", "failed", "failed", "ok"]);
  expect(shareOf(outcomes)).toBe(0.5);
  expect(shareOf(["open"])).toBeNull();
});

it("spans begin where they say", () => {
  expect(sinceOf("24h", Date.parse("2026-01-02T00:00:00Z"))).toBe("2026-01-01T00:00:00.000Z");
  expect(sinceOf("7d", Date.parse("2026-01-08T00:00:00Z"))).toBe("2026-01-01T00:00:00.000Z");
  for (const odd of [undefined, "", "ever", "-1h"]) expect(sinceOf(odd)).toBeUndefined();
});
