// Every page, as each role: it answers, has one heading of the first rank, and nothing complains in the console (which `trouble` watches).
import { type Page } from "@playwright/test";
import { expect, islandsRun, people, signIn, test } from "./house";
import { deskOf } from "./journey";
import * as places from "./places";

test.describe.configure({ timeout: 120_000 });
test.beforeEach(() => test.skip(test.info().project.name !== "desktop", "the same pages at every width"));

async function walk(page: Page, paths: string[], status = 200) {
  for (const path of paths) {
    await test.step(path, async () => {
      const answer = await page.goto(path);
      expect(answer?.status(), path).toBe(path === "/no/such/page" ? 404 : status);
      await expect(page.locator("h1"), path).toHaveCount(1);
      await islandsRun(page);
    });
  }
}

test("everyone's", async ({ page }) => walk(page, places.open));

test("a customer's", async ({ page }) => {
  await signIn(page, people.customer);
  await walk(page, places.customer);
  await walk(page, [await places.firstLink(page, "/bookings", "/bookings/"), await places.firstLink(page, "/favourites", "/p/")]);
  await walk(page, places.admin, 403);
});

for (const role of ["owner", "member"] as const) {
  test(`a provider's ${role}'s`, async ({ page }) => {
    await signIn(page, people[role]);
    const root = await deskOf(page);
    for (const path of places.desk) {
      const answer = await page.goto(root + path);
      expect([200, role === "owner" ? 200 : 403], path).toContain(answer?.status());
      await expect(page.locator("h1"), path).toHaveCount(1);
      await islandsRun(page);
    }
  });
}

for (const role of ["support", "admin"] as const) {
  test(`the operator's, as ${role}`, async ({ page }) => {
    await signIn(page, people[role]);
    for (const path of places.admin) {
      const answer = await page.goto(path);
      expect([200, role === "admin" ? 200 : 403], path).toContain(answer?.status());
      await expect(page.locator("h1"), path).toHaveCount(1);
      await islandsRun(page);
    }
  });
}
