import type { Page } from "@playwright/test";
import { choose, expect, row, settled, test } from "./test";

const dialog = (page: Page) => page.getByRole("dialog");

test("an RSS feed is added by its form, tested, switched off and on, and deleted", async ({
  page,
  house,
}) => {
  await page.goto("/integrations");
  await page.getByRole("button", { name: "Add integration" }).click();
  await dialog(page).getByRole("button", { name: /^RSS/ }).click();
  await page.getByRole("button", { name: "Add and test" }).click();
  await expect(dialog(page).getByRole("alert")).toContainText("needed");
  await dialog(page).getByLabel("Name").fill("Town news");
  await dialog(page)
    .getByLabel("RSS Feed URL")
    .fill(`${await house.service("rss")}/feed.xml`);
  await page.getByRole("button", { name: "Add and test" }).click();

  await expect(page).toHaveURL(/integrations\/int_/);
  const test = page.getByRole("region", { name: "Test" });
  for (const step of ["Connect", "Ask", "Status of the answer", "Read the answer"])
    await expect(test.getByText(step, { exact: true })).toBeVisible();
  await expect(test).toContainText("Newsroom");

  await expect(page.getByRole("region", { name: "Feeds" })).toContainText("ok");
  await page.getByRole("tab", { name: "Requests" }).click();
  await expect(row(page, "/feed.xml").first()).toContainText("200");
  await page.getByRole("tab", { name: "Credential" }).click();
  await expect(page.getByText("No credentials needed")).toBeVisible();

  await page.getByRole("tab", { name: "Overview" }).click();
  const on = page.getByRole("switch", { name: "On" });
  await on.click({ force: true });
  await expect(page.getByRole("region", { name: "Summary" })).toContainText("off");
  await expect(on).toBeEnabled();
  await on.click({ force: true });
  await expect(page.getByRole("region", { name: "Summary" })).toContainText("ok");

  await page.getByRole("button", { name: "Delete" }).click();
  await dialog(page).getByRole("button", { name: "Delete the integration" }).click();
  await expect(page).toHaveURL(/integrations$/);
  await settled(page);
  await expect(row(page, "Town news")).toHaveCount(0);
});

test("a draft is tested before anything is saved", async ({ page, house }) => {
  await page.goto("/integrations?add=1&provider=rest");
  const panel = dialog(page);
  const tried = panel.getByRole("region", { name: "Test" });
  await tried.getByRole("button", { name: "Test now" }).click();
  await expect(panel.getByRole("alert")).toContainText("needed");
  await panel.getByRole("textbox", { name: "Name", exact: true }).fill("Only tried");
  await panel.getByLabel("Base URL").fill(await house.service("rest"));
  await panel.getByRole("textbox", { name: "Path", exact: true }).fill("/rest/bearer");
  await panel.getByLabel("Bearer token").fill("e2e-draft-secret");
  await tried.getByRole("button", { name: "Test now" }).click();
  for (const step of ["Connect", "Ask", "Status of the answer"])
    await expect(tried.getByText(step, { exact: true })).toBeVisible();
  await expect(tried).not.toContainText("e2e-draft-secret");
  await expect(tried.getByRole("button", { name: "Test again" })).toBeVisible();
  // What was found is about what stood there: another setting wants another test.
  await panel.getByRole("textbox", { name: "Path", exact: true }).fill("/rest/echo");
  await expect(tried.getByRole("button", { name: "Test now" })).toBeVisible();
  const { data } = await house.get("/integrations?search=Only");
  expect(data).toEqual([]);
});

test("lists are sorted by their headings, with the order in the address bar", async ({ page, house }) => {
  for (const name of ["Zulu", "alpha"])
    await house.post("/integrations", { name, provider: "webhook", push: { unsigned: true } });
  await page.goto("/integrations");
  const heading = page.getByRole("columnheader", { name: "Name" });
  const first = page.getByRole("row").nth(1);
  await heading.getByRole("button").click();
  await expect(page).toHaveURL(/sort=name/);
  await expect(heading).toHaveAttribute("aria-sort", "ascending");
  await expect(first).toContainText("alpha");
  await heading.getByRole("button").press("Enter");
  await expect(page).toHaveURL(/sort=-name/);
  await expect(heading).toHaveAttribute("aria-sort", "descending");
  await expect(first).toContainText("Zulu");
  await page.reload();
  await expect(first).toContainText("Zulu");
  await heading.getByRole("button").click();
  await expect(page).not.toHaveURL(/sort=/);

  // Every list that names things takes the same word.
  const places = ["feeds", "widgets", "widgets?tab=placed", "widgets?tab=players"];
  const kept = ["integrations", "keys", "members", "credentials"].map((tab) => `settings?tab=${tab}`);
  for (const path of [...places, ...kept]) {
    for (const sort of ["-name", "created_at"]) {
      await page.goto(`/${path}${path.includes("?") ? "&" : "?"}sort=${sort}`);
      await settled(page);
      await expect(page.locator("th[aria-sort$=ending]")).toHaveCount(1);
      await expect(page.locator("tbody tr").first()).toBeVisible();
    }
  }
});

test("a REST API is added as JSON, which is judged while it is typed", async ({ page, house }) => {
  const base = await house.service("rest");
  await page.goto("/integrations?add=1&provider=rest");
  await dialog(page).getByText("JSON", { exact: true }).click();
  const editor = page.locator(".cm-content");
  const write = async (text: string) => {
    await editor.click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  };
  await write(JSON.stringify({ name: "Echo", config: { base_url: 7, nonsense: 1 } }));
  await expect(dialog(page)).toContainText("/config/base_url");
  await expect(dialog(page)).toContainText("nonsense");
  await write(JSON.stringify({ name: "Echo", config: { base_url: base, path: "/rest/echo" } }));
  await expect(dialog(page)).not.toContainText("nonsense");
  await page.getByRole("button", { name: "Add and test" }).click();
  await expect(page).toHaveURL(/integrations\/int_/);
  await expect(page.getByRole("heading", { name: "Echo" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Feeds" })).toContainText("ok");
});

test("a test that fails says where and what to do", async ({ page, house }) => {
  const made = await house.post("/integrations", {
    name: "Closed door",
    provider: "rest",
    config: { base_url: "http://127.0.0.1:9" },
  });
  await page.goto(`/integrations/${made.id}`);
  await page.getByRole("button", { name: "Test now" }).click();
  await expect(page.getByRole("region", { name: "Test" })).toContainText(/docs\/errors\/.*\.md/);
});

test("a webhook sender shows its address, and unsigned in red", async ({ page }) => {
  await page.goto("/integrations?add=1&provider=webhook");
  await dialog(page).getByLabel("Name").fill("Anything");
  await choose(dialog(page), /How a push proves/, /unsigned/);
  await expect(page.getByText("Unsigned: anybody may push")).toBeVisible();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page).toHaveURL(/integrations\/int_/);
  const webhook = page.getByRole("region", { name: "Webhook" });
  await expect(webhook.getByText("Unsigned", { exact: true })).toBeVisible();
  const address = await webhook.locator("code").first().innerText();
  const sent = await page.request.post(address, { data: { colour: "green" } });
  expect(sent.ok()).toBe(true);
  await webhook.getByRole("link", { name: "What has arrived" }).click();
  await expect(page.getByRole("table", { name: "Accepted events" })).toContainText("unsigned");
});

test("a credential is rotated, and who touched it is told", async ({ page, house }) => {
  const made = await house.post("/integrations", {
    name: "Guarded",
    provider: "rest",
    config: { base_url: await house.service("rest"), path: "/rest/bearer" },
    credentials: { token: "e2e-first-secret" },
  });
  await page.goto(`/integrations/${made.id}?tab=credential`);
  await expect(page.getByText("••••").first()).toBeVisible();
  await page.getByRole("button", { name: "Rotate" }).click();
  await dialog(page).getByLabel("Bearer token").fill("e2e-second-secret");
  await dialog(page).getByRole("button", { name: "Rotate" }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByText("credential.rotated").first()).toBeVisible();
  expect(await page.content()).not.toContain("e2e-second-secret");
});

test("the detail tells the errors of an integration", async ({ page, house }) => {
  const made = await house.post("/integrations", {
    name: "Teapot",
    provider: "rest",
    config: { base_url: await house.service("rest"), path: "/rest/status/418" },
  });
  await house.post("/feeds", { name: "Tea", integration_id: made.id });
  await page.goto(`/integrations/${made.id}`);
  await expect(page.getByRole("region", { name: "Last error" })).toContainText("418");
  await page.getByRole("link", { name: "Tea" }).click();
  await expect(page.getByRole("alert").first()).toContainText("Next attempt");
});

test("what a provider was asked to push is told, and asked for again", async ({ page, house }) => {
  const { id } = await house.find("/integrations", "YouTube");
  await page.goto(`/integrations/${id}`);
  const part = page.getByRole("region", { name: "Subscriptions" });
  await expect(part).toContainText("active");
  await expect(part.getByRole("link", { name: "Aurel" })).toBeVisible();
  await part.getByRole("button", { name: /^Renew/ }).click();
  await expect(page.getByText("It is asked for again.")).toBeVisible();
  await part.getByRole("button", { name: /^End/ }).click();
  await expect(part).toContainText("off");
  await part.getByRole("button", { name: /^Subscribe again/ }).click();
  await expect(part).toContainText("active");
});

test("an app with a larger quota says so, and its budget grows", async ({ page, house }) => {
  const { id } = await house.find("/integrations", "YouTube");
  await page.goto(`/integrations/${id}`);
  const budget = page.getByRole("region", { name: "Quota" });
  for (const [units, limit] of [
    ["50000", "50,000"],
    ["", "10,000"],
  ] as const) {
    await page.getByRole("button", { name: "Change" }).click();
    const panel = page.getByRole("dialog");
    await panel.getByLabel("Units a day").fill(units);
    await panel.getByRole("button", { name: "Save" }).click();
    await expect(panel).toHaveCount(0);
    await page.reload();
    await expect(budget).toContainText(`of ${limit} used`);
  }
});
