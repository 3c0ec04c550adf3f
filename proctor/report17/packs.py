"""The sessions of sealed packs, each verified before anything of it is counted. Needs no network and no station."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from proctor.report17.source import Source, classes_of, components_of
from sessions import codec
from sessions.checkpoint import station_of
from sessions.course.entries import in_order
from sessions.department import DepartmentPrivate
from sessions.errors import (
    EvidenceMissingError,
    PackError,
    RosterDocumentError,
    RulesError,
    UnknownRulesError,
)
from sessions.pack_file import open_pack_file
from sessions.pack_seals import Seals
from sessions.pack_verify import Examination, Outside, PackReport, unreadable
from sessions.pins import StationPins
from sessions.reader import Entry
from sessions.roster.document import parse_document
from sessions.roster.model import Seat
from sessions.rules import Rules, load_rules, parse_rules

_WANTED = frozenset({"roster", "rules", "part"})
_LEFT = frozenset({"open", "split", "merge"})
"""Kinds that a merge does not take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPack:
    """A file that is no pack, or one that does not verify: why, as its examination says it."""

    file: str
    report: PackReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPack:
    """A verified pack. `entries`: of its session; `pieces`: by entry and name, what of lists, rules and parts could be
    opened; `erased`: what was erased of them.
    """

    file: str
    station: str
    origin: str
    session: str
    size: int
    root: str
    entries: tuple[Entry, ...] = field(repr=False)
    pieces: Mapping[tuple[int, str], bytes] = field(repr=False)
    erased: frozenset[tuple[int, str]] = frozenset()

    @property
    def opened(self) -> Mapping[str, Any]:
        """The body of the entry that opened the session."""
        return self.entries[0].body

    @property
    def key(self) -> tuple[str, str]:
        """What makes two packs those of one session."""
        return self.station, self.session

    @property
    def kind(self) -> str:
        """ "real" or "training"."""
        return str(self.opened["root_kind"])

    def contradicts(self, other: "ReadPack") -> bool:
        """Whether two packs of one session have another entry at the same place."""
        mine = {entry.seq: entry.body for entry in self.entries}
        return any(entry.seq in mine and mine[entry.seq] != entry.body for entry in other.entries)


def read_pack(
    path: Path, pins: StationPins, departments: Sequence[DepartmentPrivate] = ()
) -> ReadPack | RefusedPack:
    """Return a pack's session, if it verifies. Never raises for what is in the file.

    `departments`: keys, of which the one that the pack is sealed to opens it; without it, what is sealed stays closed.
    """
    try:
        with open_pack_file(path) as file:
            recipient = file.manifest.recipient
            key = next((each for each in departments if each.public.fingerprint == recipient), None)
            examination = Examination(file, Outside(pins=pins, department=key))
            report = examination.run()
            if not report.ok:
                return RefusedPack(file=path.name, report=report)
            own = tuple(
                Entry(seq=record.seq, kind=record.kind, body=record.body) for record in examination.own
            )
            return ReadPack(
                file=path.name,
                station=station_of(report.origin),
                origin=report.origin,
                session=report.session,
                size=report.size,
                root=report.root,
                entries=own,
                pieces={} if examination.seals is None else _pieces(examination, examination.seals),
                erased=examination.erased,
            )
    except PackError as error:
        return RefusedPack(file=path.name, report=unreadable(error))


def _pieces(examination: Examination, seals: Seals) -> dict[tuple[int, str], bytes]:
    """Return lists, rules and parts in the clear; raises PackError when the file changed meanwhile."""
    bodies = {record.seq: record.body for record in examination.own}
    found = {}
    for member in examination.file.manifest.members:
        piece = member.piece
        if piece is not None and piece[1] in _WANTED and piece[0] in bodies:
            found[piece] = seals.evidence(member, examination.file.read(member), bodies[piece[0]])
    return found


def source_of_pack(pack: ReadPack, others: Mapping[tuple[str, str], ReadPack]) -> Source:
    """Return a pack's session; parts that it took over and that nobody can open here come from their own packs.

    Raises StoreAlteredError for a part that is none.
    """
    merges = [entry for entry in pack.entries if entry.kind == "merge"]
    parts = {merged.seq: _part(pack, merged, others) for merged in merges}
    entries = in_order(_Parts(parts), pack.entries)
    rules = _rules(pack)
    part = pack.opened.get("part")
    return Source(
        station=pack.station,
        session=pack.session,
        kind=pack.kind,
        day=date.fromisoformat(pack.opened["day"]),
        place=str(pack.opened["place"]),
        entries=entries,
        components=components_of(pack.opened),
        classes=classes_of(_seats(pack), rules),
        rules=rules,
        size=pack.size,
        file=pack.file,
        merged=tuple(_named(pack, merged) for merged in merges),
        part=isinstance(part, Mapping) and part.get("number", 1) != 1,
        incomplete=any(lines is None for lines in parts.values()),
    )


class _Parts:
    """What merges took over, by entry."""

    def __init__(self, parts: Mapping[int, bytes | None]) -> None:
        self._parts = parts

    def evidence(self, seq: int, name: str, /) -> bytes:
        lines = self._parts.get(seq)
        if lines is None:
            raise EvidenceMissingError(seq=seq, evidence=name)
        return lines


def _named(pack: ReadPack, merged: Entry) -> tuple[str, str]:
    return station_of(merged.body["part_origin"]), f"{pack.session}-p{merged.body['part']}"


def _part(pack: ReadPack, merged: Entry, others: Mapping[tuple[str, str], ReadPack]) -> bytes | None:
    """Return the lines that a merge took over: from its evidence, else from the part's own pack, if it is the same."""
    piece = (merged.seq, "part")
    if piece in pack.pieces:
        return pack.pieces[piece]
    if piece in pack.erased:
        return b""
    other = others.get(_named(pack, merged))
    if other is None:
        return None
    body = merged.body
    kept = [
        entry.body
        for entry in other.entries
        if entry.seq < body["size"] and entry.kind not in _LEFT and "carried" not in entry.body
    ]
    if len(kept) != body["entries"] or (other.size == body["size"] and other.root != body["root"]):
        return None
    return b"".join(codec.encode(dict(each)) + b"\n" for each in kept)


def _rules(pack: ReadPack) -> Rules | None:
    """Return the session's rules: its own file where it could be opened, else the shipped one of the same bytes."""
    wanted = pack.opened["rules_sha256"]
    kept = [data for (_, name), data in pack.pieces.items() if name == "rules"]
    for data in kept:
        if hashlib.sha256(data).hexdigest() == wanted:
            try:
                return parse_rules(data)
            except RulesError:
                return None
    try:
        shipped = load_rules(str(pack.opened["rules"]))
    except (UnknownRulesError, RulesError):
        return None
    return shipped if shipped.sha256 == wanted else None


def _seats(pack: ReadPack) -> tuple[Seat, ...]:
    """Return the newest list that could be opened; nothing where there is none."""
    for entry in reversed(pack.entries):
        data = pack.pieces.get((entry.seq, "roster"))
        if data is not None:
            try:
                return parse_document(data).seats
            except RosterDocumentError:
                return ()
    return ()
