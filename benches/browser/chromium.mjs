// Chromium of the system, and the pages of a house, those behind a hold included.
import puppeteer from "puppeteer-core";

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args });

/** Where "checkout" is: a free time is held in a context of its own. Answers the path and the cookie that may see it. */
export async function checkout(browser, base) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(`${base}/p/tolliver-home-repair`);
  await Promise.all([
    page.waitForNavigation({ waitUntil: "domcontentloaded" }),
    page.evaluate(() => {
      // one nobody else has taken: the last of the day
      [...document.querySelectorAll("#booker input[name=starts_at]")].at(-1).checked = true;
      document.querySelector("#booker").submit();
    }),
  ]);
  const path = new URL(page.url()).pathname;
  if (!path.startsWith("/checkout/")) throw new Error(`holding a time led to ${path}`);
  const cookies = await context.cookies();
  await context.close();
  return { path, cookies, header: cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join("; ") };
}
