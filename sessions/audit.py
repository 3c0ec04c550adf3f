"""One pass over a log, entry by entry, beside its checkpoints and evidence; `audit_*` are the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sessions import merkle
from sessions.anchor import Anchor
from sessions.audit_anchors import Anchors, Compared, judge_epochs
from sessions.audit_bodies import Bodies
from sessions.audit_evidence import Evidence
from sessions.audit_order import Order
from sessions.audit_rows import Beside, rows
from sessions.audit_tree import Tree
from sessions.audit_tree_quick import QuickTree
from sessions.audit_witnesses import cosigned
from sessions.checkpoint import VerifierKey, parse_checkpoint
from sessions.cosignature import CosignerKey
from sessions.errors import NoteFormatError
from sessions.finding import Findings
from sessions.key_slots import KeySlots
from sessions.keyschedule import KeySchedule
from sessions.signatures import Signatures

_NOTES: Final = "SELECT size, note FROM checkpoints ORDER BY size"
_NO_NOTES: Final = "SELECT size, note FROM checkpoints WHERE size < 1 ORDER BY size"
_HEAD: Final = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
_ENTRIES: Final = "SELECT seq, body, kind, session, attempt FROM entries ORDER BY seq"
_SOME: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a log is held against. `pinned` are the keys this machine believes, by name; `schema` is the file's."""

    full: bool
    schema: int
    pinned: Mapping[str, VerifierKey]
    witnesses: Sequence[CosignerKey] = ()
    anchors: Sequence[Anchor] = ()
    evidence_key: bytes | None = field(default=None, repr=False)
    slots: KeySlots | None = field(default=None, repr=False)
    now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What the walk came to, apart from findings: size and root of the last head, whose keys signed what.

    `entries` is how many entries there are, good or bad.
    `first_foreign` is the first size that the log's own key signed where another one is pinned for its name.
    """

    schedule: KeySchedule
    entries: int
    origin: str
    size: int
    root: bytes
    first_foreign: int | None
    cosigned: Mapping[str, int]
    anchors: tuple[Compared, ...]


def walk(connection: Any, findings: Findings, question: Question) -> Walked:
    """Check a whole log that is open; raises the database library's error where it cannot be read."""
    with Signatures() as signatures:
        return _Walk(connection, findings, question, signatures).run()


class _Walk:
    def __init__(
        self, connection: Any, findings: Findings, question: Question, signatures: Signatures
    ) -> None:
        self._connection, self._findings, self._question = connection, findings, question
        self._signatures = signatures
        self._schedule = KeySchedule()
        self._bodies = Bodies(findings, self._schedule, question.schema)
        self._order = Order(findings)
        self._tree: Tree | QuickTree = (
            Tree(connection, findings, self._schedule, signatures, question.pinned)
            if question.full
            else QuickTree(connection, findings, self._schedule)
        )
        self._evidence = Evidence(
            connection,
            findings,
            full=question.full,
            schema=question.schema,
            key=question.evidence_key,
            slots=question.slots,
        )
        self._head_size = 0
        self._head_root = merkle.EMPTY_ROOT

    def run(self) -> Walked:
        """Walk, then judge the whole."""
        self._learn_head()
        sql = _NOTES if self._question.full else _NO_NOTES
        notes = Beside(rows(self._connection, self._findings, sql, (int, str)), self._stray_note)
        expected = 0
        for seq, data, *columns in rows(self._connection, self._findings, _ENTRIES, (int, bytes)):
            if seq < expected:  # below 0, or twice in a table that is none of ours
                self._findings.add("log-altered-extra", what="entry")
                continue
            if seq != expected:
                self._gap(expected, seq)
                for missing in range(expected, min(seq, expected + _SOME)):
                    notes.take(missing + 1)
            note = notes.take(seq + 1)
            self._entry(seq, tuple(columns), data, note[0][1] if note else None)
            expected = seq + 1
        return self._finish(expected, notes)

    def _learn_head(self) -> None:
        """Take name, size and root from the last checkpoint: what a log says of itself where it says nothing else."""
        for size, note in rows(self._connection, self._findings, _HEAD, (int, str)):
            self._head_size = size
            try:
                head, _ = parse_checkpoint(note)
            except NoteFormatError:
                self._findings.add("log-altered-checkpoint", seq=max(size - 1, 0))
            else:
                self._tree.origin, self._head_root = head.origin, head.root

    def _entry(self, seq: int, columns: tuple[Any, ...], data: bytes, note: str | None) -> None:
        body = self._bodies.read(seq, data, columns, self._tree.origin)
        if seq == 0:
            self._require_first_key()
        self._tree.entry(seq, data, note)
        self._evidence.entry(seq, body)
        if body is not None:
            self._order.entry(seq, body)

    def _require_first_key(self) -> None:
        """Entry 0 names the first key; where it does not, a pinned key of the name stands in."""
        if self._schedule.last is None:
            self._findings.add("log-altered-body", seq=0, why="station-key")
            self._schedule.stand_in(self._question.pinned.get(self._tree.origin))

    def _gap(self, expected: int, found: int) -> None:
        for seq in range(expected, min(found, expected + _SOME)):
            self._findings.add("log-altered-gap", seq=seq)
        if expected == 0:
            self._schedule.stand_in(self._question.pinned.get(self._tree.origin))
        self._tree.gap()
        self._bodies.forget()

    def _stray_note(self, row: tuple[Any, ...]) -> None:
        """A checkpoint that belongs to no entry here; those of missing entries are spoken of by the gap."""
        if row[0] < 1:
            self._findings.add("log-altered-checkpoint", why="size")

    def _finish(self, size: int, notes: Beside) -> Walked:
        notes.rest()
        if self._head_size > size:
            self._findings.add("log-altered-gap", seq=size, why="checkpoint-without-entry")
        if size == 0:
            self._findings.add("log-altered-gap", seq=0)
        self._tree.finish(size)
        self._order.finish(self._question.now, self._root_at)
        self._evidence.finish(self._order.shredded)
        first_foreign = self._tree.bad_signatures()
        return Walked(
            schedule=self._schedule,
            entries=size,
            origin=self._schedule.origin or self._tree.origin,
            size=self._tree.size or self._head_size,
            root=self._tree.root if self._tree.size else self._head_root,
            first_foreign=first_foreign if first_foreign is None or first_foreign <= size else None,
            cosigned=self._cosigned(),
            anchors=self._anchors(size),
        )

    def _cosigned(self) -> Mapping[str, int]:
        question = self._question
        if question.schema < 2:
            return {}
        return cosigned(self._connection, self._findings, question.witnesses, full=question.full)

    def _anchors(self, size: int) -> tuple[Compared, ...]:
        pinned = tuple(self._question.pinned.values())
        judge_epochs(self._findings, self._schedule, self._root_at, pinned)
        anchors = Anchors(
            self._findings,
            self._schedule,
            self._root_at,
            size,
            pinned=pinned,
            witnesses=self._question.witnesses,
        )
        return anchors.compare(self._question.anchors)

    def _root_at(self, size: int) -> bytes | None:
        """Return the root of a size as computed, else as its checkpoint says."""
        found = self._tree.root_at(size)
        if found is not None:
            return found
        row = self._connection.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
        try:
            return None if row is None else parse_checkpoint(str(row[0]))[0].root
        except NoteFormatError:
            return None
