import { choose, expect, test } from "./test";

test("a widget is made, placed with options, and shows what changes by itself", async ({ page, house }) => {
  await page.goto("/widgets");
  await page.getByRole("button", { name: "Add widget" }).first().click();
  const panel = page.getByRole("dialog");
  await panel.getByLabel("Name").fill("Ticker board");
  await panel.getByRole("button", { name: "Add widget" }).click();
  await expect(page.getByRole("heading", { name: "Ticker board" })).toBeVisible();
  await page.getByRole("link", { name: "Add a source" }).click();
  await panel.getByRole("button", { name: /^RSS/ }).click();
  await panel.getByLabel("Name").fill("Ticker");
  await panel.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Ticker board" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Fed by" })).toContainText("Ticker");

  await page.getByRole("button", { name: "Place it" }).first().click();
  await panel.getByLabel("Name").fill("Hall");
  await panel.getByLabel("RSS Feed URL").fill(`${await house.service("rss")}/feed.xml`);
  await panel.getByLabel("How many items to keep").fill("3");
  await panel.getByRole("button", { name: "Place it" }).click();
  await expect(panel).toHaveCount(0);
  const place = page.getByRole("region", { name: "Hall" });
  await expect(place).toContainText("Patchbay Newsroom");
  await expect(place.getByRole("link", { name: /\w/ }).first()).toBeVisible();
  await expect(place).toContainText(/Version \d+/);

  // The place follows the feed: other options, another document, no reload.
  await place.getByRole("button", { name: "Options" }).click();
  await panel.getByLabel("How many items to keep").fill("1");
  await panel.getByRole("button", { name: "Save" }).click();
  await expect(panel).toHaveCount(0);
  await expect(place.locator("[data-kind=list] li")).toHaveCount(1);
});

test("the live preview of the demo moves without a reload", async ({ page, house }) => {
  const builds = await house.find("/widgets", "Builds");
  await page.goto(`/widgets/${builds.id}`);
  const place = page.getByRole("region", { name: "Build wall" });
  const version = async () => Number(/Version (\d+)/.exec(await place.innerText())?.[1] ?? 0);
  await expect.poll(version).toBeGreaterThan(0);
  const before = await version();
  await expect.poll(version, { timeout: 20_000 }).toBeGreaterThan(before);
  await page.getByText("JSON", { exact: true }).click();
  await expect(page.locator(".cm-content")).toContainText("success");
});

test("a player gets its token once, and it opens its widgets alone", async ({ page, house }) => {
  await page.goto("/widgets?tab=players");
  await page.getByRole("button", { name: "Add player" }).first().click();
  const panel = page.getByRole("dialog");
  await panel.getByLabel("Name").fill("Door");
  await choose(panel, "Shows", /London/);
  await panel.getByLabel("Name").click();
  await panel.getByRole("button", { name: "Add player" }).click();
  const token = await panel.getByText(/^pl_/).innerText();
  await panel.getByRole("button", { name: "I have copied it" }).click();
  await expect(panel).toHaveCount(0);
  await expect(page.getByRole("cell", { name: "Door", exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(token);

  const read = async (name: string) => {
    const { data_url } = await house.find("/widget-configs", name);
    return (await fetch(data_url, { headers: { Authorization: `Bearer ${token}` } })).status;
  };
  expect(await read("London")).toBe(200);
  expect(await read("Tokyo")).not.toBe(200);
});
