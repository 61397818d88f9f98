// Many clients of a hub at once, each with a connection of its own. Tells how it went, as JSON.
// Arguments: the hub's address, the transport, whether clients keep cookies, how many there are, and how much each of them says.
const assert = require('node:assert');
const { HttpClient, HttpResponse, HttpTransportType, HubConnectionBuilder, LogLevel } = require('@microsoft/signalr');

const [url, transport, cookies, clients, messages] = process.argv.slice(-5);
const outcome = { homes: {}, unknown: 0, other: [] };

// SignalR's own client keeps cookies under Node, whatever it is told.
class WithoutCookies extends HttpClient {
  async send({ method, url, headers, content, abortSignal }) {
    const controller = new AbortController();
    if (abortSignal) abortSignal.onabort = () => controller.abort();
    const answer = await fetch(url, { method, headers, body: content || undefined, signal: controller.signal });
    return new HttpResponse(answer.status, answer.statusText, await answer.text());
  }

  getCookieString() {
    return '';
  }
}

// Which of the client's words say that another instance was asked.
const isUnknown = (said) => /404|No Connection with that ID|The connection could not be found on the server/.test(said);

async function chat() {
  const said = [];
  const log = (level, text) => {
    if (level >= LogLevel.Warning) said.push(text);
  };
  const connection = new HubConnectionBuilder()
    .withUrl(url, {
      transport: HttpTransportType[transport],
      ...(cookies === 'cookies' ? {} : { httpClient: new WithoutCookies() }),
    })
    .configureLogging({ log })
    .build();
  const failure = new Promise((_, reject) => {
    connection.onclose((error) => reject(error ?? new Error('closed')));
  });
  failure.catch(() => {});
  try {
    await Promise.race([failure, connection.start()]);
    let home;
    for (let number = 1; number <= Number(messages); number += 1) {
      const answer = await Promise.race([failure, connection.invoke('say', `message ${number}`)]);
      home ??= answer.by;
      assert.deepStrictEqual(answer, { text: `message ${number}`, by: home, number });
    }
    outcome.homes[home] = (outcome.homes[home] ?? 0) + 1;
  } catch (error) {
    const all = [error.message, ...said].join('; ');
    if (isUnknown(all)) outcome.unknown += 1;
    else outcome.other.push(error.message);
  }
  await connection.stop().catch(() => {});
}

Promise.all(Array.from({ length: Number(clients) }, chat)).then(() => {
  console.log(JSON.stringify(outcome));
  process.exit(0);
});
