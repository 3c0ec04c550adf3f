"""What was entered, refused or only looked at while the lock fell: said after it, once, as what it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from proctor.desk.runner import Done, Runner
from proctor.errors import CommandError
from proctor.gui.password import PasswordDialog
from sessions.department import DepartmentPrivate
from tests.gui.admin_phases import task
from tests.gui.incident_phases import STORY, in_training, new_incident, prepared, results
from tests.gui.test_station_admin import enter, fill, make
from tests.gui.test_station_roster import entries
from tests.gui.test_station_start import OpenStation, Watched, bench, into_training, open_station
from tests.support.cli import PASSWORD

__all__ = ["bench", "open_station"]


@contextmanager
def locked_after(window: Watched, *words: str, error: CommandError | None = None) -> Iterator[None]:
    """The lock falls once a command has done its work, or was refused, before the window hears of it."""
    did, goes, run = Event(), Event(), Runner.run

    def slow(self: Runner, *given: str, **more: Any) -> Done:
        if given[: len(words)] != words:
            return run(self, *given, **more)
        done = None if error is not None else run(self, *given, **more)
        did.set()
        goes.wait(10)
        if done is None:
            raise CommandError.of(str(error and error.code), {})
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "run", slow)
        yield
        assert window.pump(did.is_set), window.said
        window.lock_now()
        assert window.page == "locked"
        goes.set()
        assert window.free()
    assert "đã ghi" not in window.shown_texts


def answer_of(window: Watched) -> PasswordDialog:
    """The dialog that asks for a password."""

    def found() -> list[Any]:
        return [each for each in window.winfo_children() if isinstance(each, PasswordDialog)]

    assert window.pump(lambda: bool(found())), window.said
    return found()[0]


def rested(window: Watched) -> None:
    """Wait until the session page has looked at its session."""
    page: Any = window._page
    assert window.pump(lambda: page.fresh and page.pane is not None and not window.background.busy)


def test_a_division_is_said_and_its_form_is_not_there_again(
    open_station: OpenStation, tmp_path: Path
) -> None:
    window = open_station()
    into_training(window)
    window.press("<Control-Key-3>")
    assert window.at("session")
    rested(window)
    window._page.open_task("split")
    window._page.pane.form.put("folder", str(tmp_path))
    with locked_after(window, "session", "split"):
        window.press("<Return>")
    window.press("<Return>")
    assert window.free()
    assert "đã ghi xong" in window.said
    assert "-p2.part" in window.said
    rested(window)
    assert window._page.pane.KIND == "view"
    assert window.pump(lambda: window.chosen_session().part is not None)  # type: ignore[union-attr]
    assert len(entries(window, "split")) == 1


def test_an_incident_and_a_result_are_said_and_a_refusal_too(open_station: OpenStation, home: Path) -> None:
    prepared(home)
    window = open_station()
    in_training(window)
    pane = new_incident(window)
    window.press("<Key-1>")
    pane.form.put("concerned", "001")
    pane.form.put("text", STORY)
    before = len(entries(window, "incident"))
    with locked_after(window, "incident", "add"):
        window.press("<Return>")
    window.press("<Return>")
    assert window.free()
    assert "đã ghi xong" in window.said
    assert len(entries(window, "incident")) == before + 1
    for error, said in ((None, "đã ghi xong"), (CommandError("disk-full"), window.texts["disk-full"])):
        window.press("<Control-Key-1>")
        assert window.at("start")
        results(window)
        known = len(entries(window, "result"))
        window.type("27")
        with locked_after(window, "result", "enter", error=error):
            window.press("<Return>")
        window.press("<Return>")
        assert window.free()
        assert said in window.said
        assert len(entries(window, "result")) == known + (error is None)


def test_what_was_only_looked_at_is_not_said_to_be_entered(
    open_station: OpenStation, home: Path, tmp_path: Path
) -> None:
    make(home)
    path = tmp_path / "department.pub"
    path.write_text(f"{DepartmentPrivate.generate('Sở Mẫu').public.encode()}\n", encoding="utf-8")
    window = open_station()
    enter(window)
    task("keys", "department-key", window)
    fill(window, file=str(path), second="binh")
    with locked_after(window, "department", "show"):
        window.press("<Return>")
        answer_of(window).entry.focus_force()
        window.type(PASSWORD)
        window.press("<Return>")
    window.shown.password.focus_force()
    window.update()
    window.type(PASSWORD)
    window.press("<Return>")
    assert window.at("admin"), window.said
    assert window.free()
    assert "đã ghi" not in window.said
    assert [body for body in entries(window, "key") if body["event"] == "department-key"] == []
