"""Whether a body is what `events.toml` asks of its kind, decided fast: most are. What is wrong, `Event.faults` says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, Final

from sessions.events import USER_ID, Event

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH: Final = re.compile("[0-9a-f]{64}")
_PLAIN: Final[Mapping[str, type]] = {
    "text": str,
    "id": str,
    "hash": str,
    "integer": int,
    "list": list,
    "object": dict,
}
_PATTERNS: Final = {"id": _ID.fullmatch, "hash": _HASH.fullmatch}
_Match = Callable[[str], re.Match[str] | None]


class EventForm:
    """One kind's required fields, taken all at once; optional ones and second persons are left to `Event`."""

    def __init__(self, event: Event) -> None:
        names = sorted(event.fields.keys() - event.optional)
        kinds = [event.fields[name] for name in names]
        self._event = event
        self._names = frozenset(event.optional | {"second", "signatures"})
        self._types = tuple(_PLAIN.get(kind) for kind in kinds)
        self._usable = len(names) > 1 and None not in self._types and not event.second
        self._take = itemgetter(*names) if names else None
        self._patterns: list[tuple[str, _Match]] = [
            (name, _PATTERNS[kind]) for name, kind in zip(names, kinds, strict=True) if kind in _PATTERNS
        ]

    def fits(self, body: Mapping[str, Any], evidence: Iterable[str]) -> bool:
        """Whether a body with the common fields is surely right; False where it has to be looked at field by field."""
        if not self._usable or self._take is None or not USER_ID.fullmatch(body["operator"]["id"]):
            return False
        try:
            if tuple(map(type, self._take(body))) != self._types:
                return False
        except KeyError:
            return False
        for name, match in self._patterns:
            if not match(body[name]):
                return False
        there = self._names.intersection(body)
        if there and not self._optional(body, there):
            return False
        names = frozenset(evidence)
        event = self._event
        return event.evidence <= names <= event.evidence | event.optional_evidence

    def _optional(self, body: Mapping[str, Any], names: Iterable[str]) -> bool:
        """Whether the optional fields that are there are texts or such, of the right type."""
        for name in names:
            kind = self._event.fields.get(name, "")
            if type(body[name]) is not _PLAIN.get(kind):
                return False
            if kind in _PATTERNS and not _PATTERNS[kind](body[name]):
                return False
        return True
