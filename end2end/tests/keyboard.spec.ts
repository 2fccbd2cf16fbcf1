// The main journey by keyboard alone, and at 200 % zoom.
import { type Locator, type Page } from "@playwright/test";
import { expect, expectNoOverflow, islandsRun, test } from "./house";
import { CARD, cancelAndBeRefunded, fillDetails, guestEmail, isBooked, openProvider, pay, takeTime } from "./journey";

test.describe.configure({ timeout: 120_000 });
test.beforeEach(() => test.skip(test.info().project.name !== "desktop", "a keyboard is a keyboard"));

/** Presses Tab until it has the focus; the way there is as long as a person would bear. */
async function tabTo(page: Page, target: Locator, most = 90) {
  await page.waitForLoadState();
  for (let presses = 0; presses < most; presses += 1) {
    const is_there = await target.evaluateAll((found) => found.some((element) => element === document.activeElement && element.ownerDocument.hasFocus()));
    if (is_there) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${target}`);
}

test("find, book, pay and cancel by keyboard alone", async ({ page }) => {
  const press = (key: string) => page.keyboard.press(key);
  await page.goto("/search");
  await tabTo(page, page.locator('main input[name="q"], header input[name="q"]'));
  await page.keyboard.type("tolliver");
  await Promise.all([page.waitForURL(/q=tolliver/), press("Enter")]);
  await tabTo(page, page.locator('main a[href^="/p/tolliver"]'));
  await Promise.all([page.waitForURL(/\/p\/tolliver/), press("Enter")]);
  await islandsRun(page);

  // a day with more free times than the specs beside this one will take
  await tabTo(page, page.getByRole("link", { name: /, \d\d free$/ }));
  await press("Enter");
  await expect(page.locator("#booker legend").first()).toContainText(/\d\d free/);
  await tabTo(page, page.locator('#booker input[type="radio"]:not(:disabled)'));
  await press("Space");
  for (let steps = Math.floor(Math.random() * 4); steps > 0; steps -= 1) await press("ArrowRight");
  await expect(page.locator('#booker input[type="radio"]:checked')).toHaveCount(1);
  await tabTo(page, page.locator("#booker button"));
  await Promise.all([page.waitForURL(/\/checkout\//), press("Enter")]);

  const email = guestEmail();
  const typed = { "address.street": "14 Lantern Lane", "address.town": "Merrow", name: "Marta Quill", phone: "+351 912 345 678", email };
  for (const [name, value] of Object.entries(typed)) {
    await tabTo(page, page.locator(`main input[name="${name}"]`));
    await page.keyboard.type(value);
  }
  const card = page.frameLocator('iframe[title="Secure card payment form"]');
  await expect(card.getByLabel("Card number")).toBeAttached();
  for (const [label, value] of [["Card number", CARD.number], ["Expiry date", "1234"], ["Security code", CARD.cvc]] as const) {
    await tabTo(page, card.getByLabel(label));
    await page.keyboard.type(value.replaceAll(" ", ""));
  }
  await tabTo(page, page.locator("button.pay:visible"));
  await press("Enter");
  await isBooked(page);

  await tabTo(page, page.getByRole("link", { name: "Manage the booking" }));
  await Promise.all([page.waitForURL(/\/bookings\/[^/]+$/), press("Enter")]);
  await tabTo(page, page.getByRole("link", { name: "Cancel booking" }));
  await press("Enter");
  const asked = page.getByRole("dialog");
  await expect(asked).toBeVisible();
  await tabTo(page, asked.getByRole("button", { name: /^Cancel and get/ }));
  await press("Enter");
  await expect(page.locator("main")).toContainText("Cancelled");
});

test.describe("at 200 % zoom", () => {
  test.use({ viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 });

  test("find, book, pay and cancel", async ({ page }) => {
    await openProvider(page, "tolliver", { weeks: 4 });
    await expectNoOverflow(page);
    await takeTime(page);
    await expectNoOverflow(page);
    await fillDetails(page, guestEmail());
    await pay(page);
    const booking = await isBooked(page);
    await expectNoOverflow(page);
    await cancelAndBeRefunded(page, booking);
    await expectNoOverflow(page);
  });
});
