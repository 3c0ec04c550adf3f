"""Strict JSON objects for files that come from elsewhere: every member by name and type, none left over.

Every error is an EvidenceFileError that names the field; octets are base64, times UTC with milliseconds."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Any, Final

from readers.errors import EvidenceFileError

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+ -]{0,63}")
_STAMP: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_YEARS: Final = range(2000, 2200)
_MAX_INTEGER: Final = 2**53


def encode(value: object) -> bytes:
    """The one form of a value: sorted names, one space of indentation, UTF-8, a line feed at the end."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    return text.encode("utf-8", "surrogatepass")


def decode(octets: bytes, most: int) -> dict[str, Any]:
    """The object that the octets hold; no name twice. Its depth is not yet bounded."""
    if len(octets) > most:
        raise EvidenceFileError(field="file", reason="too-long")
    try:
        document = json.loads(octets.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise EvidenceFileError(field="file", reason="json") from None
    if not isinstance(document, dict):
        raise EvidenceFileError(field="file", reason="type")
    return document


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(_constant: str) -> object:
    raise ValueError("not a number")


class StrictObject:
    """A JSON object whose members are taken one by one; what is left over is an error."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise EvidenceFileError(field=path or "file", reason="type")
        self._left = dict(value)
        self._path = path

    def path(self, name: str) -> str:
        """The whole name of a member, for errors."""
        return f"{self._path}.{name}" if self._path else name

    def take(self, name: str) -> object:
        """A member, whatever it is."""
        if name not in self._left:
            raise EvidenceFileError(field=self.path(name), reason="missing")
        return self._left.pop(name)

    def text(self, name: str, pattern: re.Pattern[str]) -> str:
        """A text that the pattern matches wholly."""
        value = self.take(name)
        if not isinstance(value, str):
            raise EvidenceFileError(field=self.path(name), reason="type")
        if not pattern.fullmatch(value):
            raise EvidenceFileError(field=self.path(name), reason="value")
        return value

    def one_of(self, name: str, values: tuple[str, ...]) -> str:
        """One of these texts."""
        value = self.text(name, NAME)
        if value not in values:
            raise EvidenceFileError(field=self.path(name), reason="value")
        return value

    def number(self, name: str) -> int:
        """A whole number from 0 to 2^53 - 1."""
        value = self.take(name)
        if type(value) is not int:
            raise EvidenceFileError(field=self.path(name), reason="type")
        if not 0 <= value < _MAX_INTEGER:
            raise EvidenceFileError(field=self.path(name), reason="value")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise EvidenceFileError(field=self.path(name), reason="type")
        return value

    def octets(self, name: str, most: int, *, exactly: int | None = None) -> bytes:
        """Base64 of at most, or exactly, so many octets."""
        value = self.take(name)
        if not isinstance(value, str):
            raise EvidenceFileError(field=self.path(name), reason="type")
        if len(value) > (most + 2) // 3 * 4:
            raise EvidenceFileError(field=self.path(name), reason="too-long")
        try:
            octets = base64.b64decode(value.encode(), validate=True)
        except (binascii.Error, ValueError):
            raise EvidenceFileError(field=self.path(name), reason="base64") from None
        if len(octets) > most or (exactly is not None and len(octets) != exactly):
            raise EvidenceFileError(field=self.path(name), reason="length")
        return octets

    def optional_octets(self, name: str, size: int) -> bytes | None:
        """Base64 of exactly so many octets, or null."""
        if name in self._left and self._left[name] is None:
            del self._left[name]
            return None
        return self.octets(name, size, exactly=size)

    def moment(self, name: str) -> datetime:
        """A time, UTC, of the years in which such files can have been written: days may be counted from it."""
        text = self.text(name, _STAMP)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise EvidenceFileError(field=self.path(name), reason="value") from None
        if moment.year not in _YEARS:
            raise EvidenceFileError(field=self.path(name), reason="value")
        return moment

    def rows(self, name: str, most: int) -> list[StrictObject]:
        """A list of at most so many objects."""
        value = self.take(name)
        if not isinstance(value, list):
            raise EvidenceFileError(field=self.path(name), reason="type")
        if len(value) > most:
            raise EvidenceFileError(field=self.path(name), reason="too-long")
        return [StrictObject(row, self.path(f"{name}.{number}")) for number, row in enumerate(value)]

    def end(self) -> None:
        """Nothing may be left."""
        for name in self._left:
            shown = name if NAME.fullmatch(name) else "?"
            raise EvidenceFileError(field=self.path(shown), reason="unknown")

    @property
    def names(self) -> tuple[str, ...]:
        """The members not yet taken."""
        return tuple(self._left)
