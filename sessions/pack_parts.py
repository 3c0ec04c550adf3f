"""The members of a pack that are lists: entries, checkpoints, hashes. Framing only; nothing is judged here."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sessions.codec import MAX_BODY_BYTES

_ENTRY: Final = struct.Struct(">QI")
_NOTE: Final = struct.Struct(">I")
_MAX_NOTE: Final = 98_304
_LEAST: Final = 64
"""No body and no note is shorter; so that a file of nothing but frames does not become many times its size."""
_HASH: Final = 32
MAX_SEQ: Final = 2**53


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry in a pack: the number it stands under, and the exact bytes of its body."""

    seq: int
    body: bytes = field(repr=False)


def join_entries(frames: Iterable[Frame]) -> bytes:
    """Return the member `entries`: for each entry 8 bytes of number, 4 bytes of length, body; big-endian."""
    return b"".join(_ENTRY.pack(frame.seq, len(frame.body)) + frame.body for frame in frames)


def split_entries(data: bytes) -> tuple[tuple[Frame, ...], bool]:
    """Return the entries, and whether the bytes ended where the last one ends."""
    frames, place = [], 0
    while place + _ENTRY.size <= len(data):
        seq, length = _ENTRY.unpack_from(data, place)
        start = place + _ENTRY.size
        if not _LEAST <= length <= MAX_BODY_BYTES or start + length > len(data) or seq >= MAX_SEQ:
            break
        frames.append(Frame(seq, data[start : start + length]))
        place = start + length
    return tuple(frames), place == len(data)


def join_notes(notes: Iterable[str]) -> bytes:
    """Return the member `checkpoints`: for each signed note 4 bytes of length, big-endian, and its UTF-8."""
    return b"".join(_NOTE.pack(len(data)) + data for data in (note.encode() for note in notes))


def split_notes(data: bytes) -> tuple[tuple[str, ...], bool]:
    """Return the notes, and whether the bytes were nothing but notes; what is not UTF-8 is an empty note."""
    notes, place = [], 0
    while place + _NOTE.size <= len(data):
        (length,) = _NOTE.unpack_from(data, place)
        start = place + _NOTE.size
        if not _LEAST <= length <= _MAX_NOTE or start + length > len(data):
            break
        try:
            notes.append(data[start : start + length].decode("utf-8"))
        except UnicodeDecodeError:
            notes.append("")
        place = start + length
    return tuple(notes), place == len(data)


def split_proof(data: bytes) -> tuple[tuple[bytes, ...], bool]:
    """Return the 32-byte hashes of the member `proof`, and whether no byte was left."""
    count = len(data) // _HASH
    return tuple(data[_HASH * at : _HASH * (at + 1)] for at in range(count)), count * _HASH == len(data)
