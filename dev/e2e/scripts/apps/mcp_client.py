"""Many MCP sessions at once, each of which writes into its notebook. Tells how it went, as JSON.

Arguments: the address, whether clients keep cookies, how many there are, and how much each of them writes.
"""

import json
import sys
from collections import Counter
from http.cookiejar import DefaultCookiePolicy

import anyio
import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared._httpx_utils import create_mcp_http_client

url, cookies, clients, notes = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
homes, other, unknown, versions, ended = Counter(), [], 0, set(), 0


def http_client(**settings):
    client = create_mcp_http_client(**settings)
    if cookies != "cookies":
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


async def call(session, tool, text):
    result = await session.call_tool(tool, {"text": text})
    assert not result.isError, result
    return json.loads(result.content[0].text)


async def write(number):
    """A whole life: initialize, tools, notes, an event on the stream, DELETE."""
    global ended
    heard = anyio.Event()
    announced = []

    async def on_log(params):
        announced.append(params.data)
        heard.set()

    async with streamablehttp_client(url, httpx_client_factory=http_client) as (read, send, session_id):
        async with ClientSession(read, send, logging_callback=on_log) as session:
            versions.add((await session.initialize()).protocolVersion)
            tools = await session.list_tools()
            assert {tool.name for tool in tools.tools} == {"note", "announce"}, tools
            first = await call(session, "note", "1")
            for count in range(2, notes + 1):
                answer = await call(session, "note", str(count))
                assert answer == {"by": first["by"], "notes": count}, (first, count, answer)
            await call(session, "announce", f"{number}")
            with anyio.fail_after(20):
                await heard.wait()
            assert announced == [{"by": first["by"], "text": f"{number}"}], announced
        id = session_id()
    # Leaving sent DELETE; a session that is still known would answer.
    async with httpx.AsyncClient() as stranger:
        known = 0
        for _ in range(6):
            ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            headers = {"mcp-session-id": id, "accept": "application/json, text/event-stream"}
            stranger.cookies.clear()
            answer = await stranger.post(url, json=ping, headers=headers)
            known += answer.status_code == 200
        ended += known == 0
    homes[first["by"]] += 1


def causes(error):
    if isinstance(error, BaseExceptionGroup):
        return [cause for part in error.exceptions for cause in causes(part)]
    return [error]


async def guarded(number):
    global unknown
    try:
        with anyio.fail_after(40):
            await write(number)
    except Exception as error:
        said = "; ".join(repr(cause) for cause in causes(error))
        if "Session not found" in said or "Session terminated" in said:
            unknown += 1
        else:
            other.append(said)


async def main():
    async with anyio.create_task_group() as group:
        for number in range(clients):
            group.start_soon(guarded, number)


anyio.run(main)
outcome = {"homes": homes, "ended": ended, "unknown": unknown, "other": other, "versions": sorted(versions)}
print(json.dumps(outcome))
