// What Node's own clients do: an agent that keeps connections, and fetch.
const assert = require('node:assert');
const http = require('node:http');

const base = process.argv.at(-1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, path, { body, headers } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, { agent, method, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({
        status: answer.statusCode,
        text: Buffer.concat(parts).toString(),
        trailers: answer.trailers,
        port: request.socket.localPort,
        early: request.early ?? 0,
      }));
      answer.on('error', reject);
    });
    request.on('information', () => { request.early = (request.early ?? 0) + 1; });
    request.on('continue', () => request.end(body));
    request.on('error', reject);
    if (headers?.expect) request.flushHeaders();
    else request.end(body);
  });
}

async function main() {
  const ports = new Set();
  for (let n = 0; n < 10; n += 1) {
    const answer = await ask(n % 2 ? 'GET' : 'POST', `/${n}`, { body: n % 2 ? undefined : 'x'.repeat(n * 1000) });
    assert.strictEqual(JSON.parse(answer.text).body_bytes, n % 2 ? 0 : n * 1000);
    ports.add(answer.port);
  }
  assert.strictEqual(ports.size, 1, 'one connection for all');
  const chunked = await ask('GET', '/chunked?chunks=2');
  assert.strictEqual(chunked.text, 'chunk 1\nchunk 2\n');
  assert.deepStrictEqual({ ...chunked.trailers }, { 'x-sum': 'done' });
  const expecting = await ask('POST', '/echo', { body: 'hello', headers: { expect: '100-continue', 'content-length': 5 } });
  assert.strictEqual(expecting.text, 'hello');
  const hinted = await ask('GET', '/hints');
  assert.deepStrictEqual([hinted.text, hinted.early], ['after an interim response\n', 1]);
  assert.strictEqual((await ask('HEAD', '/bytes/10')).text, '');
  agent.destroy();

  const echoed = await fetch(`${base}/echo`, { method: 'POST', body: 'Grüße' });
  assert.strictEqual(await echoed.text(), 'Grüße');
  const source = new ReadableStream({
    start(controller) {
      for (let n = 0; n < 100; n += 1) controller.enqueue(new TextEncoder().encode(`part ${n};`));
      controller.close();
    },
  });
  const streamed = await fetch(`${base}/echo`, { method: 'POST', body: source, duplex: 'half' });
  assert.strictEqual((await streamed.text()).split(';').length, 101);
  const many = await Promise.all([...Array(50).keys()].map((n) => fetch(`${base}/slow?bytes=3&ms=5&n=${n}`)));
  const texts = await Promise.all(many.map((answer) => answer.text()));
  assert.deepStrictEqual(new Set(texts), new Set(['xxx']));
  const form = new FormData();
  form.append('file', new Blob(['x'.repeat(100000)]), 'a.bin');
  const uploaded = await (await fetch(`${base}/x`, { method: 'PUT', body: form })).json();
  assert.ok(uploaded.body_bytes > 100000);
  const controller = new AbortController();
  const slow = fetch(`${base}/slow?bytes=100&ms=100`, { signal: controller.signal }).then((answer) => answer.text());
  setTimeout(() => controller.abort(), 100);
  await assert.rejects(slow, { name: 'AbortError' });
  await assert.rejects(fetch(`${base}/cut`).then((answer) => answer.text()), 'a cut answer is no answer');
  console.log('all well');
}

main().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
