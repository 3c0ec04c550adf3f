"""What a station remembers of card types: how long an answer they give. It speeds reading up and proves
nothing.

Card types are told apart by a digest of their answer to reset, so that nothing a chip says of itself is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Final, Protocol

MAX_OCTETS: Final = 65536
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
    """Remembers as long as the process runs."""

    def __init__(self) -> None:
        self._octets: dict[str, int] = {}

    def get(self, atr: bytes) -> int | None:
        """What was remembered of this answer to reset, None for nothing."""
        return self._octets.get(_key(atr))

    def put(self, atr: bytes, octets: int) -> None:
        """Remember it; the oldest of too many entries is forgotten."""
        _add(self._octets, atr, octets)


class FileMemory:
    """Remembers in a JSON file: {"16 hex digits": octets}. A missing or broken file is an empty one, and is
    rewritten; one that cannot be written costs speed, nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, atr: bytes) -> int | None:
        """What was remembered of this answer to reset, None for nothing."""
        return self._load().get(_key(atr))

    def put(self, atr: bytes, octets: int) -> None:
        """Remember it on disk, whole or not at all."""
        known = self._load()
        _add(known, atr, octets)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            fresh.write_text(json.dumps(known, indent=0) + "\n", encoding="ascii")
            fresh.replace(self._path)

    def _load(self) -> dict[str, int]:
        try:
            with self._path.open("rb") as stream:
                content = json.loads(stream.read(_MAX_FILE_OCTETS))
        except (OSError, ValueError, RecursionError):
            return {}
        entries = content.items() if isinstance(content, dict) else ()
        return {key: octets for key, octets in entries if _is_entry(key, octets)}


def _is_entry(key: str, octets: object) -> bool:
    return len(key) == _KEY_DIGITS and type(octets) is int and 0 <= octets <= MAX_OCTETS


def _key(atr: bytes) -> str:
    return hashlib.sha256(atr).hexdigest()[:_KEY_DIGITS]


def _add(known: dict[str, int], atr: bytes, octets: int) -> None:
    known.pop(_key(atr), None)
    known[_key(atr)] = min(max(octets, 0), MAX_OCTETS)
    while len(known) > MAX_ENTRIES:
        del known[next(iter(known))]
