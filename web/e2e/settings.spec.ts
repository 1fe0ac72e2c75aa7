import { choose, expect, logIn, row, settled, test } from "./test";

test("a key is made with scopes, copied once, shown masked, switched off and deleted", async ({
  page,
  house,
}) => {
  await page.goto("/settings?tab=keys");
  await page.getByRole("button", { name: "Create key" }).first().click();
  const panel = page.getByRole("dialog");
  await panel.getByLabel("Name").fill("Reader");
  await panel.getByRole("checkbox", { name: /feeds:read/ }).check();
  await panel.getByLabel("Ends after (days)").fill("30");
  await panel.getByRole("button", { name: "Create key" }).click();
  const key = await panel.getByText(/^sk_/).innerText();
  await panel.getByRole("button", { name: "Copy the key" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await panel.getByRole("button", { name: "I have copied it" }).click();
  await expect(panel).toHaveCount(0);
  await expect(row(page, "Reader")).toContainText("…");
  expect(await page.content()).not.toContain(key);

  const ask = async (path: string) =>
    (await fetch(`${house.url}/api/v1${path}`, { headers: { Authorization: `Bearer ${key}` } })).status;
  expect(await ask("/feeds")).toBe(200);
  expect(await ask("/api-keys")).toBe(403);
  await row(page, "Reader").getByRole("switch").click({ force: true });
  await expect(row(page, "Reader").getByRole("switch")).not.toBeChecked();
  expect(await ask("/feeds")).toBe(401);
  await page.getByRole("button", { name: "Reader", exact: true }).click();
  await expect(page.getByRole("dialog")).toContainText("/feeds");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Delete Reader" }).click();
  await page.getByRole("button", { name: "Delete the key" }).click();
  await expect(row(page, "Reader")).toHaveCount(0);
});

test("a key that ends soon is marked, and one that has ended", async ({ page, house }) => {
  await house.post("/api-keys", { name: "Short", scopes: ["feeds:read"], expires_in_days: 1 });
  await page.goto("/settings?tab=keys");
  await expect(row(page, "Short").locator("[data-tone=stale]")).toBeVisible();
  await page.clock.setFixedTime(Date.now() + 2 * 86_400_000);
  await page.reload();
  await expect(row(page, "Short")).toContainText("expired");
});

test("members are added with a role, and a viewer only looks", async ({ page, house, browser }) => {
  await page.goto("/settings?tab=members");
  await page.getByRole("button", { name: "Add member" }).click();
  const panel = page.getByRole("dialog");
  await panel.getByLabel("E-mail").fill("viewer@acme.example");
  await choose(panel, "Role", /^Viewer/);
  await panel.getByRole("button", { name: "Add member" }).click();
  const password = await panel.locator("code").innerText();
  await panel.getByRole("button", { name: "I have copied it" }).click();
  await expect(panel).toHaveCount(0);
  await expect(row(page, "viewer@acme.example")).toBeVisible();

  const theirs = await browser.newContext({ baseURL: house.url, storageState: { cookies: [], origins: [] } });
  const other = await theirs.newPage();
  await other.goto("/integrations");
  await logIn(other, { email: "viewer@acme.example", password });
  await expect(row(other, "Stock exchange")).toBeVisible();
  await expect(other.getByRole("button", { name: /^(Add|Delete|Create)\b/ })).toHaveCount(0);
  for (const path of ["/feeds", "/widgets", "/settings?tab=keys", "/settings?tab=members"]) {
    await other.goto(path);
    await settled(other);
    await expect(other.getByRole("button", { name: /^(Add|Delete|Create|Remove)\b/ })).toHaveCount(0);
  }
  await theirs.close();
  await choose(page, "Role of viewer@acme.example", /^Editor/);
  await expect(page.getByText("The role is changed.")).toBeVisible();
});

test("credentials are listed with who touched them", async ({ page }) => {
  await page.goto("/settings?tab=credentials");
  await page.getByRole("table", { name: "Credentials" }).locator("button.named").first().click();
  await expect(page.getByRole("dialog")).toContainText("credential.");
});

test("both keys are rotated while everything runs", async ({ page }) => {
  await page.goto("/settings?tab=security");
  const ours = page.getByRole("region", { name: "Key of this workspace" });
  const version = async () => Number(/Version\s*(\d+)/.exec(await ours.innerText())?.[1] ?? 0);
  await expect.poll(version).toBeGreaterThan(0);
  const before = await version();
  await page.getByRole("button", { name: "Rotate the workspace key" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  await expect.poll(version).toBe(before + 1);
  await page.getByRole("button", { name: "Rotate the master key" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  await expect(page.getByText(/^Done: \d+ data keys? wrapped anew/)).toBeVisible();
  await expect(page.getByRole("region", { name: "Who touched what" })).toContainText("rotate");
});

test("a new workspace is empty, and one changes between them", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Workspace Acme" }).click();
  await page.getByRole("menuitem", { name: "New workspace" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Second");
  await page.getByRole("dialog").getByRole("button").last().click();
  await expect(page.getByRole("button", { name: "Workspace Second" })).toBeVisible();
  await page.goto("/");
  await expect(page.getByText("Nothing is plugged in yet")).toBeVisible();
  await page.getByRole("button", { name: "Workspace Second" }).click();
  await page.getByRole("menuitem", { name: /Acme/ }).click();
  await expect(page.getByText("Screen in the lobby").first()).toBeVisible();
});
