// Logs in, fills a cart and reads it, as many shoppers at a time as asked for; each must stay on one target.
// Half of them use fetch (undici), half an http.Agent with kept-alive connections.
const assert = require('node:assert');
const http = require('node:http');

const [base, shoppers, visits] = process.argv.slice(-3);
const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });

class Jar {
  cookies = new Map();
  keep(lines) {
    for (const line of lines) {
      const [name, value] = line.split(';', 1)[0].split(/=(.*)/s);
      this.cookies.set(name, value);
    }
  }
  toString() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

async function viaFetch(jar, method, path, form) {
  const body = form && new URLSearchParams(form);
  const answer = await fetch(base + path, { method, body, headers: { cookie: jar.toString() }, redirect: 'manual' });
  jar.keep(answer.headers.getSetCookie());
  return { status: answer.status, instance: answer.headers.get('x-instance'), text: await answer.text() };
}

function viaAgent(jar, method, path, form) {
  return new Promise((resolve, reject) => {
    const headers = { cookie: jar.toString(), 'content-type': 'application/x-www-form-urlencoded' };
    const request = http.request(base + path, { agent, method, headers }, (answer) => {
      jar.keep(answer.headers['set-cookie'] ?? []);
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode, instance: answer.headers['x-instance'], text });
      });
      answer.on('error', reject);
    });
    request.on('error', reject);
    // Without a length: Node sends such a body in chunks.
    if (form) request.write(new URLSearchParams(form).toString());
    request.end();
  });
}

async function shop(number) {
  const ask = number % 2 ? viaFetch : viaAgent;
  const jar = new Jar();
  const login = await ask(jar, 'POST', '/login', { user: `user ${number}` });
  assert.strictEqual(login.status, 303);
  for (let item = 0; item < Number(visits); item += 1) {
    const added = await ask(jar, 'POST', '/cart', { item: `item-${item}` });
    assert.strictEqual(added.status, 200, added.text);
    assert.strictEqual(added.instance, login.instance);
  }
  const cart = await ask(jar, 'GET', '/cart');
  assert.strictEqual(JSON.parse(cart.text).items.length, Number(visits));
  return login.instance;
}

Promise.all([...Array(Number(shoppers)).keys()].map(shop)).then((homes) => {
  const count = (name) => `${name}=${homes.filter((home) => home === name).length}`;
  console.log([...new Set(homes)].sort().map(count).join(' '));
  agent.destroy();
}, (fault) => {
  console.error(fault);
  process.exit(1);
});
