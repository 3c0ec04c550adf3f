"""Every state of the roster page: a session in which everything happened, and what is pressed to see it.

`python -m tests.gui.roster_phases DIR vi|en SCALE [PHASE …]` keeps a picture of each.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from proctor.config import Places
from proctor.desk.equipment import EquipmentRow
from proctor.gui.station.going import Means
from proctor.gui.station.opening import enter_training, sessions_of
from proctor.gui.station.window import StationWindow
from sessions.course.calls import commit_call
from sessions.course.movement import come_back, leave
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import create_session, load_session
from sessions.store import Store
from tests.gui.screenshot import shoot
from tests.gui.station_phases import portrait
from tests.support.exceptions import ADMIT, FACE_FAILED, REFER, TRAINEE, Sitting

FAMILY = ("Nguyễn Văn", "Trần Thị", "Lê Hoàng", "Phạm Quốc", "Đặng Thuỳ", "Vũ Ngọc", "Bùi Đức")
GIVEN = ("Mẫu", "Thử", "Ví", "Dụ", "Luyện", "Tập", "Ánh", "Ân", "Yến")


def roster(count: int) -> bytes:
    """A list of plainly invented people in four rooms."""
    lines = ["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng,Chỗ"]
    for at in range(count):
        name = f"{FAMILY[at % 7]} {GIVEN[at % 9]}"
        born = f"{1 + at % 28:02d}/{1 + at % 12:02d}/1999"
        lines.append(f"{at + 1:03d},{name},{born},001{at % 2}99{at + 1:06d},B,P{1 + at % 4},{1 + at // 4}")
    return "\n".join(lines).encode()


def sit(store: Store, count: int = 40) -> str:
    """Open a training session and let everything happen in it; return its id."""
    session = create_session(
        store,
        root_kind="training",
        roster=read_roster(roster(count)),
        rules=load_rules("driving-tt108-2026"),
        component="theory",
        components=("yard", "road"),
        place="Sân Mẫu",
        day=date(2026, 11, 22),
        operator=TRAINEE,
    )
    sitting = Sitting.__new__(Sitting)
    sitting.store, sitting._id = store, session.session_id
    for sbd in ("002", "003", "004", "005", "012", "013"):
        sitting.attempt(ADMIT, sbd=sbd)
    pictured(sitting, "001")
    sitting.override("001")
    pictured(sitting, "015")
    sitting.attempt(REFER, "wrong-room", sbd="006")
    sitting.attempt(REFER, "too-late", sbd="007")
    sitting.attempt(REFER, "face-refer", sbd="008")
    sitting.refused(FACE_FAILED, sbd="009")
    sitting.manual("010")
    for sbd in ("001", "004", "005"):
        leave(store, session, sbd=sbd, reason="toilet", operator=TRAINEE)
    sitting.attempt(ADMIT, sbd="005", purpose="re-entry")
    come_back(store, session, sbd="005", operator=TRAINEE)
    commit_call(store, session, "theory", ["011", "014"], room="", operator=TRAINEE)
    return session.session_id


def pictured(sitting: Sitting, sbd: str) -> None:
    """An attempt with its pictures, as a desk keeps it."""
    name = sitting.attempt(REFER, "face-refer", sbd=sbd)
    body = next(each.body for each in sitting.entries if each.body.get("attempt") == name)
    dropped = {
        "evidence",
        "evidence_keys",
        "seq",
        "at",
        "origin",
        "kind",
        "operator",
        "schema",
        "boot_id",
        "monotonic_ms",
    }
    fields = {key: value for key, value in body.items() if key not in dropped}
    fields["attempt"] = f"{name[:-4]}0{sbd}"
    pieces = {"chip-portrait": portrait("hopper"), "live-portrait": portrait("astronaut")}
    sitting.store.append("attempt", fields, pieces, operator=TRAINEE)


def typed(window: Any, text: str) -> None:
    """Type into the search."""
    window.shown.search.set(text)


def opened(act: str, sbd: str = "001") -> Callable[[Any], None]:
    """Choose a candidate and open a pane."""

    def show(window: Any) -> None:
        window.shown.table.choose_sbd(sbd)
        window.shown.begin(act)

    return show


def details(window: Any, *, pictures: bool = False) -> None:
    """Look at somebody, for a reason."""
    opened("details")(window)
    window.update()
    window.shown.pane.form.put("reason", window.texts["roster-page.details.reason.asked"])
    window.shown.forward()
    settle(window)
    if pictures:
        window.shown.pane.buttons.winfo_children()[0].winfo_children()[0].invoke()
        settle(window)


def decided(window: Any, sbd: str = "008", *, pictures: bool = False) -> None:
    """Two persons are about to decide about somebody, with the pictures that were kept or without."""
    opened("decide", sbd)(window)
    settle(window)
    if pictures:
        window.shown.pane.buttons.winfo_children()[0].winfo_children()[0].invoke()
        settle(window)


def entered(window: Any, act: str, sbd: str = "001") -> None:
    """Enter in a form that nobody filled in."""
    opened(act, sbd)(window)
    settle(window)
    window.shown.forward()


def called(window: Any) -> None:
    """Call three."""
    opened("call")(window)
    window.update()
    window.shown.pane.form.put("count", "3")
    window.shown.forward()
    settle(window)


PHASES: Mapping[str, Callable[[Any], None]] = {
    "list": lambda _window: None,
    "search": lambda window: typed(window, "nguyen van"),
    "nothing": lambda window: typed(window, "khong co ai"),
    "call": opened("call"),
    "called": called,
    "out": opened("move", "002"),
    "back": opened("move", "004"),
    "not-inside": opened("move", "020"),
    "add": opened("add"),
    "add-empty": lambda window: entered(window, "add"),
    "decide": decided,
    "decide-empty": lambda window: entered(window, "decide", "008"),
    "decide-pictures": lambda window: decided(window, "015", pictures=True),
    "decide-nothing": lambda window: decided(window, "002"),
    "why": opened("details"),
    "details": details,
    "pictures": lambda window: details(window, pictures=True),
}


def settle(window: Any, seconds: float = 0.4) -> None:
    """Let the window work until nothing is being done, and a little longer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end or window.background.busy or window.shown.roll is None:
        window.update()
        time.sleep(0.005)


def means() -> Means:
    """No devices, no desk."""
    rows: tuple[EquipmentRow, ...] = ()
    return Means(
        open_desk=lambda *_given, **_more: None,  # type: ignore[arg-type]
        make_page=lambda *_given: None,
        make_bar=lambda *_given: None,
        examine=lambda *_given: rows,
    )


def shown(places: Places, language: str, scale: float, *, count: int = 40) -> StationWindow:
    """Return a window in training with the roster page of a session in which everything happened."""
    window = StationWindow(places, language=language, scale=scale, means=means())
    window.focus_force()
    held = enter_training(places)
    session = sit(held.opened.store, count)
    assert load_session(held.opened.store, session)
    window.going.held, window.training = held, True
    window.lines = sessions_of(held.opened)
    while window.background.busy:
        window.update()
    window.variables["session"].set(session)
    window.go("start")
    window.open_work("roster")
    return window


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it."""
    for name in names or list(PHASES):
        with tempfile.TemporaryDirectory() as work:
            os.environ["PROCTOR_HOME"] = str(Path(work) / "home")
            window = shown(Places.of(None), language, scale)
            settle(window)
            PHASES[name](window)
            settle(window)
            shoot(window, folder, f"roster-{name}", language, scale)
            window.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
