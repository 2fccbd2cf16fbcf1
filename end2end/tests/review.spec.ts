// A job is done, and both sides say how it was. Each of these uses up a job of the demo town, so they run once.
import { expect, expectNoOverflow, islandsRun, people, signIn, test } from "./house";
import { openBrowserOf } from "./journey";

/** The customer of the job that is ready to start. */
const OSRIC = "osric.dunne@people.merrow.example";

test.beforeEach(() => test.skip(test.info().project.name !== "desktop", "the demo town has one such job"));

test("staff start and finish a job, and the customer's open page shows it", async ({ page, browser }) => {
  await signIn(page, people.member);
  await page.goto("/");
  await page.locator('a[href^="/desk/"]').first().click();
  await page.getByRole("link", { name: "Leak repair visit" }).first().click();
  await expect(page.locator("main")).toContainText("Osric Dunne");
  const customer = await openBrowserOf(browser, OSRIC, new URL(page.url()).pathname);
  await expect(customer.locator("main")).toContainText("Leak repair visit");
  await islandsRun(customer);
  await page.getByRole("button", { name: "10 min" }).click();
  await expect(customer.locator(".ticket")).toContainText("About 10 min late.");
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.locator("main")).toContainText("Running now");
  await expect(customer.locator(".ticket")).toContainText("Running now");
  await page.getByRole("button", { name: "Finish job" }).click();
  await expect(page.locator("main")).toContainText("Done");
  await expect(customer.getByRole("link", { name: "Write a review" })).toBeVisible();
  await customer.context().close();
});

test("a customer says how it was", async ({ page }) => {
  await signIn(page, people.customer);
  await page.goto("/bookings");
  await page.getByRole("link", { name: /review/i }).first().click();
  if (/\/bookings\/[^/]+$/.test(page.url())) await page.getByRole("link", { name: "Write a review" }).click();
  await expectNoOverflow(page);
  await page.getByRole("button", { name: "Send the review" }).click();
  await page.getByRole("radio", { name: /Very good/ }).check();
  await page.getByLabel(/What should others know/).fill("On time, tidy, and the bath drains again.");
  await page.getByRole("button", { name: "Send the review" }).click();
  await expect(page.locator("main")).toContainText("Your review appears once both sides have written");
});
