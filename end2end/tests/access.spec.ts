// axe on the pages that are open to everyone, at both widths, in both themes, with scripting and without.
import { expectAccessible, expectNoOverflow, islandsRun, test } from "./house";

const open = ["/", "/search", "/search?q=plumber", "/help", "/help/cancelling", "/terms", "/privacy", "/offer-your-services", "/sign-in", "/register", "/forgot-password", "/offline", "/no/such/page"];

async function visit(page: import("@playwright/test").Page, path: string) {
  await page.goto(path);
  await islandsRun(page);
  await expectAccessible(page);
  await expectNoOverflow(page);
}

for (const path of open) {
  test(`${path} @axe`, async ({ page }) => visit(page, path));
}
