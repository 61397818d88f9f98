"""Logs in, fills a cart and reads it, as many shoppers at a time as asked for; each must stay on one target."""
import sys
import threading
import requests

base, shoppers, visits = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
homes, faults = [], []


def shop(number):
    with requests.Session() as session:
        login = session.post(base + "/login", data={"user": f"user {number} & sons"}, timeout=30)
        # The login answers 303, which leads to the cart.
        assert [step.status_code for step in login.history] == [303], login.history
        assert login.json() == {"user": f"user {number} & sons", "items": []}, login.text
        home = login.headers["x-instance"]
        for item in range(visits):
            added = session.post(base + "/cart", data={"item": f"item-{item}"}, timeout=30)
            assert added.status_code == 200, (added.status_code, added.text)
            assert added.headers["x-instance"] == home
        cart = session.get(base + "/cart", timeout=30).json()
        assert cart["items"] == [f"item-{item}" for item in range(visits)], cart
        homes.append(home)


def guarded(number):
    try:
        shop(number)
    except Exception as fault:
        faults.append(f"{number}: {fault!r}")


threads = [threading.Thread(target=guarded, args=(number,)) for number in range(shoppers)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not faults, faults[:5]
print(" ".join(f"{name}={homes.count(name)}" for name in sorted(set(homes))))
