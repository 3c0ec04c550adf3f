"""The manual path, consent, incidents, who is out: what is entered, what is refused, and what no entry says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions import codec
from sessions.closing import close_session
from sessions.course.board import Board
from sessions.course.case import case_of
from sessions.course.consent import consent_of, enter_consent, require_consent
from sessions.course.incidents import decide_incident, incidents_of
from sessions.course.movement import come_back, enter_spot_check, leave
from sessions.course.reasons import ACTS, MAX_NOTE, reasons, require_reason
from sessions.course.states import State
from sessions.errors import SessionsError
from tests.support.exceptions import (
    ADMIT,
    ALTERED,
    CHAIRMAN,
    EXAMINER,
    NOW,
    REFER,
    REFUSE,
    SECOND,
    TRAINEE,
    Sitting,
)
from tests.support.sessions_station import Bench

JPEG = b"\xff\xd8\xff\xe0 specimen"


@pytest.fixture
def sitting(tmp_path: Path) -> Iterator[Sitting]:
    with Bench(path=tmp_path / "station.db").create() as store:
        yield Sitting(store)


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Sitting]:
    with Bench(path=tmp_path / "exam.db").create() as store:
        yield Sitting(store, rules="written-exam", component="exam", components=())


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(SessionsError) as caught:
        call()
    return caught.value.code


def state(sitting: Sitting, sbd: str = "001") -> State:
    return Board(sitting.store, sitting.session).standing(sbd).state


# -- reasons -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_every_reason_has_labels_and_a_recorded_code_of_its_act(act: str) -> None:
    for code, reason in reasons(act).items():
        assert reason.label("vi")
        assert reason.label("en") != reason.label("vi")
        assert reason.recorded in reasons(act)
        assert require_reason(act, code) is reason


def test_an_unknown_reason_is_answered_with_those_there_are() -> None:
    with pytest.raises(SessionsError) as caught:
        require_reason("manual", "000000000000")
    assert "chip-dead" in str(caught.value.facts["known"])
    assert "000000000000" not in str(caught.value)


# -- the manual path -----------------------------------------------------------------------------------


def test_two_persons_let_somebody_in_by_a_document(sitting: Sitting) -> None:
    attempt = sitting.attempt(REFER, "no-card")
    outcome, receipt = sitting.manual(note="đã xem", photo=JPEG)
    body = sitting.store.entry(receipt.seq).body
    assert (outcome, body["outcome"], body["document"], body["reason"]) == (
        *("admitted", "admitted", "cccd-chip"),
        "chip-dead",
    )
    assert (body["of"], body["facts"]["persons"]) == (attempt, 2)
    assert sitting.store.evidence(receipt.seq, "photo") == JPEG
    assert state(sitting) is State.MANUAL
    assert code_of(sitting.manual) == "exception-already-in"


@pytest.mark.parametrize("reason", ["veil", "injury", "medical", "twins"])
def test_no_entry_says_anything_of_health_belief_or_family(sitting: Sitting, reason: str) -> None:
    _, receipt = sitting.manual(reason=reason, note="Nguyễn Thị Mẫu 001099000001", number="001099000001")
    entry = sitting.store.entry(receipt.seq)
    plain = codec.encode(dict(entry.body)).decode()
    assert entry.body["reason"] == "face-by-persons"
    for secret in (reason, "001099000001", "Mẫu"):
        assert secret not in plain
    assert sitting.store.evidence(receipt.seq, "note").decode().startswith(f"{reason}: ")
    assert b"001099000001" in sitting.store.evidence(receipt.seq, "identity")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": "library-card"}, "manual-document-unknown"),
        ({"document": "cmnd-9"}, "manual-document-refused"),
        ({"document": "other", "reason": "no-chip"}, "manual-document-refused"),
        ({"document": "none"}, "manual-undertaking-needed"),
        ({"undertaking": True}, "manual-undertaking-needed"),
        ({"document": "vneid", "photo": JPEG}, "manual-vneid-keeps-nothing"),
        ({"document": "vneid", "number": "001099000001"}, "manual-vneid-keeps-nothing"),
        ({"number": "001099000009"}, "manual-document-differs"),
        ({"number": "1" * 30}, "manual-document-number-invalid"),
        ({"number": "<script>"}, "manual-document-number-invalid"),
        ({"photo": b"GIF89a"}, "exception-photo-invalid"),
        ({"photo": b"\xff\xd8\xff" + bytes(9_000_000)}, "exception-photo-invalid"),
        ({"reason": "other"}, "exception-note-missing"),
        ({"note": "x" * (MAX_NOTE + 1)}, "exception-note-invalid"),
        ({"note": "\x1b[2J"}, "exception-note-invalid"),
        ({"compared": ("shoes",)}, "exception-outcome-unknown"),
        ({"later_proof": True}, "manual-nothing-provisional"),
        ({"sbd": "999"}, "exception-candidate-unknown"),
        ({"purpose": "re-entry"}, "exception-already-in"),
    ],
)
def test_what_the_manual_path_does_not_take(sitting: Sitting, changes: dict[str, Any], code: str) -> None:
    before = sitting.store.head().size
    with pytest.raises(SessionsError) as caught:
        sitting.manual(**changes)
    assert caught.value.code == code
    assert "001099" not in str(caught.value)
    assert sitting.store.head().size == before


def test_a_passport_s_number_is_compared_with_nothing(sitting: Sitting) -> None:
    assert sitting.manual(document="passport", reason="passport", number="c 1234567")[0] == "admitted"


def test_somebody_suspended_or_too_late_does_not_come_in_by_hand(sitting: Sitting) -> None:
    sitting.incident("phone", consequence="suspended")
    assert code_of(sitting.manual) == "candidate-suspended"
    start = {"component": "theory", "event": "started", "starts_at": "2026-11-22T00:00:00.000Z"}
    sitting.entry("component", start)
    if sitting.session.rules.late_minutes is not None:
        late = NOW + timedelta(hours=3)
        assert code_of(lambda: sitting.manual("002", now=late)) == "too-late"


def test_who_brings_no_document_signs_and_brings_proof_later(exam: Sitting) -> None:
    outcome, receipt = exam.manual(document="none", reason="no-card", undertaking=True)
    assert outcome == "admitted-provisionally"
    assert Board(exam.store, exam.session).standing("001").admitted
    case = case_of(exam.entries, "001", "exam")
    assert case.provisional is not None
    close_session(exam.store, exam.session, operator=TRAINEE)
    outcome, later = exam.manual(later_proof=True, document="passport", reason="later-proof")
    assert outcome == "admitted"
    assert exam.store.entry(later.seq).body["facts"]["closes"] == receipt.seq
    assert case_of(exam.entries, "001", "exam").provisional is None
    again = {"later_proof": True, "document": "passport", "reason": "later-proof"}
    assert code_of(lambda: exam.manual(**again)) == "manual-nothing-provisional"
    assert code_of(lambda: exam.manual("002")) == "session-closed"


def test_who_could_not_be_established_may_come_back_with_another_document(sitting: Sitting) -> None:
    outcome, _ = sitting.manual(established=False, document="none", reason="not-decided")
    assert outcome == "not-admitted"
    assert not Board(sitting.store, sitting.session).standing("001").admitted
    assert sitting.manual()[0] == "admitted"


# -- consent -------------------------------------------------------------------------------------------


def test_refusing_a_picture_leads_to_the_manual_path_and_to_nothing_else(sitting: Sitting) -> None:
    def say(outcome: str) -> None:
        enter_consent(
            sitting.store, sitting.session, sbd="001", outcome=outcome, notice="…", operator=TRAINEE
        )

    assert consent_of(sitting.entries, "001") is None
    assert require_consent(sitting.entries, "001") is None
    say("shown")
    assert require_consent(sitting.entries, "001") is not None
    say("refused")
    assert code_of(lambda: require_consent(sitting.entries, "001")) == "consent-refused"
    say("shown")
    found = consent_of(sitting.entries, "001")
    assert found is not None
    assert (found.outcome, found.version) == ("refused", sitting.session.rules.notice_version)
    assert consent_of(sitting.entries, "002") is None
    assert sitting.manual(reason="biometrics-refused")[0] == "admitted"
    assert state(sitting) is State.MANUAL
    assert code_of(lambda: say("perhaps")) == "exception-outcome-unknown"


def test_who_agrees_after_all_is_looked_at(sitting: Sitting) -> None:
    for outcome in ("refused", "agreed"):
        enter_consent(
            sitting.store, sitting.session, sbd="001", outcome=outcome, notice="…", operator=TRAINEE
        )
    found = require_consent(sitting.entries, "001")
    assert found is not None
    assert found.outcome == "agreed"


# -- incidents -----------------------------------------------------------------------------------------


def test_a_consequence_is_laid_down_by_whoever_may_and_proposed_by_others(sitting: Sitting) -> None:
    first = sitting.incident("phone", consequence="suspended", operator=EXAMINER, place="hàng 2", at="08:15")
    (incident,) = incidents_of(sitting.entries)
    assert first == f"I-{sitting.session.session_id}-01"
    assert (incident.consequence, incident.proposed, incident.place) == ("none", "suspended", "hàng 2")
    assert incident.at == "2026-11-22T01:15:00.000Z"
    assert state(sitting) is State.NOT_SEEN
    people = {"operator": EXAMINER, "second": SECOND}
    choice = {"incident_id": first, "consequence": "suspended"}
    assert (
        code_of(lambda: decide_incident(sitting.store, sitting.session, **choice, **people))
        == "role-forbidden"
    )
    people["operator"] = CHAIRMAN
    decide_incident(sitting.store, sitting.session, **choice, **people)
    assert state(sitting) is State.SUSPENDED
    decide_incident(sitting.store, sitting.session, incident_id=first, consequence="reminded", **people)
    (incident,) = incidents_of(sitting.entries)
    assert (incident.consequence, len(incident.seqs)) == ("reminded", 3)
    assert state(sitting) is State.NOT_SEEN
    assert sitting.incident("equipment", sbd=None).endswith("-02")


@pytest.mark.parametrize(
    ("code", "changes", "error"),
    [
        ("gossip", {}, "incident-code-unknown"),
        ("phone", {"consequence": "shot"}, "incident-consequence-unknown"),
        ("equipment", {"consequence": "suspended"}, "incident-consequence-unknown"),
        ("phone", {"consequence": "suspended", "sbd": None}, "incident-names-nobody"),
        ("phone", {"sbd": "999"}, "exception-candidate-unknown"),
        ("phone", {"place": "x" * 61}, "incident-place-invalid"),
        ("phone", {"place": "Mẫu 001099000001"}, "incident-place-invalid"),
        ("phone", {"at": "25:00"}, "incident-hour-invalid"),
        ("phone", {"photo": b"no picture"}, "exception-photo-invalid"),
        ("phone", {"attempt_id": "nothing"}, "exception-attempt-unknown"),
    ],
)
def test_an_incident_says_what_the_rules_know(
    sitting: Sitting, code: str, changes: dict[str, Any], error: str
) -> None:
    with pytest.raises(SessionsError) as caught:
        sitting.incident(code, **changes)
    assert caught.value.code == error
    assert "001099000001" not in str(caught.value)


def test_words_and_pictures_of_an_incident_are_evidence(sitting: Sitting) -> None:
    sitting.incident("phone", note="Nguyễn Văn Mẫu gọi điện", photo=JPEG)
    entry = sitting.entries[-1]
    assert "Mẫu" not in codec.encode(dict(entry.body)).decode()
    assert sitting.store.evidence(entry.seq, "note") == "Nguyễn Văn Mẫu gọi điện".encode()
    assert sitting.store.evidence(entry.seq, "photo") == JPEG


# -- out and in again ----------------------------------------------------------------------------------


def out(sitting: Sitting, sbd: str = "001", reason: str = "toilet") -> None:
    leave(sitting.store, sitting.session, sbd=sbd, reason=reason, operator=TRAINEE)


def back(sitting: Sitting, attempt: str | None = None) -> str:
    return come_back(sitting.store, sitting.session, sbd="001", operator=TRAINEE, attempt_id=attempt)[0]


def test_only_who_is_in_goes_out_and_only_once(sitting: Sitting) -> None:
    assert code_of(lambda: out(sitting)) == "movement-not-in"
    sitting.attempt(ADMIT)
    assert code_of(lambda: back(sitting)) == "movement-not-out"
    assert code_of(lambda: out(sitting, reason="smoke")) == "exception-reason-unknown"
    out(sitting)
    assert state(sitting) is State.OUT
    assert code_of(lambda: out(sitting)) == "movement-already-out"
    assert code_of(lambda: back(sitting)) == "re-entry-unverified"


@pytest.mark.parametrize(
    ("verdict", "sbd", "outcome", "after"),
    [
        (ADMIT, "001", "admitted", State.BACK),
        (REFER, "001", "referred", State.OUT),
        (REFUSE, "001", "refused", State.OUT),
        (ADMIT, "002", "other-person", State.OUT),
        (REFER, None, "referred", State.OUT),
    ],
)
def test_who_comes_back_is_looked_at_again(
    sitting: Sitting, verdict: Any, sbd: str | None, outcome: str, after: State
) -> None:
    sitting.attempt(ADMIT)
    sitting.attempt(ADMIT, sbd="002")
    out(sitting)
    attempt = sitting.attempt(verdict, sbd=sbd, purpose="re-entry")
    assert back(sitting, attempt) == outcome
    assert state(sitting) is after


def test_a_referral_at_the_door_is_overridden_and_then_in(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    out(sitting)
    attempt = sitting.attempt(REFER, "face-grey", purpose="re-entry")
    assert back(sitting) == "referred"
    sitting.override(attempt=attempt)
    assert back(sitting) == "admitted"
    assert state(sitting) is State.BACK


def test_two_persons_may_look_at_who_comes_back(sitting: Sitting) -> None:
    sitting.manual(reason="biometrics-refused")
    out(sitting)
    sitting.manual(reason="biometrics-refused", purpose="re-entry")
    assert back(sitting) == "admitted"
    out(sitting)
    assert code_of(lambda: back(sitting)) == "re-entry-unverified"  # the look before was for the other exit


def test_a_random_check_is_of_somebody_drawn_and_once_for_a_draw(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)

    def check(**options: Any) -> str:
        return enter_spot_check(sitting.store, sitting.session, sbd="001", operator=TRAINEE, **options)[0]

    assert code_of(lambda: check(outcome="same-person")) == "spot-check-not-drawn"
    draw: dict[str, Any] = {"component": "theory", "method": "x", "population": 1, "drawn": ["001"]}
    draw |= {"seed": "00" * 32, "fresh": "00" * 32, "root": "00" * 32, "size": 1, "among": ["001"]}
    sitting.entry("draw", draw)
    assert code_of(lambda: check(outcome="fine")) == "exception-outcome-unknown"
    other = sitting.attempt(ADMIT, sbd="002", purpose="spot-check")
    assert check(attempt_id=other) == "other-person"
    assert code_of(lambda: check(outcome="same-person")) == "spot-check-taken"
    sitting.entry("draw", draw)
    seen = sitting.attempt(ADMIT, purpose="spot-check")
    assert code_of(lambda: check(outcome="same-person")) == "spot-check-word"
    assert check(attempt_id=seen) == "same-person"


def test_a_refusal_at_the_door_opens_by_the_chairman_alone(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    out(sitting)
    sitting.refused(ALTERED, purpose="re-entry")
    by_hand = {"reason": "chip-dead", "purpose": "re-entry"}
    assert code_of(lambda: sitting.manual(**by_hand)) == "manual-after-refuse"
    later = sitting.attempt(REFER, "no-card", purpose="re-entry")
    assert code_of(lambda: sitting.override(attempt=later)) == "override-after-refuse"
    assert back(sitting) == "refused"
    sitting.decide(sitting.incident())
    assert back(sitting) == "referred"  # the last look was unsure: now two persons may say who it is
    sitting.override(attempt=later)
    assert back(sitting) == "admitted"
    assert state(sitting) is State.BACK


def test_who_was_refused_at_the_door_is_decided_about_and_comes_back(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    assert code_of(lambda: sitting.decide(sitting.incident())) == "exception-already-in"
    out(sitting)
    sitting.refused(ALTERED, purpose="re-entry")
    sitting.decide(sitting.incident(), admit=False)
    assert back(sitting) == "refused"
    sitting.refused(ALTERED, purpose="re-entry")
    sitting.attempt(ADMIT, purpose="re-entry")
    assert back(sitting) == "admitted"
    out(sitting)
    sitting.decide(sitting.incident(), attempt_id=sitting.refused(ALTERED, purpose="re-entry"))
    assert back(sitting) == "admitted"


def test_the_attempt_given_is_the_last_look_since_the_exit(sitting: Sitting) -> None:
    first = sitting.attempt(ADMIT)
    early = sitting.attempt(ADMIT, purpose="re-entry")
    out(sitting)
    assert code_of(lambda: back(sitting, first)) == "exception-attempt-other-purpose"
    assert code_of(lambda: back(sitting, early)) == "exception-attempt-too-old"
    before = sitting.attempt(ADMIT, purpose="re-entry")
    sitting.attempt(REFER, "face-grey", purpose="re-entry")
    assert code_of(lambda: back(sitting, before)) == "exception-attempt-not-last"
    sitting.attempt(REFER, purpose="re-entry", late=ADMIT)
    assert back(sitting) == "referred"  # recorded late: nobody was let in by it


def test_a_refusal_with_another_purpose_is_one_of_coming_in(sitting: Sitting) -> None:
    sitting.refused(ALTERED, purpose="re-entry")
    assert state(sitting) is State.REFUSED
    assert code_of(sitting.manual) == "manual-after-refuse"
    sitting.attempt(ADMIT, purpose="spot-check")
    assert state(sitting) is State.REFUSED  # the look let nobody in, and took nothing back
    assert code_of(sitting.manual) == "manual-after-refuse"
