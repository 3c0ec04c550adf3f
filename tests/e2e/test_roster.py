"""`proctor roster`: what an operator sees before the day."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.roster_zoo.builders import GOOD, HEAD, OTHER, as_csv, as_xlsx, in_tcvn3
from tests.support.cli import proctor
from tests.support.schemas import require_valid


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "danh sách.xlsx"
    grid = [
        ["DANH SÁCH"],
        HEAD,
        [1, *GOOD[1:3], 1099000001],
        ["002", "TRẦN THỊ MẪU", "02/13/2001", "001301000002"],
        ["003", "LÊ VĂN MẪU", "1/2/00", "001200000003"],
        ["", "Tổng số: 3 thí sinh"],
    ]
    path.write_bytes(as_xlsx(grid))
    return path


def test_everything_is_said_as_json(mixed: Path) -> None:
    ran = proctor("roster", "check", mixed, "--json")
    assert ran.status == 1
    require_valid("roster-check", ran.json)
    assert [(row["sbd"], row["name"], row["birth"], row["number"]) for row in ran.json["rows"]] == [
        ("001", "NGUYỄN VĂN MẪU", "1999-01-15", "001099000001"),
        ("003", "LÊ VĂN MẪU", "2000-02-01", "001200000003"),
    ]
    (refused,) = ran.json["refused"]
    assert (refused["row"], refused["column"], refused["code"], refused["before"]) == (
        4,
        "Ngày sinh",
        "roster-birth-month-first",
        "02/13/2001",
    )
    assert "tháng trước ngày" in refused["vi"]
    changes = {(row["row"], row["column"], row["before"], row["after"]) for row in ran.json["changes"]}
    assert changes == {(3, "SBD", "1", "001"), (3, "Số định danh", "1099000001", "001099000001")}
    assert [(row["row"], row["before"], row["after"]) for row in ran.json["guesses"]] == [
        (5, "1/2/00", "01/02/2000")
    ]
    assert ran.json["counts"] == {
        "usable": 2, "refused_rows": 1, "changes": 2, "guesses": 1, "warnings": 1, "passed_over": 2,
    }  # fmt: skip
    assert (ran.json["file"]["format"], ran.json["file"]["sheet"]) == ("xlsx", "DS")


def test_everything_is_said_in_words(mixed: Path) -> None:
    ran = proctor("roster", "check", mixed)
    assert ran.status == 1
    assert "dòng 4, cột “Ngày sinh” “02/13/2001”: Ngày sinh ghi tháng trước ngày" in ran.out
    assert "dòng 3, cột “Số định danh” “1099000001” → “001099000001”" in ran.out
    assert "PHỎNG ĐOÁN (1)" in ran.out
    assert "Dùng được 2 thí sinh; từ chối 1 dòng" in ran.out
    english = proctor("roster", "check", mixed, "--lang", "en")
    assert "REFUSED (1)" in english.out


def test_a_good_list_ends_with_status_0_and_in_vietnamese_order(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    names = ["Lê Ân", "Lê Anh", "Lê Ánh"]
    rows = [[f"00{index + 1}", name, "1999", f"00109900000{index}"] for index, name in enumerate(names)]
    path.write_bytes(as_csv([HEAD, *rows]))
    assert [row["name"] for row in proctor("roster", "check", path, "--json").json["rows"]] == names
    ran = proctor("roster", "check", path, "--json", "--sorted")
    assert (ran.status, [row["name"] for row in ran.json["rows"]]) == (0, ["Lê Anh", "Lê Ánh", "Lê Ân"])


def test_an_old_encoding_has_a_preview_and_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(
        in_tcvn3("SBD;Họ và tên;Ngày sinh;Số định danh\r\n001;Nguyễn Văn Mẫu;15/01/1999;001099000001\r\n")
    )
    ran = proctor("roster", "check", path)
    assert "--encoding tcvn3" in ran.out
    assert "--encoding vni" in ran.out
    assert "Nguyễn Văn Mẫu" in ran.out
    chosen = proctor("roster", "check", path, "--encoding", "tcvn3", "--json").json
    assert (chosen["guesses"], chosen["encodings"], chosen["rows"][0]["name"]) == ([], [], "Nguyễn Văn Mẫu")
    wrong = proctor("roster", "check", path, "--encoding", "utf-8", "--json")
    assert (wrong.status, wrong.json["code"]) == (1, "roster-unreadable")


def test_photos_are_matched_and_reported(tmp_path: Path) -> None:
    path, photos = tmp_path / "list.csv", tmp_path / "ảnh"
    path.write_bytes(as_csv([HEAD, GOOD, OTHER]))
    photos.mkdir()
    (photos / "001.jpg").write_bytes(b"\xff\xd8\xff" + bytes(30))
    (photos / "999.jpg").write_bytes(b"\xff\xd8\xff" + bytes(30))
    ran = proctor("roster", "check", path, "--photos", photos, "--json")
    require_valid("roster-check", ran.json)
    assert [row["sbd"] for row in ran.json["photos"]["matched"]] == ["001"]
    assert (ran.json["photos"]["without"], ran.json["photos"]["unmatched"]) == (
        [{"row": 3, "sbd": "002"}],
        ["999.jpg"],
    )
    assert "1 thí sinh có ảnh, 1 chưa có" in proctor("roster", "check", path, "--photos", photos).out
    assert (
        proctor("roster", "check", path, "--photos", tmp_path / "nowhere", "--json").json["code"]
        == "roster-photos"
    )


def test_control_characters_of_a_list_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(as_csv([HEAD, [GOOD[0], "NGUYỄN\x1b[2J\u202e 5", *GOOD[2:]]]))
    ran = proctor("roster", "check", path)
    assert "\x1b" not in ran.out + ran.err
    assert "\u202e" not in ran.out
    assert "⟨U+001B⟩" in ran.out


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("rules", [(), ("--rules", "written-exam")])
def test_a_template_can_be_checked_and_is_not_overwritten(
    tmp_path: Path, suffix: str, rules: tuple[str, ...]
) -> None:
    path = tmp_path / f"mẫu{suffix}"
    assert proctor("roster", "template", "--out", path, *rules).status == 0
    ran = proctor("roster", "check", path, "--json")
    assert (ran.status, len(ran.json["rows"])) == (0, 1)
    again = proctor("roster", "template", "--out", path, "--json")
    assert (again.status, again.json["code"]) == (1, "template-exists")
    assert proctor("roster", "template", "--out", tmp_path / "x.pdf").status == 2


def test_a_session_is_created_from_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    path = tmp_path / "list.xlsx"
    path.write_bytes(
        as_xlsx([["DANH SÁCH"], HEAD, [1, *GOOD[1:]], [2, *OTHER[1:]]], more=[("Ca 2", [HEAD, GOOD], False)])
    )
    call = ["session", "create", "--roster", path, "--rules", "driving-tt108-2026", "--component", "theory"]
    call += ["--place", "Trung tâm Mẫu", "--training", "--date", "2026-11-22", "--json"]
    several = proctor(*call)
    assert (several.status, several.json["code"]) == (1, "roster-unreadable")
    assert "“DS”, “Ca 2”" in several.json["vi"]
    ran = proctor(*call, "--sheet", "DS")
    assert (ran.status, ran.json["candidates"]) == (0, 2)
    assert "roster" not in ran.err
    assert "“1” → “001”" in ran.err


def test_the_installed_command_checks_a_list_by_itself(tmp_path: Path) -> None:
    """A command loads what it needs: checking a list waits for no reader, face, record or window."""
    path = tmp_path / "list.csv"
    path.write_bytes(as_csv([HEAD, GOOD]))
    code = (
        "import sys; from proctor.entry import main; status = main();"
        "print(*sorted(sys.modules), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "roster", "check", str(path), "--json"],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0
    assert done.stdout.strip() == proctor("roster", "check", path, "--json").out.strip()
    loaded = set(done.stderr.split())
    heavy = {"sessions.store", "cv2", "smartcard", "matplotlib", "tkinter", "pyhanko", "reportlab"}
    assert not loaded & heavy


def test_rules_judge_classes_and_a_session_says_which_rows_it_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "hang.csv"
    head = [*HEAD, "Hạng"]
    path.write_bytes(as_csv([head, [*GOOD, "B"], [*OTHER, "B2"]]))
    plain = proctor("roster", "check", path, "--json")
    require_valid("roster-check", plain.json)
    assert plain.status == 0
    assert [(row["row"], row["code"]) for row in plain.json["warnings"]] == [(3, "roster-class-nowhere")]
    judged = proctor("roster", "check", path, "--rules", "driving-tt12-2025", "--json")
    require_valid("roster-check", judged.json)
    assert (judged.status, [row["code"] for row in judged.json["refused"]]) == (1, ["roster-class-unknown"])
    create = ("session", "create", "--training", "--rules", "driving-tt12-2025", "--component", "theory")
    more = ("--place", "P", "--date", "2026-11-22", "--roster", path)
    stopped = proctor(*create, *more)
    assert stopped.status == 1
    assert "“B2”" in stopped.err
    made = proctor(*create, *more, "--skip-bad-rows")
    assert made.status == 0
    assert "dòng 3, cột “Hạng” “B2”" in made.err
    assert "Bỏ qua 1 dòng" in made.err
