"""Administration by keys: the department's key, witnesses, holds, heads of sheets, whose signatures count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.gui.station.admin.compare import grouped
from proctor.roots import open_real
from sessions.department import DepartmentPrivate
from sessions.department_pin import pinned
from tests.e2e.test_witness import made_witness, serving
from tests.gui.admin_phases import task, to
from tests.gui.test_station_admin import answer, enter, fill, keys_entered, make, settled
from tests.gui.test_station_start import ROSTER, Watched, bench, open_station
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.signing_pki import pki

__all__ = ["bench", "open_station"]

Open = Callable[..., Watched]
TWO = (PASSWORD, SECOND_PASSWORD)


@pytest.fixture
def station(home: Path) -> Path:
    """A real station with two administrators and an examiner."""
    make(home)
    return home


def compared(window: Watched) -> list[str]:
    """Go through the comparison by keys: each fingerprint large, then marked; return them."""
    compare = window.shown.pane.compare
    assert compare is not None, window.said
    seen = []
    for _ in compare.table.rows:
        seen.append(str(compare.fingerprint.cget("text")))
        window.press("<space>")
    window.press("<Return>")
    return seen


def test_the_departments_key_is_pinned_only_as_two_compared_it(
    open_station: Open, station: Path, tmp_path: Path
) -> None:
    key, other = DepartmentPrivate.generate("Sở Mẫu").public, DepartmentPrivate.generate("Sở Mẫu").public
    path = tmp_path / "department.pub"
    path.write_text(f"{key.encode()}\n", encoding="utf-8")
    window = open_station()
    enter(window)
    to("backup", window)
    task("keys", "department-key", window)
    assert "Chưa có khoá cơ quan" in " ".join(text for text, _ in window.shown.pane.read.lines)
    fill(window, file=str(path), second="binh")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert window.shown.pane.compare is not None, window.said
    path.write_text(f"{other.encode()}\n", encoding="utf-8")
    assert compared(window) == [grouped(key.fingerprint)]
    answer(window, PASSWORD)
    assert "không còn là tệp đã đối chiếu" in window.said
    path.write_text(f"{key.encode()}\n", encoding="utf-8")
    window.press("<Return>")
    asked = answer(window, *TWO)
    assert "binh" in asked[1]
    assert settled(window)
    assert [row.cells[:2] for row in window.shown.pane.table.rows][1:] == [("Khoá cơ quan", "Sở Mẫu")]
    assert window.said.strip() == "Khoá của cơ quan Sở Mẫu có hiệu lực."
    window.leave()
    assert [body["fingerprint"] for body in keys_entered() if body["event"] == "department-key"] == [
        key.fingerprint
    ]
    with open_real(Places.of(None).real, by="an", ask=lambda _: PASSWORD, login=True) as opened:
        assert pinned(opened.root, opened.store) == key


def test_a_witness_is_added_signs_and_is_taken_off(open_station: Open, station: Path, tmp_path: Path) -> None:
    made = made_witness(tmp_path / "w1")
    (vkey,) = (station / "station" / "trust" / "stations").glob("*.vkey")
    assert proctor("witness", "trust", "--dir", tmp_path / "w1", vkey).status == 0
    with serving(tmp_path / "w1") as (address, _process):
        window = open_station()
        enter(window)
        task("witnesses", "witness-add", window)
        fill(window, address=address, vkey="không phải khoá", tls_pin=made["tls_pin"], second="binh")
        window.press("<Return>")
        answer(window, PASSWORD)
        assert "khoá" in window.said.lower()
        assert window.shown.pane.compare is None
        fill(window, vkey=made["vkey"])
        window.shown.pane.task.form.widgets["require"].focus_set()
        window.press("<space>", "<Return>")
        answer(window, PASSWORD)
        assert compared(window) == [grouped(made["fingerprint"]), grouped(made["tls_pin"])]
        answer(window, *TWO)
        assert settled(window)
        (row,) = window.shown.pane.table.rows
        assert (row.cells[1], row.cells[2]) == (address, "bắt buộc")
        assert row.cells[3].startswith("chưa ký")
        window.press("<Alt-Key-3>")
        assert window.free()
        assert settled(window)
        (row,) = window.shown.pane.table.rows
        assert row.cells[3].startswith("đã ký")
        assert "đã ký" in window.said
    task("witnesses", "witness-remove", window)
    fill(window, second="binh")
    window.press("<Return>")
    answer(window, *TWO)
    assert settled(window)
    assert not window.shown.pane.table.rows
    assert "Chưa có bên đồng ký nào" in window.shown_texts
    window.leave()
    events = [body["event"] for body in keys_entered()]
    assert [event for event in events if "witness" in event] == ["witness-added", "witness-removed"]


def held_session(tmp_path: Path) -> str:
    """A session whose data may be held."""
    path = tmp_path / "list.csv"
    path.write_text(ROSTER, encoding="utf-8")
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets={"an": PASSWORD},
    )
    assert made.status == 0, made.err
    return str(made.json["id"])


def test_what_is_in_dispute_is_held_and_released_by_two(
    open_station: Open, station: Path, tmp_path: Path
) -> None:
    session = held_session(tmp_path)
    window = open_station()
    enter(window)
    task("holds", "hold-place", window)
    fill(window, session=session, sbd="999", why="complaint", second="binh")
    window.press("<Return>")
    answer(window, *TWO)
    assert window.shown.pane.task is not None, "nobody has that number"
    fill(window, sbd="001")
    window.press("<Return>")
    answer(window, *TWO)
    assert settled(window)
    (row,) = window.shown.pane.table.rows
    assert row.cells[:3] == (session, "001", "khiếu nại")
    assert row.cells[4] == "an, binh"
    task("holds", "hold-release", window)
    fill(window, why="settled", second="binh")
    window.press("<Return>")
    answer(window, *TWO)
    assert settled(window)
    assert not window.shown.pane.table.rows
    window.leave()
    with open_real(Places.of(None).real, by="an", ask=lambda _: PASSWORD, login=True) as opened:
        events = [(entry.body["event"], entry.body["reason"]) for entry in opened.store.entries("hold")]
    assert events == [("placed", "complaint"), ("released", "settled")]


def test_heads_of_sheets_are_taken_and_shown(open_station: Open, station: Path, tmp_path: Path) -> None:
    window = open_station()
    enter(window)
    to("heads", window)
    assert "Chưa có tệp mẫu" in window.shown_texts
    window.press("<Alt-Key-1>")
    assert window.free()
    assert settled(window)
    sample = Places.of(None).real / "sheet-template.toml"
    assert sample.is_file()
    assert str(sample) in window.shown_texts
    mine = tmp_path / "mine.toml"
    mine.write_text('[letterhead]\nagensy = "Phòng Mẫu"\n', encoding="utf-8")
    task("heads", "heads-take", window)
    fill(window, file=str(mine))
    window.press("<Return>")
    answer(window, PASSWORD)
    assert "Dòng 2 của tệp mẫu" in window.said
    assert window.shown.pane.task is not None
    mine.write_text('[letterhead]\nagency = "Phòng Mẫu"\nrecipients = ["Lưu."]\n', encoding="utf-8")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert settled(window)
    assert {row.cells[1] for row in window.shown.pane.table.rows} == {"Phòng Mẫu"}
    assert sample.read_bytes() == mine.read_bytes()


def test_whose_signatures_count_is_compared_by_two_and_taken_off(
    open_station: Open, station: Path, tmp_path: Path
) -> None:
    path = tmp_path / "root.der"
    path.write_bytes(pki().issuing.der)
    window = open_station()
    enter(window)
    task("authorities", "authority-add", window)
    fill(window, file=str(path), purpose="signatures", second="binh")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert len(compared(window)) == 1
    answer(window, *TWO)
    assert settled(window)
    (row,) = window.shown.pane.table.rows
    assert row.cells[1] == "chữ ký số"
    task("authorities", "authority-service", window)
    fill(window, url="không phải địa chỉ")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert "http" in window.said
    fill(window, url="http://tsa.example/")
    window.press("<Return>")
    answer(window, PASSWORD)
    assert settled(window)
    assert "Hỏi dấu thời gian ở http://tsa.example/" in window.shown_texts
    task("authorities", "authority-remove", window)
    fill(window, second="binh")
    window.press("<Return>")
    answer(window, *TWO)
    assert settled(window)
    assert not window.shown.pane.table.rows
    window.leave()
    assert len([body for body in keys_entered() if body["event"] == "signing-authority"]) == 2
