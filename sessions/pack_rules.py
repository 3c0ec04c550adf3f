"""What the entries of a pack must be beside being the station's own: form, kinds, second persons, the session's course.

The entries given here are those that the walk proved; what is found is the station's doing, or of whoever had its key.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sessions import codec
from sessions.clocks import jump_of
from sessions.errors import CanonicalFormError, EventFormError
from sessions.events import is_user, require_event
from sessions.pack import Manifest
from sessions.pack_finding import PackFindings
from sessions.pack_parts import Frame
from sessions.record import parse_utc

_COMMON: Final = {
    "schema": int,
    "kind": str,
    "seq": int,
    "origin": str,
    "at": str,
    "monotonic_ms": int,
    "boot_id": str,
    "operator": dict,
}
_SCHEMAS: Final = (1, 2)
_KEY_KINDS: Final = frozenset({"key", "epoch"})
_STATES: Final = {"ADMIT": "admitted", "REFER": "referred", "REFUSE": "refused"}


@dataclass(frozen=True, slots=True)
class Record:
    """One proven entry: its number and its body."""

    seq: int
    body: Mapping[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.body["kind"])

    @property
    def bound(self) -> Mapping[str, str]:
        """The hashes of its evidence, by name."""
        found: Mapping[str, str] = self.body.get("evidence", {})
        return found

    def text(self, name: str) -> str:
        """A field that is text, or the empty text: entries of schema 1 may have anything."""
        value = self.body.get(name)
        return value if type(value) is str else ""

    def number(self, name: str) -> int:
        """A field that is an integer, or 0."""
        value = self.body.get(name)
        return value if type(value) is int else 0

    @property
    def erased(self) -> frozenset[tuple[int, str]]:
        """The pieces (entry, name) that a shred entry names."""
        targets = self.body.get("targets") if self.kind == "shred" else None
        found: set[tuple[int, str]] = set()
        for target in targets if isinstance(targets, list) else ():
            seq, names = (target.get("seq"), target.get("names")) if isinstance(target, dict) else (0, ())
            if type(seq) is int and isinstance(names, list):
                found |= {(seq, name) for name in names if type(name) is str}
        return frozenset(found)


def read_bodies(frames: Sequence[Frame], findings: PackFindings) -> tuple[Record, ...]:
    """Return the entries whose bodies have the form of their kind; the others are findings."""
    records = []
    for frame in frames:
        try:
            body = codec.decode(frame.body)
            _require_form(frame.seq, body)
        except (CanonicalFormError, EventFormError, ValueError) as error:
            why = error.facts.get("field", "form") if isinstance(error, EventFormError) else "form"
            findings.add("pack-entry-form", seq=frame.seq, why=why)
            continue
        records.append(Record(frame.seq, body))
    return tuple(records)


def _require_form(seq: int, body: Mapping[str, Any]) -> None:
    """Raise EventFormError or ValueError unless a body has what every entry and its kind must have."""
    if any(type(body.get(name)) is not kind for name, kind in _COMMON.items()):
        raise ValueError("common fields")
    if body["seq"] != seq or body["schema"] not in _SCHEMAS or not is_user(body["operator"]):
        raise ValueError("place")
    parse_utc(body["at"])
    bound, keys = body.get("evidence", {}), body.get("evidence_keys", {})
    for table in (bound, keys):
        if not isinstance(table, dict) or not all(type(value) is str for value in table.values()):
            raise ValueError("evidence")
    if body["schema"] == 1:
        return
    if bound.keys() != keys.keys() or bool(bound) != (type(body.get("evidence_slot")) is int):
        raise ValueError("evidence")
    require_event(body["kind"], body, bound)


def check_rules(
    records: Sequence[Record], manifest: Manifest, findings: PackFindings, *, whole: bool
) -> None:
    """Check which entries are there, the session's course, its counts, and the clocks.

    Unless `whole`, entries are missing here that the pack may have, and what needs all of them is left aside.
    """
    for record in records:
        outside = not manifest.first <= record.seq <= manifest.last
        if outside and record.kind not in _KEY_KINDS:
            findings.add("pack-session-differs", seq=record.seq, why="outside")
    own = [record for record in records if record.body.get("session") == manifest.session]
    if whole:
        _check_course(own, records, manifest, findings)
        _check_attempts(own, findings)
    for before, after in itertools.pairwise(records):
        if before.seq + 1 == after.seq and after.kind != "clock" and _jumped(before, after):
            findings.add("pack-clock-jump", seq=after.seq)


def _check_course(
    own: Sequence[Record], records: Sequence[Record], manifest: Manifest, findings: PackFindings
) -> None:
    """Check that the session opens where the pack says, once, and closes once with the counts that the entries give."""
    for record in records:
        if record.seq == manifest.first and (record.kind != "open" or record not in own):
            findings.add("pack-session-differs", seq=record.seq, why="open")
    opened = [record for record in own if record.kind == "open"]
    closed = [record for record in own if record.kind == "close"]
    for record in (*opened[1:], *closed[1:]):
        findings.add("pack-session-differs", seq=record.seq, why="second")
    if not closed:
        findings.add("pack-session-open", seq=manifest.first)
    elif opened:
        _check_counts(opened[0], closed[0], own, findings)
    for record in own:
        if closed and record.seq > closed[0].seq and record.kind == "begin":
            findings.add("pack-session-differs", seq=record.seq, why="after-close")
    if closed and not any(record.kind == "attempt" for record in own):
        findings.add("pack-session-empty", seq=manifest.first)


def _check_counts(opened: Record, closed: Record, own: Sequence[Record], findings: PackFindings) -> None:
    """Compare the counts of the close entry with the attempts before it."""
    before = [record for record in own if record.seq < closed.seq]
    attempts = [record for record in before if record.kind == "attempt"]
    added = sum(record.number("added") for record in before if record.kind == "roster")
    states: dict[str, str] = {}
    for record in attempts:
        if "sbd" in record.body and states.get(record.text("sbd")) != "admitted":
            states[record.text("sbd")] = _STATES.get(record.text("verdict"), "")
    counts = {name: list(states.values()).count(name) for name in _STATES.values()}
    counts["candidates"] = opened.number("candidates") + added
    counts["absent"] = counts["candidates"] - len(states)
    counts["attempts"] = len(attempts)
    for name, count in counts.items():
        said = closed.number(name)
        if said != count:
            findings.add("pack-counts-differ", seq=closed.seq, what=name, said=said, found=count)


def _check_attempts(own: Sequence[Record], findings: PackFindings) -> None:
    """Check that every attempt that began has ended, once."""
    ended: set[str] = set()
    for record in own:
        if record.kind == "attempt":
            if record.text("attempt") in ended:
                findings.add("pack-session-differs", seq=record.seq, why="attempt-twice")
            ended.add(record.text("attempt"))
    for record in own:
        if record.kind == "begin" and record.text("attempt") not in ended:
            findings.add("pack-attempt-unfinished", seq=record.seq)


def _jumped(before: Record, after: Record) -> bool:
    if 1 in {before.body["schema"], after.body["schema"]}:
        return False
    try:
        return jump_of(before.body, after.body) is not None
    except (ValueError, KeyError, TypeError, OverflowError):
        return True
