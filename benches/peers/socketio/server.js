// One topic for everyone: what our live socket does, by socket.io. Prints its port; a POST to /send tells everyone, one to /collect frees what is no
// longer needed.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer((request, response) => {
  if (request.method !== "POST") return;
  if (request.url === "/collect") globalThis.gc();
  else io.to("topic").emit("event", { type: "availability-updated", data: { provider_id: "01890a5d-ac96-774b-bcce-b302099a8057" } });
  response.end();
});
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
io.on("connection", (socket) => socket.join("topic"));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
