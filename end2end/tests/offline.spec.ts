// What the installed app does without a network.
import { expect, islandsRun, people, signIn, test } from "./house";

test.use({ serviceWorkers: "allow" });

test("offline, own bookings are there as last seen, and go with the session", async ({ page, context, trouble }) => {
  await signIn(page, people.customer);
  await page.waitForFunction(() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null));
  await page.goto("/bookings");
  const heading = await page.locator("h1").innerText();
  await islandsRun(page);
  await context.setOffline(true);
  await page.goto("/bookings");
  await expect(page.getByText("You are offline")).toBeVisible();
  await expect(page.locator("h1")).toHaveText(heading);
  await page.goto("/search");
  await expect(page.getByRole("heading", { name: "You are offline" })).toBeVisible();
  await context.setOffline(false);

  await page.goto("/bookings");
  await page.evaluate(() => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: "/sign-out" });
    document.body.append(form);
    form.submit();
  });
  await page.waitForLoadState();
  await islandsRun(page);
  await context.setOffline(true);
  await page.goto("/bookings");
  await expect(page.getByRole("heading", { name: "You are offline" })).toBeVisible();
  // Of a missing network the browser itself complains, at each try.
  trouble.splice(0, trouble.length, ...trouble.filter((line) => !/net::ERR_(FAILED|INTERNET_DISCONNECTED)/.test(line)));
});

test("the app can be installed", async ({ request }) => {
  const manifest = await (await request.get("/manifest.webmanifest")).json();
  for (const icon of manifest.icons) expect((await request.get(icon.src)).status(), icon.src).toBe(200);
  expect((await request.get("/sw.js")).headers()["cache-control"]).toBe("no-cache");
});
