"""A screen of its own (Xvfb), and a window whose every bug fails the test."""

import gc
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("tkinter", reason="this Python has no Tk")

from proctor.config import Places
from proctor.gui.list_steps import Choosers
from proctor.gui.roster_window import RosterWindow
from tests.support.kept_bugs import Pumped

SCREEN = "1366x768x24"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """A virtual screen of 1366×768; without Xvfb, the display there is; without either, a skip that says so."""
    program = shutil.which("Xvfb")
    if program is None:
        if os.environ.get("PROCTOR_REQUIRE_VPCD"):
            pytest.fail("Xvfb is missing: apt-get install xvfb")
        if not os.environ.get("DISPLAY"):
            pytest.skip("neither Xvfb nor a display: the windows are not tested here")
        yield os.environ["DISPLAY"]
        return
    reading, writing = os.pipe()
    options = ("-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp", "-dpi", "96")
    server = subprocess.Popen(
        [program, *options], pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(timeout=10)


@pytest.fixture(autouse=True)
def nobody_else_collects() -> Iterator[None]:
    """As in the station: a collection that another thread set off would tell Tk of variables that died, and only the
    window's thread may."""
    on = gc.isenabled()
    gc.disable()
    yield
    if on:
        gc.enable()


class Watched(Pumped, RosterWindow):
    """The window, with what went wrong in its callbacks kept for the test."""

    def settle(self) -> None:
        """Let the layout and the delayed scrolling happen."""
        self.pump(seconds=0.2)

    def press(self, keys: str) -> None:
        """Press a key where the focus is, as a person without a mouse does."""
        self.update()
        self.tk.call("event", "generate", self.focused, keys)
        self.settle()

    @property
    def focused(self) -> str:
        """The path of what has the focus: not every part of a combobox is known to tkinter by name."""
        return str(self.tk.call("focus")) or "."


OpenWindow = Callable[..., Watched]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No file of the user's, no keyring of the machine's."""
    folder = tmp_path / "home"
    monkeypatch.setenv("PROCTOR_HOME", str(folder))
    monkeypatch.setattr("proctor.commands.people.working_keyring", lambda: None)
    monkeypatch.setattr("proctor.roots.working_keyring", lambda: None)
    return folder


@pytest.fixture
def open_window(screen: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenWindow]:
    """Opens the roster's window; whatever goes wrong in a callback fails the test."""
    monkeypatch.setenv("DISPLAY", screen)
    made: list[Watched] = []

    def open_it(
        *,
        training: bool = True,
        language: str = "vi",
        path: Path | None = None,
        scale: float = 1.0,
        choose: Callable[[], str] = lambda: "",
        save: Callable[[], str] = lambda: "",
    ) -> Watched:
        window = Watched(
            Places.of(None),
            training=training,
            language=language,
            today=TODAY,
            path=path,
            scale=scale,
            choosers=Choosers(open_file=choose, save_file=save),
        )
        made.append(window)
        window.focus_force()
        if path is not None:
            assert window.pump(lambda: not window.background.busy)
        window.settle()
        return window

    yield open_it
    for window in made:
        if window.alive:
            window.pump(lambda window=window: not window.background.busy)
            window.leave()
        if window.alive:
            window.destroy()
    assert [bug for window in made for bug in window.bugs] == []
