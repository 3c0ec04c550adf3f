"""The part of verification that grows the tree anew and compares leaves, nodes and checkpoints with it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, Final

from sessions import merkle
from sessions.audit_rows import rows
from sessions.checkpoint import Checkpoint, Note, VerifierKey, parse_checkpoint
from sessions.errors import NoteFormatError, NoteSignatureError
from sessions.finding import Findings
from sessions.keyschedule import KeySchedule
from sessions.signatures import Signatures

_LEVELS: Final = 63
_NODES: Final = "SELECT level, idx, hash FROM nodes ORDER BY level, idx"


class Tree:
    """Grows entry by entry. `size` and `root` are those of the last entry that could be placed.

    `origin` is the log's name by its last checkpoint, for where the schedule knows none.
    """

    def __init__(
        self,
        connection: Any,
        findings: Findings,
        schedule: KeySchedule,
        signatures: Signatures,
        pinned: Mapping[str, VerifierKey],
    ) -> None:
        self._connection, self._findings = connection, findings
        self._schedule, self._signatures, self._pinned = schedule, signatures, pinned
        self._edge: list[bytes] | None = []
        self._nodes: list[dict[int, bytes]] = [{} for _ in range(_LEVELS)]
        self._unplaced: dict[int, bytes] = {}
        self._before: Checkpoint | None = None
        self._name: tuple[VerifierKey | None, str, str, bytes] = (None, "", "", b"")
        self.origin = ""
        self.size = 0
        self.root = merkle.EMPTY_ROOT

    # -- one entry --------------------------------------------------------------------------------

    def entry(self, seq: int, data: bytes, note: str | None) -> None:
        """Take in the next body and the checkpoint that covers it last."""
        own = hashlib.sha256(b"\x00" + data).digest()
        if self._edge is None or note is None or not self._confirmed(seq, own, note):
            self._doubtful(seq, own, note)

    def gap(self) -> None:
        """Entries are missing: nothing can be placed until a checkpoint confirms the stored tree."""
        self._findings.skip("roots-after-first-bad-entry")
        self._edge, self._before = None, None

    def _confirmed(self, seq: int, own: bytes, note: str) -> bool:
        """Grow by the body's own leaf if the checkpoint says exactly this tree: the usual case, kept fast."""
        edge = list(self._edge or ())
        new, index, digest = [own], seq, own
        while index & 1:
            digest = hashlib.sha256(b"\x01" + edge.pop() + digest).digest()
            index >>= 1
            new.append(digest)
        edge.append(digest)
        root = edge[-1]
        for left in reversed(edge[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        if not self._signed_so(seq + 1, root, note):
            return False
        for level, each in enumerate(new):
            self._nodes[level][seq >> level] = each
        self._edge, self._before = edge, None
        self.size, self.root = seq + 1, root
        return True

    def _signed_so(self, size: int, root: bytes, note: str) -> bool:
        """Whether a note is the one form of this tree head; its signature is checked with the others."""
        key = self._schedule.key_of(size)
        if key is None:
            return False
        if key is not self._name[0]:
            self._name = (key, f"{key.name}\n", f"\n\u2014 {key.name} ", key.key_hash)
        _, origin, dash, key_hash = self._name
        text = f"{origin}{size}\n{base64.b64encode(root).decode()}\n"
        head = text + dash
        if not note.startswith(head) or not note.endswith("\n"):
            return False
        blob = note[len(head) : -1]
        try:
            signature = binascii.a2b_base64(blob, strict_mode=True)
        except ValueError:
            return False
        if len(signature) != 68 or not signature.startswith(key_hash):
            return False
        if binascii.b2a_base64(signature, newline=False).decode() != blob:
            return False
        self._signatures.add(size, key, text, signature[4:])
        return True

    def _doubtful(self, seq: int, own: bytes, note: str | None) -> None:
        """Something is not as it should be at this entry or before it: find out what."""
        head = self._checkpoint(seq, note)
        if self._edge is None:
            self._edge = self._resynchronised(seq)
        stored = self._stored(0, seq)
        used = self._grow(seq, own, stored, head)
        if used is None:
            self._unplaced[seq] = own
        elif used != own:
            self._findings.add("log-altered-body", seq=seq, why="hash")
        self._before = head

    def _resynchronised(self, size: int) -> list[bytes] | None:
        """Return the edge of the stored tree if the signed checkpoint before this entry confirms it."""
        if self._before is None or self._before.size != size:
            return None
        edge = [self._stored(*place) for place in merkle.edge(size)]
        if any(each is None for each in edge):
            return None
        whole = [each for each in edge if each is not None]
        return whole if merkle.fold(whole) == self._before.root else None

    def _grow(self, seq: int, own: bytes, leaf: bytes | None, head: Checkpoint | None) -> bytes | None:
        """Grow the tree by the leaf that the checkpoint confirms; return it, or None if there is none."""
        if self._edge is None:
            return None
        choices = [own] if leaf is None or leaf == own else [own, leaf]
        growths = [merkle.grow(seq, self._edge, each) for each in choices]
        fits = [growth for growth in growths if head is None or growth.root == head.root]
        if not fits:
            self._findings.add("log-altered-body", seq=seq, why="root")
            self._findings.skip("roots-after-first-bad-entry")
            self._edge = None
            return None
        chosen = fits[0]
        self._edge = list(chosen.edge)
        for level, index, digest in chosen.nodes:
            self._nodes[level][index] = digest
        self.size, self.root = chosen.size, chosen.root
        return chosen.nodes[0][2]

    def _checkpoint(self, seq: int, note: str | None) -> Checkpoint | None:
        """Return the tree head that covers this entry last, if it is there and signed by the station."""
        if note is None:
            self._findings.add("log-altered-checkpoint", seq=seq, why="missing")
            return None
        key = self._schedule.key_of(seq + 1)
        try:
            head, parsed = parse_checkpoint(note)
            if (head.origin, head.size) != (key.name if key else self.origin, seq + 1):
                raise NoteFormatError(why="place")
            if len(parsed.signatures) != 1:
                raise NoteFormatError(why="signatures")
            if key is not None:
                self._verify(parsed, key)
        except (NoteFormatError, NoteSignatureError):
            self._findings.add("log-altered-checkpoint", seq=seq)
            return None
        return head

    def _verify(self, note: Note, key: VerifierKey) -> None:
        """Verify by the key that the log names, else by the one that is pinned for its name."""
        try:
            note.verify(key)
        except NoteSignatureError:
            pinned = self._pinned.get(key.name, key)
            if pinned == key:
                raise
            note.verify(pinned)

    def _stored(self, level: int, index: int) -> bytes | None:
        sql = "SELECT hash FROM nodes WHERE level = ? AND idx = ?"
        row = self._connection.execute(sql, (level, index)).fetchone()
        return row[0] if row is not None and type(row[0]) is bytes else None

    # -- the whole --------------------------------------------------------------------------------

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the first `size` leaves as recomputed here; None where that failed."""
        try:
            return merkle.fold([self._nodes[level][index] for level, index in merkle.edge(size)])
        except (KeyError, IndexError):
            return None

    def bad_signatures(self) -> int | None:
        """Report checkpoints whose signature is wrong; return the first size that is signed by the log's own key where
        another one is pinned for its name, or None.
        """
        first_foreign: int | None = None
        wrong = set()
        for size, public, text, signature in self._signatures.bad():
            wrong.add(size)
            key = self._schedule.key_of(size)
            pinned = self._pinned.get(key.name) if key is not None else None
            if pinned is None or pinned.public == public or not _good(pinned, signature, text):
                self._findings.add("log-altered-checkpoint", seq=size - 1)
        for period in self._schedule.periods:
            pinned = self._pinned.get(period.key.name, period.key)
            if pinned != period.key and first_foreign is None:
                first_foreign = period.first_size
                while first_foreign in wrong:
                    first_foreign += 1
        return first_foreign

    def finish(self, size: int) -> None:
        """Compare every stored node of a log of `size` entries with what was computed."""
        computed = (
            (level, index, each) for level, row in enumerate(self._nodes) for index, each in row.items()
        )
        stored = rows(self._connection, self._findings, _NODES, (int, int, bytes))
        kept = []
        for mine, theirs in zip_longest(computed, stored):
            if mine != theirs:
                kept += [(mine, theirs)]
        if kept:
            self._compare(kept, size)

    def _compare(self, kept: list[tuple[Any, Any]], size: int) -> None:
        mine = {each[:2]: each[2] for each, _ in kept if each is not None}
        theirs = {each[:2]: each[2] for _, each in kept if each is not None}
        for place in sorted(mine.keys() | theirs.keys()):
            self._node(place, mine.get(place), theirs.get(place), size)

    def _node(self, place: tuple[int, int], mine: bytes | None, theirs: bytes | None, size: int) -> None:
        level, index = place
        last = (index + 1 << level) - 1 if 0 <= level < _LEVELS and index >= 0 else size
        facts: dict[str, str | int] = {"level": level, "index": index}
        if last >= size:
            self._findings.add("log-altered-extra", what="node", **facts)
        elif theirs is None:
            self._findings.add("log-altered-node", seq=last, why="missing", **facts)
        elif level == 0 and theirs != (mine or self._unplaced.get(index, theirs)):
            self._findings.add("log-altered-leaf", seq=last)
        elif level and mine is not None and theirs != mine:
            self._findings.add("log-altered-node", seq=last, why="hash", **facts)


def _good(key: VerifierKey, signature: bytes, text: str) -> bool:
    try:
        key.verify(signature, text.encode())
    except NoteSignatureError:
        return False
    return True
