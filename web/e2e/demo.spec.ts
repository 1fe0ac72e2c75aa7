import { expect, row, test } from "./test";

test("a service that breaks is seen on the board, the feed and the status page, and recovers", async ({
  page,
  house,
}) => {
  test.setTimeout(120_000);
  const { data } = await house.get("/feeds?search=London");
  const feed = data[0];
  const fault = async (name: string) => {
    await page.goto("/settings?tab=demo");
    const knobs = page.getByRole("region", { name: "Weather service" });
    const saved = page.waitForResponse((answer) => answer.request().method() === "PUT");
    await knobs.getByLabel(name).click({ force: true });
    expect((await saved).ok()).toBe(true);
  };

  await fault("Server errors (503)");
  await page.goto(`/feeds/${feed.id}`);
  await page.getByRole("button", { name: "Refresh now" }).click();
  await expect(page.getByText("The last good document is shown")).toBeVisible({ timeout: 40_000 });
  await expect(page.getByRole("alert").first()).toContainText("503");
  await page.goto("/");
  await expect(page.getByRole("region", { name: "Needs attention" })).toContainText("503");
  await expect(page.locator("[data-state=failing], [data-state=stale]").first()).toBeVisible();
  await page.goto("/status");
  await expect(row(page, feed.name.split(" · ")[0]).first()).toContainText(/failing|stale/);
  await expect(page.getByRole("table", { name: "Error log" })).toContainText("503");

  await fault("Server errors (503)");
  await page.goto(`/feeds/${feed.id}`);
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh now" }).click();
    await expect(page.getByText("The last good document is shown")).toHaveCount(0, { timeout: 4_000 });
  }).toPass({ timeout: 60_000 });
});
