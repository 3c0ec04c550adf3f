"""What administration keeps and gives away, by keys: each says the file and what to do with it; nobody is in a
diagnostics file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.config import Places
from sessions.department import DepartmentPrivate
from tests.gui.admin_phases import task, to
from tests.gui.test_station_admin import answer, enter, fill, make, settled
from tests.gui.test_station_start import ROSTER, Watched, bench, open_station
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor

__all__ = ["bench", "open_station"]

Open = Callable[..., Watched]
PRIVATE = ("Nguyễn Văn Mẫu", "Trần Thị Mẫu", "Mẫu Một", "001099000001", "001199000002", "Trung tâm Mẫu")


@pytest.fixture
def station(home: Path, tmp_path: Path) -> Path:
    """A real station with people, a department key, and a session with a list."""
    make(home)
    path = tmp_path / "list.csv"
    path.write_text(ROSTER, encoding="utf-8")
    made = proctor(
        *("session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "all"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets={"an": PASSWORD},
    )
    assert made.status == 0, made.err
    public = tmp_path / "department.pub"
    public.write_text(f"{DepartmentPrivate.generate('Sở Mẫu').public.encode()}\n", encoding="utf-8")
    pinned = proctor(
        *("keys", "department", public, "--by", "an", "--second", "binh"),
        secrets={"an": PASSWORD, "binh": SECOND_PASSWORD},
    )
    assert pinned.status == 0, pinned.err
    return home


def test_a_diagnostics_file_has_nobody_in_it_and_says_where_it_goes(
    open_station: Open, station: Path
) -> None:
    window = open_station()
    enter(window)
    to("people", window)
    task("files", "files-make", window)
    assert settled(window)
    (path,) = (Places.of(None).home / "diagnostics").glob("state-*.json")
    assert str(path) in window.said
    assert "Gửi tệp này" in window.said
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["figures"]["entries"] > 5
    written = text.encode() + json.dumps(json.loads(text), ensure_ascii=False).encode()
    for private in (*PRIVATE, str(station), "an.nv", "binh"):
        assert private.encode() not in written, private
        assert json.dumps(private)[1:-1].encode() not in written, private
    window.press("<Alt-Key-2>")
    assert window.free()
    for private in PRIVATE:
        assert private not in window.shown_texts


def test_a_backup_says_its_files_where_they_go_and_how_it_comes_back(
    open_station: Open, station: Path, tmp_path: Path
) -> None:
    data, keys = tmp_path / "data", tmp_path / "keys"
    for folder in (data, keys):
        folder.mkdir()
    window = open_station()
    enter(window)
    task("backup", "backup-set", window)
    fill(window, to=str(tmp_path / "không có"), keys_to=str(keys))
    window.press("<Return>")
    answer(window, PASSWORD)
    assert "không có" in window.said
    assert window.shown.pane.task is not None
    fill(window, to=str(data))
    window.press("<Return>")
    answer(window, PASSWORD)
    assert settled(window)
    assert str(data) in window.said
    task("backup", "backup-now", window)
    assert settled(window)
    (saved,) = data.iterdir()
    (sealed,) = keys.iterdir()
    assert str(saved) in window.said
    assert str(sealed) in window.said
    assert "records.md" in window.shown_texts
    for path in (saved, sealed):
        raw = path.read_bytes()
        assert not [private for private in PRIVATE if private.encode() in raw]
    data.rename(tmp_path / "gone")
    task("backup", "backup-now", window)
    assert settled(window)
    assert str(data) in window.said
    assert "Cắm" in window.said or "Chọn" in window.said, window.said
    to("files", window)
    to("backup", window)
    assert "Không thấy nơi đó. Cắm ổ rời" in window.shown_texts
