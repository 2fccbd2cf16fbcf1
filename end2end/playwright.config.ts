// Run by `cargo xtask test browser`, which starts a house of its own and says where it is:
// BASE_URL the server, SANDBOX_URL the sandbox, CHROMIUM the browser; for a spec that starts a server itself FETTLE_PROGRAM, its settings and an
// empty database, DATABASE_URL; SOME_TESTS where somebody asked for some of them.
import { defineConfig, devices } from "@playwright/test";
import type { HouseOptions } from "./tests/house";

const baseURL = process.env.BASE_URL;
if (!baseURL) throw new Error("BASE_URL is not set: run these through `cargo xtask test browser`.");

const launchOptions = {
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};
const desktop = { viewport: { width: 1280, height: 900 } };
const phone = { ...devices["Pixel 7"], viewport: { width: 390, height: 844 } };

export default defineConfig<HouseOptions>({
  testDir: "tests",
  globalSetup: "./tests/widen.ts",
  outputDir: "test-results",
  timeout: 45_000,
  expect: { timeout: 8_000 },
  fullyParallel: false,
  workers: 2,
  retries: process.env.CI ? 1 : 0,
  use: { baseURL, launchOptions, serviceWorkers: "block", locale: "en-GB", timezoneId: "Europe/Lisbon", trace: "retain-on-failure", screenshot: "only-on-failure" },
  projects: [
    { name: "desktop", use: desktop },
    { name: "phone", use: phone },
    // What needs no script works without: only specs that say so.
    { name: "no-script", use: { ...desktop, javaScriptEnabled: false }, grep: /@no-script/ },
    // axe is a script itself: for it the browser keeps scripting on, and pages come as one without it reads them.
    { name: "plain", use: { ...desktop, plain: true }, grep: /@axe/ },
    { name: "dark", use: { ...desktop, colorScheme: "dark" }, grep: /@axe|@dark/ },
  ],
});
