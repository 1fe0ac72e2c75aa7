import { expect, test } from "./test";

test("what arrived is listed, looked at and replayed", async ({ page }) => {
  await page.goto("/inbox");
  const events = page.getByRole("table", { name: "Accepted events" });
  await expect(events).toContainText("github");
  await page
    .getByRole("button", { name: /workflow_run/ })
    .first()
    .click();
  const panel = page.getByRole("dialog");
  await expect(panel).toContainText("github-sha256");
  await expect(panel.locator(".cm-content")).toContainText("workflow_run");
  await panel.getByRole("button", { name: "Replay" }).click();
  await expect(page.getByText("It was put in line again.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
});

test("new events appear by themselves", async ({ page }) => {
  await page.goto("/inbox");
  const first = page.getByRole("table", { name: "Accepted events" }).locator("tbody tr").first();
  const before = await first.innerText();
  await expect.poll(() => first.innerText()).not.toBe(before);
});
