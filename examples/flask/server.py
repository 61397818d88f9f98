"""Counts visits in sessions that Flask-Session keeps in this process's memory.

Usage: python server.py PORT NAME (port 0 takes a free one).
"""

import json
import sys

from cachelib import SimpleCache
from flask import Flask, session
from flask_session import Session
from werkzeug.serving import WSGIRequestHandler, make_server

port, name = int(sys.argv[1]), sys.argv[2]
app = Flask(__name__)
app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
Session(app)


@app.get("/")
def count():
    session["visits"] = session.get("visits", 0) + 1
    return f"{name}: visit {session['visits']}\n", {"Content-Type": "text/plain"}


# Keeps connections alive.
WSGIRequestHandler.protocol_version = "HTTP/1.1"
server = make_server("127.0.0.1", port, app, threaded=True)
print(json.dumps({"port": server.port}), flush=True)
server.serve_forever()
