from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sessions.course.board import Board
from sessions.course.gate import Gate
from sessions.course.states import State
from sessions.errors import (
    AlreadyAdmittedError,
    ComponentNotListedError,
    NotOnRosterError,
    RosterEmptyError,
    RulesExpiredError,
    UnknownComponentError,
    UnknownSessionError,
)
from sessions.record import Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import (
    Session,
    create_session,
    list_sessions,
    load_session,
    require_seat,
)
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, ROSTER, Bench, record

DAY = date(2026, 11, 22)
RULES = load_rules("driving-tt108-2026")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(path=tmp_path / "station.db")


@pytest.fixture
def store(bench: Bench) -> Iterator[Store]:
    with bench.create() as opened:
        yield opened


def make(store: Store, data: bytes = ROSTER, kind: str = "training", **others: object) -> Session:
    fields: dict[str, object] = {"component": "lý thuyết", "place": " Sân  1 ", "day": DAY, "rules": RULES}
    return create_session(
        store,
        root_kind=kind,
        roster=read_roster(data),
        operator=OPERATOR,
        **{**fields, **others},  # type: ignore[arg-type]
    )


def test_created_and_loaded(store: Store, bench: Bench) -> None:
    made = make(store)
    assert made == load_session(store, "HL-20261122-01")
    assert (made.session_id, made.kind, made.place, made.day) == ("HL-20261122-01", "training", "Sân 1", DAY)
    assert (made.component, made.component_label) == ("theory", "Lý thuyết")
    assert (made.rules, made.rules_sha256) == (RULES, RULES.sha256)
    assert [seat.sbd for seat in made.seats] == ["001", "002", "003"]
    assert make(store).session_id == "HL-20261122-02"
    assert make(store, kind="real").session_id == "S-20261122-01"
    assert [each.session_id for each in list_sessions(store)] == [
        "HL-20261122-01",
        "HL-20261122-02",
        "S-20261122-01",
    ]
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok


def test_the_same_roster_never_has_the_same_hash_and_no_identity_is_in_the_body(store: Store) -> None:
    first, second = make(store), make(store)
    assert first.roster_hash != second.roster_hash
    body = str(store.entries("open")[0].body)
    assert "MẪU" not in body
    assert "001099000001" not in body
    assert read_roster(ROSTER).sha256 not in body
    assert "MẪU" not in repr(first)


def test_seats(store: Store) -> None:
    session = make(store)
    assert require_seat(session, "001099000001").sbd == "001"
    for number in ("001099000009", "", "001"):
        with pytest.raises(NotOnRosterError):
            require_seat(session, number)


def test_components_of_a_candidate(store: Store) -> None:
    data = ROSTER.replace("Hạng\n".encode(), "Nội dung\n".encode())
    data = data.replace(b",B\n", b",LT\n").replace(b",C1\n", "sa hình; đường\n".encode().join([b",", b""]))
    session = make(store, data)
    assert require_seat(session, "001099000001").components == ("theory",)
    with pytest.raises(ComponentNotListedError):
        require_seat(session, "001098000003")
    with pytest.raises(UnknownComponentError):
        make(store, data.replace(b"LT", b"XYZ"))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"data": b"SBD,name,birth,CCCD\n,,,x\n"}, RosterEmptyError),
        ({"component": "swimming"}, UnknownComponentError),
        ({"kind": "real", "day": date(2026, 1, 1)}, RulesExpiredError),
    ],
)
def test_impossible_sessions(store: Store, changes: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        make(store, **changes)  # type: ignore[arg-type]
    assert not store.entries("open")


def test_training_may_use_rules_of_another_time(store: Store) -> None:
    assert make(store, day=date(2026, 1, 1)).session_id == "HL-20260101-01"


def test_unknown_session(store: Store) -> None:
    with pytest.raises(UnknownSessionError):
        load_session(store, "S-1")


def test_where_everybody_stands_and_a_second_arrival(store: Store) -> None:
    session = make(store)
    key = session.session_id
    board = Board(store, session)
    assert [row.state for row in board.standings()] == [State.NOT_SEEN] * 3
    gate = Gate(board=board)
    assert gate.require_first("001").earlier_attempts == 0
    store.append_attempt(
        record(1, session_id=key, sbd="001", verdict=Verdict.REFUSE, reasons=("face-no-match",))
    )
    assert gate.require_first("001").facts == {"earlier_attempts": 1}
    admitted = store.append_attempt(record(2, session_id=key, sbd="001"))
    store.append_attempt(record(3, session_id=key, sbd="002", verdict=Verdict.REFER, reasons=("face-refer",)))
    store.append_attempt(record(4, session_id=key, sbd=None, verdict=Verdict.REFER))
    store.append_attempt(record(5, session_id="HL-20261122-09", sbd="003"))
    with pytest.raises(AlreadyAdmittedError) as caught:
        gate.require_first("001")
    assert caught.value.facts["entry"] == admitted.seq
    store.append_attempt(record(6, session_id=key, sbd="001", verdict=Verdict.REFER))
    board.refresh()
    rows = board.standings()
    assert [row.state for row in rows] == [State.ADMITTED, State.REFERRED, State.NOT_SEEN]
    assert (rows[0].seq, rows[0].attempts, rows[0].verdict) == (admitted.seq, 3, Verdict.ADMIT)
    assert rows[1].reasons == ("face-refer",)
    assert rows[0].at is not None
    assert (rows[2].verdict, rows[2].at, rows[2].seq) == (None, None, None)
