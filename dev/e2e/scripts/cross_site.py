"""Leads a real Chromium (`chromium.py`) through what brings people from one site to another.

Arguments: the shop's port, the partner's port, whether to "allow" or "block" third parties' cookies, and optionally a folder
for pictures. Each journey begins without cookies. What came to the servers is for the servers to tell: here only fails what
a page cannot do.
"""

import sys
import tempfile

SHOP = f"https://shop.example:{sys.argv[1]}"
PARTNER = f"https://pay.test:{sys.argv[2]}"
PICTURES = sys.argv[4] if len(sys.argv) > 4 else None


def picture(page, name):
    if PICTURES:
        page.picture(PICTURES, name)


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
    picture(page, "own")


def return_post(page):
    """A payment provider's page that posts back to the shop."""
    page.visit(f"{SHOP}/return/cart")
    page.leave(f"location.href = '{PARTNER}/pay'", f"{PARTNER}/pay")
    picture(page, "return-pay")
    page.leave(form(f"{SHOP}/return/paid"), f"{SHOP}/return/paid")
    picture(page, "return-paid")
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
    picture(page, "bank")
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
    picture(page, "frame")


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
    with Chromium(profile, sys.argv[3]) as chromium:
        for journey in JOURNEYS:
            journey(Page(chromium))
print("all well")
