// Lighthouse as for a phone, the median of several runs for each category.
// Usage: node lighthouse.mjs BASE RUNS PATH...; "checkout" is the checkout of a time held on the way. Prints JSON.
import lighthouse from "lighthouse";
import { checkout, launch } from "./chromium.mjs";

const [base, runs, ...paths] = process.argv.slice(2);
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const found = {};
for (const asked of paths) {
  const browser = await launch();
  const held = asked === "checkout" ? await checkout(browser, base) : { path: asked };
  const scores = {};
  const missing = new Map();
  for (let run = 0; run < Number(runs); run++) {
    const page = await browser.newPage();
    // A checkout is nobody else's business: it tells search engines to stay out, and is not judged by it.
    const hidden = held.header ? { extraHeaders: { Cookie: held.header }, skipAudits: ["is-crawlable"] } : {};
    const flags = { logLevel: "error", output: "json", ...hidden };
    const { lhr } = await lighthouse(base + held.path, flags, undefined, page);
    for (const category of Object.values(lhr.categories)) {
      (scores[category.id] ??= []).push(Math.round(category.score * 100));
      for (const { id, weight } of category.auditRefs) {
        const { score, title, displayValue } = lhr.audits[id];
        if (weight && score !== null && score < 0.995) missing.set(id, `${category.id}: ${title}${displayValue ? `, ${displayValue}` : ""} (${score})`);
      }
    }
    await page.close();
  }
  await browser.close();
  for (const line of missing.values()) console.error(`  ${asked}: ${line}`);
  found[asked] = Object.fromEntries(Object.entries(scores).map(([id, all]) => [id, median(all)]));
}
console.log(JSON.stringify(found));
