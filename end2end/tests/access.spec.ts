// axe on every page, at both widths, in both themes, with scripting and without.
import { type Page } from "@playwright/test";
import { expectAccessible, expectNoOverflow, islandsRun, people, signIn, test } from "./house";
import { deskOf, openProvider, takeTime } from "./journey";
import * as places from "./places";

async function look(page: Page) {
  await islandsRun(page);
  await expectAccessible(page);
  await expectNoOverflow(page);
}

async function visit(page: Page, path: string) {
  await page.goto(path);
  await look(page);
}

for (const path of places.open) {
  test(`${path} @axe`, async ({ page }) => visit(page, path));
}

test("a provider's page, and the checkout @axe", async ({ page }) => {
  test.setTimeout(90_000);
  await openProvider(page, "tolliver", { weeks: 2 });
  await look(page);
  await takeTime(page);
  await look(page);
});

test.describe("signed in @axe", () => {
  test.describe.configure({ timeout: 180_000 });
  // pages behind a session are the same with scripting and without, but for what the open ones show already
  test.beforeEach(({ plain }) => test.skip(plain));

  test("what a customer sees", async ({ page }) => {
    await signIn(page, people.customer);
    for (const path of places.customer) await test.step(path, () => visit(page, path));
    await visit(page, await places.firstLink(page, "/bookings", "/bookings/"));
  });

  test("what a provider sees", async ({ page }) => {
    await signIn(page, people.owner);
    const root = await deskOf(page);
    for (const path of places.desk) await test.step(path || "today", () => visit(page, root + path));
    await visit(page, await places.firstLink(page, root, "/bookings/"));
  });

  test("what an admin sees", async ({ page }) => {
    await signIn(page, people.admin);
    for (const path of places.admin) await test.step(path, () => visit(page, path));
  });
});
