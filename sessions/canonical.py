"""Reading many bodies fast, with the same judgement as `codec.decode`.

Bodies of one kind differ in their texts and numbers only. What is left when those are cut out, with the keys, is the
body's *shape*; once `codec.decode` took a body of some shape, every other of that shape is canonical too, if its
numbers are plain and it has no escape: JSON leaves no other way to write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from sessions import codec

_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_LARGE: Final = b"0" * 16
"""So many digits may be beyond 2**53; those numbers, and negative ones, are looked at one by one."""
_read: Final = json.JSONDecoder().raw_decode
_LIMIT: Final = 1024
_Keys = Callable[[list[bytes]], Any]


class Shapes:
    """What one verification has learnt of how bodies look; it forgets when there are too many."""

    def __init__(self) -> None:
        self._keys: dict[bytes, _Keys] = {}
        self._known: set[tuple[bytes, Any]] = set()

    def decode(self, data: bytes) -> dict[str, Any]:
        """Return the body of canonical bytes, as `codec.decode`; raises CanonicalFormError."""
        if len(data) > codec.MAX_BODY_BYTES or b"\\" in data:
            return codec.decode(data)
        parts = data.split(b'"')
        outside = b'"'.join(parts[::2]).translate(_ZEROS)
        shape = outside.translate(None, b"0")
        keys = self._keys.get(shape)
        if keys is None or (shape, keys(parts)) not in self._known or _LARGE in outside:
            return self._learn(data, parts, shape)
        try:
            text = data.decode("utf-8")
            body, end = _read(text)
        except ValueError:
            return codec.decode(data)  # which says what is wrong
        return body if end == len(text) else codec.decode(data)

    def _learn(self, data: bytes, parts: list[bytes], shape: bytes) -> dict[str, Any]:
        body = codec.decode(data)
        places = [place for place in range(1, len(parts), 2) if parts[place + 1].startswith(b":")]
        if places and b"-" not in shape:
            if len(self._known) >= _LIMIT:
                self._keys, self._known = {}, set()
            keys = self._keys.setdefault(shape, itemgetter(*places))
            self._known.add((shape, keys(parts)))
        return body
