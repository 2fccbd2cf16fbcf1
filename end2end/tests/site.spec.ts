import { expect, expectNoOverflow, test } from "./house";

test("the home page loads without a complaint @no-script @dark", async ({ page }) => {
  const answer = await page.goto("/");
  expect(answer?.status()).toBe(200);
  await expect(page.locator("h1")).toBeVisible();
  await expectNoOverflow(page);
});

test("an address that leads nowhere says so", async ({ page }) => {
  const answer = await page.goto("/no/such/page");
  expect(answer?.status()).toBe(404);
  await expect(page.locator("h1")).toBeVisible();
});
