"""Base45 of RFC 9285: bytes in the letters that a QR code packs tightest."""

from __future__ import annotations

from typing import Final

from sessions.errors import NoteFormatError

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def encode(data: bytes) -> str:
    """Return the text of bytes: two bytes in three letters, a last single byte in two (RFC 9285, 4)."""
    text = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        rest = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            rest, letter = divmod(rest, 45)
            text.append(ALPHABET[letter])
    return "".join(text)


def decode(text: str) -> bytes:
    """Return the bytes of a text; raises NoteFormatError (why="base45", at) for anything `encode` would not produce."""
    data = bytearray()
    for start in range(0, len(text), 3):
        group = text[start : start + 3]
        values = [ALPHABET.find(letter) for letter in group]
        number = sum(value * 45**place for place, value in enumerate(values))
        size = len(group) - 1
        if min(values) < 0 or not size or number >= 256**size:
            raise NoteFormatError(why="base45", at=start)
        data += number.to_bytes(size, "big")
    return bytes(data)
