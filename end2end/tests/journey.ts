// The steps that journeys are made of: find, pick a time, say who and where, pay.
import { type Browser, type FrameLocator, type Page } from "@playwright/test";
import { expect, islandsRun, signIn, test } from "./house";

export const CARD = { number: "4242 4242 4242 4242", expiry: "12 / 34", cvc: "123" };
/** Published numbers of Stripe's test cards. */
export const DECLINED = { ...CARD, number: "4000 0000 0000 0002" };
export const CHALLENGED = { ...CARD, number: "4000 0025 0000 3155" };

export const hasScript = () => test.info().project.use.javaScriptEnabled !== false;
export const guestEmail = () => `guest-${Date.now()}-${test.info().workerIndex}@example.com`;

/** Finds a provider by name and opens their page, at `service` where one is named, some weeks ahead where asked. */
export async function openProvider(page: Page, name: string, { service, weeks = 0 }: { service?: string; weeks?: number } = {}) {
  await page.goto(`/search?q=${encodeURIComponent(name)}`);
  await page.locator('main a[href^="/p/"]').first().click();
  await expect(page).toHaveURL(/\/p\//);
  if (service) {
    await page.getByRole("link", { name: `Choose ${service}` }).click();
    await expect(page.locator("#service option:checked")).toContainText(service);
  }
  if (weeks) {
    const there = new URL(page.url());
    const day = new Date(Date.now() + weeks * 7 * 86_400_000).toISOString().slice(0, 10);
    there.searchParams.set("from", day);
    await page.goto(there.toString());
  }
  await islandsRun(page);
}

/** Somewhere among the free times, so that journeys beside each other rarely want the same. */
function somewhere(count: number) {
  return Math.floor(Math.random() * count);
}

/** Presses the booker's button, of which phones have another. */
export const goOn = (page: Page) => page.getByRole("button", { name: /^(Continue|Ask for this time)$/ }).locator("visible=true").first().click();

/** Takes a free time of the page. Others may be quicker: then the page offers the next ones. */
export async function takeTime(page: Page) {
  const free = page.locator(".slots label.slot:not([data-taken]):visible");
  await free.nth(somewhere(await free.count())).click();
  await goOn(page);
  for (let tries = 0; tries < 3 && !/\/checkout\//.test(page.url()); tries += 1) {
    await page.locator("main button.slot").first().click();
  }
  await expect(page).toHaveURL(/\/checkout\//);
}

const DETAILS: Record<string, string> = {
  name: "Marta Quill",
  phone: "+351 912 345 678",
  "address.street": "14 Lantern Lane",
  "address.town": "Merrow",
};

/** Sections one and two of the checkout, whatever of them is asked. */
export async function fillDetails(page: Page, email = "") {
  for (const [name, value] of Object.entries({ ...DETAILS, email })) {
    const field = page.locator(`main input[name="${name}"]`);
    if (value && (await field.count()) && !(await field.inputValue())) await field.fill(value);
  }
}

/** Types the card where it is asked for, in the page's frame or on the gateway's own page, and pays. */
export async function pay(page: Page, card = CARD) {
  const button = page.locator("button.pay:visible").first();
  if (hasScript()) {
    const form = page.locator(".card-form");
    await form.scrollIntoViewIfNeeded();
    await expect(form).toHaveAttribute("data-state", "on");
    await typeCard(page.frameLocator('iframe[title="Secure card payment form"]'), card);
    await button.click();
    return;
  }
  await button.click();
  await payThere(page, card);
}

/** The same on the gateway's own page, once the browser is on its way there. */
export async function payThere(page: Page, card = CARD) {
  await typeCard(page, card);
  await page.getByRole("button", { name: /^Pay/ }).click();
}

async function typeCard(where: Page | FrameLocator, card: typeof CARD) {
  await where.getByLabel("Card number").fill(card.number);
  await where.getByLabel("Expiry date").fill(card.expiry);
  await where.getByLabel("Security code").fill(card.cvc);
}

/** Waits for the page that says so. Answers the booking's id. */
export async function isBooked(page: Page, title = "It is booked") {
  await expect(page.getByRole("heading", { name: title })).toBeVisible({ timeout: 20_000 });
  return page.url().match(/[0-9a-f]{8}-[0-9a-f-]{27}/)![0];
}

export const amountIn = (text: string) => text.match(/\d[\d,.]*\d/)?.[0];

/** Cancels, and holds the page to the sum that it promised. */
export async function cancelAndBeRefunded(page: Page, booking: string) {
  await page.goto(`/bookings/${booking}`);
  await page.getByRole("link", { name: "Cancel booking" }).click();
  // a dialog where scripting runs, a page where it does not
  const title = page.locator("dialog[open] h2, h1").filter({ hasText: /^Cancel and get/ });
  await expect(title, "the refund in the title").toBeVisible();
  const promised = amountIn(await title.innerText())!;
  await page.getByRole("button", { name: /^Cancel and get/ }).locator("visible=true").click();
  await expect(page).toHaveURL(new RegExp(`/bookings/${booking}$`));
  await expect(page.locator("main")).toContainText("Cancelled");
  const back = page.locator(".prices div, dl div", { has: page.getByText("Gone back") });
  await expect(async () => {
    await page.reload();
    expect(amountIn(await back.first().innerText()), "what went back").toBe(promised);
  }).toPass();
  return promised;
}

/** Someone else's browser, signed in. The caller closes its context. */
export async function openBrowserOf(browser: Browser, email: string, next = "/") {
  const { baseURL, viewport, javaScriptEnabled } = test.info().project.use;
  const context = await browser.newContext({ baseURL, viewport, javaScriptEnabled, locale: "en-GB", timezoneId: "Europe/Lisbon", serviceWorkers: "block" });
  const page = await context.newPage();
  await signIn(page, email, next);
  return page;
}

/** `/desk/{id}` of the business that someone signed in works for. */
export async function deskOf(page: Page) {
  await page.goto("/");
  const address = await page.locator('a[href^="/desk/"]').first().getAttribute("href");
  return address!.split("/").slice(0, 3).join("/");
}
