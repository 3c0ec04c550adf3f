"""Bodies of entries as a board keeps them for a whole day: what is asked of often at hand, the rest as it is stored.

An attempt is some twenty kilobytes once parsed, of which its nineteen checks are nearly all; a session has thousands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

FEW: Final = 8
"""Members up to which an object or list of plain values stays parsed."""
MOST_SHARED: Final = 64
"""Different values of one field from which on it is taken for one that differs in every entry."""


class SparingBody(Mapping[str, Any]):
    """A body that is read only. Its large parts are parsed when they are asked for, and not kept."""

    __slots__ = ("_data", "_light", "_parsed")

    def __init__(self, light: Mapping[str, Any], data: bytes, parsed: Parsed) -> None:
        """`light`: the fields at hand, None for one that stands in `data` (canonical JSON) alone."""
        self._light, self._data, self._parsed = light, data, parsed

    def __getitem__(self, name: str) -> Any:
        """Return a field; raises KeyError."""
        value = self._light[name]
        return self._parsed.of(self._data)[name] if value is None else value

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the fields."""
        return iter(self._light)

    def __len__(self) -> int:
        """Return how many fields there are."""
        return len(self._light)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a field; nothing is parsed for that."""
        return name in self._light

    def __repr__(self) -> str:
        """Return nothing of what stands in it."""
        return f"{type(self).__name__}({len(self)} fields)"


class Parsed:
    """The body that was parsed last: who asks for one field mostly asks for another."""

    def __init__(self) -> None:
        self._newest: tuple[bytes, dict[str, Any]] = (b"", {})

    def of(self, data: bytes) -> dict[str, Any]:
        """Return what stands in an entry's bytes."""
        known, body = self._newest  # one look: any thread may ask
        if known is not data:
            body = json.loads(data)
            self._newest = (data, body)
        return body


class Sparing:
    """Reads bodies so that they take little room. What stands in many of them (names of fields, the session, who made
    the entry) is kept once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, Any]] = {}
        self._names: dict[str, str] = {}
        self._parsed = Parsed()

    def __call__(self, data: bytes) -> Mapping[str, Any]:
        """Return the body of an entry's bytes."""
        light: dict[str, Any] = {}
        whole = True
        for field, value in json.loads(data).items():
            name = self._names.setdefault(field, field)
            if isinstance(value, str):
                light[name] = self._once(name, value, value)
            elif isinstance(value, (dict, list)):
                key = _key(value)
                light[name] = None if key is None else self._once(name, key, value)
                whole = whole and key is not None
            else:
                light[name] = value
        return SparingBody(light, b"" if whole else bytes(data), self._parsed)

    def _once(self, name: str, key: object, value: Any) -> Any:
        """Return the equal value of this field that is kept already; else keep this one, while there are few."""
        known = self._known.setdefault(name, {})
        found = known.get(key)
        if found is None and len(known) < MOST_SHARED:
            found = known[key] = value
        return value if found is None else found


def _key(value: dict[str, Any] | list[Any]) -> object:
    """Return what tells a small object or list of plain values from another; None for what is not small."""
    if len(value) > FEW:
        return None
    members = value.items() if isinstance(value, dict) else enumerate(value)
    found = (type(value), *members)
    plain = all(type(member) in (str, int) for _, member in found[1:])
    return found if plain else None
