import { Sink } from "./sink";
import { choose, expect, row, test } from "./test";

test("a webhook is made, its secret is shown once, and a test is delivered and seen", async ({ page }) => {
  const sink = await Sink.open();
  await page.goto("/webhooks");
  await page.getByRole("button", { name: "Add webhook" }).click();
  const panel = page.getByRole("dialog");
  await panel.getByRole("button", { name: "Add webhook" }).click();
  await expect(panel.getByRole("alert")).toContainText("An address is needed");
  await panel.getByLabel("Address").fill(sink.url);
  await panel.getByRole("textbox", { name: "Name" }).fill("Till");
  await panel.getByRole("combobox", { name: "Events" }).fill("custom.");
  await page.getByRole("option", { name: "custom.*" }).click();
  await page.keyboard.press("Tab");
  await panel.getByRole("button", { name: /^Filter/ }).click();
  await panel.getByLabel("jq filter").fill(".data.total > 10");
  await panel.getByLabel("Try it on").fill('{"data": {"total": 12}}');
  await expect(panel.getByText("true", { exact: true })).toBeVisible();
  await panel.getByRole("button", { name: "Add webhook" }).click();
  await expect(panel.getByText("Copy the secret now")).toBeVisible();
  await expect(panel).toContainText(/whsec_\S{20,}/);
  await panel.getByRole("tab", { name: "Python" }).click();
  await expect(panel).toContainText("pip install standardwebhooks");
  await panel.getByRole("link", { name: "I have copied it" }).click();
  await expect(page.getByRole("heading", { name: "Till" })).toBeVisible();
  await expect(page.getByText("whsec_", { exact: false })).toHaveCount(0);

  await page.getByRole("button", { name: "Send a test" }).click();
  const delivery = page.getByRole("dialog");
  await expect(delivery.getByText("succeeded").first()).toBeVisible();
  await expect(delivery.getByText("thank you")).toBeVisible();
  await expect(delivery.getByText("webhook-signature", { exact: false })).toBeVisible();
  expect(sink.told[0]!.headers["webhook-signature"]).toMatch(/^v1,/);
  await sink.close();
});

test("deliveries that fail are filtered, opened and replayed; a paused webhook waits", async ({
  page,
  house,
}) => {
  const sink = await Sink.open();
  sink.status = 410;
  const { id } = await house.post("/webhooks", { name: "Gone", url: sink.url, events: ["custom.gone"] });
  await house.post("/events", { type: "custom.gone", subject: "one", data: { total: 1 } });
  await page.goto(`/webhooks/${id}`);
  // An endpoint that says that it is gone is disabled at once.
  await expect(page.getByText("Patchbay disabled it")).toBeVisible();
  await page.getByRole("tab", { name: "Dead letters" }).click();
  await expect(row(page, "custom.gone")).toContainText("410");
  await page.getByRole("button", { name: "custom.gone" }).click();
  await expect(page.getByRole("dialog").getByText("down for maintenance")).toBeVisible();
  await page.keyboard.press("Escape");

  sink.status = 200;
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.getByRole("checkbox", { name: "Choose custom.gone" }).check();
  await page.getByRole("button", { name: "Replay 1" }).click();
  await page.getByRole("tab", { name: "Deliveries" }).click();
  await expect(row(page, "custom.gone")).toContainText("succeeded");
  await choose(page, "State", "dead");
  await expect(page).toHaveURL(/status=dead/);
  await expect(page.getByText("Nothing fits")).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("What happens meanwhile waits")).toBeVisible();
  await sink.close();
});

test("the secret is rotated with an overlap, and everything since a time is told again", async ({
  page,
  house,
}) => {
  const sink = await Sink.open();
  const { id } = await house.post("/webhooks", { name: "Rotated", url: sink.url, events: ["custom.turn"] });
  await house.post("/events", { type: "custom.turn", subject: "one" });
  await page.goto(`/webhooks/${id}?tab=signature`);
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  const question = page.getByRole("dialog");
  await choose(question, "The old one signs along", "For an hour");
  await question.getByRole("button", { name: "Rotate" }).click();
  await expect(page.getByText("Copy the secret now")).toBeVisible();
  await expect(page.getByText("Two sign at present")).toBeVisible();
  await page.getByRole("tab", { name: "Deliveries" }).click();
  await expect(row(page, "custom.turn")).toContainText("succeeded");
  const before = sink.told.length;
  await page.getByRole("button", { name: "Replay since…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replay", exact: true }).click();
  await expect.poll(() => sink.told.length).toBeGreaterThan(before);
  // Both signatures, the newest first.
  expect(sink.told.at(-1)!.headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
  await page.goto("/webhooks");
  await expect(row(page, "Rotated")).toContainText("100 %");
  await sink.close();
});
