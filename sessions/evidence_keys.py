"""The file of evidence keys: one slot for each piece of evidence, filled ahead, destroyed one by one.

The keys lie apart from the ciphertexts, so that a copy of the database opens nothing that was erased here, and an
attempt costs one commit: slots are on disk before they are used. Form: docs/log-format.md, "Key file".
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.errors import EvidenceErasedError, KeyFileError
from sessions.files import make_private_dir, write_private
from sessions.mark import EVIDENCE_KEYS

FILE_NAME: Final = EVIDENCE_KEYS
SLOT_BYTES: Final = 64
BATCH: Final = 1024
_MAGIC: Final = b"PRCTKEYS"
_HEADER: Final = (_MAGIC + struct.pack(">II", 2, SLOT_BYTES)).ljust(SLOT_BYTES, b"\0")
_MARK: Final = b"KEY\n"
_GONE: Final = bytes(SLOT_BYTES)


class EvidenceKeys:
    """The open key file of one station. `taken` slots were handed out; the rest of the file waits.

    Whoever opens it says with `taken` how many slots the log has used; later slots are handed out afresh.
    """

    def __init__(self, path: Path, evidence_key: bytes, station: str, *, taken: int) -> None:
        self._path, self._station = path, station
        self._box = AESGCM(evidence_key)
        self._next = taken
        self._ready: list[bytes] = []
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, evidence_key: bytes, station: str) -> Self:
        """Make an empty key file and return it; one that is there is replaced. Raises OSError."""
        make_private_dir(path.parent)
        write_private(path, _HEADER)
        return cls(path, evidence_key, station, taken=0)

    @classmethod
    def open(cls, path: Path, evidence_key: bytes, station: str, *, taken: int) -> Self:
        """Return the key file of a log whose entries name the slots below `taken`.

        Raises KeyFileError when it is absent, is no key file, or has fewer slots than the log has used.
        """
        keys = cls(path, evidence_key, station, taken=taken)
        if keys.slots < taken:
            raise KeyFileError(why="short", slots=keys.slots, used=taken)
        return keys

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @property
    def slots(self) -> int:
        """How many whole slots the file has; raises KeyFileError."""
        try:
            with self._path.open("rb") as stream:
                header = stream.read(SLOT_BYTES)
                size = os.fstat(stream.fileno()).st_size
        except OSError:
            raise KeyFileError(why="missing") from None
        if header != _HEADER:
            raise KeyFileError(why="header")
        return (size - SLOT_BYTES) // SLOT_BYTES

    @property
    def taken(self) -> int:
        """The number of the next slot."""
        return self._next

    def take(self, count: int) -> tuple[int, tuple[bytes, ...]]:
        """Return the number of the first of `count` consecutive slots and their 32-byte keys, already on disk.

        A slot whose entry is not committed in the end is handed out again after the next opening: nobody ever
        saw what it sealed. May be called from any thread. Raises OSError.
        """
        with self._lock:
            while len(self._ready) < count:
                self._fill()
            keys = tuple(self._ready[:count])
            del self._ready[:count]
            first = self._next
            self._next += count
        return first, keys

    def read(self, slot: int) -> bytes:
        """Return the key in a slot; raises EvidenceErasedError, KeyFileError."""
        sealed = self._slot(slot)
        if sealed == _GONE:
            raise EvidenceErasedError(slot=slot)
        try:
            if not sealed.endswith(_MARK):
                raise InvalidTag
            return self._box.decrypt(sealed[:12], sealed[12:60], self._aad(slot))
        except InvalidTag:
            raise KeyFileError(why="slot", slot=slot) from None

    def is_destroyed(self, slot: int) -> bool:
        """Whether a slot holds no key any more; raises KeyFileError."""
        return self._slot(slot) == _GONE

    def remaining(self, slots: Iterable[int]) -> tuple[int, ...]:
        """Return those of the slots that are not destroyed, in one reading; raises KeyFileError."""
        try:
            data = memoryview(self._path.read_bytes())
        except OSError:
            raise KeyFileError(why="missing") from None
        starts = ((slot, (slot + 1) * SLOT_BYTES) for slot in slots)
        return tuple(slot for slot, start in starts if data[start : start + SLOT_BYTES] != _GONE)

    def destroy(self, slots: Iterable[int]) -> int:
        """Overwrite slots with zeros, durably, and return how many; twice is once. Raises OSError, KeyFileError."""
        count = 0
        known = self.slots
        with self._path.open("r+b", buffering=0) as stream:
            for slot in slots:
                if not 0 <= slot < known:
                    raise KeyFileError(why="slot", slot=slot)
                stream.seek((slot + 1) * SLOT_BYTES)
                stream.write(_GONE)
                count += 1
            os.fsync(stream.fileno())
        return count

    def export(self, slots: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Yield number and key of each slot that still has one, for a backup that wraps them again."""
        for slot in self.remaining(slots):
            yield slot, self.read(slot)

    def put(self, keys: Iterable[tuple[int, bytes]], *, slots: int) -> None:
        """Write the keys of a backup into an empty file of `slots` slots; the others are destroyed ones."""
        content = bytearray(_HEADER) + bytearray(slots * SLOT_BYTES)
        for slot, key in keys:
            start = (slot + 1) * SLOT_BYTES
            content[start : start + SLOT_BYTES] = self._seal(slot, key)
        write_private(self._path, bytes(content))
        self._next, self._ready = slots, []

    def resealed(self, keys: Mapping[int, bytes]) -> bytes:
        """Return the file's content with these slots sealed again under this evidence key; raises OSError."""
        content = bytearray(self._path.read_bytes())
        for slot, key in keys.items():
            start = (slot + 1) * SLOT_BYTES
            content[start : start + SLOT_BYTES] = self._seal(slot, key)
        return bytes(content)

    def _fill(self) -> None:
        """Write a batch of fresh keys behind those that are ready, and make them durable."""
        start = self._next + len(self._ready)
        fresh = [secrets.token_bytes(32) for _ in range(BATCH)]
        sealed = b"".join(self._seal(start + number, key) for number, key in enumerate(fresh))
        with self._path.open("r+b", buffering=0) as stream:
            stream.seek((start + 1) * SLOT_BYTES)
            stream.write(sealed)
            os.fsync(stream.fileno())
        self._ready += fresh

    def _seal(self, slot: int, key: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._box.encrypt(nonce, key, self._aad(slot)) + _MARK

    def _slot(self, slot: int) -> bytes:
        try:
            with self._path.open("rb") as stream:
                stream.seek((slot + 1) * SLOT_BYTES)
                sealed = stream.read(SLOT_BYTES)
        except (OSError, ValueError):
            raise KeyFileError(why="missing") from None
        if len(sealed) != SLOT_BYTES or slot < 0:
            raise KeyFileError(why="slot", slot=slot)
        return sealed

    def _aad(self, slot: int) -> bytes:
        return f"proctor evidence slot 2\n{self._station}\n{slot}\n".encode()
