"""The product's store over another SQLite, whose files a test can watch and break.

sqlcipher3's SQLite takes no VFS from Python. SQLite3 Multiple Ciphers under apsw does, and reads and writes the
same SQLCipher 4 files. `sessions.engine` is given a stand-in for its database library; no line of it is changed.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import apsw
import apsw.ext
from sqlcipher3 import dbapi2

import sessions.engine
from tests.faults.recorder import Recorder

_NUMBERS = itertools.count()
_SYNC_NAMES = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_IGNORED = ("PRAGMA cipher_log_level", "PRAGMA cipher_compatibility")
_CLASSES: dict[type[apsw.Error], type[Exception]] = {
    apsw.ConstraintError: dbapi2.IntegrityError,
    apsw.NotADBError: dbapi2.DatabaseError,
    apsw.CorruptError: dbapi2.DatabaseError,
}

Trouble = Callable[[str, str, int], None]
"""Called before SQLite does something: operation, file name, bytes or offset. It raises what the disk answers."""


def no_trouble(_operation: str, _name: str, _amount: int) -> None:
    """The disk is well."""


@dataclass(slots=True)
class Library:
    """What `sessions.engine` sees in place of sqlcipher3.dbapi2."""

    recorder: Recorder | None = None
    trouble: Trouble = no_trouble
    replace: dict[str, str] = field(default_factory=dict)
    vfs: Any = None
    name: str = ""

    Error = dbapi2.Error
    sqlite_version_info = dbapi2.sqlite_version_info

    def __post_init__(self) -> None:
        self.name = f"cut{next(_NUMBERS)}"
        self.vfs = _Vfs(self)

    def connect(self, target: str, *, timeout: float, uri: bool, **_others: Any) -> Connection:
        """Return a connection whose files go through the VFS."""
        read_only = uri and "mode=ro" in target
        flags = (
            apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        )
        with _translated():
            real = apsw.Connection(
                target, flags=flags | apsw.SQLITE_OPEN_URI * uri, vfs=f"multipleciphers-{self.name}"
            )
            real.set_busy_timeout(int(timeout * 1000))
            for pragma in ("cipher = 'sqlcipher'", "legacy = 4"):
                list(real.execute(f"PRAGMA {pragma}"))
        return Connection(real, self)

    @contextmanager
    def installed(self) -> Iterator[Library]:
        """Give this library to the engine."""
        with mock.patch.object(sessions.engine, "dbapi2", self):
            yield self


class Connection:
    """As much of a DB-API connection as the product uses."""

    def __init__(self, real: apsw.Connection, library: Library) -> None:
        self._real, self._library = real, library
        self.isolation_level = None
        self.text_factory: Any = str
        self.row_factory: Any = None

    @property
    def in_transaction(self) -> bool:
        return bool(self._real.in_transaction)

    @property
    def total_changes(self) -> int:
        return int(self._real.total_changes())

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return Cursor(self._real, self._library).execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any]) -> Cursor:
        return Cursor(self._real, self._library).executemany(sql, rows)

    def cursor(self) -> Cursor:
        return Cursor(self._real, self._library)

    def backup(self, target: Connection, *, pages: int = -1, **_others: Any) -> None:
        with _translated(), target._real.backup("main", self._real, "main") as copy:
            while not copy.done:
                copy.step(pages)

    def interrupt(self) -> None:
        self._real.interrupt()

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        with _translated():
            self._real.close()


class Cursor:
    """As much of a DB-API cursor as the product uses."""

    def __init__(self, real: apsw.Connection, library: Library) -> None:
        self._connection, self._library = real, library
        self._real = real.cursor()
        self._sql = ""

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        if sql.startswith(_IGNORED):
            return self
        if sql.startswith(
            "PRAGMA cipher_integrity_check"
        ):  # another library's word for it; there is none here
            return self
        self._sql = self._library.replace.get(sql, sql)
        with _translated():
            self._real.execute(self._sql, values)
        return self

    def executemany(self, sql: str, rows: Iterable[Any]) -> Cursor:
        with _translated():
            self._real.executemany(sql, rows)
        return self

    @property
    def description(self) -> Any:
        try:
            return self._real.description
        except apsw.ExecutionCompleteError:
            return apsw.ext.query_info(self._connection, self._sql).description or None

    @property
    def rowcount(self) -> int:
        return int(self._connection.changes())

    @property
    def lastrowid(self) -> int:
        return int(self._connection.last_insert_rowid())

    def fetchone(self) -> Any:
        with _translated():
            return self._real.fetchone()

    def fetchall(self) -> list[Any]:
        with _translated():
            return list(self._real)

    def fetchmany(self, count: int) -> list[Any]:
        with _translated():
            return list(itertools.islice(self._real, count))

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with _translated():
            return next(self._real)

    def close(self) -> None:
        self._real.close(True)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn apsw's errors into those of the library that the product knows, result code included."""
    try:
        yield
    except apsw.Error as error:
        found = _CLASSES.get(type(error), dbapi2.OperationalError)(type(error).__name__)
        result = getattr(error, "extendedresult", None) or getattr(error, "result", 1)
        found.sqlite_errorcode = result  # type: ignore[attr-defined]
        raise found from None


class _Vfs(apsw.VFS):
    """The operating system's files, watched."""

    def __init__(self, library: Library) -> None:
        super().__init__(library.name, base="unix", maxpathname=0)
        self._library = library

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._library.trouble("open", path or "", flags[0])
        return _File(self._library, name, path, flags)

    def xDelete(self, path: str, sync_names: bool) -> None:  # noqa: N802
        self._library.trouble("delete", path, 0)
        super().xDelete(path, sync_names)
        recorder = self._library.recorder
        name = None if recorder is None else recorder.name_of(path)
        if recorder is not None and name is not None:
            recorder.gone(name)
            if sync_names:
                recorder.synced_names(name.rpartition("/")[0])


class _File(apsw.VFSFile):
    def __init__(self, library: Library, name: Any, path: str | None, flags: list[int]) -> None:
        wanted = flags[0]
        super().__init__("unix", name, flags)
        self._library, self._path = library, path or ""
        self._recorder = library.recorder
        self._name = self._recorder.name_of(path) if self._recorder is not None and path else None
        self._node = -1
        if self._recorder is not None and self._name is not None:
            self._node = self._recorder.opened(self._name)
        self._names_too = bool(wanted & apsw.SQLITE_OPEN_CREATE and wanted & _SYNC_NAMES)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._library.trouble("write", self._path, len(data))
        super().xWrite(data, offset)
        if self._node >= 0 and self._recorder is not None:
            self._recorder.wrote(self._node, offset, data)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._library.trouble("read", self._path, offset)
        return super().xRead(amount, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._library.trouble("truncate", self._path, size)
        super().xTruncate(size)
        if self._node >= 0 and self._recorder is not None:
            self._recorder.truncated(self._node, size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Sync; the name of a new journal or write-ahead log too, as SQLite's own VFS does at its first sync."""
        self._library.trouble("sync", self._path, flags)
        super().xSync(flags)
        if self._node < 0 or self._recorder is None or self._name is None:
            return
        self._recorder.synced(self._node)
        if self._names_too:
            self._recorder.synced_names(self._name.rpartition("/")[0])
            self._names_too = False

    def xClose(self) -> None:  # noqa: N802
        super().xClose()
        if self._node >= 0 and self._recorder is not None:
            with contextlib.suppress(KeyError):
                self._recorder.closed(self._node)
            self._node = -1
