# What holds whatever version of HTTP either side speaks. Arguments: name of the scenario, version of the client, its address.
def get(v, to):
    got = call(v, to, "GET", "/echo?a=b", [("x-one", "1"), ("cookie", "a=b")])
    said = json.loads(got.content)
    assert got.status == 200 and said["method"] == "GET" and said["bytes"] == 0, said
    assert ["x-one", "1"] in said["headers"] and ["cookie", "a=b"] in said["headers"], said
    assert dict(got.headers)["content-type"] == "application/json", got.headers


def head(v, to):
    got = call(v, to, "HEAD", "/big?123456")
    assert (got.status, got.content, dict(got.headers)["content-length"]) == (200, b"", "123456"), got.headers
    got = call(v, to, "HEAD", "/stream?123456")
    assert (got.status, got.content) == (200, b"")


def upload_with_length(v, to):
    body = pattern(5_000_000)
    x = client(v, to).open("POST", "/echo", length=len(body))
    x.send(body)
    x.finish()
    said = answer_json(x)
    assert (said["bytes"], said["sha256"]) == (len(body), hashlib.sha256(body).hexdigest()), said
    assert ["content-length", str(len(body))] in said["headers"], said["headers"]


def upload_without_length(v, to):
    body = pattern(3_000_001)
    x = client(v, to).open("POST", "/echo")
    for at in range(0, len(body), 100_000):
        x.send(body[at : at + 100_000])
    x.finish()
    said = answer_json(x)
    assert (said["bytes"], said["sha256"]) == (len(body), hashlib.sha256(body).hexdigest()), said
    assert "content-length" not in dict(said["headers"]), said["headers"]


def empty_upload(v, to):
    x = client(v, to).open("POST", "/echo", length=0)
    x.finish()
    assert answer_json(x)["bytes"] == 0
    x = client(v, to).open("POST", "/echo")
    x.finish()
    assert answer_json(x)["bytes"] == 0


def download(v, to):
    for path in ("/big?4000003", "/stream?4000003"):
        got = call(v, to, "GET", path)
        expected = b"".join(bytes(i % 251 for i in range(c - min(c, 8192), c)) for c in range(4000003, 0, -8192))
        assert hashlib.sha256(got.content).digest() == hashlib.sha256(expected).digest(), len(got.content)


def stream_one_by_one(v, to):
    x = client(v, to).open("GET", "/events?5", ends=True)
    assert x.answer() == 200
    assert x.more() == b"data: 0\n\n"
    for number in range(1, 5):
        call("1", to1, "GET", "/next")
        assert x.more() == b"data: %d\n\n" % number
    assert x.more() is None


def trailers_of_answers(v, to):
    x = client(v, to).open("GET", "/trailers", [("te", "trailers")], ends=True)
    x.answer()
    assert x.body() == b"body"
    assert sorted(x.trailers) == [("grpc-status", "0"), ("x-sum", "4"), ("x-text-bin", "AAEC")], x.trailers


def trailers_of_requests(v, to):
    x = client(v, to).open("POST", "/echo", [("te", "trailers")])
    x.send(b"abc")
    x.finish([("x-sum", "3"), ("x-more", "yes")])
    said = answer_json(x)
    assert said["bytes"] == 3 and sorted(said["trailers"]) == [["x-more", "yes"], ["x-sum", "3"]], said


def interim_answers(v, to):
    x = client(v, to).open("POST", "/interim", [("expect", "100-continue")], length=7)
    assert x.interim() == 100
    assert x.interim() == 103
    assert dict(x.interims[1][1])["link"] == "</style.css>; rel=preload", x.interims
    x.send(b"1234567")
    x.finish()
    assert x.answer() == 200
    assert x.body() == b"07"


def both_ways(v, to):
    x = client(v, to).open("POST", "/both")
    assert x.answer() == 200
    for number in range(20):
        x.send(b"%d" % number)
        assert x.more() == b"%d" % number
    x.finish()
    assert x.more() is None
    assert x.trailers == [("x-end", "yes")], x.trailers


def reset_by_the_client(v, to):
    x = client(v, to).open("GET", "/wait", ends=True)
    input()
    x.reset()


def reset_by_the_client_while_it_sends(v, to):
    x = client(v, to).open("POST", "/wait")
    x.send(b"abc")
    input()
    x.reset()


def reset_before_the_answer(v, to):
    got = call(v, to, "POST", "/reset-before")
    assert got.status == 502, got.status
    if v == "2":
        assert got.owner.get("/echo").status == 200, "the connection goes on"


def reset_in_the_answer(v, to):
    x = client(v, to).open("GET", "/reset-middle", ends=True)
    assert x.answer() == 200
    assert x.more() == b"0123456789"
    call("1", to1, "GET", "/next")
    try:
        raise SystemExit(f"it went on with {x.more()!r}")
    except Broken:
        pass
    if v == "2":
        assert x.broken == 2, x.broken
        assert x.owner.get("/echo").status == 200, "the connection goes on"


def early_answer(v, to):
    x = client(v, to).open("POST", "/early", length=1000)
    assert x.answer() == 403
    assert x.body() == b"early"


def slow_reader(v, to):
    """A client that does not read: the target is not read either."""
    x = client(v, to).open("GET", "/stream?60000000", ends=True)
    assert x.answer() == 200
    previous, same = -1, 0
    while same < 5:
        now = json.loads(call("1", to1, "GET", "/taken").content)["taken"]
        same, previous = (same + 1 if now == previous else 0), now
        time.sleep(0.1)
    assert previous < 20_000_000, f"{previous} bytes were taken from the target"
    print(previous)


def slow_target(v, to):
    """A target that does not read: the client is not read either."""
    x = client(v, to).open("POST", "/hold", length=100_000_000)
    piece, sent = pattern(65536), 0
    x_sock = x.sock if v == "1" else x.owner.sock
    x_sock.settimeout(1)
    try:
        while sent < 100_000_000 - 65536:
            x.send(piece)
            sent += len(piece)
    except TimeoutError:
        pass
    print(sent)
    assert sent < 50_000_000, f"{sent} bytes were taken from the client"


scenario, version, to, to1 = sys.argv[1:]
globals()[scenario](version, to)
