// The `test` of every file here: a page of a browser that is logged in to the worker's own house, and,
// after each test, a look at what the browser has kept.

import { expect, test as base, type BrowserContext, type Locator, type Page } from "@playwright/test";
import { House, OWNER } from "./house";

interface Worker {
  house: House;
  /** The cookie of the owner's session. */
  session: Awaited<ReturnType<BrowserContext["storageState"]>>;
}

export const test = base.extend<{ keepsNothing: void }, Worker>({
  house: [
    async ({}, give) => {
      const house = await House.start({ owned: true });
      await give(house);
      await house.stop();
    },
    { scope: "worker" },
  ],
  session: [
    async ({ playwright, house }, give) => {
      const request = await playwright.request.newContext({ baseURL: house.url });
      const answer = await request.post("/api/v1/session", { data: OWNER });
      expect(answer.ok()).toBe(true);
      await give(await request.storageState());
      await request.dispose();
    },
    { scope: "worker" },
  ],
  baseURL: ({ house }, give) => give(house.url),
  storageState: ({ session }, give) => give(session),
  page: async ({ page }, give) => {
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    await give(page);
    expect(broken, "errors on the page").toEqual([]);
  },
  keepsNothing: [
    async ({ page }, give) => {
      await give();
      await expectNothingKept(page);
    },
    { auto: true },
  ],
});

export { expect };

/** Nothing that opens a door may stay in the browser: no key, token, password or CSRF token. */
export async function expectNothingKept(page: Page) {
  if (!page.url().startsWith("http")) return;
  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    return { storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }]), databases };
  });
  expect(kept.databases).toEqual([]);
  expect(kept.storage).not.toMatch(/(sk|pl|whsec)_[A-Za-z0-9]{16}/);
  expect(kept.storage).not.toContain(OWNER.password);
  expect(kept.storage).not.toMatch(/csrf|secret|e2e-/i);
}

export async function logIn(page: Page, { email, password } = OWNER) {
  await page.getByRole("textbox", { name: "E-mail" }).fill(email);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Waits until a page shows its data instead of grey boxes. */
export async function settled(page: Page) {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".mantine-Skeleton-root")).toHaveCount(0);
}

/** The row of a table that holds `name`. */
export const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

/** Opens a drop-down of a page or a panel and takes the option. */
export async function choose(within: Page | Locator, label: string | RegExp, option: string | RegExp) {
  await within.getByRole("combobox", { name: label }).click();
  const page = "page" in within ? within.page() : within;
  await page.getByRole("option", { name: option }).first().click();
}
