"""Incidents, results and exceptions in every phase: `python -m tests.gui.incident_phases DIR vi|en SCALE [PHASE …]`.

Each phase is what keys do to a station's window in training, with a session in which things happened.
"""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proctor.gui.station.exceptions.manual import ManualPane
from proctor.gui.station.exceptions.refused import DecisionAfterRefusePane
from sessions.record import Verdict
from sessions.vietnam import VIETNAM
from tests.gui.screenshot import at_home, settled, shoot
from tests.gui.test_station_start import Bench, Watched
from tests.support.cli import proctor
from tests.support.course_cli import Sitting, sitting

COUNT = 24
PAST = ("001", "002", "003", "004", "005", "007", "008", "009", "011", "012", "014", "015")
REFUSED = "006"
STORY = "Thí sinh để điện thoại trong túi áo, chuông reo lúc đang làm bài. Đã thu và niêm phong."


def prepared(home: Path) -> Sitting:
    """A session of today in which most came, one was refused, two things happened and some results are there."""
    made = sitting(home, count=COUNT, day=datetime.now(UTC).astimezone(VIETNAM).date())
    made.admit(*PAST)
    made.admit(REFUSED, verdict=Verdict.REFUSE)
    session = f"--session={made.session}"
    for words in (
        ("--code=phone", "--sbd=004", "--place=hàng 2", "--consequence=reminded"),
        ("--code=equipment", "--place=máy số 7"),
    ):
        ran = proctor("incident", "add", session, *words, "--note=-", stdin=STORY)
        assert ran.status == 0, ran.err
    for sbd, value in (("001", "--points=27"), ("002", "--points=19"), ("016", "--absent")):
        ran = proctor("result", "enter", session, "--component=theory", f"--sbd={sbd}", value)
        assert ran.status == 0, ran.err
    return made


def in_training(window: Watched) -> None:
    """Training by its button, with the session there."""
    window.press("<Alt-u>" if window.texts.language == "vi" else "<Alt-t>")
    assert window.at("start"), window.said


def tab(window: Watched, key: str) -> Any:
    """The session page, at a tab; return its pane."""
    window.press("<Control-Key-3>")
    assert window.at("session"), window.said
    assert window.pump(lambda: window._page.known is not None and not window.background.busy)
    window.press(key)
    assert window.pump(lambda: hasattr(window._page.pane, "told") and not window.background.busy)
    window.pump(lambda: bool(window._page.pane.main_text()), seconds=5)
    settled(window)
    return window._page.pane


def incidents(window: Watched) -> Any:
    """The list of incidents."""
    return tab(window, "<Alt-Key-5>")


def results(window: Watched) -> Any:
    """The results, row by row."""
    return tab(window, "<Alt-Key-6>")


def new_incident(window: Watched) -> Any:
    """The form of a new incident."""
    pane = incidents(window)
    window.press("<Return>")
    return pane


def _typed(window: Watched) -> None:
    new_incident(window)
    window.press("<Key-1>")
    window.type("8 12")
    window.press("<Tab>")
    window.type(STORY)
    window.press("<Tab>")
    window.type("Trần Thị Mẫu, giám thị 2")
    window.press("<Tab>")


def _no_kind(window: Watched) -> None:
    new_incident(window)
    window.press("<Return>")


def _wrong_hour(window: Watched) -> None:
    pane = new_incident(window)
    window.press("<Key-5>")
    pane.form.put("text", STORY)
    pane.form.put("hour", "25:70")
    window.press("<Return>")
    settled(window)


def _minutes(window: Watched) -> None:
    _typed(window)
    window.press("<Return>")
    settled(window)


def _decide(window: Watched) -> None:
    incidents(window)
    window.press("<Down>")
    window.press("<Alt-q>" if window.texts.language == "vi" else "<Alt-c>")
    settled(window)


def refusal(window: Watched) -> Any:
    """The decision about who was refused."""
    pane = incidents(window)
    window.press("<Alt-n>" if window.texts.language == "vi" else "<Alt-r>")
    window.press("<Return>")
    settled(window)
    return pane


def _result_typed(window: Watched) -> None:
    results(window)
    window.type("24")


def _result_wrong(window: Watched) -> None:
    results(window)
    window.type("37")
    window.press("<Return>")


def _result_unseen(window: Watched) -> None:
    results(window)
    window.press("<Alt-s>" if window.texts.language == "vi" else "<Alt-d>")
    window.press("<Key-2>", "<Key-0>", "<Return>", "<Key-2>", "<Key-2>", "<Return>")
    settled(window)


def correction(window: Watched) -> Any:
    """The correction of the first result."""
    pane = results(window)
    pane.table.select("001")
    window.press("<Alt-a>" if window.texts.language == "vi" else "<Alt-o>")
    settled(window)
    return pane


def _import(window: Watched) -> None:
    path = Path(os.environ["PROCTOR_HOME"]) / "ket-qua.csv"
    rows = ("SBD,Điểm", "003,26", "004,31", "005,vắng", "099,20", "007,24")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    pane = results(window)
    pane._choose = lambda: str(path)
    window.press("<Alt-t>" if window.texts.language == "vi" else "<Alt-f>")
    settled(window)
    window.press("<Alt-c>")
    settled(window)


def alone(made: type[Any], *, sbd: str) -> Callable[[Watched], Any]:
    """A pane that stands in a page as at the desk."""

    def show(window: Watched) -> Any:
        window.press("<Control-Key-3>")
        assert window.at("session")
        settled(window)
        page = window._page
        page.done = []
        pane = made(page.inside, window, sbd=sbd, attempt_id="", on_done=page.done.append)
        page._put(pane)
        settled(window)
        return pane

    return show


PHASES: Mapping[str, Callable[[Watched], Any]] = {
    "incidents": incidents,
    "incident-new": new_incident,
    "incident-no-kind": _no_kind,
    "incident-typed": _typed,
    "incident-wrong-hour": _wrong_hour,
    "incident-minutes": _minutes,
    "incident-decide": _decide,
    "decision-after-refusal": refusal,
    "manual": alone(ManualPane, sbd="010"),
    "manual-whom": alone(ManualPane, sbd=""),
    "manual-refused": alone(ManualPane, sbd=REFUSED),
    "decision-not-refused": alone(DecisionAfterRefusePane, sbd="001"),
    "results": results,
    "result-typed": _result_typed,
    "result-wrong": _result_wrong,
    "result-unseen": _result_unseen,
    "result-correct": correction,
    "result-import": _import,
}


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it."""
    for name in names or list(PHASES):
        with at_home(prepared, language=language, scale=scale, means=Bench().means()) as window:
            in_training(window)
            PHASES[name](window)
            window.pump(seconds=0.5)
            shoot(window, folder, name, language, scale)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
