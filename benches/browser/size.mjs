// What pages cost over the wire, compressed, in a browser that has seen nothing yet and touches nothing.
// What failed weighs nothing: an error page, or an island that did not start, ends it without figures.
// Usage: node size.mjs BASE PATH...; "checkout" is the checkout of a time held on the way. Prints JSON.
import { checkout, launch } from "./chromium.mjs";

const [base, ...paths] = process.argv.slice(2);
const browser = await launch();
const found = {};
for (const asked of paths) {
  const held = asked === "checkout" ? await checkout(browser, base) : { path: asked, cookies: [] };
  const context = await browser.createBrowserContext();
  await context.setCookie(...held.cookies);
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const client = await page.createCDPSession();
  await client.send("Network.enable");
  const urls = new Map();
  const cost = { code: 0, loader: 0, total: 0, requests: 0 };
  client.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, response.url));
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId) ?? "";
    // what the gateway loads in its frame is its own
    if (!url.startsWith(base)) return;
    cost.total += encodedDataLength;
    cost.requests += 1;
    if (/\/pkg\/loader\./.test(url)) cost.loader += encodedDataLength;
    else if (/\.(wasm|js)(\?|$)/.test(url)) cost.code += encodedDataLength;
  });
  const answer = await page.goto(base + held.path);
  if (!answer?.ok()) throw new Error(`${asked} was answered ${answer?.status()}`);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const failed = await page.$$eval("leptos-island[data-state=off]", (islands) => islands.map((island) => island.dataset.component));
  if (failed.length) throw new Error(`of ${asked} did not start: ${failed.join(", ")}`);
  const needsCode = asked === "checkout" || asked.startsWith("/p/");
  if (needsCode && cost.code === 0) throw new Error(`${asked} has loaded no code`);
  found[asked] = cost;
  await context.close();
}
await browser.close();
console.log(JSON.stringify(found));
