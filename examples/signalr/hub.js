// The server's side of SignalR as ASP.NET Core speaks it: negotiation, WebSockets, server-sent events, long polls, and the JSON hub
// protocol. Connections live in this process's memory. For examples and tests: none of the real one's limits are here.
const { randomBytes } = require('node:crypto');
const { WebSocketServer } = require('ws');

const END = '\x1e';
const PING = JSON.stringify({ type: 6 }) + END;
const PING_EVERY = 15_000;
const POLL_FOR = 90_000;

const TRANSPORTS = [
  { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
  { transport: 'ServerSentEvents', transferFormats: ['Text'] },
  { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
];

// One client. What is to be sent waits until its transport takes it.
class Connection {
  id = randomBytes(16).toString('base64url');
  token = randomBytes(16).toString('base64url');
  greeted = false;
  unread = '';
  waiting = [];
  deliver = null;

  constructor(methods) {
    this.methods = methods;
    this.pings = setInterval(() => this.greeted && this.send(PING), PING_EVERY);
  }

  // Takes over how messages leave, and lets out those that waited.
  transport(deliver) {
    this.deliver = deliver;
    for (const message of this.waiting.splice(0)) this.send(message);
  }

  send(message) {
    if (this.deliver) this.deliver(message);
    else this.waiting.push(message);
  }

  async receive(text) {
    const messages = (this.unread + text).split(END);
    this.unread = messages.pop();
    for (const message of messages) await this.handle(JSON.parse(message));
  }

  async handle(message) {
    if (!this.greeted) {
      const known = message.protocol === 'json' && message.version === 1;
      this.greeted = known;
      this.send(JSON.stringify(known ? {} : { error: `The protocol '${message.protocol}' is not supported.` }) + END);
    } else if (message.type === 1) {
      const { target, invocationId } = message;
      const method = this.methods[target];
      const said = method
        ? { result: await method(this, ...message.arguments) }
        : { error: `Unknown hub method '${target}'` };
      if (invocationId) this.send(JSON.stringify({ type: 3, invocationId, ...said }) + END);
    }
  }

  end() {
    clearInterval(this.pings);
    this.deliver = null;
  }
}

const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

const answer = (response, status, text = '', type = 'text/plain') => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
};

// A hub at a path of the server's. Methods get the connection and the arguments.
class Hub {
  connections = new Map();
  sockets = new WebSocketServer({ noServer: true });

  constructor(path, methods) {
    Object.assign(this, { path, methods });
  }

  // Whether the request was for the hub.
  handle(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://hub');
    if (pathname === `${this.path}/negotiate` && request.method === 'POST') this.negotiate(response);
    else if (pathname === this.path) {
      this.converse(request, response, searchParams.get('id')).catch(() => response.destroy());
    } else return false;
    return true;
  }

  negotiate(response) {
    const connection = this.open();
    const { id: connectionId, token: connectionToken } = connection;
    const negotiated = { negotiateVersion: 1, connectionId, connectionToken, availableTransports: TRANSPORTS };
    answer(response, 200, JSON.stringify(negotiated), 'application/json');
  }

  open() {
    const connection = new Connection(this.methods);
    this.connections.set(connection.token, connection);
    return connection;
  }

  close(connection) {
    connection.end();
    this.connections.delete(connection.token);
  }

  async converse(request, response, token) {
    const connection = this.connections.get(token);
    if (!token) return answer(response, 400, 'Connection ID required');
    if (!connection) return answer(response, 404, 'No Connection with that ID');
    if (request.method === 'POST') {
      await connection.receive(await body(request));
      return answer(response, 200);
    }
    if (request.method === 'DELETE') {
      connection.poll?.(204, '');
      this.close(connection);
      return answer(response, 202);
    }
    if (request.headers.accept === 'text/event-stream') return this.stream(connection, response);
    return this.poll(connection, response);
  }

  stream(connection, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache,no-store' });
    response.write(':\r\n');
    connection.transport((message) => response.write(`data: ${message}\r\n\r\n`));
    response.on('close', () => this.close(connection));
  }

  poll(connection, response) {
    const end = (status, text) => {
      clearTimeout(timeout);
      connection.deliver = connection.poll = null;
      answer(response, status, text);
    };
    const timeout = setTimeout(() => end(200, ''), POLL_FOR);
    connection.poll = end;
    // The first poll only says that there is somebody.
    if (!connection.polled) {
      connection.polled = true;
      return end(200, '');
    }
    const waiting = connection.waiting.splice(0).join('');
    if (waiting) return end(200, waiting);
    connection.deliver = (message) => end(200, message);
  }

  // A WebSocket, with or without having negotiated.
  upgrade(request, socket, head) {
    const { pathname, searchParams } = new URL(request.url, 'http://hub');
    const token = searchParams.get('id');
    const connection = token ? this.connections.get(token) : this.open();
    if (pathname !== this.path || !connection) {
      const text = 'No Connection with that ID';
      return socket.end(`HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      connection.transport((message) => webSocket.send(message));
      webSocket.on('message', (message) => {
        connection.receive(message.toString()).catch(() => webSocket.terminate());
      });
      webSocket.on('close', () => this.close(connection));
    });
  }
}

module.exports = { Hub };
