"""One session at two stations, all of it at their windows: divide, join, check somebody in, hand over, merge, close."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from tests.gui.session_phases import EVERYBODY, HOA, people, seen, session, start_session
from tests.gui.test_station_session import answer
from tests.gui.test_station_session import enter as log_in
from tests.gui.test_station_start import OpenStation, Watched, bench, open_station
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.desk_window import (
    AtWork,
    _into_training,
    check_in,
    make_films,
    make_session,
    recorded_means,
)

__all__ = ["bench", "open_station"]

COUNT = 6


@contextmanager
def station(home: Path, films: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[AtWork]:
    """A station's window in training, on its list of sessions; its data lie in `home`."""
    monkeypatch.setenv("PROCTOR_HOME", str(home))
    window = AtWork(Places.of(None), language="vi", means=recorded_means(films))
    try:
        window.focus_force()
        window.pump(lambda: str(window.tk.call("focus")) != "" and not window.background.busy)
        _into_training(window)
        yield window
    finally:
        window.pump(lambda: not window.background.busy)
        window.leave()
    assert window.bugs == []


def on_page(window: AtWork) -> Any:
    """Open the session page; return it once it was looked at."""
    window.press("<Control-Key-3>")
    window.pump(lambda: window.page == "session" and not window.background.busy)
    rested(window)
    return window._page


def rested(window: AtWork) -> None:
    """Wait until the page has looked at the session, if there is one."""
    page: Any = window._page
    window.pump(
        lambda: (
            not window.background.busy and ((page.fresh and page.pane is not None) or page.session is None)
        )
    )
    window.update()
    assert window.bugs == []


def fill(window: AtWork, **values: str) -> None:
    """Type into fields of the form that is open."""
    for name, value in values.items():
        window._page.pane.form.put(name, value)
        window._page.pane.changed(name)


def enter(window: AtWork) -> str:
    """Enter on the form; return every line that it came to."""
    pane = window._page.pane
    window.press("<Return>")
    window.pump(lambda: not window.background.busy)
    assert pane.ended, (pane.form.said, window.message.cget("text"))
    return "\n".join([*(line.text for line in pane.lines.winfo_children()), str(pane.groups.cget("text"))])


def key_in(said: str) -> str:
    """The fingerprint that is to be read aloud."""
    found = re.search(r"(?:[0-9a-f]{8} ){7}[0-9a-f]{8}", said)
    assert found is not None, said
    return found[0]


def test_two_stations_share_a_session_at_their_windows(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    main, other, usb = tmp_path / "main", tmp_path / "other", tmp_path / "usb"
    films = make_films(tmp_path / "films")
    monkeypatch.setenv("PROCTOR_HOME", str(main))
    whole = make_session(Places.of(None), COUNT)
    sbds = [seat.sbd for seat in whole.seats]
    first, second = f"{sbds[2]}-{sbds[-1]}", f"{sbds[0]}-{sbds[1]}"

    with station(main, films, monkeypatch) as window:
        page = on_page(window)
        assert "split" in page.offers
        window.press("<Alt-c>")
        assert page.pane.task == "split"
        assert "Phần 1 (trạm này): 3 thí sinh" in page.pane.lines.winfo_children()[0].text
        fill(window, way="by-range", ranges=f"{first},{sbds[0]}", folder=str(usb))
        window.press("<Return>")
        window.pump(lambda: not window.background.busy)
        assert sbds[1] in page.pane.form.said["ranges"]  # in no part: nothing was divided
        assert window.opened.store.entries("split") == ()
        fill(window, ranges=f"{first},{second}")
        said = enter(window)
        assert f"{whole.session_id}-p2.part" in said
        key = key_in(said)
        window.press("<Return>")
        rested(window)
        assert page.known.missing_parts == (2,)
        assert "close" not in page.offers
        assert page.known.candidates == COUNT - 2
        window.press("<Alt-c>")  # the stick was lost: the form knows how it was divided
        (usb / f"{whole.session_id}-p2.part").unlink()
        fill(window, folder=str(usb))
        enter(window)
        assert (usb / f"{whole.session_id}-p2.part").is_file()
        assert len(window.opened.store.entries("split")) == 1

    with station(other, films, monkeypatch) as window:
        page = on_page(window)
        assert page.session is None
        window.press("<Alt-n>")
        assert page.pane.task == "join"
        fill(window, file=str(usb / f"{whole.session_id}-p2.part"))
        window.press("<Return>")
        window.pump(lambda: not window.background.busy)
        assert "điện thoại" in page.pane.form.said["key"]
        assert key.split()[0] not in page.pane.form.said["key"]
        fill(window, key="0" * 64)
        window.press("<Return>")
        window.pump(lambda: not window.background.busy)
        assert "không dùng tệp" in page.pane.form.said["key"]
        fill(window, key=key)
        assert "Đã nhận" in enter(window)
        window.press("<Return>")
        window.pump(lambda: window._page is not page and not window.background.busy)
        rested(window)
        page = window._page
        part = f"{whole.session_id}-p2"
        assert page.known.session.session_id == part
        assert (page.known.candidates, page.known.missing_parts) == (2, ())
        assert {"split", "close"}.isdisjoint(page.offers)
        window.press("<Escape>")
        window.pump(lambda: window.page == "start" and not window.background.busy)
        window.press("<Return>")
        window.pump(lambda: window.idle_desk)
        checked = check_in(window)
        assert (checked.sbd, checked.verdict) == (sbds[0], "ADMIT")
        page = on_page(window)
        window.press("<Alt-a>")
        assert page.pane.task == "hand-over"
        fill(window, folder=str(usb))
        said = enter(window)
        theirs = key_in(said)
        pack = next(usb.glob("*.pack"))
        assert pack.name in said
        assert "chưa thấy 1" in said
        window.press("<Return>")
        rested(window)
        assert page.known.state == "closed"

    with station(main, films, monkeypatch) as window:
        page = on_page(window)
        window.press("<Alt-p>")
        assert page.pane.task == "merge"
        fill(window, file=str(pack), key=theirs)
        said = enter(window)
        assert "Đủ các phần" in said
        window.press("<Return>")
        rested(window)
        assert (page.known.missing_parts, page.known.candidates) == ((), COUNT)
        line = page.known.components[0]
        assert (line.figures["listed"], line.figures["inside"]) == (COUNT, 1)
        window.press("<Alt-n>")
        assert page.pane.task == "close"
        window.press("<Return>")
        window.pump(lambda: not window.background.busy)
        rested(window)
        assert page.known.state == "closed"
        closed = window.opened.store.entries("close")[-1].body
        assert (closed["candidates"], closed["absent"]) == (COUNT, COUNT - 1)

    for home in (main, other):
        monkeypatch.setenv("PROCTOR_HOME", str(home))
        ran = proctor("log", "verify", "--training", "--full", "--json")
        assert ran.status == 0, ran.out


def on(window: Watched) -> Any:
    """The session page, looked at."""
    window.press("<Control-Key-3>")
    assert window.at("session"), window.said
    seen(window)
    return window._page


def put(form: Any, **values: str) -> None:
    """Type into fields."""
    for name, value in values.items():
        form.put(name, value)


def ended(window: Watched, *, pressed: bool = False) -> str:
    """Enter the form; return what it came to."""
    pane = window._page.pane
    if not pressed:
        window.press("<Return>")
    assert window.pump(lambda: pane.ended), (pane.form.said, window.said)
    return "\n".join([*(line.text for line in pane.lines.winfo_children()), str(pane.groups.cget("text"))])


@pytest.mark.slow
def test_a_real_part_travels_sealed_and_comes_back_by_two_persons(
    open_station: OpenStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passphrase, key and second person are asked for in the forms; each mistake is said beneath its field."""
    main, other, usb, office = (tmp_path / name for name in ("main", "other", "usb", "office"))
    secret = {"department": "mật khẩu cơ quan mẫu"}
    assert proctor("department", "init", "--out", office, "--name", "Sở Mẫu", secrets=secret).status == 0
    monkeypatch.setenv("PROCTOR_HOME", str(main))
    people()
    session_id = session(tmp_path)
    window = open_station()
    log_in(window, "an", PASSWORD)
    page = on(window)
    window.press("<Alt-c>")
    form = page.pane.form
    for values, field in (
        ({"parts": "41", "passphrase": "câu mật khẩu", "again": "câu mật khẩu"}, "parts"),
        ({"parts": "2", "passphrase": "ngắn", "again": "ngắn"}, "passphrase"),
        ({"passphrase": "câu mật khẩu", "again": "câu mật khẩu khác"}, "again"),
    ):
        put(form, **values, folder=str(usb))
        window.press("<Return>")
        assert window.free()
        assert field in form.said, window.said
        assert window.opened.store.entries("split") == ()
    put(form, again="câu mật khẩu")
    key = key_in(ended(window))
    window.leave()

    monkeypatch.setenv("PROCTOR_HOME", str(other))
    people()
    pinning = ("keys", "department", office / "department.pub", "--by", "an", "--second", "binh")
    assert proctor(*pinning, secrets=EVERYBODY).status == 0
    window = open_station()
    log_in(window, "an", PASSWORD)
    window.press("<Control-n>")
    assert window.pump(lambda: window.page == "session" and window._page.pane is not None)
    window.press("<Alt-n>")
    form = window._page.pane.form
    part = str(usb / f"{session_id}-p2.part")
    put(form, file=part, key=key, passphrase="câu mật khẩu khác")
    window.press("<Return>")
    assert window.free()
    assert "passphrase" in form.said
    put(form, passphrase="câu mật khẩu")
    assert "Đã nhận" in ended(window)
    window.leave()

    start_session(f"{session_id}-p2")
    window = open_station()
    log_in(window, "hoa", HOA["hoa"])
    page = on(window)
    window.press("<Alt-a>")
    form = page.pane.form
    put(form, folder=str(usb))
    window.press("<Return>")
    assert "second" in form.said
    put(form, second="binh")
    window.press("<Return>")
    answer(window, SECOND_PASSWORD)
    said = ended(window, pressed=True)
    exported = window.opened.store.entries("export")[-1].body
    assert exported["second"]["id"] == "binh"
    assert next(usb.glob("*.pack")).name in said
    assert page.known is not None
