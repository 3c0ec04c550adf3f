"""The roster's window as a supervisor uses it: keys, real Tk, real files, a real log."""

import tkinter
from pathlib import Path
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

import pytest
import xlsxwriter

from proctor.config import Places
from proctor.roots import ensure_training_root, open_training
from sessions.session import Session, list_sessions
from tests.gui.conftest import OpenWindow, Watched
from tests.support.cli import PASSWORD, proctor

HEAD = "SBD;Họ và tên;Ngày sinh;Số định danh;Hạng;Phòng"
GOOD = [
    "001;Nguyễn Văn Mẫu;15/01/1999;001099000001;B;P1",
    "002;Trần Thị Mẫu;08/03/1999;001199000002;B;P1",
]
BAD = "003;Lê Văn Mẫu;31/02/1999;001099000003;B;P1"


def write(folder: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path = folder / "danh-sach.csv"
    path.write_bytes(("\n".join((HEAD, *rows)) + "\n").encode(encoding))
    return path


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return write(tmp_path, *GOOD, BAD)


def cells(window: Watched) -> list[tuple[str, ...]]:
    view = window.shown.table.view
    return [tuple(str(view.set(row, column)) for column in view["columns"]) for row in view.get_children()]


def training_sessions() -> tuple[Session, ...]:
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        return list_sessions(opened.store)


def fill(window: Watched, *, rules: str = "driving-tt108-2026", place: str = "Trung tâm Mẫu") -> None:
    """Fill page two in as by hand: the combobox tells of its choice by its own event."""
    box = window.shown.fields["rules"]
    ids = [choice.rules_id for choice in window.shown._choices]
    box.current(ids.index(rules))
    box.event_generate("<<ComboboxSelected>>")
    window.settle()
    window.shown._parts["theory"].set(True)
    window.shown._parts["yard"].set(True)
    window.variables["place"].set(place)


def test_refused_rows_come_first_with_row_column_value_and_why(open_window: OpenWindow, roster: Path) -> None:
    window = open_window(path=roster)
    assert window.variables["tab"].get() == "refused"
    assert [row[:3] for row in cells(window)] == [("4", "Ngày sinh", "31/02/1999")]
    shown = window.shown.detail.cget("text")
    assert "Dòng 4" in shown
    assert "31/02/1999" in shown
    assert "ngày/tháng/năm" in shown
    assert window.shown.figures["used"].cget("text").strip() == "2"
    assert window.shown.figures["refused"].cget("text").strip() == "1"


def test_numbers_keep_their_zeros_in_the_table(open_window: OpenWindow, roster: Path) -> None:
    window = open_window(path=roster)
    window.press("<Alt-d>")
    assert [(row[1], row[4]) for row in cells(window)] == [("001", "001099000001"), ("002", "001199000002")]


def test_a_whole_import_by_keys_alone(open_window: OpenWindow, roster: Path) -> None:
    window = open_window(choose=lambda: str(roster))
    window.press("<Alt-c>")
    assert window.pump(lambda: window.loaded is not None and not window.background.busy)
    window.press("<Alt-t>")
    assert window.page == "session"
    window.press("<space>")  # the focus is on "go on without the refused rows"
    assert window.variables["skip"].get() is True
    window.press("<Alt-q>")
    assert window.focused == str(window.shown.fields["rules"])
    window.press("<Down>")  # opens nothing to look at, chooses with the next keys
    window.press("<Escape>")
    fill(window)
    window.shown.fields["place"].focus_set()
    window.press("<Return>")
    assert window.pump(lambda: window.created is not None), window.message.cget("text")
    session = training_sessions()[0]
    assert window.created is not None
    assert (window.created.session_id, window.created.roster_hash) == (
        session.session_id,
        session.roster_hash,
    )
    assert session.components == ("theory", "yard")
    assert [seat.sbd for seat in session.seats] == ["001", "002"]
    assert session.place == "Trung tâm Mẫu"
    window.settle()
    assert window.shown.session.get() == session.session_id
    shown = [child for child in window.shown.inside.winfo_children() if isinstance(child, ttk.Label)]
    texts = " ".join(str(label.cget("text")) for label in shown)
    assert session.roster_hash in texts.replace(" ", "")


def test_tab_reaches_everything_and_stays_in_view(open_window: OpenWindow, roster: Path) -> None:
    window = open_window(path=roster, scale=2.0)
    window.press("<Alt-t>")
    fill(window)
    reached: list[str] = []
    while window.focused not in reached:
        reached.append(window.focused)
        at = window.nametowidget(window.focused)
        if at not in (window.left, window.main, window.language):
            page = window.shown
            assert page.winfo_rooty() <= at.winfo_rooty() + at.winfo_height() // 2, window.focused
            assert at.winfo_rooty() + at.winfo_height() // 2 <= page.winfo_rooty() + page.winfo_height()
        window.press("<Tab>")
    for field in (*window.shown.fields.values(), window.left, window.main, window.language):
        assert str(field) in reached


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_buttons_and_figures_fit_a_small_screen(open_window: OpenWindow, roster: Path, scale: float) -> None:
    window = open_window(path=roster, scale=scale)
    for page in ("file", "session"):
        right = window.winfo_rootx() + window.winfo_width()
        bottom = window.winfo_rooty() + window.winfo_height()
        assert (right, bottom) <= (1366, 768)
        for widget in (window.left, window.main, window.language, window.message):
            assert widget.winfo_viewable()
            assert widget.winfo_rootx() + widget.winfo_width() <= right
            assert widget.winfo_rooty() + widget.winfo_height() <= bottom
        shown = (
            (window.shown.table.view, *window.shown.figures.values(), *window.shown.buttons.values())
            if page == "file"
            else tuple(window.shown.fields.values())
        )
        for widget in shown:
            assert widget.winfo_viewable(), widget
            lowest = widget.winfo_rooty() + widget.winfo_height()
            assert scale > 1 or lowest <= window.message.winfo_rooty(), widget
        if page == "file":
            assert window.shown.table.view.winfo_height() >= 5 * window.look.body.metrics("linespace")
            window.press("<Alt-t>")


def test_no_text_is_smaller_than_14_points(open_window: OpenWindow) -> None:
    window = open_window()
    sizes = {name: tkfont.nametofont(name, root=window).actual("size") for name in tkfont.names(root=window)}
    assert sizes
    small = {name: size for name, size in sizes.items() if abs(size) < 14}
    assert small == {}


def test_what_is_missing_is_said_and_gets_the_focus(open_window: OpenWindow, roster: Path) -> None:
    window = open_window()
    window.press("<Return>")
    assert "Chưa chọn tệp" in window.message.cget("text")
    window.load(roster)
    assert window.pump(lambda: not window.background.busy)
    window.press("<Alt-t>")
    window.press("<Alt-d>")
    assert "bị từ chối" in window.message.cget("text")
    window.variables["skip"].set(True)
    for field, spoil in (("place", ""), ("day", "12/31/2026")):
        fill(window)
        window.variables["day"].set("22/11/2026")
        window.variables[field].set(spoil)
        window.press("<Alt-d>")
        assert window.message.cget("text").strip()
        assert window.focused == str(window.shown.fields[field])
    assert window.created is None


def test_the_language_changes_and_nothing_typed_is_lost(open_window: OpenWindow, roster: Path) -> None:
    window = open_window(path=roster)
    window.press("<Alt-t>")
    fill(window, place="Phòng máy 2")
    window.press("<Alt-e>")
    assert "Import" in window.main.cget("text")
    assert window.variables["place"].get() == "Phòng máy 2"
    assert window.shown.components == ("theory", "yard")
    window.press("<Alt-v>")
    assert "Nhập" in window.main.cget("text")


def test_page_down_shows_the_rest_of_a_page_that_is_too_long(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(path=write(tmp_path, *GOOD), scale=2.0)
    window.forward()
    fill(window)
    window.forward()
    assert window.pump(lambda: window.page == "result"), window.message.cget("text")
    window.settle()
    last = window.shown.inside.winfo_children()[-1]
    end = window.shown.winfo_rooty() + window.shown.winfo_height()
    assert last.winfo_rooty() + last.winfo_height() > end
    for _ in range(4):
        window.press("<Next>")
    assert last.winfo_rooty() + last.winfo_height() <= end
    assert "băm" in str(last.cget("text"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_has_letters_of_its_own(open_window: OpenWindow, tmp_path: Path, language: str) -> None:
    window = open_window(language=language, path=write(tmp_path, *GOOD))  # two widgets of one letter raise
    window.forward()
    fill(window)
    window.forward()
    assert window.pump(lambda: window.page == "result"), window.message.cget("text")


def test_a_guessed_encoding_is_shown_with_names_and_can_be_changed(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    path = tmp_path / "cu.csv"
    path.write_bytes(
        "SBD;Hä vµ tªn;Ngµy sinh;Sè ®Þnh danh\n001;NguyÔn V¨n MÉu;15/01/1999;001099000001\n"
        "002;TrÇn ThÞ MÉu;08/03/1999;001199000002\n".encode("cp1252")
    )
    window = open_window(path=path)
    assert window.loaded is not None
    assert window.loaded.roster.encoding == "tcvn3"
    offered = [str(child.cget("text")) for child in window.shown.encodings.winfo_children()]
    assert any("TCVN3" in text and "Nguyễn Văn Mẫu" in text for text in offered)
    assert len(offered) > 2
    window.press("<Alt-d>")
    assert cells(window)[0][2] == "Nguyễn Văn Mẫu"
    other = next(choice.encoding for choice in window.loaded.roster.previews if choice.encoding != "tcvn3")
    window.variables["encoding"].set(other)
    window.read_again()
    assert window.pump(lambda: not window.background.busy)
    if window.loaded.roster.encoding == other:
        assert "Nguyễn Văn Mẫu" not in {row[2] for row in cells(window)}


def test_which_sheet_of_several_is_asked(open_window: OpenWindow, tmp_path: Path) -> None:
    path = tmp_path / "hai-trang.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, first in (("Ca 1", "001"), ("Ca 2", "101")):
            sheet = book.add_worksheet(name)
            for place, cells_of_row in enumerate((HEAD, *GOOD)):
                for column, text in enumerate(cells_of_row.replace("001;", f"{first};").split(";")):
                    sheet.write_string(place, column, text)
    window = open_window(path=path)
    assert window.loaded is not None
    window.press("<Alt-t>")
    assert window.page == "file"
    assert "nhiều trang" in window.message.cget("text")
    assert window.variables["sheet"].get() == ""  # nobody has chosen
    asked = window.shown.encodings.winfo_children()
    assert [str(child.cget("text")) for child in asked[1:]] == ["Ca 1", "Ca 2"]
    asked[2].invoke()
    assert window.pump(lambda: not window.background.busy)
    assert window.loaded.roster.sheet == "Ca 2"
    window.press("<Alt-d>")
    assert cells(window)[0][1] == "101"
    window.press("<Alt-t>")
    assert window.page == "session"


def test_a_file_that_is_no_roster_is_refused_in_words(open_window: OpenWindow, tmp_path: Path) -> None:
    path = tmp_path / "anh.csv"
    path.write_bytes(b"\xff\xd8\xff\xe0 no roster at all")
    window = open_window()
    for bad in (path, tmp_path / "absent.csv"):
        window.load(bad)
        assert window.pump(lambda: not window.background.busy)
        assert len(window.message.cget("text")) > 20
        assert "[" not in window.message.cget("text")
    assert window.loaded is None


def test_a_bug_in_a_callback_is_said_without_anybodys_data_and_fails_a_test(
    open_window: OpenWindow, roster: Path
) -> None:
    window = open_window(path=roster)

    def broken() -> None:
        raise KeyError("001099000001")

    window.after(0, broken)
    window.settle()
    assert [type(bug) for bug in window.bugs] == [KeyError]
    assert "KeyError" in window.message.cget("text")
    assert "001099000001" not in window.message.cget("text")
    window.bugs.clear()


def test_the_template_is_saved_and_read_again(open_window: OpenWindow, tmp_path: Path) -> None:
    path = tmp_path / "mau.xlsx"
    window = open_window(save=lambda: str(path))
    window.press("<Alt-m>")
    assert window.pump(lambda: path.exists() and not window.background.busy), window.message.cget("text")
    assert str(path) in window.message.cget("text")
    window.load(path)
    assert window.pump(lambda: not window.background.busy)
    assert window.loaded is not None


def test_a_real_session_asks_who_creates_it(open_window: OpenWindow, home: Path, tmp_path: Path) -> None:
    made = proctor(
        "user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", "--json", secrets={"an": PASSWORD}
    )
    assert made.status == 0, made.err
    window = open_window(training=False, path=write(tmp_path, *GOOD))
    window.forward()
    assert window.variables["user"].get() == "an"
    fill(window)
    for answer, done in ((None, False), ("sai mật khẩu", False), (PASSWORD, True)):
        window.forward()
        dialog = answered(window)
        if answer is None:
            dialog.give_up.invoke()
        else:
            dialog.entry.insert(0, answer)
            dialog.log_in.invoke()
        assert window.pump(lambda: not window.background.busy)
        assert (window.created is not None) is done
        assert done or len(window.message.cget("text")) > 20
    assert window.created is not None
    assert window.created.session_id.startswith("S-")
    shown = proctor(
        "session", "show", window.created.session_id, "--by", "an", "--json", secrets={"an": PASSWORD}
    )
    assert shown.json["roster_hash"] == window.created.roster_hash


def answered(window: Watched) -> Any:
    """The log-in that the window shows."""

    def dialogs() -> list[Any]:
        return [child for child in window.winfo_children() if isinstance(child, tkinter.Toplevel)]

    assert window.pump(lambda: bool(dialogs()))
    return dialogs()[0]


def test_without_a_station_the_window_says_how_to_make_one(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(training=False, path=write(tmp_path, *GOOD))
    window.forward()
    assert window.page == "file"
    assert "bấm Tạo người quản trị đầu tiên" in window.message.cget("text")


def test_the_window_waits_for_what_is_being_written(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(path=write(tmp_path, *GOOD))
    window.forward()
    fill(window)
    window.forward()
    window.leave()
    assert window.alive
    assert window.pump(lambda: window.created is not None)
    assert len(training_sessions()) == 1
