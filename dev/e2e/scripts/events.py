"""Reads server-sent events. The target sends each only when it was told that the one before has arrived."""
import sys
import requests

base = sys.argv[1]
session = requests.Session()
with session.get(base + "/events", stream=True, timeout=10) as response:
    assert response.headers["content-type"] == "text/event-stream", response.headers
    lines = response.iter_lines(chunk_size=1)
    for number in (1, 2, 3):
        while (line := next(lines)) == b"":
            pass
        assert line == b"data: %d" % number, line
        requests.post(base + "/seen", timeout=10).raise_for_status()
    assert all(line == b"" for line in lines)
print("three events")
