"""The entries of a session, in order: the log's own, and those of other stations' parts that a `merge` took over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from typing import Any

from sessions.errors import EvidenceMissingError
from sessions.reader import Entry, LogReader


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


def session_entries(store: LogReader, session_id: str) -> tuple[SessionEntry, ...]:
    """Return a session's entries in order, taken-over ones among them by their time. Raises StoreAlteredError."""
    return in_order(store, store.entries(session=session_id))


def in_order(store: LogReader, own: Iterable[Entry]) -> tuple[SessionEntry, ...]:
    """Return these entries of one session with what their merges brought.

    Each log keeps its own order, whatever its clock did; between two logs the time decides.
    """
    entries = tuple(own)
    streams = [_timed(own_entry(entry) for entry in entries)]
    streams += [_timed(_taken_over(store, entry)) for entry in entries if entry.kind == "merge"]
    return tuple(entry for _, _, entry in merge(*streams, key=lambda item: item[:2]))


def own_entry(entry: Entry) -> SessionEntry:
    """Return an entry of this log as one of its session."""
    return SessionEntry(
        seq=entry.seq, kind=entry.kind, body=entry.body, origin=str(entry.body["origin"]), held=entry.seq
    )


def _taken_over(store: LogReader, merged: Entry) -> Iterator[SessionEntry]:
    """Yield what a merge brought; nothing where the evidence was erased."""
    try:
        lines = store.evidence(merged.seq, "part").splitlines()
    except EvidenceMissingError:
        return
    for line in lines:
        body = json.loads(line)
        yield SessionEntry(
            seq=body["seq"],
            kind=body["kind"],
            body=body,
            origin=body["origin"],
            held=merged.seq,
            part=merged.body["part"],
        )


def _timed(entries: Iterable[SessionEntry]) -> Iterator[tuple[str, int, SessionEntry]]:
    """Yield each entry behind the latest time its log has shown so far, and its part."""
    latest = ""
    for entry in entries:
        latest = max(latest, entry.at)
        yield latest, entry.part or 0, entry
