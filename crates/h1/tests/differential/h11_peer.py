"""Reads inputs as hex lines, writes what h11 sees in each: how it ended, then method:target:body per request, in hex."""

import sys

import h11


def requests_in(data):
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    requests = []
    request, body = None, b""
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                requests.append((request.method, request.target, body))
                request = None
                answer(connection)
                if connection.our_state is not h11.DONE:
                    return "closed", requests
                connection.start_next_cycle()
            elif event is h11.PAUSED:
                # It waits to see whether we agree to the upgrade. We do not.
                return "paused", requests
            else:
                rest = connection.trailing_data[0]
                return ("partial" if request or rest else "clean"), requests
    except h11.RemoteProtocolError as error:
        return "refused", requests


def answer(connection):
    connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
    connection.send(h11.EndOfMessage())


for line in sys.stdin:
    end, requests = requests_in(bytes.fromhex(line.strip()))
    seen = [":".join(part.hex() for part in map(bytes, request)) for request in requests]
    print(end, *seen, flush=True)
