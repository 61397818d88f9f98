# Clients that come again and again with new connections, until a file is there. Prints how many visits were good, and how many not.
# Arguments: port, certificate of the authority, path of the file.
import http.client
import os
import socket
import ssl
import sys
import threading

port, authority, end = int(sys.argv[1]), sys.argv[2], sys.argv[3]
good, bad = [], []


class Connection(http.client.HTTPSConnection):
    def connect(self):
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock = context.wrap_socket(plain, server_hostname="shop.example")


def come():
    while not os.path.exists(end):
        try:
            connection = Connection("shop.example", port)
            for _ in range(3):
                connection.request("GET", "/")
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (200, b"hello")
            connection.close()
            good.append(1)
        except Exception as error:
            print(repr(error), file=sys.stderr)
            bad.append(1)


context = ssl.create_default_context(cafile=authority)
clients = [threading.Thread(target=come) for _ in range(4)]
for client in clients:
    client.start()
for client in clients:
    client.join()
print(len(good), len(bad))
