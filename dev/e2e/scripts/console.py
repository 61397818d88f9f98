"""Leads a real Chromium (`chromium.py`) through the web console, as the person on call would go.

Arguments: the admin address, a listener's address, a token for everything, a token for reading, the file of axe-core, a folder
for pictures, an access key with its secret, the admin address of another Clingfish, which has no credentials, and which story it is to be: `on-call`,
which is told here, or `drain`, which `console_drain.py` tells. The group is called `web`, its targets `a`, `b` and `c`; it is not sticky yet.
"""

import http.client
import json
import sys
import tempfile
import threading

ADMIN, LISTENER, TOKEN, READER, AXE, PICTURES, KEY, SECRET, OPEN, STORY = sys.argv[1:11]
CONSOLE = f"http://{ADMIN}/console/"
SIZES = {"wide": (1440, 900, "light"), "dark": (1440, 900, "dark"), "phone": (360, 780, "light")}

# Before any script of the page: what the policy forbids is written down.
WITNESS = """
    window.violations = [];
    addEventListener('securitypolicyviolation', (e) => violations.push(`${e.violatedDirective}: ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
"""

# What people do, in words: wait until something is there, press what is called so, type into what is labelled so.
HANDS = """
    const until = async (what, is) => {
        for (const end = Date.now() + 20000; Date.now() < end; await new Promise((done) => setTimeout(done, 40))) {
            try { const found = await is(); if (found) return found; } catch (error) { if (!(error instanceof TypeError)) throw error; }
        }
        throw new Error(`it never came true that ${what}: ${document.body.innerText.slice(0, 2000)}`);
    };
    const nameOf = (node) => (node.getAttribute('aria-label') ?? node.innerText ?? '').trim();
    const called = (selector, name) => until(`there is a ${selector} called ${name}`, () => [...document.querySelectorAll(selector)].find((node) => nameOf(node) === name && !node.disabled));
    const press = async (name, selector = 'button, a, input') => (await called(selector, name)).click();
    const field = (label) => until(`there is a field ${label}`, () => [...document.querySelectorAll('label')].find((node) => node.innerText.trim().startsWith(label))?.querySelector('input, select, textarea'));
    const type = async (label, text) => {
        const input = await field(label);
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value').set.call(input, text);
        input.dispatchEvent(new Event(input.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
    };
    const says = (text) => until(`the page says ${text}`, () => document.body.innerText.includes(text));
    const go = async (hash, text) => { location.hash = hash; await says(text); };
"""


class Witness(Chromium):
    """A browser that remembers everything that went wrong in its pages."""

    def __init__(self, *args):
        super().__init__(*args)
        self.wrong = []
        # Paths since somebody cleared the list, and all that ever were.
        self.asked, self.every = [], set()

    def hear(self):
        message = super().hear()
        params = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                path = params["request"]["url"].split(ADMIN)[-1]
                # The browser fetches files, such as the icon, when it likes.
                if not path.startswith("/console/"):
                    self.asked.append(path)
                    self.every.add(path)
            case "Runtime.exceptionThrown":
                self.wrong.append(params["exceptionDetails"])
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning"):
                self.wrong.append(params["args"])
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.wrong.append(params["entry"])
        return message


class Console(Page):
    def __init__(self, chromium):
        super().__init__(chromium)
        self.ask("Log.enable")
        self.ask("Network.enable")
        self.ask("Page.addScriptToEvaluateOnNewDocument", source=WITNESS)
        self.resize("wide")

    def resize(self, size):
        width, height, theme = SIZES[size]
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size == "phone")
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def do(self, script):
        return self.run(HANDS + script)

    def key(self, name):
        for kind in ["keyDown", "keyUp"]:
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, **({"text": "\r"} if name == "Enter" and kind == "keyDown" else {}), windowsVirtualKeyCode={"Tab": 9, "Enter": 13, "Escape": 27}[name])

    def inspect(self, name):
        """Looks at a page in every size: pictures, nothing cut off at the side, nothing that axe calls serious."""
        for size in SIZES:
            self.resize(size)
            self.do("await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));")
            self.picture(PICTURES, f"{name}-{size}")
            wide = self.do("return document.documentElement.scrollWidth - document.documentElement.clientWidth;")
            assert wide <= 0, f"{name}-{size} is {wide} pixels too wide"
            assert self.do("return violations;") == [], f"{name}: {self.do('return violations;')}"
            with open(AXE) as file:
                self.ask("Runtime.evaluate", expression=file.read())
            found = self.do("return (await axe.run()).violations.filter((one) => ['serious', 'critical'].includes(one.impact))"
                            ".map((one) => `${one.id}: ${one.nodes.map((node) => node.html + ' ' + node.failureSummary).slice(0, 3).join(' | ')}`);")
            assert found == [], f"{name}-{size}: " + "\n".join(found)
            self.do("violations.length = 0;")
        self.resize("wide")


class Visitor:
    """Somebody with a cookie jar before the load balancer."""

    def __init__(self):
        self.jar = None

    def visit(self, path="/"):
        connection = http.client.HTTPConnection(LISTENER, timeout=20)
        connection.request("GET", path, headers={"Cookie": self.jar} if self.jar else {})
        answer = connection.getresponse()
        body = answer.read().decode()
        cookie = answer.getheader("set-cookie")
        if cookie:
            self.jar = cookie.split(";")[0]
        connection.close()
        return body

    def homes(self, visits=12):
        return {self.visit() for _ in range(visits)}


def sign_in(page, chromium):
    page.visit(CONSOLE)
    page.do("await called('button', 'Sign in');")
    page.inspect("sign-in")
    page.do("await type('Admin token', 'wrong'); await press('Sign in'); await says('not known here');")
    # Chromium itself writes a line about the answer's status.
    refused = [one for one in chromium.wrong if "401" in str(one)]
    assert len(refused) == 1 and len(chromium.wrong) == 1, chromium.wrong
    chromium.wrong.clear()
    page.do(f"await type('Admin token', '{TOKEN}'); await press('Sign in'); await says('Target groups'); await says('Came home');")
    assert page.do("return document.cookie;") == "", "scripts do not see the cookie"


def overview(page):
    page.do("await says('token admin'); await says('3 of 3 healthy'); await until('lines are drawn', () => document.querySelectorAll('svg.lines path').length >= 3);")
    page.do("await until('rates are there', () => Number(document.querySelector('.fact dd').innerText.split(' ')[0]) > 0);")
    page.inspect("overview")
    page.do("await go('#/groups', 'Algorithm');")
    page.inspect("groups")
    # By keyboard alone: the first stop is the way past the header. The session is still there, too.
    page.visit(CONSOLE + "?again")
    page.do("await says('Came home');")
    page.key("Tab")
    assert page.do("return document.activeElement.innerText;") == "Skip to content"
    page.key("Enter")
    assert page.do("return document.activeElement.id;") == "main"


def live(page, chromium):
    """Numbers move by the stream alone: nothing is asked for again and again, and a hidden or paused page has no stream."""
    page.do("await go('#/overview', 'Came home');")
    page.do("await until('the page is live', () => document.querySelector('.live').innerText === 'live');")
    chromium.asked.clear()
    number = "document.querySelector('.group-card[data-group=web] .line b').innerText"
    for _ in range(2):
        before = page.do(f"return {number};")
        page.do(f"await until('a number moves', () => {number} !== {json.dumps(before)});")
    assert chromium.asked == [], f"nothing is asked for meanwhile: {chromium.asked}"
    page.do("await press('Pause updates'); await until('it rests', () => document.querySelector('.live').innerText === 'paused');")
    before = page.do("return document.querySelector('.facts').innerText;")
    page.do("await new Promise((done) => setTimeout(done, 4500));")
    assert page.do("return document.querySelector('.facts').innerText;") == before, "nothing moves while it is paused"
    page.do(f"await press('Pause updates'); const before = {number}; await until('it goes on', () => {number} !== before);")
    assert chromium.asked == ["/v1/live"], f"there is one stream, and nothing else: {chromium.asked}"


def make_sticky(page):
    visitor = Visitor()
    assert len(visitor.homes()) == 3, "not sticky yet"
    page.do("await go('#/groups/web/attributes', 'What will change'); await press('On', 'label.switch').catch(() => {});"
            "(await until('there is a switch', () => document.querySelector('section .switch input'))).click();")
    page.do("await type('Duration', '30m'); await type('Cookie name', 'home'); await says('stickiness.cookie');")
    listed = page.do("return [...document.querySelectorAll('.changes li')].map((row) => row.innerText);")
    assert any("stickiness.enabled" in row and "true" in row for row in listed), listed
    page.inspect("attributes")
    page.do("await press('Apply changes'); await says('web is changed.'); await says('cookie, 30m');")
    visitor.visit()
    homes = visitor.homes()
    assert len(homes) == 1, f"the next requests stick: {homes}"
    assert visitor.jar.startswith("home="), visitor.jar
    return visitor, homes.pop()


def what_would_be(page, home):
    """How many sessions a change would move or end is said before it is made; nothing is made."""
    page.do("await type('Cookie name', 'other'); await says('would end.'); await press('Discard');"
            f"await go('#/groups/web/targets', 'Register target'); await press('Deregister {home}'); await says('would move to another target');")
    page.inspect("deregister")
    page.key("Escape")
    page.do("await until('nothing happens', () => !document.querySelector('dialog')); await go('#/groups/web/attributes', 'What will change'); await field('Duration');")


def refused_change(page, chromium):
    """What the server does not take is told with its own words, and nothing is lost."""
    page.do("await type('Duration', '8 days'); await press('Apply changes'); await says('stickiness.duration');"
            "await until('there is an alert', () => document.querySelector('[role=alert]')); await press('Discard');")
    chromium.wrong[:] = [one for one in chromium.wrong if "422" not in str(one)]


def monitoring(page):
    page.do("await go('#/groups/web/monitoring', 'Affinity break rate');"
            "await until('there are numbers', () => document.querySelectorAll('figure .legend b').length > 8);")
    looks = "return [...document.querySelectorAll('.plot canvas')].map((canvas) => canvas.toDataURL()).join();"
    before = page.do(looks)
    page.do(f"const before = {json.dumps(before)}; await until('a chart moves', () => {{ {looks} }} !== before);".replace("=> { return", "=> (() => { return").replace("} !== before", "})() !== before"))
    page.do("await until('somebody came home', () => [...document.querySelectorAll('.legend span')].some((node) => /^came home [1-9]/.test(node.innerText)));")
    page.inspect("monitoring")
    # A page that has just been opened has what was before it: no chart begins with it.
    page.visit(CONSOLE + "?fresh")
    page.do("await says('Came home'); await go('#/groups/web/monitoring', 'Affinity break rate');"
            "const opened = new Date(performance.timeOrigin - 8000).toTimeString().slice(0, 8);"
            "await until('there is what was before the page', () => /from (\\S+) to/.exec(document.querySelector('figure[aria-label=\"Health history\"]').innerText)[1] < opened);"
            "for (const title of ['Balance', 'Targets by health', 'Latency', 'Requests'])"
            "  await until(`${title} has numbers`, () => { const all = [...document.querySelectorAll(`figure[aria-label=\"${title}\"] .legend b`)]; return all.length > 0 && all.every((one) => one.innerText !== '–'); });")
    page.inspect("monitoring-fresh")
    # One target alone, chosen by its bar.
    page.do("const first = (await until('there are bars', () => document.querySelector('.bars button.name'))); const id = first.innerText; first.click();"
            "await says(`Target ${id}`); await says('Latency of the target');"
            "await until('its latency is told', () => /p50 [0-9]/.test(document.querySelector('figure[aria-label=\"Latency of the target\"]').innerText));")
    page.inspect("monitoring-target")
    page.do("await press('Back to the whole group'); await says('Affinity break rate');")


def trace(page, visitor, home):
    page.do(f"await go('#/trace', 'Step by step'); await type('Cookie, headers', {json.dumps(visitor.jar + '; Path=/; HttpOnly')}); await press('Trace', 'form button');"
            "await until('there are steps', () => document.querySelectorAll('.steps li').length > 3);")
    told = page.do("return document.querySelector('.steps').innerText;")
    assert "hit" in told and home in told, told
    page.inspect("trace")
    page.do("await press('Clear'); await type('Cookie, headers', 'home=forged'); await press('Trace', 'form button'); await says('forged');")
    recent_requests(page, visitor, home)


def recent_requests(page, visitor, home):
    """What came is listed with what became of it; one of them leads to its steps, by keyboard too."""
    visitor.visit("/mine?key=hunter2")
    page.do("await until('traffic is listed', () => document.querySelectorAll('.requests tbody tr').length > 5);"
            "await type('Target group', 'web'); await type('Verdict', 'hit');"
            "await until('those of one kind are left', () => { const rows = [...document.querySelectorAll('.requests tbody tr')]; return rows.length > 0 && rows.every((row) => row.innerText.includes('hit') && row.innerText.includes('web')); });"
            "document.querySelector('.requests tbody button').focus();")
    page.key("Enter")
    page.do("await until('it is told', () => document.querySelector('.then')?.innerText.includes('hit') && document.querySelectorAll('.steps li').length > 3);"
            "await until('the list says which one', () => document.querySelector('.requests tr.chosen button[aria-pressed=true]'));")
    told = page.do("return document.querySelector('.steps').innerText;")
    assert "a token of ours" in told and "hit: the client goes home" in told, told
    page.do("await type('Verdict', '');")
    page.inspect("requests")
    assert "hunter2" not in page.do("return document.body.innerText;")


def drain(page, home):
    page.do(f"await go('#/groups/web/targets', 'Register target'); await press('Drain {home}'); await says('Drain {home}?'); await says('sessions that live now would move or end.');")
    page.inspect("drain")
    page.key("Escape")
    page.do(f"await until('nothing happens', () => !document.querySelector('dialog'));"
            f"await press('Drain {home}'); await press('Drain', 'dialog button'); await says('{home} is draining.');"
            "await until('its state is told', () => document.querySelector('.targets tbody').innerText.includes('draining'));")
    page.inspect("targets")


def events(page):
    page.do("await go('#/overview', 'Came home'); await until('everybody comes home', () => document.querySelector('.facts').innerText.includes('100 %'));")
    page.inspect("overview-sticky")
    page.do("await go('#/events', 'PATCH target'); await says('token admin'); document.querySelector('.event summary').click();"
            "await until('the difference is shown', () => document.querySelector('.event[open] .diff .plus'));")
    page.inspect("events")
    page.do("const first = [...document.querySelectorAll('.event')].at(-1); first.open = true;"
            "[...first.querySelectorAll('button')].at(-1).click(); await says('Go back to revision');"
            "await until('it shows what changes', () => document.querySelector('dialog .diff'));")
    page.inspect("rollback")
    page.do("await press('Go back', 'dialog button'); await says('is in force again'); await says('rollback');")


def check(page):
    """Starts the self-test, watches it, and reads what came of it."""
    page.do("await go('#/check', 'clingfish check'); await type('Path', '/cart'); await says('/cart'); await says('None yet');")
    page.inspect("check")
    page.do("await press('Start check'); await says('steps so far'); await called('button', 'Cancel');")
    page.inspect("check-running")
    page.do("await until('it has ended', () => document.querySelector('.verdicts')); await says('For users:');")
    told = page.do("return [...document.querySelectorAll('.promise summary')].map((row) => row.innerText.replaceAll('\\n', ' '));")
    for promise, verdict in [("comes-home", "kept"), ("new-connection", "kept"), ("forged-cookie", "kept"), ("parallel-first", "broken")]:
        assert any(promise in row and row.startswith(verdict) for row in told), f"{promise}: {told}"
    assert "Clingfish" in page.do("return document.querySelector('.ground').innerText;")
    page.do("await called('button', 'Copy as JSON'); (await until('it is kept', () => document.querySelector('.promise:not([open]) summary'))).focus();")
    page.key("Enter")
    page.do("await until('the keyboard opens it', () => document.activeElement.closest('details').open);")
    page.inspect("check-report")
    page.do("await until('it is among earlier ones', () => document.querySelector('.runs button[aria-current]'));")


def leave(page):
    page.do("await press('Sign out'); await says('Sign in to Clingfish');")
    status = page.do("return (await fetch('/v1/keys', { headers: { 'x-clingfish-console': '1' } })).status;")
    assert status == 401, "the session has ended"
    page.chromium.wrong[:] = [one for one in page.chromium.wrong if "401" not in str(one)]


def read_only(page):
    page.do(f"await type('Admin token', '{READER}'); await press('Sign in'); await says('read only');"
            "await go('#/groups/web/targets', 'Targets'); await until('targets are there', () => document.querySelectorAll('.targets tbody tr').length === 3);")
    offered = page.do("return [...document.querySelectorAll('main button:not(:disabled), main input:not(:disabled)')].map(nameOf);")
    assert offered == [], f"who may look only is offered nothing else: {offered}"
    page.inspect("read-only")
    page.do("await go('#/check', 'Copy as JSON'); await says('token admin');")
    assert "Start check" not in page.do("return document.body.innerText;"), "who may look only starts none"


def from_elsewhere(page):
    """As if a proxy that nobody trusts had passed it on, in the clear."""
    page.do("await press('Sign out'); await says('Sign in to Clingfish');")
    page.ask("Network.setExtraHTTPHeaders", headers={"X-Forwarded-For": "192.0.2.1"})
    page.visit(CONSOLE + "?elsewhere")
    page.do("await says('needs TLS');")
    page.inspect("needs-tls")


def people():
    """Traffic, so that there is something to see."""
    while not over.is_set():
        visitor = Visitor()
        for _ in range(8):
            visitor.visit("/cart")
            Visitor().visit("/api/prices")
            over.wait(0.02)


over = threading.Event()
threading.Thread(target=people, daemon=True).start()
try:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        with Witness(profile, "allow") as chromium:
            page = Console(chromium)
            if STORY == "drain":
                drain_story(page, chromium)
                sys.exit()
            sign_in(page, chromium)
            overview(page)
            live(page, chromium)
            visitor, home = make_sticky(page)
            what_would_be(page, home)
            refused_change(page, chromium)
            monitoring(page)
            trace(page, visitor, home)
            check(page)
            drain(page, home)
            assert visitor.homes() == {home}, "a draining target keeps its sessions"
            assert home not in {Visitor().visit() for _ in range(9)}, "and takes no new ones"
            events(page)
            leave(page)
            read_only(page)
            from_elsewhere(page)
            # What a change would do is asked a little after it is typed: the answer to one that cannot be may come late.
            wrong = [one for one in chromium.wrong if not ("422" in str(one) and "/v1/what-if" in str(one))]
            assert wrong == [], wrong
            assert "/metrics" not in chromium.every and "/v1/state" not in chromium.every, "the stream is the one way"
finally:
    over.set()
print(f"all well, {home} was drained")
