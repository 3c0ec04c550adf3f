"""The persons of a pack's entries: second persons who may confirm, and both persons' signatures.

All `key` entries of the log are in a pack, so that every person's key at every entry is known. As the log's own
verification does it (`audit_people`), for the entries that are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sessions.audit_people import People
from sessions.pack_finding import PackFindings
from sessions.pack_rules import Record

_FORM: Final = "pack-entry-form"
_WHO: Final = frozenset({"second", "second-role", "second-unkeyed", "operator-role", "adder"})


def check_people(records: Sequence[Record], roots: Mapping[int, bytes], findings: PackFindings) -> None:
    """Check persons and signatures of a pack all of whose entries were proven; `roots`: of the sizes it shows."""

    def add(code: str, *, seq: int, why: str = "", **_facts: str | int) -> None:
        if code == "log-altered-signature" or why in _WHO:
            findings.add(_FORM, seq=seq, why="signature" if code == "log-altered-signature" else why)

    people = People(add, partial=True)
    for record in records:
        people.entry(record.seq, record.body)
    for seq, size, root in people.heads:
        if not 0 <= size <= seq or roots.get(size, bytes.fromhex(root)).hex() != root:
            findings.add(_FORM, seq=seq, why="signature")
