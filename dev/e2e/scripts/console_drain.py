"""The other story of `console.py`: two ways in, and a drain that is watched until nothing is left.

Put before it; it uses what is there. The group `brief` has the targets `f` and `g` and a stickiness of a few seconds.
"""

import http.client
import itertools
import re
import threading

import websockets.sync.client as websockets


def drain_story(page, chromium):
    by_access_key(page, chromium)
    drain_to_zero(page, LISTENER)
    page.do("await press('Sign out'); await says('Sign in to Clingfish');")
    without_credentials(page)
    # What the page had asked for when its session ended; that is heard a moment later.
    chromium.wrong[:] = [one for one in chromium.wrong if "401" not in str(one)]
    assert chromium.wrong == [], chromium.wrong
    print("all well, f was drained")


def without_credentials(page):
    """On loopback, with nothing to sign in with: it opens, may do everything, and says so."""
    page.visit(f"http://{OPEN}/console/")
    page.do("await says('Open on this machine.'); await says('No credentials are configured'); await go('#/groups/web/targets', 'Register target');")
    page.inspect("open")


def by_access_key(page, chromium):
    page.visit(CONSOLE)
    page.do(f"await press('Sign in with an access key instead'); await type('Access key id', '{KEY}');"
            "await type('Secret access key', 'wrong'); await press('Sign in'); await says('not known here');")
    chromium.wrong[:] = [one for one in chromium.wrong if "401" not in str(one)]
    page.inspect("sign-in-access-key")
    page.do(f"await type('Secret access key', '{SECRET}'); await press('Sign in'); await says('access key {KEY}'); await says('Came home');")


class Stayers:
    """People who come once to `brief`, one after the other, until they are told to stop."""

    def __init__(self, listener):
        self.listener, self.over = listener, threading.Event()
        self.thread = threading.Thread(target=self.come, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.over.set()
        self.thread.join()

    def come(self):
        while not self.over.is_set():
            self.cookie_at(None)
            self.over.wait(0.2)

    def cookie_at(self, home):
        """The cookie of a newcomer who is at home there, or wherever it was."""
        for _ in itertools.count():
            connection = http.client.HTTPConnection(self.listener, timeout=20)
            connection.request("GET", "/brief/")
            answer = connection.getresponse()
            body, cookie = answer.read().decode(), answer.getheader("set-cookie")
            connection.close()
            if home in (None, body):
                return cookie.split(";")[0]


# What stands in the row of `f` while it drains.
LEFT = "([...document.querySelectorAll('.targets tbody tr')].find((row) => row.innerText.startsWith('f'))?.innerText ?? '')"

# Every text that stood there, one after the other, whoever else uses the page meanwhile.
REMEMBER = f"""
    window.left = [];
    new MutationObserver(() => {{ const text = {LEFT}; if (left.at(-1) !== text) left.push(text); }})
        .observe(document.body, {{ subtree: true, childList: true, characterData: true }});
"""


def drain_to_zero(page, listener):
    """Drained while people are there and one has a WebSocket: sessions fall, the end is foretold, the stream keeps the last one, and then it is empty."""
    with Stayers(listener) as stayers:
        cookie = stayers.cookie_at("f")
        with websockets.connect(f"ws://{listener}/ws", additional_headers={"Cookie": cookie}, proxy=None):
            page.do("await go('#/groups/brief/targets', 'Register target');"
                    "const asked = async () => (await fetch('/v1/target-groups/brief/targets', { headers: { 'x-clingfish-console': '1' } })).json();"
                    "await until('there are sessions on it', async () => (await asked()).targets.find((target) => target.id === 'f').sessions >= 10);"
                    "await press('Drain f'); await says('Drain f?'); await press('Drain', 'dialog button'); await says('f is draining.');")
            page.do(REMEMBER + f"await until('the end is foretold, with the stream', () => {LEFT}.includes('gone in about') && {LEFT}.includes('1 stream'));")
            page.inspect("draining")
            page.do(f"await until('the stream keeps the last', () => /\\b1 session,/.test({LEFT}) && {LEFT}.includes('1 stream'));")
        page.do(f"await until('it is empty', () => {LEFT}.includes('Empty: no session is left'));")
    seen = page.do("return left;")
    counts = [int(found[1].replace(",", "")) for found in (re.search(r"([\d,]+) sessions?,", text) for text in seen) if found]
    # Some that came just before are counted a moment later.
    counts = counts[counts.index(max(counts)) :]
    assert counts[-1] == 1 and counts == sorted(counts, reverse=True) and len(set(counts)) > 2, f"sessions fall: {counts} of {seen}"
    page.inspect("drained")
    page.do("await press('Drain f'); await says('f takes new sessions again.');")
