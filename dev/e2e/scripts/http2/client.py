# Clients of HTTP/1 and HTTP/2 that look at every step, behind one face. What a test does with them stands behind this.
import hashlib, json, socket, ssl, sys, time

import h2.config, h2.connection, h2.errors, h2.events, h2.exceptions, h2.settings


# The library takes nothing after a GOAWAY, and a client may: streams that run go on.
for state in (h2.connection.ConnectionState.IDLE, h2.connection.ConnectionState.CLIENT_OPEN):
    goaway = (state, h2.connection.ConnectionInputs.RECV_GOAWAY)
    h2.connection.H2ConnectionStateMachine._transitions[goaway] = (None, state)


class Broken(Exception):
    """The answer has no end."""


def dial(address, protocol=None):
    host, port = address.rsplit(":", 1)
    sock = socket.create_connection((host, int(port)), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if protocol:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        sock = context.wrap_socket(sock, server_hostname="localhost")
        assert sock.selected_alpn_protocol() == protocol, sock.selected_alpn_protocol()
    return sock


class Http1:
    """A connection for one request."""

    def __init__(self, address, tls=False):
        self.sock = dial(address, "http/1.1" if tls else None)
        self.input = b""
        self.interims, self.trailers = [], []

    def open(self, method, path, headers=(), length=None, ends=False):
        lines = [f"{method} {path} HTTP/1.1", "Host: shop.example"] + [f"{n}: {v}" for n, v in headers]
        self.method, self.chunked = method, not ends and length is None
        lines += [] if ends else ["Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {length}"]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return self

    def send(self, data):
        self.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    def finish(self, trailers=()):
        if self.chunked:
            self.sock.sendall(b"0\r\n" + "".join(f"{n}: {v}\r\n" for n, v in trailers).encode() + b"\r\n")

    def fill(self):
        try:
            more = self.sock.recv(65536)
        except ConnectionError as error:
            raise Broken(repr(error))
        if not more:
            raise Broken("closed")
        self.input += more

    def until(self, end):
        while end not in self.input:
            self.fill()
        line, _, self.input = self.input.partition(end)
        return line

    def head(self):
        line, *lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = [tuple(line.split(": ", 1)) for line in lines]
        return int(line.split()[1]), [(name.lower(), value) for name, value in fields]

    def answer(self):
        while True:
            self.status, self.headers = self.head()
            if self.status >= 200:
                break
            self.interims.append((self.status, self.headers))
        fields = dict(self.headers)
        self.left = int(fields.get("content-length", 0))
        self.is_chunked = "transfer-encoding" in fields
        self.over = self.method == "HEAD" or self.status in (204, 304) or not (self.is_chunked or self.left)
        return self.status

    def interim(self):
        self.interims.append(self.head())
        return self.interims[-1][0]

    def more(self):
        if self.over:
            return None
        if self.is_chunked and not self.left:
            self.left = int(self.until(b"\r\n"), 16)
            if not self.left:
                while line := self.until(b"\r\n").decode("latin-1"):
                    name, value = line.split(": ", 1)
                    self.trailers.append((name.lower(), value))
                self.over = True
                return None
        if not self.input:
            self.fill()
        piece, self.input = self.input[: self.left], self.input[self.left :]
        self.left -= len(piece)
        if not self.left:
            if self.is_chunked:
                self.until(b"\r\n")
            else:
                self.over = True
        return piece

    def body(self):
        return b"".join(iter(self.more, None))

    def reset(self):
        import struct
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Http2:
    """A connection for many requests."""

    def __init__(self, address, tls=False, settings=None, window=None):
        self.sock = dial(address, "h2" if tls else None)
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8",
                                           validate_outbound_headers=False, normalize_outbound_headers=False)
        self.conn = h2.connection.H2Connection(config)
        if settings:
            self.conn.local_settings.update(settings)
        self.conn.initiate_connection()
        if window:
            self.conn.increment_flow_control_window(window)
        self.streams, self.others, self.closed, self.reads = {}, [], False, True
        self.flush()

    def flush(self):
        try:
            self.sock.sendall(self.conn.data_to_send())
        except ConnectionError:
            self.closed = True

    def raw(self, data):
        self.flush()
        try:
            self.sock.sendall(data)
        except ConnectionError:
            self.closed = True

    def pump(self):
        """Reads once, and hands out what came."""
        try:
            data = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            self.closed = True
            return
        for event in self.conn.receive_data(data):
            stream = self.streams.get(getattr(event, "stream_id", 0))
            (stream.events if stream else self.others).append(event)
        self.flush()

    def seen(self, kind):
        """Waits for an event of the connection."""
        while True:
            for event in self.others:
                if isinstance(event, kind):
                    self.others.remove(event)
                    return event
            if self.closed:
                raise Broken("closed")
            self.pump()

    def ended(self):
        """Waits until the connection is closed; gives the GOAWAY's error, if one came."""
        while not self.closed:
            self.pump()
        codes = [int(e.error_code) for e in self.others if isinstance(e, h2.events.ConnectionTerminated)]
        return codes[-1] if codes else None

    def open(self, method, path, headers=(), length=None, ends=False, pseudo=(), now=True):
        head = {":method": method, ":scheme": "http", ":authority": "shop.example", ":path": path, **dict(pseudo)}
        fields = [(name, value) for name, value in head.items() if value is not None] + list(headers)
        fields += [] if length is None else [("content-length", str(length))]
        number = self.conn.get_next_available_stream_id()
        self.streams[number] = stream = Stream(self, number, method)
        self.conn.send_headers(number, fields, end_stream=ends)
        if now:
            self.flush()
        return stream

    def get(self, path, headers=()):
        stream = self.open("GET", path, headers, ends=True)
        stream.answer()
        stream.content = stream.body()
        return stream


class Stream:
    """One request of a connection."""

    def __init__(self, owner, number, method):
        self.owner, self.number, self.method, self.events = owner, number, method, []
        self.interims, self.trailers, self.over, self.broken = [], [], False, None

    def event(self):
        while not self.events:
            if self.owner.closed:
                raise Broken("closed")
            self.owner.pump()
        event = self.events.pop(0)
        if isinstance(event, h2.events.StreamReset):
            self.broken = int(event.error_code)
            raise Broken(f"reset {self.broken}")
        return event

    def send(self, data):
        while data:
            while (room := self.owner.conn.local_flow_control_window(self.number)) <= 0:
                self.owner.pump()
            count = min(room, len(data), self.owner.conn.max_outbound_frame_size)
            self.owner.conn.send_data(self.number, data[:count])
            self.owner.flush()
            data = data[count:]

    def finish(self, trailers=()):
        if trailers:
            self.owner.conn.send_headers(self.number, list(trailers), end_stream=True)
        else:
            self.owner.conn.end_stream(self.number)
        self.owner.flush()

    def interim(self):
        event = self.event()
        assert isinstance(event, h2.events.InformationalResponseReceived), event
        self.interims.append((int(dict(event.headers)[":status"]), event.headers))
        return self.interims[-1][0]

    def answer(self):
        while True:
            event = self.event()
            if isinstance(event, h2.events.InformationalResponseReceived):
                self.interims.append((int(dict(event.headers)[":status"]), event.headers))
            elif isinstance(event, h2.events.ResponseReceived):
                self.headers = [(name, value) for name, value in event.headers if name != ":status"]
                self.status = int(dict(event.headers)[":status"])
                return self.status

    def more(self):
        while not self.over:
            event = self.event()
            if isinstance(event, h2.events.DataReceived):
                if event.flow_controlled_length and self.owner.reads:
                    self.owner.conn.acknowledge_received_data(event.flow_controlled_length, self.number)
                    self.owner.flush()
                if event.data:
                    return event.data
            elif isinstance(event, h2.events.TrailersReceived):
                self.trailers = [(name, value) for name, value in event.headers]
            elif isinstance(event, h2.events.StreamEnded):
                self.over = True
        return None

    def body(self):
        return b"".join(iter(self.more, None))

    def reset(self):
        self.owner.conn.reset_stream(self.number, h2.errors.ErrorCodes.CANCEL)
        self.owner.flush()


def client(version, address, **choices):
    return {"1": Http1, "2": Http2}[version](address, **choices)


def call(version, address, method, path, headers=()):
    """One request without a body, on a connection of its own, and its answer."""
    exchange = client(version, address).open(method, path, headers, ends=True)
    exchange.answer()
    exchange.content = exchange.body()
    return exchange


def answer_json(exchange):
    exchange.answer()
    return json.loads(exchange.body())


def pattern(count):
    return (bytes(range(251)) * (count // 251 + 1))[:count]
