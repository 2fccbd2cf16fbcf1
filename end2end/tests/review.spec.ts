// A job is done, and both sides say how it was. Each of these uses up a job of the demo town, so they run once.
import { expect, expectNoOverflow, people, signIn, test } from "./house";

test.beforeEach(() => test.skip(test.info().project.name !== "desktop", "the demo town has one such job"));

test("staff start and finish a job", async ({ page }) => {
  await signIn(page, people.member);
  await page.goto("/");
  await page.locator('a[href^="/desk/"]').first().click();
  await page.getByRole("link", { name: "Leak repair visit" }).first().click();
  await expect(page.locator("main")).toContainText("Osric Dunne");
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.locator("main")).toContainText("Running now");
  await page.getByRole("button", { name: "Finish job" }).click();
  await expect(page.locator("main")).toContainText("Done");
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
