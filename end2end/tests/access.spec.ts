// axe on every page, at both widths, in both themes, with scripting and without.
import { expectAccessible, expectNoOverflow, islandsRun, people, signIn, test } from "./house";

const open = ["/", "/search", "/search?q=plumber", "/help", "/help/cancelling", "/terms", "/privacy", "/offer-your-services", "/sign-in", "/register", "/forgot-password", "/offline", "/no/such/page"];
const signedIn = ["/bookings", "/favourites", "/receipts", "/settings", "/settings/security", "/settings/sessions", "/settings/tokens"];
const admin = ["/admin", "/admin/bookings", "/admin/people", "/admin/providers", "/admin/payments", "/admin/categories", "/admin/settings", "/admin/audit", "/admin/system"];
const desk = ["", "/calendar", "/requests", "/services", "/availability", "/team", "/reviews", "/money", "/settings"];

async function visit(page: import("@playwright/test").Page, path: string) {
  await page.goto(path);
  if (test.info().project.name !== "no-script") await islandsRun(page);
  await expectAccessible(page);
  await expectNoOverflow(page);
}

for (const path of open) {
  test(`${path} @axe`, async ({ page }) => visit(page, path));
}

test("a provider's page @axe", async ({ page }) => {
  await page.goto("/search");
  const address = await page.locator('a[href^="/p/"]').first().getAttribute("href");
  await visit(page, address!);
});

test("what a customer sees @axe", async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, people.customer);
  for (const path of signedIn) await test.step(path, () => visit(page, path));
});

test("what a provider sees @axe", async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, people.owner);
  const home = await page.locator('a[href^="/desk/"]').first().getAttribute("href");
  const root = home!.split("/").slice(0, 3).join("/");
  for (const path of desk) await test.step(path || "today", () => visit(page, root + path));
});

test("what an admin sees @axe", async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, people.admin);
  for (const path of admin) await test.step(path, () => visit(page, path));
});
