// Offer your services: from the first form to being found, with an operator who says no first.
import { type Page } from "@playwright/test";
import { expect, people, signIn, test } from "./house";
import { linkIn, mailTo } from "./mail";

const send = (page: Page, name: RegExp) => page.locator("main").getByRole("button", { name }).last().click();

/** What the operator answers to the application of `business`. */
async function decide(page: Page, business: string, button: RegExp, reason?: string) {
  await page.goto("/admin/providers?status=submitted");
  await page.getByRole("link", { name: business }).first().click();
  const form = page.locator("form.decide").filter({ has: page.getByRole("button", { name: button }) });
  if (reason) await form.getByLabel("Reason").fill(reason);
  await form.getByRole("button", { name: button }).click();
  await expect(page.locator("main")).toContainText(reason ?? /active/i);
}

test("someone applies, is asked for more, is admitted and found @no-script", async ({ page, browser, request }) => {
  test.setTimeout(120_000);
  const stamp = `${Date.now() % 1e8}${test.info().workerIndex}`;
  const business = `Quillfeather ${stamp}`;
  const email = `owner-${stamp}@example.com`;
  await page.goto("/register?next=/offer-your-services");
  await page.getByLabel("Your name").fill("Ada Quillfeather");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel(/^Password/).fill("a quiet well-kept workshop");
  await page.locator("main").getByRole("button", { name: /account/i }).click();
  await page.getByRole("link", { name: "Start your application" }).click();

  await page.getByLabel("Name", { exact: true }).fill(business);
  await page.getByLabel("In one line").fill("Clocks, kept going.");
  await page.getByLabel("Your story").fill("Thirty years at the bench.");
  await page.getByLabel("Category").selectOption({ index: 1 });
  await page.getByLabel("Street and number").fill("3 Lantern Lane");
  await page.getByLabel("Town").fill("Merrow");
  await page.getByLabel("Country").fill("GB");
  await page.getByLabel("Time zone").fill("Europe/London");
  await send(page, /save and go on/i);

  await expect(page).toHaveURL(/\/services$/);
  await page.getByLabel("Name", { exact: true }).first().fill("Clock service");
  await page.getByLabel("Price").first().fill("60.00");
  await page.getByLabel("Takes").fill("60");
  await send(page, /save this service/i);
  await page.getByRole("link", { name: "Go on to hours" }).click();

  for (const day of ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]) {
    const from = page.getByLabel(`${day}, range 1, from`);
    if (await from.isVisible()) {
      await from.fill("09:00");
      await page.getByLabel(`${day}, range 1, to`).fill("17:00");
    }
  }
  await send(page, /save and go on/i);
  await expect(page).toHaveURL(/\/policy$/);
  await send(page, /save and go on/i);
  await expect(page).toHaveURL(/\/review$/);
  await send(page, /send it in/i);
  await expect(page.locator("main"), "who we write to is known first").toContainText(/confirm your e-mail/i);
  const application = page.url();
  await page.goto(linkIn(await mailTo(request, email, /confirm/i), "/confirm-email/"));
  await page.locator("main").getByRole("button").first().click();
  await page.goto(application);
  await send(page, /send it in/i);
  await expect(page.locator("main")).toContainText("Your application is with us");

  const house = await browser.newContext({ baseURL: test.info().project.use.baseURL, javaScriptEnabled: test.info().project.use.javaScriptEnabled });
  const desk = await house.newPage();
  await signIn(desk, people.admin);
  const reason = "Please say which clocks you take.";
  await decide(desk, business, /^reject|turn down|not yet/i, reason);
  expect((await mailTo(request, email, /^about your application/i)).plain).toContain(reason);

  await page.reload();
  await expect(page.locator("main")).toContainText(reason);
  await send(page, /send it in/i);
  await decide(desk, business, /^approve|admit/i);
  await mailTo(request, email, /open|welcome|admitted|approved/i);

  await expect(async () => {
    await desk.goto(`/search?q=${encodeURIComponent(business)}`);
    await expect(desk.locator("main")).toContainText(business, { timeout: 1000 });
  }).toPass({ timeout: 20_000 });
  await desk.getByRole("link", { name: business }).first().click();
  await expect(desk.locator(".slots .slot").first(), "their free times are offered").toBeVisible();
  await house.close();
});
