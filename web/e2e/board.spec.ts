// The patch bay with 500 feeds on it: it is there at once, gathers like with like, and still leads to
// the one that is looked for.

import { House } from "./house";
import { expect, logIn, test } from "./test";

const SENDERS = 25;
const FEEDS = 20;

let crowded: House;

test.beforeAll(async () => {
  crowded = await House.start({ owned: true });
  // Feeds that are pushed to: nothing is asked for them while the board is looked at.
  for (let sender = 1; sender <= SENDERS; sender++) {
    const { id } = await crowded.post("/integrations", {
      name: `Sender ${sender}`,
      provider: sender % 2 ? "webhook" : "github",
      push: { unsigned: true },
    });
    const feeds = Array.from({ length: FEEDS }, (_, at) => ({
      name: `Reading ${sender}.${at + 1}`,
      integration_id: id,
      mode: "push",
    }));
    await Promise.all(feeds.map((feed) => crowded.post("/feeds", feed)));
  }
});

test.afterAll(() => crowded.stop());

test("500 feeds are gathered, found and opened", async ({ page }) => {
  await page.goto(crowded.url);
  await logIn(page);
  const strips = page.locator(".react-flow__node");
  const edges = page.locator(".react-flow__edge");
  await expect(page.getByText(/39 sources, 506 feeds/)).toBeVisible();
  await expect(page.getByText("like is gathered with like")).toBeVisible();
  await expect(strips.first()).toBeVisible();
  expect(await strips.count()).toBeLessThanOrEqual(60);
  expect(await overlapping(page.locator(".react-flow__node"))).toEqual([]);

  // From the graph in hand to the drawn board.
  await page.getByText("List", { exact: true }).click();
  await expect(strips).toHaveCount(0);
  const started = Date.now();
  await page.getByText("Board", { exact: true }).click();
  await expect(edges.first()).toBeAttached();
  expect(Date.now() - started).toBeLessThan(1_000);

  // One of 500 by its name, with what it hangs on and nothing else.
  const search = page.getByLabel("Find on the board");
  await search.fill("Reading 7.13");
  await expect(strips).toHaveCount(2);
  await expect(strips.filter({ hasText: "Sender 7" })).toBeVisible();
  await strips.filter({ hasText: "Reading 7.13" }).getByRole("link").click();
  await expect(page.getByRole("heading", { name: "Reading 7.13" })).toBeVisible();
  await page.goBack();
  await search.fill("");

  // A stack opens when it is clicked, and closes again.
  const stack = strips.filter({ hasText: "× 260" });
  await stack.getByRole("button").click();
  await expect(page).toHaveURL(/focus=group/);
  await expect(strips.filter({ hasText: /Reading/ }).first()).toBeVisible();
  await page.getByRole("button", { name: "Show everything" }).click();
  await expect(page).not.toHaveURL(/focus=/);
  await expect(page.getByText("like is gathered with like")).toBeVisible();
});

/** The texts of strips that cover one another. */
function overlapping(strips: import("@playwright/test").Locator) {
  return strips.evaluateAll((all) => {
    const boxes = all.map((strip) => ({ box: strip.getBoundingClientRect(), text: strip.textContent }));
    const cover = (a: DOMRect, b: DOMRect) =>
      a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return boxes
      .filter(({ box }, at) => boxes.slice(at + 1).some((other) => cover(box, other.box)))
      .map(({ text }) => text);
  });
}
