"""Later additions to a list: nothing of it changes, both hashes are on record, and an erasure still finds everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sessions.closing import close_session
from sessions.course.additions import add_candidates, namesakes, next_sbd, require_addable
from sessions.course.board import Board
from sessions.course.day_errors import PartAdditionError
from sessions.course.states import State
from sessions.errors import SessionsError
from sessions.roster.csv_roster import read_roster
from sessions.roster.document import parse_document
from sessions.selection import select
from sessions.session import Part, newest_roster
from sessions.shredding import shred_selection
from tests.support.exceptions import ADMIT, SECOND, TRAINEE, Sitting
from tests.support.sessions_station import Bench

HEADING = "SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Nội dung\n"
NEW = "004,PHẠM THỊ MẪU,01/02/2000,001300000009,B,\n"
TWO = "005,PHẠM VĂN MẪU,01/02/2000,001200000010,B,Lý thuyết\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(path=tmp_path / "station.db").made()


@pytest.fixture
def sitting(bench: Bench) -> Iterator[Sitting]:
    with bench.create() as store:
        yield Sitting(store)


def add(sitting: Sitting, *rows: str, **changes: Any) -> list[str]:
    fields: dict[str, Any] = {"reason": "walk-in", "operator": TRAINEE, "second": SECOND}
    roster = read_roster((HEADING + "".join(rows)).encode())
    seats, _ = add_candidates(sitting.store, sitting.session, roster, **(fields | changes))
    return [seat.sbd for seat in seats]


def code_of(call: Callable[[], Any]) -> tuple[str, Any]:
    with pytest.raises(SessionsError) as caught:
        call()
    assert "00130" not in str(caught.value)
    return caught.value.code, caught.value.facts.get("why")


def test_rows_are_added_behind_the_others_and_both_hashes_are_on_record(sitting: Sitting) -> None:
    before = sitting.session
    assert add(sitting, NEW) == ["004"]
    assert add(sitting, TWO, note="quyết định số 12") == ["005"]
    session = sitting.session
    assert [(seat.sbd, seat.addition) for seat in session.seats] == [
        *((seat.sbd, "") for seat in before.seats),
        ("004", "bổ sung 1"),
        ("005", "bổ sung 2"),
    ]
    assert session.seats[-1].components == ("theory",)
    first, second = sitting.store.entries("roster")
    assert first.body["roster_before"] == before.roster_hash
    assert second.body["roster_before"] == first.body["roster_hash"]
    assert session.roster_hash == second.body["roster_hash"] != before.roster_hash
    assert (second.body["added"], second.body["sbds"], second.body["addition"]) == (1, ["005"], 2)
    assert sitting.store.evidence(second.seq, "note") == "quyết định số 12".encode()


def test_every_row_of_before_keeps_its_salt_and_hash(sitting: Sitting) -> None:
    found = newest_roster(sitting.store, sitting.session.session_id)
    assert found is not None
    add(sitting, NEW)
    later = newest_roster(sitting.store, sitting.session.session_id)
    assert later is not None
    assert later[1].rows[: len(found[1].rows)] == found[1].rows
    assert later[1].file_salt == found[1].file_salt != b""
    assert parse_document(later[1].data) == later[1]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("1,PHẠM THỊ MẪU,01/02/2000,001300000009,B,\n", ("addition-refused", "addition-sbd-taken")),
        ("009,NGUYỄN VĂN MẪU,15/01/1999,001099000001,B,\n", ("addition-refused", "addition-number-taken")),
        (NEW.replace(",B,", ",B,bơi"), ("addition-refused", "addition-component-unknown")),
        ("009,PHẠM THỊ MẪU,31/02/2000,001300000009,B,\n", ("addition-refused", "roster-birth-invalid")),
        (NEW + NEW, ("addition-refused", "roster-sbd-duplicate")),
        ("", ("addition-empty", None)),
    ],
)
def test_the_list_s_own_checks_hold_and_nobody_is_listed_twice(
    sitting: Sitting, row: str, error: tuple[str, Any]
) -> None:
    size = sitting.store.head().size
    assert code_of(lambda: add(sitting, row)) == error
    assert sitting.store.head().size == size


def test_reason_and_open_session_are_needed(sitting: Sitting) -> None:
    assert code_of(lambda: add(sitting, NEW, reason="so"))[0] == "exception-reason-unknown"
    assert code_of(lambda: add(sitting, NEW, reason="other"))[0] == "exception-note-missing"
    close_session(sitting.store, sitting.session, operator=TRAINEE)
    assert code_of(lambda: add(sitting, NEW))[0] == "session-closed"


def test_somebody_with_the_same_name_and_birth_date_is_pointed_out(sitting: Sitting) -> None:
    same = "009,Nguyễn văn MẪU,15/01/1999,001099000019,B,\n"
    rows = read_roster((HEADING + same).encode()).rows
    assert namesakes(sitting.session, rows) == (2,)
    assert namesakes(sitting.session, [replace(rows[0], full_name="KHÁC")]) == ()
    assert next_sbd(sitting.session) == "004"


def test_at_another_stations_part_nobody_is_added(sitting: Sitting) -> None:
    part = replace(sitting.session, part=Part(number=2, of=3, group="S-1"))
    with pytest.raises(PartAdditionError):
        require_addable(part, read_roster((HEADING + NEW).encode()))
    assert not sitting.store.entries("roster")


def test_who_was_added_is_checked_in_like_anybody(sitting: Sitting) -> None:
    board = Board(sitting.store, sitting.session)
    add(sitting, NEW)
    sitting.attempt(ADMIT, sbd="004")
    board.refresh()
    assert board.standing("004").state is State.ADMITTED


@pytest.mark.parametrize("sbd", ["001", "004"])
def test_an_erasure_finds_every_list_that_names_somebody(sitting: Sitting, bench: Bench, sbd: str) -> None:
    """Also in lists of before and after an addition; and an addition after an erasure brings nobody back."""
    add(sitting, NEW, note="đến cùng người nhà")
    selection = select(sitting.store, sitting.session.session_id, sbd=sbd)
    carriers = [piece.seq for piece in selection.pieces if piece.name == "roster"]
    assert len(carriers) == 2
    notes = [piece for piece in selection.pieces if piece.name == "note"]
    assert len(notes) == (sbd == "004")
    shred_selection(
        sitting.store, selection, scope="candidate", reason="asked", operator=TRAINEE, second=SECOND
    )
    assert sbd not in {seat.sbd for seat in sitting.session.seats}
    bound = sitting.session.roster_hash
    add(sitting, TWO)
    assert sbd not in {seat.sbd for seat in sitting.session.seats}
    assert (len(sitting.session.seats), sitting.session.roster_hash != bound) == (5, True)
    again = select(sitting.store, sitting.session.session_id, sbd="002")
    assert len([piece for piece in again.pieces if piece.name == "roster"]) == 2
    report = bench.verify(evidence_key=bench.bundle.evidence_key)
    altered = [found for found in report.findings if found.severity == "altered"]
    assert altered == []


def test_a_whole_session_erased_is_added_to_no_more(sitting: Sitting) -> None:
    add(sitting, NEW)
    selection = select(sitting.store, sitting.session.session_id)
    shred_selection(sitting.store, selection, scope="session", reason="due", operator=TRAINEE, second=SECOND)
    assert all(seat.erased for seat in sitting.session.seats)
