"""An MCP server with sessions in its memory: each has a counter and a notebook.

Usage: python server.py PORT NAME (port 0 takes a free one).
"""

import json
import socket
import sys
from weakref import WeakKeyDictionary

import uvicorn
from mcp.server.fastmcp import Context, FastMCP

port, name = int(sys.argv[1]), sys.argv[2]
server = FastMCP(f"notebook {name}")
# Goes with the session.
notebooks = WeakKeyDictionary()


@server.tool()
def note(text: str, context: Context) -> str:
    """Adds a line to this session's notebook and says how many there are."""
    notebook = notebooks.setdefault(context.session, [])
    notebook.append(text)
    return json.dumps({"by": name, "notes": len(notebook)})


@server.tool()
async def announce(text: str, context: Context) -> str:
    """Says something on the session's own stream of events, and not in the answer."""
    await context.session.send_log_message(level="info", data={"by": name, "text": text})
    return json.dumps({"by": name})


listener = socket.create_server(("127.0.0.1", port))
print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
