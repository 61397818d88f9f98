// Text, binary and large messages come back from a WebSocket, and so does the close code.
const assert = require('node:assert');
const WebSocket = require('ws');

const [url, cookie] = process.argv.slice(-2);
const headers = cookie === 'none' ? {} : { Cookie: cookie };
const socket = new WebSocket(url, { headers, perMessageDeflate: false });
const messages = ['text', 'Grüße 🐟', Buffer.from([0, 255]), Buffer.alloc(70000, 1), Buffer.alloc(1 << 20, 2)];
let came = 0;
socket.on('open', () => messages.forEach((message) => socket.send(message)));
socket.on('message', (data, isBinary) => {
  const expected = messages[came];
  assert.strictEqual(isBinary, Buffer.isBuffer(expected));
  assert.ok(Buffer.from(expected).equals(data), `message ${came}`);
  came += 1;
  if (came === messages.length) socket.ping('still there?');
});
socket.on('pong', (data) => {
  assert.strictEqual(data.toString(), 'still there?');
  socket.close(4002, 'enough');
});
socket.on('close', (code, reason) => console.log(code, reason.toString()));
