"""A log as C2SP tlog-tiles: static files that standard transparency tooling reads.

`checkpoint` is the last signed note with its cosignatures; `tile/L/N` are up to 256 hashes of level 8·L;
`tile/entries/N` are up to 256 bodies, each after its length as two bytes. What is not full has `.p/W` behind its
number. Reference: C2SP tlog-tiles; its length field ends at 65,535, so a bundle with a longer body is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sessions.errors import StoreAlteredError

WIDTH: Final = 256
_STEP: Final = 8
_LONGEST: Final = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: size of the tree, how many files, and bundles left out, by number."""

    size: int
    files: int
    left_out: tuple[int, ...]


def tile_path(level: str, number: int, width: int = WIDTH) -> str:
    """Return a tile's path: `tile/0/x001/234`, partial ones with `.p/` and their width."""
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.append(f"x{number % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(parts))}{partial}"


def export_tiles(connection: Any, folder: Path) -> Exported:
    """Write an open log into an empty folder; raises StoreAlteredError where rows are missing, OSError."""
    note, size = _checkpoint(connection)
    files = 0
    for level, number, hashes in _tiles(connection, size):
        _write(folder / tile_path(str(level), number, len(hashes)), b"".join(hashes))
        files += 1
    left_out = []
    for number in range(-(-size // WIDTH)):
        bodies = _bodies(connection, number, min(WIDTH, size - number * WIDTH))
        if any(len(body) > _LONGEST for body in bodies):
            left_out.append(number)
            continue
        bundle = b"".join(len(body).to_bytes(2, "big") + body for body in bodies)
        _write(folder / tile_path("entries", number, len(bodies)), bundle)
        files += 1
    _write(folder / "checkpoint", note.encode())  # last: what it covers is there
    return Exported(size=size, files=files + 1, left_out=tuple(left_out))


def _checkpoint(connection: Any) -> tuple[str, int]:
    row = connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    if row is None or type(row[1]) is not str:
        raise StoreAlteredError(why="checkpoint")
    size, note = row
    tables = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cosignatures'").fetchone()
    lines = (
        [] if tables is None else _column(connection, "SELECT line FROM cosignatures WHERE size = ?", size)
    )
    return note + "".join(f"{line}\n" for line in lines), size


def _tiles(connection: Any, size: int) -> Iterator[tuple[int, int, list[bytes]]]:
    """Yield (level, number, hashes) of every tile of a tree of this size."""
    level = 0
    while (count := size >> _STEP * level) > 0:
        for number in range(-(-count // WIDTH)):
            width = min(WIDTH, count - number * WIDTH)
            sql = "SELECT hash FROM nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
            first = number * WIDTH
            hashes = _column(connection, sql, _STEP * level, first, first + width)
            if len(hashes) != width or any(len(each) != 32 for each in hashes):
                raise StoreAlteredError(why="node")
            yield level, number, hashes
        level += 1


def _bodies(connection: Any, number: int, width: int) -> list[bytes]:
    first = number * WIDTH
    sql = "SELECT body FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq"
    found = _column(connection, sql, first, first + width)
    if len(found) != width:
        raise StoreAlteredError(why="entry")
    return found


def _column(connection: Any, sql: str, *values: int) -> list[Any]:
    return [row[0] for row in connection.execute(sql, values).fetchall()]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
