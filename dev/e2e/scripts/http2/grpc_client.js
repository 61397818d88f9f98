// Calls of all four kinds with @grpc/grpc-js. Arguments: address, and the authority's file where TLS is spoken.
const assert = require('assert');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');

const [address, authority] = process.argv.slice(1);
const credentials = authority
  ? grpc.credentials.createSsl(fs.readFileSync(authority))
  : grpc.credentials.createInsecure();
const client = new grpc.Client(address, credentials, { 'grpc.ssl_target_name_override': 'localhost' });
const same = (bytes) => bytes;
const path = (name) => `/test.Echo/${name}`;
const raw = Buffer.from(Array.from({ length: 256 }, (_, n) => n));

function metadata() {
  const sent = new grpc.Metadata();
  sent.set('x-sent', 'over there');
  sent.set('x-raw-bin', raw);
  return sent;
}

function watch(call) {
  const seen = {};
  call.on('metadata', (came) => (seen.came = came));
  call.on('status', (status) => (seen.status = status));
  return () => {
    assert.deepEqual(seen.came.get('x-came'), ['over there']);
    assert.deepEqual(seen.status.metadata.get('x-raw-bin'), [raw]);
    assert.equal(seen.status.code, 0);
  };
}

const ended = (call) => new Promise((done, fail) => call.on('status', () => setImmediate(done)).on('error', fail));

async function unary() {
  let answer;
  const call = client.makeUnaryRequest(path('Unary'), same, same, Buffer.from('abc'), metadata(), {}, (e, a) => (answer = a));
  const check = watch(call);
  await new Promise((done) => call.on('status', () => setImmediate(done)));
  check();
  assert.equal(answer.toString(), 'cba');
}

async function collect() {
  let answer;
  const call = client.makeClientStreamRequest(path('Collect'), same, same, metadata(), {}, (e, a) => (answer = a));
  const check = watch(call);
  ['a', 'b', 'c'].forEach((text) => call.write(Buffer.from(text)));
  call.end();
  await new Promise((done) => call.on('status', () => setImmediate(done)));
  check();
  assert.equal(answer.toString(), 'a,b,c');
}

async function count() {
  const call = client.makeServerStreamRequest(path('Count'), same, same, Buffer.from('300'), metadata(), {});
  const check = watch(call);
  let number = 0;
  call.on('data', (data) => assert.equal(data.toString(), String(number++)));
  await ended(call);
  check();
  assert.equal(number, 300);
}

async function chat() {
  const call = client.makeBidiStreamRequest(path('Chat'), same, same, metadata(), {});
  const check = watch(call);
  let number = 0;
  call.on('data', (data) => {
    assert.equal(data.toString(), `M${number++}`);
    if (number < 20) call.write(Buffer.from(`m${number}`));
    else call.end();
  });
  call.write(Buffer.from('m0'));
  await ended(call);
  check();
  assert.equal(number, 20);
}

async function fail() {
  const error = await new Promise((done) =>
    client.makeUnaryRequest(path('Unary'), same, same, Buffer.from('fail'), metadata(), {}, done));
  assert.equal(error.code, grpc.status.FAILED_PRECONDITION);
  assert.equal(error.details, 'as asked: ä%\n');
}

(async () => {
  for (const scenario of [unary, collect, count, chat, fail]) await scenario();
  client.close();
  console.log('all is well');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
