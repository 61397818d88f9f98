"""Listens on a free port, says which, and becomes a program that takes the socket over: `FOLDER/config` PROGRAM ARGUMENT…

In the configuration and the arguments @FD@ is the descriptor of the socket, @PORT@ its port and @FOLDER@ the folder. nginx finds
descriptors in the variable NGINX.
"""

import json
import os
import socket
import sys

config, *command = sys.argv[1:]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
listener.set_inheritable(True)
port = listener.getsockname()[1]


def filled(text):
    known = {"@FD@": listener.fileno(), "@PORT@": port, "@FOLDER@": os.path.dirname(config)}
    for name, value in known.items():
        text = text.replace(name, str(value))
    return text


with open(config) as file:
    text = filled(file.read())
with open(config, "w") as file:
    file.write(text)
print(json.dumps({"port": port}), flush=True)
os.environ["NGINX"] = f"{listener.fileno()};"
os.execv(command[0], [filled(argument) for argument in command])
