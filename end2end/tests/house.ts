// What every spec speaks: a page that notices trouble, people to sign in as, the sandbox's mail, axe.
import { test as base, expect, type Page } from "@playwright/test";
import { AxeBuilder } from "@axe-core/playwright";

export { expect };

/** Of every demo account. */
export const PASSWORD = "merrow-demo-1";
export const people = {
  customer: "ines@merrow.example",
  owner: "bram@tolliver.example",
  member: "odalys@tolliver.example",
  support: "support@fettle.example",
  admin: "vesna@fettle.example",
} as const;

export interface HouseOptions {
  /** Serve pages as a browser without scripting reads them, while the tests' own scripts still run. */
  plain: boolean;
}

/** What a browser without scripting makes of a page: no script runs, and what stands in `<noscript>` is part of it. */
export function withoutScripting(html: string) {
  return html.replace(/<script\b[^>]*>[\s\S]*?<\/script>/gi, "").replace(/<\/?noscript\b[^>]*>/gi, "");
}

/** A page that fails its test on an uncaught error, an error in the console, a refused policy or a 5xx of ours. */
export const test = base.extend<HouseOptions & { trouble: string[] }>({
  plain: [false, { option: true }],
  context: async ({ context, plain }, use) => {
    if (plain) {
      await context.route("**/*", async (route) => {
        if (route.request().resourceType() !== "document" || route.request().method() !== "GET") return route.fallback();
        const response = await route.fetch();
        await route.fulfill({ response, body: withoutScripting(await response.text()) });
      });
    }
    await use(context);
  },
  trouble: [
    async ({ context, baseURL }, use) => {
      const seen: string[] = [];
      // Whoever leaves a page while it still fades in stops the fading: that is the browser's own affair.
      context.on("weberror", (failure) => {
        const { message } = failure.error();
        if (!/^Transition was (aborted|skipped)/.test(message)) seen.push(`uncaught: ${message}`);
      });
      context.on("console", (message) => {
        // A 4xx answer that a page deals with is logged by the browser too.
        if (message.type() === "error" && !/Failed to load resource.*status of 4\d\d/.test(message.text())) seen.push(`console: ${message.text()}`);
      });
      context.on("response", (response) => {
        if (baseURL && response.url().startsWith(baseURL) && response.status() >= 500) seen.push(`${response.status()} ${response.url()}`);
      });
      // Chromium says what a policy refuses in the console as an error; this also hears what is only reported.
      await context.addInitScript(() =>
        addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, disposition }) =>
          console.error(`policy (${disposition}): ${effectiveDirective} refuses ${blockedURI}`),
        ),
      );
      await use(seen);
      expect(seen, "trouble on the pages").toEqual([]);
    },
    { auto: true },
  ],
});

/** Signs in through the form and waits until the next page is there. */
export async function signIn(page: Page, email: string, next = "/") {
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByLabel(/e-?mail/i).fill(email);
  await page.getByLabel(/^password/i).fill(PASSWORD);
  await page.locator("main").getByRole("button", { name: /sign in/i }).click();
  await expect(page).not.toHaveURL(/sign-in/);
}

/** Waits until every island in view runs, where islands do. */
export async function islandsRun(page: Page) {
  const { javaScriptEnabled, plain } = test.info().project.use as HouseOptions & { javaScriptEnabled?: boolean };
  if (plain || javaScriptEnabled === false) return;
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLElement>("leptos-island")]
      .filter((island) => !island.closest("[data-start]"))
      // One without a box starts when the browser has time, others when they are in view.
      .filter(({ firstElementChild: box }) => !box?.getClientRects().length || box.getBoundingClientRect().top < innerHeight)
      .every((island) => island.dataset.state),
  );
}

/** axe without a finding, by WCAG 2.2 AA and its best practices. */
export async function expectAccessible(page: Page) {
  // The card form is the gateway's page in a frame without a ground of its own; axe would lay it on white.
  const { violations } = await new AxeBuilder({ page: page as never }).exclude('iframe[title="Secure card payment form"]').analyze();
  const lines = violations.map((found) => `${found.id}: ${found.help}\n  ${found.nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join("\n  ")}`);
  expect(lines, `axe on ${page.url()}`).toEqual([]);
}

/** Nothing sticks out to the side. */
export async function expectNoOverflow(page: Page) {
  const { wide, room } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth }));
  expect(wide, `width of ${page.url()}`).toBeLessThanOrEqual(room);
}

/** A call as whoever is signed in on the page, or as its visitor. */
export async function api(page: Page, method: string, path: string, data?: object) {
  const answer = await page.request.fetch(`/api/v1/${path}`, { method, data });
  expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
  return answer.status() === 204 || answer.status() === 202 ? null : answer.json();
}
