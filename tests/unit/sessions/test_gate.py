"""The gate of a desk: every reason why somebody cannot come in here, now, to this."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sessions.course.board import Board
from sessions.course.errors import (
    ComponentBlockedError,
    DecidedError,
    LateError,
    NotYetAdmittedError,
    SuspendedError,
    WrongRoomError,
)
from sessions.course.gate import Gate, looked_at_for
from sessions.course.movement import leave
from sessions.errors import AlreadyAdmittedError
from sessions.record import Second, Verdict, format_utc
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, START, Bench, record

ROSTER = (
    "SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng\n"
    "001,NGUYỄN VĂN MẪU,15/01/1999,001099000001,B,P1\n"
    "002,TRẦN THỊ MẪU,2001,001301000002,B,P2\n"
).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Bench(path=tmp_path / "station.db").create() as opened:
        yield opened


def make(store: Store, rules: str, *components: str) -> Session:
    return create_session(
        store,
        root_kind="training",
        roster=read_roster(ROSTER),
        rules=load_rules(rules),
        component=components[0],
        components=components[1:],
        place="Sân 1",
        day=date(2026, 11, 22),
        operator=OPERATOR,
    )


def gate(store: Store, session: Session, **changes: Any) -> Gate:
    return Gate(board=Board(store, session), now=lambda: START, **changes)


def admit(store: Store, session: Session, component: str, verdict: Verdict = Verdict.ADMIT) -> None:
    store.append_attempt(
        record(
            1,
            attempt_id=str(uuid.uuid4()),
            session_id=session.session_id,
            component=component,
            verdict=verdict,
            sbd="001",
        )
    )


def test_another_room_is_named(store: Store) -> None:
    session = make(store, "written-exam", "mathematics")
    here, other = session.seats
    assert gate(store, session, room="p1 ").require_seat(here) == here
    with pytest.raises(WrongRoomError) as caught:
        gate(store, session, room="P1").require_seat(other)
    assert caught.value.facts == {"room": "P2", "here": "P1"}


def test_the_next_component_waits_for_the_one_before(store: Store) -> None:
    session = make(store, "driving-tt108-2026", "theory", "yard", "road")
    yard = session.at("yard")
    seat = yard.seats[0]
    with pytest.raises(ComponentBlockedError):
        gate(store, yard).require_seat(seat)
    admit(store, session, "theory")
    with pytest.raises(ComponentBlockedError):
        gate(store, yard).require_seat(seat)
    body = {"session": session.session_id, "sbd": "001", "component": "theory", "outcome": "passed"}
    store.append("result", {**body, "source": "máy chấm", "points_e1": 300}, operator=OPERATOR)
    assert gate(store, yard).require_seat(seat) == seat


def test_late_only_beyond_the_rules_minutes(store: Store) -> None:
    session = make(store, "written-exam", "mathematics")
    seat = session.seats[0]
    begun = START - timedelta(minutes=15)
    body = {"session": session.session_id, "component": "mathematics", "event": "started"}
    store.append("component", {**body, "starts_at": format_utc(begun)}, operator=OPERATOR)
    assert gate(store, session).require_seat(seat) == seat
    late = Gate(board=Board(store, session), now=lambda: datetime(2026, 11, 22, 1, 1, tzinfo=UTC))
    with pytest.raises(LateError) as caught:
        late.require_seat(seat)
    assert caught.value.facts == {"minutes": 16, "limit": 15}


def test_suspended_stays_out_also_for_a_second_look(store: Store) -> None:
    session = make(store, "written-exam", "mathematics")
    seat = session.seats[0]
    with pytest.raises(NotYetAdmittedError):
        gate(store, session, purpose="spot-check").require_seat(seat)
    admit(store, session, "mathematics")
    assert gate(store, session, purpose="spot-check").require_seat(seat) == seat
    body = {"session": session.session_id, "sbd": "001", "code": "phone", "incident": "I-1"}
    store.append("incident", {**body, "consequence": "suspended"}, operator=OPERATOR)
    for purpose in ("check-in", "spot-check"):
        with pytest.raises(SuspendedError):
            gate(store, session, purpose=purpose).require_seat(seat)


def test_no_later_look_undoes_the_chairmans_no(store: Store) -> None:
    session = make(store, "driving-tt108-2026", "theory")
    seat = session.seats[0]
    decision = {"session": session.session_id, "of": "a-1", "sbd": "001", "component": "theory"}
    said = {"reason": "fraud-suspected", "incident": "I-1"}
    second = Second(user_id="giam-sat", role="overseer", proof="training")
    for decided in ("not-admitted", "admitted"):
        store.append("decision", {**decision, **said, "decided": decided}, operator=OPERATOR, second=second)
        if decided == "not-admitted":
            with pytest.raises(DecidedError):
                gate(store, session).require_seat(seat)
    with pytest.raises(AlreadyAdmittedError):
        gate(store, session).require_first("001")


def test_who_is_in_is_told_so_and_a_second_look_is_not_a_second_entry(store: Store) -> None:
    session = make(store, "driving-tt108-2026", "theory")
    admit(store, session, "theory", Verdict.REFUSE)
    assert gate(store, session).require_first("001").earlier_attempts == 1
    admit(store, session, "theory")
    with pytest.raises(AlreadyAdmittedError):
        gate(store, session).require_first("001")
    assert gate(store, session, purpose="re-entry").require_first("001").earlier_attempts == 2


def test_whoever_went_out_or_was_drawn_is_looked_at_again(store: Store) -> None:
    session = make(store, "driving-tt108-2026", "theory", "yard")

    def why() -> str:
        board = Board(store, session)
        return looked_at_for(board.standing("001"), board.entries)

    assert why() == "check-in"
    admit(store, session, "theory")
    assert why() == "check-in"
    body = {"session": session.session_id, "component": "theory", "among": ["001"], "drawn": ["001"]}
    waiting = [SimpleNamespace(kind="draw", body=body)]
    assert looked_at_for(Board(store, session).standing("001"), waiting) == "spot-check"
    leave(store, session, sbd="001", reason="toilet", operator=OPERATOR)
    assert why() == "re-entry"
