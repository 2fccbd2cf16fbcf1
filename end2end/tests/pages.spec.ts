// Every page, as each role: it answers, has one heading of the first rank, and nothing complains in the console (which `trouble` watches).
// Then what links lead to, one page of each kind, and what only letters and moments lead to: nothing that a page wants is refused by the
// policy it is sent with. In the end every route of a page was opened.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type APIRequestContext, type Page } from "@playwright/test";
import { api, expect, islandsRun, people, signIn, test } from "./house";
import { deskOf } from "./journey";
import { linkIn } from "./mail";
import * as places from "./places";

test.describe.configure({ timeout: 240_000 });
test.beforeEach(() => test.skip(test.info().project.name !== "desktop", "the same pages at every width"));

/** What is handed out as a file, or for programs. */
const NO_PAGE = /\.(ics|csv|svg|xml|txt|json|pdf|webmanifest)($|[?#])|\/photos\/|\{\*|^\/pkg\/|^\/api\/(?!docs)|^\/(healthz|readyz|metrics)$/;

/** Routes of pages that are not opened here, and why. */
const ASIDE: Record<string, string> = {};

/** Addresses of pages that came as they should in the test at hand. */
const opened = new Set<string>();
const titles: string[] = [];

/** Where a test leaves what it has opened: after one that fails the others run in another process. The runner empties the folder when it begins. */
const noteOf = (title: string) => join(test.info().project.outputDir, "opened", `${titles.indexOf(title)}.json`);

/** A test that the last one takes into account. */
const visit = (title: string, body: (page: Page, request: APIRequestContext) => Promise<void>) => {
  titles.push(title);
  test(title, async ({ page, request }) => {
    opened.clear();
    await body(page, request);
    mkdirSync(dirname(noteOf(title)), { recursive: true });
    writeFileSync(noteOf(title), JSON.stringify([...opened]));
  });
};

/** Ids, names and words in an address make no other kind of page. */
const kind = (path: string) => path.replace(/[?#].*/, "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "*").replace(/^\/(p|c)\/[^/]+/, "/$1/*");

/** By kind: where links led to on the pages that were looked at, and what was looked at. */
type Known = { links: Map<string, string>; seen: Set<string> };

const nothing = (): Known => ({ links: new Map(), seen: new Set() });

/** Opens it and waits for its islands. */
async function look(page: Page, path: string, known: Known) {
  const answer = await page.goto(path);
  await islandsRun(page);
  const here = new URL(page.url()).pathname;
  known.seen.add(kind(path)).add(kind(here));
  if (answer && answer.status() < 400) opened.add(new URL(path, page.url()).pathname).add(here);
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

visit("everyone's", async (page) => {
  const known = nothing();
  await walk(page, places.open, known);
  const [provider] = (await places.firstLink(page, "/search?q=tolliver", "/p/")).split(/[?#]/);
  const { items } = await api(page, "GET", "categories");
  await walk(page, [`${provider}/why`, `/c/${items[0].slug}`], known);
  expect(await look(page, "/kit", known)).toBe(200);
  await callFromDocs(page, known);
  await follow(page, known);
});

/** The page about the API is drawn by a script of others, under a policy of its own: there a call is opened and made. */
async function callFromDocs(page: Page, known: Known) {
  expect(await look(page, "/api/docs", known)).toBe(200);
  const call = page.locator(".opblock-get").filter({ has: page.locator('[data-path="/api/v1/categories"]') });
  await call.locator(".opblock-summary-control").click();
  await call.locator(".try-out__btn").click();
  await call.locator(".execute").click();
  await expect(call.locator(".live-responses-table tbody .response-col_status").first()).toContainText("200");
}

visit("a customer's", async (page) => {
  const known = nothing();
  await signIn(page, people.customer);
  await walk(page, places.customer, known);
  await walk(page, [await places.firstLink(page, "/bookings", "/bookings/"), await places.firstLink(page, "/favourites", "/p/")], known);
  await walk(page, places.admin, nothing(), 403);
  await follow(page, known);
});

for (const role of ["owner", "manager", "member"] as const) {
  visit(`a provider's ${role}'s`, async (page, request) => {
    const known = nothing();
    if (role === "manager") await becomeManager(page, request);
    else await signIn(page, people[role]);
    const root = await deskOf(page);
    for (const path of places.desk) {
      expect([200, role === "owner" ? 200 : 403], path).toContain(await look(page, root + path, known));
      await expect(page.locator("h1"), path).toHaveCount(1);
    }
    await follow(page, known);
    if (role === "manager") await leaveTeam(page, root.split("/")[2]);
  });
}

/** Someone new whom the owner of Tolliver has invited to manage it: the town itself has no managers. */
async function becomeManager(page: Page, request: APIRequestContext) {
  await signIn(page, people.owner);
  const [, , provider] = (await deskOf(page)).split("/");
  const email = `manager-${Date.now()}-${test.info().workerIndex}@example.com`;
  await api(page, "POST", `providers/${provider}/team/invitations`, { email, role: "manager" });
  await register(page, "manager");
  await page.goto(await letter(request, email, "/invitations/"));
  await page.getByRole("button", { name: "Join the team" }).click();
  await expect(page).toHaveURL(new RegExp(`/desk/${provider}`));
}

/** No other spec is to meet them there. */
async function leaveTeam(page: Page, provider: string) {
  const { id } = await api(page, "GET", "me");
  const { items } = await api(page, "GET", `providers/${provider}/resources`);
  const own = items.find((resource: { account_id: string }) => resource.account_id === id);
  await api(page, "DELETE", `providers/${provider}/resources/${own.id}`);
  await api(page, "DELETE", `providers/${provider}/team/members/${id}`);
}

for (const role of ["support", "admin"] as const) {
  visit(`the operator's, as ${role}`, async (page) => {
    const known = nothing();
    await signIn(page, people[role]);
    for (const path of places.admin) {
      expect([200, role === "admin" ? 200 : 403], path).toContain(await look(page, path, known));
      await expect(page.locator("h1"), path).toHaveCount(1);
    }
    await follow(page, known);
  });
}

/** Where the letter to `address` leads in which a link begins with `path`, once it is there. */
async function letter(request: APIRequestContext, address: string, path: string) {
  let link = "";
  await expect(async () => {
    const mails: Mail[] = await (await request.get(`${process.env.SANDBOX_URL}/mail.json`)).json();
    const mail = mails.find((one) => String(one.to).includes(address) && one.plain.includes(path));
    expect(mail, `a letter to ${address} with a link to ${path}`).toBeTruthy();
    link = linkIn(mail!, path);
  }).toPass({ timeout: 20_000 });
  return new URL(link).pathname;
}

type Mail = Parameters<typeof linkIn>[0];

const PASSWORD = "three blind mice";

async function register(page: Page, name: string) {
  const email = `${name}-${Date.now()}-${test.info().workerIndex}@example.com`;
  await page.context().clearCookies();
  await api(page, "POST", "auth/register", { email, password: PASSWORD, name: "Nina Falk" });
  return email;
}

/** A service of Tolliver that is booked at once, and a time of it that is free and that no other spec wants. */
async function offer(page: Page) {
  const { items } = await api(page, "GET", "search?q=tolliver&limit=1");
  const provider: string = items[0].provider.id;
  const services = (await api(page, "GET", `providers/${provider}/services`)).items;
  const service: string = services.find((one: { needs_approval: boolean }) => !one.needs_approval).id;
  const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
  const { days } = await api(page, "GET", `providers/${provider}/availability?service_id=${service}&from=${day(75)}&to=${day(85)}`);
  const slots: { starts_at: string }[] = days.flatMap((one: { slots: object[] }) => one.slots);
  return { provider, service, starts_at: slots[Math.floor(slots.length / 2)].starts_at };
}

visit("what letters lead to", async (page, request) => {
  const known = nothing();
  const email = await register(page, "letters");
  await walk(page, [await letter(request, email, "/confirm-email/")], known);
  const { provider_id } = await api(page, "POST", "provider-applications", { name: "Falk and Daughters", zone: "Europe/Lisbon", currency: "EUR", country: "PT" });
  await walk(page, ["/offer-your-services/apply", `/offer-your-services/apply/${provider_id}/services`], known);
  await api(page, "POST", "auth/email/change", { email: `new-${email}`, password: PASSWORD });
  await walk(page, [await letter(request, `new-${email}`, "/change-email/")], known);
  await api(page, "POST", "auth/password-reset", { email });
  await page.context().clearCookies();
  await walk(page, [await letter(request, email, "/reset-password/")], known);

  await signIn(page, people.owner);
  const { provider, service } = await offer(page);
  const invited = `invited-${email}`;
  await api(page, "POST", `providers/${provider}/team/invitations`, { email: invited, role: "member" });
  const starts_at = new Date(Date.now() + 95 * 86_400_000).toISOString().replace(/\d\d\.\d{3}/, "00");
  const asked = { service_id: service, starts_at, customer_name: "Rui", customer_email: `rui-${email}`, is_outside_hours: true, is_paid_by_link: true };
  const { pay_url } = await api(page, "POST", "bookings/by-hand", asked);
  await page.context().clearCookies();
  await walk(page, [await letter(request, invited, "/invitations/"), new URL(pay_url).pathname], known);
  await page.locator("main form").getByRole("button").first().click();
  await expect(page).toHaveURL(/\/checkout\//);
});

visit("a booking, step by step, and the letter about it", async (page, request) => {
  const known = nothing();
  const { service, starts_at } = await offer(page);
  const { id } = await api(page, "POST", "bookings", { service_id: service, starts_at });
  await walk(page, [`/checkout/${id}`, `/checkout/${id}/return`], known);
  const email = `guest-${Date.now()}-${test.info().workerIndex}@example.com`;
  const contact = { name: "Marta Quill", email, phone: "+351 912 345 678" };
  const address = { street: "14 Lantern Lane", town: "Merrow" };
  await api(page, "POST", `bookings/${id}/payment`, { tender: "card", payment_method: "pm_card_visa", contact, address });
  const steps = ["/confirmed", "", "/cancel", "/reschedule", "/receipt"];
  await walk(page, steps.map((step) => `/bookings/${id}${step}`), known);
  await walk(page, [await letter(request, email, "/claim/")], known);
  await follow(page, known);
});

visit("a day at work", async (page) => {
  const known = nothing();
  await signIn(page, people.owner);
  const { provider } = await offer(page);
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().replace(/\d\d\.\d{3}/, "00");
  const room = await api(page, "POST", `providers/${provider}/resources`, { kind: "room", name: "Store" });
  const block = await api(page, "POST", `providers/${provider}/blocks`, { resource_id: room.id, during: { starts_at: at(3000), ends_at: at(3060) } });
  const hand = await api(page, "POST", `providers/${provider}/resources`, { kind: "person", name: "Hand" });
  const categories = (await api(page, "GET", "categories")).items;
  const sold = { category_id: categories[0].id, mode: "at_provider", duration_min: 30, price_minor: 5000, assignment: "first_free", people: [{ resource_id: hand.id }] };
  const look_in = await api(page, "POST", `providers/${provider}/services`, { name: "A look", ...sold });
  const late = { service_id: look_in.id, starts_at: at(-40), customer_name: "Rui", is_free: true, is_outside_hours: true };
  const { booking } = await api(page, "POST", "bookings/by-hand", late);
  const done = (await api(page, "GET", `bookings?as=provider&provider=${provider}&status=completed&limit=1`)).items[0];
  await walk(page, [`/desk/${provider}/blocks/${block.id}`, `/desk/${provider}/services/${look_in.id}`, `/bookings/${booking.id}/no-show`, `/bookings/${done.id}/review`], known);
  // No other spec is to meet them.
  const used = [`services/${look_in.id}`, `blocks/${block.id}`, `providers/${provider}/resources/${room.id}`, `providers/${provider}/resources/${hand.id}`];
  for (const path of used) await api(page, "DELETE", path);
});

visit("what is refused is a page as well", async (page) => {
  const known = nothing();
  await walk(page, ["/reset-password/x", "/confirm-email/x", "/claim/x", "/invitations/x"], known, 410);
  await page.goto("/register");
  await page.getByLabel("Your name").fill("Nina Falk");
  await page.getByLabel("E-mail").fill("nina@example.com");
  await page.getByLabel(/^Password/).fill("password12");
  const refused = page.waitForResponse((answer) => answer.request().method() === "POST");
  await page.locator("main").getByRole("button", { name: /account/i }).click();
  expect((await refused).status()).toBe(422);
  await expect(page.locator("h1")).toHaveCount(1);
  // Of all limits the one on searches is still as tight as for everyone; it counts by account.
  await register(page, "hurried");
  await Promise.all(Array.from({ length: 60 }, (_, number) => page.request.get(`/search?q=hurry-${number}`)));
  let status: number | undefined;
  for (let tries = 0; tries < 20 && status !== 429; tries += 1) status = await look(page, "/search?q=hurry", known);
  expect(status, "too many searches").toBe(429);
  await expect(page.locator("h1")).toHaveCount(1);
});

/** The routes of pages, wherever they are served: the table in which each route there is has its rows. */
function routes() {
  const table = readFileSync(fileURLToPath(new URL("../../tests/doors/roles/pages.rs", import.meta.url)), "utf8");
  const found = [...table.matchAll(/\(\s*"GET[^"]*",\s*"([^"?]+)/g)].map(([, path]) => path.replace(/=\w+\}/g, "}"));
  return [...new Set(found)].filter((route) => !NO_PAGE.test(route));
}

const parameters = (route: string) => route.split("{").length - 1;

/** The route that answers an address: of several the one with the fewest parameters. */
function routeOf(path: string, all: string[]) {
  const fits = (route: string) => new RegExp(`^${route.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path);
  return all.filter(fits).sort((a, b) => parameters(a) - parameters(b))[0];
}

test("no page is left out", () => {
  const missing = titles.filter((title) => !existsSync(noteOf(title)));
  test.skip(missing.length > 0 && !!process.env.SOME_TESTS, "it takes all tests of this file");
  expect(missing, "tests that did not come to their end").toEqual([]);
  const all = routes();
  expect(all.length, "the rows of pages are written in another way").toBeGreaterThan(60);
  const paths: string[] = titles.flatMap((title) => JSON.parse(readFileSync(noteOf(title), "utf8")));
  const answered = new Set(paths.map((path) => routeOf(path, all)));
  expect(all.filter((route) => !answered.has(route) && !(route in ASIDE)), "pages that nothing here opens").toEqual([]);
  expect(Object.keys(ASIDE).filter((route) => answered.has(route) || !all.includes(route)), "aside without need").toEqual([]);
});
