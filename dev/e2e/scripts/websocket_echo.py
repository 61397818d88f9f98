"""Text, binary and large messages come back from a WebSocket, and so does the close code."""
import sys
from websockets.sync.client import connect

url, cookie = sys.argv[1], sys.argv[2]
headers = {"Cookie": cookie} if cookie else {}
with connect(url, additional_headers=headers, compression=None, max_size=None) as socket:
    for message in ["text", "Grüße \U0001f41f", b"\x00\xff" * 10, "", b"x" * 70_000, b"y" * (1 << 20)]:
        socket.send(message)
        assert socket.recv() == message, len(message)
    for number in range(200):
        socket.send(str(number))
    assert [socket.recv() for _ in range(200)] == [str(number) for number in range(200)]
    # A message in three frames is three frames on the other side.
    socket.send(["one ", "two ", "three"])
    assert socket.recv() == "one two three"
    pong = socket.ping()
    assert pong.wait(10)
    socket.close(4001, "enough")
    print(socket.close_code, socket.close_reason)
