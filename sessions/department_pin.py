"""The department key that a station believes: a public file in its root, and an entry of the log that names it.

The file may be replaced by whoever reaches the disk; the entry may not. Files of earlier keys stay; the last entry
says which one is in force.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sessions.department import MAX_FILE, PRIVATE_NAME, DepartmentPrivate, DepartmentPublic
from sessions.errors import (
    DepartmentAlteredError,
    DepartmentKeyError,
    DepartmentNotPinnedError,
    KeysTrainingError,
)
from sessions.files import make_private_dir, write_private
from sessions.reader import LogReader
from sessions.record import Operator, Second
from sessions.root import DataRoot
from sessions.store import Receipt, Store

EVENT: Final = "department-key"
_FOLDER: Final = "department"
_TRAINING_NAME: Final = "Tập huấn"
_TRAINING_SECOND: Final = Second(user_id="tap-huan-2", role="trainee", proof="training")


def public_file(root: DataRoot, fingerprint: str) -> Path:
    """Return where a department key of this fingerprint lies in a root."""
    return root.trust_dir / _FOLDER / f"{fingerprint}.pub"


def pin(
    root: DataRoot, store: Store, key: DepartmentPublic, *, operator: Operator, second: Second
) -> Receipt | None:
    """Believe a department key from now on; the file comes first, so that no entry names a file that is not there.

    Return None where this key is in force already. Raises StoreError, OSError.
    """
    make_private_dir(root.trust_dir / _FOLDER)
    write_private(public_file(root, key.fingerprint), f"{key.encode()}\n".encode())
    if named(store) == key.fingerprint:
        return None
    body = {"event": EVENT, "fingerprint": key.fingerprint}
    return store.append("key", body, operator=operator, second=second)


def named(log: LogReader) -> str | None:
    """Return the fingerprint of the department key that the log names last, or None."""
    found = [entry.body["fingerprint"] for entry in log.entries("key") if entry.body["event"] == EVENT]
    return found[-1] if found else None


def pinned(root: DataRoot, log: LogReader) -> DepartmentPublic:
    """Return the department key in force.

    Raises DepartmentNotPinnedError when the log names none, DepartmentAlteredError when its file is not that key.
    """
    fingerprint = named(log)
    if fingerprint is None:
        raise DepartmentNotPinnedError
    try:
        with public_file(root, fingerprint).open("rb") as stream:
            key = DepartmentPublic.parse(stream.read(MAX_FILE))
    except (OSError, DepartmentKeyError):
        raise DepartmentAlteredError(fingerprint=fingerprint) from None
    if key.fingerprint != fingerprint:
        raise DepartmentAlteredError(fingerprint=fingerprint, found=key.fingerprint)
    return key


def ensure_training(root: DataRoot, store: Store, operator: Operator) -> DepartmentPublic:
    """Return a training root's own department key, made and entered when there is none. Raises KeysTrainingError
    for a real root: there a department makes its key on a machine of its own.
    """
    if root.kind != "training":
        raise KeysTrainingError(kind=root.kind)
    private = training_private(root)
    try:
        return pinned(root, store)
    except DepartmentNotPinnedError:
        pin(root, store, private.public, operator=operator, second=_TRAINING_SECOND)
    return private.public


def training_private(root: DataRoot) -> DepartmentPrivate:
    """Return a training root's private department key, which lies bare in it; made when absent."""
    path = root.keys_dir / PRIVATE_NAME
    if not path.is_file():
        write_private(path, DepartmentPrivate.generate(_TRAINING_NAME).bare())
    return DepartmentPrivate.open(path.read_bytes(), None, training=True)
