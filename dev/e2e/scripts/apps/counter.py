"""Many visitors at once of a page that counts visits in a session. Tells how it went, as JSON.

Arguments: the address, which cookies clients keep ("all", "none" or the name of one), how many visitors there are, and how
many visits each of them makes. Who keeps none follows the page's link "again", which has the session in it.
"""

import json
import re
import sys
import threading
from collections import Counter
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin

import requests

url, kept, visitors, visits = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
homes, lost, other = Counter(), 0, []
lock = threading.Lock()


class Only(DefaultCookiePolicy):
    """Keeps the cookies of that name, of which applications may add more than the name."""

    def set_ok(self, cookie, request):
        return super().set_ok(cookie, request) and (kept == "all" or cookie.name == kept)


def ask(session, address):
    answer = session.get(address, timeout=30)
    assert answer.status_code == 200, (answer.status_code, answer.text)
    name, count = re.search(r"(\w+): visit (\d+)", answer.text).groups()
    again = re.search(r'href="([^"]*)"', answer.text)
    following = urljoin(url + "/", again[1]) if again and kept == "none" else url
    return name, int(count), following


def visit():
    """The home of a session that was never lost, or nothing."""
    with requests.Session() as session:
        session.cookies.set_policy(Only())
        home, count, address = ask(session, url)
        assert count == 1, count
        for number in range(2, visits + 1):
            name, count, address = ask(session, address)
            if count != number or name != home:
                return None
        return home


def guarded():
    global lost
    try:
        home = visit()
    except Exception as fault:
        with lock:
            other.append(repr(fault))
        return
    with lock:
        if home is None:
            lost += 1
        else:
            homes[home] += 1


threads = [threading.Thread(target=guarded) for _ in range(visitors)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"homes": homes, "lost": lost, "other": other}))
