// A chat whose connections live in this process's memory, as SignalR's and Blazor Server's do.
// Usage: node server.js PORT NAME (port 0 takes a free one).
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');
const { Hub } = require('./hub');

const [port, name] = process.argv.slice(2);

const hub = new Hub('/chat', {
  say: (connection, text) => ({ text, by: name, number: (connection.said = (connection.said ?? 0) + 1) }),
});

const files = {
  '/': [join(__dirname, 'index.html'), 'text/html; charset=utf-8'],
  '/signalr.js': [require.resolve('@microsoft/signalr/dist/browser/signalr.min.js'), 'text/javascript'],
};

const server = createServer((request, response) => {
  if (hub.handle(request, response)) return;
  const [file, type] = files[request.url.split('?')[0]] ?? [];
  response.writeHead(file ? 200 : 404, { 'content-type': type ?? 'text/plain' });
  response.end(file && readFileSync(file));
});
server.on('upgrade', (...request) => hub.upgrade(...request));

server.listen(Number(port), '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
