// Before anything: the operator widens the limits, since all of the specs come from one address. Limits have tests of their own.
import { chromium, type FullConfig } from "@playwright/test";
import { PASSWORD, people } from "./house";

export default async function widen(config: FullConfig) {
  const { baseURL, launchOptions } = config.projects[0].use;
  const browser = await chromium.launch(launchOptions);
  const page = await browser.newPage({ baseURL });
  await page.goto("/sign-in?next=/admin/settings");
  await page.getByLabel("E-mail").fill(people.admin);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.locator("main").getByRole("button", { name: "Sign in" }).click();
  for (const name of ["Bookings", "Sign-in, codes and payment", "Everything else"]) await page.getByLabel(name, { exact: true }).fill("10000");
  await Promise.all([page.waitForResponse((answer) => answer.request().method() === "POST"), page.getByRole("button", { name: "Save" }).click()]);
  await page.goto("/admin/settings");
  if ((await page.getByLabel("Bookings", { exact: true }).inputValue()) !== "10000") throw new Error("The limits could not be widened.");
  await browser.close();
}
