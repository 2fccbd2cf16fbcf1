// Every page of the product, by who sees it. The one about the API is not ours to audit and to weigh: `pages.spec.ts` opens it.
import { type Page } from "@playwright/test";

export const open = ["/", "/search", "/search?q=plumber", "/search?q=nothing-like-this", "/help", "/help/cancelling", "/terms", "/privacy", "/offer-your-services", "/sign-in", "/register", "/forgot-password", "/offline", "/no/such/page"];
export const customer = ["/bookings", "/favourites", "/receipts", "/settings", "/settings/security", "/settings/sessions", "/settings/tokens"];
export const desk = ["", "/calendar", "/calendar?view=day", "/bookings/new", "/blocks/new", "/requests", "/services", "/availability", "/team", "/reviews", "/money", "/settings"];
export const admin = ["/admin", "/admin/bookings", "/admin/people", "/admin/providers", "/admin/payments", "/admin/categories", "/admin/settings", "/admin/audit", "/admin/system"];

/** The address of the first link on a page that begins so. */
export async function firstLink(page: Page, from: string, start: string) {
  await page.goto(from);
  const address = await page.locator(`main a[href^="${start}"]`).first().getAttribute("href");
  return address!;
}
