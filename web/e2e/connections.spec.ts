import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { House } from "./house";
import { choose, expect, row, settled, test } from "./test";

const SECRET = "e2e-app-secret";
const dialog = (page: Page) => page.getByRole("dialog");
const state = (page: Page) => page.getByRole("region", { name: "Summary" });

/** Tells the authority of the demo's outside world something. */
async function tell(house: House, path: string, body: unknown) {
  const answer = await fetch(`${await house.service("oauth")}/sandbox/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.ok).toBe(true);
}

/** An app that the authority knows, and an integration that holds it. */
async function app(house: House, name: string) {
  await tell(house, "client", { id: name, secret: SECRET });
  const base = await house.service("oauth");
  return house.post("/integrations", {
    name,
    provider: "oauth2",
    config: {
      issuer: base,
      base_url: `${base}/api`,
      test_path: "/me",
      scopes: ["profile", "offline_access"],
    },
    oauth_client: { client_id: name, client_secret: SECRET },
  });
}

/** On the authority's page: whose account, and yes. */
async function agree(page: Page, account: string) {
  await page.locator(`input[name=account][value="${account}"]`).check();
  await page.getByRole("button", { name: "Allow" }).click();
}

async function expectReadable(page: Page, within?: string) {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const look = new AxeBuilder({ page });
  const { violations } = await (within ? look.include(within) : look).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}

test("an account is connected, tested, renewed, lost, connected again and disconnected", async ({
  page,
  house,
}) => {
  test.setTimeout(120_000);
  await tell(house, "client", { id: "Label", secret: SECRET });
  const base = await house.service("oauth");
  await page.goto("/connections?all=1");
  await settled(page);
  await page.getByRole("button", { name: /OAuth 2.0/ }).click();
  const panel = dialog(page);
  await expect(panel.getByText("/api/v1/oauth/callback")).toBeVisible();
  await expectReadable(page, "[role=dialog]");
  await panel.getByRole("textbox", { name: "Name", exact: true }).fill("Label");
  await panel.getByLabel("Client ID").fill("Label");
  await panel.getByLabel("Client secret").fill(SECRET);
  await panel.getByLabel("Issuer").fill(base);
  await panel.getByRole("combobox", { name: "Scopes" }).fill("profile");
  await page.keyboard.press("Enter");
  await panel.getByRole("combobox", { name: "Scopes" }).fill("offline_access");
  await page.keyboard.press("Enter");
  await panel.getByLabel("Base URL").fill(`${base}/api`);
  await panel.getByRole("button", { name: "More settings" }).click();
  await panel.getByLabel("Path of the test request").fill("/me");
  await panel.getByLabel("For whom").fill("first-of-the-label");
  await panel.getByRole("button", { name: /^Continue to/ }).click();

  await expect(page.getByRole("heading", { name: /^Connect to/ })).toBeVisible();
  await agree(page, "aurel");
  await expect(page).toHaveURL(/connections\/conn_\w+$/);
  await expect(page.getByText("The account is connected.")).toBeVisible();
  await expect(state(page)).toContainText("active");
  await expect(page.getByRole("region", { name: "Scopes" })).toContainText("offline_access");
  await expect(page.getByRole("region", { name: "Tokens" })).toContainText("Access granted");
  expect(await page.content()).not.toContain(SECRET);
  await expectReadable(page);
  const address = page.url();

  const check = page.getByRole("region", { name: "Check" });
  await check.getByRole("button", { name: "Test" }).click();
  await expect(check).toContainText("Status 200");
  await check.getByRole("button", { name: "Renew now" }).click();
  await expect(check).toContainText("The token was renewed.");
  await expect(page.getByRole("region", { name: "Tokens" })).toContainText("Token renewed");

  await tell(house, "revoke", {});
  await check.getByRole("button", { name: "Renew now" }).click();
  await expect(check.getByRole("alert")).toContainText("connection.expired");
  await expect(state(page)).toContainText("expired");
  // The home page says so, too, with the way out beside it.
  await page.goto("/");
  const needs = page.getByRole("region", { name: "Needs attention" });
  await expect(needs.getByRole("link", { name: /first-of-the-label/ })).toBeVisible();
  await expect(needs.getByRole("button", { name: /^Reconnect .*first-of-the-label/ })).toBeVisible();
  // The task comes by itself.
  await page.getByRole("button", { name: "Tasks, 1 open" }).click();
  const task = page.getByRole("group", { name: /^Reconnect/ });
  await expect(task).toContainText("has ended");
  await expectReadable(page, "[aria-label=Tasks]");
  await task.getByRole("button", { name: "Reconnect" }).click();
  await agree(page, "aurel");
  await expect(page).toHaveURL(address);
  await expect(state(page)).toContainText("active");
  await expect(page.getByRole("button", { name: "Tasks", exact: true })).toBeVisible();
  // What was done stays on record, with who did it.
  await page.getByRole("button", { name: "Tasks", exact: true }).click();
  await page.getByRole("link", { name: /^All tasks/ }).click();
  await expect(page.getByText("Nothing to do").last()).toBeVisible();
  await page.getByText("Closed", { exact: true }).click();
  await expect(page).toHaveURL(/status=done/);
  await expect(row(page, "Reconnect Label")).toContainText("by you");
  await row(page, "Reconnect Label").getByRole("link", { name: "Reconnect Label" }).click();
  await expect(page).toHaveURL(address);

  // Another account under the same history would lie.
  await page.getByRole("button", { name: "Reconnect" }).click();
  await agree(page, "mina-sol");
  await expect(page.getByRole("alert")).toContainText("connection.other_account");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page).toHaveURL(address);

  const on = page.getByRole("switch", { name: "On" });
  await on.click({ force: true });
  await expect(state(page)).toContainText("disabled");
  await expect(on).toBeEnabled();
  await on.click({ force: true });
  await expect(state(page)).toContainText("active");

  await page.getByRole("button", { name: "Disconnect" }).click();
  await dialog(page).getByRole("button", { name: "Disconnect the account" }).click();
  await expect(page).toHaveURL(/connections$/);
  await settled(page);
  await expect(row(page, "first-of-the-label")).toHaveCount(0);
});

test("who refuses is believed, and it is said where they come back to", async ({ page, house }) => {
  const { id } = await app(house, "Refused");
  await page.goto(`/connections?connect=oauth2&integration=${id}`);
  await dialog(page)
    .getByRole("button", { name: /^Continue to/ })
    .click();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("alert")).toContainText("oauth.denied");
  await expectReadable(page);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page).toHaveURL(/connections$/);
});

test("a connect link leads somebody else there, on a telephone", async ({ page, house, browser }) => {
  const { id } = await app(house, "By link");
  await page.goto(`/connections?connect=oauth2&integration=${id}`);
  await dialog(page).getByLabel("For whom").fill("mina");
  await dialog(page).getByRole("button", { name: "Make a connect link" }).click();
  const link = await dialog(page).getByRole("status").locator("code").textContent();

  const telephone = await browser.newContext({
    viewport: { width: 360, height: 740 },
    storageState: { cookies: [], origins: [] },
  });
  const theirs = await telephone.newPage();
  await theirs.goto(link!);
  await expect(theirs.getByRole("heading", { level: 1 })).toContainText("Acme asks to connect");
  for (const colorScheme of ["light", "dark"] as const) {
    await theirs.emulateMedia({ colorScheme });
    await expectReadable(theirs);
  }
  expect(await theirs.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
    0,
  );
  const opened = telephone.waitForEvent("page");
  await theirs.getByRole("link", { name: /^Continue to/ }).click();
  const there = await opened;
  await agree(there, "mina-sol");
  await expect(there.getByRole("heading", { level: 1 })).toContainText("is connected");
  await expectReadable(there);
  await telephone.close();

  await page.goto("/connections?search=mina");
  await expect(row(page, "mina").first()).toContainText("active");
  await expect(page).toHaveURL(/search=mina/);
  await choose(page, "State", "expired");
  await expect(page.getByText("Nothing fits")).toBeVisible();
  await expect(page).toHaveURL(/status=expired/);
});

test("a subject has a page of its own, also before there are numbers", async ({ page, house }) => {
  const { id } = await app(house, "Numbers");
  await page.goto(`/connections?connect=oauth2&integration=${id}`);
  await dialog(page).getByLabel("For whom").fill("söl & co/7");
  await dialog(page)
    .getByRole("button", { name: /^Continue to/ })
    .click();
  await agree(page, "aurel");
  await page.getByRole("region", { name: "Summary" }).getByRole("link", { name: "söl & co/7" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("söl & co/7");
  await expect(page.getByRole("region", { name: "Accounts" })).toContainText("active");
  await expect(page.getByText("No numbers yet")).toBeVisible();
  await expectReadable(page);
});

test("the numbers of an artist are read at once, drawn, and taken along as CSV", async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto("/connections?search=Aurel");
  await page.locator("tbody a[href='/subjects/Aurel']").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Aurel");
  await page.getByRole("button", { name: "Sync now" }).click();
  const results = page.getByRole("region", { name: "Result of the sync" });
  await expect(results.getByRole("listitem").filter({ hasText: "Instagram" })).toContainText("read");
  const numbers = page.getByRole("table", { name: "Newest numbers" });
  await expect(numbers.getByRole("columnheader", { name: "Instagram" })).toBeVisible();
  await expect(page.getByRole("figure", { name: /^Followers on Instagram/ })).toBeVisible();
  await numbers.getByRole("button", { name: "Engagement rate" }).click();
  await expect(page).toHaveURL(/metric=engagement_rate/);
  await expect(page.getByRole("region", { name: "Engagement rate over time" })).toContainText("estimated");
  await expectReadable(page);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  expect((await saved).suggestedFilename()).toBe("Aurel-metrics.csv");

  // Where an account stands for itself, nobody is asked for an artist.
  await results.getByRole("link", { name: "Instagram" }).click();
  await expect(page.getByRole("region", { name: "Tokens" })).toContainText("Numbers read");
  await expect(page.getByRole("region", { name: "Artist" })).toHaveCount(0);
  await page.getByRole("region", { name: "Summary" }).getByRole("link", { name: "Aurel" }).click();
  await page.getByRole("button", { name: "Sync now" }).click();
  await expect(results.getByRole("listitem").filter({ hasText: "Spotify" })).toContainText("needs an artist");
  // Whom an account stands for is said by a person.
  await results.getByRole("link", { name: "Spotify" }).click();
  const artist = page.getByRole("region", { name: "Artist" });
  await artist.getByRole("button", { name: "Find" }).click();
  await expectReadable(page);
  await artist.getByRole("button", { name: "Choose Aurel", exact: true }).first().click();
  await expect(page.getByText("The artist is kept")).toBeVisible();
  await expect(page.getByRole("region", { name: "Tokens" })).toContainText("Numbers read");
});

test("goals and alarms have their place", async ({ page }) => {
  await page.goto("/status?tab=goals");
  await settled(page);
  for (const part of ["Goals", "Drift alarms", "Error groups"])
    await expect(page.getByRole("region", { name: part, exact: true })).toBeVisible();
  await expectReadable(page);
});

test("all accounts are read at once, and each tells as it is done", async ({ page, house }) => {
  const { data } = await house.get("/connections?subject=Aurel");
  const first = data.find(({ provider }: { provider: string }) => provider === "instagram");
  // The question waits, and then the answer, until the browser has seen what is shown before it.
  const gate = () => {
    let open = () => {};
    return { passed: new Promise<void>((go) => (open = go)), open: () => open() };
  };
  const [question, answer] = [gate(), gate()];
  await page.route("**/api/v1/sync", async (route) => {
    await question.passed;
    const response = await route.fetch();
    await answer.passed;
    await route.fulfill({ response });
  });
  await page.goto("/connections");
  await settled(page);
  await page.getByRole("button", { name: "Sync all" }).click();
  const running = page.getByRole("region", { name: "Sync", exact: true });
  await expect(running.getByRole("listitem").filter({ hasText: "Instagram" })).toContainText("reading");
  await expectReadable(page);
  question.open();
  // The stream of events tells it before the answer does.
  await expect(page.getByRole("status").filter({ hasText: /^[1-9]\d* of \d+ answered$/ })).toBeVisible();
  answer.open();
  const results = page.getByRole("region", { name: "Result of the sync" });
  const line = results.getByRole("listitem").filter({ hasText: "Instagram" });
  await expect(line).toContainText(/read\d* numbers/);
  await expect(line.getByRole("link")).toHaveAttribute("href", `/connections/${first.id}`);
  await expect(results.getByRole("status")).toHaveText(/^(\d+) of \1 answered$/);
  await page.getByRole("button", { name: "Test all" }).click();
  await expect(page.getByText(/accounts? (passed|of \d+ did not pass)/)).toBeVisible();
});
