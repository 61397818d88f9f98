// Reads inputs as hex lines, writes what Node's parser sees in each: how it ended, then method:target:body per request, in hex.

import http from "node:http";
import readline from "node:readline";
import { Duplex } from "node:stream";

const server = http.createServer({ maxHeaderSize: 1 << 20, requestTimeout: 0, headersTimeout: 0 });
server.maxHeadersCount = 0;
server.keepAliveTimeout = 0;
server.on("request", (request, response) => {
  const seen = { request, body: [], isWhole: false };
  request.socket.seen.push(seen);
  request.on("data", (data) => seen.body.push(data));
  request.on("error", () => {});
  request.on("end", () => {
    seen.isWhole = request.complete;
    response.end();
  });
});
server.on("clientError", (error, socket) => {
  socket.refusal = error.code;
  socket.destroy();
});

function requestsIn(data) {
  return new Promise((resolve) => {
    const socket = new Duplex({ allowHalfOpen: true, read() {}, write: (_chunk, _encoding, done) => done() });
    socket.seen = [];
    socket.setTimeout = () => socket;
    socket.setNoDelay = () => socket;
    socket.setKeepAlive = () => socket;
    socket.on("error", () => {});
    socket.on("close", () => {
      const whole = socket.seen.filter((seen) => seen.isWhole);
      const end = socket.refusal ?? (whole.length < socket.seen.length ? "partial" : "clean");
      resolve([end, ...whole.map(spell)].join(" "));
    });
    server.emit("connection", socket);
    if (data.length > 0) socket.push(data);
    socket.push(null);
  });
}

function spell({ request, body }) {
  const hex = (text) => Buffer.from(text, "latin1").toString("hex");
  return [hex(request.method), hex(request.url), Buffer.concat(body).toString("hex")].join(":");
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(await requestsIn(Buffer.from(line.trim(), "hex")));
}
