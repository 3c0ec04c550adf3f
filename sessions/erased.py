"""Which pieces an erasure names, for whoever destroys and whoever verifies: only what two persons signed counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sessions.errors import EventFormError
from sessions.events import require_event

SHRED: Final = "shred"


def erased_by(seq: int, body: Mapping[str, Any]) -> frozenset[tuple[int, str]]:
    """Return the pieces (entry, name) that the body of entry `seq`, a `shred` entry, names.

    Raises EventFormError unless it has schema 2, all its fields, a second person who is another, and targets that are
    pieces of earlier entries, each once. Schema 1 had no erasures: what says so erases nothing.
    """
    if body.get("kind") != SHRED or body.get("schema") != 2 or body.get("seq") != seq:
        raise EventFormError(kind=SHRED, field="schema")
    bound = body.get("evidence", {})
    require_event(SHRED, body, bound if isinstance(bound, Mapping) else ("",))
    pieces: set[tuple[int, str]] = set()
    for target in body["targets"]:
        found = tuple(_pieces(target, seq))
        if not found or len(pieces | set(found)) != len(pieces) + len(found):
            raise EventFormError(kind=SHRED, field="targets")
        pieces |= set(found)
    return frozenset(pieces)


def _pieces(target: Any, limit: int) -> Iterator[tuple[int, str]]:
    """Yield the pieces of one target; raises EventFormError."""
    seq, names = (target.get("seq"), target.get("names")) if isinstance(target, Mapping) else (None, None)
    if type(seq) is not int or not 0 <= seq < limit or not isinstance(names, (list, tuple)):
        raise EventFormError(kind=SHRED, field="targets")
    for name in names:
        if type(name) is not str:
            raise EventFormError(kind=SHRED, field="targets")
        yield seq, name
