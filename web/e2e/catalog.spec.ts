import { Sink } from "./sink";
import { expect, settled, test } from "./test";

test("services are found by what they can do, with their schemas", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.getByLabel("Search services and actions").fill("message");
  await page.getByRole("link", { name: /Discord/ }).click();
  await expect(page.getByRole("heading", { name: "Discord" })).toBeVisible();
  await page.getByRole("button", { name: "Send a message" }).click();
  const panel = page.getByRole("dialog");
  await panel.getByRole("button", { name: "Schemas of input and output" }).click();
  await expect(panel.locator(".cm-content").first()).toContainText("properties");
  await expect(panel.getByRole("link", { name: "Add an integration to run it" })).toBeVisible();
  await page.keyboard.press("Escape");
});

test("an action is run through an integration, and its answer is shown", async ({ page, house }) => {
  const sink = await Sink.open();
  const { id } = await house.post("/integrations", {
    name: "Till",
    provider: "rest",
    config: { base_url: sink.url },
  });
  await page.goto(`/integrations/${id}?tab=actions`);
  await page.getByRole("button", { name: "Send a request" }).click();
  const panel = page.getByRole("dialog");
  await panel.getByLabel("Path").fill("orders");
  await panel.getByRole("button", { name: "Run it" }).click();
  await expect(panel.getByRole("status")).toContainText("200");
  expect(sink.told).toHaveLength(1);
  await panel.getByRole("link", { name: "Its request" }).click();
  await expect(page.getByRole("table")).toContainText("orders");
  // The house is shared with files that count what there is.
  await house.call("DELETE", `/integrations/${id}`);
  await sink.close();
});
