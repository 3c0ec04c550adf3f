"""The pack of a real station, exported at the window by keys, then verified and opened with the department's key."""

import json
from pathlib import Path
from typing import Any

import pytest

from sessions.root import DataRoot
from tests.gui import sheets_phases as phases
from tests.gui.session_phases import EVERYBODY, people
from tests.gui.test_station_sheets import answer, bodies
from tests.gui.test_station_start import OpenStation, Watched, bench, log_in, open_station
from tests.support.cli import Ran, proctor
from tests.support.course_cli import roster_csv

__all__ = ["bench", "open_station"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
DEPARTMENT = {"department": "mật khẩu cơ quan mẫu"}


@pytest.fixture
def real(home: Path, tmp_path: Path) -> str:
    """A real station with a session, started; nobody's department key is known."""
    assert home
    people()
    path = tmp_path / "list.csv"
    path.write_bytes(roster_csv(4))
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=EVERYBODY,
    )
    assert made.status == 0, made.err
    return str(made.json["id"])


@pytest.fixture
def office(real: str, tmp_path: Path) -> Path:
    """The department's folder with its key; the station knows the public half."""
    assert real
    folder = tmp_path / "office"
    made = proctor("department", "init", "--out", folder, "--name", "Sở Mẫu", secrets=DEPARTMENT)
    assert made.status == 0, made.err
    pinning = ("keys", "department", folder / "department.pub", "--by", "an", "--second", "binh")
    assert proctor(*pinning, secrets=EVERYBODY).status == 0
    return folder


def at_the_pack(open_station: OpenStation, session: str) -> Watched:
    """An administrator, at the pane of the pack."""
    window = open_station()
    log_in(window, "an", EVERYBODY["an"])
    assert window.at("start"), window.said
    assert window.pump(lambda: bool(window.lines) and not window.background.busy)
    assert window.lines[0].session_id == session
    window.press("<Control-Key-4>")
    phases.settled(window)
    return window


def planned(window: Watched) -> None:
    phases.pack(window)
    assert window.pump(lambda: window.shown.pane.plan is not None and not window.background.busy)
    phases.settled(window)


def export(window: Watched, folder: Path, second: str) -> None:
    """Type the folder, choose the second person, Enter, and the second one's password."""
    planned(window)
    window.type(str(folder))
    box = window.shown.pane.form.widgets["second"]
    box.current(next(at for at, words in enumerate(box["values"]) if second in words))
    window.press("<Return>")


def verified(file: Path, *more: str | Path, secrets: Any = None) -> Ran:
    return proctor("pack", "verify", file, "--json", *more, secrets=secrets)


def test_the_pack_of_a_real_station_goes_to_the_department_and_opens_there_only(
    office: Path, real: str, open_station: OpenStation, home: Path, tmp_path: Path
) -> None:
    window = at_the_pack(open_station, real)
    phases.draft(window, "notice:")
    window.press("<Return>")
    assert window.pump(lambda: window.shown.pane.step.name == "file", seconds=60), window.said
    phases.shown(window)
    window.press("<Escape>")
    export(window, tmp_path / "usb", "binh")
    asked = answer(window, "không phải mật khẩu")
    assert "binh" in asked
    assert window.free()
    assert bodies(window, "export") == []
    assert not list(tmp_path.glob("usb/*"))
    window.press("<Return>")
    answer(window, EVERYBODY["binh"])
    assert window.pump(lambda: bool(bodies(window, "export")), seconds=60), window.said
    phases.settled(window)
    (entered,) = bodies(window, "export")
    assert entered["second"]["id"] == "binh"
    (file,) = (tmp_path / "usb").iterdir()
    assert file.name in window.shown_texts
    assert EVERYBODY["binh"] not in window.shown_texts
    window.leave()

    pins = tmp_path / "pins"
    pins.mkdir()
    key = DataRoot.open(home / "station").station_key()
    (pins / "station.vkey").write_text(key.encode(), encoding="utf-8")
    outside = ("--pins", pins)
    assert verified(file, *outside).status == 0
    private = (*outside, "--department-key", office / "department.key")
    assert verified(file, *private, secrets=DEPARTMENT).json["skipped"] == []
    out = tmp_path / "opened"
    opened = proctor("pack", "open", file, *private, "--out", out, "--json", secrets=DEPARTMENT)
    assert opened.status == 0, opened.err
    roster = next(Path(name) for name in opened.json["files"] if name.endswith("-roster.json"))
    assert json.loads(roster.read_bytes())["rows"][0]["row"]["sbd"] == "001"
    assert [path.read_bytes()[:5] for path in (out / "sheets").iterdir()] == [b"%PDF-"]


def test_without_the_departments_key_the_window_says_who_brings_it(
    real: str, open_station: OpenStation, tmp_path: Path
) -> None:
    window = at_the_pack(open_station, real)
    export(window, tmp_path / "usb", "binh")
    assert window.texts["sheets-page.pack.to-nobody"] in window.shown_texts
    assert window.pump(lambda: window.texts["department-not-pinned"] in window.said), window.said
    assert window.free()
    assert "proctor" not in window.shown_texts
    assert bodies(window, "export") == []
    assert not list(tmp_path.glob("usb/*"))
