// The main journey: find, pick a time, pay, be confirmed, be seen by the provider, cancel, get back what was promised.
import type { Browser, Page } from "@playwright/test";
import { expect, expectAccessible, islandsRun, people, signIn, test } from "./house";

const CARD = { number: "4242 4242 4242 4242", expiry: "12 / 34", cvc: "123" };
const hasScript = () => test.info().project.name !== "no-script";

/** Tolliver Home Repair, whose owner is one of the demo's people. */
async function openProvider(page: Page) {
  await page.goto("/search?q=tolliver");
  await page.locator('a[href^="/p/"]').first().click();
  await expect(page).toHaveURL(/\/p\//);
  if (hasScript()) await islandsRun(page);
}

/** Presses the first free time on the page. Others may be quicker: then the page offers the next ones. */
async function takeTime(page: Page, tries = 4) {
  for (let left = tries; left > 0; left -= 1) {
    await page.locator('main label.slot:visible, main button.slot:visible').nth(left % 2).click();
    const go = page.getByRole("button", { name: "Continue" });
    if (await go.count()) await go.first().click();
    await page.waitForLoadState();
    if (/\/checkout\//.test(page.url())) return;
  }
  await expect(page).toHaveURL(/\/checkout\//);
}

/** Sections one and two of the checkout, whatever of them is asked. */
async function fillDetails(page: Page, email?: string) {
  const values: Record<string, string> = {
    name: "Marta Quill",
    email: email ?? "",
    phone: "+351 912 345 678",
    "address.street": "12 Lantern Row",
    "address.postcode": "M1 1AA",
    "address.town": "Merrow",
  };
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`main [name="${name}"]`).first();
    if (value && (await field.count()) && (await field.isEditable()) && !(await field.inputValue())) await field.fill(value);
  }
}

async function pay(page: Page, card = CARD) {
  if (hasScript()) {
    await islandsRun(page);
    const frame = page.frameLocator("iframe").first();
    await frame.getByLabel("Card number").fill(card.number);
    await frame.getByLabel("Expiry date").fill(card.expiry);
    await frame.getByLabel("Security code").fill(card.cvc);
    await page.locator("button.pay:visible").first().click();
    return;
  }
  await page.locator("button.pay:visible").first().click();
  await page.getByLabel(/card number/i).fill(card.number);
  await page.getByLabel(/expiry/i).fill(card.expiry);
  await page.getByLabel(/security code|cvc/i).fill(card.cvc);
  await page.getByRole("button", { name: /pay/i }).click();
}

const bookingOf = (page: Page) => page.url().match(/[0-9a-f]{8}-[0-9a-f-]{27}/)![0];
const amountIn = (text: string) => text.match(/\d[\d,.]*\d/)?.[0];

async function cancelAndBeRefunded(page: Page, booking: string) {
  await page.goto(`/bookings/${booking}/cancel`);
  const promised = amountIn(await page.locator("h1").innerText());
  expect(promised, "the refund in the title").toBeTruthy();
  await page.locator("main").getByRole("button", { name: new RegExp(`Cancel and get .*${promised!.replace(".", "\\.")}`) }).click();
  await expect(page).toHaveURL(new RegExp(`/bookings/${booking}`));
  await expect(page.locator("main")).toContainText(/cancelled/i);
  await expect(page.locator("main")).toContainText(promised!);
  return promised!;
}

test("a stranger books, pays and cancels @no-script", async ({ page }) => {
  test.setTimeout(90_000);
  await openProvider(page);
  await takeTime(page);
  await fillDetails(page, `guest-${Date.now()}@example.com`);
  await pay(page);
  await expect(page.getByRole("heading", { name: "It is booked" })).toBeVisible({ timeout: 20_000 });
  await cancelAndBeRefunded(page, bookingOf(page));
});

test("a customer books, and the provider sees it arrive", async ({ page, browser }) => {
  test.setTimeout(90_000);
  const desk = await providerDesk(browser);
  await signIn(page, people.customer);
  await openProvider(page);
  await takeTime(page);
  await fillDetails(page);
  await expectAccessible(page);
  await pay(page);
  await expect(page.getByRole("heading", { name: "It is booked" })).toBeVisible({ timeout: 20_000 });
  const booking = bookingOf(page);
  await page.goto(`/bookings/${booking}`);
  await expectAccessible(page);
  await desk.goto(`/bookings/${booking}`);
  await expect(desk.locator("main")).toContainText(/confirmed/i);
  await cancelAndBeRefunded(page, booking);
  await desk.context().close();
});

async function providerDesk(browser: Browser) {
  const context = await browser.newContext({ baseURL: test.info().project.use.baseURL });
  const page = await context.newPage();
  await signIn(page, people.owner);
  return page;
}

test("a declined card is told in words, and another one works", async ({ page }) => {
  test.setTimeout(90_000);
  await openProvider(page);
  await takeTime(page);
  await fillDetails(page, `guest-${Date.now()}@example.com`);
  await pay(page, { ...CARD, number: "4000 0000 0000 0002" });
  await expect(page.locator("main")).toContainText(/declined/i);
  await pay(page);
  await expect(page.getByRole("heading", { name: "It is booked" })).toBeVisible({ timeout: 20_000 });
});

test("a time that is taken comes with the nearest others @no-script", async ({ page, browser }) => {
  await openProvider(page);
  const slot = page.locator('form[action="/book"] button.slot:visible').first();
  const other = await browser.newContext({ baseURL: test.info().project.use.baseURL, javaScriptEnabled: hasScript() });
  const rival = await other.newPage();
  await rival.goto(page.url());
  await rival.locator('form[action="/book"] button.slot:visible').first().click();
  await expect(rival).toHaveURL(/\/checkout\//);
  await slot.click().catch(() => {});
  if (!/\/checkout\//.test(page.url())) await expect(page.locator("button.slot").first()).toBeVisible();
  await other.close();
});
