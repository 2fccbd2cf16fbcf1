// From the slot to the refund, as a person does it; without scripting where none is needed.
import { expect, expectAccessible, expectNoOverflow, islandsRun, people, signIn, test } from "./house";
import type { Page } from "@playwright/test";

/** Takes a free time of Tolliver Home Repair, the later the better, and arrives at the checkout. */
async function hold(page: Page, at = -1) {
  await page.goto("/search?q=tolliver");
  const provider = await page.locator('main a[href^="/p/"]').first().getAttribute("href");
  await page.goto(provider!);
  const slot = page.locator('[name="starts_at"]').nth(at);
  const value = await slot.getAttribute("value");
  const service = await page.locator('[name="service_id"]').first().getAttribute("value");
  await page.goto("/help");
  // The same form as on the provider's page, whatever the booker looks like today.
  await page.setContent(`<form method="post" action="/book"><input name="service_id" value="${service}"><button name="starts_at" value="${value}">Hold</button></form>`);
  await page.getByRole("button", { name: "Hold" }).click();
  await expect(page).toHaveURL(/\/checkout\//);
}

test("the tip changes every amount, with scripting or without @no-script", async ({ page }) => {
  await signIn(page, people.customer);
  await hold(page);
  const total = page.locator(".bill .sum dd");
  const before = await total.innerText();
  await page.locator(".tips .choice").nth(1).click();
  const after = await total.innerText();
  expect(after).not.toBe(before);
  await expect(page.locator("button.pay:visible, .action-bar button:visible").first()).toContainText(after);
  await page.getByRole("button", { name: /give this time back/i }).click();
  await expect(page.getByText("The time is free again")).toBeVisible();
});

test("the hold counts down and says until when without scripting @no-script", async ({ page, javaScriptEnabled }) => {
  await signIn(page, people.customer);
  await hold(page);
  const vial = page.getByRole("timer");
  if (javaScriptEnabled === false) {
    await expect(vial).toContainText(/until \d\d:\d\d/);
  } else {
    await expect(vial).toContainText(/\d+:\d\d left/);
  }
  await page.getByRole("button", { name: /give this time back/i }).click();
});

test("checkout and bookings read well @axe", async ({ page, javaScriptEnabled }) => {
  await signIn(page, people.customer);
  await hold(page);
  const checkout = page.url();
  for (const path of [checkout, "/bookings"]) {
    await page.goto(path);
    if (javaScriptEnabled !== false) await islandsRun(page);
    await expectAccessible(page);
    await expectNoOverflow(page);
  }
  await page.goto(checkout);
  await page.getByRole("button", { name: /give this time back/i }).click();
});
