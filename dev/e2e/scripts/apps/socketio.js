// Many clients of a chat at once, each with a session of its own. Tells how it went, as JSON.
// Arguments: the address, the transports (polling, websocket, or polling,websocket), whether clients keep cookies,
// how many there are, and how much each of them says.
const assert = require('node:assert');
const { io } = require('socket.io-client');

const [url, transports, cookies, clients, messages] = process.argv.slice(-5);
const outcome = { homes: {}, transports: {}, unknown: 0, other: [] };
const upgrades = transports === 'polling,websocket';

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

function connect() {
  return io(url, {
    transports: transports.split(','),
    withCredentials: cookies === 'cookies',
    // Each is a client for itself, and what fails is told instead of tried again.
    forceNew: true,
    reconnection: false,
  });
}

async function talk(socket, count, home, from) {
  for (let number = from; number < from + count; number += 1) {
    const answer = await socket.timeout(20_000).emitWithAck('say', `message ${number}`);
    assert.deepStrictEqual(answer, { text: `message ${number}`, by: home, number });
  }
}

async function chat() {
  const socket = connect();
  const failure = new Promise((_, reject) => {
    // A poll's request is the context. What it was answered is forgotten when this returns.
    const fail = (error) => {
      error.status = error.context?.status;
      error.said = error.context?.responseText ?? '';
      reject(error);
    };
    socket.once('connect_error', fail);
    socket.once('disconnect', (reason, details) => fail(details ?? new Error(reason)));
  });
  failure.catch(() => {});
  const upgraded = once(socket.io.engine, 'upgrade');
  try {
    await Promise.race([failure, (async () => {
      const home = await once(socket, 'welcome');
      const half = Math.floor(Number(messages) / 2);
      // While it still polls, and after it has changed over.
      await talk(socket, half, home, 1);
      if (upgrades) await upgraded;
      await talk(socket, Number(messages) - half, home, half + 1);
      outcome.homes[home] = (outcome.homes[home] ?? 0) + 1;
      const transport = socket.io.engine.transport.name;
      outcome.transports[transport] = (outcome.transports[transport] ?? 0) + 1;
    })()]);
  } catch (error) {
    const { message, status, said = '' } = error;
    if (status === 400 && said.includes('"code":1,"message":"Session ID unknown"')) outcome.unknown += 1;
    else outcome.other.push(`${message} ${status} ${said}`);
  }
  socket.removeAllListeners();
  socket.disconnect();
}

Promise.all(Array.from({ length: Number(clients) }, chat)).then(() => {
  console.log(JSON.stringify(outcome));
  process.exit(0);
});
