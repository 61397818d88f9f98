// Counts visits in Express' own store of sessions, which is this process's memory.
// Usage: node server.js PORT NAME (port 0 takes a free one).
const express = require('express');
const session = require('express-session');

const [port, name] = process.argv.slice(2);
const app = express();
// The same secret everywhere: each instance believes the others' cookies, but knows nothing of their sessions.
app.use(session({ secret: 'of an example', resave: false, saveUninitialized: false }));

app.get('/', (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  response.type('text/plain').send(`${name}: visit ${request.session.visits}\n`);
});

const server = app.listen(Number(port), '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
