// What a page costs over the wire, compressed, in a browser that has seen nothing yet.
import type { Browser, Page } from "@playwright/test";
import { api, expect, islandsRun, people, signIn, test } from "./house";
import { deskOf, openProvider, takeTime } from "./journey";
import * as places from "./places";

const KIB = 1024;

interface Cost {
  code: number;
  loader: number;
  total: number;
  requests: number;
}

async function cost(page: Page, path: string, settle: () => Promise<void>): Promise<Cost> {
  const own = new URL(test.info().project.use.baseURL!).origin;
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  const urls = new Map<string, string>();
  const found: Cost = { code: 0, loader: 0, total: 0, requests: 0 };
  client.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, response.url));
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId) ?? "";
    if (!url.startsWith(own)) return;
    found.total += encodedDataLength;
    found.requests += 1;
    if (/\/pkg\/loader\./.test(url)) found.loader += encodedDataLength;
    else if (/\.(wasm|js)$/.test(url)) found.code += encodedDataLength;
  });
  const answer = await page.goto(path);
  await settle();
  await page.waitForLoadState("networkidle");
  // An error page, or an island that failed, would weigh nothing. One address of places.ts leads nowhere on purpose.
  expect(answer?.status(), path).toBe(path === "/no/such/page" ? 404 : 200);
  expect.soft(await page.locator("leptos-island[data-state=off]").count(), `islands of ${path} that failed`).toBe(0);
  test.info().annotations.push({ type: path, description: JSON.stringify(found) });
  console.log(`${path}: ${(found.code / KIB).toFixed(1)} KiB wasm+JS, ${(found.total / KIB).toFixed(1)} KiB in ${found.requests} requests`);
  return found;
}

/** Waits for all islands that start by themselves: those in view, and those that do not wait to be. */
async function allRun(page: Page) {
  await islandsRun(page);
  await page.waitForFunction(() => [...document.querySelectorAll<HTMLElement>("[data-start=soon] leptos-island")].every((island) => island.dataset.state));
}

/** How many islands stand on the page, and how many of these run. */
const islands = (page: Page) =>
  page.evaluate(() => {
    const states = [...document.querySelectorAll<HTMLElement>("leptos-island")].map((island) => island.dataset.state);
    return { all: states.length, on: states.filter((state) => state === "on").length };
  });

/** The same person, if any, in a browser that has kept nothing. */
async function fresh<T>(browser: Browser, of: Page, body: (page: Page) => Promise<T>): Promise<T> {
  const { baseURL, viewport, userAgent } = test.info().project.use;
  const storageState = await of.context().storageState();
  const context = await browser.newContext({ baseURL, viewport, userAgent, storageState, serviceWorkers: "block" });
  try {
    return await body(await context.newPage());
  } finally {
    await context.close();
  }
}

/** Whoever opens the page pays for no more code than runs on it. */
async function isLean(browser: Browser, page: Page, path: string) {
  await test.step(path, () =>
    fresh(browser, page, async (first) => {
      const spent = await cost(first, path, () => allRun(first));
      const { all, on } = await islands(first);
      if (on > 0) {
        expect.soft(spent.code, `${path}: ${on} of ${all} islands run`).toBeGreaterThan(0);
        // the one page with islands of both files, the checkout's and the desk's: more files would cost each page more than this one saves
        const most = /^\/bookings\/[^/]+$/.test(path) ? 102 : 100;
        expect.soft(spent.code + spent.loader, `${path}: ${on} of ${all} islands run`).toBeLessThanOrEqual(most * KIB);
      } else {
        expect.soft(spent.code, `${path}: none of ${all} islands runs`).toBe(0);
      }
    }),
  );
}

const serviceOf = async (page: Page, provider: string): Promise<string> =>
  (await api(page, "GET", `providers/${provider}/services`)).items.find((one: { needs_approval: boolean }) => !one.needs_approval).id;

// Beside the lists themselves one page of each kind that they lead to.
const beyond: Record<"open" | "customer" | "desk" | "admin", (page: Page, root: string) => Promise<string[]>> = {
  open: async (page) => [(await places.firstLink(page, "/search?q=tolliver", "/p/")).split(/[?#]/)[0] + "/why"],
  customer: async (page) => [await places.firstLink(page, "/bookings", "/bookings/")],
  desk: async (page, root) => [`${root}/services/new`, `${root}/services/${await serviceOf(page, root.split("/")[2])}`],
  admin: async (page) => {
    const found: string[] = [];
    for (const list of ["/admin/people", "/admin/providers", "/admin/payments"]) found.push(await places.firstLink(page, list, `${list}/`));
    return found;
  },
};

for (const [who, person, kind] of [
  ["everyone", undefined, "open"],
  ["a customer", people.customer, "customer"],
  ["a provider", people.owner, "desk"],
  ["the operator", people.admin, "admin"],
] as const) {
  test(`what ${who} opens costs no more code than runs on it @budget`, async ({ page, browser }) => {
    test.skip(test.info().project.name !== "desktop", "the same code at every width");
    test.setTimeout(180_000);
    if (person) await signIn(page, person);
    const root = kind === "desk" ? await deskOf(page) : "";
    const paths = [...places[kind].map((path) => root + path), ...(await beyond[kind](page, root))];
    for (const path of paths) await isLean(browser, page, path);
  });
}

test("what moments lead to costs no more code than runs on it @budget", async ({ page, browser }) => {
  test.skip(test.info().project.name !== "desktop", "the same code at every width");
  test.setTimeout(180_000);
  await signIn(page, people.owner);
  const provider = (await deskOf(page)).split("/")[2];
  const service_id = await serviceOf(page, provider);
  const starts_at = new Date(Date.now() + 125 * 86_400_000).toISOString().replace(/\d\d\.\d{3}/, "00");
  const asked = { service_id, starts_at, customer_name: "Rui", customer_email: "rui@example.com", is_outside_hours: true };
  const { pay_url } = await api(page, "POST", "bookings/by-hand", { ...asked, is_paid_by_link: true });
  await page.context().clearCookies();
  await isLean(browser, page, new URL(pay_url).pathname);

  await api(page, "POST", "auth/register", { email: `budget-${Date.now()}@example.com`, password: "three blind mice", name: "Nina Falk" });
  const business = { name: "Falk and Daughters", zone: "Europe/Lisbon", currency: "EUR", country: "PT" };
  const { provider_id } = await api(page, "POST", "provider-applications", business);
  const steps = ["business", "services", "hours", "policy", "review"].map((step) => `/offer-your-services/apply/${provider_id}/${step}`);
  for (const path of ["/offer-your-services/apply", ...steps]) await isLean(browser, page, path);
});

for (const path of ["/", "/search"]) {
  test(`${path} runs no code before the first interaction @budget`, async ({ page }) => {
    const spent = await cost(page, path, () => allRun(page));
    expect(spent.code, "wasm and JS").toBe(0);
    expect(spent.loader, "the loader").toBeGreaterThan(0);
    expect(spent.loader, "the loader, headers and all").toBeLessThanOrEqual(2 * KIB);
    expect(spent.total, "the whole first load").toBeLessThanOrEqual(250_000);
    expect(spent.requests).toBeLessThanOrEqual(10);
  });
}

// What the gateway's own script and frame weigh is the gateway's.
for (const [name, limit, open] of [
  ["a provider page", 59, async () => {}],
  ["the checkout", 68, takeTime],
] as const) {
  test(`${name} stays within ${limit} KiB of code @budget`, async ({ page, browser }) => {
    await openProvider(page, "tolliver");
    await open(page);
    const spent = await fresh(browser, page, (first) => cost(first, page.url(), () => allRun(first)));
    expect(spent.code, "wasm and JS").toBeGreaterThan(0);
    expect(spent.code, "wasm and JS").toBeLessThanOrEqual(limit * KIB);
  });
}
