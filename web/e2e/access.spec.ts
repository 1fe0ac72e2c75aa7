import { House } from "./house";
import { expect, logIn, settled, test } from "./test";

test.use({ storageState: { cookies: [], origins: [] } });

test("the first visit makes the owner, and the demo moves in", async ({ page }) => {
  const house = await House.start({ owned: false });
  try {
    await page.goto(house.url);
    await page.getByLabel("Your e-mail").fill("first@acme.example");
    await page.getByRole("textbox", { name: "Password" }).fill("short");
    await page.getByLabel("Workspace").fill("First");
    await page.getByRole("button", { name: /set up|create|begin|start/i }).click();
    await expect(page.getByRole("heading", { name: "Set up Patchbay" })).toBeVisible();
    await page.getByRole("textbox", { name: "Password" }).fill("long enough to be good");
    await page.getByRole("button", { name: /set up|create|begin|start/i }).click();
    await expect(page.getByRole("heading", { name: "Patch bay" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Workspace First" })).toBeVisible();
    await expect(page.getByTestId("screen")).toHaveCount(4, { timeout: 30_000 });
    await page.goto("about:blank");
  } finally {
    await house.stop();
  }
});

test("a wrong password is refused, the right one opens, logging out closes", async ({ page }) => {
  await page.goto("/feeds");
  await logIn(page, { email: "owner@acme.example", password: "wrong horse battery" });
  await expect(page.getByRole("alert")).toContainText(/password|e-mail/i);
  await logIn(page);
  await expect(page.getByRole("heading", { name: "Feeds" })).toBeVisible();
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await page.goto("/feeds");
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
});

test("a session that ends asks again and leads back", async ({ page }) => {
  await page.goto("/feeds?status=ok");
  await logIn(page);
  await expect(page.getByRole("heading", { name: "Feeds" })).toBeVisible();
  await settled(page);
  await page.context().clearCookies();
  await page.getByLabel("Search feeds").fill("b");
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await logIn(page);
  await expect(page.getByRole("heading", { name: "Feeds" })).toBeVisible();
  expect(page.url()).toContain("status=ok");
});
