"""The station locks itself when nobody is there."""

import pytest

from proctor.idle import IdleLock, IdleState


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
