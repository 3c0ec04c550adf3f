"""The roster as a session keeps it: form 2, of which one row can be erased without changing the roster hash.

Every row has a salt of its own, and the roster hash is made of the rows' hashes; an erased row is its hash alone.
Form 1 (a salt and the file as imported) is still read; nothing can be taken out of it. Form: docs/log-format.md,
"Roster".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NoReturn, Self

from sessions import codec
from sessions.errors import CanonicalFormError, RosterDocumentError, RosterUnreadableError
from sessions.roster.csv_roster import MAX_ROWS, read_roster
from sessions.roster.model import ERASED, PartialDate, Seat

FORM: Final = "proctor roster 2"
MAX_DOCUMENT: Final = 32_000_000
"""Bytes: the largest roster that is read, with its salts, fits many times."""
_ROW: Final = b"proctor roster row 2\n"
_WHOLE: Final = b"proctor roster 2\n"
_FILE: Final = b"proctor roster file 2\n"
_OLD: Final = b"proctor roster 1\n"
_SALT: Final = 32
_FIELDS: Final = frozenset(each.name for each in fields(Seat)) - {"erased"}
_EXTRA: Final = frozenset(
    {
        "sex",
        "old_number",
        "address",
        "held_class",
        "health_valid",
        "health_number",
        "health_date",
        "car",
        "part",
        "school_class",
        "remark",
        "addition",
    }
)
"""Fields that stand in a row only where they say something: lists of before have none of them."""
_NEEDED: Final = _FIELDS - _EXTRA
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One row: its hash (32 bytes), and salt and seat as long as it is not erased."""

    digest: bytes
    salt: bytes = field(default=b"", repr=False)
    seat: Seat = field(default=ERASED, repr=False)

    @classmethod
    def of(cls, seat: Seat, salt: bytes) -> Self:
        """Return the row of a seat under a salt of 32 bytes."""
        return cls(digest=hashlib.sha256(_ROW + salt + _encode_seat(seat)).digest(), salt=salt, seat=seat)

    @property
    def erased(self) -> Self:
        """The same row without what it says: nobody finds it again by trying."""
        return replace(self, salt=b"", seat=ERASED)

    def encode(self) -> bytes:
        """Return the row as it stands in the document."""
        if self.seat.erased:
            return codec.encode({"hash": self.digest.hex()})
        return b'{"row":%b,"salt":"%b"}' % (_encode_seat(self.seat), self.salt.hex().encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDocument:
    """A session's roster. `roster_hash` (hexadecimal) is the same before and after rows were erased.

    `data` are the bytes as stored; `redactable` is whether single rows can be erased (form 2). The file's salt goes
    with the first row that is erased: with it the whole file could be tried.
    """

    rows: tuple[RosterRow, ...] = field(repr=False)
    roster_hash: str
    data: bytes = field(repr=False)
    redactable: bool = True
    file_salt: bytes = field(repr=False, default=b"")

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The rows' seats in the file's order; an erased row has the seat `ERASED`."""
        return tuple(row.seat for row in self.rows)

    def without(self, sbds: Collection[str] | None = None) -> RosterDocument:
        """Return the document without the rows of these candidates (None: of all), under the same roster hash.

        Raises RosterDocumentError for a document of form 1.
        """
        if not self.redactable:
            raise RosterDocumentError(why="form-1")
        rows = [row.erased if sbds is None or row.seat.sbd in sbds else row for row in self.rows]
        return _document(rows, file_salt=b"")

    def extended(
        self, seats: Iterable[Seat], *, random_bytes: RandomBytes = secrets.token_bytes
    ) -> RosterDocument:
        """Return the document with later rows behind its own, which stay as they are; the roster hash is another one.

        Raises RosterDocumentError for a document of form 1, or one that becomes too long.
        """
        if not self.redactable:
            raise RosterDocumentError(why="form-1")
        added = [RosterRow.of(seat, random_bytes(_SALT)) for seat in seats]
        if len(self.rows) + len(added) > MAX_ROWS:
            raise RosterDocumentError(why="too-long")
        return _document((*self.rows, *added), file_salt=self.file_salt)


def make_document(
    seats: Iterable[Seat], file: bytes, *, random_bytes: RandomBytes = secrets.token_bytes
) -> tuple[RosterDocument, str]:
    """Return the document of a roster, and the salted hash of the file it was read from (hexadecimal)."""
    rows = [RosterRow.of(seat, random_bytes(_SALT)) for seat in seats]
    salt = random_bytes(_SALT)
    return _document(rows, file_salt=salt), hashlib.sha256(_FILE + salt + file).hexdigest()


def parse_document(data: bytes) -> RosterDocument:
    """Return the document of stored bytes, of form 2 or 1; raises RosterDocumentError."""
    if len(data) > MAX_DOCUMENT:
        raise RosterDocumentError(why="too-long")
    try:
        fields_found = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_float=_refuse)
    except (ValueError, RecursionError):
        raise RosterDocumentError(why="not-json") from None
    if not isinstance(fields_found, dict):
        raise RosterDocumentError(why="not-an-object")
    if "form" not in fields_found:
        return _parse_old(fields_found, data)
    document = _parse_new(fields_found)
    if document.data != data:
        raise RosterDocumentError(why="other-bytes")
    return document


def _document(rows: Iterable[RosterRow], *, file_salt: bytes) -> RosterDocument:
    kept = tuple(rows)
    salt = b'"file_salt":"%b",' % file_salt.hex().encode() if file_salt else b""
    listed = b",".join(row.encode() for row in kept)
    data = b'{%b"form":"%b","rows":[%b]}' % (salt, FORM.encode(), listed)
    if len(data) > MAX_DOCUMENT:
        raise RosterDocumentError(why="too-long")
    digest = hashlib.sha256(_WHOLE + b"".join(row.digest for row in kept)).hexdigest()
    return RosterDocument(rows=kept, roster_hash=digest, data=data, file_salt=file_salt)


def _parse_new(found: Mapping[str, Any]) -> RosterDocument:
    rows = found.get("rows")
    if found["form"] != FORM or not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS:
        raise RosterDocumentError(why="form")
    if set(found) - {"form", "rows", "file_salt"}:
        raise RosterDocumentError(why="fields")
    salt = _hex(found["file_salt"]) if "file_salt" in found else b""
    return _document((_parse_row(row) for row in rows), file_salt=salt)


def _parse_row(found: Any) -> RosterRow:
    if isinstance(found, dict) and set(found) == {"hash"}:
        return RosterRow(digest=_hex(found["hash"]))
    if not isinstance(found, dict) or set(found) != {"row", "salt"}:
        raise RosterDocumentError(why="row")
    try:
        return RosterRow.of(_parse_seat(found["row"]), _hex(found["salt"]))
    except CanonicalFormError:
        raise RosterDocumentError(why="row") from None


def _parse_seat(found: Any) -> Seat:
    """Return the seat of a row's object; raises RosterDocumentError for other fields or types."""
    if not isinstance(found, dict) or not _NEEDED <= set(found) <= _FIELDS or type(found["row"]) is not int:
        raise RosterDocumentError(why="seat")
    parts = found["components"]
    texts = {name: value for name, value in found.items() if name not in {"row", "birth", "components"}}
    if not isinstance(parts, list) or any(type(text) is not str for text in (*texts.values(), *parts)):
        raise RosterDocumentError(why="seat")
    return Seat(row=found["row"], birth=_parse_birth(found["birth"]), components=tuple(parts), **texts)


def _parse_birth(text: Any) -> PartialDate:
    parts = text.split("-") if type(text) is str else []
    if len(parts) not in {1, 3} or not all(part.isascii() and part.isdigit() for part in parts):
        raise RosterDocumentError(why="birth")
    birth = PartialDate(**dict(zip(("year", "month", "day"), map(int, parts), strict=False)))
    if birth.iso != text:
        raise RosterDocumentError(why="birth")
    return birth


def _parse_old(found: Mapping[str, Any], data: bytes) -> RosterDocument:
    """Return the document of form 1: the CSV file beside a salt, hashed as one."""
    try:
        roster = read_roster(base64.b64decode(found["file"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error, RosterUnreadableError):
        raise RosterDocumentError(why="form-1") from None
    return RosterDocument(
        rows=tuple(RosterRow(digest=b"", seat=seat) for seat in roster.rows),
        roster_hash=hashlib.sha256(_OLD + data).hexdigest(),
        data=data,
        redactable=False,
    )


def _encode_seat(seat: Seat) -> bytes:
    """Return the RFC 8785 form of every field of a seat."""
    row: dict[str, Any] = {name: getattr(seat, name) for name in _NEEDED}
    row |= {name: value for name in _EXTRA if (value := getattr(seat, name))}
    return codec.encode({**row, "birth": seat.birth.iso, "components": list(seat.components)})


def _hex(text: Any) -> bytes:
    """Return the 32 bytes of 64 lower-case hexadecimal digits."""
    try:
        data = bytes.fromhex(text)
    except (TypeError, ValueError):
        raise RosterDocumentError(why="hexadecimal") from None
    if len(data) != _SALT or data.hex() != text:
        raise RosterDocumentError(why="hexadecimal")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RosterDocumentError(why="duplicate-key")
    return found


def _refuse(_text: str) -> NoReturn:
    raise RosterDocumentError(why="not-an-integer")
