import { describe, expect, it } from "vitest";
import type { Connection, Quota } from "@/shared/api/connections";
import type { Provider } from "@/shared/api/integrations";
import { platformsOf, settingsOf } from "./platforms";
import { budgetsOf, quotasOf, shareOf, titleOf, usedOf } from "@/shared/quota";
import { momentsOf } from "./timeline";

const NOW = Date.parse("2026-01-15T12:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

const connection: Connection = {
  id: "conn_1",
  integration_id: "int_1",
  provider: "spotify",
  subject: "aurel",
  status: "active",
  cause: null,
  status_since: at(-90),
  account: { id: "1", name: "Aurel" },
  scopes: [],
  missing_scopes: [],
  captured: {},
  can_refresh: true,
  granted_at: at(-90),
  expires_at: at(30),
  refresh_expires_at: null,
  refreshed_at: null,
  failures: 0,
  failing_since: null,
  validated_at: at(-90),
  synced_at: null,
  created_at: at(-90),
  updated_at: at(-90),
};

describe("the life of a token", () => {
  const told = (change: Partial<Connection>) =>
    momentsOf({ ...connection, ...change }, NOW).map(({ key, when }) => `${key} ${when}`);

  it.each<[string, Partial<Connection>, string[]]>([
    ["fresh", {}, ["created past", "now now", "expires future"]],
    [
      "renewed, which is a grant, too",
      { granted_at: at(-30), refreshed_at: at(-30), synced_at: at(-10) },
      ["created past", "refreshed past", "synced past", "now now", "expires future"],
    ],
    [
      "connected again after a renewal",
      { refreshed_at: at(-60), granted_at: at(-5) },
      ["created past", "refreshed past", "granted past", "now now", "expires future"],
    ],
    [
      "lost",
      { status: "expired", status_since: at(-1), expires_at: at(-40), refreshed_at: at(-100) },
      ["refreshed past", "created past", "expires past", "status past", "now now"],
    ],
    [
      "taken back, so that its end is of no account",
      { status: "revoked", status_since: at(-1), refresh_expires_at: at(60) },
      ["created past", "status past", "now now"],
    ],
    [
      "with an end that nobody can put off",
      { refresh_expires_at: at(60) },
      ["created past", "now now", "expires future", "refresh_expires future"],
    ],
  ])("%s", (_name, change, moments) => expect(told(change)).toEqual(moments));

  it("warns where nobody renews", () => {
    const end = momentsOf({ ...connection, can_refresh: false }, NOW).at(-1);
    expect([end?.note, end?.tone]).toEqual(["a person must agree again", "stale"]);
  });
});

describe("quota", () => {
  const quota: Quota = {
    provider: "youtube",
    integration_id: "int_1",
    scope: "app",
    class: "api",
    limit: 10_000,
    daily: true,
    used: 6_000,
    remaining: 4_000,
    resets_at: null,
  };
  it("is the connection's own and what its app shares", () => {
    const others = [
      { ...quota, integration_id: "int_2" },
      { ...quota, connection_id: "conn_2" },
      { ...quota, connection_id: "conn_1", scope: "account" },
    ];
    expect(quotasOf([quota, ...others], connection)).toEqual([quota, others[2]]);
  });
  it.each<[Partial<Quota>, string, string, number | null]>([
    [{}, "Each day, of the app", "6,000 of 10,000 used", 0.6],
    [{ daily: false, window_secs: 30, limit: null }, "Each 30 s, of the app", "6,000 used", null],
    [{ daily: false, window_secs: 60 }, "Each minute, of the app", "6,000 of 10,000 used", 0.6],
    [{ used: 12_000 }, "Each day, of the app", "12,000 of 10,000 used", 1],
  ])("%o", (change, title, used, share) => {
    const it = { ...quota, ...change };
    expect([titleOf(it), usedOf(it), shareOf(it)]).toEqual([title, used, share]);
  });
  const budgets = (...of: Quota[]) => {
    const { classes, idle } = budgetsOf(of);
    return [classes.map((it) => [it.name, it.quotas.length]), idle.map((it) => it.class)];
  };
  it("has no class to tell where there is one", () => {
    expect(budgets(quota, { ...quota, daily: false, window_secs: 60 })).toEqual([[[null, 2]], []]);
  });
  it("stands by class, what is of none last, and what is idle in a line where there is much", () => {
    const search = { ...quota, class: "search_all" };
    expect(budgets(quota, search)).toEqual([
      [
        ["Search all", 1],
        ["Everything else", 1],
      ],
      [],
    ]);
    const idle = ["a", "b", "c"].map((name) => ({ ...quota, class: name, used: 0 }));
    expect(budgets(quota, search, ...idle)).toEqual([
      [
        ["Search all", 1],
        ["Everything else", 1],
      ],
      ["a", "b", "c"],
    ]);
  });
});

const provider = (id: string, category: string, kind = "oauth2") =>
  ({ id, name: id, categories: [category], auth: [{ id: kind, kind }] }) as unknown as Provider;

it("puts platforms in use first, then those of artists, and only those with OAuth", () => {
  const all = [
    provider("oauth2", "generic"),
    provider("slack", "work"),
    provider("youtube", "video"),
    provider("rss", "news", "none"),
    provider("spotify", "music"),
    provider("zendesk", "work"),
  ];
  const shown = platformsOf(all, [{ provider: "zendesk" }, { provider: "zendesk" }]);
  expect(shown.map(({ provider, connected }) => [provider.id, connected])).toEqual([
    ["zendesk", 2],
    ["spotify", 0],
    ["youtube", 0],
    ["slack", 0],
    ["oauth2", 0],
  ]);
});

it("asks for what is needed, and for all ways where one has to be chosen", () => {
  const properties = { issuer: {}, token_url: {}, grant: { default: "code" } };
  const names = (schema: { properties?: object }) => Object.keys(schema.properties ?? {});
  const needed = settingsOf({ properties, required: ["issuer"] });
  expect([names(needed.asked), names(needed.rest)]).toEqual([["issuer"], ["token_url", "grant"]]);
  const chosen = settingsOf({ properties, anyOf: [{ required: ["issuer"] }] });
  expect([names(chosen.asked), names(chosen.rest)]).toEqual([["issuer", "token_url"], ["grant"]]);
});
