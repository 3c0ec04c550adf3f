"""A log's file for whoever only looks: never changed, not even by opening it beside its write-ahead log."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sessions.engine import DatabaseError, connect, translate
from sessions.errors import RootBusyError, StoreBusyError, StoreUnreadableError
from sessions.root import lock_file

_COPY_TRIES: Final = 5
_PREFIX: Final = "proctor-verify-"
_LOCK: Final = "lock"
_OLD_S: Final = 3_600
_YOUNG_S: Final = 0.5
"""Between making a lock file and taking the lock its process is given this long."""


def has_wal(path: Path) -> bool:
    """Whether a write-ahead log with anything in it lies beside a file."""
    wal_path = path.with_name(f"{path.name}-wal")
    return wal_path.is_file() and wal_path.stat().st_size > 0


def strange_beside(path: Path) -> Iterator[str]:
    """Yield "wal" or "journal" where something else than SQLite's file of that name lies, or a rollback journal with
    anything in it: it would be rolled back into a log that has none.
    """
    for what in ("wal", "journal"):
        beside = path.with_name(f"{path.name}-{what}")
        if not beside.is_file():
            if os.path.lexists(beside):
                yield what
        elif what == "journal" and beside.stat().st_size > 0:
            yield what


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Yield a file that can be read without changing `path`: itself, or a copy with its write-ahead log.

    Raises StoreBusyError, OSError.
    """
    remove_leftovers(Path(tempfile.gettempdir()), now=time.time())
    if not has_wal(path):
        yield path
        return
    with _private_folder() as folder:
        copy = folder / "log.db"
        _copy_still(path, path.with_name(f"{path.name}-wal"), copy)
        yield copy


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Yield a new folder of mode 0700 that is locked while this process works in it, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as directory:
        folder = Path(directory)
        with lock_file(folder / _LOCK):
            yield folder


def remove_leftovers(temporary: Path, *, now: float) -> None:
    """Remove this user's folders of copies whose process is gone; `now` in seconds since 1970.

    The system lets go of a killed process's lock. A folder without one is just being made, unless it is old.
    What cannot be removed stays for the next run.
    """
    for folder in temporary.glob(f"{_PREFIX}*"):
        with suppress(OSError, RootBusyError):
            if _is_leftover(folder, now):
                shutil.rmtree(folder)


def _is_leftover(folder: Path, now: float) -> bool:
    """Whether a folder is this user's and nobody works in it. Raises OSError, RootBusyError."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (sys.platform != "win32" and found.st_uid != os.getuid()):
        return False
    lock = folder / _LOCK
    if not lock.is_file():
        return now - found.st_mtime > _OLD_S
    if now - lock.stat().st_mtime < _YOUNG_S:
        return False
    with lock_file(lock):
        return True


@contextmanager
def opened(path: Path, database_key: bytes) -> Iterator[Any]:
    """Yield a connection to a log, or to a copy of it. Raises StoreError, also for what reading it raises."""
    path = path.resolve()  # SQLite's own files lie beside what a link points to
    if not path.is_file():
        raise StoreUnreadableError(why="no-file")
    with readable(path) as copy:
        try:
            with closing(connect(copy, database_key, read_only=not has_wal(copy)).conn) as connection:
                yield connection
        except DatabaseError as error:
            raise translate(error) from None


def _copy_still(path: Path, wal_path: Path, copy: Path) -> None:
    """Copy both files at a moment when neither changes; raises StoreBusyError when there is none."""
    for _ in range(_COPY_TRIES):
        before = _state(path), _state(wal_path)
        shutil.copyfile(path, copy)
        if wal_path.exists():
            shutil.copyfile(wal_path, copy.with_name(f"{copy.name}-wal"))
        if (_state(path), _state(wal_path)) == before:
            return
    raise StoreBusyError(why="changing")


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return -1, 0
    return found.st_mtime_ns, found.st_size
