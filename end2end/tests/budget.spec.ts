// What a page costs over the wire, compressed, in a browser that has seen nothing yet.
import type { Page } from "@playwright/test";
import { expect, islandsRun, test } from "./house";
import { openProvider, takeTime } from "./journey";

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
  await page.goto(path);
  await settle();
  await page.waitForTimeout(2500);
  test.info().annotations.push({ type: path, description: JSON.stringify(found) });
  console.log(`${path}: ${(found.code / KIB).toFixed(1)} KiB wasm+JS, ${(found.total / KIB).toFixed(1)} KiB in ${found.requests} requests`);
  return found;
}

for (const path of ["/", "/search"]) {
  test(`${path} runs no code before the first interaction @budget`, async ({ page }) => {
    const spent = await cost(page, path, async () => {});
    expect(spent.code, "wasm and JS").toBe(0);
    expect(spent.loader, "the loader").toBeLessThanOrEqual(2 * KIB + 600 /* headers */);
    expect(spent.total, "the whole first load").toBeLessThanOrEqual(250 * KIB);
    expect(spent.requests).toBeLessThanOrEqual(10);
  });
}

// What the gateway's own script and frame weigh is the gateway's.
for (const [name, limit, open] of [
  ["a provider page", 80, async () => {}],
  ["the checkout", 90, takeTime],
] as const) {
  test(`${name} stays within ${limit} KiB of code @budget`, async ({ page, browser }) => {
    await openProvider(page, "tolliver");
    await open(page);
    // The same person in a browser that has kept nothing.
    const { baseURL, viewport, userAgent } = test.info().project.use;
    const storageState = await page.context().storageState();
    const fresh = await browser.newContext({ baseURL, viewport, userAgent, storageState, serviceWorkers: "block" });
    const first = await fresh.newPage();
    const spent = await cost(first, page.url(), () => islandsRun(first));
    await fresh.close();
    expect(spent.code, "wasm and JS").toBeLessThanOrEqual(limit * KIB);
  });
}
