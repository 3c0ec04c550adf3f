"""Files that are whole or absent, and readable by their owner only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIR = 0o700


def make_private_dir(path: Path) -> Path:
    """Create a directory, parents included, with mode 0700 and return it; an existing one keeps its mode.

    Its name is durable: what is synced in it is found again after a power cut.
    """
    if not path.is_dir():
        make_private_dir(path.parent)
        path.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        path.chmod(PRIVATE_DIR)
        sync_dir(path.parent)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 so that after a power cut it is the old one or the new one, whole."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_dir(path.parent)


def sync_dir(path: Path) -> None:
    """Make a directory's entries durable; Windows has no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
