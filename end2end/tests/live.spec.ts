// Open pages follow what happens elsewhere: a booking made in one browser appears in another, and nothing is lost on the way.
import type { Browser, Page } from "@playwright/test";
import { expect, islandsRun, signIn, test } from "./house";

/** Viewings by answer, free of charge: a request is made without a card. */
const PLACE = "/p/harbourlight-homes";
const OWNER = "philippa@harbourlight-homes.example";

/** Someone unknown asks for a viewing in a browser of their own. */
async function ask(browser: Browser) {
  const own = test.info().project.use;
  const context = await browser.newContext({ baseURL: own.baseURL, viewport: own.viewport, serviceWorkers: "block" });
  const page = await context.newPage();
  await page.goto(PLACE);
  // Whoever tests at the same time at another width takes times from the other end.
  const times = page.locator("#booker input[name=starts_at]");
  const time = own.isMobile ? times.last() : times.first();
  await time.check({ force: true });
  await page.locator("button[form=booker], #booker button").filter({ visible: true }).first().click();
  await page.waitForURL(/\/checkout\//);
  await page.getByLabel("Name", { exact: true }).fill("Wren Aldous");
  await page.getByLabel(/phone/i).fill("+351 912 345 678");
  await page.getByLabel(/e-?mail/i).fill(`wren-${Date.now()}@merrow.example`);
  await page.getByRole("button", { name: /ask for this time/i }).filter({ visible: true }).click();
  await expect(page).not.toHaveURL(/\/checkout\/[^/]+$/);
  await context.close();
}

async function desk(page: Page, path: string) {
  await signIn(page, OWNER);
  await page.goto((await page.locator('a[href^="/desk/"]').first().getAttribute("href"))!.replace(/\/$/, "") + path);
  await islandsRun(page);
}

const requests = (page: Page) => page.locator(".requests > li");
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

test("one socket serves a page", async ({ page }) => {
  const open: string[] = [];
  page.on("websocket", (socket) => open.push(socket.url()));
  await desk(page, "");
  await expect.poll(() => open.length).toBe(1);
});
