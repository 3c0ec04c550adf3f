"""The roster page as a person at the keyboard uses it: real Tk, a real root, and what it leaves in the log."""

import threading
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from proctor.gui.station.roster.page import RosterPage
from proctor.roots import ensure_training_root, open_training
from tests.gui.roster_phases import sit
from tests.gui.test_station_start import (
    BINH,
    ND,
    Bench,
    OpenStation,
    Watched,
    bench,
    log_in,
    open_station,
    out_of_reach,
    real,
)
from tests.support.cli import PASSWORD, proctor

__all__ = ["bench", "open_station", "real"]
FEED = "roster-feed"
THU = {"thu": "thư ký mật 1"}


@pytest.fixture
def happened(home: Path) -> str:
    """A training session in which everything happened."""
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        return sit(opened.store, 24)


def page_of(window: Watched) -> RosterPage:
    """Open the page by its key, and wait for the list."""
    window.press("<Control-Key-2>")
    assert window.at("roster"), window.said
    page: RosterPage = window.shown
    assert window.pump(lambda: page.roll is not None)
    assert window.pump(lambda: str(window.tk.call("focus")) == str(page.filters.entry))
    return page


@pytest.fixture
def window(happened: str, open_station: OpenStation) -> Watched:
    made = open_station()
    made.press("<Alt-u>")
    assert made.at("start")
    page_of(made)
    return made


def keys(window: Watched, text: str) -> None:
    """Press the key of each character."""
    window.press(*("<space>" if char == " " else f"<Key-{char}>" for char in text))


def shown(page: RosterPage) -> list[str]:
    """The candidate numbers that the table shows."""
    return [str(page.table.view.set(iid, "sbd")) for iid in page.table.view.get_children()]


def entries(window: Watched, kind: str) -> list[Any]:
    """What the log has of a kind."""
    return [entry.body for entry in window.opened.store.entries(kind)]


def pane_of(window: Watched) -> Any:
    """The pane that is open."""
    page: RosterPage = window.shown
    assert page.pane is not None
    return page.pane


def test_search_and_filters_by_keys(window: Watched) -> None:
    page: RosterPage = window.shown
    assert len(shown(page)) == 24
    counted = page.counted.cget("text").replace("\u00a0", " ")  # a count is not broken
    assert counted.startswith("24 thí sinh, đã cho vào 8 · chưa đến 9 · chưa đến, đã gọi 2")
    assert "không nhận 1" in counted
    assert page.table.view.set("0", "number") == "001•••••0001"
    keys(window, "nguyen van")
    assert shown(page) == ["001", "008", "015", "022"]
    assert "4" in page.counted.cget("text")
    window.press("<Down>", "<Down>")
    assert page.row is not None
    assert page.row.sbd == "008"
    keys(window, " a")  # a space belongs to the table; a letter begins a search again
    assert page.search.get() == "nguyen vana"
    assert (shown(page), page.row) == ([], None)
    window.press("<Return>")
    assert "Chưa chọn thí sinh nào" in window.said
    window.press("<Escape>")
    assert len(shown(page)) == 24
    window.press("<Alt-r>", "<Right>", "<Right>")
    assert shown(page) == ["011", "014"]
    assert "chưa đến, đã gọi (2)" in page.filters.state_box.get()
    window.press("<Alt-p>", "<Right>")
    assert shown(page) == []
    window.press("<Escape>", "<Alt-p>", "<Right>")
    assert set(shown(page)) == {f"{sbd:03d}" for sbd in range(1, 25, 4)}
    window.press("<Escape>", "<Escape>")
    assert window.at("start")
    assert FEED not in [thread.name for thread in threading.enumerate()]


def test_each_look_is_in_the_log_with_its_reason_and_pictures_are_a_look_of_their_own(
    window: Watched,
) -> None:
    before = len(entries(window, "view"))
    window.press("<Return>", "<Return>")
    pane = pane_of(window)
    assert "reason" in pane.form.said
    assert len(entries(window, "view")) == before
    window.type("thí sinh hỏi giờ vào")
    window.press("<Return>")
    assert window.free()
    view = entries(window, "view")[-1]
    assert (view["what"], view["sbd"], view["reason"]) == ("candidate", "001", "thí sinh hỏi giờ vào")
    assert "Hai người cho vào: hai cán bộ đối chiếu ảnh" in window.shown_texts
    assert "Ra ngoài: đi vệ sinh" in window.shown_texts
    assert "của nhật ký" in window.shown_texts
    window.press("<Alt-n>")
    assert window.free()
    looked = entries(window, "view")[-1]
    assert looked["what"].startswith("evidence ")
    assert looked["reason"] == "thí sinh hỏi giờ vào"
    assert [each.filled for each in pane.photos.pictures.values()] == [True, True]
    count = len(entries(window, "view"))
    window.press("<Alt-e>")
    page: RosterPage = window.shown
    assert window.pump(lambda: page.pane is not None)
    assert "Two persons let in" in window.shown_texts
    assert len(entries(window, "view")) == count
    window.press("<Escape>")
    assert page.pane is None
    window.press("<Return>")
    assert pane_of(window).form.value("reason") == "thí sinh hỏi giờ vào"


def test_who_was_called_stands_there_large_and_in_the_log(window: Watched) -> None:
    page: RosterPage = window.shown
    spoken: list[str] = []
    window.speak = spoken.append  # type: ignore[assignment,method-assign]
    window.press("<Alt-g>", "<Return>")
    assert window.free()
    assert entries(window, "component")[-1]["called"] == ["016"]
    assert spoken == ["Mời số báo danh 016, Trần Thị Ánh"]
    assert "Trần Thị Ánh\nmời đến P4, chỗ 4" in window.shown_texts
    assert window.pump(lambda: page.roll is not None and page.roll.counts["called"] == 3)
    window.type("x")
    window.press("<Return>")
    assert "count" in pane_of(window).form.said
    pane_of(window).form.put("count", "2")
    window.press("<Return>")
    assert window.free()
    assert entries(window, "component")[-1]["called"] == ["017", "018"]
    window.press("<Escape>")
    assert page.pane is None


def test_out_and_back_and_the_list_follows(window: Watched) -> None:
    page: RosterPage = window.shown
    keys(window, "020")
    window.press("<Alt-i>")
    assert page.pane is None
    assert "SBD 020 chưa vào" in window.said
    window.press("<Escape>")
    keys(window, "002")
    window.press("<Alt-i>")
    pane_of(window).form.put("reason", "medical")
    window.press("<Return>")
    assert window.free()
    assert {"sbd": "002", "reason": "medical"}.items() <= entries(window, "exit")[-1].items()
    assert window.pump(lambda: page.row is not None and page.row.state == "out")
    assert "Vào lại" in page.acts["move"].cget("text")
    window.press("<Alt-i>", "<Return>")
    assert window.free()
    assert (
        "Vào lại" in window.said
    )  # the rules want another look first: nothing is entered, and it is said why
    assert [each["sbd"] for each in entries(window, "re-entry")] == ["005"]


def test_two_persons_add_somebody_and_what_is_wrong_is_said_at_its_field(window: Watched) -> None:
    page: RosterPage = window.shown
    window.press("<Alt-b>")
    assert window.free()
    pane = pane_of(window)
    assert window.pump(lambda: pane.form is not None)
    window.press("<Return>")
    assert "name" in pane.form.said
    wanted = {"name": "Đỗ Thị Thêm", "birth": "05/06/2001", "number": "001199000002", "reason": "walk-in"}
    for name, value in {**wanted, "second": "giam-sat"}.items():
        pane.form.put(name, value)
    window.press("<Return>")
    assert window.free()
    assert "number" in pane.form.said
    assert entries(window, "roster") == []
    pane.form.put("number", "001301000077")
    window.press("<Return>")
    assert window.free()
    entry = entries(window, "roster")[-1]
    assert (entry["sbds"], entry["second"]["id"], entry["reason"]) == (["025"], "giam-sat", "walk-in")
    assert page.pane is None
    assert window.pump(lambda: shown(page) == ["025"])
    assert "Thêm" not in str(window.trail.steps())


def test_locked_nobody_is_shown_and_the_search_is_there_again(window: Watched) -> None:
    keys(window, "tran")
    window.press("<F12>")
    assert "Trần" not in window.shown_texts
    assert window.page == "locked"
    assert FEED not in [thread.name for thread in threading.enumerate()]
    window.press("<Return>")
    page: RosterPage = window.shown
    assert page.search.get() == "tran"
    assert shown(page) == ["002", "009", "016", "023"]


def test_another_component_has_its_own_states(window: Watched) -> None:
    page: RosterPage = window.shown
    window.press("<Alt-u>", "<Right>")
    assert window.pump(lambda: page.roll is not None and page.roll.component == "yard")
    assert page.roll is not None
    assert (page.roll.inside, dict(page.roll.counts)) == (0, {"not-seen": 24})
    window.press("<Return>")
    pane_of(window).form.put("reason", "thí sinh hỏi")
    window.press("<Return>")
    assert window.free()
    assert "Kiểm tra tại bàn" not in window.shown_texts


@pytest.mark.parametrize(
    ("language", "scale"),
    [
        ("vi", 2.0),
        pytest.param("en", 2.0, marks=pytest.mark.slow),
        pytest.param("en", 1.0, marks=pytest.mark.slow),
        pytest.param("vi", 1.5, marks=pytest.mark.slow),
    ],
)
def test_it_fits_a_small_screen_and_tab_reaches_all_of_it(
    happened: str, open_station: OpenStation, language: str, scale: float
) -> None:
    window = open_station(language=language, scale=scale)
    window.press("<Alt-u>" if language == "vi" else "<Alt-t>")
    assert window.at("start")
    page = page_of(window)
    boxes = [page.filters.entry, page.filters.state_box, page.filters.room_box, page.filters.component_box]
    assert (
        out_of_reach(window, [*boxes, page.table.view, *page.acts.values(), window.main, window.left]) == []
    )
    view = page.table.view
    columns = ["#0", *map(str, view["displaycolumns"])]
    assert sum(view.column(name, "width") for name in columns) <= view.winfo_width() + 4
    assert {"sbd", "name"} <= set(columns)
    for act in ("call", "add"):
        page.begin(act)
        assert window.free()
        assert page.pane is not None
        assert page.pane.form is not None
        assert out_of_reach(window, list(page.pane.form.widgets.values())) == []
        page.back()


@pytest.mark.slow
def test_roles_and_the_second_persons_password_in_a_real_session(
    open_station: OpenStation, real: str, bench: Bench
) -> None:
    named = ("user", "add", "thu", "--by", "an", "--second", "binh", "--role", "secretary")
    assert proctor(*named, secrets={"an": PASSWORD, **BINH, **THU}).status == 0
    window = open_station()
    log_in(window, "nd", ND["nd"])
    assert window.at("start"), window.said
    page = page_of(window)
    assert set(page.acts) == {"call", "decide", "move"}
    assert "Bổ sung thí sinh" not in window.shown_texts
    window.press("<Escape>")
    assert window.at("start")
    window.press("<Alt-g>")
    assert window.at("login")
    log_in(window, "an", PASSWORD)
    assert window.at("start"), window.said
    page = page_of(window)
    assert set(page.acts) == {"call", "add"}
    window.press("<Alt-b>")
    assert window.free()
    pane = pane_of(window)
    assert window.pump(lambda: pane.form is not None)
    assert "binh" not in str(pane.form.widgets["second"].cget("values"))  # the rules take no administrator
    wanted = {"name": "Đỗ Thị Thêm", "birth": "05/06/2001", "number": "001301000077", "licence": "B"}
    for name, value in {**wanted, "room": "P1", "reason": "walk-in", "second": "thu"}.items():
        pane.form.put(name, value)
    pane.form.put("proof", "password")
    window.press("<Return>")
    assert window.pump(lambda: dialog_of(window) is not None), window.said
    dialog = dialog_of(window)
    dialog.entry.insert(0, THU["thu"])
    dialog.log_in.invoke()
    assert window.free()
    assert entries(window, "roster")[-1]["second"]["id"] == "thu", window.said
    assert window.pump(lambda: shown(page) == ["003"])


def dialog_of(window: Watched) -> Any:
    """The dialog that asks for a password, or None."""
    return next((each for each in window.winfo_children() if hasattr(each, "log_in")), None)
