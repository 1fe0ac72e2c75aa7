// Every page: no finding of axe by day and by night, and nothing wider than the screen from a small
// telephone to a 4K monitor.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, settled, test } from "./test";

/** Waits for the side panel and what it offers. */
async function panel(page: Page) {
  await expect(page.getByRole("dialog").getByRole("button").nth(3)).toBeVisible();
}

/** What lies behind an open panel is dimmed and out of reach: then only the panel is looked at. */
function look(page: Page, open: boolean) {
  return open ? new AxeBuilder({ page }).include("[role=dialog]") : new AxeBuilder({ page });
}

const pages: [string, string, ((page: Page) => Promise<void>)?][] = [
  ["home", "/"],
  ["home as a list", "/?view=list"],
  ["integrations", "/integrations"],
  ["the services to add", "/integrations?add=1", panel],
  ["a new integration", "/integrations?add=1&provider=rest", panel],
  ["an integration that pulls", "/integrations/{Stock exchange}"],
  ["its requests", "/integrations/{Stock exchange}?tab=requests"],
  ["its credential", "/integrations/{Stock exchange}?tab=credential"],
  ["an integration that is pushed to", "/integrations/{Shop}"],
  ["connections", "/connections"],
  ["all platforms", "/connections?all=1"],
  ["an account to connect", "/connections?connect=spotify", panel],
  ["the workspace's own numbers", "/subjects/~"],
  ["feeds", "/feeds"],
  ["a feed", "/feeds/{Portfolio}"],
  ["its versions", "/feeds/{Portfolio}?tab=versions"],
  ["widgets", "/widgets"],
  ["a widget", "/widgets/{Weather}"],
  ["places", "/widgets?tab=placed"],
  ["open tasks", "/tasks"],
  ["closed tasks", "/tasks?status=done"],
  ["players", "/widgets?tab=players"],
  ["the inbox", "/inbox"],
  [
    "an accepted event",
    "/inbox",
    async (page) => {
      await page.locator("tbody button").first().click();
      await expect(page.locator(".cm-content")).toBeVisible();
    },
  ],
  ["status", "/status"],
  ["webhooks", "/webhooks"],
  ["a new webhook", "/webhooks?add=1", panel],
  ["workflows", "/workflows"],
  ["templates of workflows", "/workflows?add=1", panel],
  ["runs", "/executions"],
  ["the catalog of actions", "/catalog"],
  ["what a service can do", "/catalog?service=slack"],
  ["goals and alarms", "/status?tab=goals"],
  ...["integrations", "keys", "members", "credentials", "security", "workspace", "demo", "about"].map(
    (tab): [string, string] => [`settings: ${tab}`, `/settings?tab=${tab}`],
  ),
];

// Each page alone, on whichever worker is free.
test.describe.configure({ mode: "parallel" });

for (const [name, path, act] of pages) {
  test(`${name} is readable for all and fits every screen`, async ({ page, house }) => {
    await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "light" });
    const named = /\/(\w+)\/\{(.+)\}/.exec(path);
    const id = named && (await house.find(`/${named[1]}`, named[2]!)).id;
    await page.goto(path.replace(/\{.+\}/, id ?? ""));
    await settled(page);
    await act?.(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator(`html[data-mantine-color-scheme=${colorScheme}]`)).toBeAttached();
      const { violations } = await look(page, !!act).analyze();
      expect(
        violations.map(({ id, nodes }) => [
          id,
          nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`),
        ]),
      ).toEqual([]);
    }
    for (const width of [360, 1440, 3840]) {
      await page.setViewportSize({ width, height: 900 });
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
        .toBeLessThanOrEqual(0);
    }
  });
}
