"""The clock that is set while the desk is open, and the log that another process holds, at the whole window."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.roots import ensure_training_root, open_training
from sessions.record import Moment, SystemClock
from tests.gui.test_station_failures import Desk
from tests.gui.test_station_sheets import bodies
from tests.gui.test_station_start import OpenStation, bench, open_station

__all__ = ["bench", "open_station"]
pytestmark = pytest.mark.timeout(240)


def _hold(root: Path, held: Event, let_go: Event) -> None:
    """Another process of the program, which has the training log open."""
    with open_training(root):
        held.set()
        let_go.wait(60)


@contextmanager
def held_by_another(root: Path) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(root, held, let_go))
    other.start()
    try:
        assert held.wait(60)
        yield
    finally:
        let_go.set()
        other.join(30)


def test_a_log_that_another_program_holds_is_said_and_opens_when_it_is_let_go(
    open_station: OpenStation, home: Path
) -> None:
    root = ensure_training_root(Places(home=home).training)
    window = open_station()
    with held_by_another(root):
        window.press("<Alt-u>")
        assert window.free()
        assert window.page == "login"
        assert window.texts["root-busy"] in window.said, window.said
        assert not window.training
    window.press("<Alt-u>")
    assert window.at("start"), window.said
    assert window.training


@pytest.mark.slow
@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_set_while_the_desk_is_open_is_entered_and_nothing_else_changes(
    open_station: OpenStation, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    desk = Desk(window)
    desk.comes(1, "right-person")
    desk.until("verdict")
    desk.goes()
    assert bodies(window, "clock") == []
    now = SystemClock.now

    def moved(clock: SystemClock) -> Moment:
        moment = now(clock)
        return replace(moment, at=moment.at + timedelta(hours=hours))

    monkeypatch.setattr(SystemClock, "now", moved)
    desk.comes(2, "right-person")
    run = desk.until("verdict", "deciding")
    assert run.result.recorded
    (jump,) = bodies(window, "clock")
    assert abs(jump["jump_ms"] - hours * 3_600_000) < 60_000
    desk.goes()
    desk.comes(3, "right-person")
    assert desk.until("verdict", "deciding").result.recorded
    assert len(bodies(window, "attempt")) == len(bodies(window, "begin")) == 3
    assert len(bodies(window, "clock")) == 1
