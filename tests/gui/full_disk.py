"""The whole window while its disk is full, in a mount namespace of its own: `test_station_full_disk` runs this there.

The disk is a tmpfs that shrinks to what is used, and grows again: so it is full without anything being filled.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.roots import ensure_training_root, open_training
from tests.gui import sheets_phases as phases
from tests.gui.test_station_failures import Desk
from tests.gui.test_station_sheets import bodies
from tests.gui.test_station_start import OpenStation, Watched, bench, open_station

__all__ = ["bench", "open_station"]
DISK = "PROCTOR_TEST_DISK"
LARGE = 2 << 30


class Disk:
    """The tmpfs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.free()

    @property
    def used(self) -> int:
        room = os.statvfs(self.path)
        return (room.f_blocks - room.f_bfree) * room.f_frsize

    def _size(self, octets: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={octets}", str(self.path)], check=True)

    def fill(self, left: int = 0) -> None:
        """Leave so many octets, in whole pages."""
        self._size(self.used + left)

    def free(self) -> None:
        self._size(LARGE)


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk(Path(os.environ[DISK]))
    yield made
    made.free()


@pytest.fixture
def home(disk: Disk, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The station's data on the small disk."""
    folder = disk.path / request.node.name
    monkeypatch.setenv("PROCTOR_HOME", str(folder))
    monkeypatch.setattr("proctor.commands.people.working_keyring", lambda: None)
    monkeypatch.setattr("proctor.roots.working_keyring", lambda: None)
    return folder


def attempts(window: Watched) -> list[str]:
    return [body["verdict"] for body in bodies(window, "attempt")]


def shown(window: Watched) -> str:
    """The word of the banner."""
    return str(window.shown.band._banner.word)


def test_a_check_in_on_a_full_disk_shows_no_verdict_without_its_entry_and_goes_on(
    open_station: OpenStation, disk: Disk
) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    desk = Desk(window)
    desk.comes(1, "right-person")
    desk.until("verdict")
    assert len(attempts(window)) == 1
    desk.goes()

    disk.fill()
    desk.comes(2, "right-person")
    run = desk.until("verdict")
    assert (run.result.recorded, run.result.store_error) == (False, "store-full")
    assert len(attempts(window)) == 1
    assert shown(window) == window.texts["desk.verdict.not-recorded"]
    assert window.texts["verdict.ADMIT"] not in window.shown_texts
    assert window.texts["store-full"] in window.shown_texts
    assert window.pump(lambda: window.texts["desk.device-fix.disk"] in window.shown_texts)

    disk.free()
    window.press("<F5>")
    run = desk.until("verdict", "deciding")
    assert run.result.recorded
    assert len(attempts(window)) == 2
    desk.goes()
    desk.comes(3, "right-person")
    run = desk.until("verdict", "deciding")
    assert run.result.recorded
    assert len(attempts(window)) == 3
    session = window.session
    assert session is not None
    window.leave()
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        ended = opened.store.entries("attempt", session.session_id)
        assert (len(ended), len(opened.store.entries("begin", session.session_id))) == (3, 3)


def opened_sheets(open_station: OpenStation, home: Path) -> Watched:
    made = phases.session_of(home, count=4)
    window = open_station()
    phases.enter(window, made.session)
    return window


def test_sheets_packs_and_backups_on_a_full_disk_say_so_and_leave_no_half_file(
    open_station: OpenStation, disk: Disk, home: Path
) -> None:
    window = opened_sheets(open_station, home)
    phases.draft(window)
    disk.fill()
    window.press("<Return>")
    assert window.free()
    refused = window.said
    assert "chỗ" in refused, refused
    assert "proctor" not in refused
    assert not list(home.rglob("*.pdf"))
    disk.free()
    window.press("<Return>")
    assert window.pump(lambda: window.shown.pane.step.name == "file", seconds=60), window.said
    phases.shown(window)
    assert len(list(home.rglob("*.pdf"))) == 1
    assert [body.get("copy", 0) for body in bodies(window, "print")] in ([0], [0, 1])
    window.press("<Escape>")
    phases.settled(window)
    for go, kind in ((phases.pack, "usb"), (phases.backup, "luu")):
        folder = disk.path / kind
        folder.mkdir()
        go(window)
        phases.settled(window)
        window.shown.pane.form.put("folder", str(folder))
        disk.fill()
        window.press("<Return>")
        assert window.pump(lambda: not window.background.busy and len(window.said) > 20, seconds=60)
        assert "chỗ" in window.said, window.said
        assert list(folder.iterdir()) == []
        disk.free()
        window.press("<Return>")
        assert window.pump(lambda folder=folder: any(folder.iterdir()), seconds=60), window.said
        phases.settled(window)
        window.press("<Escape>")
        phases.settled(window)
    written: list[Any] = bodies(window, "export")
    assert len(written) >= 1
