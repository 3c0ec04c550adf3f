"""Reading many bodies fast, with the same judgement as `codec.decode`.

Bodies of one kind differ in their texts and numbers only. What is left when those are cut out, with the keys, is the
body's *shape*. Once `codec.decode` took a body of some shape, every other of that shape is canonical too, if its texts
are UTF-8 without control characters, quotes or escapes and its numbers have no leading zero and fewer than 16 digits:
JSON leaves no other way to write it. So a part that nobody reads need not even be parsed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from sessions import codec

_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_ONES: Final = bytes.maketrans(b"23456789", b"1" * 8)
_CONTROLS: Final = bytes(range(32))
_LARGE: Final = b"0" * 16
_LEADING: Final = (b":00", b":01", b",00", b",01", b"[00", b"[01")
_LIMIT: Final = 1024
_read: Final = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is left out of bodies of one shape: from the first to the last part (0: nothing), and what is kept of it:
    member and place of its text.
    """

    first: int
    last: int
    texts: tuple[tuple[bytes, int], ...]


class Shapes:
    """What one verification has learnt of how bodies look; it forgets when there are too many.

    `unread` names a field of the body whose object need not be parsed: it was judged. Of its members that are objects
    only the text `kept` comes back, and nothing of the others.
    """

    def __init__(self, unread: str = "", kept: str = "") -> None:
        self._unread, self._kept = unread.encode(), kept.encode()
        self._keys: dict[bytes, Callable[[list[bytes]], Any]] = {}
        self._known: dict[tuple[bytes, Any], _Cut] = {}

    def decode(self, data: bytes) -> dict[str, Any]:
        """Return the body of canonical bytes, as `codec.decode`; raises CanonicalFormError."""
        if len(data) > codec.MAX_BODY_BYTES or b"\\" in data:
            return codec.decode(data)
        parts = data.split(b'"')
        outside = b'"'.join(parts[::2])
        form = outline(outside)
        keys = self._keys.get(form)
        cut = None if keys is None else self._known.get((form, keys(parts)))
        if cut is None or _LARGE in outside.translate(_ZEROS):
            return self._learn(data, parts, form)
        if cut.last:
            if not _is_plain(data, outside):
                return self._learn(data, parts, form)
            left = b"".join(
                b',"%b":{"%b":"%b"}' % (name, self._kept, parts[place]) for name, place in cut.texts
            )
            parts[cut.first : cut.last + 1] = [b":{%b}%b" % (left[1:], parts[cut.last][-1:])]
            data = b'"'.join(parts)
        try:
            text = data.decode("utf-8")
            body, size = _read(text)
        except ValueError:
            return codec.decode(data)  # which says what is wrong
        return body if size == len(text) else codec.decode(data)

    def _learn(self, data: bytes, parts: list[bytes], form: bytes) -> dict[str, Any]:
        body = codec.decode(data)
        places = [place for place in range(1, len(parts), 2) if parts[place + 1].startswith(b":")]
        if places and b"-" not in form:
            if len(self._known) >= _LIMIT:
                self._keys, self._known = {}, {}
            keys = self._keys.setdefault(form, itemgetter(*places))
            first, last = _object_of(self._unread, parts)
            texts = tuple(_texts_of(self._kept, parts, first, last)) if self._kept else ()
            self._known[form, keys(parts)] = _Cut(first, last, texts)
        return body


def outline(outside: bytes) -> bytes:
    """Return what stands outside of texts, each number as one zero."""
    form = outside.translate(_ZEROS)
    while b"00" in form:
        form = form.replace(b"00", b"0")
    return form


def _is_plain(data: bytes, outside: bytes) -> bool:
    """Whether texts and numbers are such that the shape decides, where nobody parses them."""
    if len(data.translate(None, _CONTROLS)) != len(data) or _leads(outside.translate(_ONES)):
        return False
    if not data.isascii():
        try:
            data.decode("utf-8")
        except ValueError:
            return False
    return True


def _leads(numbers: bytes) -> bool:
    """Whether a number has a zero before another digit; 2 to 9 are written 1 here."""
    if b"00" not in numbers and b"01" not in numbers:
        return False
    return any(leading in numbers for leading in _LEADING)


def _object_of(name: bytes, parts: list[bytes]) -> tuple[int, int]:
    """Return the first and the last part of the object that a field of the body is; (0, 0) where there is none."""
    depth, first = 0, 0
    for place in range(0, len(parts), 2):
        for letter in parts[place].decode("ascii"):
            depth += (letter in "{[") - (letter in "}]")
            if first and place > first and depth == 1:
                return first, place
        if depth == 1 and place + 2 < len(parts) and parts[place + 1] == name:
            first = (
                place + 2
                if parts[place + 2].startswith(b":{") and not parts[place + 2].startswith(b":{}")
                else 0
            )
    return 0, 0


def _texts_of(name: bytes, parts: list[bytes], first: int, last: int) -> Iterator[tuple[bytes, int]]:
    """Yield member and place of each text of this name that a member of an object has directly."""
    depth, member = 0, b""
    for place in range(first, last, 2):
        for letter in parts[place].decode("ascii"):
            depth += (letter in "{[") - (letter in "}]")
        if not parts[place + 2].startswith(b":"):
            continue  # no key
        if depth == 1:
            member = parts[place + 1] if parts[place + 2] == b":{" else b""
        elif depth == 2 and member and parts[place + 1] == name and parts[place + 2] == b":":
            yield member, place + 3
