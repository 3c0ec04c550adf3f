"""Overrides and the chairman's decision: every way that is open, and every one that is refused, with its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions.closing import close_session
from sessions.course.board import Board
from sessions.course.case import case_of
from sessions.course.overrides import NOT_ABOUT_IDENTITY, require_head, require_override
from sessions.course.states import State
from sessions.errors import SessionsError
from sessions.record import format_utc
from tests.support.exceptions import (
    ADMIT,
    ALTERED,
    CHAIRMAN,
    EXAMINER,
    FACE_FAILED,
    OVERSEER,
    REFER,
    REFUSE,
    TRAINEE,
    Sitting,
)
from tests.support.sessions_station import START, Bench


@pytest.fixture
def sitting(tmp_path: Path) -> Iterator[Sitting]:
    with Bench(path=tmp_path / "station.db").create() as store:
        yield Sitting(store)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(SessionsError) as caught:
        call()
    return caught.value.code


def state(sitting: Sitting, sbd: str = "001") -> tuple[State, str]:
    standing = Board(sitting.store, sitting.session).standing(sbd)
    return standing.state, standing.how


def test_a_referral_is_overridden_once_and_the_verdict_stays(sitting: Sitting) -> None:
    attempt = sitting.attempt(REFER, "pa-no-trust-anchor")
    receipt = sitting.override(note="đã xem thẻ", incident=None)
    body = sitting.store.entry(receipt.seq).body
    assert (body["of"], body["verdict"], body["reason"]) == (attempt, "ADMIT", "face-compared")
    assert (body["operator"]["id"], body["second"]["id"]) == ("tap-huan", "giam-sat")
    assert sitting.store.evidence(receipt.seq, "note") == "đã xem thẻ".encode()
    assert state(sitting) == (State.ADMITTED, "override")
    found = sitting.store.attempt(attempt)
    assert found is not None
    assert found.body["verdict"] == "REFER"
    assert code_of(sitting.override) == "exception-already-in"


Setup = Callable[[Sitting], dict[str, Any]]


def nothing(_: Sitting) -> dict[str, Any]:
    return {}


def admitted(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(ADMIT)}


def refused(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.refused(ALTERED)}


def refused_then_another_card(sitting: Sitting) -> dict[str, Any]:
    sitting.refused(ALTERED)
    return {"attempt": sitting.attempt(REFER, "no-card", checks={"face-match": "not-performed"})}


def face_refused_then_no_card(sitting: Sitting) -> dict[str, Any]:
    sitting.refused(FACE_FAILED)
    return {"attempt": sitting.attempt(REFER, "no-card", checks={"face-match": "not-performed"})}


def late_refusal(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, late=REFUSE)}


def not_the_last(sitting: Sitting) -> dict[str, Any]:
    first = sitting.attempt(REFER, "face-grey")
    sitting.attempt(REFER, "face-grey")
    return {"attempt": first}


def of_another(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, "x", sbd="002")}


def other_component(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, "x", component="yard")}


def suspended(sitting: Sitting) -> dict[str, Any]:
    attempt = sitting.attempt(REFER, "x")
    sitting.incident("phone", consequence="suspended")
    return {"attempt": attempt}


def unnamed(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, "not-on-roster", sbd=None)}


def unsuggested(sitting: Sitting) -> dict[str, Any]:
    return {**unnamed(sitting), "reason": "suggestion-confirmed"}


def cut_short(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, "attempt-interrupted")}


def unknown_attempt(sitting: Sitting) -> dict[str, Any]:
    sitting.attempt(REFER, "x")
    return {"attempt": "no-such-attempt"}


def unknown_candidate(sitting: Sitting) -> dict[str, Any]:
    return {"sbd": "999"}


def unknown_reason(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, "x"), "reason": "because"}


def wordless(sitting: Sitting) -> dict[str, Any]:
    return {"attempt": sitting.attempt(REFER, "x"), "reason": "other"}


def closed(sitting: Sitting) -> dict[str, Any]:
    attempt = sitting.attempt(REFER, "x")
    close_session(sitting.store, sitting.session, operator=TRAINEE)
    return {"attempt": attempt}


def decided_by_hand(sitting: Sitting) -> dict[str, Any]:
    attempt = sitting.attempt(REFER, "x")
    sitting.manual(reason="not-decided")
    return {"attempt": attempt}


@pytest.mark.parametrize(
    ("setup", "code"),
    [
        (nothing, "exception-no-attempt"),
        (admitted, "exception-already-in"),
        (refused, "override-after-refuse"),
        (refused_then_another_card, "override-after-refuse"),
        (face_refused_then_no_card, "override-after-refuse"),
        (late_refusal, "override-after-refuse"),
        (not_the_last, "exception-attempt-not-last"),
        (of_another, "exception-attempt-of-another"),
        (other_component, "exception-attempt-other-component"),
        (suspended, "candidate-suspended"),
        (unnamed, "override-unnamed"),
        (unsuggested, "override-not-suggested"),
        (cut_short, "override-nothing-seen"),
        (unknown_attempt, "exception-attempt-unknown"),
        (unknown_candidate, "exception-candidate-unknown"),
        (unknown_reason, "exception-reason-unknown"),
        (wordless, "exception-note-missing"),
        (closed, "session-closed"),
        (decided_by_hand, "exception-already-in"),
    ],
)
def test_what_no_two_persons_may_override(sitting: Sitting, setup: Setup, code: str) -> None:
    options = setup(sitting)
    before = sitting.store.head().size
    assert code_of(lambda: sitting.override(**options)) == code
    assert sitting.store.head().size == before


@pytest.mark.parametrize("reason", NOT_ABOUT_IDENTITY)
def test_an_override_settles_nothing_but_identity(sitting: Sitting, reason: str) -> None:
    sitting.attempt(REFER, reason)
    assert code_of(sitting.override) == "override-not-for"


def test_where_the_chip_was_not_read_the_hour_still_decides(tmp_path: Path) -> None:
    with Bench(path=tmp_path / "exam.db").create() as store:
        exam = Sitting(store, rules="written-exam", component="mathematics", components=())
        begun = format_utc(START - timedelta(minutes=20))
        body = {"session": exam.session.session_id, "component": "mathematics", "event": "started"}
        store.append("component", {**body, "starts_at": begun}, operator=TRAINEE)
        exam.attempt(REFER, "pcsc-unavailable")
        assert code_of(exam.override) == "too-late"
        assert not store.entries("override")


def test_where_the_chip_was_not_read_the_order_still_decides(tmp_path: Path) -> None:
    with Bench(path=tmp_path / "yard.db").create() as store:
        yard = Sitting(store, component="yard", components=("theory",))
        yard.attempt(REFER, "pcsc-unavailable")
        assert code_of(yard.override) == "component-blocked"
        yard.attempt(REFER, "pcsc-unavailable", place="P9")
        assert not store.entries("override")


def test_a_face_that_was_compared_again_may_be_overridden(sitting: Sitting) -> None:
    sitting.refused(FACE_FAILED)
    sitting.attempt(REFER, "face-grey", checks={"face-match": "indeterminate"})
    sitting.override()
    assert state(sitting) == (State.ADMITTED, "override")


def test_a_suggestion_is_confirmed_by_two_persons(sitting: Sitting) -> None:
    read = {"number": "001099999999", "name": "NGUYỄN VĂN MẪU", "birth": "1999-01-15"}
    attempt = sitting.attempt(REFER, "not-on-roster", sbd=None, identity=read)
    wrong = {"attempt": attempt, "reason": "suggestion-confirmed"}
    assert code_of(lambda: sitting.override("002", **wrong)) == "override-not-suggested"
    sitting.override("001", **wrong)
    assert state(sitting) == (State.ADMITTED, "override")
    assert code_of(lambda: sitting.override("001", **wrong)) == "exception-already-in"


NAMESAKES = (
    "SBD,Họ và tên,Ngày sinh,Số định danh,Hạng\n"
    "001,NGUYỄN VĂN MẪU,15/01/1999,001099000001,B\n"
    "002,NGUYỄN VĂN MẪU,15/01/1999,001099000002,B\n"
).encode()
READ = {"number": "001099999999", "name": "NGUYỄN VĂN MẪU", "birth": "1999-01-15"}


def test_one_attempt_that_names_nobody_lets_in_one_of_two_namesakes(tmp_path: Path) -> None:
    with Bench(path=tmp_path / "station.db").create() as store:
        sitting = Sitting(store, roster=NAMESAKES)
        attempt = sitting.attempt(REFER, "not-on-roster", sbd=None, identity=READ)
        confirmed = {"attempt": attempt, "reason": "suggestion-confirmed"}
        sitting.override("001", **confirmed)
        assert code_of(lambda: sitting.override("002", **confirmed)) == "exception-attempt-of-another"
        assert state(sitting, "002") == (State.NOT_SEEN, "")


def test_one_refusal_that_names_nobody_is_decided_for_one_candidate(tmp_path: Path) -> None:
    with Bench(path=tmp_path / "station.db").create() as store:
        sitting = Sitting(store, roster=NAMESAKES)
        attempt = sitting.attempt(REFUSE, "refused", sbd=None, identity=READ, checks=ALTERED)
        incident = sitting.incident(sbd=None, attempt_id=attempt)
        sitting.decide(incident, "001", admit=False, attempt_id=attempt)
        again = {"attempt_id": attempt, "admit": True}
        assert code_of(lambda: sitting.decide(incident, "002", **again)) == "exception-attempt-of-another"
        assert code_of(lambda: sitting.decide(incident, "001", **again)) == "decision-taken"


def test_who_is_looked_at_again_may_be_overridden_while_in(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    attempt = sitting.attempt(REFER, "face-grey", purpose="re-entry")
    case = case_of(sitting.entries, "001", "theory")
    assert case.admitted is not None
    sitting.override(attempt=attempt)
    assert code_of(lambda: sitting.override(attempt=attempt)) == "exception-already-in"


def test_an_override_of_another_station_s_attempt_is_made_there(sitting: Sitting) -> None:
    sitting.attempt(REFER, "x")
    found = require_override(sitting.session, sitting.entries, sbd="001")
    elsewhere = [type(found)(**{**_fields(each), "part": 2}) for each in sitting.entries]
    call = lambda: require_override(  # noqa: E731
        sitting.session, elsewhere, sbd="001", attempt_id=found.body["attempt"]
    )
    assert code_of(call) == "exception-attempt-unknown"


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("seq", "kind", "body", "origin", "held", "part")}


# -- the chairman's decision ---------------------------------------------------------------------------


@pytest.mark.parametrize("admit", [True, False])
@pytest.mark.parametrize(
    ("checks", "times"), [(ALTERED, 1), ({"chip-genuine": "failed"}, 1), (FACE_FAILED, 3)]
)
def test_a_refusal_is_decided_with_an_incident(
    sitting: Sitting, checks: dict[str, str], times: int, admit: bool
) -> None:
    attempt = sitting.refused(checks, times)
    receipt = sitting.decide(sitting.incident(), admit=admit)
    body = sitting.store.entry(receipt.seq).body
    assert (body["of"], body["decided"]) == (attempt, "admitted" if admit else "not-admitted")
    assert state(sitting) == ((State.DECIDED, "decision") if admit else (State.REFUSED, ""))
    standing = Board(sitting.store, sitting.session).standing("001")
    assert standing.verdict is REFUSE
    again = "exception-already-in" if admit else "decision-taken"
    assert code_of(lambda: sitting.decide(body["incident"])) == again


@pytest.mark.parametrize(("times", "left"), [(1, 2), (2, 1)])
def test_a_face_is_tried_three_times_before_anybody_decides(sitting: Sitting, times: int, left: int) -> None:
    sitting.refused(FACE_FAILED, times)
    incident = sitting.incident()
    with pytest.raises(SessionsError) as caught:
        sitting.decide(incident)
    assert (caught.value.code, caught.value.facts["left"]) == ("face-tries-left", left)
    assert code_of(sitting.manual) == "face-tries-left"


def test_a_decision_needs_a_refusal_an_incident_of_this_candidate_and_a_head(sitting: Sitting) -> None:
    assert code_of(lambda: sitting.decide("I-none-01")) == "exception-no-attempt"
    sitting.attempt(REFER, "x")
    incident = sitting.incident()
    assert code_of(lambda: sitting.decide(incident)) == "decision-not-refused"
    sitting.refused(ALTERED)
    assert code_of(lambda: sitting.decide("I-none-01")) == "incident-unknown"
    other = sitting.incident(sbd="002")
    assert code_of(lambda: sitting.decide(other)) == "incident-of-another"
    heads = {"operator": EXAMINER, "second": OVERSEER}
    assert code_of(lambda: sitting.decide(incident, **heads)) == "decision-head-needed"
    sitting.decide(incident, operator=CHAIRMAN, second=OVERSEER)


def test_the_manual_path_after_a_refusal_leads_over_the_decision(sitting: Sitting) -> None:
    sitting.refused(ALTERED)
    assert code_of(sitting.manual) == "manual-after-refuse"
    sitting.attempt(REFER, "no-card", checks={"face-match": "not-performed"})
    assert code_of(sitting.manual) == "manual-after-refuse"
    sitting.decide(sitting.incident())
    assert code_of(sitting.manual) == "exception-already-in"


@pytest.mark.parametrize(
    ("rules", "role"), [("driving-tt108-2026", "chairman"), ("written-exam", "site-head")]
)
def test_whose_decision_it_is_stands_in_the_rules(tmp_path: Path, rules: str, role: str) -> None:
    component = "theory" if rules.startswith("driving") else "exam"
    with Bench(path=tmp_path / "station.db").create() as store:
        session = Sitting(store, rules=rules, component=component, components=()).session
        head = type(CHAIRMAN)(user_id="x", role=role)
        assert require_head(session, head, OVERSEER) == (head, OVERSEER)
        with pytest.raises(SessionsError) as caught:
            require_head(session, EXAMINER, OVERSEER)
        assert caught.value.facts == {"role": role}
