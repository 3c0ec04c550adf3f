"""A machine without a station, by keys: the first administrator is made at the window, once, by the command."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
import ttkbootstrap as ttk

from proctor.config import Places
from proctor.desk.runner import Runner, first_user
from proctor.errors import CommandError
from proctor.gui.station.first_form import FirstPage
from proctor.roots import open_real
from tests.gui.admin_phases import task
from tests.gui.test_station_admin import answer, fill, settled
from tests.gui.test_station_start import Watched, bench, open_station, out_of_reach
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor

__all__ = ["bench", "open_station"]

Open = Callable[..., Watched]


def typed(window: Watched, **values: str) -> None:
    """Type into fields of the form, each with the focus in it."""
    for name, value in values.items():
        entry = window.shown.form.widgets[name]
        entry.focus_set()
        window.update()
        entry.delete(0, "end")
        window.type(value)


def test_whoever_has_only_the_window_makes_the_station_and_its_second_administrator(
    open_station: Open, home: Path
) -> None:
    window = open_station()
    window.press("<Return>")
    assert window.at("first")
    page = window.shown
    assert isinstance(page, FirstPage)
    window.press("<Return>")
    assert page.form.said == {"id": "Chưa ghi. Điền ô này."}
    typed(window, id="giamdoc", name="Nguyễn Văn Mẫu", password=PASSWORD, again=SECOND_PASSWORD)
    window.press("<Return>")
    assert window.free()
    assert "không giống nhau" in page.form.said["again"]
    typed(window, password="ngắn", again="ngắn")
    window.press("<Return>")
    assert window.free()
    assert "ít nhất 8 ký tự" in page.form.said["password"]
    typed(window, password=PASSWORD, again=PASSWORD, id="Ông An")
    window.press("<Return>")
    assert window.free()
    assert "không hợp lệ" in page.form.said["id"]
    assert window.page == "first"
    typed(window, id="an.nv")
    window.press("<Return>")
    assert window.at("start"), window.said
    assert window.operator is not None
    assert (window.operator.user_id, window.operator.role) == ("an.nv", "administrator")
    vkey = Places.of(None).real / "station.vkey"
    assert vkey.is_file()
    assert str(vkey) in window.said
    assert PASSWORD not in "".join(each.get() for each in window.variables.values())
    task("people", "user-add", window)
    fill(window, id="binh", name="Trần Thị Thử", role="administrator")
    window.press("<Return>")
    answer(window, PASSWORD, SECOND_PASSWORD, SECOND_PASSWORD)
    assert settled(window)
    assert [row.key for row in window.shown.pane.table.rows] == ["an.nv", "binh"]
    window.leave()
    with open_real(Places.of(None).real, by="binh", ask=lambda _: SECOND_PASSWORD, login=True) as opened:
        added = [entry.body["user"] for entry in opened.store.entries("key") if "user" in entry.body]
        assert added[:2] == ["an.nv", "binh"]


def test_where_somebody_is_known_nobody_is_first_again(open_station: Open, home: Path) -> None:
    window = open_station()
    window.press("<Return>")
    assert window.at("first")
    typed(window, id="an", name="Mẫu Một", password=PASSWORD, again=PASSWORD)
    made = proctor("user", "add", "khac", "--first", "--name", "Người Khác", secrets={"khac": PASSWORD})
    assert made.status == 0
    window.press("<Return>")
    assert window.at("login"), "somebody else made the station meanwhile"
    assert "đăng nhập" in window.said
    assert str(window.main.cget("text")) == "Đăng nhập"
    window.begin_station()
    assert window.page == "login"
    with pytest.raises(CommandError, match="user-exists"):
        first_user(Places.of(None), "an", name="Mẫu Một", ask=lambda _: PASSWORD, language="vi")
    with pytest.raises(CommandError, match="user-needed"):
        Runner(Places.of(None), None, language="vi", ask=lambda _: PASSWORD).run("user", "list")
    window.press("<Alt-u>")
    assert window.at("start")
    assert window.training


@pytest.mark.parametrize("cut", ["_add_slot", "Store.create"])
def test_a_making_that_was_cut_short_is_done_again_with_another_password(
    open_station: Open, home: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "the power went")

    with monkeypatch.context() as at_once:
        at_once.setattr(f"sessions.users.{cut}", gone)
        window = open_station()
        window.press("<Return>")
        assert window.at("first")
        typed(window, id="an", name="Mẫu Một", password=PASSWORD, again=PASSWORD)
        window.press("<Return>")
        assert window.free()
        assert window.page == "first"
        window.leave()
    window = open_station()
    window.press("<Return>")
    assert window.at("first"), window.shown_texts
    typed(window, id="an", name="Mẫu Một", password=SECOND_PASSWORD, again=SECOND_PASSWORD)
    window.press("<Return>")
    assert window.at("start"), window.said
    window.leave()
    assert proctor("log", "verify", "--by", "an", "--json", secrets={"an": SECOND_PASSWORD}).json["ok"]


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        (("keys/keys.toml",), "keys-damaged"),
        (("keys/keys.toml", "station.db"), "keys-damaged"),
        (("root.toml",), "root-damaged"),
        (("root.toml", "station.db"), "root-damaged"),
    ],
)
def test_a_station_that_lost_a_file_is_no_machine_without_a_station(
    open_station: Open, home: Path, lost: tuple[str, ...], code: str
) -> None:
    made = proctor("user", "add", "an", "--first", "--name", "Mẫu Một", secrets={"an": PASSWORD})
    assert made.status == 0
    real = Places.of(None).real
    for name in lost:
        (real / name).unlink()
    before = {path: path.read_bytes() for path in real.rglob("*") if path.is_file()}
    window = open_station()
    window.press("<Return>")
    window.begin_station()
    assert window.page == "login"
    assert window.texts[code] in window.shown_texts
    with pytest.raises(CommandError):
        first_user(Places.of(None), "ke-gian", name="Kẻ Gian", ask=lambda _: PASSWORD, language="vi")
    for path, content in before.items():
        assert path.read_bytes() == content, path


def test_a_page_that_gets_lower_after_it_was_scrolled_comes_back_into_sight(
    open_station: Open, home: Path
) -> None:
    window = open_station(language="en", scale=2.0)
    window.press("<Return>")
    assert window.at("first")
    page = window.shown
    assert window.pump(lambda: bool(page.form.winfo_ismapped()))
    high = page.inside.winfo_reqheight()
    tall = ttk.Frame(page.inside, height=4 * high)
    tall.grid(row=0, column=0)
    assert window.pump(lambda: page.inside.winfo_height() > 4 * high)
    page.form.widgets["again"].focus_set()
    assert window.pump(lambda: page._canvas.canvasy(0) > high)
    tall.destroy()
    assert window.pump(lambda: bool(page.form.widgets["again"].winfo_ismapped()), seconds=3)
    assert page.inside.winfo_height() == high


@pytest.mark.parametrize(("language", "scale"), [("vi", 1.0), ("en", 2.0)])
def test_the_page_is_reached_by_tab_and_keeps_what_was_typed(
    open_station: Open, home: Path, language: str, scale: float
) -> None:
    window = open_station(language=language, scale=scale)
    window.press("<Return>")
    assert window.at("first")
    typed(window, id="an", name="Mẫu Một", password=PASSWORD)
    assert out_of_reach(window, [*window.shown.form.widgets.values(), window.left, window.main]) == []
    assert window.shown.inside.winfo_reqwidth() <= window.winfo_width()
    window.press("<Alt-e>" if language == "vi" else "<Alt-v>")
    assert window.page == "first"
    form = window.shown.form
    assert (form.value("id"), form.value("name"), form.value("password")) == ("an", "Mẫu Một", "")
    window.left.invoke()
    assert window.at("login")
    assert not (home / "real").exists()
