// The pages of those who work: reachable by keyboard, readable by everyone, and the calendar written into by hand.
import type { Page } from "@playwright/test";
import { expect, expectAccessible, expectNoOverflow, islandsRun, people, signIn, test } from "./house";

const withScript = () => test.info().project.name !== "no-script";

async function desk(page: Page) {
  await signIn(page, people.owner);
  return (await page.locator('a[href^="/desk/"]').first().getAttribute("href"))!.replace(/\/$/, "");
}

async function look(page: Page, paths: string[]) {
  for (const path of paths) {
    await test.step(path, async () => {
      await page.goto(path);
      if (withScript()) await islandsRun(page);
      await expectAccessible(page);
      await expectNoOverflow(page);
    });
  }
}

test("the workspace @axe", async ({ page }) => {
  test.slow();
  const home = await desk(page);
  const parts = ["", "/requests", "/calendar", "/calendar?view=day", "/bookings/new", "/blocks/new", "/availability", "/services", "/team", "/reviews", "/money", "/settings"];
  await look(page, parts.map((part) => home + part));
});

test("the operator’s pages @axe", async ({ page }) => {
  test.slow();
  await signIn(page, people.admin);
  const parts = ["", "/bookings", "/people", "/providers", "/payments", "/categories", "/settings", "/audit", "/system"];
  await look(page, parts.map((part) => `/admin${part}`));
});

test("one’s own pages @axe", async ({ page }) => {
  await signIn(page, people.customer);
  await look(page, ["/favourites", "/receipts", "/settings", "/settings/security", "/settings/sessions", "/settings/tokens"]);
});

test("the palette finds places, and costs nothing before it is asked for", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(request.url()));
  const home = await desk(page);
  await page.goto(`${home}/services`);
  await page.waitForLoadState("networkidle");
  expect(fetched.filter((url) => /palette/.test(url))).toEqual([]);
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Find or do" });
  await expect(field).toBeFocused();
  await field.fill("mon");
  await expect(page.getByRole("option", { selected: true })).toContainText("Money");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/money$/);
});

test("keys lead everywhere and are listed", async ({ page }) => {
  const home = await desk(page);
  await page.goto(home);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/\/calendar$/);
});

/** Far ahead, at an hour of this project's own: nothing else is there. */
function farAhead() {
  const date = new Date(Date.now() + 45 * 86_400_000).toISOString().slice(0, 10);
  return { date, hour: { desktop: 20, phone: 22, "no-script": 5, dark: 3 }[test.info().project.name] ?? 1 };
}

test("a booking taken by phone stands in the calendar @no-script", async ({ page }) => {
  const home = await desk(page);
  const { date, hour } = farAhead();
  await page.goto(`${home}/calendar`);
  await page.getByRole("link", { name: "Booking", exact: true }).click();
  await page.getByLabel("Date").fill(date);
  await page.getByLabel("Begins at").fill(`${String(hour).padStart(2, "0")}:00`);
  await page.getByLabel("Name", { exact: true }).fill("Perpetua Lund");
  await page.getByLabel("Street and number").fill("4 Kiln Street");
  await page.getByLabel("Town").fill("Merrow");
  await page.locator("main form").getByRole("button").last().click();
  await page.goto(`${home}/calendar?view=day&from=${date}`);
  await expect(page.locator(".event", { hasText: "Perpetua Lund" }).first()).toBeVisible();
});

test("a refused block keeps what was typed @no-script", async ({ page }) => {
  const home = await desk(page);
  const { date } = farAhead();
  await page.goto(`${home}/blocks/new?date=${date}`);
  await page.getByLabel("What is it?").fill("Dentist");
  await page.locator('[name="from_date"]').fill(date);
  await page.locator('[name="to_date"]').fill(date);
  await page.locator('[name="from"]').fill("12:00");
  await page.locator('[name="to"]').fill("11:00");
  await page.locator("main form").getByRole("button").last().click();
  await expect(page.locator("main .error").first()).toBeVisible();
  await expect(page.getByLabel("What is it?")).toHaveValue("Dentist");
});
