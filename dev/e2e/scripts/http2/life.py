# How connections end. Arguments: name of the scenario, address.
def goaway(c):
    return c.seen(h2.events.ConnectionTerminated)


def drain():
    """Two steps of GOAWAY; what runs finishes, then the connection ends."""
    c = Http2(to)
    x = c.open("POST", "/both")
    assert x.answer() == 200
    # The library takes no GOAWAY without closing, so frames are read by hand from here on.
    print("open", flush=True)
    last = goaways(c, 1)
    assert last == [2**31 - 1], last
    c.raw(frame_data(x.number, b"still here"))
    seen, last = b"", []
    while b"still here" not in seen:
        kind, flags, stream, payload = next_frame(c)
        if kind == 0 and stream == x.number:
            seen += payload
        elif kind == 7:
            last.append(int.from_bytes(payload[:4], "big"))
        elif kind == 6 and not flags & 1:
            c.sock.sendall(b"\0\0\x08\x06\x01\0\0\0\0" + payload)
    c.raw(frame_data(x.number, b"", 1))
    ended = False
    while True:
        try:
            kind, flags, stream, payload = next_frame(c)
        except Broken:
            break
        if kind == 7:
            last.append(int.from_bytes(payload[:4], "big"))
        ended |= stream == x.number and bool(flags & 1)
    assert ended, "the stream has got its end"
    assert last == [x.number], last


def goaways(c, count):
    found = []
    while len(found) < count:
        kind, flags, _, payload = next_frame(c)
        if kind == 7:
            assert payload[4:8] == b"\0\0\0\0", payload
            found.append(int.from_bytes(payload[:4], "big"))
        elif kind == 6 and not flags & 1:
            c.sock.sendall(b"\0\0\x08\x06\x01\0\0\0\0" + payload)
    return found


def frame_data(stream, payload, flags=0):
    return len(payload).to_bytes(3, "big") + bytes([0, flags]) + stream.to_bytes(4, "big") + payload


def next_frame(c):
    def exactly(count):
        data = b""
        while len(data) < count:
            try:
                more = c.sock.recv(count - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Broken("closed")
            data += more
        return data

    head = exactly(9)
    return head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, exactly(int.from_bytes(head[:3], "big"))


def idle():
    """A connection that says nothing is asked to end, and ends."""
    c = Http2(to)
    assert c.get("/echo").status == 200
    began = time.monotonic()
    assert c.ended() == 0
    assert 0.4 < time.monotonic() - began < 8, time.monotonic() - began


def never_used():
    c = Http2(to)
    assert c.ended() == 0


def silent():
    sock = dial(to)
    sock.sendall(b"PRI * HT")
    while sock.recv(1000):
        pass


def aged():
    """After its time a connection gets no further streams, and the client opens another."""
    c = Http2(to)
    assert c.get("/echo").status == 200
    began = time.monotonic()
    while not c.closed and time.monotonic() - began < 15:
        try:
            assert c.get("/echo").status == 200
        except (Broken, h2.exceptions.ProtocolError):
            break
    assert c.ended() == 0
    assert time.monotonic() - began < 10


def by_number():
    """So many requests, and the connection is asked to end. None of them is lost."""
    c, answered = Http2(to), 0
    try:
        while answered < 11_000:
            streams = [c.open("GET", "/next", ends=True) for _ in range(100)]
            for x in streams:
                assert x.answer() == 200
                x.body()
                answered += 1
                c.streams.pop(x.number)
    except (Broken, h2.exceptions.ProtocolError):
        pass
    assert any(isinstance(e, h2.events.ConnectionTerminated) for e in c.others), answered
    assert 9_900 <= answered <= 10_200, answered


scenario, to = sys.argv[1:]
globals()[scenario]()
