"""Where backups go: folders, room, and files that are whole, durable and read back before they have their name."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sessions.errors import (
    BackupFullError,
    BackupIoError,
    BackupPlaceError,
    BackupReadOnlyError,
    BackupTargetError,
    BackupUnverifiedError,
    SessionsError,
)
from sessions.files import sync_dir
from sessions.root import DataRoot

_CHUNK: Final = 1 << 20
_SPARE: Final = 1 << 20
_LEFT: Final = re.compile(r"\.[A-Za-z0-9._-]+\.backup(?:-keys)?\.[0-9a-f]{8}\.part")
_BY_ERRNO: Final[Mapping[int, type[SessionsError]]] = {
    errno.ENOSPC: BackupFullError,
    errno.EDQUOT: BackupFullError,
    errno.EFBIG: BackupFullError,
    errno.EROFS: BackupReadOnlyError,
    errno.EACCES: BackupReadOnlyError,
    errno.EPERM: BackupReadOnlyError,
    errno.ENOENT: BackupTargetError,
    errno.ENOTDIR: BackupTargetError,
    errno.ENODEV: BackupTargetError,
    errno.ENXIO: BackupTargetError,
    errno.ESTALE: BackupTargetError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One written file of a backup: where, SHA-256, size in bytes."""

    path: Path
    sha256: str
    octets: int


def write_part(path: Path, fill: Callable[[BinaryIO], str]) -> Part:
    """Write a file under another name, make it durable, read it back and rename it. Raises OSError,
    BackupUnverifiedError, and then nothing is left.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            sha256 = fill(out)
            out.flush()
            os.fsync(out.fileno())
            octets = os.fstat(out.fileno()).st_size
        if hash_of_medium(part) != (sha256, octets):
            raise BackupUnverifiedError(why="read-back")
        part.replace(path)
        sync_dir(path.parent)
    except BaseException:
        unlink(part)
        raise
    return Part(path=path, sha256=sha256, octets=octets)


def hash_of_medium(path: Path) -> tuple[str, int]:
    """Return SHA-256 and size of a file as the medium has it, past the system's cache where that can be asked for."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def require_places(root: DataRoot, to: Path, keys_to: Path | None) -> None:
    """Raise BackupTargetError for a place that is no folder, BackupPlaceError for places that are one."""
    for place in (to, keys_to):
        if place is None:
            continue
        if not place.is_dir():
            raise BackupTargetError(folder=str(place))
        if within(place, root.path):
            raise BackupPlaceError(why="in-root" if place is to else "keys-in-root", folder=str(place))
        for left in place.iterdir():
            if _LEFT.fullmatch(left.name):
                unlink(left)  # of a backup that was killed
    if keys_to is not None and (within(to, keys_to) or within(keys_to, to)):
        raise BackupPlaceError(why="keys-with-data", folder=str(keys_to))


def within(place: Path, other: Path) -> bool:
    """Whether a folder is another one, or lies below it."""
    here, there = place.resolve(), other.resolve()
    return here == there or there in here.parents


def same_device(root: DataRoot, to: Path, keys_to: Path | None) -> bool:
    """Whether one broken or stolen disk would take the station and its backup, or both parts of the backup."""
    places = [root.path, to, *([] if keys_to is None else [keys_to])]
    devices = [place.stat().st_dev for place in places]
    return len(set(devices)) < len(devices)


def require_room(folder: Path, octets: int) -> None:
    if shutil.disk_usage(folder).free < octets + _SPARE:
        raise BackupFullError(folder=str(folder), needed=octets + _SPARE)


@contextmanager
def careful(folder: Path) -> Iterator[None]:
    """Turn what the system says of a place into our errors."""
    try:
        yield
    except OSError as error:
        raise _BY_ERRNO.get(error.errno or 0, BackupIoError)(folder=str(folder)) from None


def unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the stick is gone, and the file with it
