// Every page, as each role: it answers, has one heading of the first rank, and nothing complains in the console (which `trouble` watches).
// Then what links lead to, one page of each kind: nothing that a page wants is refused by the policy it is sent with.
import { type Page } from "@playwright/test";
import { expect, islandsRun, people, signIn, test } from "./house";
import { deskOf } from "./journey";
import * as places from "./places";

test.describe.configure({ timeout: 240_000 });
test.beforeEach(() => test.skip(test.info().project.name !== "desktop", "the same pages at every width"));

/** What is handed out as a file, or for programs. */
const NO_PAGE = /\.(ics|csv|svg|xml|txt|json|webmanifest)($|[?#])|\/photos\/|^\/pkg\/|^\/api\/(?!docs)/;

/** Ids, names and words in an address make no other kind of page. */
const kind = (path: string) => path.replace(/[?#].*/, "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "*").replace(/^\/(p|c)\/[^/]+/, "/$1/*");

/** By kind: where links led to on the pages that were looked at, and what was looked at. */
type Known = { links: Map<string, string>; seen: Set<string> };

const nothing = (): Known => ({ links: new Map(), seen: new Set() });

/** Opens it and waits for its islands. */
async function look(page: Page, path: string, known: Known) {
  const answer = await page.goto(path);
  await islandsRun(page);
  known.seen.add(kind(path));
  known.seen.add(kind(new URL(page.url()).pathname));
  const links = await page.locator("a[href^='/']").evaluateAll((all) => all.map((link) => link.getAttribute("href")!));
  for (const link of links) if (!NO_PAGE.test(link)) known.links.set(kind(link), link);
  return answer?.status();
}

async function walk(page: Page, paths: string[], known: Known, status = 200) {
  for (const path of paths) {
    await test.step(path, async () => {
      expect(await look(page, path, known), path).toBe(path === "/no/such/page" ? 404 : status);
      await expect(page.locator("h1"), path).toHaveCount(1);
    });
  }
}

/** What those pages lead to, and what that leads to. */
async function follow(page: Page, known: Known) {
  for (let next = [...known.links].find(([of]) => !known.seen.has(of)); next; next = [...known.links].find(([of]) => !known.seen.has(of))) {
    const [of, path] = next;
    known.seen.add(of);
    await test.step(path, async () => expect(await look(page, path, known), path).toBeLessThan(500));
  }
}

test("everyone's", async ({ page }) => {
  const known = nothing();
  await walk(page, places.open, known);
  await follow(page, known);
});

test("a customer's", async ({ page }) => {
  const known = nothing();
  await signIn(page, people.customer);
  await walk(page, places.customer, known);
  await walk(page, [await places.firstLink(page, "/bookings", "/bookings/"), await places.firstLink(page, "/favourites", "/p/")], known);
  await walk(page, places.admin, nothing(), 403);
  await follow(page, known);
});

for (const role of ["owner", "member"] as const) {
  test(`a provider's ${role}'s`, async ({ page }) => {
    const known = nothing();
    await signIn(page, people[role]);
    const root = await deskOf(page);
    for (const path of places.desk) {
      expect([200, role === "owner" ? 200 : 403], path).toContain(await look(page, root + path, known));
      await expect(page.locator("h1"), path).toHaveCount(1);
    }
    await follow(page, known);
  });
}

for (const role of ["support", "admin"] as const) {
  test(`the operator's, as ${role}`, async ({ page }) => {
    const known = nothing();
    await signIn(page, people[role]);
    for (const path of places.admin) {
      expect([200, role === "admin" ? 200 : 403], path).toContain(await look(page, path, known));
      await expect(page.locator("h1"), path).toHaveCount(1);
    }
    await follow(page, known);
  });
}
