"""The tree in the quick mode: leaves first, then level by level, and only the last checkpoint of each key.

What does not agree is only counted: the full walk names it.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from sessions import merkle
from sessions.checkpoint import verify_checkpoint
from sessions.errors import NoteFormatError, NoteSignatureError
from sessions.finding import Findings
from sessions.keyschedule import KeySchedule

_ENDS: Final = "SELECT count(*), min(size), max(size) FROM checkpoints"


class QuickTree:
    """Takes every body in order; `finish` compares. `origin`, `size`, `root` as in `audit_tree.Tree`."""

    def __init__(self, connection: Any, findings: Findings, schedule: KeySchedule) -> None:
        self._connection, self._findings, self._schedule = connection, findings, schedule
        self._levels: list[list[bytes]] = [[]]
        self.origin = ""
        self.size = 0
        self.root = merkle.EMPTY_ROOT

    def entry(self, _seq: int, data: bytes, _note: str | None) -> None:
        """Take in the next body."""
        self._levels[0].append(hashlib.sha256(b"\x00" + data).digest())

    def gap(self) -> None:
        """Entries are missing: the findings say so already."""

    def finish(self, size: int) -> None:
        """Compute the levels above the leaves and compare all with the stored nodes; count the checkpoints."""
        self.size = size
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs])
        for level, mine in enumerate(self._levels):
            sql = "SELECT idx, hash FROM nodes WHERE level = ? ORDER BY idx"
            if self._connection.execute(sql, (level,)).fetchall() != list(enumerate(mine)):
                self._findings.add("log-altered-node", level=level)
        count = self._connection.execute("SELECT count(*) FROM nodes").fetchone()[0]
        if count != sum(map(len, self._levels)):
            self._findings.add("log-altered-extra", what="node")
        if self._connection.execute(_ENDS).fetchone() != (size, 1, size):
            self._findings.add("log-altered-checkpoint", why="number")
        self.root = self.root_at(size) or merkle.EMPTY_ROOT

    def bad_signatures(self) -> int | None:
        """Report a last checkpoint of a key that is not as it must be; None as there is nothing to name."""
        ends = self._schedule.last_sizes(self.size)
        for size in ends or (self.size,):
            if not self._right(size):
                self._findings.add("log-altered-checkpoint", seq=max(size - 1, 0))
        if self.size > len(ends):
            self._findings.skip("checkpoints")
        return None

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the first `size` leaves as recomputed here."""
        try:
            return merkle.fold([self._levels[level][index] for level, index in merkle.edge(size)])
        except IndexError:
            return None

    def _right(self, size: int) -> bool:
        key = self._schedule.key_of(size)
        row = self._connection.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
        if key is None or row is None or type(row[0]) is not str:
            return False
        try:
            head = verify_checkpoint(row[0], key)
        except (NoteFormatError, NoteSignatureError):
            return False
        signatures = row[0].count("\u2014 ")
        return (head.size, head.root) == (size, self.root_at(size)) and signatures == 1
