"""What Python's requests does: kept-alive connections, cookies, forms, redirects, streams."""
import io
import sys
import requests

base = sys.argv[1]
session = requests.Session()


def get(path, **more):
    return session.get(base + path, timeout=20, **more)


# One connection serves everything that follows.
assert [get(f"/{n}").json()["path"] for n in range(5)] == [f"/{n}" for n in range(5)]
pools = session.adapters["http://"].poolmanager.pools
(pool,) = (pools[key] for key in pools.keys())
assert (pool.num_connections, pool.num_requests) == (1, 5), (pool.num_connections, pool.num_requests)

assert session.head(base + "/bytes/1000", timeout=20).headers["content-length"] == "1000"
assert session.options(base + "/x", timeout=20).json()["method"] == "OPTIONS"
for method in ("PUT", "PATCH", "DELETE", "PROPFIND"):
    answer = session.request(method, base + "/x", data=b"12345", timeout=20).json()
    assert (answer["method"], answer["body_bytes"]) == (method, 5), answer

form = session.post(base + "/echo", data={"a": "1 2", "b": "Grüße"}, timeout=20)
assert form.text == "a=1+2&b=Gr%C3%BC%C3%9Fe", form.text
files = session.post(base + "/x", files={"file": ("a.bin", io.BytesIO(b"x" * 300_000))}, timeout=20)
assert files.json()["body_bytes"] > 300_000
streamed = session.post(base + "/echo", data=(b"part %d;" % n for n in range(100)), timeout=20)
assert streamed.text == "".join(f"part {n};" for n in range(100)), streamed.text

chunked = get("/chunked?chunks=5", stream=True)
lines = list(chunked.iter_lines())
assert lines == [b"chunk %d" % n for n in range(1, 6)], lines
for status in (204, 304, 404, 418, 500, 503):
    answer = get(f"/status/{status}")
    assert answer.status_code == status, (answer.status_code, status, answer.text)
assert get("/until-close").text == "until close\n"
assert get("/continue").text == "after an interim response\n"
assert get("/last").json()["path"] == "/last"
try:
    get("/cut")
except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError):
    print("all well")
