"""Errors become outcomes: evidence against, could not decide, or a bug that ends the attempt."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from proctor.checks import CheckName as C
from proctor.recorder import Recorder
from readers.errors import ActiveAuthError, CardLostError
from sessions.record import Outcome

AT = datetime(2026, 11, 22, tzinfo=UTC)
SECRET = "001099000001"


class Proof:
    @property
    def facts(self) -> Mapping[str, str | int]:
        return {"score_e4": 7102}


class Unproven(Proof):
    @property
    def not_performed_code(self) -> str | None:
        return "chip-not-proven"


@pytest.fixture
def rec() -> Recorder:
    ticks = iter(range(1000))
    return Recorder(now=lambda: AT, clock=lambda: next(ticks) * 0.25)


def test_a_passed_check_keeps_facts_and_time(rec: Recorder) -> None:
    proof = Proof()
    assert rec.run(C.FACE_MATCH, lambda: proof) is proof
    check = rec.checks[C.FACE_MATCH]
    assert (check.outcome, check.code, check.duration_ms) == (Outcome.PASSED, "ok", 250)
    assert dict(check.facts) == {"score_e4": 7102}


def test_every_name_has_a_row_even_before_anything_ran(rec: Recorder) -> None:
    assert list(rec.checks) == list(C)
    assert {check.outcome for check in rec.checks.values()} == {Outcome.NOT_PERFORMED}


def fail(error: Exception):
    def call() -> Proof:
        raise error

    return call


def test_conclusive_errors_fail_and_others_are_indeterminate(rec: Recorder) -> None:
    assert rec.run(C.CHIP_GENUINE, fail(ActiveAuthError(why="x"))) is None
    assert rec.run(C.CHIP_READ, fail(CardLostError())) is None
    assert rec.checks[C.CHIP_GENUINE].outcome is Outcome.FAILED
    assert rec.checks[C.CHIP_READ].outcome is Outcome.INDETERMINATE
    assert rec.checks[C.CHIP_READ].code == "card-lost"


def test_a_missing_input_is_not_performed_and_its_call_never_made(rec: Recorder) -> None:
    called: list[int] = []
    assert rec.run(C.FACE_MATCH, lambda a, b: called.append(1), 1, None) is None
    assert rec.checks[C.FACE_MATCH].outcome is Outcome.NOT_PERFORMED
    assert rec.checks[C.FACE_MATCH].code == "not-reached"
    assert called == []


def test_a_bug_ends_the_attempt_and_its_text_stays_out(rec: Recorder, caplog) -> None:
    rec.run(C.NOTICE, Proof)
    rec.run(C.CARD_ACCESS, fail(KeyError(SECRET)))
    rec.run(C.CHIP_OPEN, Proof)
    rows = rec.checks
    assert rows[C.NOTICE].outcome is Outcome.PASSED
    assert (rows[C.CARD_ACCESS].outcome, rows[C.CARD_ACCESS].code) == (
        Outcome.INDETERMINATE,
        "internal-error",
    )
    assert rows[C.CARD_ACCESS].facts["error"] == "KeyError"
    assert (rows[C.CHIP_OPEN].outcome, rows[C.CHIP_OPEN].code) == (Outcome.NOT_PERFORMED, "internal-error")
    assert SECRET not in caplog.text
    assert SECRET not in repr(rows)


def test_an_interrupt_ends_the_attempt_but_not_the_record(rec: Recorder) -> None:
    def interrupted() -> Proof:
        raise KeyboardInterrupt

    assert rec.run(C.CHIP_OPEN, interrupted) is None
    assert rec.checks[C.CHIP_OPEN].code == "interrupted"
    assert rec.checks[C.FACE_MATCH].code == "interrupted"


def test_a_result_that_proves_nothing_is_handed_on_but_not_passed(rec: Recorder) -> None:
    assert rec.run(C.CHIP_GENUINE, Unproven) is not None
    check = rec.checks[C.CHIP_GENUINE]
    assert (check.outcome, check.code) == (Outcome.NOT_PERFORMED, "chip-not-proven")


def test_a_check_this_station_lacks_is_named_so(rec: Recorder) -> None:
    assert rec.run(C.PAD, None) is None
    assert rec.checks[C.PAD].code == "not-available"
