"""A written exam: rooms, seats, subjects, shifts, no classes; late, walk-in, undertaking, addition, a telephone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions.course.allocation import allocate, groups_of, places_of
from sessions.course.reconcile import totals, unsettled
from sessions.course.states import State
from tests.support.flow import GREY, NO_CARD, OTHER_FACE, TRAINEE, Day, Step, run
from tests.support.flow_events import (
    added,
    back,
    by_hand,
    closed,
    component_starts,
    consequence,
    desk,
    drawn,
    incident,
    minutes,
    out,
    overridden,
    result,
    spot_checked,
    started,
)
from tests.support.sessions_station import Bench

HEADING = "SBD,Họ và tên,Ngày sinh,Số định danh,Môn,Ca"
NAMES = ("NGUYỄN VĂN MẪU", "TRẦN THỊ MẪU", "LÊ VĂN THỬ", "PHẠM THỊ THỬ", "HOÀNG VĂN MẪU")
ROSTER = "\n".join(
    [
        HEADING,
        *(
            f"{number:03d},{NAMES[number % 5]},15/01/2008,001208{number:06d},"
            f"{'Toán' if number % 2 else 'Ngữ văn'},{1 if number <= 26 else 2}"
            for number in range(1, 53)
        ),
    ]
)
WALK_IN = "053,NGUYỄN THỊ THỬ,15/01/2008,001308000053,Toán,1"
S = State


def allocated(rooms: tuple[str, ...], capacity: int) -> Any:
    """Rooms and seats by a recorded lot."""

    def event(day: Day) -> None:
        found = allocate(groups_of(day.session("exam").seats, "exam"), rooms, capacity, seed=bytes(range(32)))
        body = {"session": day.session_id, "component": "exam", **found.as_body()}
        day.store.append("allocation", body, operator=TRAINEE)

    return event


def room_of(day: Day, sbd: str) -> str:
    return places_of(day.board("exam").entries, "exam")[sbd].room


def own_room(sbd: str, **changes: Any) -> Any:
    return lambda day: day.attempt(
        sbd,
        "exam",
        room=room_of(day, sbd),
        purpose=changes.get("purpose", "check-in"),
        broken=changes.get("broken", {}),
    )


def other_room(sbd: str) -> Any:
    return lambda day: day.attempt(
        sbd, "exam", room="P1" if room_of(day, sbd) != "P1" else "P2", purpose="check-in", broken={}
    )


STEPS = [
    Step(says="rooms and seats by lot", does=allocated(("P1", "P2", "P3"), 24)),
    Step(says="the session starts", does=started),
    Step(says="the exam starts", does=component_starts("exam")),
    Step(
        says="001 in the own room",
        does=own_room("001"),
        who="001",
        at="exam",
        stands=S.ADMITTED,
        verdict="ADMIT",
    ),
    Step(
        says="002 in another room",
        does=other_room("002"),
        who="002",
        at="exam",
        stands=S.WRONG_ROOM,
        verdict="REFER",
    ),
    Step(says="two persons do not change a room", does=overridden("002", "exam"), refused="override-not-for"),
    Step(
        says="002 in the own room",
        does=own_room("002"),
        who="002",
        at="exam",
        stands=S.ADMITTED,
        verdict="ADMIT",
    ),
    Step(
        says="003 has forgotten the card",
        does=own_room("003", broken=NO_CARD),
        who="003",
        at="exam",
        stands=S.REFERRED,
    ),
    Step(
        says="without a document somebody signs",
        does=by_hand("003", "exam", "none", "no-card"),
        refused="manual-undertaking-needed",
    ),
    Step(
        says="003 signs and brings proof later",
        does=by_hand("003", "exam", "none", "no-card", undertaking=True),
        who="003",
        at="exam",
        stands=S.MANUAL,
        verdict="admitted-provisionally",
    ),
    Step(says="a walk-in who is not on the list", does=desk("053", "exam"), verdict="REFER"),
    Step(says="is added by two persons, with a reason", does=added(WALK_IN, HEADING)),
    Step(
        says="053 sits where there is a place",
        does=desk("053", "exam"),
        who="053",
        at="exam",
        stands=S.ADMITTED,
        verdict="ADMIT",
    ),
    Step(says="nobody is added twice", does=added(WALK_IN, HEADING), refused="addition-refused"),
    Step(
        says="005's face is in the grey band",
        does=own_room("005", broken=GREY),
        who="005",
        at="exam",
        stands=S.REFERRED,
    ),
    Step(
        says="two persons let 005 in", does=overridden("005", "exam"), who="005", at="exam", stands=S.ADMITTED
    ),
    Step(says="a quarter of an hour later", does=minutes(14)),
    Step(
        says="007 is just in time",
        does=own_room("007"),
        who="007",
        at="exam",
        stands=S.ADMITTED,
        verdict="ADMIT",
    ),
    Step(says="two minutes later", does=minutes(2)),
    Step(says="009 is too late", does=own_room("009"), who="009", at="exam", stands=S.LATE, verdict="REFER"),
    Step(says="nobody overrides the clock", does=overridden("009", "exam"), refused="override-not-for"),
    Step(says="nor by hand", does=by_hand("009", "exam", "cccd-chip", "chip-dead"), refused="too-late"),
    Step(says="it is an incident all the same", does=incident("009", "late", "exam")),
    Step(says="007 has a telephone", does=incident("007", "phone", "exam")),
    Step(
        says="the head suspends 007",
        does=consequence("007", "suspended"),
        who="007",
        at="exam",
        stands=S.SUSPENDED,
    ),
    Step(
        says="007 comes again",
        does=own_room("007"),
        who="007",
        at="exam",
        stands=S.SUSPENDED,
        verdict="REFER",
    ),
    Step(
        says="a consequence that the rules do not know",
        does=consequence("009", "removed"),
        refused="incident-consequence-unknown",
    ),
    Step(says="001 goes out", does=out("001", "exam"), who="001", at="exam", stands=S.OUT),
    Step(says="001 comes back", does=own_room("001", purpose="re-entry")),
    Step(says="and is in", does=back("001", "exam"), who="001", at="exam", stands=S.BACK),
    Step(says="all who are in are drawn", does=drawn("exam", 5)),
    Step(says="002's seat", does=own_room("002", purpose="spot-check", broken=OTHER_FACE), verdict="REFUSE"),
    Step(says="another sits there", does=spot_checked("002", "exam"), verdict="other-person"),
    Step(
        says="003 brings the card",
        does=by_hand("003", "exam", "cccd-chip", "later-proof", later_proof=True),
        who="003",
        at="exam",
        stands=S.MANUAL,
    ),
    Step(says="001's points", does=result("001", "exam", 8), verdict="taken"),
    Step(says="the session closes", does=closed, who="020", at="exam", stands=S.ABSENT),
    Step(
        says="nobody comes in after that",
        does=added(WALK_IN.replace("053", "054"), HEADING),
        refused="session-closed",
    ),
]


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    bench = Bench(path=tmp_path / "station.db")
    with bench.create() as store:
        yield Day.open(bench, store, ROSTER, rules="written-exam", components=("exam",), place="Trường Mẫu")


def test_a_day_of_a_written_exam(day: Day) -> None:
    before = day.session().roster_hash
    run(day, STEPS)
    session, board = day.session("exam"), day.board("exam")
    assert session.roster_hash != before
    assert [seat.sbd for seat in session.seats if seat.addition] == ["053"]
    places = places_of(board.entries, "exam")
    assert len(places) == 52
    full = Counter((place.room, place.shift) for place in places.values())
    assert max(full.values()) <= 24
    assert len({(place.room, place.shift, place.seat) for place in places.values()}) == 52
    for room in full:
        subjects = {
            seat.subject
            for seat in session.seats
            if seat.sbd in places and (places[seat.sbd].room, places[seat.sbd].shift) == room
        }
        assert len(subjects) == 1
    total = totals(board)[0]
    assert (total.listed, total.licence_class) == (53, "")
    assert total.listed == total.present + total.not_let_in + total.absent + total.excused
    assert total.present == 6
    assert unsettled(board) == ()
    assert {name: count for name, count in board.counts("exam").items() if count} == {
        S.ADMITTED: 3,
        S.BACK: 1,
        S.MANUAL: 1,
        S.SUSPENDED: 1,
        S.LATE: 1,
        S.ABSENT: 46,
    }
    day.store.close()
    report = day.bench.verify(evidence_key=day.bench.bundle.evidence_key)
    assert report.ok, report
