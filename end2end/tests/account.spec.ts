// Register, confirm, forget the password, end other sessions, make a token: with mails that really arrive.
import { expect, test } from "./house";
import { linkIn, mailTo } from "./mail";

const fresh = () => `nina-${Date.now()}-${test.info().workerIndex}@example.com`;
const FIRST = "three blind mice";
const SECOND = "a spirit level and a plumb line";

test("an account from registration to a new password @no-script", async ({ page, request, browser }) => {
  test.setTimeout(90_000);
  const email = fresh();
  await page.goto("/register?next=/favourites");
  await page.getByLabel("Your name").fill("Nina Falk");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel(/^Password/).fill("password12");
  await page.locator("main").getByRole("button", { name: /account/i }).click();
  await expect(page.locator("main"), "a common password is refused").toContainText(/common|guess/i);
  await expect(page.getByLabel("E-mail"), "what was typed stays").toHaveValue(email);
  await page.getByLabel(/^Password/).fill(FIRST);
  await page.locator("main").getByRole("button", { name: /account/i }).click();
  await expect(page, "back to where they were going").toHaveURL(/\/favourites$/);

  await page.goto(linkIn(await mailTo(request, email, /confirm/i), "/confirm-email/"));
  await page.locator("main").getByRole("button").first().click();
  await page.goto("/settings/security");
  await expect(page.locator("main")).toContainText(email);
  await expect(page.locator("main")).not.toContainText(/not confirmed/i);

  const other = await browser.newContext({ baseURL: test.info().project.use.baseURL, javaScriptEnabled: test.info().project.use.javaScriptEnabled });
  const elsewhere = await other.newPage();
  await elsewhere.goto("/forgot-password");
  await elsewhere.getByLabel("E-mail").fill(email);
  await elsewhere.locator("main").getByRole("button").first().click();
  await elsewhere.goto(linkIn(await mailTo(request, email, /password/i), "/reset-password/"));
  await elsewhere.getByLabel(/password/i).first().fill(SECOND);
  await elsewhere.locator("main").getByRole("button").first().click();

  await expect(elsewhere, "whoever has the mail is signed in").not.toHaveURL(/reset-password/);
  await other.clearCookies();
  await elsewhere.goto("/sign-in?next=/settings/sessions");
  await elsewhere.getByLabel("E-mail").fill(email);
  await elsewhere.getByLabel(/^Password/).fill(FIRST);
  await elsewhere.locator("main").getByRole("button", { name: /sign in/i }).click();
  await expect(elsewhere, "the old password opens nothing").toHaveURL(/sign-in/);
  await elsewhere.getByLabel(/^Password/).fill(SECOND);
  await elsewhere.locator("main").getByRole("button", { name: /sign in/i }).click();
  await expect(elsewhere).toHaveURL(/settings\/sessions/);
  await page.goto("/settings");
  await expect(page, "a new password ends every other session").toHaveURL(/sign-in/);
  await other.close();
});

test("a token is shown once, and opens what it was made for", async ({ page, request }) => {
  const email = fresh();
  await page.goto("/register?next=/settings/tokens");
  await page.getByLabel("Your name").fill("Nina Falk");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel(/^Password/).fill(FIRST);
  await page.locator("main").getByRole("button", { name: /account/i }).click();
  await expect(page).toHaveURL(/settings\/tokens/);
  await page.getByLabel(/name/i).first().fill("Spreadsheet");
  await page.locator("main").getByRole("checkbox").first().check();
  await page.locator("main").getByRole("button", { name: /token/i }).first().click();
  const shown = page.locator("main code").first();
  const token = (await shown.innerText()).trim();
  expect(token.length).toBeGreaterThan(20);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  expect((await request.get("/api/v1/me", { headers: { authorization: `Bearer ${token}` } })).status()).toBe(200);
  expect((await request.get("/api/v1/me", { headers: { authorization: `Bearer ${token}x` } })).status()).toBe(401);
  await page.goto("/settings/tokens");
  await expect(page.locator("main")).toContainText("Spreadsheet");
  await expect(page.locator("main")).not.toContainText(token);
});
