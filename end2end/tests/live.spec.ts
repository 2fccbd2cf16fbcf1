// Open pages follow what happens elsewhere: a booking made in one browser appears in another, and nothing is lost on the way.
import type { Browser, Page } from "@playwright/test";
import { expect, islandsRun, signIn, test } from "./house";

/** Viewings by answer, free of charge: a request is made without a card. */
const PLACE = "/p/harbourlight-homes";
const OWNER = "philippa@harbourlight-homes.example";

/** Whoever tests at the same time at another width asks at the same desk, under another name. */
const asker = () => `Wren of the ${test.info().project.name}`;

/** Someone unknown asks for a viewing in a browser of their own, and is told so. */
async function request(browser: Browser) {
  const own = test.info().project.use;
  const context = await browser.newContext({ baseURL: own.baseURL, viewport: own.viewport, serviceWorkers: "block" });
  const page = await context.newPage();
  await page.goto(PLACE);
  // The other width takes times from the other end.
  const times = page.locator("#booker input[name=starts_at]");
  const time = own.isMobile ? times.last() : times.first();
  await time.check({ force: true });
  await page.locator("button[form=booker], #booker button").filter({ visible: true }).first().click();
  await page.waitForURL(/\/checkout\//);
  await page.getByLabel("Name", { exact: true }).fill(asker());
  await page.getByLabel(/phone/i).fill("+351 912 345 678");
  await page.getByLabel(/e-?mail/i).fill(`wren-${Date.now()}@merrow.example`);
  await page.getByRole("button", { name: /ask for this time/i }).filter({ visible: true }).click();
  await expect(page).not.toHaveURL(/\/checkout\/[^/]+$/);
  return page;
}

async function ask(browser: Browser) {
  await (await request(browser)).context().close();
}

async function desk(page: Page, path: string) {
  await signIn(page, OWNER);
  await page.goto((await page.locator('a[href^="/desk/"]').first().getAttribute("href"))!.replace(/\/$/, "") + path);
  await islandsRun(page);
}

/** Those of this width. */
const requests = (page: Page) => page.locator(".requests > li", { hasText: asker() });
const line = (page: Page) => page.locator(".live-line");

for (const path of ["", "/requests"]) {
  test(`a request made elsewhere appears on /desk${path}`, async ({ page, browser }) => {
    await desk(page, path);
    const before = await requests(page).count();
    // Something in the part that is drawn afresh.
    const link = page.locator("main .live-part a[href]:visible").first();
    const kept = (await link.count()) ? await link.elementHandle() : null;
    await kept?.focus();
    // The sentence goes again after a while.
    const said = expect(line(page)).toContainText(/\d new requests?\./, { timeout: 30_000 });
    await ask(browser);
    await expect(requests(page)).toHaveCount(before + 1);
    await said;
    if (kept) expect(await kept.evaluate((link) => document.activeElement === link), "the focus stays").toBe(true);
  });
}

test("what is half typed is left alone, and what came in shows afterwards", async ({ page, browser }) => {
  await desk(page, "/requests");
  const before = await requests(page).count();
  await page.evaluate(() => document.querySelector("#asked .work-body")!.prepend(document.createElement("textarea")));
  await page.locator("#asked textarea").fill("Tuesday would be");
  await ask(browser);
  await expect(line(page)).toContainText("Shown when you are done here.");
  await expect(page.locator("#asked textarea")).toHaveValue("Tuesday would be");
  await expect(requests(page)).toHaveCount(before);
  await page.locator("#asked textarea").fill("");
  await expect(requests(page)).toHaveCount(before + 1);
});

test("news that cannot be fetched at first is fetched later", async ({ page, browser }) => {
  await desk(page, "/requests");
  const before = await requests(page).count();
  let looks = 0;
  await page.route("**/requests", (route) => (looks++ < 2 ? route.fulfill({ status: 429 }) : route.fallback()));
  await ask(browser);
  await expect(requests(page)).toHaveCount(before + 1, { timeout: 20_000 });
  expect(looks).toBeGreaterThan(2);
});

test("a lost connection is said, and what was missed comes with its return", async ({ page, browser }) => {
  let isDown = false;
  const open: { close: () => Promise<void> }[] = [];
  await page.routeWebSocket(/\/api\/v1\/live/, async (socket) => {
    if (isDown) return void (await socket.close());
    socket.connectToServer();
    open.push(socket);
  });
  await desk(page, "/requests");
  const before = await requests(page).count();
  await expect.poll(() => open.length).toBeGreaterThan(0);
  isDown = true;
  for (const socket of open) await socket.close();
  await expect(line(page)).toContainText("The connection is lost.");
  await ask(browser);
  await expect(requests(page)).toHaveCount(before);
  isDown = false;
  await expect(requests(page)).toHaveCount(before + 1, { timeout: 20_000 });
  await expect(line(page)).not.toContainText("The connection is lost.");
});

test("what a provider answers shows on the customer's open pages", async ({ page, browser }) => {
  const agreed = await request(browser);
  await expect(agreed.getByRole("heading", { name: "You have asked for it" })).toBeVisible();
  const booking = agreed.url().match(/[0-9a-f]{8}-[0-9a-f-]{27}/)![0];
  const open = await agreed.context().newPage();
  await open.goto(`/bookings/${booking}`);
  await expect(open.locator(".ticket")).toContainText("Waiting for an answer");
  for (const one of [agreed, open]) {
    await islandsRun(one);
    await one.evaluate(() => document.body.setAttribute("data-never-left", ""));
  }

  await desk(page, "/requests");
  await page.locator(`.requests > li:has(a[href="/bookings/${booking}"])`).getByRole("button", { name: /^Accept/ }).click();
  await expect(agreed.getByRole("heading", { name: "It is booked" })).toBeVisible();
  await expect(open.locator("header.head")).toContainText("Confirmed");
  await expect(open.locator(".story")).toContainText("Confirmed.");
  for (const one of [agreed, open]) await expect(one.locator("body[data-never-left]"), "without a reload").toBeAttached();

  // Half a note is left alone until it is sent or taken back.
  await open.getByLabel("What should they know?").fill("The bell does");
  await page.goto(`/bookings/${booking}`);
  await islandsRun(page);
  await page.getByRole("link", { name: "Cancel booking" }).click();
  await page.getByRole("button", { name: "Cancel the booking" }).click();
  await expect(page.locator("main")).toContainText("Cancelled");
  await expect(agreed, "there is nothing to look forward to any more").toHaveURL(new RegExp(`/bookings/${booking}$`));
  await expect(open.getByLabel("What should they know?")).toHaveValue("The bell does");
  await open.getByLabel("What should they know?").fill("");
  await expect(open.locator("header.head")).toContainText("Cancelled");
  await agreed.context().close();
});

test("one socket serves a page", async ({ page }) => {
  const open: string[] = [];
  page.on("websocket", (socket) => open.push(socket.url()));
  await desk(page, "");
  await expect.poll(() => open.length).toBe(1);
});
