# A stream of a session. Arguments: address, "ws" or "events", the session's cookie.
to, kind, cookie = sys.argv[1:]
connection = Http2(to)
if kind == "ws":
    connection.seen(h2.events.RemoteSettingsChanged)
    fields, pseudo = [("sec-websocket-version", "13"), ("cookie", cookie)], {":protocol": "websocket"}
    stream = connection.open("CONNECT", "/ws", fields, pseudo=pseudo.items())
else:
    stream = connection.open("GET", "/sse?events=1000&ms=50", [("cookie", cookie)], ends=True)
assert stream.answer() == 200
headers = dict(stream.headers)
assert headers["clingfish-verdict"] == "hit", headers
print("open", flush=True)
input()
stream.reset()
input()
