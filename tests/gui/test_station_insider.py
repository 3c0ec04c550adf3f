"""What somebody with an account could try at the window: what stands behind the lock, what the one before left there,
and one person's data under another's name.
"""

from pathlib import Path
from threading import Event
from typing import Any

from proctor.config import Places
from proctor.desk.events import Locked
from proctor.errors import CommandError
from proctor.gui.password import PasswordDialog
from proctor.gui.station.opening import rehearse
from proctor.roots import ensure_training_root, open_training
from sessions.vietnam import today
from tests.gui.roster_phases import sit
from tests.gui.test_station_roster import entries, page_of
from tests.gui.test_station_start import (
    PRIVATE,
    Bench,
    OpenStation,
    Watched,
    bench,
    into_training,
    open_station,
)

__all__ = ["bench", "open_station"]


def dialogs(window: Watched) -> list[Any]:
    """The dialogs that ask for a password now."""
    return [each for each in window.winfo_children() if isinstance(each, PasswordDialog)]


def behind_the_lock(window: Watched, job: Any) -> None:
    """Lock while something is done beside the window, then let it go on."""
    goes = Event()

    def waiting() -> Any:
        goes.wait(10)
        return job()

    window.background.start(waiting, done=lambda _found: None, failed=window.failed)
    window.press("<F12>")
    assert window.page == "locked"
    goes.set()
    assert window.free()


def test_the_lock_asks_nobody_names_nobody_and_leaves_nothing_typed(
    open_station: OpenStation, bench: Bench
) -> None:
    window = open_station()
    into_training(window)

    behind_the_lock(window, lambda: window.background.ask("binh"))
    assert dialogs(window) == []
    window.press("<Return>")
    assert window.page == "start"

    def fails() -> None:
        raise CommandError("file-missing", file=PRIVATE)

    behind_the_lock(window, fails)
    assert PRIVATE not in window.said + window.shown_texts
    window.press("<Return>")
    assert window.page == "start"
    assert PRIVATE in window.said

    goes, means = Event(), window._means
    open_desk = means.open_desk

    def slow(*given: Any, **more: Any) -> Any:
        goes.wait(10)
        return open_desk(*given, **more)

    object.__setattr__(means, "open_desk", slow)
    window.press("<Return>", "<F12>")
    goes.set()
    assert window.free()
    assert window.page == "locked"
    assert bench.desks[0].told == [Locked(locked=True)]
    window.press("<Return>")
    assert window.page == "checkin"
    assert bench.desks[0].told[-1] == Locked(locked=False)

    def breaks() -> None:
        raise ValueError(PRIVATE)

    window._page.keep = window._page.close = breaks
    window.press("<F12>")
    assert window.page == "locked"
    assert PRIVATE not in window.said + window.shown_texts
    assert bench.desks[0].told[-1] == Locked(locked=True)
    assert [type(bug) for bug in window.bugs] == [ValueError]
    window.bugs.clear()

    window.kept_check_in = ("", {"number": "001099000001", "beside": "manual"})
    for name in ("user", "password"):
        window.variables[name].set("nửa chừng")
    window.left.invoke()
    assert window.at("login")
    assert window.kept_check_in == ("", {})
    assert [window.variables[name].get() for name in ("user", "password")] == ["", ""]
    assert (window.going.kept, window.going.runner) == ({}, None)


def test_another_session_shows_nobody_of_the_one_before_and_no_chooser_lies_over_the_lock(
    open_station: OpenStation, home: Path
) -> None:
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        sit(opened.store, 24)
        rehearse(opened, today())
    window = open_station()
    window.press("<Alt-u>")
    assert window.at("start")
    first = window.variables["session"].get()
    page_of(window)
    window.press("<Return>")
    window.type("thí sinh hỏi giờ vào")
    window.press("<Return>")
    assert window.free()
    looked = len(entries(window, "view"))
    assert "Có người xem hồ sơ" in window.shown_texts
    window.press("<Control-Key-1>")
    assert window.at("start")
    window.shown.table.focus_set()
    window.press("<Down>")
    assert window.variables["session"].get() != first
    page = page_of(window)
    assert page.pane is None
    assert "Có người xem hồ sơ" not in window.shown_texts
    assert len(entries(window, "view")) == looked

    window.press("<Control-Key-4>")
    assert window.at("sheets")
    window.shown.open("verify")
    assert window.free()
    seen: list[bool] = []

    def lock() -> None:
        seen.append("filedialog" in str(window.tk.call("grab", "current")))
        window.lock_now()

    window.after(400, lock)
    window.shown.pane._choose()
    assert seen == [True]
    assert window.page == "locked"
    assert str(window.tk.call("grab", "current")) == ""
    window.press("<Return>")
    assert window.at("sheets")
