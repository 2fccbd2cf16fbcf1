// The main journey: find, pick a time, pay, be confirmed, be seen by the provider, move, cancel, get back what was promised.
import { expect, expectAccessible, expectNoOverflow, people, signIn, test } from "./house";
import { cancelAndBeRefunded, deskOf, fillDetails, goOn, guestEmail, hasScript, isBooked, openBrowserOf, openProvider, pay, takeTime } from "./journey";

test.describe.configure({ timeout: 90_000 });

/** Each project in weeks of its own, where two must not want the same time. */
const week = () => 2 + 2 * ["desktop", "phone", "no-script"].indexOf(test.info().project.name);

test("a stranger books, pays and cancels @no-script", async ({ page }) => {
  await openProvider(page, "tolliver");
  await takeTime(page);
  await fillDetails(page, guestEmail());
  await expectNoOverflow(page);
  await pay(page);
  const booking = await isBooked(page);
  await expectNoOverflow(page);
  await cancelAndBeRefunded(page, booking);
});

test("a customer books, and the provider sees the job arrive and go", async ({ page, browser }) => {
  const desk = await openBrowserOf(browser, people.owner);
  await signIn(page, people.customer);
  await openProvider(page, "tolliver", { service: "Drain unblocking", weeks: 4 });
  await takeTime(page);
  await fillDetails(page);
  await expectAccessible(page);
  await pay(page);
  const booking = await isBooked(page);
  await expectAccessible(page);
  await page.goto(`/bookings/${booking}`);
  await expectAccessible(page);
  await desk.goto(`/bookings/${booking}`);
  await expect(desk.locator("main")).toContainText("Confirmed");
  await expect(desk.locator("main")).toContainText("Ines Calloway");
  await cancelAndBeRefunded(page, booking);
  await desk.reload();
  await expect(desk.locator("main")).toContainText("Cancelled");
  await desk.context().close();
});

test("a service by approval is asked for, accepted, and then booked @no-script", async ({ page, browser }) => {
  const desk = await openBrowserOf(browser, people.owner);
  await openProvider(page, "tolliver", { service: "Boiler service, yearly", weeks: 3 });
  await takeTime(page);
  await fillDetails(page, guestEmail());
  await expect(page.locator("button.pay:visible").first()).toContainText("Ask, and reserve");
  await pay(page);
  const booking = await isBooked(page, "You have asked for it");
  await desk.goto(`${await deskOf(desk)}/requests`);
  await desk.locator(`li:has(a[href="/bookings/${booking}"])`).getByRole("button", { name: /^Accept/ }).click();
  await desk.goto(`/bookings/${booking}`);
  await expect(async () => {
    await desk.reload();
    await expect(desk.locator("main")).toContainText("Confirmed", { timeout: 1000 });
  }).toPass();
  await page.goto(`/bookings/${booking}`);
  await expect(page.locator("main")).toContainText("Confirmed");
  await cancelAndBeRefunded(page, booking);
  await desk.context().close();
});

test("a request that is declined costs nothing", async ({ page, browser }) => {
  const desk = await openBrowserOf(browser, people.owner);
  await openProvider(page, "tolliver", { service: "Boiler service, yearly", weeks: 6 });
  await takeTime(page);
  await fillDetails(page, guestEmail());
  await pay(page);
  const booking = await isBooked(page, "You have asked for it");
  await desk.goto(`/bookings/${booking}`);
  await desk.getByLabel(/A word for the customer/).fill("That week we are away.");
  await desk.getByRole("button", { name: "Decline" }).click();
  await expect(desk.locator("main")).toContainText("Declined");
  // Whoever waits is led there by the page itself.
  await expect(page).toHaveURL(new RegExp(`/bookings/${booking}$`));
  await expect(page.locator("main")).toContainText("Declined");
  await expect(page.locator("main")).toContainText("That week we are away.");
  await desk.context().close();
});

test("a booking moves to another time after a look at what that means @no-script", async ({ page }) => {
  await openProvider(page, "tolliver", { weeks: 5 });
  await takeTime(page);
  await fillDetails(page, guestEmail());
  await pay(page);
  const booking = await isBooked(page);
  await page.goto(`/bookings/${booking}`);
  const before = await page.locator(".ticket").innerText();
  await page.getByRole("link", { name: "Change time" }).click();
  await expectNoOverflow(page);
  const other = page.locator("main button.slot");
  await other.nth(Math.floor((await other.count()) / 2)).click();
  await expect(page.locator("h1")).toContainText("Move it to");
  await expect(page.locator("main")).toContainText("as before");
  const to = (await page.locator("h1").innerText()).match(/\d\d:\d\d/)![0];
  await page.getByRole("button", { name: /^Move it to/ }).click();
  await expect(page).toHaveURL(new RegExp(`/bookings/${booking}$`));
  await expect(page.locator(".ticket .big")).toContainText(to);
  expect(await page.locator(".ticket").innerText()).not.toBe(before);
  await cancelAndBeRefunded(page, booking);
});

test("a time that someone else takes is struck through while the page is open", async ({ page, browser }) => {
  await openProvider(page, "quayhand", { weeks: week() });
  const slot = page.locator(".slots label.slot:visible").last();
  const at = await slot.locator("input").getAttribute("value");
  await browserTakes(browser, page.url(), at!);
  await expect(page.locator(`label.slot:has(input[value="${at}"])`)).toHaveAttribute("data-taken", "");
  await expect(page.getByRole("status").filter({ hasText: "just taken" })).toBeVisible();
});

test("a lost race comes with the nearest other times @no-script", async ({ page, browser }) => {
  // a page that hears of nothing, as on a bad line
  await page.routeWebSocket(/\/live/, () => {});
  await openProvider(page, "quayhand", { weeks: week() + 1 });
  const slots = page.locator(".slots label.slot:visible");
  const slot = slots.nth(Math.floor(Math.random() * (await slots.count())));
  const at = await slot.locator("input").getAttribute("value");
  await browserTakes(browser, page.url(), at!);
  await slot.click();
  await goOn(page);
  await expect(page.getByRole("heading", { name: "That time was just taken" })).toBeVisible();
  await page.locator("main button.slot").first().click();
  await expect(page).toHaveURL(/\/checkout\//);
});

/** A rival takes that time of the provider page and keeps it. */
async function browserTakes(browser: import("@playwright/test").Browser, address: string, at: string) {
  const context = await browser.newContext({ baseURL: test.info().project.use.baseURL, javaScriptEnabled: hasScript(), serviceWorkers: "block" });
  const rival = await context.newPage();
  const there = new URL(address);
  there.searchParams.set("at", at);
  await rival.goto(there.toString());
  await rival.locator(`label.slot:has(input[value="${at}"])`).click();
  await goOn(rival);
  await expect(rival).toHaveURL(/\/checkout\//);
  await context.close();
}
