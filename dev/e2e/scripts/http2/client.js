// A client of HTTP/2 in the clear. Argument: where.
const assert = require('assert');
const http2 = require('http2');

const session = http2.connect(process.argv[process.argv.length - 1]);

function post(size) {
  return new Promise((done, fail) => {
    const body = Buffer.alloc(size, 'clingfish');
    const stream = session.request({ ':method': 'POST', ':path': `/${size}` });
    const pieces = [];
    let status, end;
    stream.on('response', (headers) => (status = headers[':status']));
    stream.on('trailers', (headers) => (end = headers['x-end']));
    stream.on('data', (piece) => pieces.push(piece));
    stream.on('error', fail);
    stream.on('close', () => {
      assert.equal(status, 200);
      assert.equal(end, 'yes');
      assert(Buffer.concat(pieces).equals(body), `${size} bytes`);
      done();
    });
    stream.end(body);
  });
}

(async () => {
  await Promise.all([0, 1, 1000, 100_000, 2_000_000].flatMap((size) => [post(size), post(size)]));
  session.close();
  console.log('all is well');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
