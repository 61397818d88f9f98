# A target that speaks HTTP/1 and HTTP/2 on one port, and does what the path asks for. Says its port first, and then what
# happens to it, as lines of JSON. With a certificate and a key as arguments it speaks TLS; `--h1` and `--h2` name what by ALPN.
import asyncio, hashlib, json, ssl, struct, socket, sys

import h2.config, h2.connection, h2.errors, h2.events, h2.exceptions, h2.settings


def say(**event):
    print(json.dumps(event), flush=True)


class Gone(Exception):
    pass


class Shared:
    """What requests of one target have in common."""

    gates = asyncio.Semaphore(0)
    connections = 0
    taken = 0
    refuse = 0
    goaway = 0


class Call:
    """A request, whatever version it came in."""

    def __init__(self, method, path, headers, connection):
        self.method, self.headers, self.connection = method, headers, connection
        self.path, _, self.query = path.partition("?")
        self.pieces = asyncio.Queue()
        self.trailers = []

    def header(self, name):
        return dict(self.headers).get(name)

    async def piece(self):
        """The next piece of the body; none at its end."""
        kind, value = await self.pieces.get()
        if kind == "gone":
            self.pieces.put_nowait((kind, value))
            raise Gone(value)
        if kind == "end":
            self.trailers = value
            self.pieces.put_nowait((kind, value))
            return None
        return value

    async def body(self):
        digest, count = hashlib.sha256(), 0
        while (piece := await self.piece()) is not None:
            digest.update(piece)
            count += len(piece)
        return count, digest.hexdigest()


async def echo(call):
    count, digest = await call.body()
    answer = {"method": call.method, "path": call.path, "headers": call.headers, "bytes": count,
              "sha256": digest, "trailers": call.trailers, "version": call.version,
              "connection": call.connection}
    text = json.dumps(answer).encode()
    await call.respond(200, [("content-type", "application/json"), ("content-length", str(len(text)))])
    await call.data(text)
    await call.end()


async def big(call):
    count = int(call.query)
    await call.respond(200, [("content-length", str(count))])
    await many(call, count)


async def stream(call):
    await call.respond(200, [])
    await many(call, int(call.query))


async def many(call, count):
    if call.method != "HEAD":
        while count > 0:
            piece = bytes(i % 251 for i in range(count - min(count, 8192), count))
            await call.data(piece)
            Shared.taken += len(piece)
            count -= len(piece)
    await call.end()


async def events(call):
    """One event now, and one for each visit to /next."""
    await call.respond(200, [("content-type", "text/event-stream")])
    for number in range(int(call.query)):
        if number:
            await Shared.gates.acquire()
        await call.data(f"data: {number}\n\n".encode())
    await call.end()


async def proceed(call):
    Shared.gates.release()
    await call.respond(200, [("content-length", "0")])
    await call.end()


async def trailers(call):
    await call.body()
    await call.respond(200, [("trailer", "x-sum")])
    await call.data(b"body")
    await call.end([("x-sum", "4"), ("grpc-status", "0"), ("x-text-bin", "AAEC")])


async def interim(call):
    if call.header("expect"):
        await call.interim(100, [])
    await call.interim(103, [("link", "</style.css>; rel=preload")])
    count, _ = await call.body()
    await call.respond(200, [("content-length", "2")])
    await call.data(b"%02d" % (count % 100))
    await call.end()


async def wait(call):
    say(event="waits", path=call.path)
    try:
        while await call.piece() is not None:
            pass
        await call.gone()
    except Gone as gone:
        say(event="gone", path=call.path, why=str(gone))


async def hold(call):
    """Takes nothing of the body before a visit to /next."""
    say(event="holds", path=call.path)
    call.holds = True
    await Shared.gates.acquire()
    call.holds = False
    await call.thaw()
    await echo(call)


async def both(call):
    """Sends back what comes, as it comes."""
    await call.respond(200, [])
    try:
        while (piece := await call.piece()) is not None:
            await call.data(piece)
        await call.end([("x-end", "yes")])
    except Gone as gone:
        say(event="gone", path=call.path, why=str(gone))


async def reset_before(call):
    await call.reset()


async def reset_middle(call):
    await call.respond(200, [("content-length", "1000")])
    await call.data(b"0123456789")
    await Shared.gates.acquire()
    await call.reset()


async def early(call):
    """Answers before the body has come."""
    await call.respond(403, [("content-length", "5")])
    await call.data(b"early")
    await call.end()


async def early_and_reset(call):
    """The same, and wants no more of the body (RFC 9113 section 8.1)."""
    await early(call)
    await call.decline()


async def taken(call):
    text = json.dumps({"taken": Shared.taken, "connections": Shared.connections}).encode()
    await call.respond(200, [("content-length", str(len(text)))])
    await call.data(text)
    await call.end()


async def refuse(call):
    """Refuses so many streams from now on."""
    Shared.refuse = int(call.query)
    await proceed(call)


async def goaway(call):
    """Says GOAWAY behind this answer."""
    await call.respond(200, [("content-length", "0")])
    await call.end()
    await call.farewell()


async def stall(call):
    await call.body()
    await asyncio.sleep(3600)


APPS = {"/echo": echo, "/big": big, "/stream": stream, "/events": events, "/next": proceed,
        "/trailers": trailers, "/interim": interim, "/wait": wait, "/hold": hold, "/both": both,
        "/reset-before": reset_before, "/reset-middle": reset_middle, "/early": early,
        "/early-and-reset": early_and_reset, "/taken": taken, "/refuse": refuse, "/goaway": goaway, "/stall": stall}


async def run(call):
    if call.path.startswith("/smuggled"):
        say(event="request", path=call.path, headers=call.headers)
    try:
        await APPS.get(call.path, echo)(call)
    except (Gone, ConnectionError) as gone:
        say(event="gone", path=call.path, why=str(gone))


class Http1:
    """A connection of HTTP/1."""

    def __init__(self, reader, writer, number):
        self.reader, self.writer, self.number = reader, writer, number

    async def serve(self, start):
        head = start
        while True:
            head += await self.reader.readuntil(b"\r\n\r\n")
            line, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = line.split(" ", 2)
            headers = [tuple(line.split(": ", 1)) for line in lines if line]
            headers = [(name.lower(), value) for name, value in headers]
            call = Call1(self, method, path, headers)
            reading = asyncio.ensure_future(self.read(call))
            await run(call)
            await reading
            if call.closes or self.writer.is_closing():
                break
            head = b""
        self.writer.close()

    async def read(self, call):
        fields = dict(call.headers)
        try:
            if fields.get("transfer-encoding") == "chunked":
                while size := int((await self.reader.readline()).strip(), 16):
                    await self.data(call, size)
                    await self.reader.readexactly(2)
                trailers = []
                while (line := (await self.reader.readline()).decode("latin-1").strip()):
                    trailers.append(tuple(line.lower().split(": ", 1)))
                call.pieces.put_nowait(("end", trailers))
                return
            await self.data(call, int(fields.get("content-length", 0)))
            call.pieces.put_nowait(("end", []))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            call.pieces.put_nowait(("gone", "closed"))

    async def data(self, call, left):
        while left > 0:
            while call.holds:
                await call.thawed.wait()
            piece = await self.reader.read(min(left, 65536))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            call.pieces.put_nowait(("data", piece))


class Call1(Call):
    version = 1

    def __init__(self, wire, method, path, headers):
        super().__init__(method, path, headers, wire.number)
        self.wire, self.closes, self.chunked = wire, False, False
        self.holds, self.thawed = False, asyncio.Event()

    async def thaw(self):
        self.thawed.set()

    async def head(self, status, headers):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.wire.writer.write(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode())
        await self.wire.writer.drain()

    async def interim(self, status, headers):
        await self.head(status, headers)

    async def respond(self, status, headers):
        self.chunked = not any(name == "content-length" for name, _ in headers)
        await self.head(status, headers + [("transfer-encoding", "chunked")] * self.chunked)

    async def data(self, data):
        if self.method == "HEAD":
            return
        framed = b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data
        self.wire.writer.write(framed)
        await self.wire.writer.drain()

    async def end(self, trailers=()):
        if self.chunked and self.method != "HEAD":
            lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
            self.wire.writer.write(f"0\r\n{lines}\r\n".encode())
            await self.wire.writer.drain()

    async def reset(self):
        self.closes = True
        raw = self.wire.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.writer.close()

    async def decline(self):
        self.closes = True
        self.wire.writer.close()

    async def gone(self):
        try:
            await self.wire.reader.readexactly(1)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Gone("closed")

    async def farewell(self):
        self.closes = True


class Http2:
    """A connection of HTTP/2."""

    def __init__(self, reader, writer, number):
        self.reader, self.writer, self.number = reader, writer, number
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.conn = h2.connection.H2Connection(config)
        self.calls, self.room = {}, asyncio.Event()

    async def serve(self, start):
        limit = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100}
        self.conn.local_settings.update(limit)
        self.conn.initiate_connection()
        self.flush()
        data = start
        while data:
            for event in self.conn.receive_data(data):
                self.heed(event)
            self.flush()
            await self.writer.drain()
            data = await self.reader.read(65536)
        self.lose("closed")
        self.writer.close()

    def lose(self, why):
        for call in self.calls.values():
            call.pieces.put_nowait(("gone", why))
        self.room.set()

    def flush(self):
        self.writer.write(self.conn.data_to_send())

    def heed(self, event):
        call = self.calls.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RequestReceived):
            if Shared.refuse > 0:
                Shared.refuse -= 1
                say(event="refused", stream=event.stream_id, connection=self.number)
                self.conn.reset_stream(event.stream_id, h2.errors.ErrorCodes.REFUSED_STREAM)
                return
            fields = [(name, value) for name, value in event.headers]
            call = Call2(self, event.stream_id, dict(fields), fields)
            self.calls[event.stream_id] = call
            asyncio.ensure_future(run(call))
        elif isinstance(event, h2.events.DataReceived) and call:
            call.pieces.put_nowait(("data", event.data))
            call.owes += event.flow_controlled_length
            if not call.holds:
                call.pay()
        elif isinstance(event, h2.events.TrailersReceived) and call:
            call.came = [(name, value) for name, value in event.headers]
        elif isinstance(event, h2.events.StreamEnded) and call:
            call.pieces.put_nowait(("end", call.came))
        elif isinstance(event, h2.events.StreamReset) and call:
            call.ended = True
            call.pieces.put_nowait(("gone", f"reset {int(event.error_code)}"))
            self.room.set()
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            self.room.set()
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.lose("goaway")


class Call2(Call):
    version = 2

    def __init__(self, wire, stream, pseudo, fields):
        super().__init__(pseudo[":method"], pseudo[":path"], fields, wire.number)
        self.wire, self.stream, self.came, self.owes = wire, stream, [], 0
        self.holds, self.ended = False, False

    def pay(self):
        if self.owes and not self.ended:
            try:
                self.wire.conn.acknowledge_received_data(self.owes, self.stream)
            except (h2.exceptions.StreamClosedError, h2.exceptions.ProtocolError):
                pass
            self.owes = 0

    async def thaw(self):
        self.pay()
        self.wire.flush()

    def send(self, send):
        if self.ended:
            raise Gone("reset")
        try:
            send()
        except (h2.exceptions.StreamClosedError, h2.exceptions.ProtocolError) as error:
            raise Gone(repr(error))
        self.wire.flush()

    async def interim(self, status, headers):
        self.send(lambda: self.wire.conn.send_headers(self.stream, [(":status", str(status))] + headers))

    async def respond(self, status, headers):
        self.send(lambda: self.wire.conn.send_headers(self.stream, [(":status", str(status))] + headers))

    async def data(self, data):
        if self.method == "HEAD":
            return
        while data:
            while not self.ended and (room := self.wire.conn.local_flow_control_window(self.stream)) <= 0:
                self.wire.room.clear()
                await self.wire.room.wait()
            if self.ended:
                raise Gone("reset")
            count = min(room, len(data), self.wire.conn.max_outbound_frame_size)
            self.send(lambda: self.wire.conn.send_data(self.stream, data[:count]))
            data = data[count:]
            await self.wire.writer.drain()

    async def end(self, trailers=()):
        if trailers:
            self.send(lambda: self.wire.conn.send_headers(self.stream, list(trailers), end_stream=True))
        else:
            self.send(lambda: self.wire.conn.end_stream(self.stream))

    async def reset(self):
        self.send(lambda: self.wire.conn.reset_stream(self.stream, h2.errors.ErrorCodes.INTERNAL_ERROR))

    async def decline(self):
        self.send(lambda: self.wire.conn.reset_stream(self.stream, h2.errors.ErrorCodes.NO_ERROR))

    async def gone(self):
        while True:
            kind, why = await self.pieces.get()
            if kind == "gone":
                raise Gone(why)

    async def farewell(self):
        # The library says nothing after a GOAWAY; streams that run go on.
        self.wire.writer.write(struct.pack("!IBIII", 8 << 8 | 7, 0, 0, self.stream, 0))
        await self.wire.writer.drain()


async def accept(reader, writer):
    Shared.connections += 1
    number = Shared.connections
    try:
        start = await reader.readexactly(3)
        wire = Http2 if start == b"PRI" else Http1
        await wire(reader, writer, number).serve(start)
    except (asyncio.IncompleteReadError, ConnectionError, h2.exceptions.ProtocolError):
        writer.close()


async def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        context.set_alpn_protocols(["http/1.1"] if "--h1" in sys.argv else ["h2", "http/1.1"])
    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context, backlog=1024)
    say(port=server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


asyncio.run(main())
