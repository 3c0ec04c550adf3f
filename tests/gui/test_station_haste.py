"""A hand in a hurry at the station: what comes before its time follows, or is answered."""

import threading
from pathlib import Path
from typing import Any

from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from tests.gui.test_station_start import OpenStation, Watched, bench, into_training, open_station

__all__ = ["bench", "open_station"]


def at_the_desk(open_station: OpenStation) -> Watched:
    """A training desk that waits for somebody."""
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin"), window.said
    return window


def test_a_hand_that_is_quicker_than_the_desk(open_station: OpenStation, home: Path) -> None:
    window = at_the_desk(open_station)
    driver: Any = window.driver
    window.press("<F10>")
    menu: Any = window._menu
    assert list(menu.buttons)[-1] == "leave"
    assert all(
        each.winfo_rooty() + each.winfo_height() <= window.winfo_rooty() + window.winfo_height()
        and each.winfo_rootx() >= 0
        for each in menu.buttons.values()
    )
    window.press("<Escape>")
    window.tk.call("event", "generate", ".", "<Control-d>")  # nobody was refused
    window.update()
    assert window.said == window.texts["checkin.beside.not-now"]
    window.press("<Escape>")
    assert not window.said
    window.type("12")
    window.press("<Return>")
    assert "2" in window.said
    window.press("<Escape>")
    assert (window.said, window.shown.number.get()) == ("", "")
    window.press("<F1>", "<F1>")  # the third one's chip was altered
    for key in ("<F3>", "<F2>"):  # the card while the code's holder is still being made
        window.tk.call("event", "generate", ".", key)
    window.update()
    assert window.pump(lambda: driver.state.phase == "working", seconds=30)
    assert driver.state.cards
    window.press("<Control-i>")
    early = window.texts["checkin.beside.not-now"]
    assert window.said == early or driver.state.phase != "working"
    assert window.pump(lambda: driver.state.phase == "verdict", seconds=90)
    assert window.pump(lambda: window.said != early)
    assert driver.state.run.verdict.value == "REFUSE"
    window.press("<Return>", "<F2>")
    assert window.pump(lambda: not driver.state.cards)


def test_a_list_of_choices_is_as_wide_as_its_words(open_station: OpenStation) -> None:
    window = open_station()
    into_training(window)
    box: Any = window.shown.room
    words = ("ngắn", "hai cán bộ đối chiếu ảnh và người thật, đúng người có tên trong danh sách, cho vào")
    box.configure(values=words)
    box.focus_set()
    window.press("<Down>")
    shown = str(window.tk.call("ttk::combobox::PopdownWindow", str(box)))
    left, wide = (int(window.tk.call("winfo", what, shown)) for what in ("rootx", "width"))
    needed = int(window.tk.call("font", "measure", "TkTextFont", words[1]))
    assert needed > box.winfo_width()
    assert needed < wide
    assert left + wide <= window.winfo_rootx() + window.winfo_width()
    window.press("<Escape>", "<Alt-r>")
    assert window.at("login")
    assert window.focus_get() == window.main  # nobody can log in here yet: the focus is seen all the same


def test_a_tab_that_is_asked_for_before_the_session_is_read_comes_with_it(open_station: OpenStation) -> None:
    window = open_station()
    into_training(window)
    window.tk.call("event", "generate", ".", "<Control-Key-3>")
    page: Any = window._page
    look, go_on = page.looker.look, threading.Event()

    def slow(*asked: Any) -> Any:
        assert go_on.wait(20)
        return look(*asked)

    page.looker.look = slow
    assert window.pump(lambda: window.background.busy)
    window.press("<Alt-Key-4>")
    assert page.known is None
    go_on.set()
    assert window.pump(lambda: page.known is not None and page.tab == "rules" and page.pane is not None)
    title = window._page.known.session.rules.title
    assert title in page.pane.words.get("1.0", "end")
