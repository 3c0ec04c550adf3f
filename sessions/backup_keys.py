"""The keys part of a backup: the evidence keys, session by session, and the database key, wrapped to the department.

Nothing in it opens without the department's private key, and nothing under another data part: the SHA-256 of the data
part's manifest is in the HPKE info of every piece. Form: docs/log-format.md, "Backups".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from sessions.backup_file import Manifest
from sessions.department import DepartmentPrivate, DepartmentPublic
from sessions.errors import BackupFormError, RestoreKeysError

SUFFIX: Final = ".backup-keys"
FORM: Final = "proctor backup keys 1"
MAX_FILE: Final = 1 << 30
_ROW: Final = struct.Struct(">Q32s")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPart:
    """A keys part taken apart; nothing in it is opened yet. `size` is that of the log it belongs to."""

    station: str
    made_at: str
    size: int
    manifest: str
    department: str
    station_keys: bytes = field(repr=False)
    sessions: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def wrap(
        cls,
        manifest: Manifest,
        department: DepartmentPublic,
        *,
        station_keys: Mapping[str, bytes],
        sessions: Mapping[str, Mapping[int, bytes]],
    ) -> Self:
        """Return the keys part of a data part: `sessions` are slot → 32-byte key, by session."""
        sha256 = hashlib.sha256(manifest.encode()).hexdigest()
        station = json.dumps({name: key.hex() for name, key in station_keys.items()}).encode()

        def wrapped(what: str, session: str, data: bytes) -> bytes:
            return department.wrap(data, info=_info(what, manifest.station, sha256, session))

        return cls(
            station=manifest.station,
            made_at=manifest.made_at,
            size=manifest.size,
            manifest=sha256,
            department=department.fingerprint,
            station_keys=wrapped("station", "", station),
            sessions={
                session: wrapped(
                    "session", session, b"".join(_ROW.pack(*row) for row in sorted(keys.items()))
                )
                for session, keys in sessions.items()
            },
        )

    def encode(self) -> bytes:
        """Return the file's bytes."""
        document = {
            "form": FORM,
            "station": self.station,
            "made_at": self.made_at,
            "size": self.size,
            "manifest": self.manifest,
            "department": self.department,
            "station_keys": base64.b64encode(self.station_keys).decode(),
            "sessions": {name: base64.b64encode(data).decode() for name, data in self.sessions.items()},
        }
        return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the keys part of a file; raises BackupFormError."""
        try:
            document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
            if document["form"] != FORM or type(document["size"]) is not int:
                raise ValueError("form")
            part = cls(
                **{name: _text(document[name]) for name in ("station", "made_at", "manifest", "department")},
                size=document["size"],
                station_keys=base64.b64decode(document["station_keys"], validate=True),
                sessions={
                    _text(name): base64.b64decode(text, validate=True)
                    for name, text in document["sessions"].items()
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
            raise BackupFormError(why="keys") from None
        if part.encode() != data:
            raise BackupFormError(why="keys-bytes")
        return part

    def open_station(self, private: DepartmentPrivate) -> dict[str, bytes]:
        """Return the station's keys by name ("database", and in training all others).

        Raises DepartmentMismatchError, DepartmentWrapError, RestoreKeysError.
        """
        private.require(self.department)
        data = private.unwrap(self.station_keys, info=_info("station", self.station, self.manifest, ""))
        try:
            keys = {str(name): bytes.fromhex(text) for name, text in json.loads(data).items()}
        except (ValueError, TypeError, AttributeError):
            raise RestoreKeysError(why="station") from None
        if len(keys.get("database", b"")) != 32:
            raise RestoreKeysError(why="station")
        return keys

    def open_session(self, private: DepartmentPrivate, session: str) -> dict[int, bytes]:
        """Return the evidence keys of a session by slot. Raises as `open_station`."""
        try:
            sealed = self.sessions[session]
        except KeyError:
            raise RestoreKeysError(why="session-missing", session=session) from None
        data = private.unwrap(sealed, info=_info("session", self.station, self.manifest, session))
        if len(data) % _ROW.size:
            raise RestoreKeysError(why="session", session=session)
        return {slot: key for slot, key in _ROW.iter_unpack(data)}  # noqa: C416 - names say what they are

    def holds(self, session: str) -> bool:
        """Whether there are keys of a session."""
        return session in self.sessions


def prune(folder: Path, kept: Path, station: str, shreds: tuple[int, ...]) -> tuple[Path, ...]:
    """Overwrite and remove a station's earlier keys parts that may hold keys erased since; return which.

    `shreds`: the numbers of the log's shred entries.
    """
    removed = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        size = _size_of(path, station)
        if path == kept or size is None or not any(seq >= size for seq in shreds):
            continue
        try:
            with path.open("r+b", buffering=0) as stream:
                stream.write(bytes(os.fstat(stream.fileno()).st_size))
                os.fsync(stream.fileno())
            path.unlink()
        except OSError:
            continue  # a medium that was made read-only: the next backup tries again
        removed.append(path)
    return tuple(removed)


def _size_of(path: Path, station: str) -> int | None:
    """Return the size of the log that a keys part of this station belongs to, or None."""
    try:
        if path.stat().st_size > MAX_FILE:
            return None
        part = KeysPart.decode(path.read_bytes())
    except (OSError, BackupFormError):
        return None
    return part.size if part.station == station else None


def _info(what: str, station: str, manifest_sha256: str, session: str) -> bytes:
    """Return the HPKE info of one wrapped piece."""
    return f"proctor backup {what} 1\n{station}\n{manifest_sha256}\n{session}\n".encode()


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > 256:
        raise ValueError("text")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found
