"""The station's window as a supervisor uses it: keys, real Tk, a real root; and a whole training check-in."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tkinter import ttk
from typing import Any

import pytest

from proctor.config import Places
from proctor.desk.equipment import EquipmentRow
from proctor.desk.events import Locked, Pressed
from proctor.desk.state import Leave, State
from proctor.gui.look import SCALES
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.going import Means, OpenDesk
from proctor.gui.station.real import means as real_means
from proctor.gui.station.settings import load_settings
from proctor.gui.station.window import StationWindow
from proctor.roots import ensure_training_root, open_training
from proctor.texts import load_texts
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.kept_bugs import Pumped

AN, BINH, ND = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}, {"nd": "sát hạch viên 1"}
SEED = "7d5f3b0a-0d0e-4f0a-8a52-1f2a3b4c5d6e"
PRIVATE = "Nguyễn Văn Mẫu 001099000001"
ROSTER = (
    "SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng\n"
    "001,Nguyễn Văn Mẫu,15/01/1999,001099000001,B,P1\n"
    "002,Trần Thị Mẫu,08/03/1999,001199000002,B,P2\n"
)


def row(kind: Any, sign: Any = "tick", fix: str = "") -> EquipmentRow:
    """A row of equipment."""
    return EquipmentRow(kind=kind, sign=sign, name=kind, words=sign, fix=fix)


GOOD = tuple(row(kind) for kind in ("reader", "camera", "scanner", "printer", "disk", "clock", "collector"))


@dataclass
class Stand:
    """Stands for a desk: keeps what it is told."""

    state: State = field(default_factory=lambda: State.first(SEED))
    told: list[Any] = field(default_factory=list)
    closed: bool = False
    leaving: bool = False

    @property
    def busy(self) -> bool:
        return self.state.phase == "working"

    def send(self, event: Any) -> None:
        self.told.append(event)
        self.leaving = self.leaving or event == Pressed(action="leave")

    def poll(self) -> bool:
        return self.leaving

    def asked(self) -> tuple[Any, ...]:
        left, self.leaving = self.leaving, False
        return (Leave(),) if left else ()

    def rows(self, texts: Any) -> tuple[EquipmentRow, ...]:
        return GOOD

    def close(self) -> None:
        self.closed = True


class Page(ttk.Frame):
    """Stands for the check-in page."""

    def __init__(self, parent: Any, window: Any, driver: Any) -> None:
        super().__init__(parent)
        self.entered = 0
        ttk.Label(self, text=PRIVATE).grid()

    def forward(self) -> None:
        self.entered += 1

    def turn(self, pages: int) -> None:
        """Nothing to turn."""


class Watched(Pumped, StationWindow):
    """The window, with what went wrong in its callbacks kept for the test."""

    def free(self) -> bool:
        """Wait until nothing is being done beside the window."""
        return self.pump(lambda: not self.background.busy)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self.update()
            self.tk.call("event", "generate", str(self.tk.call("focus")) or ".", key)
            self.pump(seconds=0.03)

    def type(self, text: str) -> None:
        """Type text where the focus is; letters that have no key of their own are put in."""
        self.tk.call(str(self.tk.call("focus")), "insert", "end", text)
        self.update()

    def at(self, page: str) -> bool:
        """Wait for a page."""
        return self.pump(lambda: self.page == page and not self.background.busy)

    @property
    def said(self) -> str:
        return str(self.message.cget("text"))

    @property
    def shown_texts(self) -> str:
        """Every text on the window."""
        found, waiting = [], list(self.winfo_children())
        while waiting:
            widget = waiting.pop()
            waiting += widget.winfo_children()
            if "text" in widget.keys() and widget.winfo_ismapped():  # noqa: SIM118 - a widget is no dict
                found.append(str(widget.cget("text")))
        return "\n".join(found)


@dataclass
class Bench:
    """What a test changes while the window is up."""

    now: float = 0.0
    rows: tuple[EquipmentRow, ...] = GOOD
    desks: list[Stand] = field(default_factory=list)
    stood: list[Any] = field(default_factory=list)

    def means(self) -> Means:
        def open_desk(opened: Any, session: Any, *, room: str, stood: Any, language: str) -> OpenDesk:
            self.desks.append(Stand())
            self.stood.append(stood)
            return OpenDesk(session=session, room=room, driver=self.desks[-1])

        return Means(
            open_desk=open_desk,
            make_page=Page,
            make_bar=lambda *_given: None,
            examine=lambda _places, _texts, _training: self.rows,
            clock=lambda: self.now,
        )


OpenStation = Callable[..., Watched]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def open_station(
    screen: str, home: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenStation]:
    """Opens the station's window; whatever goes wrong in a callback fails the test, unless the test takes it out."""
    monkeypatch.setenv("DISPLAY", screen)
    made: list[Watched] = []

    def open_it(
        *, language: str = "vi", scale: float = 1.0, means: Means | None = None, **more: Any
    ) -> Watched:
        window = Watched(
            Places.of(None), language=language, scale=scale, means=means or bench.means(), **more
        )
        made.append(window)
        window.focus_force()
        assert window.free()
        return window

    yield open_it
    for window in made:
        if window.alive:
            window.free()
            window.leave()
        assert not window.alive
    assert [bug for window in made for bug in window.bugs] == []


@pytest.fixture
def real(home: Path, tmp_path: Path) -> str:
    """A real station with an administrator, a second one, an examiner, and a session; return the session's id."""
    assert proctor("user", "add", "an", "--first", "--name", "Mẫu Một", secrets=AN).status == 0
    both = {**AN, **BINH}
    assert proctor("user", "add", "binh", "--by", "an", "--role", "administrator", secrets=both).status == 0
    named = ("user", "add", "nd", "--by", "an", "--second", "binh", "--role", "identity-examiner")
    assert proctor(*named, secrets={**both, **ND}).status == 0
    path = tmp_path / "list.csv"
    path.write_text(ROSTER, encoding="utf-8")
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    assert made.status == 0, made.err
    return str(made.json["id"])


def start_session(session: str) -> None:
    """Start it; two persons answer for a machine without the devices."""
    ran = proctor(
        *("session", "start", session, "--by", "an", "--second", "binh", "--without-self-test", "máy thử"),
        secrets={**AN, **BINH},
    )
    assert ran.status == 0, ran.err


def into_training(window: Watched) -> None:
    """Training by its own button, a session made, all by keys."""
    window.press("<Alt-u>" if window.texts.language == "vi" else "<Alt-t>")
    assert window.at("start")
    window.press("<Return>")
    assert window.pump(lambda: bool(window.lines) and not window.background.busy)


def choose(window: Watched, name: str) -> None:
    """Open the menu and go down to one of its lines."""
    window.press("<F10>")
    assert window._menu is not None
    for _ in range(list(window._menu.buttons).index(name)):
        window.press("<Down>")
    window.press("<Return>")


def log_in(window: Watched, user: str, secret: str) -> None:
    """Log in by keys."""
    window.press("<Alt-t>")
    window.variables["user"].set(user)
    window.press("<Alt-k>")
    window.type(secret)
    window.press("<Return>")


def test_without_a_station_nothing_but_its_button_leads_into_training(
    open_station: OpenStation, home: Path
) -> None:
    window = open_station()
    assert "bấm Tạo người quản trị đầu tiên" in window.shown_texts
    window.press("<Escape>")
    window.log_in()
    assert window.free()
    assert window.page == "login"
    assert "bấm Tạo người quản trị đầu tiên" in window.said
    window.press("<Return>")
    assert window.at("first")
    window.press("<Alt-q>")
    assert window.at("login")
    assert not (home / "training").exists()
    into_training(window)
    assert window.training
    assert "HUẤN LUYỆN" in window.title()
    assert "HUẤN LUYỆN" in window.shown_texts
    window.press("<Return>")
    assert window.at("checkin")
    assert "HUẤN LUYỆN" in window.shown_texts
    window.leave_desk()
    assert window.at("start")
    window.press("<Alt-r>")
    assert window.at("login")
    assert "HUẤN LUYỆN" not in window.title() + window.said


def test_log_in_choose_a_session_open_the_desk_lock_and_come_back(
    open_station: OpenStation, bench: Bench, real: str
) -> None:
    start_session(real)
    window = open_station()
    log_in(window, "nd", "sai mật khẩu")
    assert window.free()
    assert window.page == "login"
    assert len(window.said) > 20
    assert window.variables["password"].get() == ""
    assert str(window.tk.call("focus")) == str(window.shown.password)
    window.type(ND["nd"])
    window.press("<Return>")
    assert window.at("start"), window.said
    assert [(line.session_id, line.state) for line in window.lines] == [(real, "ready")]
    assert "sát hạch viên" in window.shown_texts
    window.shown.room.current(2)
    window.shown.room.event_generate("<<ComboboxSelected>>")
    window.press("<Return>")
    assert window.at("checkin"), window.said
    desk = window.going.desk
    assert desk is not None
    assert (desk.session.session_id, desk.session.component, desk.room) == (real, "theory", "P2")
    assert (window.page_title(), bench.stood) == (f"Lý thuyết · P2 · {real}", [None])
    window.press("<Return>")
    assert window.shown.entered == 1
    window.press("<F12>")
    assert window.page == "locked"
    assert PRIVATE not in window.shown_texts
    assert bench.desks[0].told == [Locked(locked=True)]
    window.type("không phải")
    window.press("<Return>")
    assert window.free()
    assert window.page == "locked"
    window.press("<Escape>", "<F10>")
    assert window.page == "locked"
    window.type(ND["nd"])
    window.press("<Return>")
    assert window.at("checkin"), window.said
    assert bench.desks[0].told[-1] == Locked(locked=False)
    assert not bench.desks[0].closed
    choose(window, "sessions")
    assert window.at("start")
    assert [desk.closed for desk in bench.desks] == [True]
    window.press("<Alt-g>")
    assert window.at("login")


def test_who_may_not_check_in_and_what_was_not_started_is_said(
    open_station: OpenStation, bench: Bench, real: str
) -> None:
    window = open_station()
    log_in(window, "an", PASSWORD)
    assert window.at("start"), window.said
    window.press("<F10>")
    assert window._menu is not None
    assert "check-in" not in window._menu.buttons
    window.press("<Escape>", "<Return>")
    assert window.at("session")
    assert bench.desks == []
    assert window.pump(lambda: window._page.known is not None and window.page == "session")
    window.press("<Escape>")
    assert window.free()
    window.press("<Escape>")
    assert window.at("start")
    window.press("<Alt-g>")
    assert window.at("login")
    log_in(window, "nd", ND["nd"])
    assert window.at("start"), window.said
    window.press("<F10>")
    assert window._menu is not None
    assert "check-in" in window._menu.buttons


def test_the_station_locks_by_itself_and_training_opens_without_a_password(
    open_station: OpenStation, bench: Bench
) -> None:
    window = open_station()
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin")
    minutes = window._idle_minutes()
    bench.now += 60 * minutes - 1
    window.press("<Shift_L>")
    bench.now += 60 * minutes - 1
    window.pump(seconds=1.2)
    assert window.page == "checkin"
    bench.now += 2
    assert window.pump(lambda: window.page == "locked", seconds=5)
    assert PRIVATE not in window.shown_texts
    window.press("<Return>")
    assert window.page == "checkin"


def in_banner(window: Watched, words: str) -> bool:
    """Whether the banner says this now."""
    return words in window.banner.cget("text")


def test_devices_that_go_and_come_back_are_said_with_what_to_do(
    open_station: OpenStation, bench: Bench
) -> None:
    bench.rows = (
        row("reader", "cross", "Cắm lại đầu đọc."),
        row("printer", "warning", "Bật máy in."),
        *GOOD[1:3],
    )
    window = open_station()
    assert window.pump(lambda: bool(window.devices))
    fixes = [str(each.cget("text")) for each in window.shown.devices.faults.winfo_children()]
    assert fixes == ["reader: cross. Cắm lại đầu đọc.", "printer: warning. Bật máy in."]
    assert not window.banner.winfo_ismapped()
    for rows, words in (
        (GOOD, "trở lại"),
        ((row("reader", "cross", "Cắm lại đầu đọc."),), "Cắm lại đầu đọc."),
    ):
        bench.rows = rows
        window._watch.again()
        assert window.pump(partial(in_banner, window, words))
        assert window.banner.winfo_ismapped()
    bench.now += 60
    assert window.pump(lambda: not window.banner.winfo_ismapped(), seconds=5)


def test_a_camera_that_is_made_ready_is_not_said_to_have_come_back(
    open_station: OpenStation, bench: Bench
) -> None:
    bench.rows = GOOD
    window = open_station()
    assert window.pump(lambda: bool(window.devices))
    opening = replace(row("camera", "cross", "…"), opening=True)
    for rows in ((GOOD[0], opening, *GOOD[2:]), GOOD):
        bench.rows = rows
        window._watch.again()
        assert window.pump(partial(shows, window, rows))
        assert not window.banner.winfo_ismapped()


def test_the_devices_of_training_are_not_shown_at_the_log_in(open_station: OpenStation, bench: Bench) -> None:
    bench.rows = (row("reader", "cross", "Cắm lại đầu đọc."),)
    window = open_station()
    into_training(window)
    bench.rows = GOOD
    window._watch.again()
    assert window.pump(partial(shows, window, GOOD))
    bench.rows = ()  # nothing is found for a while
    window.log_out()
    assert window.page == "login"
    assert window.devices == ()
    assert {str(cell.cget("image")[0]) for cell in window.shown.devices.cells.values()} == {
        str(window.look.sign("dots"))
    }


def shows(window: Watched, rows: tuple[EquipmentRow, ...]) -> bool:
    """Whether the page shows these rows now."""
    return window.devices == rows


def test_tab_stays_in_the_menu_whatever_lies_beneath(open_station: OpenStation) -> None:
    window = open_station()
    window.press("<F10>")
    assert window._menu is not None
    buttons = list(window._menu.buttons.values())
    for wanted in (*buttons[1:], buttons[0]):
        window.press("<Tab>")
        assert str(window.tk.call("focus")) == str(wanted)
    window.press("<Shift-Tab>")
    assert str(window.tk.call("focus")) == str(buttons[-1])


@pytest.mark.parametrize(
    ("language", "scale"),
    [
        ("en", 2.0),
        pytest.param("vi", 2.0, marks=pytest.mark.slow),
        pytest.param("vi", 1.0, marks=pytest.mark.slow),
        pytest.param("en", 1.0, marks=pytest.mark.slow),
    ],
)
def test_every_page_fits_a_small_screen_and_tab_reaches_all_of_it(
    open_station: OpenStation, language: str, scale: float
) -> None:
    window = open_station(language=language, scale=scale)  # two widgets of one letter raise
    assert out_of_reach(window, [window.shown.training, window.main, window.left]) == []
    into_training(window)
    assert (
        out_of_reach(
            window, [window.shown.table, window.shown.component, window.shown.room, window.main, window.left]
        )
        == []
    )
    view = window.shown.table
    assert sum(view.column(name, "width") for name in view["columns"]) <= view.winfo_width() + 4
    for cell in window.shown.devices.cells.values():
        assert cell.winfo_reqwidth() <= cell.winfo_width()
    window.press("<F10>")
    assert window._menu is not None
    menu = window._menu
    lowest = max(each.winfo_rooty() + each.winfo_height() for each in menu.buttons.values())
    assert lowest <= window.winfo_rooty() + window.winfo_height()
    buttons = list(menu.buttons.values())
    window.press("<Down>", "<Up>", "<Up>")
    assert str(window.tk.call("focus")) == str(buttons[-1])
    window.press("<Escape>")
    assert window._menu is None
    window.press("<F12>")
    assert window.page == "locked"


def out_of_reach(window: Watched, wanted: list[Any]) -> list[str]:
    """Go through everything by Tab; return what of this it does not reach, and what it reaches that is not on the
    screen."""
    window.pump(seconds=0.2)
    right, bottom = window.winfo_rootx() + window.winfo_width(), window.winfo_rooty() + window.winfo_height()
    outside = [] if right <= 1366 and bottom <= 768 else [f"the window: {right}×{bottom}"]
    reached: list[str] = []
    while (at := str(window.tk.call("focus"))) not in reached:
        reached.append(at)
        window.press("<Tab>")
        window.pump(seconds=0.06)
        widget = window.nametowidget(str(window.tk.call("focus")))
        middle = widget.winfo_rooty() + widget.winfo_height() // 2
        if (
            widget.winfo_rootx() + widget.winfo_width() > right
            or not window.winfo_rooty() <= middle <= bottom
        ):
            outside.append(f"not on the screen: {widget}")
    return [*outside, *(str(widget) for widget in wanted if str(widget) not in reached)]


def test_size_and_language_change_at_once_and_are_remembered(open_station: OpenStation, home: Path) -> None:
    window = open_station()
    window.variables["user"].set("nd")
    for key in ("<Control-plus>", "<Control-plus>", "<Control-minus>", "<Control-plus>"):
        window.press(key)
    assert window.look.scale == SCALES[2]
    window.press("<Alt-e>")
    assert window.main.cget("text") == "Make the first administrator"
    assert window.variables["user"].get() == "nd"
    window.leave()
    assert (load_settings(home).scale, load_settings(home).language) == (SCALES[2], "en")


def test_a_bug_leaves_a_file_without_anybodys_data_and_the_station_goes_on(
    open_station: OpenStation, bench: Bench, home: Path
) -> None:
    window = open_station()
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin")

    def break_down() -> None:
        name = PRIVATE
        raise ValueError(name)

    window.after(1, break_down)
    assert window.pump(lambda: bool(window.bugs))
    assert window.page == "checkin"
    file = next((home / "diagnostics").glob("crash-*.json"))
    assert str(file) in window.said
    text = file.read_text(encoding="utf-8")
    assert not any(
        part in text for part in ("Nguyễn", "Nguy\\u", "001099000001", str(home), "tests/gui/test")
    )
    report = json.loads(text)
    assert report["errors"][0]["kind"] == "ValueError"
    assert "break_down" in report["errors"][0]["frames"][-1]
    assert {"page.login", "page.start", "page.checkin"} <= {step["code"] for step in report["trail"]}
    for _ in range(2):
        window.after(1, break_down)
    end = time.monotonic() + 10
    while not window.broken and time.monotonic() < end:
        window.tk.dooneevent(2)
    assert window.broken
    window.bugs.clear()
    again = open_station(going=window.going)
    assert again.page == "checkin"
    assert again.driver is bench.desks[0]
    assert not bench.desks[0].closed
    assert "đã mở lại" in again.said


def test_a_bug_of_a_thread_leaves_the_same_file_and_is_said(
    open_station: OpenStation, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", before.append)
    window = open_station()

    def break_down() -> None:
        name = PRIVATE
        raise ValueError(name)

    threading.Thread(target=break_down, name="cards").start()
    assert window.pump(lambda: "chạy nền" in window.said, seconds=5)
    file = next((home / "diagnostics").glob("crash-*.json"))
    assert str(file) in window.said
    text = file.read_text(encoding="utf-8")
    assert json.loads(text)["errors"][0]["kind"] == "ValueError"
    assert not any(part in text for part in ("Nguyễn", "Nguy\\u", "001099000001", str(home)))
    assert len(before) == 1
    window.leave()
    assert threading.excepthook == before.append


def test_nothing_closes_while_a_candidate_is_at_the_desk(open_station: OpenStation, bench: Bench) -> None:
    window = open_station()
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin")
    stand = bench.desks[0]
    stand.state = replace(stand.state, phase="working")
    window.leave()
    assert window.alive
    window.log_out()
    assert (window.page, stand.closed) == ("checkin", False)
    assert "Đang có thí sinh" in window.said
    stand.state = replace(stand.state, phase="waiting")


def test_a_whole_training_check_in_by_keys_alone(open_station: OpenStation, home: Path) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin"), window.said
    driver: Any = window.driver
    window.press("<F1>", "<F1>")  # the third one's chip was altered
    window.press("<F3>")
    assert window.pump(lambda: driver.state.claim is not None), window.said
    sounds, spoken = driver.runtime.sounds, list[tuple[str, str]]()
    sounds.speak = lambda _name, text: spoken.append((sounds.language, text))
    choose(window, "language")
    window.press("<F2>")
    assert window.pump(lambda: driver.state.phase == "verdict", seconds=90), driver.state.phase
    assert driver.state.run.verdict.value == "REFUSE"
    assert spoken[-1] == ("en", load_texts("en")["desk.speak.wait"])  # not as the desk was opened
    choose(window, "language")
    assert sounds.language == "vi"
    assert "KHÔNG NHẬN" in canvas_words(window)
    window.press("<F11>")
    assert driver.runtime.sounds.on
    assert "Đã bật tiếng" in window.banner.cget("text")  # the test's desk opened silent
    choose(window, "sounds")
    assert not driver.runtime.sounds.on
    assert "F11" in window.banner.cget("text")
    window.press("<F10>", "<Escape>", "<F12>")
    assert window.page == "locked"
    assert "KHÔNG NHẬN" not in canvas_words(window)
    window.press("<Return>")
    assert "KHÔNG NHẬN" in canvas_words(window)
    window.press("<Return>")
    assert window.pump(lambda: driver.state.phase == "waiting")
    assert driver.state.spent
    window.press("<F2>")
    assert window.pump(lambda: not driver.state.cards)
    threads = {thread.name for thread in threading.enumerate()}
    assert {"attempts", "cards"} & threads
    choose(window, "sessions")
    assert window.at("start")
    line = window.lines[0]
    assert (line.state, line.inside) == ("running", 0)
    window.leave()
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        entries = opened.store.entries("attempt", line.session_id)
    assert [entry.body["verdict"] for entry in entries] == ["REFUSE"]
    left = {thread.name for thread in threading.enumerate()}
    assert not {"attempts", "cards", "equipment", "start-equipment"} & left


@pytest.mark.slow
def test_who_does_as_asked_is_let_in_and_who_only_holds_the_card_is_not(open_station: OpenStation) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin"), window.said
    driver: Any = window.driver
    for verdict, words in (("ADMIT", "ĐÚNG NGƯỜI"), ("REFUSE", "KHÔNG NHẬN")):
        window.press("<F3>")
        assert window.pump(lambda: driver.state.claim is not None and not window.background.busy)
        window.press("<F2>")
        assert window.pump(lambda: driver.state.phase in {"verdict", "deciding"}, seconds=120)
        assert (driver.state.run.verdict.value, words in canvas_words(window)) == (verdict, True)
        window.press("<Return>", "<F2>", "<F1>")
        assert window.pump(lambda: driver.state.phase == "waiting" and not driver.state.cards)


def canvas_words(window: Watched) -> str:
    """Every word that is drawn on a canvas or stands in a label."""
    words, waiting = [window.shown_texts], list(window.winfo_children())
    while waiting:
        widget = waiting.pop()
        waiting += widget.winfo_children()
        if widget.winfo_class() == "Canvas" and widget.winfo_ismapped():
            canvas: Any = widget
            words += [
                str(canvas.itemcget(item, "text"))
                for item in canvas.find_all()
                if canvas.type(item) == "text"
            ]
    return "\n".join(words)
