"""Makes pictures of pages small: 256 colours, without the empty rows at their end. What is equal stays equal, byte for byte.

Arguments: pairs of files, from and to. Takes PNG with 8 bits a channel, as Chromium writes it, and needs nothing but Python.
"""

import struct
import sys
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
# Rows that stay below the last one that shows something.
MARGIN = 16


def read(path):
    """Rows of pixels, three bytes each."""
    with open(path, "rb") as file:
        data = file.read()
    assert data.startswith(SIGNATURE), f"{path} is no PNG"
    at, packed = len(SIGNATURE), b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, _, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and colour in (2, 6) and not interlaced, f"{path} is of another kind"
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    size = 3 if colour == 2 else 4
    return [opaque(row, size) for row in unfiltered(zlib.decompress(packed), width * size, size)]


def opaque(row, size):
    return bytes(row) if size == 3 else bytes(byte for at, byte in enumerate(row) if at % 4 != 3)


def unfiltered(raw, stride, size):
    """Undoes PNG's filters, row by row."""
    before = bytearray(stride)
    for at in range(0, len(raw), stride + 1):
        kind, row = raw[at], bytearray(raw[at + 1 : at + 1 + stride])
        if kind == 1:
            for i in range(size, stride):
                row[i] = (row[i] + row[i - size]) & 255
        elif kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, before))
        elif kind == 3:
            for i in range(stride):
                left = row[i - size] if i >= size else 0
                row[i] = (row[i] + (left + before[i]) // 2) & 255
        elif kind == 4:
            for i in range(stride):
                left, corner = (row[i - size], before[i - size]) if i >= size else (0, 0)
                row[i] = (row[i] + nearest(left, before[i], corner)) & 255
        yield row
        before = row


def nearest(left, above, corner):
    """What filter 4 expects."""
    guess = left + above - corner
    a, b, c = abs(guess - left), abs(guess - above), abs(guess - corner)
    return left if a <= b and a <= c else above if b <= c else corner


def trimmed(rows):
    end = len(rows)
    while end > 1 and rows[end - 2] == rows[-1]:
        end -= 1
    return rows[: min(len(rows), end + MARGIN)]


def indexed(rows):
    """The colours that come most often, and rows of their numbers; other colours become the nearest of these."""
    pixels = [[row[at : at + 3] for at in range(0, len(row), 3)] for row in rows]
    counts = Counter(pixel for row in pixels for pixel in row)
    palette = sorted(sorted(counts), key=counts.get, reverse=True)[:COLOURS]
    numbers = {colour: number for number, colour in enumerate(palette)}

    def distance(colour, number):
        return sum((a - b) ** 2 for a, b in zip(colour, palette[number]))

    for colour in counts:
        if colour not in numbers:
            numbers[colour] = min(range(len(palette)), key=lambda number: distance(colour, number))
    return palette, [bytes(numbers[pixel] for pixel in row) for row in pixels]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write(path, palette, rows):
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = [(b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", packed), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(SIGNATURE + b"".join(chunk(*each) for each in chunks))


files = sys.argv[1:]
for source, target in zip(files[::2], files[1::2]):
    write(target, *indexed(trimmed(read(source))))
