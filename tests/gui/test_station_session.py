"""The session page as whoever runs a session uses it: keys, real Tk, a real root, and what it leaves in the log."""

from pathlib import Path
from typing import Any

import pytest

from proctor.gui.station.session import new
from sessions.course.day import record_self_test
from tests.gui.session_phases import AN, EVERYBODY, people, roster, seen, session
from tests.gui.test_station_start import OpenStation, Watched, bench, open_station
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor

__all__ = ["bench", "open_station"]

TESTED = {"reader": {"ok": 1, "needed": 1}}


@pytest.fixture
def real(home: Path, tmp_path: Path) -> str:
    """A real station with one administrator, and a session; return its id."""
    assert proctor("user", "add", "an", "--first", "--name", "Mẫu Một", secrets=AN).status == 0
    return session(tmp_path)


@pytest.fixture
def rehearsal(home: Path, tmp_path: Path) -> str:
    """A training root with a session of the same list; return its id."""
    path = tmp_path / "danh-sach.csv"
    path.write_text(roster(), encoding="utf-8")
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--training", "--json"),
    )
    assert made.status == 0, made.err
    return str(made.json["id"])


def entries(window: Watched, kind: str) -> list[Any]:
    """The bodies of a kind, in the open log."""
    return [entry.body for entry in window.opened.store.entries(kind)]


def enter(window: Watched, user: str = "an", secret: str = PASSWORD) -> None:
    """Somebody logs in; the page of the sessions."""
    window.variables["user"].set(user)
    window._page.password.focus_set()
    window.type(secret)
    window.press("<Return>")
    assert window.at("start"), window.said


def practise(window: Watched) -> None:
    """Into training by its button, then the session page."""
    window.press("<Alt-u>" if window.texts.language == "vi" else "<Alt-t>")
    assert window.at("start"), window.said
    window.press("<Control-Key-3>")
    assert window.at("session"), window.said
    seen(window)


def answer(window: Watched, secret: str) -> None:
    """Answer the dialog that asks for a password."""
    found: list[Any] = []

    def asked() -> bool:
        found[:] = [
            each for each in window.winfo_children() if hasattr(each, "log_in") and hasattr(each, "entry")
        ]
        return bool(found)

    assert window.pump(asked), window.said
    found[0].entry.insert(0, secret)
    found[0].log_in.invoke()


def at_rest(window: Watched) -> None:
    """Wait until what was asked for is done and shown."""
    assert window.pump(lambda: not window.background.busy)
    window.pump(seconds=0.15)
    seen(window)


def test_a_session_is_started_paused_resumed_and_closed_by_keys(open_station: OpenStation, real: str) -> None:
    window = open_station()
    enter(window)
    assert "Bấm Enter để so mã băm" in window.shown_texts
    assert window.main.cget("text") == "Bắt đầu phiên"
    record_self_test(window.opened.store, TESTED, note=b"", session=real, operator=window.operator)
    window.press("<Return>")
    assert window.at("session"), window.said
    seen(window)
    page = window._page
    assert page.pane.task == "start"
    hashed = page.known.session.roster_hash
    assert hashed[:16] not in window.shown_texts
    window.press("<Return>")
    assert page.pane.form.said["hash"]
    window.type(f"{hashed[:4]} {'0' * 4} {hashed[8:16]}")
    assert " 0000 " in page.pane.groups.cget("text")
    window.press("<Return>")
    assert "Nhóm 2" in page.pane.form.said["hash"]
    assert hashed[4:8] in page.pane.form.said["hash"]
    assert entries(window, "start") == []
    page.pane.form.put("hash", f"{hashed[:4]} {hashed[4:16]}")
    window.press("<Return>")
    at_rest(window)
    assert [body["roster_hash"] for body in entries(window, "start")] == [hashed]
    assert "bắt đầu" in window.said
    assert (page.known.state, page.next_task) == ("ready", "")

    window.press("<Alt-d>")
    assert page.pane.task == "pause"
    page.pane.form.widgets["reason"].set("chờ xe cứu thương")
    window.press("<Return>")
    at_rest(window)
    assert [body["reason"] for body in entries(window, "pause")] == ["other"]
    assert page.known.state == "paused"
    assert "Tạm dừng từ" in page.where.text
    window.press("<Return>")
    assert page.pane.task == "resume"
    window.press("<Return>")
    at_rest(window)
    assert [body["after"] for body in entries(window, "resume")] == ["pause"]

    window.press("<Alt-n>")
    assert page.pane.task == "close"
    assert "bốn mươi" in window.shown_texts
    window.press("<Escape>")
    at_rest(window)
    assert (window.page, entries(window, "close")) == ("session", [])
    window.press("<Alt-n>", "<Return>")
    at_rest(window)
    assert [(body["reason"], body["absent"]) for body in entries(window, "close")] == [("finished", 40)]
    assert page.known.state == "closed"
    assert page.offers == ("join", "new")
    assert "bốn mươi" in window.shown_texts
    window.press("<Escape>")
    assert window.at("start")
    assert window.pump(lambda: window.lines == ())


def test_without_a_device_test_two_persons_start_with_a_reason(open_station: OpenStation, real: str) -> None:
    named = ("user", "add", "binh", "--by", "an", "--role", "administrator")
    assert proctor(*named, secrets=AN | {"binh": SECOND_PASSWORD}).status == 0
    window = open_station()
    enter(window)
    window.press("<Return>")
    assert window.at("session")
    seen(window)
    page = window._page
    form = page.pane.form
    form.put("hash", page.known.session.roster_hash[:16])
    window.press("<Return>")
    at_rest(window)
    assert "Kiểm tra thiết bị" in form.said["untested"]
    assert not form.shows("second")
    window.press("<Alt-u>", "<Return>")
    assert "why" in form.said
    window.type("máy thử")
    assert [user for user, _ in page.known.second.people] == ["binh"]
    assert form.value("second") == "binh"
    window.press("<Return>")
    answer(window, SECOND_PASSWORD)
    at_rest(window)
    assert [body["second"]["id"] for body in entries(window, "start")] == ["binh"]


def test_lists_rooms_rules_and_times_by_their_numbers(open_station: OpenStation, rehearsal: str) -> None:
    window = open_station()
    practise(window)
    page = window._page
    view = page.pane.grid_.view
    assert view.set("theory", "listed") == view.set("theory", "away") == "40"
    window.press("<Alt-g>")
    assert page.pane.task == "times"
    window.type("lúc nào đó")
    window.press("<Return>")
    at_rest(window)
    assert "07:30" in page.pane.form.said["time"]
    page.pane.form.put("time", "00:00")
    window.press("<Return>")
    at_rest(window)
    assert [body["event"] for body in entries(window, "component")] == ["started"]
    assert page.pane.grid_.view.set("theory", "time") == "00:00"
    window.press("<Alt-Key-2>")
    assert len(page.pane.table.view.get_children()) == 40
    assert page.pane.table.view.set("theory/001", "sbd") == "001"
    window.press("<Alt-Key-3>")
    assert page.pane.table.view.set("theory/P1", "listed") == "20"
    window.press("<Return>")
    assert page.pane.task == "allocate"
    window.type("A, B")
    window.press("<Return>")
    at_rest(window)
    assert [body["rooms"] for body in entries(window, "allocation")] == [["A", "B"]]
    assert page.tab == "rooms"
    window.press("<Alt-Key-4>")
    assert page.known.session.rules.title in page.pane.words.get("1.0", "end")
    window.press("<Escape>")
    assert page.tab == "overview"


def test_a_new_session_is_made_from_a_list_at_the_window(
    open_station: OpenStation, rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "moi.csv"
    path.write_text(roster(5), encoding="utf-8")
    chosen = new.Choosers(open_file=lambda: str(path), save_file=lambda: "")
    monkeypatch.setattr(new, "Choosers", lambda: chosen)
    window = open_station()
    practise(window)
    window.press("<Control-n>")
    assert window.pump(lambda: isinstance(window._page.pane, new.NewPane))
    pane = window._page.pane
    window.press("<Alt-c>")
    assert window.free()
    assert pane.loaded is not None
    window.press("<Return>")
    assert pane.step == "session"
    pane.variables["rules"].set("driving-tt108-2026")
    pane.shown.show_parts(("theory",))
    window.press("<Return>")
    assert "địa điểm" in window.said
    window.press("<Alt-a>")
    window.type("Trung tâm Mới")
    window.press("<Alt-e>")
    assert window.pump(lambda: window.texts.language == "en")
    seen(window)
    assert window.pump(lambda: isinstance(window._page.pane, new.NewPane))
    pane = window._page.pane
    assert (pane.step, pane.variables["place"].get()) == ("session", "Trung tâm Mới")
    path.write_text(roster(6), encoding="utf-8")
    window.press("<Return>")
    assert window.free()
    assert "changed" in window.said
    path.write_text(roster(5), encoding="utf-8")
    window.press("<Return>")
    assert window.pump(lambda: pane.step == "result"), window.said
    opened = entries(window, "open")
    assert [(body["place"], body["candidates"]) for body in opened[1:]] == [("Trung tâm Mới", 5)]
    window.press("<Return>")
    seen(window)
    assert window._page.session.session_id == opened[1]["session"]
    assert opened[1]["session"] in window.page_title()


@pytest.mark.slow
def test_whoever_may_not_start_is_not_offered_it(
    open_station: OpenStation, home: Path, tmp_path: Path
) -> None:
    people()
    session(tmp_path)
    ran = proctor(
        *("user", "add", "van", "--by", "an", "--second", "binh", "--role", "component-examiner"),
        *("--name", "Phạm Văn Vấn Mẫu"),
        secrets=EVERYBODY | {"van": "sát hạch viên 3"},
    )
    assert ran.status == 0, ran.err
    window = open_station()
    enter(window, "van", "sát hạch viên 3")
    assert "Người có nhiệm vụ" in window.shown_texts
    window.press("<Control-n>")
    assert window.page == "start"
    window.press("<Return>")  # not to the desk: to the page where that person has something to do
    assert window.at("session")
    seen(window)
    assert window._page.offers == ()
    window.press("<Control-n>")
    assert window._page.offers == ()


@pytest.mark.parametrize(
    ("language", "scale"),
    [
        ("en", 2.0),
        pytest.param("vi", 2.0, marks=pytest.mark.slow),
        pytest.param("vi", 1.0, marks=pytest.mark.slow),
        pytest.param("en", 1.5, marks=pytest.mark.slow),
    ],
)
def test_every_pane_has_its_own_letters_and_tab_reaches_all_of_it(
    open_station: OpenStation, rehearsal: str, language: str, scale: float
) -> None:
    window = open_station(language=language, scale=scale)  # two widgets of one letter raise
    practise(window)
    assert never_reached(window) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_field_of_a_real_session_is_reached(
    open_station: OpenStation, real: str, language: str
) -> None:
    window = open_station(language=language)
    enter(window)
    window.press("<Control-Key-3>")
    seen(window)
    assert never_reached(window) == []


def never_reached(window: Watched) -> list[tuple[str, str]]:
    """Open each tab and each form; return the task of each field and button of a form that Tab does not reach."""
    page, found = window._page, list[tuple[str, str]]()
    for tab in page.bar.buttons:
        page.open_tab(tab)
        assert window.free()
    page.open_tab("overview")
    for task in page.offers:
        page.open_task(task)
        if task == "new":
            break
        fields = [each for name, each in page.pane.form.widgets.items() if page.pane.form.shows(name)]
        for widget in (*fields, window.main, window.left):
            for _ in range(60):
                if str(window.tk.call("focus")) == str(widget):
                    break
                window.event_generate("<Tab>")
                window.update()
            if str(window.tk.call("focus")) != str(widget):
                found.append((task, str(widget)))
    return found
