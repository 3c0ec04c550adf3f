"""Makes the pictures of the docs: `python -m tests.gui.pictures docs/pictures` on a screen of 1366×768 (Xvfb)."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from PIL import Image, ImageGrab

from proctor.candidate_window import CandidateWindow
from proctor.config import Places
from proctor.gui.roster_window import RosterWindow

COLOURS = 200
HEAD = "STT;SBD;Họ và tên;Ngày sinh;Số định danh;Hạng;Phòng"
GIVEN = ("Mẫu", "Thử", "Ví Dụ", "Luyện", "Tập", "Minh Hoạ")
SURNAMES = ("Nguyễn Văn", "Trần Thị", "Lê Văn", "Phạm Thị", "Hoàng Văn")
ODD = {
    4: ";{sbd};{name};31/02/1999;{number};B;P1",
    7: ";{sbd};{name};{birth};00109900007;B;P1",
    9: ";{sbd};{name};36227;OO1O99OOOO09;B;P1",
    12: ";{sbd};{name};1999;1099000012;B;P1",
    15: ";014;{name};{birth};{number};B;P1",
}


def roster() -> str:
    """A list as it comes: title above, signature below, a few rows that are not right."""
    lines = ["DANH SÁCH THÍ SINH DỰ SÁT HẠCH", HEAD]
    for index in range(1, 49):
        values = {
            "sbd": f"{index:03d}",
            "name": f"{SURNAMES[index % 5]} {GIVEN[index % 6]}",
            "birth": f"{1 + index % 28:02d}/{1 + index % 12:02d}/1999",
            "number": f"001{index % 5 % 2}99{index:06d}",
        }
        row = ODD.get(index, ";{sbd};{name};{birth};{number};B;P1")
        lines.append(f"{index}{row.format(**values)}")
    return "\n".join([*lines, "TRUNG TÂM SÁT HẠCH;;(Ký tên)"]) + "\n"


OLD = (
    "SBD;Hä vµ tªn;Ngµy sinh;Sè ®Þnh danh\n001;NguyÔn V¨n MÉu;15/01/1999;001099000001\n"
    "002;TrÇn ThÞ Thö;08/03/1999;001199000002\n003;Lª V¨n LuyÖn;09/03/1999;001099000003\n"
)


def pump(window: RosterWindow, until: Callable[[], bool] = lambda: False, seconds: float = 20) -> None:
    """Let the window work until something holds, or for the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        window.update()
        time.sleep(0.01)


def shoot(window: RosterWindow, path: Path) -> None:
    """Keep what the screen shows of the window."""
    pump(window, seconds=0.4)
    left, top = window.winfo_rootx(), window.winfo_rooty()
    box = (left, top, left + window.winfo_width(), top + window.winfo_height())
    seen = ImageGrab.grab(bbox=box, xdisplay=os.environ["DISPLAY"]).convert("RGB")
    seen.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def candidate(path: Path) -> None:
    """Keep what the candidate's screen asks for."""
    with CandidateWindow.start("960x540+0+0", lambda _key, _facts: None) as screen:
        screen.prompt("turn-left")
        screen.hint("face-too-small")
        seen = ImageGrab.grab(bbox=(0, 0, 960, 540), xdisplay=os.environ["DISPLAY"]).convert("RGB")
    seen.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def main(folder: Path) -> None:
    """Make every picture."""
    candidate(folder / "candidate-turn.png")
    with tempfile.TemporaryDirectory() as work:
        os.environ["PROCTOR_HOME"] = str(Path(work) / "home")
        good, old = Path(work) / "danh-sach-hang-b.csv", Path(work) / "danh-sach-cu.csv"
        good.write_text(roster(), encoding="utf-8")
        old.write_bytes(OLD.encode("cp1252"))
        window = RosterWindow(Places.of(None), training=True, language="vi", today=date(2026, 11, 22))
        window.focus_force()
        window.load(old)
        pump(window, lambda: not window.background.busy)
        shoot(window, folder / "roster-encoding.png")
        window.load(good)
        pump(window, lambda: not window.background.busy)
        shoot(window, folder / "roster-refused.png")
        window.variables["tab"].set("changed")
        window.build()
        shoot(window, folder / "roster-changed.png")
        window.forward()
        box = window.shown.fields["rules"]
        box.current(0)
        box.event_generate("<<ComboboxSelected>>")
        pump(window, seconds=0.1)
        for ticked in window.shown._parts.values():
            ticked.set(True)
        window.variables["place"].set("Trung tâm Sát hạch Mẫu")
        window.variables["skip"].set(True)
        window.shown.fields["place"].focus_set()
        shoot(window, folder / "roster-session.png")
        window.forward()
        pump(window, lambda: window.created is not None)
        shoot(window, folder / "roster-done.png")
        window.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
