"""The entries of a session, in order: the log's own, and those of other stations' parts that a `merge` took over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import Any, Final, Protocol

from sessions.checkpoint import station_of
from sessions.errors import EvidenceMissingError, StoreAlteredError
from sessions.events import event_of
from sessions.reader import Entry, LogReader

_COMMON: Final = {"kind": str, "seq": int, "origin": str, "at": str, "session": str, "operator": dict}
"""What every entry of a session has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEntry:
    """One entry of a session. `seq` is its number in the log of `origin`; `part` is None for this log's own.

    `held` is the number of the entry of this log that brought it: itself, or the `merge`.
    """

    seq: int
    kind: str
    body: Mapping[str, Any] = field(repr=False)
    origin: str
    held: int
    part: int | None = None

    @property
    def at(self) -> str:
        """When it was committed, as stored: UTC, milliseconds, "Z"."""
        return str(self.body["at"])


class Evidence(Protocol):
    """Whatever has the evidence of entries: a log, or a pack that was opened."""

    def evidence(self, seq: int, name: str, /) -> bytes:
        """Return a piece; raises EvidenceMissingError."""


def session_entries(store: LogReader, session_id: str) -> tuple[SessionEntry, ...]:
    """Return a session's entries in order, taken-over ones among them by their time. Raises StoreAlteredError."""
    return in_order(store, store.entries(session=session_id))


def every_entry(store: LogReader, session_id: str) -> tuple[SessionEntry, ...]:
    """Return them with those that a part had no business to write, for a merge to name. Raises StoreAlteredError."""
    return in_order(store, store.entries(session=session_id), every=True)


def in_order(store: Evidence, own: Iterable[Entry], *, every: bool = False) -> tuple[SessionEntry, ...]:
    """Return these entries of one session with what their merges brought.

    Each log keeps its own order, whatever its clock did; between two logs the time decides. What a part says of
    somebody of another part, of another station's entries or incidents, is left out: the `merge` names it.
    """
    entries = tuple(own)
    whose = _whose([entry for entry in entries if entry.kind == "split"])
    streams = [_timed(own_entry(entry) for entry in entries)]
    for merged in (entry for entry in entries if entry.kind == "merge"):
        taken = _taken_over(store, merged)
        part = merged.body["part"]
        streams.append(_timed(each for each in taken if every or not is_foreign(whose, part, each.body)))
    return tuple(entry for _, _, entry in merge(*streams, key=lambda item: item[:2]))


def _whose(splits: Sequence[Entry]) -> dict[str, int]:
    """Return whose part a candidate is, of the last division; raises StoreAlteredError for one that is none."""
    for split in splits[-1:]:
        try:
            return {sbd: int(part) for part, sbds in split.body["parts"].items() for sbd in sbds}
        except (TypeError, ValueError):
            raise StoreAlteredError(seq=split.seq, why="split") from None
    return {}


def is_foreign(whose: Mapping[str, int], part: int, body: Mapping[str, Any]) -> bool:
    """Whether an entry of another station's part (from 2) speaks of what is not that part's: somebody of another one,
    an entry of another station, an incident that has another session's id. It has no effect.
    """
    if part == 1:
        return False  # the main station's own
    sbd = body.get("sbd")
    if type(sbd) is str and whose.get(sbd, part) != part:
        return True
    if body["kind"] == "correction":
        return bool(body.get("of_station", "")) and body["of_station"] != station_of(body["origin"])
    named = body.get("incident")
    return body["kind"] == "incident" and not str(named).startswith(f"I-{body['session']}-")


def own_entry(entry: Entry) -> SessionEntry:
    """Return an entry of this log as one of its session."""
    return SessionEntry(
        seq=entry.seq, kind=entry.kind, body=entry.body, origin=str(entry.body["origin"]), held=entry.seq
    )


def _taken_over(store: Evidence, merged: Entry) -> Iterator[SessionEntry]:
    """Yield what a merge brought; nothing where the evidence was erased."""
    try:
        lines = store.evidence(merged.seq, "part").splitlines()
    except EvidenceMissingError:
        return
    for body in read_part(lines, merged.seq):
        yield SessionEntry(
            seq=body["seq"],
            kind=body["kind"],
            body=body,
            origin=body["origin"],
            held=merged.seq,
            part=merged.body["part"],
        )


def read_part(lines: Iterable[bytes], seq: int) -> Iterator[dict[str, Any]]:
    """Yield the bodies of a part that a `merge` entry (number `seq`) took over; raises StoreAlteredError for what is
    none.
    """
    for line in lines:
        try:
            body = json.loads(line)
            right = _is_entry(body)
        except (ValueError, RecursionError):
            right = False
        if not right:
            raise StoreAlteredError(seq=seq, why="part")
        yield body


def _is_entry(body: Any) -> bool:
    """Whether this is an entry with the fields of its kind."""
    if not isinstance(body, dict) or any(type(body.get(name)) is not kind for name, kind in _COMMON.items()):
        return False
    event = event_of(body["kind"], body)
    return event is not None and not any(event.faults(body))


def _timed(entries: Iterable[SessionEntry]) -> Iterator[tuple[str, int, SessionEntry]]:
    """Yield each entry behind the latest time its log has shown so far, and its part."""
    latest = ""
    for entry in entries:
        latest = max(latest, entry.at)
        yield latest, entry.part or 0, entry
