"""The part of verification that opens what merges took over: bodies of the part's own log, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sessions import codec
from sessions.checkpoint import station_of
from sessions.course.merge_rows import MAX_NAMED, Parts
from sessions.errors import CanonicalFormError
from sessions.events import event_of

LEFT: Final = frozenset({"open", "split", "merge"})
"""Kinds that a merge does not take over."""
_FIELDS: Final = (
    *(
        "kind",
        "seq",
        "origin",
        "session",
        "sbd",
        "component",
        "attempt",
        "of",
        "verdict",
        "reasons",
        "purpose",
    ),
    *("outcome", "points_e1", "points_e2", "decided", "sbds", "of_station", "incident"),
)
"""What the rows of a merge follow from."""
_DESK: Final = frozenset({"begin", "attempt"})
"""Kinds of which a session has none before it is divided."""
_COMMON: Final = {"schema": int, "kind": str, "seq": int, "origin": str, "at": str, "operator": dict}
_Row = tuple[int, str, Mapping[str, Any]]


class Merges:
    """Takes the bodies in order, and the evidence of each `merge` entry. It keeps what a merge names."""

    def __init__(self) -> None:
        self._rows: dict[str, list[_Row]] = {}
        self._parts: dict[str, dict[int, tuple[str, ...]]] = {}
        self._listed: dict[str, set[str]] = {}
        self._partial: set[str] = set()
        """Sessions of which not everything is known that a merge saw: what it named is not judged."""

    def note(self, body: Mapping[str, Any]) -> None:
        """Keep what a merge of the entry's session will have seen."""
        kind, session = body["kind"], body.get("session")
        if type(session) is not str or body["schema"] != 2:
            return
        event = event_of(kind, body)
        if kind == "close" and session not in self._parts:
            self._rows.pop(session, None)
        elif kind == "shred" or event is None or (self._counts(kind, session) and any(event.faults(body))):
            self._partial.add(session)
        elif kind == "split":
            self._divide(session, body)
        elif "sbd" in body or kind == "roster":
            if self._counts(kind, session):
                self._keep(session, 1, body)
            if kind == "roster":
                self._add(session, body)

    def _counts(self, kind: str, session: str) -> bool:
        """Whether something may follow from an entry; attempts are many, and follow a division only."""
        return session in self._parts or kind not in _DESK

    def part(self, body: Mapping[str, Any], plain: bytes) -> str:
        """Return what is wrong with what a merge took over: "part", its own rows' name, or the empty text."""
        found = _bodies(body, plain)
        session = str(body.get("session"))
        if found is None:
            self._partial.add(session)
            return "part"
        for each in found:
            self._keep(session, body["part"], each)
        assignment = self._parts.get(session)
        if assignment is None or session in self._partial:
            return ""
        said = Parts(self._rows.get(session, ()), assignment, frozenset(self._listed[session]))
        for name, rows in (("double", said.doubles()), ("conflicts", said.conflicts())):
            named = [row.as_body() for row in rows if body["part"] in row.parts]
            if named[:MAX_NAMED] != body[name]:
                return name
        return ""

    def unread(self, body: Mapping[str, Any]) -> None:
        """What a merge took over is erased, or cannot be opened: later merges of the session cannot be judged."""
        self._partial.add(str(body.get("session")))

    def _divide(self, session: str, body: Mapping[str, Any]) -> None:
        try:
            parts = {int(number): tuple(sbds) for number, sbds in body["parts"].items()}
        except (TypeError, ValueError):  # said by its form
            self._partial.add(session)
            return
        everybody = [sbd for sbds in parts.values() for sbd in sbds]
        if all(type(sbd) is str for sbd in everybody):
            self._parts[session], self._listed[session] = parts, set(everybody)

    def _keep(self, session: str, part: int, body: Mapping[str, Any]) -> None:
        row = {name: body[name] for name in _FIELDS if name in body}
        self._rows.setdefault(session, []).append((part, str(body["kind"]), row))

    def _add(self, session: str, body: Mapping[str, Any]) -> None:
        if "sbds" not in body and body["added"]:
            self._partial.add(session)
        elif session in self._parts:
            self._listed[session].update(map(str, body.get("sbds", ())))


def _bodies(merged: Mapping[str, Any], plain: bytes) -> list[dict[str, Any]] | None:
    """Return the bodies that a merge took over, or None unless they are what it says: of the part's log, in order."""
    lines = plain.split(b"\n")
    if lines.pop() or len(lines) != merged["entries"]:
        return None
    found: list[dict[str, Any]] = []
    last = -1
    for line in lines:
        try:
            body = codec.decode(line)
        except CanonicalFormError:
            return None
        if not _is_of(merged, body) or not last < body["seq"] < merged["size"]:
            return None
        last = body["seq"]
        found.append(body)
    return found


def _is_of(merged: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether this is an entry of the part that a merge names, with the fields of its kind."""
    if any(type(body.get(name)) is not kind for name, kind in _COMMON.items()):
        return False
    event = event_of(body["kind"], body)
    if event is None or "/" in body["kind"] or body["kind"] in LEFT or "carried" in body:
        return False
    own = station_of(body["origin"]) == station_of(merged["part_origin"])
    named = body.get("session") == f"{merged['session']}-p{merged['part']}" and body["schema"] == 2
    return own and named and not any(event.faults(body))
