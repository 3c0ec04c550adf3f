"""The challenges under the shipped rules, before rendered candidates: `proctor check-in` as an operator uses it."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Ran, proctor
from tests.support.schemas import require_valid

MAU = "001099000001"
PAD = ("pad", "pad-turn", "pad-eyes", "pad-flash")


@pytest.fixture
def session(home: Path, roster: Path) -> str:
    """A training session under rules that ask for every challenge."""
    made = proctor(
        *("session", "create", "--training", "--json", "--roster", roster, "--rules", "driving-tt108-2026"),
        *("--component", "theory", "--place", "Trung tâm Mẫu"),
    )
    assert made.status == 0, made.err
    found: str = made.json["id"]
    return found


def check_in(session: str, camera: str, *more: str) -> Ran:
    ran = proctor(
        *("check-in", "--session", session, "--reader", "softcard", "--camera", camera, "--json"),
        *("--number", "-", *more),
        stdin=MAU + "\n",
    )
    require_valid("check-in", ran.json)
    return ran


def last_attempt(session: str) -> dict[str, Any]:
    shown = proctor("log", "show", "--training", "--session", session, "--json")
    assert shown.status == 0, shown.err
    bodies: list[dict[str, Any]] = [each["body"] for each in shown.json["entries"]]
    return [body for body in bodies if body["kind"] == "attempt"][-1]


@pytest.mark.slow
def test_who_does_as_asked_is_let_in(session: str) -> None:
    for seed in (3, 13, 23):  # somebody who slips at a step does it again
        ran = check_in(session, f"scene:bona-fide?face=hopper&seed={seed}")
        if ran.status == 0:
            break
    assert ran.json["verdict"] == "ADMIT", ran.json["reasons"]
    checks = ran.json["checks"]
    assert {checks[name]["outcome"] for name in PAD} == {"passed"}
    assert checks["pad-model"]["code"] == "pad-not-asked"
    assert checks["face-search"]["outcome"] == "not-performed"
    assert checks["face-match"]["facts"]["thresholds_sha256"]
    assert checks["face-match"]["facts"]["reference_format"] == "jpeg"
    assert checks["face-capture"]["facts"]["camera_kind"] == "scene"
    entry = last_attempt(session)
    assert "template" in entry["evidence"]
    assert entry["facts"]["face_restarts"] == 0


def test_a_bent_picture_goes_to_two_persons_with_its_frames(session: str) -> None:
    ran = check_in(session, "scene:bent-print?face=hopper&seed=5")
    assert (ran.status, ran.json["verdict"]) == (1, "REFER")
    checks = ran.json["checks"]
    assert (
        checks["face-match"]["outcome"] == "passed"
    )  # the picture is hers: only the challenges stand between
    assert any(checks[name]["outcome"] in {"failed", "indeterminate"} for name in PAD)
    assert "frames" in last_attempt(session)["evidence"]


def test_who_goes_without_a_step_goes_to_a_person_and_is_not_refused(session: str) -> None:
    skipped = [word for name in ("pad-turn", "pad-eyes", "pad-flash") for word in ("--skip", name)]
    ran = check_in(session, "scene:bona-fide?face=hopper&seed=3", *skipped)
    assert ran.json["verdict"] == "REFER"
    assert {ran.json["checks"][name]["code"] for name in PAD[1:]} == {"pad-skipped"}


def test_a_camera_that_is_gone_leaves_an_attempt_with_all_that_was_read(session: str) -> None:
    ran = check_in(session, "97")
    assert ran.json["verdict"] == "REFER"
    checks = ran.json["checks"]
    assert checks["face-capture"]["code"] == "camera-gone"
    assert checks["pa-trusted"]["outcome"] == "passed"
    assert {checks[name]["code"] for name in PAD} == {"not-reached"}
    assert last_attempt(session)["verdict"] == "REFER"


def test_another_persons_face_has_three_tries_and_nothing_to_turn(session: str) -> None:
    ran = check_in(session, "scene:bona-fide?face=astronaut&seed=3")
    assert ran.json["verdict"] == "REFUSE"
    facts = ran.json["checks"]["face-match"]["facts"]
    assert facts["below"] == 3
    assert len(facts["scores_e4"].split()) == 3
    assert ran.json["checks"]["pad-turn"]["outcome"] == "not-performed"
