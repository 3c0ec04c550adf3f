"""The window's process: what its end means, and how often it is started again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from proctor.commands.station import has_display
from proctor.station_process import DEATHS, DEATHS_S, NO_DISPLAY, NO_TK, WRONG, keep_open

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
