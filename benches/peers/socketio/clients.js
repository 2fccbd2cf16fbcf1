// Opens sockets in socket.io's own protocol (Engine.IO 4 over WebSocket) and measures from sending to everyone having heard.
// Usage: node clients.js PORT SOCKETS ROUNDS RUSHES COMMITS; prints "open", the p99 of the rounds in milliseconds, and "rushed" once everyone has
// heard all of the rushes, each of which sends so often in a row.
const { request } = require("node:http");
const WebSocket = require("ws");
const [port, sockets, rounds, rushes, commits] = process.argv.slice(2).map(Number);

const times = [];
let heard = 0;
let awaited = sockets;
let sentAt = 0;
let whenAll = () => {};

function open() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    socket.on("error", reject);
    socket.on("message", (message) => {
      const text = message.toString();
      if (text[0] === "0") socket.send("40");
      else if (text === "2") socket.send("3");
      else if (text.startsWith("40")) resolve(socket);
      else if (text.startsWith("42")) {
        times.push(performance.now() - sentAt);
        if (++heard === awaited) whenAll();
      }
    });
  });
}

function send() {
  return new Promise((resolve, reject) => {
    sentAt = performance.now();
    request({ port, host: "127.0.0.1", method: "POST", path: "/send" }, (response) => response.resume().on("end", resolve)).on("error", reject).end();
  });
}

(async () => {
  for (let opened = 0; opened < sockets; opened += 50) {
    await Promise.all(Array.from({ length: Math.min(50, sockets - opened) }, open));
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  console.log("open");
  for (let round = 0; round < rounds; round++) {
    heard = 0;
    const all = new Promise((resolve) => (whenAll = resolve));
    await send();
    await all;
  }
  times.sort((a, b) => a - b);
  console.log(times[Math.max(0, Math.ceil(times.length * 0.99) - 1)]);
  awaited = sockets * commits;
  for (let rush = 0; rush < rushes; rush++) {
    heard = 0;
    const all = new Promise((resolve) => (whenAll = resolve));
    for (let sent = 0; sent < commits; sent++) await send();
    await all;
  }
  console.log("rushed");
  process.exit(0);
})();
