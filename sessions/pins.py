"""The station keys this machine believes.

A key found inside a log proves nothing; a pin comes from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sessions.checkpoint import VerifierKey
from sessions.errors import (
    NoteFormatError,
    StationKeyMismatchError,
    StationPinDiffersError,
    StationPinReplaceError,
    UnknownStationError,
)
from sessions.files import make_private_dir, sync_dir, write_private

_SUFFIX: Final = ".vkey"
_MAX_VKEY: Final = 1024
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StationPins:
    """Pinned keys by origin, and fingerprints that were given for one verification."""

    keys: tuple[VerifierKey, ...] = ()
    fingerprints: frozenset[str] = frozenset()
    directory: Path | None = None

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Return the keys in a directory of .vkey files; an absent directory holds none.

        Raises NoteFormatError for a file that is no vkey, or for two keys of one origin.
        """
        files = sorted(directory.glob(f"*{_SUFFIX}")) if directory.is_dir() else []
        keys = tuple(_read(path) for path in files)
        _require_distinct(keys)
        return cls(keys=keys, directory=directory)

    @classmethod
    def of_fingerprint(cls, *fingerprints: str) -> Self:
        """Return pins that trust the stations of these fingerprints, whatever their origin.

        64 hexadecimal digits; spaces, colons and capitals do not matter. Raises NoteFormatError.
        """
        return cls(fingerprints=frozenset(map(clean_fingerprint, fingerprints)))

    def add(self, vkey: str, *, replace: str | None = None) -> Self:
        """Pin a key and return the pins with it; pinned twice is pinned once.

        Where the origin is pinned with another key, `replace` must be that one's fingerprint, typed from paper: the new
        key takes its place. Raises NoteFormatError, StationPinDiffersError, StationPinReplaceError.
        """
        key = VerifierKey.parse(vkey)
        known = self.key_of(key.name)
        if known == key:
            return self
        require_replaced(key, known, replace)
        if self.directory is not None:
            make_private_dir(self.directory)
            place = self.directory / f"{key.fingerprint}{_SUFFIX}"
            former = _file_of(self.directory, known) if known is not None else place
            write_private(former, f"{key.encode()}\n".encode())  # in its place: never two keys of one origin
            former.replace(place)
            sync_dir(self.directory)
        kept = (each for each in self.keys if each != known)
        return type(self)((*kept, key), self.fingerprints, self.directory)

    def remove(self, key: VerifierKey) -> None:
        """Believe a key no more."""
        if self.directory is not None:
            _file_of(self.directory, key).unlink()
            sync_dir(self.directory)

    def list(self) -> tuple[VerifierKey, ...]:
        """Return the pinned keys, by origin."""
        return tuple(sorted(self.keys, key=lambda key: key.name))

    def key_of(self, origin: str) -> VerifierKey | None:
        """Return the key pinned for an origin, or None."""
        return next((key for key in self.keys if key.name == origin), None)

    def require(self, claimed: VerifierKey) -> VerifierKey:
        """Return the key to verify with, where `claimed` is what a log says its key is.

        Raises StationKeyMismatchError when this origin is pinned with another key or another fingerprint was
        demanded, and UnknownStationError when nothing is known of the origin.
        """
        if self.fingerprints:
            if claimed.fingerprint in self.fingerprints:
                return claimed
            raise StationKeyMismatchError(origin=claimed.name, found=claimed.fingerprint)
        pinned = self.key_of(claimed.name)
        if pinned is None:
            raise UnknownStationError(origin=claimed.name, found=claimed.fingerprint)
        if pinned != claimed:
            raise StationKeyMismatchError(
                origin=claimed.name, pinned=pinned.fingerprint, found=claimed.fingerprint
            )
        return pinned


def clean_fingerprint(text: str) -> str:
    """Return a fingerprint as 64 small hexadecimal digits; spaces and colons do not matter. Raises NoteFormatError."""
    cleaned = re.sub(r"[\s:]", "", text).lower()
    if not _FINGERPRINT.fullmatch(cleaned):
        raise NoteFormatError(why="fingerprint")
    return cleaned


def require_replaced(key: VerifierKey, known: VerifierKey | None, replace: str | None) -> None:
    """Raise unless `key` may be pinned where `known` is: StationPinDiffersError without `replace`, and with another
    fingerprint than that of `known` StationPinReplaceError; NoteFormatError for what is no fingerprint.
    """
    if replace is None:
        if known is not None:
            raise StationPinDiffersError(origin=key.name, pinned=known.fingerprint, found=key.fingerprint)
        return
    if known is None or clean_fingerprint(replace) != known.fingerprint:
        pinned = "–" if known is None else known.fingerprint
        raise StationPinReplaceError(origin=key.name, pinned=pinned, found=key.fingerprint)


def _file_of(directory: Path, key: VerifierKey) -> Path:
    """Return the file that a pinned key lies in."""
    return next(path for path in sorted(directory.glob(f"*{_SUFFIX}")) if _read(path) == key)


def _read(path: Path) -> VerifierKey:
    try:
        with path.open("rb") as stream:
            return VerifierKey.parse(stream.read(_MAX_VKEY).decode("utf-8"))
    except (OSError, ValueError, NoteFormatError):
        raise NoteFormatError(why="vkey", file=path.name) from None


def _require_distinct(keys: Iterable[VerifierKey]) -> None:
    origins: set[str] = set()
    for key in keys:
        if key.name in origins:
            raise NoteFormatError(why="origin-pinned-twice", origin=key.name)
        origins.add(key.name)
