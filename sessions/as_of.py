"""The log as it stood at an earlier tree head: the same reading, nothing of what came after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sessions.checkpoint import Checkpoint
from sessions.errors import EvidenceMissingError
from sessions.evidence_keys import EvidenceKeys
from sessions.reader import Entry, LogReader, SealedPiece

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class LogAsOf(LogReader):
    """A log's first `size` entries. Evidence that was erased since is gone here too."""

    def __init__(self, log: LogReader, size: int) -> None:
        """Look at `log` as of `size`; raises StoreAlteredError where that tree head was never signed."""
        log.checkpoint(size)
        super().__init__(log._db, evidence_key=log._evidence_key, signer=log._signer)
        self._lock, self._former = log._lock, log._former
        self._log, self._size = log, size

    @property
    def evidence_keys(self) -> EvidenceKeys:
        """The file of evidence keys."""
        return self._log.evidence_keys

    def entries(self, kind: str | None = None, session: str | None = None) -> tuple[Entry, ...]:
        """Return the entries of a kind, of a session, of both, or all, in order."""
        found = tuple(entry for entry in self._log.entries(kind, session) if entry.seq < self._size)
        return found + self._restated(session) if kind == "shred" and session is not None else found

    def _restated(self, session: str) -> tuple[Entry, ...]:
        """Return the erasures since then that state this roster again without somebody: it is the one of then.

        Those behind a later addition to the list state another.
        """
        added = [entry.seq for entry in self._log.entries("roster", session) if entry.seq >= self._size]
        end = min(added, default=None)
        return tuple(
            entry
            for entry in self._log.entries("shred", session)
            if entry.seq >= self._size
            and (end is None or entry.seq < end)
            and "roster" in entry.body.get("evidence", {})
        )

    def entries_after(
        self, seq: int, session: str, *, parse: Callable[[bytes], Mapping[str, Any]] = json.loads
    ) -> tuple[Entry, ...]:
        """Return the entries of a session behind an entry's number, in order. `parse`: reads their bodies."""
        found = self._log.entries_after(seq, session, parse=parse)
        return tuple(entry for entry in found if entry.seq < self._size)

    def entry(self, seq: int) -> Entry:
        """Return one entry; raises EvidenceMissingError where there was none of this number."""
        self._require(seq)
        return self._log.entry(seq)

    def body(self, seq: int) -> bytes:
        """Return the exact bytes of an entry's body; raises EvidenceMissingError."""
        self._require(seq)
        return self._log.body(seq)

    def attempt(self, attempt_id: str) -> Entry | None:
        """Return the entry of an attempt that had ended, or None."""
        return self._known(self._log.attempt(attempt_id))

    def begun(self, attempt_id: str) -> Entry | None:
        """Return the entry with which an attempt had begun, or None."""
        return self._known(self._log.begun(attempt_id))

    def sealed(self, seq: int, name: str) -> SealedPiece:
        """Return a piece of evidence as stored; raises EvidenceMissingError."""
        self._require(seq)
        return self._log.sealed(seq, name)

    def head(self) -> Checkpoint:
        """Return the signed tree head of this size."""
        return self.checkpoint(self._size)

    def _known(self, entry: Entry | None) -> Entry | None:
        return entry if entry is not None and entry.seq < self._size else None

    def _require(self, seq: int) -> None:
        if seq >= self._size and self._log.entry(seq).kind != "shred":
            raise EvidenceMissingError(seq=seq)
