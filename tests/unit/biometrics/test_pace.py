"""Recorded frames come when they are due, whatever decoding takes; nobody is given a burst of late ones."""

import pytest

from biometrics.sources import ImageSource, Pace
from tests.support.portraits import picture


class Clock:
    """Time that passes only by resting and working."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def rest(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds


def times(works: list[float]) -> list[float]:
    """When frames came whose decoding took so long, in seconds since the first."""
    clock, found = Clock(), []
    pace = Pace(0.1, clock=clock, rest=clock.rest)
    for work in works:
        clock.now_s += work
        pace.wait()
        found.append(clock.now_s)
    return [round(at - found[0], 3) for at in found]


def test_work_between_frames_costs_no_time() -> None:
    assert times([0.0, 0.06, 0.09, 0.0]) == [0.0, 0.1, 0.2, 0.3]


def test_one_late_frame_does_not_delay_those_after_it() -> None:
    assert times([0.0, 0.15, 0.01, 0.01]) == [0.0, 0.15, 0.2, 0.3]


def test_what_is_far_too_late_is_not_caught_up_with() -> None:
    assert times([0.0, 0.95, 0.0, 0.0]) == [0.0, 0.95, 1.05, 1.15]


def test_after_a_pause_the_first_frame_is_there_at_once() -> None:
    clock = Clock()
    pace = Pace(0.1, clock=clock, rest=clock.rest)
    pace.wait()
    pace.begin()
    pace.wait()
    assert clock.now_s == pytest.approx(100.0)


def test_an_image_is_decoded_before_it_is_due() -> None:
    image, order = picture("hopper"), []

    def decoded() -> "list[object]":
        order.append("decoded")
        return [image]

    source = ImageSource(decoded, interval_s=0.0)  # type: ignore[arg-type]
    source._pace.wait = lambda: order.append("due")  # type: ignore[method-assign]
    assert source.read() is image
    assert order == ["decoded", "due"]
