"""What a machine remembers of its log, outside the database: which file it was, and how far it had come.

A database that was put back, copied or moved to another machine is recognised by it, and nothing is written before two
persons begin a new epoch. The memory is a small file with three records, kept in one or more places; it is bound
to the station by a key, so that nobody edits it without the station's secrets. Whoever takes a picture of the
whole disk and puts it back is not stopped by this: see witnesses and sheets.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sessions.errors import InstanceChangedError
from sessions.files import make_private_dir, sync_dir

_RECORD: Final = 512
_SAFE: Final = 4096
"""Where the durable record is: in a block of its own, that no later record's writing can tear."""
_BODY: Final = struct.Struct(">8sQQ32s32s")  # magic, counter, size, root, binding
_MAGIC: Final = b"PRCTMEM2"

RootAt = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    counter: int
    size: int
    root: bytes = field(repr=False)
    binding: bytes = field(repr=False)


class Instance:
    """The memory of one station's log. `places` are files; those that cannot be written are left out."""

    def __init__(self, places: Sequence[Path], *, station: str, evidence_key: bytes, machine: bytes) -> None:
        self._places = tuple(places)
        self._machine = machine
        key = HKDF(hashes.SHA256(), 32, None, b"proctor instance 2\n" + station.encode())
        self._key = key.derive(evidence_key)
        self._files: dict[Path, int] = {}
        self._counter = 0
        self._binding = b""

    @classmethod
    def of_machine(cls, places: Sequence[Path], *, station: str, evidence_key: bytes) -> Self:
        """Return the memory on this machine, whatever it is."""
        return cls(places, station=station, evidence_key=evidence_key, machine=machine_id())

    @property
    def remembers(self) -> bool:
        """Whether any place holds a memory of this station."""
        return bool(self._read())

    def require(self, path: Path, size: int, root: bytes, *, root_at: RootAt) -> None:
        """Raise InstanceChangedError unless the database is the remembered one and has lost nothing.

        `why` is "unknown" (no memory), "memory-missing" (one of the places has none), "other-file", "behind"
        (`remembered` entries, `found` of them), "other-history".
        """
        memories = self._read()
        if not memories:
            raise InstanceChangedError(why="unknown", found=size)
        newest = max(memories, key=lambda memory: (memory.size, memory.counter))
        if newest.size > size:
            raise InstanceChangedError(why="behind", remembered=newest.size, found=size)
        if any(memory.root != root_at(memory.size) for memory in memories if memory.size):
            raise InstanceChangedError(why="other-history", found=size)
        binding = self._bound(path)
        if not any(hmac.compare_digest(memory.binding, binding) for memory in memories):
            raise InstanceChangedError(why="other-file", found=size)
        if len(memories) < len(self._places):
            raise InstanceChangedError(why="memory-missing", found=size)
        self._binding, self._counter = binding, newest.counter
        self.remember(size, root)
        self._settle(size, root)

    def bind(self, path: Path, size: int, root: bytes) -> None:
        """Remember this file from now on, durably."""
        self.forget()
        self._binding = self._bound(path)
        self.remember(size, root)
        self._settle(size, root)
        for place in self._places:
            self._open(place)  # a place that cannot be written from the first is told now
            sync_dir(place.parent)

    def remember(self, size: int, root: bytes) -> None:
        """Remember a tree head. Not synced: after a power cut the memory may be behind, never ahead."""
        if not self._binding:
            return
        self._counter += 1
        record = self._record(size, root)
        for place in self._places:
            with suppress(
                OSError
            ):  # another place may still take it; a missing memory stops the next opening, loudly
                _write(self._open(place), record, self._counter % 2 * _RECORD)

    def _settle(self, size: int, root: bytes) -> None:
        """Make a tree head durable, after the records of before, so that one of them is always whole."""
        record = self._record(size, root)
        for descriptor in self._files.values():
            with suppress(OSError):
                os.fsync(descriptor)
                _write(descriptor, record, _SAFE)
                os.fsync(descriptor)

    def _record(self, size: int, root: bytes) -> bytes:
        body = _BODY.pack(_MAGIC, self._counter, size, root, self._binding)
        return (body + self._mac(body)).ljust(_RECORD, b"\0")

    def forget(self) -> None:
        """Remove the memory: a new epoch begins."""
        self.close()
        for place in self._places:
            place.unlink(missing_ok=True)
        self._binding = b""

    def close(self) -> None:
        """Close the files."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def last_known(self) -> tuple[int, bytes] | None:
        """Return size and root of the furthest memory, or None."""
        memories = self._read()
        if not memories:
            return None
        newest = max(memories, key=lambda memory: (memory.size, memory.counter))
        return newest.size, newest.root

    def as_body(self) -> dict[str, dict[str, str | int]]:
        """Return the furthest memory as an epoch entry has it."""
        known = self.last_known()
        return {} if known is None else {"remembered": {"size": known[0], "root": known[1].hex()}}

    def _read(self) -> list[_Memory]:
        """Return the newest good record of each place."""
        found = []
        for place in self._places:
            try:
                data = place.read_bytes()[: _SAFE + _RECORD]
            except OSError:
                continue
            records = [self._parse(data[start : start + _RECORD]) for start in (0, _RECORD, _SAFE)]
            good = [record for record in records if record is not None]
            if good:
                found.append(max(good, key=lambda record: record.counter))
        return found

    def _parse(self, record: bytes) -> _Memory | None:
        body, mac = record[: _BODY.size], record[_BODY.size : _BODY.size + 32]
        if len(body) != _BODY.size or not hmac.compare_digest(mac, self._mac(body)):
            return None
        magic, counter, size, root, binding = _BODY.unpack(body)
        return None if magic != _MAGIC else _Memory(counter=counter, size=size, root=root, binding=binding)

    def _open(self, place: Path) -> int:
        if place not in self._files:
            make_private_dir(place.parent)
            self._files[place] = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        return self._files[place]

    def _bound(self, path: Path) -> bytes:
        """Return what ties the memory to this file on this machine: machine and file number."""
        stat = path.stat()
        return self._mac(self._machine + struct.pack(">Q", stat.st_ino & 0xFFFFFFFFFFFFFFFF))

    def _mac(self, data: bytes) -> bytes:
        return hmac.new(self._key, data, hashlib.sha256).digest()


def _write(descriptor: int, record: bytes, place: int) -> None:
    os.lseek(descriptor, place, os.SEEK_SET)
    os.write(descriptor, record)


def machine_id() -> bytes:
    """Return what names this installation of the operating system; empty where it has no name."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 - exists on Windows only

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0]).encode()
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            return Path(place).read_bytes().strip()
        except OSError:
            continue
    return b""
