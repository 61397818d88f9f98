"""A real Chromium that scripts lead. Put before what uses it.

Every name is this machine's; certificates are not looked at.
"""

import base64
import json
import os
import subprocess
import sys

from websockets.sync.client import connect

PATIENCE = 30

# The numbers of Chromium's setting. Distributions differ in what they set it to.
THIRD_PARTIES = {"allow": 0, "block": 1}

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

    def __init__(self, profile, third_parties):
        """With a folder for the profile; it is to "allow" or "block" third parties' cookies."""
        self.number = 0
        self.events = []
        os.mkdir(os.path.join(profile, "Default"))
        with open(os.path.join(profile, "Default", "Preferences"), "w") as file:
            json.dump({"profile": {"cookie_controls_mode": THIRD_PARTIES[third_parties]}}, file)
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

    def picture(self, folder, name):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        with open(os.path.join(folder, f"{name}.png"), "wb") as file:
            file.write(base64.b64decode(data))
