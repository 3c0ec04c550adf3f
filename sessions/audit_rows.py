"""Reading a log's tables that may hold anything: rows of the right types, side by side with the entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sessions.finding import Findings

_AT_ONCE: Final = 500


def rows(connection: Any, findings: Findings, sql: str, kinds: tuple[type, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield rows whose first columns are of these types; another type means another table, and is a finding."""
    cursor = connection.execute(sql)
    width = len(kinds)
    while found := cursor.fetchmany(_AT_ONCE):
        if {tuple(map(type, row[:width])) for row in found} == {kinds}:
            yield from found
            continue
        for row in found:
            if tuple(map(type, row[:width])) == kinds:
                yield row
            else:
                table = sql.partition(" FROM ")[2].split(" ")[0]
                findings.add("log-altered-schema", object=table, change="types")


class Beside:
    """Rows that are ordered by their first column, taken as the walk over the entries comes to it.

    `stray` is called with every row that nobody took.
    """

    def __init__(self, found: Iterator[tuple[Any, ...]], stray: Callable[[tuple[Any, ...]], None]) -> None:
        self._rows, self._stray = found, stray
        self._next: tuple[Any, ...] | None = next(found, None)

    def take(self, key: int) -> list[tuple[Any, ...]]:
        """Return the rows with this key; rows with smaller ones are stray."""
        row = self._next
        if row is None or row[0] > key:
            return []
        found: list[tuple[Any, ...]] = []
        while row is not None and row[0] <= key:
            if row[0] == key:
                found.append(row)
            else:
                self._stray(row)
            row = next(self._rows, None)
        self._next = row
        return found

    def rest(self) -> None:
        """Count what is left as stray."""
        while self._next is not None:
            self._stray(self._next)
            self._next = next(self._rows, None)
