import { expect, settled, test } from "./test";

test("the patch bay is alive", async ({ page, house }) => {
  await page.goto("/");
  await expect(page.getByText("14 sources, 6 feeds, 4 widgets, 1 player")).toBeVisible();
  await expect(page.getByRole("status", { name: /^Live/ })).toBeVisible();
  await expect(page.locator(".react-flow__edge")).toHaveCount(14);
  // A push passes every few seconds: a light runs along its cable.
  await expect(page.locator(".react-flow__edge circle").first()).toBeAttached();
  await expect(page.getByText("NaN")).toHaveCount(0);

  const shop = await house.find("/integrations", "Shop");
  await page.locator(`.react-flow__node[data-id="${shop.id}"] a`).click();
  await expect(page.getByRole("heading", { name: "Shop" })).toBeVisible();
});

test("the placed widgets show their data and change by themselves", async ({ page }) => {
  await page.goto("/");
  const wall = page.getByTestId("screen").filter({ hasText: "Build wall" });
  await expect(wall).toContainText("Build");
  await expect(wall).toHaveAttribute("data-version", /\d/);
  const before = await wall.getAttribute("data-version");
  await expect(wall).not.toHaveAttribute("data-version", before!);
  await expect(page.getByTestId("screen").filter({ hasText: "London" })).toContainText("temp");
  await wall.click();
  await expect(page.getByRole("heading", { name: "Builds" })).toBeVisible();
});

test("the list says the same in words, and search narrows both", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.getByText("List", { exact: true }).click();
  await expect(page).toHaveURL(/view=list/);
  await expect(page.getByRole("link", { name: "Stock exchange" })).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("portfolio");
  await expect(page).toHaveURL(/search=portfolio/);
  await expect(page.getByRole("link", { name: "Shop" })).toHaveCount(0);
  await page.getByRole("link", { name: "Portfolio" }).click();
  await expect(page.getByRole("heading", { name: "Portfolio" })).toBeVisible();
});

test("throughput and freshness are told", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("figure", { name: /pulls, .* pushes/ })).toBeVisible();
  await expect(page.getByRole("region", { name: "Freshness of the feeds" })).toContainText("under 1 min");
  await expect(page.getByRole("region", { name: "Needs attention" })).toBeVisible();
});
