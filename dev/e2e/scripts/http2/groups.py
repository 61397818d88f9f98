# Group stickiness on connections that carry many requests. Arguments: name of the scenario, address.
def seen(stream):
    headers = dict(stream.headers)
    return headers["clingfish-target"], headers["clingfish-group-verdict"], headers["clingfish-verdict"]


def cookies(stream):
    return "; ".join(value.split(";")[0] for name, value in stream.headers if name == "set-cookie")


def in_turns():
    """Streams of several sessions on one connection, as a proxy's, each with its own group and home."""
    c, sessions = Http2(to), []
    for _ in range(24):
        first = c.get("/")
        assert seen(first)[1:] == ("new", "new"), seen(first)
        sessions.append((seen(first)[0], cookies(first)))
    assert len({target for target, _ in sessions}) == 4, "who comes without a cookie later is somebody else"
    streams = [(target, c.open("GET", "/", [("cookie", mine)], ends=True)) for target, mine in sessions * 4]
    for target, x in streams:
        x.answer()
        assert seen(x) == (target, "hit", "hit"), (seen(x), target)


def at_once():
    """First requests that come together are of one client."""
    for _ in range(8):
        c = Http2(to)
        streams = [c.open("GET", f"/{n}", ends=True, now=False) for n in range(8)]
        c.flush()
        for x in streams:
            x.answer()
        assert len({seen(x)[0] for x in streams}) == 1, [seen(x) for x in streams]
        assert sorted(seen(x)[1] for x in streams) == ["hit"] * 7 + ["new"], [seen(x) for x in streams]
        for x in streams:
            again = Http2(to).get("/", [("cookie", cookies(x))])
            assert seen(again) == (seen(streams[0])[0], "hit", "hit"), seen(again)


scenario, to = sys.argv[1:]
globals()[scenario]()
