"""The log of a backup, after it was verified: its bodies, whose keys signed it, and which erasures are known of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sessions.checkpoint import VerifierKey, station_of
from sessions.engine import DatabaseError, connect, translate
from sessions.erased import erased_by
from sessions.errors import (
    EventFormError,
    NoteFormatError,
    NoteSignatureError,
    ProofError,
    RestoreAnchorError,
    RestoreKeysError,
)
from sessions.evidence_box import commitment, slot_of
from sessions.keyschedule import KeySchedule
from sessions.pins import StationPins
from sessions.witness_protocol import LeftEntry


@dataclass(frozen=True, slots=True)
class Erasures:
    """Bodies of shred entries, in order: all that are known, and those that the backup's log does not have."""

    known: tuple[Mapping[str, Any], ...]
    lost: tuple[Mapping[str, Any], ...]


class RestoredLog:
    """What a restore needs of a verified log before it is opened for writing."""

    def __init__(self, station: str, raw: Mapping[int, bytes]) -> None:
        self._station, self._raw = station, raw
        self.bodies: Mapping[int, Mapping[str, Any]] = {seq: json.loads(body) for seq, body in raw.items()}
        self._schedule = KeySchedule()
        for seq, body in self.bodies.items():
            self._schedule.add(seq, body)

    @classmethod
    def read(cls, path: Path, database_key: bytes, station: str) -> Self:
        """Return the log of a file that was verified; raises StoreError."""
        try:
            with closing(connect(path, database_key, read_only=True).conn) as conn:
                rows = conn.execute("SELECT seq, body FROM entries ORDER BY seq").fetchall()
        except DatabaseError as error:
            raise translate(error) from None
        return cls(station, {seq: bytes(body) for seq, body in rows})

    @property
    def last_key(self) -> VerifierKey | None:
        """The key of the newest checkpoints."""
        return self._schedule.last

    def erasures(self, left: Iterable[LeftEntry], pins: StationPins) -> Erasures:
        """Return every erasure known: the log's own, and what was left elsewhere, if its proof holds.

        Raises RestoreAnchorError for an entry that no key of this station signed, that contradicts the log, or that
        is no erasure by two persons.
        """
        own = [body for body in self.bodies.values() if body["kind"] == "shred"]
        lost: dict[int, Mapping[str, Any]] = {}
        for entry in left:
            fields = self._proven(entry, pins)
            if fields.get("kind") != "shred":
                continue
            if entry.seq not in self._raw:
                lost[entry.seq] = _of_two(entry.seq, fields)
            elif self._raw[entry.seq] != entry.body:
                raise RestoreAnchorError(why="contradicts", entry=entry.seq)
        found = tuple(lost[seq] for seq in sorted(lost))
        return Erasures((*own, *found), found)

    def _proven(self, entry: LeftEntry, pins: StationPins) -> dict[str, Any]:
        try:
            origin = entry.head.origin
            if station_of(origin) != self._station:
                raise NoteFormatError(why="station")
        except NoteFormatError:
            raise RestoreAnchorError(why="other-station", entry=entry.seq) from None
        for key in self._keys(origin, pins):
            try:
                return entry.verify(key)
            except (NoteFormatError, NoteSignatureError, ProofError):
                continue
        raise RestoreAnchorError(why="unproven", entry=entry.seq)

    def _keys(self, origin: str, pins: StationPins) -> Iterator[VerifierKey]:
        """Yield the keys that may have signed a tree head of an origin, be it of an epoch that was lost."""
        public = {period.key.public for period in self._schedule.periods}
        public |= {key.public for key in pins.keys if station_of(key.name) == self._station}
        for each in sorted(public):
            yield VerifierKey(name=origin, public=each)

    # -- evidence keys ----------------------------------------------------------------------------

    def pieces(self) -> Iterator[tuple[str, int, str]]:
        """Yield session, slot and commitment of every piece of evidence that has a slot."""
        for body in self.bodies.values():
            if "evidence_slot" in body:
                for name in body["evidence"]:
                    yield body.get("session", ""), slot_of(body, name), body["evidence_keys"][name]

    def require_keys(self, session: str, keys: Mapping[int, bytes]) -> Mapping[int, bytes]:
        """Return the keys of a session if each is the one that its entry binds; raises RestoreKeysError."""
        bound = {slot: bound for where, slot, bound in self.pieces() if where == session}
        for slot, key in keys.items():
            if bound.get(slot) != commitment(key):
                raise RestoreKeysError(why="commitment", slot=slot)
        return keys


def _of_two(seq: int, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the body of an erasure that two persons made; raises RestoreAnchorError for another."""
    try:
        erased_by(seq, fields)
    except EventFormError:
        raise RestoreAnchorError(why="shred", entry=seq) from None
    return fields
