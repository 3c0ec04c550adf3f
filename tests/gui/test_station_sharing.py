"""One session at two stations, all of it at their windows: divide, join, check somebody in, hand over, merge, close."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proctor.config import Places
from tests.support.cli import proctor
from tests.support.desk_window import (
    AtWork,
    _into_training,
    check_in,
    make_films,
    make_session,
    recorded_means,
)

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
