// Paying when it does not go smoothly: declined, challenged, abandoned, refused, or with a gateway that the browser does not reach.
import { type Page, type Route } from "@playwright/test";
import { expect, islandsRun, test } from "./house";
import { CARD, CHALLENGED, DECLINED, fillDetails, guestEmail, hasScript, isBooked, openProvider, pay, payThere, takeTime } from "./journey";

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
    await payThere(page);
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

/** What becomes of a request to the gateway. */
const ENDS: [string, (route: Route) => unknown][] = [
  ["is refused", (route) => route.abort()],
  ["is never answered", () => {}],
];
const CONFIRMATION = "**/v1/payment_intents/*/confirm";
/** So long the page waits for the gateway. */
const PATIENCE_MS = 10_000;

/** The checkout anew, under a clock that can be set forward. */
async function anew(page: Page) {
  await page.clock.install();
  // A script that never comes keeps the page from ever being loaded.
  await page.reload({ waitUntil: "domcontentloaded" });
  await islandsRun(page);
  await fillDetails(page, guestEmail());
}

/** What the browser says of requests that were refused here. */
function forgive(trouble: string[]) {
  trouble.splice(0, trouble.length, ...trouble.filter((line) => !/net::ERR_FAILED/.test(line)));
}

for (const [what, end] of ENDS) {
  test(`where the gateway's script ${what} the button leads to its page`, async ({ page, trouble }) => {
    await page.route("**/v3/", end);
    await anew(page);
    await page.clock.fastForward(PATIENCE_MS);
    await expect(page.locator(".card-form").getByRole("status")).toContainText("on the payment company’s page");
    await page.locator("button.pay:visible").first().click();
    await payThere(page);
    await isBooked(page);
    forgive(trouble);
  });

  test(`where a confirmation ${what} nothing typed is lost, and the gateway's page is offered`, async ({ page, trouble }) => {
    await page.route(CONFIRMATION, end);
    await anew(page);
    const asked = page.waitForRequest(CONFIRMATION);
    await pay(page);
    await asked;
    await page.clock.fastForward(PATIENCE_MS);
    const otherwise = page.getByRole("button", { name: "Pay on the payment company’s page" });
    await expect(otherwise).toBeVisible();
    await expect(page.locator('[name="name"]')).toHaveValue("Marta Quill");
    await otherwise.click();
    await payThere(page);
    await isBooked(page);
    forgive(trouble);
  });
}

test("a confirmation that was refused can be tried again with the card as it was typed", async ({ page, trouble }) => {
  await page.route(CONFIRMATION, (route) => route.abort());
  await pay(page);
  await expect(page.locator(".card-form .problems")).toContainText("before anything was charged");
  await page.unroute(CONFIRMATION);
  await page.locator("button.pay:visible").first().click();
  await isBooked(page);
  forgive(trouble);
});
