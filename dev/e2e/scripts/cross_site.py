"""Leads a real Chromium through what brings people from one site to another.

Arguments: the shop's port, the partner's port, whether to "allow" or "block" third parties' cookies, and optionally a folder
for pictures. Every name is this machine's; certificates are not looked at. Each journey begins without cookies. What came to
the servers is for the servers to tell: here only fails what a page cannot do.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile

from websockets.sync.client import connect

SHOP = f"https://shop.example:{sys.argv[1]}"
PARTNER = f"https://pay.test:{sys.argv[2]}"
# The numbers of Chromium's setting. Distributions differ in what they set it to.
THIRD_PARTIES = {"allow": 0, "block": 1}[sys.argv[3]]
PICTURES = sys.argv[4] if len(sys.argv) > 4 else None
PATIENCE = 30

OPTIONS = [
    "--headless=new",
    # Its sandbox does not start for root, as whom containers run.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--ignore-certificate-errors",
    "--host-resolver-rules=MAP * 127.0.0.1",
    "--remote-debugging-port=0",
]


class Chromium:
    """A browser and the connection that commands it."""

    def __init__(self, profile):
        self.number = 0
        self.events = []
        os.mkdir(os.path.join(profile, "Default"))
        with open(os.path.join(profile, "Default", "Preferences"), "w") as file:
            json.dump({"profile": {"cookie_controls_mode": THIRD_PARTIES}}, file)
        command = ["chromium", *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if line.startswith("DevTools listening on "):
                self.address = line.split()[-1]
                return
        sys.exit("chromium does not start: " + "".join(said))

    def __enter__(self):
        self.connection = connect(self.address, proxy=None, max_size=None)
        self.socket = self.connection.__enter__()
        return self

    def __exit__(self, *failure):
        self.process.terminate()
        self.connection.__exit__(*failure)
        self.process.communicate(timeout=PATIENCE)

    def ask(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))
        number = self.number
        while True:
            answer = self.hear()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]

    def hear(self):
        message = json.loads(self.socket.recv(timeout=PATIENCE))
        if "method" in message:
            self.events.append(message)
        return message

    def wait(self, session, wanted):
        """Waits for an event of the session, those that have come already among them."""
        while True:
            for at, event in enumerate(self.events):
                if event.get("sessionId") == session and wanted(event):
                    del self.events[: at + 1]
                    return event["params"]
            self.hear()


class Page:
    """One tab of a person who has no cookies yet."""

    def __init__(self, chromium):
        self.chromium = chromium
        context = chromium.ask("Target.createBrowserContext")["browserContextId"]
        target = chromium.ask("Target.createTarget", url="about:blank", browserContextId=context)
        attached = chromium.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ["Page", "Runtime"]:
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        return self.chromium.ask(method, self.session, **params)

    def load(self, what, url):
        """Does what leads to that address, and waits until it is there."""
        self.chromium.events.clear()
        what()

        def arrived(event):
            frame = event["params"].get("frame", {})
            return event["method"] == "Page.frameNavigated" and frame.get("url") == url

        self.chromium.wait(self.session, arrived)
        self.chromium.wait(self.session, lambda event: event["method"] == "Page.loadEventFired")

    def visit(self, url):
        self.load(lambda: self.ask("Page.navigate", url=url), url)

    def run(self, script):
        """Runs the body of an async function."""
        done = self.ask(
            "Runtime.evaluate",
            expression=f"(async () => {{ {script} }})()",
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def leave(self, script, url):
        """Runs what leads to another page."""
        self.load(lambda: self.ask("Runtime.evaluate", expression=script), url)

    def picture(self, name):
        if PICTURES:
            data = self.ask("Page.captureScreenshot", format="png")["data"]
            with open(os.path.join(PICTURES, f"{name}.png"), "wb") as file:
                file.write(base64.b64decode(data))


def form(action):
    return f"""
        const form = document.createElement('form');
        Object.assign(form, {{ method: 'POST', action: '{action}' }});
        form.innerHTML = '<input name=paid value=yes>';
        document.body.append(form);
        form.submit();
    """


def own_site(page):
    """A person at the shop itself, who then comes by a link from elsewhere."""
    page.visit(f"{SHOP}/own/first")
    page.visit(f"{SHOP}/own/second")
    page.run(f"await fetch('{SHOP}/own/fetch')")
    page.visit(f"{PARTNER}/links")
    page.leave(f"location.href = '{SHOP}/own/link'", f"{SHOP}/own/link")
    page.picture("own")


def return_post(page):
    """A payment provider's page that posts back to the shop."""
    page.visit(f"{SHOP}/return/cart")
    page.leave(f"location.href = '{PARTNER}/pay'", f"{PARTNER}/pay")
    page.picture("return-pay")
    page.leave(form(f"{SHOP}/return/paid"), f"{SHOP}/return/paid")
    page.picture("return-paid")
    page.visit(f"{SHOP}/return/thanks")


def return_post_in_a_frame(page):
    """The same in a frame of the shop's page, as banks ask for a second factor."""
    page.visit(f"{SHOP}/bank/cart")
    page.run(f"""
        const frame = document.createElement('iframe');
        frame.src = '{PARTNER}/bank?{SHOP}/bank/paid';
        const done = new Promise(done => onmessage = event => done(event.data));
        document.body.append(frame);
        await done;
    """)
    page.picture("bank")
    page.visit(f"{SHOP}/bank/thanks")


def fetches(page):
    """A page of one site that speaks to a server of another."""
    page.visit(f"{PARTNER}/page")
    for name in ["first", "second", "third"]:
        page.run(f"""
            const answer = await fetch('{SHOP}/fetch/{name}', {{ credentials: 'include' }});
            if (!answer.ok) throw answer.status;
        """)
    page.run(f"""
        await fetch('{SHOP}/fetch/post', {{ credentials: 'include', method: 'POST', body: 'x' }});
        const image = new Image();
        await new Promise(done => {{ image.onerror = done; image.src = '{SHOP}/fetch/image'; }});
    """)


def frame(page):
    """The shop in a frame of another site's page; the frame asks for more and moves on by itself."""
    page.visit(f"{PARTNER}/page")
    page.run(f"""
        const frame = document.createElement('iframe');
        frame.src = '{SHOP}/frame/first';
        const done = new Promise(done => onmessage = event => done(event.data));
        document.body.append(frame);
        await done;
    """)
    page.picture("frame")


def sockets(page):
    """What Socket.IO does: it polls, posts, and then opens a WebSocket."""
    page.visit(f"{PARTNER}/page")
    page.run(f"""
        const ask = (method, name) => new Promise((done, fail) => {{
            const request = new XMLHttpRequest();
            request.withCredentials = true;
            request.open(method, '{SHOP}/sockets/' + name);
            request.onload = done;
            request.onerror = () => fail(new Error(name));
            request.send(method === 'POST' ? '40' : null);
        }});
        await ask('GET', 'open');
        await ask('POST', 'send');
        await ask('GET', 'poll');
        const socket = new WebSocket('{SHOP.replace("https", "wss")}/ws?sockets');
        const heard = await new Promise((done, fail) => {{
            socket.onopen = () => socket.send('2probe');
            socket.onmessage = event => done(event.data);
            socket.onerror = () => fail(new Error('the WebSocket failed'));
        }});
        if (heard !== '2probe') throw new Error('another echo');
        socket.close();
    """)


def two_jars(page):
    """A customer of the shop who then meets it embedded elsewhere, and comes back."""
    page.visit(f"{SHOP}/jars/own")
    page.visit(f"{PARTNER}/page")
    for name in ["embedded", "again"]:
        page.run(f"await fetch('{SHOP}/jars/{name}', {{ credentials: 'include' }})")
    page.visit(f"{SHOP}/jars/back")


JOURNEYS = [own_site, return_post, return_post_in_a_frame, fetches, frame, sockets, two_jars]

with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    with Chromium(profile) as chromium:
        for journey in JOURNEYS:
            journey(Page(chromium))
print("all well")
