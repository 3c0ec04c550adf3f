"""The file of evidence keys as an auditor reads it: once, without changing it. Form: docs/log-format.md, "Key file".

Read before the database, a copy of it is older: slots that are not there yet are read again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.errors import EvidenceErasedError, KeyFileError

_SLOT: Final = 64
_HEADER: Final = (b"PRCTKEYS" + bytes((0, 0, 0, 2, 0, 0, 0, _SLOT))).ljust(_SLOT, b"\0")
_MARK: Final = b"KEY\n"
_GONE: Final = bytes(_SLOT)
_MAX_BYTES: Final = 1 << 31
_LOADS: Final = 2


class KeySlots:
    """The slots of a file; with the station's evidence key they can be opened."""

    def __init__(self, path: Path, key: bytes | None) -> None:
        self._path = path
        self._box = None if key is None else AESGCM(key)
        self._data = b""
        self._loads = 0

    @property
    def opens(self) -> bool:
        """Whether there is a key to open slots with."""
        return self._box is not None

    @property
    def count(self) -> int:
        """How many whole slots the file has; raises KeyFileError."""
        if not self._data:
            self.load()
        return len(self._data) // _SLOT - 1

    def load(self) -> None:
        """Read the file; raises KeyFileError."""
        self._loads += 1
        try:
            if self._path.stat().st_size > _MAX_BYTES:
                raise KeyFileError(why="size")
            data = self._path.read_bytes()
        except OSError:
            raise KeyFileError(why="missing") from None
        if data[:_SLOT] != _HEADER:
            raise KeyFileError(why="header")  # and no slot of it is there
        self._data = data

    def is_destroyed(self, slot: int) -> bool:
        """Whether a slot is all zeros; raises KeyFileError."""
        return self._slot(slot) == _GONE

    def is_damaged(self, slot: int) -> bool:
        """Whether a slot is neither destroyed nor has its mark; raises KeyFileError."""
        sealed = self._slot(slot)
        return sealed != _GONE and not sealed.endswith(_MARK)

    def require_there(self, slot: int) -> None:
        """Raise EvidenceErasedError for a slot that is all zeros, KeyFileError for one without its mark."""
        sealed = self._slot(slot)
        if sealed == _GONE:
            raise EvidenceErasedError(slot=slot)
        if not sealed.endswith(_MARK):
            raise KeyFileError(why="slot", slot=slot)

    def read(self, slot: int, station: str) -> bytes:
        """Return the key in a slot; raises EvidenceErasedError, KeyFileError."""
        self.require_there(slot)
        sealed = self._slot(slot)
        try:
            if self._box is None:
                raise InvalidTag
            aad = f"proctor evidence slot 2\n{station}\n{slot}\n".encode()
            return self._box.decrypt(sealed[:12], sealed[12:60], aad)
        except InvalidTag:
            raise KeyFileError(why="slot", slot=slot) from None

    def _slot(self, slot: int) -> bytes:
        start = (slot + 1) * _SLOT
        if len(self._data) < start + _SLOT and self._loads < _LOADS:
            self.load()
        found = self._data[start : start + _SLOT]
        if len(found) != _SLOT:
            raise KeyFileError(why="short", slot=slot)
        return found
