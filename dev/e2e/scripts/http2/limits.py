# What a client may not do. Arguments: name of the scenario, address.
import struct


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


DATA, HEADERS, PRIORITY, RST, SETTINGS, PING, CONTINUATION = 0, 1, 2, 3, 4, 6, 9


def bystander():
    other = Http2(to)
    assert other.get("/echo").status == 200
    return other


def ends_calmly(c, other, codes=(11,)):
    """The connection ends, with a reason; the other one goes on."""
    code = c.ended()
    assert code in codes or code is None and None in codes, code
    assert other.get("/echo").status == 200
    assert Http2(to).get("/echo").status == 200


def statuses():
    c = Http2(to)
    for path, headers, status in [
        ("/" + "a" * 20_000, [], 414),
        ("/", [("x-large", "a" * 20_000)], 431),
        ("/", [(f"x-{n}", "1") for n in range(300)], 431),
        ("/", [(f"x-{n}", "a" * 8000) for n in range(12)], 431),
    ]:
        try:
            got = c.get(path, headers)
            assert got.status == status, (got.status, status, path[:10], len(headers))
        except Broken as broken:
            raise SystemExit(f"{status}: {broken}")
    assert c.get("/echo").status == 200


def smuggling():
    bad = [
        [("transfer-encoding", "chunked")], [("connection", "close")], [("upgrade", "h2c")], [("te", "gzip")],
        [("x-a", "b\r\nx-evil: 1")], [("x-a", "b\nx-evil: 1")], [("x-a", "b\0")], [("x-a\r\nx-evil", "1")],
        [("x-a: b", "1")], [("X-Upper", "1")], [("x a", "1")], [("content-length", "3"), ("content-length", "4")],
        [("content-length", "+3")], [("host", "evil.example")], [("keep-alive", "1")], [("", "1")],
    ]
    pseudo = [
        {":path": "/ HTTP/1.1\r\nx-evil: 1"}, {":path": "no-slash"}, {":path": ""}, {":method": "GET / HTTP/1.1\r\nx-evil: 1\r\n\r\n"},
        {":method": "G T"}, {":authority": "a b"}, {":authority": "a\r\nx-evil: 1"}, {":scheme": "http://x/ HTTP/1.1\r\nx-evil: 1"},
        {":path": None}, {":method": None}, {":extra": "1"}, {":path": "/ "}, {":authority": "user@shop.example"},
        {":method": "CONNECT"},
    ]
    for headers, first in [(headers, {}) for headers in bad] + [([], first) for first in pseudo]:
        c = Http2(to)
        try:
            got = c.open("POST", "/smuggled", headers, ends=True, pseudo=first.items())
            assert 400 <= got.answer() < 600, (headers, first, got.status)
            said = f"{got.status} {dict(got.headers).get('clingfish-error')}"
        except Broken as broken:
            said = str(broken)
        print(headers, first, said)
    # The body may be neither longer nor shorter than the field says.
    for length, body in [(3, b"abcd"), (5, b"abc")]:
        c = Http2(to)
        x = c.open("POST", "/mismatch", length=length)
        x.send(body)
        x.finish()
        try:
            status = x.answer()
            assert status >= 400, (length, body, status)
        except Broken:
            pass


def rapid_reset():
    c, other = Http2(to), bystander()
    for _ in range(50):
        c.flush()
        for _ in range(20):
            number = c.conn.get_next_available_stream_id()
            c.conn.send_headers(number, [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/wait")], end_stream=True)
            c.conn.reset_stream(number)
    c.flush()
    ends_calmly(c, other, (11, None))


def slow_reset():
    """The same, each reset after the stream was taken up; ten at once, since who is slow is no flood."""
    c, other = Http2(to), bystander()
    c.seen(h2.events.SettingsAcknowledged)
    c.sock.settimeout(10)
    is_cut = lambda: c.closed or any(isinstance(e, h2.events.ConnectionTerminated) for e in c.others)
    for _ in range(300):
        streams = [c.open("GET", "/slow?bytes=2&ms=10000", ends=True) for _ in range(10)]
        while not is_cut() and not all(x.events for x in streams):
            c.pump()
        if is_cut():
            break
        for x in streams:
            try:
                x.reset()
            except h2.exceptions.ProtocolError:
                pass
    # A reset of the connection may overtake the reason.
    ends_calmly(c, other, (11, None))


def made_you_reset():
    """Errors of ours on each stream: a window update of nothing."""
    c, other = Http2(to), bystander()
    for _ in range(1000):
        number = c.conn.get_next_available_stream_id()
        c.conn.send_headers(number, [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/wait")], end_stream=True)
        c.raw(frame(8, 0, number, struct.pack("!I", 0)))
        if c.closed:
            break
    ends_calmly(c, other, (11, 1, None))


def continuations():
    c, other = Http2(to), bystander()
    c.raw(frame(HEADERS, 1, 1, b"\x82\x86\x84"))
    for _ in range(2000):
        c.raw(frame(CONTINUATION, 0, 1, b"\x00\x01a\x7f\x81\x01" + b"b" * 256))
        if c.closed:
            break
    ends_calmly(c, other, (11, 1, 3, 9, 10, None))


def flood(c, other, piece):
    import threading

    def send():
        try:
            for _ in range(4000):
                c.sock.sendall(piece * 50)
        except OSError:
            pass

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    ends_calmly(c, other, (11, None))


def pings():
    flood(Http2(to), bystander(), frame(PING, 0, 0, b"12345678"))


def settings():
    flood(Http2(to), bystander(), frame(SETTINGS, 0, 0, b""))


def priorities():
    flood(Http2(to), bystander(), frame(PRIORITY, 0, 3, b"\0\0\0\0\1"))


def empty_data():
    c, other = Http2(to), bystander()
    c.open("POST", "/hold")
    flood(c, other, frame(DATA, 0, 1))


def window_updates():
    flood(Http2(to), bystander(), frame(8, 0, 0, b"\0\0\0\1"))


def no_preface():
    sock = dial(to)
    sock.sendall(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + b"a" * 100)
    try:
        while sock.recv(1000):
            pass
    except ConnectionError:
        pass
    assert Http2(to).get("/echo").status == 200


scenario, to = sys.argv[1:]
globals()[scenario]()
