"""Whom the machine referred and nobody decided about: found in the list, and decided there by two persons."""

from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.gui.station.roster.page import RosterPage
from proctor.roots import ensure_training_root, open_training
from tests.gui.roster_phases import sit
from tests.gui.station_phases import portrait
from tests.gui.test_station_roster import entries, keys, page_of, shown
from tests.gui.test_station_start import OpenStation, Watched, bench, open_station
from tests.support.exceptions import REFER, Sitting

__all__ = ["bench", "open_station"]


@pytest.fixture
def window(home: Path, open_station: OpenStation) -> Watched:
    """The list of a session with a REFER of 015, of which pictures were kept, and one that names nobody."""
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        sitting = Sitting.__new__(Sitting)
        sitting.store, sitting._id = opened.store, sit(opened.store, 24)
        sitting.attempt(REFER, "face-refer", sbd="015", frames=portrait("hopper"))
        seat = sitting.session.seats[15]
        identity = {"name": seat.full_name, "birth": seat.birth.iso}
        sitting.attempt(REFER, "not-on-roster", sbd=None, identity=identity)
    made = open_station()
    made.press("<Alt-u>")
    assert made.at("start")
    page_of(made)
    return made


def decide_on(window: Watched, sbd: str) -> Any:
    """Find somebody, and ask for what two persons decide."""
    keys(window, sbd)
    window.press("<Down>", "<Alt-q>")
    assert window.free()
    return window.shown.pane


def two(window: Watched, pane: Any) -> None:
    """What two persons enter, by keys."""
    pane.form.widgets["second"].focus_set()
    window.type("binh")
    window.press("<Return>")
    assert window.free()


def test_two_persons_let_in_from_the_list(window: Watched) -> None:
    page: RosterPage = window.shown
    pane = decide_on(window, "015")
    assert "CHƯA CHẮC" in window.shown_texts
    assert window.texts.say("face-refer") in window.shown_texts
    window.press("<Alt-n>")
    assert window.free()
    assert pane.photos is not None
    assert [view["sbd"] for view in entries(window, "view")] == ["015"]
    pane.form.put("reason", "face-compared")
    two(window, pane)
    assert entries(window, "override")[-1]["sbd"] == "015", window.said
    assert entries(window, "override")[-1]["second"]["id"] == "binh"
    assert page.pane is None
    assert window.pump(lambda: page.roll is not None and page.roll.row("015").state != "referred")  # type: ignore[union-attr]


def test_one_that_named_nobody_is_decided_for_whom_it_may_mean(window: Watched) -> None:
    pane = decide_on(window, "016")
    assert [each.code for each in pane.offer.given] == ["suggestion-confirmed"]
    two(window, pane)
    assert entries(window, "override")[-1]["sbd"] == "016", window.said
    assert shown(window.shown) == ["016"]


@pytest.mark.parametrize(
    ("sbd", "words"), [("009", "KHÔNG NHẬN"), ("002", "đã"), ("006", "phòng"), ("017", "017")]
)
def test_what_two_persons_may_not_decide_is_said(window: Watched, sbd: str, words: str) -> None:
    before = len(window.opened.store.entries())
    pane = decide_on(window, sbd)
    assert pane.form is None
    assert words in window.shown_texts
    window.press("<Return>", "<Escape>")
    assert window.shown.pane is None
    assert len(window.opened.store.entries()) == before
