# Sessions on connections that carry many requests. Arguments: name of the scenario, address.
def home(stream):
    return dict(stream.headers)["clingfish-target"], dict(stream.headers)["clingfish-verdict"]


def cookie(stream):
    return next((value.split(";")[0] for name, value in stream.headers if name == "set-cookie"), None)


def crumbs():
    c = Http2(to)
    first = c.get("/")
    mine = cookie(first)
    for headers in [
        [("cookie", mine)],
        [("cookie", "a=1"), ("cookie", mine), ("cookie", "b=2")],
        [("cookie", f"a=1; {mine}"), ("cookie", "b=2")],
    ]:
        for _ in range(4):
            again = c.get("/crumbs", headers)
            assert home(again) == (home(first)[0], "hit"), home(again)


def in_turns():
    """Streams of several sessions on one connection, as a proxy's, each with its own home."""
    c, sessions = Http2(to), []
    for _ in range(6):
        first = c.get("/")
        assert home(first)[1] == "new", home(first)
        sessions.append((home(first)[0], cookie(first)))
    assert len({target for target, _ in sessions}) == 2, "who comes without a cookie later is somebody else"
    streams = [(target, c.open("GET", "/", [("cookie", mine)], ends=True)) for target, mine in sessions * 5]
    for target, x in streams:
        x.answer()
        assert home(x) == (target, "hit"), (home(x), target)


def at_once():
    """First requests that come together are of one client."""
    for _ in range(5):
        c = Http2(to)
        streams = [c.open("GET", f"/{n}", ends=True, now=False) for n in range(8)]
        c.flush()
        for x in streams:
            x.answer()
        homes = {home(x)[0] for x in streams}
        verdicts = sorted(home(x)[1] for x in streams)
        assert len(homes) == 1, homes
        assert verdicts == ["hit"] * 7 + ["new"], verdicts
        assert all(cookie(x) for x in streams)
        for x in streams:
            again = Http2(to).get("/", [("cookie", cookie(x))])
            assert home(again) == (next(iter(homes)), "hit")


def strangers_at_once():
    """Through a trusted proxy they may be of many."""
    c = Http2(to)
    streams = [c.open("GET", f"/{n}", ends=True, now=False) for n in range(8)]
    c.flush()
    for x in streams:
        x.answer()
    assert {home(x)[0] for x in streams} == {"a", "b"}


scenario, to = sys.argv[1:]
globals()[scenario]()
