"""Finds a free port, says which, and becomes a program that listens there: `FOLDER/config` PROGRAM ARGUMENT…

In the configuration and the arguments @FD@ is the descriptor of the listening socket, which the program takes over, @PORT@ its port
and @FOLDER@ the folder. Where the configuration has no @FD@ the program binds the port itself: what is inherited then does not listen,
keeps the port from others, and lets whoever sets SO_REUSEADDR have it.
"""

import json
import os
import socket
import sys

config, *command = sys.argv[1:]
with open(config) as file:
    text = file.read()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
if "@FD@" in text:
    listener.listen()
listener.set_inheritable(True)
port = listener.getsockname()[1]


def filled(text):
    known = {"@FD@": listener.fileno(), "@PORT@": port, "@FOLDER@": os.path.dirname(config)}
    for name, value in known.items():
        text = text.replace(name, str(value))
    return text


with open(config, "w") as file:
    file.write(filled(text))
print(json.dumps({"port": port}), flush=True)
os.execv(command[0], [filled(argument) for argument in command])
