"""The window's process: what its end means, and how often it is started again."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from proctor.entry import _window
from proctor.station_process import (
    DEATHS,
    DEATHS_S,
    NO_DISPLAY,
    NO_TK,
    WRONG,
    Waiting,
    has_display,
    keep_open,
)

ORDER = {"language": "vi"}


class Process:
    """Ends with a status, or when somebody presses Ctrl-C."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        self.asked_to_end = False

    def wait(self, _timeout: float | None = None) -> int:
        if self.status is None and not self.asked_to_end:
            raise KeyboardInterrupt
        return self.status or 0

    def terminate(self) -> None:
        self.asked_to_end = True


class Starts:
    """Starts a process for each status, and keeps what it was told."""

    def __init__(self, *statuses: int | None) -> None:
        self.left = list(statuses)
        self.orders: list[Mapping[str, Any]] = []
        self.process = Process(0)
        self.now = 0.0

    def __call__(self, order: Mapping[str, Any]) -> Any:
        self.orders.append(order)
        self.now += 1.0
        self.process = Process(self.left.pop(0))
        return self.process


@pytest.mark.parametrize("status", [0, NO_DISPLAY, NO_TK, WRONG])
def test_an_answer_is_no_crash(tmp_path: Path, status: int) -> None:
    run = Starts(status)
    assert keep_open(ORDER, tmp_path, run=run) == status
    assert run.orders == [ORDER]
    assert not (tmp_path / "diagnostics").exists()


def test_a_window_that_dies_is_started_again_and_told_of_its_file(tmp_path: Path) -> None:
    run = Starts(-11, 0)
    assert keep_open(ORDER, tmp_path, run=run, clock=lambda: run.now) == 0
    file = Path(run.orders[1]["restarted"])
    assert file.parent == tmp_path / "diagnostics"
    assert file.exists()


def test_one_that_will_not_stay_up_is_given_up_but_not_for_rare_deaths(tmp_path: Path) -> None:
    run = Starts(*[-11] * (DEATHS + 1))
    assert keep_open(ORDER, tmp_path, run=run, clock=lambda: run.now) == 1
    assert len(run.orders) == DEATHS
    rare = Starts(*[-9] * (2 * DEATHS), 0)
    assert keep_open(ORDER, tmp_path, run=rare, clock=lambda: rare.now * DEATHS_S) == 0


def test_ctrl_c_lets_the_window_close_what_is_open(tmp_path: Path) -> None:
    run = Starts(None)
    with pytest.raises(KeyboardInterrupt):
        keep_open(ORDER, tmp_path, run=run)
    assert run.process.asked_to_end


def test_where_there_is_a_display() -> None:
    assert has_display({"DISPLAY": ":0"}, "linux")
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert not has_display({"DISPLAY": ""}, "linux")
    assert has_display({}, "win32")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_a_process_that_waits_shows_what_it_is_told_once_and_ends_without_a_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    order = {"language": "vi", "root": None, "desk": {}}
    waiting, unused = Waiting(), Waiting()
    process = unused._process
    assert process is not None
    unused.close()
    assert process.returncode is not None
    unused.close()
    first = waiting._process
    shown = waiting.start(order)
    assert shown is first
    assert shown.wait(60) in {NO_DISPLAY, NO_TK}
    waiting.close()
    again = waiting.start(order)
    assert again is not first
    assert again.wait(60) == shown.returncode


@pytest.mark.parametrize(
    "words", [["doctor"], ["station", "--json"], ["--root", "x", "station"], ["station", "-h"]]
)
def test_nothing_waits_where_no_window_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert _window(words) is None
