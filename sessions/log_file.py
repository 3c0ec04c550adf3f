"""A log's file for whoever only looks: never changed, not even by opening it beside its write-ahead log."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sessions.engine import DatabaseError, connect, translate
from sessions.errors import StoreBusyError, StoreUnreadableError

_COPY_TRIES: Final = 5


def has_wal(path: Path) -> bool:
    """Whether a write-ahead log with anything in it lies beside a file."""
    wal_path = path.with_name(f"{path.name}-wal")
    return wal_path.exists() and wal_path.stat().st_size > 0


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Yield a file that can be read without changing `path`: itself, or a copy with its write-ahead log.

    Raises StoreBusyError, OSError.
    """
    if not has_wal(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="proctor-verify-") as directory:
        copy = Path(directory) / "log.db"
        _copy_still(path, path.with_name(f"{path.name}-wal"), copy)
        yield copy


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
        stat = path.stat()
    except FileNotFoundError:
        return -1, 0
    return stat.st_mtime_ns, stat.st_size
