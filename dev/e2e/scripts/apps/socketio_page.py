"""Leads a real Chromium (`chromium.py`) to a page of one site that speaks Socket.IO with another. Tells how it went, as JSON.

Arguments: the chat's port, the page's port, "cookies" or "none", and whether to "allow" or "block" third parties' cookies.
"""

import json
import sys
import tempfile

CHAT = f"https://chat.test:{sys.argv[1]}"
PAGE = f"https://page.example:{sys.argv[2]}/"
COOKIES = json.dumps(sys.argv[3] == "cookies")

TALK = """
    const transports = %s;
    const socket = io('%s', { transports, withCredentials: %s, forceNew: true, reconnection: false });
    const upgraded = new Promise((done) => socket.io.engine.once('upgrade', done));
    const home = await new Promise((done, fail) => {
        socket.once('welcome', done);
        socket.once('connect_error', (error) => fail(new Error(`no connection: ${error.message}`)));
        socket.once('disconnect', (reason, more) => fail(new Error(`${reason}: ${more?.message} ${more?.description}`)));
    });
    for (let number = 1; number <= 10; number += 1) {
        // Half of it by polls.
        if (number === 6 && transports.length > 1) await upgraded;
        const answer = await socket.timeout(10000).emitWithAck('say', 'hello');
        if (answer.by !== home || answer.number !== number) throw new Error(JSON.stringify({ home, number, answer }));
    }
    const transport = socket.io.engine.transport.name;
    socket.removeAllListeners();
    socket.disconnect();
    return { home, transport };
"""


def talk(page, transports):
    page.visit(PAGE)
    page.run(f"""
        const script = document.createElement('script');
        script.src = '{CHAT}/socket.io/socket.io.js';
        await new Promise((done, fail) => {{
            Object.assign(script, {{ onload: done, onerror: () => fail(new Error('no script')) }});
            document.head.append(script);
        }});
    """)
    return page.run(TALK % (json.dumps(transports), CHAT, COOKIES))


outcome = {"homes": {}, "transports": {}, "failures": []}
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    with Chromium(profile, sys.argv[4]) as chromium:
        for transports in [["polling"], ["websocket"], ["polling", "websocket"]] * 2:
            # Somebody new each time.
            try:
                went = talk(Page(chromium), transports)
            except AssertionError as failure:
                outcome["failures"].append(str(failure))
                continue
            for kind, name in [("homes", went["home"]), ("transports", went["transport"])]:
                outcome[kind][name] = outcome[kind].get(name, 0) + 1
print(json.dumps(outcome))
