import { expect, row, settled, test } from "./test";

test("feeds are searched and filtered by the server, in the address bar", async ({ page }) => {
  await page.goto("/feeds");
  await expect(row(page, "Portfolio")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("orders");
  await expect(page).toHaveURL(/search=orders/);
  await expect(row(page, "Portfolio")).toHaveCount(0);
  await page.reload();
  await expect(row(page, "Orders")).toBeVisible();
  await expect(row(page, "Portfolio")).toHaveCount(0);
});

test("a feed shows its document, its versions and its readers", async ({ page, house }) => {
  const feed = await house.find("/feeds", "Portfolio");
  await page.goto(`/feeds/${feed.id}`);
  await expect(page.getByText("Demo Fund")).toBeVisible();
  await page.getByRole("button", { name: "Refresh now" }).click();
  await page.getByRole("tab", { name: "Versions" }).click();
  await expect(page.getByRole("table")).toContainText("pull");
  await page.getByRole("tab", { name: /Readers/ }).click();
  await settled(page);
});

test("a thing that is not there is said so, with its code", async ({ page }) => {
  await page.goto("/feeds/feed_01h00000000000000000000000");
  await expect(page.getByText("request.not_found").first()).toBeVisible();
  await page.goto("/nowhere");
  await expect(page.getByText("There is no such page")).toBeVisible();
});
