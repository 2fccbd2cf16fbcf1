// Paying when it does not go smoothly: declined, challenged, abandoned, refused.
import { expect, test } from "./house";
import { CARD, CHALLENGED, DECLINED, fillDetails, guestEmail, hasScript, isBooked, openProvider, pay, takeTime } from "./journey";

test.describe.configure({ timeout: 90_000 });

test.beforeEach(async ({ page }) => {
  await openProvider(page, "tolliver", { weeks: 7 });
  await takeTime(page);
  await fillDetails(page, guestEmail());
});

test("a declined card is told in words, and another one works @no-script", async ({ page }) => {
  await pay(page, DECLINED);
  await expect(page.getByRole("alert").filter({ hasText: /declined/i })).toBeVisible();
  if (hasScript()) {
    await pay(page, CARD);
  } else {
    await page.getByLabel("Card number").fill(CARD.number);
    await page.getByLabel("Expiry date").fill(CARD.expiry);
    await page.getByLabel("Security code").fill(CARD.cvc);
    await page.getByRole("button", { name: /^Pay/ }).click();
  }
  await isBooked(page);
});

test("a bank that asks is answered, and it is booked @no-script", async ({ page }) => {
  await pay(page, CHALLENGED);
  const bank = hasScript() ? page.frameLocator('iframe[title="Confirm with your bank"]') : page;
  await bank.getByRole("button", { name: "Complete" }).click();
  await isBooked(page);
});

test("a question of the bank that is closed or failed charges nothing, and the checkout is still there", async ({ page }) => {
  await pay(page, CHALLENGED);
  const bank = page.frameLocator('iframe[title="Confirm with your bank"]');
  await expect(bank.getByRole("button", { name: "Complete" })).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.locator(".card-form .problems")).not.toBeEmpty();
  await expect(page.locator("button.pay:visible").first()).toBeEnabled();

  await page.locator("button.pay:visible").first().click();
  await bank.getByRole("button", { name: "Fail" }).click();
  await expect(page.locator(".card-form .problems")).not.toBeEmpty();
  await pay(page, CARD);
  await isBooked(page);
});

test("what is missing is said beside its field, and nothing typed is lost @no-script", async ({ page }) => {
  await page.locator('[name="name"]').fill("");
  if (hasScript()) await pay(page);
  else await page.locator("button.pay:visible").first().click();
  await expect(page.getByRole("alert").filter({ hasText: /name/i }).first()).toBeVisible();
  await expect(page.locator('[name="phone"]')).toHaveValue("+351 912 345 678");
  await page.locator('[name="name"]').fill("Marta Quill");
  await pay(page);
  await isBooked(page);
});

test("a refusal from before the door is told in its words, and paying goes on", async ({ page }) => {
  // As if the request came from another site: the server's own answer to that.
  await page.route("**/do/payment/pay", async (route) => {
    const headers = { ...(await route.request().allHeaders()), origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" };
    const response = await route.fetch({ headers });
    expect(response.status()).toBe(403);
    await route.fulfill({ response });
  });
  await pay(page, CARD);
  await expect(page.locator(".card-form .problems")).toHaveText(/\S/);
  await page.unroute("**/do/payment/pay");
  await page.locator("button.pay:visible").first().click();
  await isBooked(page);
});
