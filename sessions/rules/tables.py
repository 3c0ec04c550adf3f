"""One table of a rules file: every value is asked for by its type, and every error names the key's whole path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sessions.errors import RulesError
from sessions.rules.model import SectionSource
from sessions.rules.terms import STATUSES

POLICY: Final = "policy"
MAX_TEXT: Final = 500
MAX_LIST: Final = 100
MAX_TABLE: Final = 200
_SOURCE_KEYS: Final = frozenset({"source", "status"})
T = TypeVar("T")


class Table:
    """A table at a key path, with the sources of the sections collected on the way.

    `sources` is shared by all tables of a file. Every method raises RulesError(key=…) for what cannot be.
    """

    def __init__(self, value: Any, path: str, sources: dict[str, SectionSource]) -> None:
        if not isinstance(value, dict) or len(value) > MAX_TABLE:
            raise RulesError(key=path or "(toml)", why="table")
        self.value: Mapping[str, Any] = value
        self.path = path
        self.sources = sources

    def key(self, name: str) -> str:
        """Return the path of one of this table's keys."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, why: str = "", known: Iterable[str] = ()) -> RulesError:
        """Return the error that names one of this table's keys.

        `why`: "unknown", "status", "date", "text", "choice", "number", "flag", "pass"; empty where it is no common
        fault. A key that is not there is "missing". `known`: what there is to choose from.
        """
        cause = why if name in self.value else "missing"
        listed = " ".join(known)
        facts = {"why": cause} if cause else {}
        return RulesError(key=self.key(name), **facts, **({"known": listed} if listed else {}))

    def only(self, needed: Iterable[str], optional: Iterable[str] = (), *, sourced: bool = True) -> Table:
        """Return the table if it has the needed keys and no unknown one; take in its source where it states one."""
        must, may = set(needed), set(optional)
        allowed = must | may | (_SOURCE_KEYS if sourced else set())
        unknown, missing = sorted(set(self.value) - allowed), sorted(must - set(self.value))
        if unknown:
            raise self.wrong(unknown[0], "unknown")
        if missing:
            raise self.wrong(missing[0], "missing")
        if sourced:
            self._take_source()
        return self

    def policy(self) -> Table:
        """Return the table, marked as the station's own policy where it names no source."""
        if self.path not in self.sources:
            self.sources[self.path] = SectionSource(text="", status=POLICY)
        return self

    def _take_source(self) -> None:
        if not _SOURCE_KEYS & set(self.value):
            return
        status = self.status()
        text = self.text("source") if "source" in self.value else ""
        self.sources[self.path] = SectionSource(text=text, status=status)

    def status(self) -> str:
        """Return how far a source is to be relied on."""
        status = self.text("status")
        if status not in STATUSES:
            raise self.wrong("status", "status", STATUSES)
        return status

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self.value.get(name)
        if type(value) is not str or not value.strip() or len(value) > MAX_TEXT:
            raise self.wrong(name, "text")
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str:
        """Return a text that is one of those known."""
        value = self.text(name)
        if value not in set(known):
            raise self.wrong(name, "choice", known)
        return value

    def texts(self, name: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts, each once and each known; an absent list is empty."""
        value = self.value.get(name, [])
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise self.wrong(name)
        if any(type(each) is not str or not each.strip() or len(each) > MAX_TEXT for each in value):
            raise self.wrong(name)
        if len(set(value)) != len(value) or (known is not None and not set(value) <= set(known)):
            raise self.wrong(name)
        return tuple(value)

    def integer(self, name: str, low: int, high: int) -> int:
        """Return an integer from `low` to `high`."""
        value = self.value.get(name)
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(name, "number")
        return value

    def number(self, name: str, high: float) -> float:
        """Return a number above 0, at most `high`."""
        value = self.value.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= high:
            raise self.wrong(name, "number")
        return float(value)

    def tenths(self, name: str, high: float) -> int:
        """Return points × 10: a number from 0 to `high` with one decimal at most."""
        value = self.value.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
            raise self.wrong(name, "number")
        scaled = round(value * 10)
        if abs(scaled - value * 10) > 1e-9:
            raise self.wrong(name, "number")
        return scaled

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        value = self.value.get(name)
        if type(value) is not bool:
            raise self.wrong(name, "flag")
        return value

    def day(self, name: str) -> date:
        """Return a day; a moment with an hour is none."""
        value = self.value.get(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(name, "date")
        return value

    def maybe(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return what `read` makes of a key, or None where it is absent."""
        return read(name) if name in self.value else None

    def under(self, name: str) -> Table:
        """Return the table of a key."""
        return Table(self.value.get(name), self.key(name), self.sources)

    def tables(self, name: str) -> dict[str, Table]:
        """Return the tables below a key by name, in the file's order; an absent key has none."""
        if name not in self.value:
            return {}
        inner = self.under(name)
        return {each: inner.under(each) for each in inner.value}

    def rows(self, name: str) -> tuple[Table, ...]:
        """Return the tables of a list; each is named by its place, from 1."""
        value = self.value.get(name)
        if not isinstance(value, list) or not 0 < len(value) <= MAX_LIST:
            raise self.wrong(name)
        return tuple(Table(row, self.key(f"{name}[{at}]"), self.sources) for at, row in enumerate(value, 1))
