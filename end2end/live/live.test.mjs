// The live socket as the interface describes it. Run by `cargo xtask test api` against a house whose silence is short.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Live, Person, BASE, flood, program, secretMailedTo, sql } from "./client.mjs";

let customer, owner, operator, provider, service, slots;
const isEvent = (topic, type) => (frame) => frame.op === "event" && frame.topic === topic && (!type || frame.type === type);

before(async () => {
  customer = await Person.signIn("ines@merrow.example");
  owner = await Person.signIn("bram@tolliver.example");
  operator = await Person.signIn("vesna@fettle.example");
  provider = owner.me.workplaces[0].provider_id;
  const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const services = (await owner.call("GET", `providers/${provider}/services`)).items;
  for (const { id } of services.filter((one) => !one.needs_approval)) {
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

/** What is told of a booking on a topic, by type, once each of the types has come; in which order does not matter here. */
async function told(live, topic, booking, types) {
  const found = {};
  while (types.some((type) => !found[type])) {
    const frame = await live.hear(isEvent(topic), `${types.filter((type) => !found[type])} on ${topic}`);
    if (frame.data.booking_id === booking) found[frame.type] = frame;
  }
  return found;
}

test("a booking is told to its customer, its business and the operator until it is over", async () => {
  const booking = await hold(slots[4]);
  const sides = [[customer, "me"], [customer, `booking:${booking.id}`], [owner, `booking:${booking.id}`], [owner, `provider:${provider}`], [operator, "admin"]];
  const heard = await Promise.all(sides.map(async ([person, topic]) => {
    const live = await Live.open(person.headers);
    assert.equal((await live.subscribe(topic)).op, "subscribed", topic);
    return [live, topic];
  }));
  await customer.call("POST", `bookings/${booking.id}/payment`, {
    tender: "card",
    payment_method: "pm_card_visa",
    contact: { name: "Ines Calloway", email: "ines@merrow.example", phone: "+351 912 345 678" },
    address: { street: "14 Lantern Lane", town: "Merrow" },
  });
  for (const [live, topic] of heard) {
    const isStaffs = topic === "admin" || topic.startsWith("provider:");
    const paid = await told(live, topic, booking.id, ["booking-status-changed", "payment-confirmed", ...(isStaffs ? ["new-booking"] : [])]);
    assert.equal(paid["payment-confirmed"].data.what, "payment.paid", topic);
    if (isStaffs) assert.deepEqual([paid["new-booking"].data.what, paid["new-booking"].data.status], ["booking.confirmed", "confirmed"], topic);
    assert.ok(!/Ines|Calloway|Lantern/.test(JSON.stringify(paid)), "no names and no addresses in frames");
  }
  await customer.call("POST", `bookings/${booking.id}/cancellation`, {});
  for (const [live, topic] of heard) {
    const { "booking-cancelled": cancelled } = await told(live, topic, booking.id, ["booking-cancelled"]);
    assert.deepEqual([cancelled.data.what, cancelled.data.status], ["booking.cancelled", "cancelled"], topic);
    live.close();
  }
});

test("who comes back with the last cursor has missed nothing and hears nothing twice", async () => {
  const topic = `availability:${provider}`;
  const first = await Live.open();
  await first.subscribe(topic);
  await release(await hold(slots[1]));
  // what was done before may still be on its way: its own event and no other
  const last = await first.hear((frame) => isEvent(topic)(frame) && frame.data.starts_at === slots[1] && frame.data.is_free, "an event");
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

test("a token listens to what its scopes name, whoever it acts for", async () => {
  const booking = await hold(slots[5]);
  const everyones = ["profile:read", "bookings:read", "payments:read", "provider:read"];
  const [mine, about, business] = ["me", `booking:${booking.id}`, `provider:${provider}`];
  // Who, with which scopes, hears what on each topic.
  const rows = [
    [customer, ["bookings:read"], { [mine]: "ok", [about]: "ok", [business]: "forbidden", admin: "forbidden" }],
    [customer, ["provider:read"], { [mine]: "forbidden", [about]: "forbidden", [business]: "not_found", admin: "forbidden" }],
    [customer, everyones, { [mine]: "ok", [about]: "ok", [business]: "not_found", admin: "forbidden" }],
    [owner, ["bookings:read"], { [mine]: "ok", [about]: "ok", [business]: "forbidden", admin: "forbidden" }],
    [owner, ["provider:read"], { [mine]: "forbidden", [about]: "forbidden", [business]: "ok", admin: "forbidden" }],
    [operator, ["admin:read"], { [mine]: "forbidden", [about]: "forbidden", [business]: "forbidden", admin: "ok" }],
    [operator, [...everyones, "admin:write"], { [mine]: "ok", [about]: "ok", [business]: "ok", admin: "forbidden" }],
    [operator, ["profile:read"], { [mine]: "forbidden", [about]: "forbidden", [business]: "forbidden", admin: "forbidden" }],
  ];
  for (const [person, scopes, expected] of rows) {
    const { live } = await program(person, scopes);
    for (const [topic, answer] of Object.entries({ ...expected, [`availability:${provider}`]: "ok" })) {
      const { op, code } = await live.subscribe(topic);
      assert.equal(op === "subscribed" ? "ok" : code, answer, `${person.me.name} with ${scopes} on ${topic}`);
    }
    live.close();
  }
  await release(booking);
});

/** That it hears why it ends, and is closed. */
async function assertEnded(live) {
  assert.equal((await live.hear((frame) => frame.op === "error", "a word of farewell")).code, "session_ended");
  assert.equal((await live.ended()).code, 1008);
}

test("a revoked token closes its sockets, and only its own", async () => {
  const [goes, stays] = [await program(customer, ["bookings:read"]), await program(customer, ["bookings:read"])];
  const session = await Live.open(customer.headers);
  for (const live of [goes.live, stays.live, session]) assert.equal((await live.subscribe("me")).op, "subscribed");
  await customer.call("DELETE", `tokens/${goes.id}`);
  await assertEnded(goes.live);
  for (const live of [stays.live, session]) {
    assert.ok(await live.isAlive());
    live.close();
  }
});

test("a token closes its sockets when its time is over, and not the other one's", async () => {
  const expire = (id) => sql(`update api_tokens set expires_at = now() + interval '3 seconds' where id = '${id}'`);
  const [goes, stays] = [await program(customer, ["bookings:read"], expire), await program(customer, ["bookings:read"])];
  assert.equal((await goes.live.subscribe("me")).op, "subscribed", "until then");
  await assertEnded(goes.live);
  assert.ok(await stays.live.isAlive());
  stays.live.close();
});

test("a password that is set anew closes all sockets of its account, and nobody else's", async () => {
  const person = await Person.register("Nell Harrow");
  const [first, second, other] = [await program(person, ["bookings:read"]), await program(person, ["profile:read"]), await program(customer, ["bookings:read"])];
  const session = await Live.open(person.headers);
  await person.call("POST", "auth/password-reset", { email: person.me.email });
  const secret = await secretMailedTo(person.me.email, "/reset-password/");
  await person.call("POST", "auth/password-reset/confirm", { secret, password: "basin-thrush-31" });
  for (const live of [first.live, second.live, session]) await assertEnded(live);
  assert.ok(await other.live.isAlive());
  other.live.close();
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
  assert.equal((await live.ended()).code, 1009);
});

test("fifty topics a socket, and one that is left makes room for another", async () => {
  const live = await Live.open();
  const subscribe = async (topic) => {
    // No more than the allowed frames a second.
    await pause(60);
    return live.subscribe(topic);
  };
  const topics = Array.from({ length: 53 }, () => `availability:${randomUUID()}`);
  for (const topic of topics.slice(0, 50)) assert.equal((await subscribe(topic)).op, "subscribed");
  assert.equal((await subscribe(topics[50])).code, "too_many_topics");
  live.say({ op: "unsubscribe", topic: topics[7] });
  assert.equal((await live.hear((frame) => frame.topic === topics[7], "an answer")).op, "unsubscribed");
  assert.equal((await subscribe(topics[51])).op, "subscribed");
  assert.equal((await subscribe(topics[52])).code, "too_many_topics");
  assert.equal((await subscribe(topics[51])).op, "subscribed", "what one listens to already takes no place");
  live.close();
});

test("twenty frames pass in a second, and not one more", async () => {
  // Answers to heartbeats would count too.
  const live = await Live.open({}, { autoPong: false });
  const ping = (times) => Array.from({ length: times }, () => live.say({ op: "ping" }));
  ping(20);
  for (let number = 0; number < 20; number++) assert.equal((await live.hear(() => true, "pong")).op, "pong");
  // A second after the last of them.
  await pause(1_100);
  ping(21);
  assert.equal((await live.ended()).code, 1008);
  assert.deepEqual(live.frames.map(({ op, code }) => code ?? op), [...Array(20).fill("pong"), "too_many_frames"]);
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
  // It does not read, but it is not silent either.
  const speaking = setInterval(() => slow.say({ op: "ping" }), 1_000);
  // More than the buffers of both ends hold.
  await flood(absent, 4000);
  // The quick one may be told that those were too many at once; what comes after them it hears while the slow one does not read.
  await flood(absent, 4001, 4001);
  await quick.hear(({ data }) => data?.resource_ids?.[0].endsWith("f4001"), "what came last", 60);
  slow.socket.resume();
  assert.equal((await slow.hear((frame) => frame.op === "reload", "reload", 40)).topic, topic);
  assert.ok(await slow.isAlive(), "on the same socket");
  clearInterval(speaking);
  slow.close();
  quick.close();
});
