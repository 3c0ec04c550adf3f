"""The roster document: one row can be erased, the roster hash stays, and nothing can be tried against what is left."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sessions import codec
from sessions.errors import RosterDocumentError
from sessions.roster.binding import roster_hash
from sessions.roster.csv_roster import read_roster
from sessions.roster.document import MAX_DOCUMENT, RosterDocument, make_document, parse_document
from sessions.roster.model import ERASED, PartialDate
from tests.support.sessions_station import ROSTER

SEATS = read_roster(ROSTER).rows


def made() -> RosterDocument:
    return make_document(SEATS, ROSTER)[0]


def test_every_field_comes_back() -> None:
    full = replace(
        SEATS[0],
        licence_class="B",
        room="P1",
        seat="12",
        subject="Toán",
        shift="sáng",
        components=("theory", "yard"),
        birth=PartialDate(year=1999),
    )
    document, _ = make_document((full, SEATS[1]), b"file")
    again = parse_document(document.data)
    assert again == document
    assert again.seats == (full, SEATS[1])


def test_the_hashes_are_those_of_the_format() -> None:
    document, file_hash = make_document(SEATS, ROSTER)
    found = json.loads(document.data)
    rows = [
        hashlib.sha256(
            b"proctor roster row 2\n" + bytes.fromhex(row["salt"]) + codec.encode(row["row"])
        ).digest()
        for row in found["rows"]
    ]
    assert document.roster_hash == hashlib.sha256(b"proctor roster 2\n" + b"".join(rows)).hexdigest()
    salt = bytes.fromhex(found["file_salt"])
    assert file_hash == hashlib.sha256(b"proctor roster file 2\n" + salt + ROSTER).hexdigest()
    assert (
        json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == document.data
    )
    assert roster_hash(document.data) == document.roster_hash


def test_a_row_is_erased_and_the_hash_stays() -> None:
    document = made()
    less = document.without({"002"})
    assert less.roster_hash == document.roster_hash == roster_hash(less.data)
    assert [seat.sbd for seat in less.seats] == ["001", "", "003"]
    assert less.seats[1] == ERASED
    gone = SEATS[1]
    for text in (gone.full_name, gone.id_number, gone.birth.iso, document.rows[1].salt.hex(), "file_salt"):
        assert text.encode() not in less.data
    assert parse_document(less.data) == less
    assert less.without({"001"}).roster_hash == document.roster_hash
    assert all(seat.erased for seat in document.without().seats)


def test_two_documents_of_one_file_have_nothing_in_common() -> None:
    first, second = made(), made()
    assert first.roster_hash != second.roster_hash
    assert not {row.digest for row in first.rows} & {row.digest for row in second.rows}


def test_form_1_is_read_and_cannot_be_redacted() -> None:
    old = json.dumps({"salt": "00" * 32, "file": base64.b64encode(ROSTER).decode()}, sort_keys=True).encode()
    document = parse_document(old)
    assert document.seats == SEATS
    assert document.roster_hash == hashlib.sha256(b"proctor roster 1\n" + old).hexdigest() == roster_hash(old)
    assert not document.redactable
    with pytest.raises(RosterDocumentError):
        document.without({"001"})


def _in_row(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda found: found["rows"][0].update(fields)


def _in_seat(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda found: found["rows"][0]["row"].update(fields)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(form="proctor roster 3"),
        lambda found: found.update(note="x"),
        lambda found: found.update(rows=[]),
        lambda found: found.update(rows={}),
        lambda found: found["rows"].append("x"),
        lambda found: found["rows"].append({"hash": "zz"}),
        lambda found: found["rows"].append({"hash": 1}),
        _in_row(salt="00"),
        _in_row(salt="AB" * 32),
        _in_row(salt=1),
        _in_row(hash="00" * 32),
        _in_row(row="x"),
        _in_seat(extra="x"),
        _in_seat(full_name=1),
        _in_seat(row="1"),
        _in_seat(row=2**60),
        _in_seat(components=[1]),
        _in_seat(components="x"),
        _in_seat(birth="1999-1-1"),
        _in_seat(birth="x"),
        _in_seat(birth=1999),
    ],
)
def test_what_is_no_document_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    found = json.loads(made().data)
    change(found)
    data = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(RosterDocumentError):
        parse_document(data)
    assert roster_hash(data) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"form":"proctor roster 2","form":"proctor roster 2","rows":[]}',
        b'{"file":"?","salt":"x"}',
        b'{"file":1}',
        b'{"a":1.5}',
        b"[" * 100_000,
        b" " * (MAX_DOCUMENT + 1),
    ],
)
def test_hostile_bytes(data: bytes) -> None:
    with pytest.raises(RosterDocumentError):
        parse_document(data)


def test_other_bytes_of_the_same_document_are_refused() -> None:
    data = made().data
    for changed in (
        data + b" ",
        data.replace(b'","rows":', b'", "rows":'),
        data.replace(b'{"row":', b'{ "row":', 1),
    ):
        with pytest.raises(RosterDocumentError):
            parse_document(changed)


def test_nothing_is_shown() -> None:
    document = made()
    shown = repr(document) + repr(document.rows[0])
    assert SEATS[0].full_name not in shown
    assert SEATS[0].id_number not in shown
    assert document.rows[0].salt.hex() not in shown
