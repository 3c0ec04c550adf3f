"""kill -9 of the station's process in each phase: the next start comes back to the same desk and the same candidate."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proctor.desk.events import Resumed
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.going import Going
from proctor.gui.station.mark import FILE, find_mark
from proctor.gui.station.real import means as real_means
from tests.gui.test_station_start import (
    ND,
    Bench,
    OpenStation,
    bench,
    canvas_words,
    into_training,
    log_in,
    open_station,
    real,
    start_session,
)

__all__ = ["bench", "open_station", "real"]
REPO = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(240)


def killed(screen: str, home: Path, *words: str, **secrets: str) -> None:
    """Bring a station's process to a phase and kill it there."""
    environment = dict(os.environ) | {"DISPLAY": screen, "PROCTOR_HOME": str(home)} | secrets
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.station_child", *words],
        cwd=REPO,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("at ")
    finally:
        os.killpg(child.pid, signal.SIGKILL)  # the face process and all, as when the power goes
        child.communicate()


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("working", "002"),
        pytest.param("waiting", "", marks=pytest.mark.slow),
        pytest.param("verdict", "KHÔNG NHẬN", marks=pytest.mark.slow),
    ],
)
def test_training_comes_back_to_its_desk_by_its_button(
    open_station: OpenStation, screen: str, home: Path, phase: str, words: str
) -> None:
    killed(screen, home, "training", phase)
    assert find_mark(home) is not None
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    assert window.page == "login"  # training is never entered but by its button
    window.press("<Alt-u>")
    assert window.at("checkin"), window.said
    notice = window.shown.notice.text
    assert ("sau sự cố" in notice) is bool(words)
    assert words in notice
    assert not words or "002" in notice
    assert window.training
    driver: Any = window.driver
    assert driver.state.phase == "waiting"
    assert "KHÔNG NHẬN" not in canvas_words(window).replace(notice, "")
    window.leave_desk()
    assert window.at("start")
    assert not (home / FILE).exists()


def test_what_two_persons_were_deciding_when_it_was_cut_is_decided_at_once_after_the_return(
    open_station: OpenStation, screen: str, home: Path
) -> None:
    killed(screen, home, "training", "deciding")
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    window.press("<Alt-u>")
    assert window.at("checkin"), window.said
    driver: Any = window.driver
    page: Any = window.shown
    assert driver.state.phase == "deciding"
    assert window.pump(lambda: page.pane is not None and "reason" in page.pane.fields), window.said
    assert "CHƯA CHẮC" in canvas_words(window)
    assert "002" in canvas_words(window)
    assert all(
        picture.filled for picture in page.photos.pictures.values()
    )  # kept by design; who looks is entered
    assert page.screen.reasons
    assert [line.roster for line in page.screen.differences if line.words.key == "desk.field.name"]
    attempt = driver.state.attempt_id
    page.pane.fields["reason"].current(0)
    page.pane.fields["second"].focus_set()
    window.type("binh")
    window.press("<Return>")
    assert window.pump(lambda: driver.state.phase == "verdict"), window.said
    assert "CHO VÀO" in canvas_words(window)
    entries = window.opened.store.entries(session=window.session.session_id)  # type: ignore[union-attr]
    assert [each.body["of"] for each in entries if each.kind == "override"] == [attempt]
    assert sum(each.kind == "attempt" for each in entries) == 1
    assert [each.body["sbd"] for each in entries if each.kind == "view"] == ["002"]
    window.press("<Return>")
    assert window.pump(lambda: driver.state.phase == "waiting")
    window.leave_desk()
    assert window.at("start")


def test_a_window_of_training_that_died_goes_on_in_training(open_station: OpenStation, home: Path) -> None:
    window = open_station()
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin")
    mark = (home / FILE).read_bytes()
    window.leave()
    (home / FILE).write_bytes(mark)
    again = open_station(going=Going(report="crash.txt"))
    assert again.at("checkin")
    assert again.training


def test_a_real_desk_comes_back_to_its_candidate_after_the_log_in(
    open_station: OpenStation, bench: Bench, screen: str, home: Path, real: str
) -> None:
    start_session(real)
    killed(screen, home, "real", real, SECRET=ND["nd"])
    window = open_station()
    assert window.page == "login"  # nobody is trusted to be there
    log_in(window, "nd", ND["nd"])
    assert window.at("checkin"), window.said
    assert bench.stood == [Resumed(sbd="002")]


def test_a_desk_that_was_left_is_not_opened_again(open_station: OpenStation, home: Path) -> None:
    window = open_station()
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin")
    assert (home / FILE).exists()
    assert "Nguyễn" not in (home / FILE).read_text(encoding="utf-8")
    window.leave()
    assert not (home / FILE).exists()
    (home / FILE).write_text('{"session": 7}', encoding="utf-8")
    again = open_station()
    assert again.page == "login"
