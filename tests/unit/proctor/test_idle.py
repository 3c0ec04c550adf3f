"""The station locks itself when nobody is there."""

import sys
import time
from dataclasses import fields

import pytest

from proctor.gui.station.going import Means
from proctor.idle import IdleLock, IdleState, since_start


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_it_locks_after_the_minutes_and_stays_locked() -> None:
    clock = Clock()
    lock = IdleLock(clock, 10)
    clock.seconds += 599.5
    assert lock.state() == IdleState(locked=False, left_s=1)
    clock.seconds += 0.5
    assert lock.state().locked
    assert lock.touch().locked  # a mouse in a draught opens nothing
    assert lock.unlock() == IdleState(locked=False, left_s=600)


def test_work_keeps_it_open() -> None:
    clock = Clock()
    lock = IdleLock(clock, 1)
    for _ in range(20):
        clock.seconds += 59
        assert lock.touch() == IdleState(locked=False, left_s=60)


def test_it_locks_at_once_and_when_the_clock_goes_back() -> None:
    clock = Clock()
    lock = IdleLock(clock, 5)
    assert lock.lock() == IdleState(locked=True, left_s=0)
    lock.unlock()
    clock.seconds -= 1
    assert lock.state().locked
    with pytest.raises(ValueError, match="minute"):
        IdleLock(clock, 0)


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the usual clock goes on while the machine sleeps"
)
def test_the_hours_in_which_the_machine_slept_count(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = {time.CLOCK_BOOTTIME: 7_200.0}
    monkeypatch.setattr(time, "clock_gettime", lambda clock: 100.0 + slept.get(clock, 0.0))
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    clock = {each.name: each.default for each in fields(Means)}["clock"]
    assert clock is since_start
    assert clock() == 7_300.0
