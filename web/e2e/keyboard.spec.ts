import { expect, settled, test } from "./test";

test("search, commands, rooms and escape work from the keyboard", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await expect(page.getByRole("heading", { name: "Integrations" })).toBeVisible();
  await settled(page);
  await page.keyboard.press("/");
  await expect(page.getByLabel("Search integrations")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog");
  await expect(palette.locator("input")).toBeFocused();
  await page.keyboard.type("stock");
  await expect(palette.getByRole("option", { name: /Stock exchange/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Stock exchange" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(palette.locator("input")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(palette).toHaveCount(0);
});

test("the theme is chosen and kept", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  await page.reload();
  await expect(page.locator("html[data-mantine-color-scheme=dark]")).toBeAttached();
});
