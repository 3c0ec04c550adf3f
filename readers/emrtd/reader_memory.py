"""What a station remembers of card types: how long an answer they give. It speeds reading up and proves
nothing.

Card types are told apart by a digest of their answer to reset, so that nothing a chip says of itself is kept. Any card
may show any answer to reset, a hostile one that of the genuine type: so nothing shorter than short answers is ever
remembered, and short ones are asked about anew after a week.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

MIN_OCTETS: Final = 256
MAX_OCTETS: Final = 65536
SHORT_DAYS: Final = 7
"""Days after which short answers are tried to be made longer again."""
MAX_ENTRIES: Final = 64
_MAX_FILE_OCTETS: Final = 16 * 1024
_KEY_DIGITS: Final = 16


class ReaderMemory(Protocol):
    """Length of the longest answer of a card type: octets of data, 256 for short answers only."""

    def get(self, atr: bytes) -> int | None:
        """What was remembered of this answer to reset, None for nothing."""

    def put(self, atr: bytes, octets: int) -> None:
        """Remember it, in place of what was known."""


class ForgetfulMemory:
    """Remembers as long as the process runs; short answers for SHORT_DAYS, where it is given a calendar."""

    def __init__(self, today: Callable[[], date] | None = None) -> None:
        self._known: dict[str, _Entry] = {}
        self._today = today

    def get(self, atr: bytes) -> int | None:
        """What was remembered of this answer to reset, None for nothing."""
        return _find(self._known, atr, self._day())

    def put(self, atr: bytes, octets: int) -> None:
        """Remember it; the oldest of too many entries is forgotten."""
        _add(self._known, atr, octets, self._day())

    def _day(self) -> int:
        return 0 if self._today is None else self._today().toordinal()


class FileMemory:
    """Remembers in a JSON file: {"16 hex digits": [octets, day]}, the day as `date.toordinal` counts.

    A missing or broken file is an empty one, and is rewritten; one that cannot be written costs speed, nothing else."""

    def __init__(self, path: Path, today: Callable[[], date]) -> None:
        self._path = path
        self._today = today

    def get(self, atr: bytes) -> int | None:
        """What was remembered of this answer to reset, None for nothing."""
        return _find(self._load(), atr, self._today().toordinal())

    def put(self, atr: bytes, octets: int) -> None:
        """Remember it on disk, whole or not at all."""
        known = self._load()
        _add(known, atr, octets, self._today().toordinal())
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            fresh.write_text(json.dumps(known) + "\n", encoding="ascii")
            fresh.replace(self._path)

    def _load(self) -> dict[str, _Entry]:
        try:
            with self._path.open("rb") as stream:
                content = json.loads(stream.read(_MAX_FILE_OCTETS))
        except (OSError, ValueError, RecursionError):
            return {}
        entries = content.items() if isinstance(content, dict) else ()
        return {key: (entry[0], entry[1]) for key, entry in entries if _is_entry(key, entry)}


_Entry = tuple[int, int]


def _is_entry(key: str, entry: object) -> bool:
    if len(key) != _KEY_DIGITS or not isinstance(entry, list) or len(entry) != 2:
        return False
    octets, day = entry
    return type(octets) is int and type(day) is int and MIN_OCTETS <= octets <= MAX_OCTETS


def _key(atr: bytes) -> str:
    return hashlib.sha256(atr).hexdigest()[:_KEY_DIGITS]


def _find(known: dict[str, _Entry], atr: bytes, day: int) -> int | None:
    octets, since = known.get(_key(atr), (0, 0))
    if not octets or (octets == MIN_OCTETS and not 0 <= day - since < SHORT_DAYS):
        return None
    return octets


def _add(known: dict[str, _Entry], atr: bytes, octets: int, day: int) -> None:
    known.pop(_key(atr), None)
    known[_key(atr)] = min(max(octets, MIN_OCTETS), MAX_OCTETS), day
    while len(known) > MAX_ENTRIES:
        del known[next(iter(known))]
