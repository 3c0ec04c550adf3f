"""Each fraud at the desk: the control that meets it, and the entry it leaves. Chips and faces are read, not assumed."""

from __future__ import annotations

import pytest

from biometrics.camera import open_camera
from biometrics.camera_info import CameraInfo
from biometrics.errors import RecordedCameraError
from proctor.checks import CheckName
from proctor.policy import decide as verdict_of
from readers.softcard.faults import Faults
from sessions.course.board import Board
from sessions.course.draw import make_draw
from sessions.course.movement import come_back, enter_spot_check, leave
from sessions.course.overrides import override
from sessions.course.results import Given, enter, read_progress, require_result
from sessions.course.states import State
from sessions.errors import SessionsError
from sessions.record import Outcome, Verdict
from sessions.rules import load_rules
from tests.frauds.conftest import SECOND, FraudDesk
from tests.support.sessions_station import check


def code_of(error: pytest.ExceptionInfo[SessionsError]) -> str:
    return error.value.code


def state(desk: FraudDesk, sbd: str, component: str = "theory") -> State:
    return Board(desk.opened.store, desk.session(component)).standing(sbd).state


def test_a_swapped_photo_breaks_the_issuers_hash_and_is_refused(desk: FraudDesk) -> None:
    result = desk.sit("001", card="astronaut", live="astronaut", faults=Faults(altered=frozenset({2})))
    body = desk.entry(result)
    assert (body["verdict"], body["chip_verdict"]) == ("REFUSE", "altered")
    assert body["checks"]["pa-consistent"]["outcome"] == "failed"
    assert body["checks"]["face-match"]["outcome"] == "not-performed"  # the swapped photo is never compared
    with pytest.raises(SessionsError) as error:
        override(
            desk.opened.store,
            desk.session(),
            sbd="001",
            reason="face-compared",
            operator=desk.operator,
            second=SECOND,
        )
    assert code_of(error) == "override-after-refuse"
    assert state(desk, "001") is State.REFUSED


def test_a_forged_card_has_an_issuer_that_nobody_knows_and_a_person_decides(desk: FraudDesk) -> None:
    body = desk.entry(desk.sit("002", signer="unknown_signer"))
    assert (body["verdict"], body["chip_verdict"]) == ("REFER", "signer-unknown")
    assert "pa-no-trust-anchor" in body["reasons"]
    assert body["checks"]["face-match"]["outcome"] == "passed"  # a good face does not mend a card
    assert state(desk, "002") is State.REFERRED


def test_a_clone_cannot_prove_its_key_and_is_refused_before_its_photo_is_read(desk: FraudDesk) -> None:
    body = desk.entry(desk.sit("003", faults=Faults(foreign_active_key=True)))
    assert body["verdict"] == "REFUSE"
    assert body["checks"]["chip-genuine"]["outcome"] == "failed"
    assert {body["checks"][name]["outcome"] for name in ("chip-read", "face-match")} == {"not-performed"}


def test_another_face_is_refused_with_its_score(desk: FraudDesk) -> None:
    body = desk.entry(desk.sit("004", live="astronaut"))
    row = body["checks"]["face-match"]
    assert (body["verdict"], row["outcome"]) == ("REFUSE", "failed")
    assert row["facts"]["score_e4"] < row["facts"]["threshold_e4"]


def test_a_lookalike_in_the_grey_band_goes_to_two_persons_who_sign(desk: FraudDesk) -> None:
    """The score lies between the two thresholds: no specimen has such a twin, so the check's row is what is given."""
    rules = load_rules("driving-tt108-2026")
    assert rules.fmr_accept < rules.fmr_refer
    checks = {name: check() for name in CheckName}
    checks[CheckName.FACE_MATCH] = check(Outcome.INDETERMINATE, "face-grey-band")
    made = verdict_of(
        checks,
        required=rules.required,
        refuse_on_failed=rules.refuse_on_failed,
        chip_at_best=rules.chip_at_best,
    )
    assert (made.verdict, made.reasons) == (Verdict.REFER, ("face-grey-band",))
    desk.sit("006", signer="unknown_signer")
    override(
        desk.opened.store,
        desk.session(),
        sbd="006",
        reason="signer-unknown",
        operator=desk.operator,
        second=SECOND,
        note="đã so hai ảnh lớn",
    )
    body = desk.last("override").body
    assert (body["sbd"], body["reason"], body["second"]["id"]) == ("006", "signer-unknown", "giam-sat")
    assert body["operator"]["id"] != body["second"]["id"]
    assert state(desk, "006") is State.ADMITTED


def test_a_photo_on_a_phone_is_left_to_the_attended_desk_and_every_entry_says_so(desk: FraudDesk) -> None:
    """Nothing here tells a face from its picture; no entry may say that something did."""
    body = desk.entry(desk.sit("007"))
    assert body["verdict"] == "ADMIT"
    assert body["checks"]["pad"]["outcome"] == "not-performed"


def test_an_injected_camera_is_refused_and_no_rule_can_let_it_through() -> None:
    info = CameraInfo(kind="device", physical=False, driver="v4l2loopback")
    with pytest.raises(RecordedCameraError) as error:
        open_camera("0", allow_recorded=False, info=info)
    assert error.value.conclusive
    checks = {name: check() for name in CheckName}
    checks[CheckName.FACE_CAPTURE] = check(Outcome.FAILED, error.value.code)
    rules = load_rules("written-exam")
    made = verdict_of(
        checks, required=frozenset(), refuse_on_failed=frozenset(), chip_at_best=rules.chip_at_best
    )
    assert (made.verdict, made.reasons) == (Verdict.REFUSE, (RecordedCameraError.code,))


def test_the_right_person_checks_in_and_another_sits_down_to_the_next_component(desk: FraudDesk) -> None:
    store = desk.opened.store
    assert desk.sit("008").verdict is Verdict.ADMIT
    ready = require_result(
        read_progress(store, desk.session()), Given(sbd="008", component="theory", points_e2=3_000)
    )
    enter(store, desk.session(), ready, source="máy chấm", operator=desk.operator)
    body = desk.entry(desk.sit("008", live="astronaut", component="yard"))
    assert (body["component"], body["verdict"]) == ("yard", "REFUSE")
    assert state(desk, "008", "yard") is State.REFUSED
    assert state(desk, "008") is State.ADMITTED  # what was done at the theory stays on record as it was


def test_another_in_the_seat_is_caught_by_a_random_check_that_nobody_chose(desk: FraudDesk) -> None:
    store = desk.opened.store
    assert desk.sit("009").verdict is Verdict.ADMIT
    head = store.head()
    among = [row.sbd for row in Board(store, desk.session()).standings("theory") if row.admitted]
    lot = make_draw(among, len(among), size=head.size, root=head.root, random_bytes=bytes, component="theory")
    body = {"session": desk.session_id, "component": "theory", **lot.as_body()}
    store.append("draw", body, operator=desk.operator)
    seen = desk.sit("009", live="astronaut", purpose="spot-check")
    outcome, _ = enter_spot_check(
        store, desk.session(), sbd="009", operator=desk.operator, attempt_id=seen.attempt_id
    )
    entry = desk.last("spot-check").body
    assert outcome == entry["outcome"] == "other-person"
    assert desk.entry(seen)["purpose"] == "spot-check"


def test_a_swap_at_the_toilet_stays_outside(desk: FraudDesk) -> None:
    store, session = desk.opened.store, desk.session()
    assert desk.sit("010").verdict is Verdict.ADMIT
    leave(store, session, sbd="010", reason="toilet", operator=desk.operator)
    with pytest.raises(SessionsError) as error:
        come_back(store, session, sbd="010", operator=desk.operator)
    assert code_of(error) == "re-entry-unverified"
    seen = desk.sit("010", live="astronaut", purpose="re-entry")
    come_back(store, session, sbd="010", operator=desk.operator, attempt_id=seen.attempt_id)
    entry = desk.last("re-entry").body
    assert (entry["outcome"], entry["of"]) == ("refused", seen.attempt_id)
    assert state(desk, "010") is State.OUT
