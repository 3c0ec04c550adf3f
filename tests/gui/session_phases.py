"""The session page in every phase, for pictures: `python -m tests.gui.session_phases DIR vi|en SCALE [PHASE …]`.

Each phase is what keys do to a station's window that is logged in to a real root with one session.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import ImageGrab

from proctor.config import Places
from proctor.gui.station.exceptions.manual import ManualPane
from proctor.seconds import CARD_FACE
from sessions.session import Part
from tests.gui.incident_phases import alone
from tests.gui.test_station_start import ND, Bench, Watched
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor

AN, BINH, HOA, THU = (
    {"an": PASSWORD},
    {"binh": SECOND_PASSWORD},
    {"hoa": "chủ tịch số 1"},
    {"thu": "thư ký số 1"},
)
EVERYBODY = AN | BINH | HOA | THU
ROLES = {"hoa": ("chairman", "Lê Thị Hoà Mẫu"), "thu": ("secretary", "Trần Văn Thư Mẫu")}
GIVEN = ("Mẫu", "Thử", "Ví Dụ", "Luyện", "Tập", "Minh Hoạ")
SURNAMES = ("Nguyễn Văn", "Trần Thị", "Lê Văn", "Phạm Thị", "Hoàng Văn")


def roster(count: int = 40) -> str:
    """A list in two rooms."""
    rows = ["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng"]
    for at in range(1, count + 1):
        name = f"{SURNAMES[at % 5]} {GIVEN[at % 6]}"
        rows.append(f"{at:03d},{name},{1 + at % 28:02d}/03/1999,001{at % 5 % 2}99{at:06d},B,P{1 + at % 2}")
    return "\n".join(rows) + "\n"


def people() -> None:
    """Two administrators, a chairman and a secretary."""
    assert proctor("user", "add", "an", "--first", "--name", "Mẫu Một", secrets=AN).status == 0
    named = ("--by", "an", "--role", "administrator", "--name", "Mẫu Hai")
    assert proctor("user", "add", "binh", *named, secrets=AN | BINH).status == 0
    for user, (role, name) in ROLES.items():
        add = ("user", "add", user, "--by", "an", "--second", "binh", "--role", role, "--name", name)
        assert proctor(*add, secrets=EVERYBODY).status == 0


def session(folder: Path) -> str:
    """Make a session; return its id."""
    path = folder / "danh-sach.csv"
    path.write_text(roster(), encoding="utf-8")
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm sát hạch Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    assert made.status == 0, made.err
    return str(made.json["id"])


def start_session(session_id: str) -> None:
    """Start it; two persons answer for a machine without the devices."""
    began = ("session", "start", session_id, "--by", "hoa", "--second", "binh")
    ran = proctor(*began, "--without-self-test", "máy thử", secrets=EVERYBODY)
    assert ran.status == 0, ran.err


def opened(window: Watched) -> None:
    """The session page, looked at."""
    window.press("<Control-Key-3>")
    assert window.at("session"), window.said
    seen(window)


def seen(window: Watched) -> None:
    """Wait until the session was looked at."""
    assert window.pump(
        lambda: window.page == "session" and window._page.fresh and not window.background.busy
    ), window.said
    window.pump(seconds=0.2)


def _task(name: str) -> Callable[[Watched], None]:
    def show(window: Watched) -> None:
        opened(window)
        window._page.open_task(name)
        window.pump(seconds=0.2)

    return show


def _tab(key: str) -> Callable[[Watched], None]:
    def show(window: Watched) -> None:
        opened(window)
        window.press(key)
        window.pump(seconds=0.3)

    return show


def _wrong_hash(window: Watched) -> None:
    _task("start")(window)
    real = window._page.known.session.roster_hash
    window.type(f"{real[:4]} 12ab {real[8:16]}")
    window.press("<Return>")


def _new(step: str) -> Callable[[Watched], None]:
    def show(window: Watched) -> None:
        window.press("<Control-n>")
        assert window.at("session")
        seen(window)
        window.pump(lambda: hasattr(window._page.pane, "load"))
        path = Path(os.environ["PROCTOR_HOME"]) / "moi.csv"
        path.write_text(roster().replace("001099", "00109"), encoding="utf-8")
        window._page.pane.load(path)
        window.free()
        if step == "session":
            window.press("<Return>")
            box = window._page.pane.shown.fields["rules"]
            box.current(next(at for at, words in enumerate(box["values"]) if "108/2026" in words))
            box.event_generate("<<ComboboxSelected>>")
            window.update()
            window._page.pane.shown.show_parts(("theory", "yard"))
            window._page.pane.variables["place"].set("Trung tâm sát hạch Mẫu")

    return show


def _late(window: Watched) -> None:
    at = datetime.now(UTC) + timedelta(hours=7) - timedelta(hours=1)
    opened(window)
    begin = f"{at:%H:%M}" if at.day == (at + timedelta(hours=1)).day else "00:00"
    window._page.run(
        *("session", "call", window._page.known.session.session_id, f"--start-at={begin}"),
        typed="",
        done=lambda _done: window._page.see(),
        failed=lambda _error: False,
    )
    window.free()
    seen(window)
    window.press("<Alt-Key-2>")


def _divided(window: Watched) -> None:
    """The form of the division, filled in and done: its files, and the key to be read aloud."""
    _task("split")(window)
    pane = window._page.pane
    values = {"folder": str(Path(os.environ["PROCTOR_HOME"]) / "usb")}
    for name, value in (values | {"passphrase": "câu mật khẩu", "again": "câu mật khẩu"}).items():
        pane.form.put(name, value)
    window.press("<Return>")
    assert window.pump(lambda: pane.ended), window.said
    window.free()


def _card(window: Watched) -> None:
    """The longest form of two persons, where the second one's own card and face are the proof: its notice is read."""
    opened(window)
    pane = alone(ManualPane, sbd="010")(window)
    window.pump(lambda: pane.form is not None)
    pane.form.put("proof", CARD_FACE)
    pane._proving.show()
    pane.form.widgets["card"].focus_set()
    window.pump(seconds=0.5)


@contextmanager
def _lend(_opened: Any) -> Iterator[tuple[str, str]]:
    """The reader and the camera that a real station lends."""
    yield "reader", "camera"


def _part_here(task: str) -> Callable[[Watched], None]:
    """As at another station: the page is told that a part is here; the log is the main station's."""

    def show(window: Watched) -> None:
        opened(window)
        page = window._page
        known = page.known
        page.known = replace(
            known,
            session=replace(known.session, part=Part(number=2, of=2, group=known.session.session_id)),
            missing_parts=(),
            sharing=replace(known.sharing, seconds=known.second),
        )
        page.open_task(task)
        window.pump(seconds=0.2)

    return show


PHASES: Mapping[str, tuple[bool, Callable[[Watched], None]]] = {
    "start-page": (False, lambda window: None),
    "overview": (True, opened),
    "overview-not-started": (False, opened),
    "lists": (True, _late),
    "rooms": (True, _tab("<Alt-Key-3>")),
    "rules": (True, _tab("<Alt-Key-4>")),
    "incidents": (True, _tab("<Alt-Key-5>")),
    "results": (True, _tab("<Alt-Key-6>")),
    "start": (False, _task("start")),
    "start-wrong": (False, _wrong_hash),
    "pause": (True, _task("pause")),
    "times": (True, _task("times")),
    "allocate": (True, _task("allocate")),
    "close": (True, _task("close")),
    "self-test": (False, _task("self-test")),
    "new-file": (True, _new("file")),
    "new-session": (True, _new("session")),
    "split": (True, _task("split")),
    "split-done": (True, _divided),
    "divided": (True, opened),
    "merge": (True, _task("merge")),
    "hand-over": (True, _part_here("hand-over")),
    "join": (True, _task("join")),
    "manual-card": (True, _card),
}
"""Whether the session was started, and what is done then; `hoa`, the chairman, is logged in."""


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it: first those of a session that was not started."""
    wanted = names or list(PHASES)
    with tempfile.TemporaryDirectory() as work:
        os.environ["PROCTOR_HOME"] = str(Path(work) / "home")
        people()
        examiner = ("user", "add", "nd", "--by", "an", "--second", "binh", "--role", "identity-examiner")
        assert proctor(*examiner, secrets={**EVERYBODY, **ND}).status == 0
        made = session(Path(work))
        for began in (False, True):
            if began:
                start_session(made)
            for name in wanted:
                if PHASES[name][0] is began:
                    shoot(name, folder, language, scale)


def shoot(name: str, folder: Path, language: str, scale: float) -> None:
    """Open the window, log in, do what the phase is, keep the screen."""
    means = replace(Bench().means(), lend=_lend)
    window: Any = Watched(Places.of(None), language=language, scale=scale, means=means)
    window.focus_force()
    assert window.free()
    user = "nd" if name == "manual-card" else "hoa"
    window.variables["user"].set(user)
    window._page.password.focus_set()
    window.type({**HOA, **ND}[user])
    window.press("<Return>")
    assert window.at("start"), window.said
    window.pump(seconds=0.3)
    PHASES[name][1](window)
    window.pump(seconds=0.5)
    size = f"{window.winfo_screenwidth()}x{window.winfo_screenheight()}"
    shot = ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB")
    shot.save(folder / f"session-{name}-{language}-{size}-{round(scale * 100)}.png")
    if window.bugs:
        raise window.bugs[0]
    window.free()
    window.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
