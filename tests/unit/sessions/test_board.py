"""Where candidates stand: lists of (entry, expected state), and the board that keeps up with the log."""

from __future__ import annotations

import json
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sessions.course.board import Board
from sessions.course.states import State
from sessions.record import CHECK_NAMES, Outcome, Second, Verdict
from sessions.roster.csv_roster import read_roster
from sessions.roster.document import make_document
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.sessions_station import OPERATOR, ROSTER, Bench, check, record

SECOND = Second(user_id="giam-sat", role="overseer", proof="training")
ADMIT, REFER, REFUSE = Verdict.ADMIT, Verdict.REFER, Verdict.REFUSE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Bench(path=tmp_path / "station.db").create() as opened:
        yield opened


@pytest.fixture
def session(store: Store) -> Session:
    return create_session(
        store,
        root_kind="training",
        roster=read_roster(ROSTER),
        rules=load_rules("driving-tt108-2026"),
        component="theory",
        components=("yard", "road"),
        place="Sân 1",
        day=date(2026, 11, 22),
        operator=OPERATOR,
    )


class Day:
    """Writes what happens to candidate 001 at the theory, and says where the board has the candidate then."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store, self.session = store, session
        self.board = Board(store, session)
        self.last = ""

    def attempt(self, verdict: Verdict, *reasons: str, sbd: str | None = "001", **changes: Any) -> State:
        self.last = str(uuid.uuid4())
        fields: dict[str, Any] = {
            "attempt_id": self.last,
            "session_id": self.session.session_id,
            "verdict": verdict,
            "reasons": reasons,
            "sbd": sbd,
        }
        self.store.append_attempt(record(1, **(fields | changes)))
        return self.state()

    def entry(self, kind: str, *, second: bool = False, **fields: Any) -> State:
        body = {"session": self.session.session_id, "sbd": "001", **fields}
        self.store.append(kind, body, operator=OPERATOR, second=SECOND if second else None)
        return self.state()

    def state(self, component: str = "theory") -> State:
        self.board.refresh()
        return self.board.standing("001", component).state


@pytest.fixture
def day(store: Store, session: Session) -> Day:
    return Day(store, session)


@pytest.mark.parametrize(
    ("verdict", "reasons", "state"),
    [
        (ADMIT, (), State.ADMITTED),
        (REFER, ("face-grey-band",), State.REFERRED),
        (REFUSE, ("face-mismatch",), State.REFUSED),
        (REFER, ("wrong-room",), State.WRONG_ROOM),
        (REFER, ("other-part",), State.WRONG_ROOM),
        (REFER, ("too-late",), State.LATE),
        (REFER, ("admitted-elsewhere",), State.DUPLICATE),
        (REFER, ("candidate-suspended",), State.SUSPENDED),
    ],
)
def test_an_attempt_leads_to_a_state(
    day: Day, verdict: Verdict, reasons: tuple[str, ...], state: State
) -> None:
    assert day.state() is State.NOT_SEEN
    assert day.attempt(verdict, *reasons) is state
    assert day.board.standing("002", "theory").state is State.NOT_SEEN
    assert day.state("yard") is State.NOT_SEEN


def test_the_first_way_in_counts_and_a_second_card_is_a_duplicate(day: Day) -> None:
    day.attempt(ADMIT)
    first = day.board.standing("001").seq
    assert day.attempt(REFER, "already-admitted") is State.ADMITTED
    standing = day.board.standing("001")
    assert (standing.seq, standing.duplicates, standing.attempts, standing.how) == (first, 1, 2, "chip-face")


def test_a_refusal_stands_where_nobody_was_compared_again(day: Day) -> None:
    assert day.attempt(REFUSE, "face-no-match") is State.REFUSED
    checks = {name: check() for name in CHECK_NAMES}
    checks["face-match"] = check(Outcome.NOT_PERFORMED, "not-reached")
    assert day.attempt(REFER, "no-card", checks=checks) is State.REFUSED
    assert day.attempt(REFER, "decided-not-admitted") is State.REFUSED
    assert day.board.standing("001").reasons == ("face-no-match",)
    checks["face-match"] = check(Outcome.INDETERMINATE, "face-refer")
    assert day.attempt(REFER, "face-refer", checks=checks) is State.REFERRED


def test_an_override_lets_in_and_the_verdict_stays(day: Day) -> None:
    day.attempt(REFER, "face-grey-band")
    state = day.entry("override", second=True, of=day.last, verdict="ADMIT", reason="glasses")
    standing = day.board.standing("001")
    assert state is State.ADMITTED
    assert (standing.how, standing.verdict, standing.reasons) == ("override", REFER, ("face-grey-band",))
    assert (standing.second or {})["id"] == "giam-sat"
    assert not standing.weak


def test_the_chairmans_decision_lets_in_and_the_refusal_stays(day: Day) -> None:
    day.attempt(REFUSE, "face-mismatch")
    fields = {"of": day.last, "component": "theory", "reason": "other-proof", "incident": "I-1"}
    assert day.entry("decision", second=True, decided="not-admitted", **fields) is State.REFUSED
    assert day.entry("decision", second=True, decided="admitted", **fields) is State.DECIDED
    assert day.board.standing("001").verdict is REFUSE


@pytest.mark.parametrize(
    ("outcome", "state", "admitted"),
    [
        ("admitted", State.MANUAL, True),
        ("admitted-provisionally", State.MANUAL, True),
        ("not-admitted", State.REFERRED, False),
    ],
)
def test_the_manual_path(day: Day, outcome: str, state: State, admitted: bool) -> None:
    fields = {"component": "theory", "document": "passport", "reason": "no-chip"}
    hashes = {"rules_sha256": "0" * 64, "roster_hash": "0" * 64}
    assert day.entry("manual", second=True, outcome=outcome, **fields, **hashes) is state
    assert day.board.standing("001").admitted is admitted


def test_out_and_in_again(day: Day) -> None:
    assert day.entry("exit", reason="toilet", component="theory") is State.NOT_SEEN
    day.attempt(ADMIT)
    assert day.entry("exit", reason="toilet", component="theory") is State.OUT
    assert day.entry("re-entry", outcome="not-admitted", component="theory") is State.OUT
    assert day.entry("re-entry", outcome="admitted", component="theory") is State.BACK


def test_looking_again_changes_no_admission(day: Day) -> None:
    day.attempt(ADMIT)
    checks = {name: check() for name in CHECK_NAMES}
    checks["face-match"] = check(Outcome.FAILED, "face-mismatch")
    assert day.attempt(REFUSE, "face-mismatch", purpose="spot-check", checks=checks) is State.ADMITTED
    standing = day.board.standing("001")
    assert standing.rechecks == [("spot-check", "REFUSE", day.last)]
    assert (standing.duplicates, standing.tries, standing.verdict) == (0, 1, ADMIT)


def test_an_incident_keeps_out_for_as_long_as_its_consequence_stands(day: Day) -> None:
    day.attempt(ADMIT)
    assert day.entry("incident", code="phone", incident="I-1") is State.ADMITTED
    assert (
        day.entry("incident", second=True, code="phone", incident="I-1", consequence="suspended")
        is State.SUSPENDED
    )
    assert day.state("yard") is State.SUSPENDED  # it named no component
    lifted = {"code": "phone", "incident": "I-1", "consequence": "reminded"}
    assert day.entry("incident", **lifted) is State.SUSPENDED  # one person alone
    assert day.entry("incident", second=True, **lifted) is State.ADMITTED


def test_a_begun_attempt_is_in_check_until_it_ends_as_somebody(day: Day) -> None:
    def begin(attempt_id: str) -> State:
        day.store.begin_attempt(
            attempt_id, session=day.session.session_id, component="theory", operator=OPERATOR, sbd="001"
        )
        return day.state()

    assert begin("a-1") is State.IN_CHECK
    assert day.attempt(REFER, "not-on-roster", sbd=None, attempt_id="a-1") is State.NOT_SEEN
    assert begin("a-2") is State.IN_CHECK
    assert day.attempt(ADMIT, attempt_id="a-2") is State.ADMITTED


def test_absent_only_once_the_session_is_closed(day: Day) -> None:
    day.attempt(ADMIT)
    assert day.board.counts()[State.NOT_SEEN] == 2
    body = {"session": day.session.session_id, "reason": "finished", "candidates": 3, "attempts": 1}
    counts = {"admitted": 1, "referred": 0, "refused": 0, "absent": 2}
    day.store.append("close", {**body, **counts}, operator=OPERATOR)
    assert day.state() is State.ADMITTED
    assert (day.board.counts()[State.ABSENT], day.board.counts()[State.NOT_SEEN]) == (2, 0)


def test_what_another_station_wrote_counts_once_it_is_merged(day: Day, store: Store) -> None:
    attempt = record(
        7, attempt_id="other-1", session_id="HL-20261122-01-p2", sbd="002", verdict=ADMIT
    ).as_body()
    theirs = {
        **attempt,
        "kind": "attempt",
        "seq": 4,
        "origin": "proctor.training/ffffffff",
        "at": "2026-11-22T01:00:00.000Z",
        "operator": OPERATOR.as_body(),
    }
    lines = json.dumps(theirs).encode() + b"\n"
    body = {
        "session": day.session.session_id,
        "part": 2,
        "part_origin": theirs["origin"],
        "size": 5,
        "root": "0" * 64,
        "pack_sha256": "0" * 64,
        "entries": 1,
        "double": [],
        "conflicts": [],
    }
    store.append("merge", body, {"part": lines}, operator=OPERATOR)
    day.board.refresh()
    standing = day.board.standing("002")
    assert (standing.state, standing.part, standing.seq) == (State.ADMITTED, 2, 4)


def test_a_board_of_another_component_stays_there_when_the_list_grows(store: Store, session: Session) -> None:
    board = Board(store, session.at("yard"))
    seats = (*session.seats, replace(session.seats[0], row=9, sbd="009", id_number="001099000009"))
    document, _ = make_document(seats, b"")
    body = {"session": session.session_id, "reason": "late-decision", "added": 1}
    store.append(
        "roster",
        {**body, "roster_hash": document.roster_hash},
        {"roster": document.data},
        operator=OPERATOR,
        second=SECOND,
    )
    board.refresh()
    assert (board.session.component, board.standing("009").state) == ("yard", State.NOT_SEEN)
    assert len(board.standings("theory")) == 4


def test_a_board_that_kept_up_equals_one_that_reads_everything(day: Day, store: Store) -> None:
    day.attempt(REFER, "face-grey-band")
    day.entry("override", second=True, of=day.last, verdict="ADMIT", reason="glasses")
    day.entry("exit", reason="toilet")
    fresh = Board(store, day.session)
    for component in day.session.components:
        rows = [(row.sbd, row.state, row.seq, row.how) for row in fresh.standings(component)]
        assert rows == [(row.sbd, row.state, row.seq, row.how) for row in day.board.standings(component)]
    assert [entry.seq for entry in fresh.entries] == [entry.seq for entry in day.board.entries]


def test_a_board_keeps_whole_bodies_in_a_third_of_the_room(day: Day, store: Store) -> None:
    for _ in range(40):
        day.attempt(REFER, "face-grey-band")
    whole = store.entries_after(-1, day.session.session_id)
    assert [entry.body for entry in day.board.entries] == [entry.body for entry in whole]
    kept = next(entry.body for entry in day.board.entries if entry.kind == "attempt")
    assert len(kept["checks"]) == 19
    assert ("checks" in kept, "sbd" in kept, "nothing" in kept) == (True, True, False)
    with pytest.raises(KeyError):
        kept["nothing"]
    assert "001" not in repr(kept)
    first, second = [entry.body for entry in day.board.entries if entry.kind == "attempt"][:2]
    sizes = []
    tracemalloc.start()
    for read in (lambda: store.entries_after(-1, day.session.session_id), lambda: Board(store, day.session)):
        before = tracemalloc.get_traced_memory()[0]
        held = read()
        sizes.append(tracemalloc.get_traced_memory()[0] - before)
        del held
    tracemalloc.stop()
    assert sizes[1] < sizes[0] / 3
    assert first["operator"] is second["operator"]
