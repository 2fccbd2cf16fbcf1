// What a browser does while the database is gone: a server of its own, whose way to an empty database can be cut.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "./house";

test.describe.configure({ timeout: 120_000 });

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = process.env.FETTLE_PROGRAM!;

type Line = Awaited<ReturnType<typeof lineTo>>;
let line: Line;
let server: ChildProcess;
let address: string;

/** A way to the database. While it is cut nobody gets through. */
async function lineTo(there: URL) {
  const open = new Set<Socket>();
  const [port, host] = [Number(there.port || 5432), there.hostname];
  let isCut = false;
  const listener = createServer((near) => {
    const far = connect(port, host);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      open.add(one);
      one.on("error", () => {});
      one.on("close", () => open.delete(one) && other.destroy());
      one.pipe(other);
    }
    if (isCut) near.destroy();
  });
  return {
    port: await listening(listener),
    cut: () => ((isCut = true), open.forEach((socket) => socket.destroy())),
    mend: () => (isCut = false),
    end: () => listener.close(),
  };
}

async function listening(listener: ReturnType<typeof createServer>) {
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return (listener.address() as AddressInfo).port;
}

async function freePort() {
  const listener = createServer();
  const port = await listening(listener);
  listener.close();
  return port;
}

test.beforeEach(async () => {
  test.skip(test.info().project.name !== "desktop", "the same header at every width");
  const there = new URL(process.env.DATABASE_URL!);
  line = await lineTo(there);
  there.hostname = "127.0.0.1";
  there.port = String(line.port);
  const listen = `127.0.0.1:${await freePort()}`;
  address = `http://${listen}`;
  const env = { ...process.env, DATABASE_URL: there.href, FETTLE_LISTEN: listen, FETTLE_BASE_URL: address };
  await promisify(execFile)(PROGRAM, ["migrate"], { cwd: ROOT, env });
  const log = openSync(test.info().outputPath("server.log"), "w");
  server = spawn(PROGRAM, ["serve"], { cwd: ROOT, env, stdio: ["ignore", log, log] });
  await expect.poll(() => fetch(`${address}/readyz`).then((answer) => answer.status, () => 0), { timeout: 30_000 }).toBe(200);
});

test.afterEach(() => {
  server?.kill("SIGKILL");
  line?.cut();
  line?.end();
});

test("a page that cannot be drawn is asked for again by itself until the database is back", async ({ page, trouble }) => {
  const search = `${address}/search`;
  expect((await page.goto(search))?.status()).toBe(200);
  const title = await page.getByRole("heading", { level: 1 }).innerText();
  line.cut();
  const asked = (status: number) => page.waitForResponse((answer) => answer.url() === search && answer.status() === status, { timeout: 40_000 });
  expect((await page.goto(search))?.status()).toBe(503);
  await expect(page.getByText("This page tries again by itself")).toBeVisible();
  await asked(503);
  line.mend();
  await asked(200);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  trouble.splice(0, trouble.length, ...trouble.filter((found) => !/status of 503/.test(found)));
});
