"""Sends and fetches a body whose every block differs, and compares SHA-256."""
import hashlib
import struct
import sys
import requests

url, job, blocks = sys.argv[1], sys.argv[2], int(sys.argv[3])


def body():
    for number in range(blocks):
        yield struct.pack(">Q", number) * 8192


class File:
    """Something with a length that is read in pieces, as a file is."""

    def __init__(self):
        self.blocks = body()
        self.rest = b""

    def __len__(self):
        return blocks * 65536

    def read(self, size=-1):
        if not self.rest:
            self.rest = next(self.blocks, b"")
        data, self.rest = self.rest[:size], self.rest[size:]
        return data


expected = hashlib.sha256()
for block in body():
    expected.update(block)

if job == "download":
    response = requests.get(url, stream=True, timeout=60)
elif job == "upload":
    response = requests.post(url, data=File(), timeout=60)
else:
    response = requests.post(url, data=body(), timeout=60)
response.raise_for_status()
if job == "download":
    actual = hashlib.sha256()
    for piece in response.iter_content(1 << 16):
        actual.update(piece)
    assert actual.hexdigest() == expected.hexdigest()
    print("same")
else:
    print(response.text)
