# Streams of one connection, and connections to targets. Arguments: name of the scenario, address, address of an HTTP/1 door.
def tally():
    return json.loads(call("1", to1, "GET", "/taken").content)["connections"]


def at_once():
    c = Http2(to)
    streams = [c.open("POST", f"/echo?{n}") for n in range(100)]
    for n, x in enumerate(streams):
        x.send(pattern(n * 100))
        x.finish()
    seen = set()
    for n, x in enumerate(streams):
        said = answer_json(x)
        assert x.status == 200 and said["bytes"] == n * 100, said
        seen.add(said["connection"])
    print(len(seen))


def over_the_limit():
    """Beyond what is allowed at the same time, streams are refused, and the others go on."""
    c = Http2(to)
    c.seen(h2.events.RemoteSettingsChanged)
    limit = c.conn.remote_settings.max_concurrent_streams
    assert limit == 128, limit
    c.conn.remote_settings.update({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 10_000})
    c.conn.remote_settings.acknowledge()
    streams = [c.open("POST", "/both") for _ in range(150)]
    refused = 0
    for x in streams:
        try:
            assert x.answer() == 200
        except Broken:
            assert x.broken == 7, x.broken
            refused += 1
    assert refused == 150 - 128, refused
    for x in streams:
        if x.broken is None:
            x.finish()
            assert x.body() == b""
    assert c.get("/echo").status == 200


def refused_by_the_target():
    c = Http2(to)
    assert c.get("/echo").status == 200
    for method, body in [("GET", b""), ("POST", b""), ("POST", b"0123456789"), ("PATCH", pattern(10_000))]:
        call("1", to1, "GET", "/refuse?1")
        x = c.open(method, "/echo", ends=not body)
        if body:
            x.send(body)
            x.finish([("x-sum", "1")])
        said = answer_json(x)
        assert (x.status, said["bytes"]) == (200, len(body)), said
        assert said["sha256"] == hashlib.sha256(body).hexdigest()
        if body:
            assert said["trailers"] == [["x-sum", "1"]], said
    for _ in range(3):
        call("1", to1, "GET", "/refuse?1")
        x = Http1(to).open("POST", "/echo", length=0)
        assert answer_json(x)["method"] == "POST"
    call("1", to1, "GET", "/refuse?5")
    assert call("2", to, "GET", "/echo").status == 502


def goaway_of_the_target():
    c = Http2(to)
    held = c.open("GET", "/events?2", ends=True)
    assert held.answer() == 200
    first = json.loads(c.get("/echo").content)["connection"]
    c.get("/goaway")
    time.sleep(0.05)
    for _ in range(30):
        x = c.open("POST", "/echo", length=0)
        x.finish()
        assert answer_json(x)["connection"] != first
        assert x.status == 200
    call("1", to1, "GET", "/next")
    assert held.body() == b"data: 0\n\ndata: 1\n\n", "what runs on the old connection finishes"


def few_connections():
    before = tally()
    for _ in range(20):
        c = Http2(to)
        assert c.get("/echo").status == 200
        assert call("1", to, "GET", "/echo").status == 200
    after = tally()
    assert after - before <= 3, (before, after)


def stalled_target():
    got = call("2", to, "GET", "/stall")
    assert got.status == 504, got.status
    assert got.owner.get("/echo").status == 200


def stalled_upload():
    c = Http2(to)
    x = c.open("POST", "/echo", length=100)
    x.send(b"abc")
    assert x.answer() == 408, x.status
    assert c.get("/echo").status == 200


def answered_early():
    """An answer that comes before the body has ended stays whole, whatever of the body still comes."""
    c, body = Http2(to), pattern(3_000_000)
    for path, length, status in [("/early", None, 403), ("/early-and-reset", None, 403),
                                 ("/echo", 5_000_000, 413), ("/../above", None, 400)]:
        x = c.open("POST", path, length=length)
        assert x.answer() == status, (path, x.status)
        assert x.body(), path
        x.send(body)
        assert c.get("/echo").status == 200
        resets = [event for event in x.events if isinstance(event, h2.events.StreamReset)]
        assert not resets, (path, resets)
        if length is None:
            x.finish()
            continue
        # Nothing more comes, and nobody waits for it without end.
        try:
            while True:
                x.event()
        except Broken:
            assert x.broken == 0, x.broken
    assert c.get("/echo").status == 200


def dead_connection():
    c = Http2(to)
    streams = [c.open("GET", "/wait", ends=True) for _ in range(10)]
    input()
    c.sock.close()


scenario, to, to1 = sys.argv[1:]
globals()[scenario]()
