import { Sink } from "./sink";
import { expect, row, settled, test } from "./test";
import type { Page } from "@playwright/test";

const greet = {
  name: "Greet",
  input: { type: "object", required: ["name"], properties: { name: { type: "string", title: "Whom" } } },
  steps: [
    { name: "words", type: "transform", config: { value: "Hello {{ input.name }}" } },
    { name: "last", type: "transform", config: { value: "{{ steps.words.output }}!" } },
  ],
};
const saved = (page: Page) => expect(page.getByText("Saved. Runs under way", { exact: false })).toBeVisible();

test("a workflow is made from a template and listed with its trigger in words", async ({ page, house }) => {
  await page.goto("/workflows");
  await page.getByRole("button", { name: "New workflow" }).click();
  const panel = page.getByRole("dialog");
  await panel.getByRole("button", { name: /Nightly report/ }).click();
  await panel
    .getByLabel("Ask this address")
    .fill(`${await house.service("weather").catch(() => "http://127.0.0.1:9")}/`);
  await panel.getByLabel("Send to").fill("https://chat.example/hook");
  await panel.getByRole("button", { name: "Make it" }).click();
  await expect(page.getByRole("heading", { name: "Nightly report" })).toBeVisible();
  await expect(page.getByText(/Starts every day at 06:00/)).toBeVisible();
  await page.goto("/workflows");
  await expect(row(page, "Nightly report")).toContainText("every day at 06:00");
  await page.getByRole("switch", { name: "Nightly report is on" }).click({ force: true });
  await expect(page.getByRole("switch", { name: "Nightly report is on" })).not.toBeChecked();
  await page.reload();
  await expect(page.getByRole("switch", { name: "Nightly report is on" })).not.toBeChecked();
});

test("a step is put in on the graph, checked as it is typed, tried, moved, undone and saved", async ({
  page,
  house,
}) => {
  const { id } = await house.post("/workflows", greet);
  await page.goto(`/workflows/${id}`);
  await expect(page.getByText("sound")).toBeVisible();
  await page.getByRole("button", { name: "Insert a step after words" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Send a request/ })
    .click();
  await expect(page.getByRole("button", { name: "1 thing to mend" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Unsaved changes" })).toContainText("to mend first");
  await page.getByLabel("Address").fill("https://example.com/{{ steps.nobody.output }}");
  await expect(page.getByRole("button", { name: /to mend/ })).toBeVisible();
  await page.getByLabel("Address").fill("https://example.com/{{ steps.words.output }}");
  await expect(page.getByText("sound")).toBeVisible();

  // The same by drag: the new step goes before the first.
  const step = page.getByRole("button", { name: /^request/ });
  const slot = page.getByRole("button", { name: "Insert a step at the start" });
  const [from, to] = [(await step.boundingBox())!, (await slot.boundingBox())!];
  await page.mouse.move(from.x + 60, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y + 60, { steps: 6 });
  await page.mouse.move(to.x + to.width / 2 - from.width / 2 + 60, to.y, { steps: 6 });
  await page.mouse.up();
  const first = page.getByRole("button", { name: /^words/ });
  const isAbove = async () => (await step.boundingBox())!.y < (await first.boundingBox())!.y;
  await expect.poll(isAbove).toBe(true);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(isAbove).toBe(false);

  await page.getByRole("button", { name: /^words/ }).click();
  await page.getByRole("button", { name: "Try it alone" }).click();
  await page.getByLabel("What it sees").fill('{"input": {"name": "Ada"}}');
  await page.getByRole("button", { name: "Try the step" }).click();
  await expect(page.getByText('"Hello Ada"')).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await saved(page);
  expect((await house.get(`/workflows/${id}`)).steps.map((it: { name: string }) => it.name)).toEqual([
    "words",
    "request",
    "last",
  ]);

  await page.getByRole("tab", { name: "Versions (2)" }).click();
  await page.getByRole("tabpanel").getByRole("button", { name: "2", exact: false }).first().click();
  await expect(page.getByRole("dialog")).toContainText("/steps/1");
  await page.keyboard.press("Escape");
  await row(page, "you").or(row(page, "API key")).last().click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await expect(page.getByRole("tab", { name: "Versions (3)" })).toBeVisible();
});

test("the graph, the list and the JSON say the same, both ways and by keyboard", async ({ page, house }) => {
  const { id } = await house.post("/workflows", { ...greet, name: "Both ways" });
  await page.goto(`/workflows/${id}`);
  await page.getByText("List", { exact: true }).click();
  await page.getByRole("button", { name: "Move words down" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "JSON" }).click();
  const json = page.locator(".cm-content");
  await expect(json).toContainText("last");
  const text = await json.innerText();
  expect(text.indexOf('"last"')).toBeLessThan(text.indexOf('"words"'));
  await json.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(
    '{"name": "Typed", "steps": [{"name": "only", "type": "wait", "config": {"for": "5m"',
  );
  await expect(page.getByRole("button", { name: /^words/ })).toBeVisible();
  await expect(page.getByText("Not JSON yet")).toBeVisible();
  await page.keyboard.type("}}]}");
  await expect(page.getByRole("button", { name: /^only/ })).toBeVisible();
  await page.getByText("Graph", { exact: true }).click();
  await expect(page.getByRole("button", { name: "Insert a step after only" })).toBeVisible();
  // What is not saved is still there after a look elsewhere.
  await page.getByRole("link", { name: "Feeds" }).click();
  await settled(page);
  await page.goBack();
  await expect(page.getByRole("region", { name: "Unsaved changes" })).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(page.getByRole("button", { name: "Insert a step after words" })).toBeVisible();
});

test("a run is watched live, asks a person, fails, and is tried again from where it failed", async ({
  page,
  house,
}) => {
  const sink = await Sink.open();
  sink.status = 400;
  const { id } = await house.post("/workflows", {
    ...greet,
    name: "Approved",
    steps: [
      greet.steps[0],
      { name: "ask", type: "approval", config: { message: "Tell {{ input.name }}?" } },
      { name: "tell", type: "http", config: { method: "POST", url: sink.url, body: { text: "hi" } } },
    ],
  });
  await page.goto(`/workflows/${id}`);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const panel = page.getByRole("dialog");
  await panel.getByLabel("Whom").fill("Ada");
  await panel.getByRole("button", { name: "Run it" }).click();
  const question = page.getByRole("region", { name: "ask waits for an answer" });
  await expect(question).toContainText("Tell Ada?");
  await question.getByLabel("Comment").fill("she knows");
  await question.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("It failed at tell")).toBeVisible();
  await page.getByRole("button", { name: /^ask/ }).click();
  await expect(page.getByRole("dialog")).toContainText("she knows");
  await page.keyboard.press("Escape");

  sink.status = 200;
  await page.getByRole("button", { name: /^tell/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retry from here" }).click();
  await expect(page.getByText("another run")).toBeVisible();
  await expect(page.getByRole("button", { name: /^tell/ })).toContainText("succeeded");
  await page.getByRole("tab", { name: "Graph" }).click();
  await page.getByRole("button", { name: /^tell/ }).click();
  await expect(page.getByRole("dialog")).toContainText("Send a request");
  await sink.close();
});

test("a run is cancelled, and runs are filtered", async ({ page, house }) => {
  const { id } = await house.post("/workflows", {
    name: "Waits",
    steps: [{ name: "long", type: "wait", config: { for: "1h" } }],
  });
  const run = await house.post(`/workflows/${id}/execute`, {});
  await page.goto(`/executions/${run.id}`);
  await expect(page.getByRole("button", { name: /^long/ })).toContainText("waiting");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Retry" })).toBeVisible();
  await page.goto(`/executions?workflow=${id}&status=cancelled`);
  await expect(row(page, "Waits")).toContainText("cancelled");
  await page.goto(`/executions?workflow=${id}&status=succeeded`);
  await expect(page.getByText("Nothing fits")).toBeVisible();
});
