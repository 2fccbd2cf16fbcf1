// One topic for everyone: what our live socket does, by socket.io. Prints its port; a POST to /send tells everyone, to /send?count=20 so often at once,
// one to /collect frees what is no longer needed.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const news = { type: "availability-updated", data: { provider_id: "01890a5d-ac96-774b-bcce-b302099a8057" } };
const http = createServer((request, response) => {
  if (request.method !== "POST") return;
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/collect") globalThis.gc();
  else for (let left = Number(searchParams.get("count") ?? 1); left > 0; left -= 1) io.to("topic").emit("event", news);
  response.end();
});
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
io.on("connection", (socket) => socket.join("topic"));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
