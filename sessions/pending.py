"""What an attempt becomes while the database takes nothing: a sealed file of its own; and the reserve.

The reserve is a file of zeros that is given back to a full disk, so that the attempt under way still fits.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sessions.errors import StoreAlteredError, StoreFullError, StoreIoError
from sessions.files import make_private_dir, sync_dir, write_private

ATTEMPT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AAD: Final = b"proctor pending 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """An attempt that waits: its body without the common fields, who made it, its evidence."""

    attempt_id: str
    body: Mapping[str, Any] = field(repr=False)
    operator: Mapping[str, str] = field(repr=False)
    evidence: Mapping[str, bytes] = field(repr=False)


class PendingFolder:
    """The directory pending/ beside the database."""

    def __init__(self, directory: Path, evidence_key: bytes) -> None:
        self._directory = directory
        self._names = set(self._found())
        self._key = HKDF(hashes.SHA256(), 32, None, b"proctor pending 1").derive(evidence_key)

    def seal(self, late: Late) -> None:
        """Write the attempt, encrypted and durable; raises OSError when not even this file fits."""
        document = {
            "body": dict(late.body),
            "operator": dict(late.operator),
            "evidence": {name: base64.b64encode(data).decode() for name, data in late.evidence.items()},
        }
        nonce = secrets.token_bytes(12)
        data = json.dumps(document).encode()
        sealed = AESGCM(self._key).encrypt(nonce, data, _AAD + late.attempt_id.encode())
        make_private_dir(self._directory)
        write_private(self._directory / late.attempt_id, nonce + sealed)
        self._names.add(late.attempt_id)

    def waiting(self) -> tuple[str, ...]:
        """Return the ids of the attempts that wait, sorted."""
        return tuple(sorted(self._names))

    def _found(self) -> tuple[str, ...]:
        if not self._directory.is_dir():
            return ()
        names = (path.name for path in self._directory.iterdir())
        return tuple(name for name in names if ATTEMPT_ID.fullmatch(name))

    def read(self, attempt_id: str) -> Late:
        """Return a waiting attempt; raises StoreAlteredError when it does not open."""
        try:
            sealed = (self._directory / attempt_id).read_bytes()
            data = AESGCM(self._key).decrypt(sealed[:12], sealed[12:], _AAD + attempt_id.encode())
            document = json.loads(data)
            evidence = {name: base64.b64decode(text) for name, text in document["evidence"].items()}
            return Late(
                attempt_id=attempt_id,
                body=document["body"],
                operator=document["operator"],
                evidence=evidence,
            )
        except (InvalidTag, ValueError, KeyError, binascii.Error):
            raise StoreAlteredError(pending=attempt_id) from None
        except OSError:
            raise StoreIoError(pending=attempt_id) from None

    def drop(self, attempt_id: str) -> None:
        """Remove an attempt that has been committed; where the disk refuses, the next opening does it."""
        if attempt_id not in self._names:
            return
        with suppress(OSError):
            (self._directory / attempt_id).unlink(missing_ok=True)
            sync_dir(self._directory)
            self._names.discard(attempt_id)


class Reserve:
    """A file that holds room for the attempt under way."""

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size

    def free(self) -> bool:
        """Give the room back to the disk; whether there was any."""
        if not self._path.exists():
            return False
        self._path.unlink()
        return True

    def require(self) -> int:
        """Return the size of the reserve, made again if needed; raises StoreFullError when there is no
        room.
        """
        if self._path.exists() and self._path.stat().st_size == self._size:
            return self._size
        if shutil.disk_usage(self._path.parent).free < 2 * self._size:
            raise StoreFullError(needed=2 * self._size)
        try:
            self._fill()
        except OSError:
            self._path.unlink(missing_ok=True)
            raise StoreFullError(needed=self._size) from None
        return self._size

    def _fill(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(bytes(self._size))
            stream.flush()
            os.fsync(stream.fileno())
