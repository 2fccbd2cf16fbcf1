// The live socket as the interface describes it. Run by `cargo xtask test api` against a house whose silence is short.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Live, Person, BASE, flood } from "./client.mjs";

let customer, owner, provider, service, slots;
const isEvent = (topic, type) => (frame) => frame.op === "event" && frame.topic === topic && (!type || frame.type === type);

before(async () => {
  customer = await Person.signIn("ines@merrow.example");
  owner = await Person.signIn("bram@tolliver.example");
  provider = owner.me.workplaces[0].provider_id;
  const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  for (const { id } of (await owner.call("GET", `providers/${provider}/services`)).items) {
    const found = await customer.call("GET", `providers/${provider}/availability?service_id=${id}&from=${day(20)}&to=${day(40)}`);
    slots = found.days.flatMap((one) => one.slots.map((slot) => slot.starts_at));
    service = id;
    if (slots.length > 6) break;
  }
  assert.ok(slots.length > 6, "free times in the demo town");
});
after(() => setTimeout(() => process.exit(), 500).unref());

const hold = (starts_at) => customer.call("POST", "bookings", { service_id: service, starts_at });
const release = (booking) => customer.call("DELETE", `bookings/${booking.id}/hold`);

test("a taken time is told to everyone, and a booking to its two sides", async () => {
  const [visitor, theirs, ours] = await Promise.all([Live.open(), Live.open(customer.headers), Live.open(owner.headers)]);
  const topic = `availability:${provider}`;
  assert.equal((await visitor.subscribe(topic)).op, "subscribed");
  assert.equal((await theirs.subscribe("me")).op, "subscribed");
  assert.equal((await ours.subscribe(`provider:${provider}`)).op, "subscribed");
  const booking = await hold(slots[0]);
  const taken = await visitor.hear(isEvent(topic, "availability-updated"), "that the time is taken");
  assert.deepEqual([taken.data.starts_at, taken.data.is_free], [slots[0], false]);
  assert.match(taken.cursor, /^[0-9a-f]{36}$/);
  const mine = await theirs.hear(isEvent("me", "booking-status-changed"), "one's own booking");
  assert.deepEqual([mine.data.booking_id, mine.data.status], [booking.id, "held"]);
  await ours.hear(isEvent(`provider:${provider}`, "booking-status-changed"), "a booking of the business");
  assert.equal((await theirs.subscribe(`booking:${booking.id}`)).op, "subscribed");
  assert.equal((await visitor.subscribe(`booking:${booking.id}`)).code, "not_found");
  await release(booking);
  const free = await visitor.hear(isEvent(topic, "availability-updated"), "that it is free again");
  assert.equal(free.data.is_free, true);
  assert.ok(free.cursor > taken.cursor, "cursors are ordered");
  assert.ok(!JSON.stringify([taken, mine, free]).includes("ines"), "no names in frames");
  visitor.say({ op: "unsubscribe", topic });
  assert.equal((await visitor.hear((frame) => frame.topic === topic, "an answer")).op, "unsubscribed");
  [visitor, theirs, ours].forEach((live) => live.close());
});

test("who comes back with the last cursor has missed nothing and hears nothing twice", async () => {
  const topic = `availability:${provider}`;
  const first = await Live.open();
  await first.subscribe(topic);
  await release(await hold(slots[1]));
  const last = await first.hear((frame) => isEvent(topic)(frame) && frame.data.is_free, "an event");
  first.close();
  await release(await hold(slots[2]));
  await release(await hold(slots[3]));
  const second = await Live.open();
  second.say({ op: "subscribe", topic, after: last.cursor });
  const missed = [];
  while (missed.length < 4) missed.push(await second.hear(isEvent(topic), "what was missed"));
  assert.deepEqual(missed.map(({ data }) => [data.starts_at, data.is_free]), [[slots[2], false], [slots[2], true], [slots[3], false], [slots[3], true]]);
  const cursors = [last, ...missed].map(({ cursor }) => cursor);
  assert.deepEqual(cursors, [...new Set(cursors)].sort(), "in order, each once");
  assert.equal((await second.hear((frame) => frame.op === "subscribed", "subscribed")).op, "subscribed");
  assert.ok(await second.isAlive());
  assert.deepEqual(second.frames, [], "nothing more");
  second.close();
});

test("a gap that is too old, or a cursor that is none, means fetching again", async () => {
  const absent = randomUUID();
  const topic = `availability:${absent}`;
  const live = await Live.open();
  const { cursor } = await live.subscribe(topic);
  live.close();
  await flood(absent, 700);
  for (const after of [cursor, "nonsense", "f".repeat(36), `7fff${cursor.slice(4)}`, ""]) {
    const again = await Live.open();
    assert.equal((await again.subscribe(topic, after)).op, "subscribed", after);
    if (after) await again.hear((frame) => frame.op === "reload" && frame.topic === topic, `reload after ${after}`);
    again.close();
  }
});

test("ping is answered in words and in the protocol", async () => {
  const live = await Live.open();
  assert.ok(await live.isAlive());
  live.socket.ping("are you there");
  const [data] = await once(live.socket, "pong");
  assert.equal(data.toString(), "are you there");
  live.close();
});

test("another site's page gets no socket", async () => {
  for (const origin of ["https://evil.example", "null", `${BASE}.evil.example`]) {
    assert.equal(await Live.refused({ ...customer.headers, origin }), 403, origin);
  }
  assert.equal(await Live.refused({ authorization: "Bearer nonsense" }), 401);
  const own = await Live.open({ origin: BASE });
  assert.ok(await own.isAlive());
  own.close();
});

test("private topics are for those they concern", async () => {
  const [visitor, theirs] = await Promise.all([Live.open(), Live.open(customer.headers)]);
  for (const [live, topic, code] of [
    [visitor, "me", "unauthenticated"],
    [visitor, "admin", "unauthenticated"],
    [visitor, `provider:${provider}`, "unauthenticated"],
    [visitor, `booking:${randomUUID()}`, "not_found"],
    [theirs, "admin", "forbidden"],
    [theirs, `provider:${provider}`, "not_found"],
    [theirs, `booking:${randomUUID()}`, "not_found"],
    [theirs, `me:${owner.me.id}`, "unknown_topic"],
    [theirs, "conversation:x", "unknown_topic"],
    [theirs, "", "unknown_topic"],
  ]) {
    live.say({ op: "subscribe", topic, after: null });
    const answer = await live.hear((frame) => frame.op === "error", `a refusal of ${topic}`);
    assert.deepEqual([answer.code, answer.topic], [code, topic]);
  }
  [visitor, theirs].forEach((live) => live.close());
});

test("a token opens a socket, with its scopes", async () => {
  const make = (scopes) => customer.call("POST", "tokens", { name: "live", scopes, days: 1 });
  const [may, mayNot] = [await make(["bookings:read"]), await make(["profile:read"])];
  const open = (token) => Live.open({ authorization: `Bearer ${token.secret}` });
  const [first, second] = [await open(may), await open(mayNot)];
  assert.equal((await first.subscribe("me")).op, "subscribed");
  assert.equal((await second.subscribe("me")).code, "forbidden");
  first.close();
  second.close();
});

test("a revoked session closes its sockets, and only its own", async () => {
  const [here, there] = [await Person.signIn("ines@merrow.example"), await Person.signIn("ines@merrow.example")];
  const [stays, goes] = [await Live.open(here.headers), await Live.open(there.headers)];
  for (const live of [stays, goes]) assert.equal((await live.subscribe("me")).op, "subscribed");
  const current = (await there.call("GET", "sessions")).items.find((session) => session.is_current);
  await here.call("DELETE", `sessions/${current.id}`);
  assert.equal((await goes.hear((frame) => frame.op === "error", "a word of farewell")).code, "session_ended");
  assert.equal((await goes.ended()).code, 1008);
  assert.ok(await stays.isAlive());
  stays.close();
});

test("what is no request is answered with an error, and nothing falls over", async () => {
  const bad = ["", "{", "null", "[]", '"x"', "17", '{"op":1}', '{"op":"subscribe"}', '{"op":"subscribe","topic":5}', '{"op":"dance"}', '{"topic":"me"}', "[".repeat(5000), '{"op":"subscribe","topic":"availability:\u0000"}', `{"op":"subscribe","topic":"${"x".repeat(60_000)}"}`];
  const live = await Live.open();
  for (const text of bad) {
    live.say(text);
    assert.ok((await live.hear((frame) => frame.op === "error", `an error about ${text.slice(0, 40)}`)).code, text.slice(0, 40));
    // No more than the allowed frames a second.
    await new Promise((done) => setTimeout(done, 60));
  }
  assert.ok(await live.isAlive());
  live.say(Buffer.from([0, 1, 2]));
  assert.equal((await live.hear((frame) => frame.op === "error", "an error about binary")).code, "malformed");
  assert.equal((await live.ended()).code, 1008);
  // Frames that break the protocol itself: a reserved opcode, one without a mask.
  for (const bytes of [[0x83, 0x80, 0, 0, 0, 0], [0x81, 0x01, 0x61], [0xf1, 0x80, 0, 0, 0, 0]]) {
    const broken = await Live.open();
    broken.socket._socket.write(Buffer.from(bytes));
    await broken.ended();
  }
  assert.equal((await fetch(`${BASE}/healthz`)).status, 200);
});

test("a frame over 64 KiB ends the socket", async () => {
  const live = await Live.open();
  live.say(JSON.stringify({ op: "ping", padding: "x".repeat(64 * 1024 - 100) }));
  await live.hear((frame) => frame.op === "pong", "the largest frame to be taken");
  live.say("x".repeat(64 * 1024 + 1));
  await live.ended();
});

test("fifty topics a socket", async () => {
  const live = await Live.open();
  for (let number = 0; number < 50; number++) {
    assert.equal((await live.subscribe(`availability:${randomUUID()}`)).op, "subscribed", `${number}`);
    await new Promise((done) => setTimeout(done, 60));
  }
  assert.equal((await live.subscribe(`availability:${randomUUID()}`)).code, "too_many_topics");
  live.close();
});

test("twenty frames a second", async () => {
  const live = await Live.open();
  for (let number = 0; number < 40; number++) live.say({ op: "ping" });
  await live.hear((frame) => frame.code === "too_many_frames", "a refusal");
  assert.equal((await live.ended()).code, 1008);
});

test("a silent peer is closed, one that answers stays", async () => {
  const [silent, answering] = [await Live.open({}, { autoPong: false }), await Live.open()];
  await silent.ended(60);
  assert.ok(await answering.isAlive());
  answering.close();
});

test("a slow reader is told to fetch again and delays nobody", async () => {
  const absent = randomUUID();
  const topic = `availability:${absent}`;
  const [slow, quick] = [await Live.open(), await Live.open()];
  await slow.subscribe(topic);
  await quick.subscribe(topic);
  slow.socket.pause();
  // More than the buffers of both ends hold.
  await flood(absent, 6000);
  // The quick one hears of it while the slow one does not read: every frame, or that there were too many at once.
  const isLast = ({ op, data }) => op === "reload" || data?.resource_ids?.[0].endsWith("f6000");
  await quick.hear(isLast, "the news", 60);
  assert.ok(await quick.isAlive());
  slow.socket.resume();
  const heard = slow.hear((frame) => frame.op === "reload" && frame.topic === topic, "reload", 40);
  // One that has not read for longer than a frame may take is closed; it comes back with its cursor and is told the same.
  const reload = await heard.catch(async (error) => {
    assert.ok(slow.closed, error.message);
    const again = await Live.open();
    await again.subscribe(topic, "0001" + "0".repeat(32));
    return again.hear((frame) => frame.op === "reload", "reload");
  });
  assert.equal(reload.topic, topic);
  slow.close();
  quick.close();
});
