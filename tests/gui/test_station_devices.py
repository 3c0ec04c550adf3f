"""Devices that go and come back at the whole window: a real PC/SC service, a camera, a scanner under another name."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.support.desk_window import make_films
from tests.support.pcsc_restart import RestartablePcsc, restartable

__all__ = ["restartable"]
pytestmark = [pytest.mark.pcsc, pytest.mark.slow, pytest.mark.timeout(240)]


class Window:
    """The window's process; `until` reads on to a change of a device and returns the words of the page then."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._told: list[dict[str, str]] = []

    def until(self, kind: str, state: str) -> str:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            told = json.loads(raw)
            self._told.append(told)
            if (told["kind"], told["state"]) == (kind, state):
                return str(told["page"])
        assert self._process.stderr is not None
        pytest.fail(f"{[(t['kind'], t['state']) for t in self._told]}\n{self._process.stderr.read()}")


@pytest.fixture
def scanner(tmp_path: Path) -> Path:
    """The file that names the scanner's port; nothing is plugged in yet."""
    file = tmp_path / "ports"
    file.write_text("", encoding="utf-8")
    return file


def test_each_device_is_said_when_it_goes_and_takes_up_its_work_when_it_is_back(
    restartable: RestartablePcsc, screen: str, home: Path, tmp_path: Path, scanner: Path
) -> None:
    film = Path(make_films(tmp_path / "films")["hopper"])
    first = pty.openpty()
    scanner.write_text(os.ttyname(first[1]), encoding="utf-8")
    window = Window(
        restartable.start(
            *("-m", "tests.support.station_devices_child", str(film), str(scanner)),
            env={"PROCTOR_HOME": str(home), "DISPLAY": screen},
        )
    )
    window.until("reader", "in")
    restartable.kill()
    assert "PC/SC" in window.until("reader", "out")
    restartable.start_again()
    assert "Đầu đọc thẻ đã hoạt động lại" in window.until("reader", "in")

    film.rename(film.with_name("unplugged"))
    assert "Không nhận được hình từ camera" in window.until("camera", "out")
    film.with_name("unplugged").rename(film)
    assert "Camera đã hoạt động lại" in window.until("camera", "in")

    second = pty.openpty()  # opened before the first is closed, so that it has another name
    scanner.write_text("", encoding="utf-8")
    for end in first:
        os.close(end)
    assert "gõ 12 số" in window.until("scanner", "out")
    scanner.write_text(os.ttyname(second[1]), encoding="utf-8")
    assert "Máy quét QR đã hoạt động lại" in window.until("scanner", "in")
    for end in second:
        os.close(end)
