"""What the entries of a pack must be beside being the station's own: form, kinds, second persons, clocks.

The entries given here are those that the walk proved; what is found is the station's doing, or of whoever had its key.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sessions import codec
from sessions.clocks import jump_of
from sessions.erased import SHRED, erased_by
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
_PERSON: Final = {"id", "role"}
KINDS_1: Final = frozenset({"key", "open", "attempt", "print"})
"""The kinds that schema 1 had."""


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
        """The pieces (entry, name) that it names, if it is a shred entry as it must be."""
        if self.kind != SHRED:
            return frozenset()
        try:
            return erased_by(self.seq, self.body)
        except EventFormError:  # a finding by itself
            return frozenset()


def read_bodies(frames: Sequence[Frame], findings: PackFindings) -> tuple[Record, ...]:
    """Return the entries whose bodies have the form of their kind; the others are findings."""
    records: list[Record] = []
    schema = 1
    for frame in frames:
        try:
            body = codec.decode(frame.body)
            _require_common(frame.seq, body)
            before, schema = schema, max(schema, body["schema"])
            _require_form(body, before)
        except (CanonicalFormError, EventFormError, ValueError) as error:
            why = error.facts.get("field", "form") if isinstance(error, EventFormError) else "form"
            findings.add("pack-entry-form", seq=frame.seq, why=why)
            continue
        records.append(Record(frame.seq, body))
    _check_targets(records, findings)
    return tuple(records)


def _require_common(seq: int, body: Mapping[str, Any]) -> None:
    """Raise ValueError unless a body has what every entry has."""
    if any(type(body.get(name)) is not kind for name, kind in _COMMON.items()):
        raise ValueError("common fields")
    operator = body["operator"]
    if body["seq"] != seq or body["schema"] not in _SCHEMAS or operator.keys() != _PERSON:
        raise ValueError("place")
    if not is_user(operator):
        raise ValueError("operator")
    parse_utc(body["at"])
    for table in (body.get("evidence", {}), body.get("evidence_keys", {})):
        if not isinstance(table, dict) or not all(type(value) is str for value in table.values()):
            raise ValueError("evidence")


def _require_form(body: Mapping[str, Any], schema: int) -> None:
    """Raise EventFormError or ValueError unless a body has what its kind must have; `schema`: the one in force.

    Schema 1 had four kinds, and ended with the first entry of schema 2: it is no way around the rules of a kind.
    """
    kind, bound, keys = body["kind"], body.get("evidence", {}), body.get("evidence_keys", {})
    if body["schema"] == 1:
        if schema != 1:
            raise EventFormError(kind=kind, field="schema")
        if kind not in KINDS_1:
            raise EventFormError(kind=kind, field="kind")
        return
    if bound.keys() != keys.keys() or bool(bound) != (type(body.get("evidence_slot")) is int):
        raise ValueError("evidence")
    if "/" in kind:
        raise EventFormError(kind=kind, field="kind")
    require_event(kind, body, bound)


def _check_targets(records: Sequence[Record], findings: PackFindings) -> None:
    """Check that erasures name pieces of earlier entries of their session, each once, as far as the pack has them."""
    known = {record.seq: (record.body.get("session"), record.bound.keys()) for record in records}
    gone: set[tuple[int, str]] = set()
    for record in records:
        if record.kind != SHRED:
            continue
        try:
            pieces = erased_by(record.seq, record.body)
        except EventFormError:
            findings.add("pack-entry-form", seq=record.seq, why="targets")
            continue
        session = record.body.get("session")
        there = [(known[seq], name) for seq, name in pieces if seq in known]
        if not gone.isdisjoint(pieces) or any(
            of != session or name not in names for (of, names), name in there
        ):
            findings.add("pack-entry-form", seq=record.seq, why="targets")
        gone.update(pieces)


def check_rules(records: Sequence[Record], manifest: Manifest, findings: PackFindings) -> None:
    """Check which entries are there, and the clocks of neighbours."""
    for record in records:
        outside = not manifest.first <= record.seq <= manifest.last
        if outside and record.kind not in _KEY_KINDS:
            findings.add("pack-session-differs", seq=record.seq, why="outside")
    for before, after in itertools.pairwise(records):
        if before.seq + 1 == after.seq and after.kind != "clock" and _jumped(before, after):
            findings.add("pack-clock-jump", seq=after.seq)


def _jumped(before: Record, after: Record) -> bool:
    if 1 in {before.body["schema"], after.body["schema"]}:
        return False
    try:
        return jump_of(before.body, after.body) is not None
    except (ValueError, KeyError, TypeError, OverflowError):
        return True
