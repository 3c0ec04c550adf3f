"""The log of steps: every row is there, each counts for itself, an error says how it ended."""

import pytest

from readers.emrtd.steps import NOT_REACHED, ORDER, StepLog
from readers.errors import ActiveAuthError, CardLostError


class Counter:
    """A clock, octets and commands that a test moves."""

    def __init__(self):
        self.now, self.apdus, self.octets = 0.0, 0, 0

    def work(self, seconds, apdus=1, octets=100):
        self.now += seconds
        self.apdus += apdus
        self.octets += octets


@pytest.fixture
def counter():
    return Counter()


@pytest.fixture
def log(counter):
    return StepLog(counter, lambda: counter.now)


def row(log, name):
    (found,) = (step for step in log.steps if step.name == name)
    return found


def test_every_step_has_a_row_from_the_start(log):
    assert [step.name for step in log.steps] == [name for name in ORDER if name != "bac"]
    assert all(step.outcome == "not-performed" and step.code == NOT_REACHED for step in log.steps)


def test_a_step_counts_what_goes_on_inside(log, counter):
    with log.step("SOD"):
        counter.work(0.25, apdus=9, octets=2000)
    step = row(log, "SOD")
    assert (step.outcome, step.code) == ("passed", "")
    assert (step.duration_ms, step.apdus, step.octets) == (250, 9, 2000)


def test_a_step_inside_another_counts_for_itself(log, counter):
    with log.step("pace") as step:
        with log.step("card-access"):
            counter.work(0.1)
        counter.work(0.4, apdus=4)
        step.name = "bac"
    assert (row(log, "card-access").duration_ms, row(log, "bac").duration_ms) == (100, 400)
    assert (row(log, "card-access").apdus, row(log, "bac").apdus) == (1, 4)
    assert not any(step.name == "pace" for step in log.steps)


@pytest.mark.parametrize(
    ("error", "outcome"), [(ActiveAuthError(reason="hash"), "failed"), (CardLostError(), "indeterminate")]
)
def test_an_error_ends_a_step(log, error, outcome):
    with pytest.raises(type(error)), log.step("aa"):
        raise error
    assert (row(log, "aa").outcome, row(log, "aa").code) == (outcome, error.code)


def test_a_bug_is_no_outcome(log):
    with pytest.raises(KeyError), log.step("aa"):
        raise KeyError("x")
    assert (row(log, "aa").outcome, row(log, "aa").code) == ("indeterminate", "interrupted")


def test_skipped_steps_say_why(log):
    log.skip("cam", "not-offered")
    with log.step("aa") as step:
        step.skip("key-size")
    assert [row(log, name).code for name in ("cam", "aa")] == ["not-offered", "key-size"]
    assert {row(log, name).outcome for name in ("cam", "aa")} == {"not-performed"}


def test_a_step_done_again_adds_up_and_ends_as_the_last_time(log, counter):
    with log.step("pace") as step:
        counter.work(0.1)
        step.end_by(CardLostError())
    with log.step("pace"):
        counter.work(0.2)
    assert (row(log, "pace").outcome, row(log, "pace").duration_ms, row(log, "pace").apdus) == (
        "passed",
        300,
        2,
    )


def test_resumes_stand_at_the_end_with_all_they_took(log, counter):
    with log.step("DG2"):
        counter.work(0.5)
        for _ in range(2):
            with log.step("resume"):
                with log.step("SOD"):
                    counter.work(0.1)
                counter.work(0.3)
    assert [step.name for step in log.steps[-2:]] == ["resume", "resume"]
    assert [step.duration_ms for step in log.steps[-2:]] == [400, 400]
    assert row(log, "DG2").duration_ms == 500
    assert row(log, "SOD").code == NOT_REACHED
