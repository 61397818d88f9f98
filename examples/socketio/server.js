// A chat whose sessions live in this process's memory, as Socket.IO's do.
// Usage: node server.js PORT NAME (port 0 takes a free one).
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');
const { Server } = require('socket.io');

const [port, name] = process.argv.slice(2);
const page = readFileSync(join(__dirname, 'index.html'));

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(page);
});

// Pages of other sites may speak to it, with or without cookies.
const io = new Server(server, { cors: { origin: (origin, allow) => allow(null, true), credentials: true } });

io.on('connection', (socket) => {
  let said = 0;
  socket.emit('welcome', name);
  socket.on('say', (text, answer) => answer({ text, by: name, number: (said += 1) }));
});

server.listen(Number(port), '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
