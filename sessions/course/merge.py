"""Parts become one session again: what the other stations recorded is taken over, and what does not fit is named.

A part comes as the pack that its station handed over. Its bodies are kept as evidence of a `merge` entry; who was let
in twice, or at a station that was not theirs, and who has different verdicts or results, stands in the entry. Nothing
is decided by that: a person overrides or corrects. Form: docs/log-format.md, "Parts".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sessions import codec
from sessions.checkpoint import station_of
from sessions.course.day_errors import (
    MergeOpenError,
    MergeOtherError,
    MergePackError,
    MergeTwiceError,
    NotAPartError,
    NotMergedError,
    PartClosesError,
)
from sessions.course.entries import SessionEntry, every_entry
from sessions.course.merge_rows import MAX_NAMED, Conflict, Double, Parts
from sessions.course.parts import require_divided
from sessions.errors import UnknownStationError
from sessions.pack_file import open_pack_file
from sessions.pack_verify import Examination, Outside
from sessions.pins import StationPins
from sessions.reader import LogReader
from sessions.record import Operator
from sessions.session import Session
from sessions.store import Receipt, Store

UNKNOWN: Final = "unknown-station"
_BLOCK: Final = 1 << 20
_SAME: Final = ("session", "parts", "kind", "rules", "roster")
"""What a part and the main station's session have in common, by the reason why they may not."""
_LEFT: Final = frozenset({"open", "split", "merge"})
"""Kinds that a merge does not take over: this log has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPack:
    """A part as its verified pack has it: what it is, and the bodies of its session, in order."""

    file: str
    sha256: str
    station: str
    origin: str
    size: int
    root: str
    opened: Mapping[str, Any] = field(repr=False)
    closed: bool
    bodies: tuple[Mapping[str, Any], ...] = field(repr=False)

    @property
    def number(self) -> int:
        """The part's number, or 0 for a session that is no part."""
        return int(self.opened.get("part", {}).get("number", 0))

    @property
    def group(self) -> str:
        """The id of the session it is a part of."""
        return str(self.opened.get("part", {}).get("group", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge came to: its entries by part, and everything that does not fit, of these parts."""

    receipts: Mapping[int, Receipt]
    doubles: tuple[Double, ...]
    conflicts: tuple[Conflict, ...]
    missing: tuple[int, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing has to be decided by a person."""
        return not (self.doubles or self.conflicts)


# -- a part's pack -------------------------------------------------------------------------------------


def read_pack(path: Path, pins: StationPins) -> PartPack:
    """Return a part from its pack, verified under a station key that is believed.

    Raises UnknownStationError with the fingerprint to compare, MergePackError naming what was found, PackError.
    """
    with open_pack_file(path) as file:
        found = Examination(file, Outside(pins=pins))
        report = found.run()
        manifest = file.manifest
    if report.code == UNKNOWN:
        raise UnknownStationError(**report.facts)
    if not report.ok:
        raise MergePackError(file=path.name, cause=report.code)
    own = [record.body for record in found.own]
    if not own or own[0]["kind"] != "open" or not _is_part(own[0]):
        raise NotAPartError(session=manifest.session)
    return PartPack(
        file=path.name,
        sha256=_digest(path),
        station=station_of(manifest.origin),
        origin=manifest.origin,
        size=manifest.size,
        root=manifest.root,
        opened=own[0],
        closed=any(body["kind"] == "close" for body in own),
        bodies=tuple(own),
    )


def _is_part(opened: Mapping[str, Any]) -> bool:
    part = opened.get("part")
    names = {"number": int, "of": int, "group": str}
    return isinstance(part, dict) and all(type(part.get(name)) is kind for name, kind in names.items())


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


# -- joining -------------------------------------------------------------------------------------------


def merge_parts(store: Store, session: Session, packs: Sequence[PartPack], *, operator: Operator) -> Merged:
    """Take parts over, one `merge` entry each, in the order of their numbers, whatever order they are given in.

    Everything is checked before anything is written. Raises NotSplitError, PartMainError, MergeOtherError,
    MergeTwiceError, MergeOpenError, StoreError.
    """
    assignment = require_divided(store, session)
    entries = every_entry(store, session.session_id)
    ordered = sorted(packs, key=lambda pack: pack.number)
    _require_parts(store, session, ordered, merged_parts(entries))
    rows = [(entry.part or 1, entry.kind, entry.body) for entry in entries]
    listed = frozenset(seat.sbd for seat in session.seats)
    receipts: dict[int, Receipt] = {}
    doubles: list[Double] = []
    conflicts: list[Conflict] = []
    for pack in ordered:
        rows += [(pack.number, str(body["kind"]), body) for body in pack.bodies]
        course = Parts(rows, assignment.parts, listed)
        twice = [row for row in course.doubles() if pack.number in row.parts]
        differ = [row for row in course.conflicts() if pack.number in row.parts]
        receipts[pack.number] = _commit(store, session, pack, (twice, differ), operator)
        doubles += twice
        conflicts += differ
    known = merged_parts(entries) | set(receipts)
    return Merged(
        receipts=receipts,
        doubles=tuple(doubles),
        conflicts=tuple(conflicts),
        missing=tuple(number for number in assignment.parts if number != 1 and number not in known),
    )


def _require_parts(
    store: LogReader, session: Session, packs: Sequence[PartPack], known: frozenset[int]
) -> None:
    opened = store.entry(session.seq).body
    split = store.entries("split", session.session_id)[-1].body
    of = 0 if session.part is None else session.part.of
    here = (session.session_id, of, opened["root_kind"], session.rules_sha256, split["roster_hash"])
    taken = set(known)
    for pack in packs:
        for why, value, found in zip(_SAME, here, _said(pack), strict=True):
            if value != found:
                raise MergeOtherError(file=pack.file, why=why)
        if pack.station == store.station or not 2 <= pack.number <= len(split["parts"]):
            raise MergeOtherError(file=pack.file, why="station")
        if pack.number in taken:
            raise MergeTwiceError(part=pack.number)
        if not pack.closed:
            raise MergeOpenError(file=pack.file, part=pack.number)
        taken.add(pack.number)


def _said(pack: PartPack) -> tuple[Any, ...]:
    """Return what a part says of the session it is of, in the order of _SAME."""
    opened = pack.opened
    return (
        pack.group,
        opened["part"]["of"],
        opened["root_kind"],
        opened["rules_sha256"],
        opened["roster_hash"],
    )


def _commit(
    store: Store,
    session: Session,
    pack: PartPack,
    named: tuple[Sequence[Double], Sequence[Conflict]],
    operator: Operator,
) -> Receipt:
    kept = [body for body in pack.bodies if body["kind"] not in _LEFT and "carried" not in body]
    body = {
        "session": session.session_id,
        "part": pack.number,
        "part_origin": pack.origin,
        "size": pack.size,
        "root": pack.root,
        "pack_sha256": pack.sha256,
        "entries": len(kept),
        "double": [row.as_body() for row in named[0][:MAX_NAMED]],
        "conflicts": [row.as_body() for row in named[1][:MAX_NAMED]],
    }
    lines = b"".join(codec.encode(each) + b"\n" for each in kept)
    return store.append("merge", body, {"part": lines}, operator=operator)


def merged_parts(entries: Iterable[SessionEntry]) -> frozenset[int]:
    """Return the numbers of the parts that were taken over."""
    return frozenset(entry.body["part"] for entry in entries if entry.kind == "merge" and entry.part is None)


def missing_parts(session: Session, entries: Iterable[SessionEntry]) -> tuple[int, ...]:
    """Return the parts of a session that are still at other stations."""
    if session.part is None:
        return ()
    known = merged_parts(entries)
    return tuple(number for number in range(2, session.part.of + 1) if number not in known)


def require_merged(session: Session, entries: Iterable[SessionEntry]) -> Session:
    """Return a session that is whole: of one station, or the main station's with every part taken over.

    Only such a session has absences and totals. Raises NotMergedError naming the parts, PartClosesError (a part).
    """
    if session.part is None:
        return session
    if session.part.number != 1:
        raise PartClosesError(session=session.session_id)
    missing = missing_parts(session, entries)
    if missing:
        raise NotMergedError(session=session.session_id, parts=", ".join(map(str, missing)))
    return session
