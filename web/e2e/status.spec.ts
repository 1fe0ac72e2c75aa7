import { expect, row, test } from "./test";

test("the status page tells health, last syncs and credentials", async ({ page }) => {
  await page.goto("/status");
  await expect(row(page, "Stock exchange")).toContainText("ok");
  await expect(row(page, "Stock exchange")).toContainText("valid");
  await expect(page.getByRole("figure", { name: /pulls/ })).toBeVisible();
  await expect(page.getByRole("region", { name: "Error log" })).toBeVisible();
});
