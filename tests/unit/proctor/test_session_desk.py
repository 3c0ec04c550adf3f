"""Nobody is admitted twice to one component on one day, in whichever session of the station."""

from datetime import date
from pathlib import Path

import pytest

from proctor.desks import SessionDesk
from proctor.errors import AdmittedElsewhereError
from sessions.errors import AlreadyAdmittedError
from sessions.record import Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, ROSTER, Bench, record

RULES = load_rules("driving-tt108-2026")


def session(store: Store, *, kind: str = "real", day: int = 22, component: str = "theory") -> Session:
    return create_session(
        store,
        root_kind=kind,
        roster=read_roster(ROSTER),
        rules=RULES,
        component=component,
        place="Sân 1",
        day=date(2026, 11, day),
        operator=OPERATOR,
    )


def admit(store: Store, where: Session, number: int, verdict: Verdict = Verdict.ADMIT) -> None:
    store.append_attempt(record(number, session_id=where.session_id, sbd="001", verdict=verdict))


@pytest.fixture
def store(tmp_path: Path):
    with Bench(path=tmp_path / "station.db").create() as opened:
        yield opened


def test_admitted_in_another_real_session_of_the_day(store: Store) -> None:
    first, second = session(store), session(store)
    seat = second.seats[0]
    desk = SessionDesk(store, second)
    assert desk.require_first(seat).earlier_attempts == 0
    admit(store, first, 1, Verdict.REFER)
    assert desk.require_first(seat).earlier_attempts == 0
    admit(store, first, 2)
    with pytest.raises(AdmittedElsewhereError) as caught:
        desk.require_first(seat)
    assert dict(caught.value.facts) == {"session": first.session_id}
    with pytest.raises(AlreadyAdmittedError):
        SessionDesk(store, first).require_first(first.seats[0])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"day": 23}),
        ({}, {"component": "yard"}),
        ({"kind": "training"}, {"kind": "training"}),
    ],
)
def test_another_day_another_component_and_training_are_free(store: Store, first: dict, second: dict) -> None:
    admit(store, session(store, **first), 1)
    other = session(store, **second)
    assert SessionDesk(store, other).require_first(other.seats[0]).sbd == "001"
