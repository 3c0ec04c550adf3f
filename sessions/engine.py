"""Opening an encrypted database: the only place that imports sqlcipher3 and sqlite-utils.

sqlite-utils looks for the module `pysqlite3`; giving it sqlcipher3 under that name makes it work on encrypted
connections and catch the right exceptions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import sqlcipher3

from sessions.errors import (
    SqliteTooOldError,
    StoreAlteredError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreIoError,
    StoreReadOnlyError,
    StoreUnreadableError,
)

sys.modules.setdefault("pysqlite3", sqlcipher3)

from sqlcipher3 import dbapi2  # noqa: E402
from sqlite_utils import Database  # noqa: E402

__all__ = ["Database", "DatabaseError", "connect", "connect_plain", "require_sqlite", "translate"]

OLDEST_SQLITE: Final = (3, 51, 3)
DatabaseError: Final[type[Exception]] = dbapi2.Error
_BY_RESULT: Final[dict[int, type[StoreError]]] = {
    5: StoreBusyError,
    6: StoreBusyError,
    8: StoreReadOnlyError,
    10: StoreIoError,
    11: StoreAlteredError,
    13: StoreFullError,
    14: StoreUnreadableError,
    19: StoreAlteredError,
    26: StoreUnreadableError,
}


def require_sqlite(version: tuple[int, ...] = dbapi2.sqlite_version_info) -> str:
    """Return the library's version, at least 3.51.3 (WAL-reset bug); raises SqliteTooOldError."""
    text = ".".join(str(part) for part in version)
    if version < OLDEST_SQLITE:
        raise SqliteTooOldError(version=text)
    return text


def connect(path: Path, key: bytes, *, wait_s: float = 2.0, read_only: bool = False) -> Database:
    """Return an open database of a 32-byte raw key, in autocommit mode; nothing has been read yet.

    `read_only` opens the file as immutable: no lock, no WAL, no change. Raises StoreUnreadableError.
    """
    require_sqlite()
    if not path.is_file() and read_only:
        raise StoreUnreadableError(why="no-file")
    target = f"{path.absolute().as_uri()}?mode=ro&immutable=1" if read_only else str(path)
    try:
        connection = dbapi2.connect(
            target, timeout=wait_s, isolation_level=None, check_same_thread=False, uri=read_only
        )
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_compatibility = 4")
    except dbapi2.Error as error:
        raise translate(error) from None
    return Database(connection)


def connect_plain(path: Path, *, wait_s: float = 2.0) -> Database:
    """Return an open database that is not encrypted: a witness's, which holds nothing secret.

    In autocommit mode; nothing has been read yet. Raises StoreError.
    """
    require_sqlite()
    try:
        connection = dbapi2.connect(str(path), timeout=wait_s, isolation_level=None, check_same_thread=False)
    except dbapi2.Error as error:
        raise translate(error) from None
    return Database(connection)


def translate(error: Exception) -> StoreError:
    """Return our error for an error of the database library; its text, which may hold data, is dropped."""
    result: Any = getattr(error, "sqlite_errorcode", None)
    if not isinstance(result, int):
        return StoreError(kind=type(error).__name__)
    return _BY_RESULT.get(result & 0xFF, StoreError)(result=result)
