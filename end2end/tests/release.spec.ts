// A page that was open while a new release came: files it asks for are gone.
import { expect, test } from "./house";

const PAGE = "/p/tolliver-home-repair";
/** The code of the islands, the module they share, and the script that binds it. */
const CHUNKS = /\/pkg\/(split|chunk)_[^/]*\.wasm$/;
const MODULE = /\/pkg\/fettle_bg\.[^/]*\.wasm$/;

test.use({ serviceWorkers: "block" });

/** What is told of it in the console, and nothing else. */
function forgive(trouble: string[]) {
  trouble.splice(0, trouble.length, ...trouble.filter((line) => !/did not start|could not be loaded|\.wasm is gone$/.test(line)));
}

for (const [what, files] of [["an island", CHUNKS], ["all islands", MODULE]] as const) {
  test(`when the code of ${what} is gone the page is taken anew, once`, async ({ page, trouble }) => {
    // How often each page that was taken was refused its code.
    const refused: number[] = [];
    page.on("request", (request) => request.isNavigationRequest() && refused.push(0));
    await page.route(files, (route) => (refused[refused.length - 1]++, route.fulfill({ status: 404 })));
    await page.goto(PAGE);
    // The new page misses the same file: the server's own drawing stays, and works as without scripting.
    await expect.poll(() => refused.length === 2 && refused[1] > 0).toBe(true);
    await page.waitForLoadState("networkidle");
    expect(refused).toHaveLength(2);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    forgive(trouble);
  });
}

test("what someone has typed is not thrown away for a new release", async ({ page, trouble }) => {
  const asked: string[] = [];
  page.on("request", (request) => request.isNavigationRequest() && asked.push(request.url()));
  let open: () => void = () => {};
  const typed = new Promise<void>((go) => (open = go));
  await page.route(MODULE, async (route) => {
    await typed;
    await route.fulfill({ status: 404 });
  });
  await page.goto(PAGE);
  await page.evaluate(() => document.body.dispatchEvent(new InputEvent("input", { bubbles: true })));
  const lost = page.waitForEvent("console", (message) => /did not start/.test(message.text()));
  open();
  await lost;
  await page.waitForLoadState("networkidle");
  expect(asked).toHaveLength(1);
  forgive(trouble);
});
