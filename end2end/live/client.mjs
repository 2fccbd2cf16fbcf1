// A client of the live socket that shares no code with the server: npm's ws, and what docs and api say.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import WebSocket from "ws";

export const BASE = process.env.BASE_URL ?? "http://127.0.0.1:3000";
export const PASSWORD = "merrow-demo-1";
const ADDRESS = `${BASE.replace(/^http/, "ws")}/api/v1/live`;

/** One socket, its frames in order, and why it ended. */
export class Live {
  constructor(headers = {}, options = {}) {
    this.frames = [];
    this.waiting = [];
    this.closed = undefined;
    this.socket = new WebSocket(ADDRESS, { headers, ...options });
    this.socket.on("message", (data) => this.take(JSON.parse(data.toString())));
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.waiting.splice(0).forEach((waiter) => waiter());
    });
    this.socket.on("error", (error) => (this.error = error));
  }

  static async open(headers, options) {
    const live = new Live(headers, options);
    await once(live.socket, "open");
    return live;
  }

  /** The status with which opening is refused. */
  static async refused(headers) {
    const { socket } = new Live(headers);
    const [, response] = await once(socket, "unexpected-response");
    socket.on("error", () => {});
    socket.terminate();
    return response.statusCode;
  }

  take(frame) {
    this.frames.push(frame);
    this.waiting.splice(0).forEach((waiter) => waiter());
  }

  say(frame) {
    this.socket.send(typeof frame === "string" || frame instanceof Buffer ? frame : JSON.stringify(frame));
  }

  /** The first frame that fits, now or later; it and those before it are taken. */
  async hear(fits, what = "a frame", seconds = 20) {
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const at = this.frames.findIndex(fits);
      if (at >= 0) return this.frames.splice(0, at + 1).at(-1);
      assert.ok(!this.closed, `closed (${JSON.stringify(this.closed)}) while waiting for ${what}`);
      assert.ok(Date.now() < until, `waited ${seconds} s for ${what}; heard ${JSON.stringify(this.frames.slice(-3)).slice(0, 400)}`);
      await this.something(until - Date.now());
    }
  }

  async something(at_most) {
    let timer;
    await Promise.race([new Promise((done) => this.waiting.push(done)), new Promise((done) => (timer = setTimeout(done, Math.max(at_most, 1))))]);
    clearTimeout(timer);
  }

  async ended(seconds = 20) {
    const until = Date.now() + seconds * 1000;
    while (!this.closed) {
      assert.ok(Date.now() < until, `still open after ${seconds} s`);
      await this.something(until - Date.now());
    }
    return this.closed;
  }

  async subscribe(topic, after = null) {
    this.say({ op: "subscribe", topic, after });
    return this.hear((frame) => frame.topic === topic && frame.op !== "event", `an answer about ${topic}`);
  }

  async isAlive() {
    this.say({ op: "ping" });
    return (await this.hear((frame) => frame.op === "pong", "pong")).op === "pong";
  }

  close() {
    this.socket.terminate();
  }
}

/** Someone with a session, and calls in their name. */
export class Person {
  static signIn(email) {
    return Person.enter("sign-in", { email, password: PASSWORD });
  }

  /** Someone new, with an address of their own. */
  static register(name) {
    return Person.enter("register", { email: `live-${Date.now()}@example.com`, password: "kettle-moss-49", name });
  }

  static async enter(how, body) {
    const answer = await fetch(`${BASE}/api/v1/auth/${how}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${how}: ${answer.status} ${await answer.clone().text()}`);
    const person = new Person();
    person.cookie = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
    person.me = await answer.json();
    return person;
  }

  get headers() {
    return { cookie: this.cookie };
  }

  async call(method, path, body) {
    const answer = await fetch(`${BASE}/api/v1/${path}`, {
      method,
      headers: { cookie: this.cookie, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}

/** A socket by a new token of theirs, and the token's id. `alter` may do something to it before it is shown. */
export async function program(person, scopes, alter = async () => {}) {
  const { token, secret } = await person.call("POST", "tokens", { name: "live", scopes, days: 1 });
  await alter(token.id);
  return { live: await Live.open({ authorization: `Bearer ${secret}` }), id: token.id };
}

/** What follows `path` in the newest letter to the address that has such a link, as soon as it has come. */
export async function secretMailedTo(address, path) {
  for (const until = Date.now() + 20_000; ; await pause(100)) {
    const mails = await (await fetch(`${process.env.SANDBOX_URL}/mail.json?to=${encodeURIComponent(address)}`)).json();
    const found = mails.map((mail) => mail.plain.match(new RegExp(`${path}([\\w-]+)`))?.[1]).find(Boolean);
    if (found) return found;
    assert.ok(Date.now() < until, `a letter to ${address} with a link to ${path}`);
  }
}

export async function sql(statement) {
  await promisify(execFile)(process.env.PSQL ?? "psql", [process.env.DATABASE_URL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement]);
}

/** Puts large events about a provider onto the spine in one transaction, with numbers up to `last`; no provider of that id has to exist. */
export async function flood(provider, last, first = 1) {
  const resource = "'x' || repeat('0123456789abcdef', 256)";
  await sql(`insert into events (at, kind, provider_id, data)
    select now(), 'booking.expired', '${provider}', jsonb_build_object('starts_at', now(), 'resource_ids', jsonb_build_array(${resource} || number))
    from generate_series(${first}, ${last}) number`);
}
