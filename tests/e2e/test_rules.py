"""`proctor rules …`: by id and by a site's own file; the mark on screen and paper, and how it goes away."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from sessions.rules import load_rules
from tests.support.cli import PASSWORD, Ran, proctor
from tests.support.schemas import require_valid

EXAM = load_rules("written-exam")
ROSTER = "SBD,Họ và tên,Ngày sinh,Số định danh,Phòng\n001,Nguyễn Văn Mẫu,15/01/1999,001099000001,P1\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "quy-dinh.toml"
    text = EXAM.data.decode().replace('id = "written-exam"', 'id = "thi-truong-a"')
    path.write_text(text.replace("minutes = 15", "minutes = 10"), encoding="utf-8")
    return path


def create(roster: Path, rules: str | Path, *arguments: str) -> Ran:
    return proctor(
        *("session", "create", "--training", "--roster", roster, "--rules", rules, "--component", "exam"),
        *("--place", "Trường Mẫu", *arguments),
    )


def test_the_list_says_what_holds_on_a_day(home: Path) -> None:
    ran = proctor("rules", "list", "--json")
    require_valid("rules-list", ran.json)
    assert ran.status == 0
    assert len(ran.json["rules"]) == 9
    assert ran.json["seams"] == []
    assert all(row["confirmed"] is None for row in ran.json["rules"])
    for day, rules in (
        ("2026-06-30", "driving-tt12-2025"),
        ("2026-07-01", "driving-tt108-2026"),
        ("2027-03-01", "driving-tt108-2027-03"),
    ):
        ran = proctor("rules", "list", "--date", day, "--kind", "driving-test", "--json")
        assert [row["id"] for row in ran.json["rules"]] == [rules]
    nothing = proctor("rules", "list", "--date", "2020-01-01", "--json")
    assert (nothing.status, nothing.json["rules"]) == (1, [])
    assert proctor("rules", "list", "--date", "1/7/2026").status == 2
    words = proctor("rules", "list").out
    assert "CHƯA XÁC NHẬN" in words
    assert "01/07/2026 – 31/12/2026" in words


def test_rules_are_told_in_words(home: Path) -> None:
    ran = proctor("rules", "show", "driving-tt12-2025", "--class", "B")
    assert ran.status == 0
    assert "Lý thuyết: 30 câu, 20 phút, tối đa 30 điểm, đạt từ 27, có 1 câu điểm liệt" in ran.out
    assert "Mô phỏng các tình huống giao thông: 10 tình huống, tối đa 50 điểm, đạt từ 35" in ran.out
    assert "Hạng A1" not in ran.out
    whole = proctor("rules", "show", "driving-tt108-2026", "--json", "--date", "2024-12-31")
    require_valid("rules-show", whole.json)
    assert whole.json["documents"]["cmnd-9"] == "manual"
    assert whole.json["classes"]["DE"]["road"]["pass_e1"] == 150
    assert whole.json["roles"]["overseer"] == ["confirm", "view"]
    for rules in ("driving-tt108-2028", "written-exam", "driving-graduation", "computer-exam"):
        for language in ("vi", "en"):
            ran = proctor("rules", "show", rules, "--lang", language)
            assert ran.status == 0
            assert "[" not in ran.out.replace("[CHƯA XÁC NHẬN]", "").replace("[UNCONFIRMED]", "").replace(
                "[nguồn thứ cấp]", ""
            ).replace("[secondary source]", "").replace("documents.none[1]", "")
    wrong = proctor("rules", "show", "written-exam", "--class", "B", "--json")
    assert (wrong.status, wrong.json["code"]) == (1, "rules-class-unknown")
    assert proctor("rules", "show", "absent", "--json").json["code"] == "rules-unknown"


def test_a_sites_file_is_checked(home: Path, own: Path, tmp_path: Path) -> None:
    ran = proctor("rules", "check", own, "--json")
    require_valid("rules-check", ran.json)
    (row,) = ran.json["files"]
    assert (ran.status, row["id"], row["shipped"]) == (0, "thi-truong-a", False)
    assert {"late", "source"} <= {each["key"] for each in row["unconfirmed"]}
    assert [(seam["kind"], seam["from"]) for seam in ran.json["seams"]] == [("overlap", "2026-01-01")]
    same = tmp_path / "same.toml"
    same.write_bytes(EXAM.data)
    assert proctor("rules", "check", same, "--json").json["files"][0]["same"]
    changed = tmp_path / "changed.toml"
    changed.write_bytes(EXAM.data.replace(b"capacity = 24", b"capacity = 20"))
    ran = proctor("rules", "check", changed)
    assert ran.status == 1
    assert "rooms.capacity: đi kèm 24; tệp này 20" in ran.out
    assert "mã riêng" in ran.out
    taken = proctor("rules", "check", changed, "--json")
    require_valid("rules-check", taken.json)
    assert (taken.json["ok"], taken.json["files"][0]["code"]) == (False, "rules-id-taken")
    weak = tmp_path / "weak.toml"
    text = EXAM.data.decode().replace('id = "written-exam"', 'id = "thi-truong-b"')
    weak.write_text(text.replace("bac = false", "bac = true"), encoding="utf-8")
    assert "access.bac" in proctor("rules", "check", weak).out
    broken = tmp_path / "broken.toml"
    broken.write_bytes(EXAM.data.replace(b"capacity = 24", b"capacity = 24\nbeds = 2"))
    ran = proctor("rules", "check", broken, own, "--json")
    require_valid("rules-check", ran.json)
    assert ran.status == 1
    assert [(each["ok"], each.get("key")) for each in ran.json["files"]] == [
        (False, "rooms.beds"),
        (True, None),
    ]
    lines = broken.read_text(encoding="utf-8").splitlines()
    assert lines[ran.json["files"][0]["line"] - 1] == "beds = 2"
    said = f"rooms.beds (dòng {ran.json['files'][0]['line']})"
    assert said in proctor("rules", "check", broken).out
    gone = proctor("rules", "check", tmp_path / "gone.toml", "--json")
    assert (gone.status, gone.json["files"][0]["code"]) == (1, "rules-file-unreadable")


def test_the_mark_stands_on_screen_and_paper_until_an_administrator_confirms(
    home: Path, listed: Path, own: Path, tmp_path: Path
) -> None:
    made = create(listed, own)
    assert made.status == 0, made.err
    assert "QUY ĐỊNH CHƯA XÁC NHẬN" in made.out
    session = made.out.splitlines()[0].strip()
    shown = proctor("session", "show", session)
    assert "QUY ĐỊNH CHƯA XÁC NHẬN" in shown.out
    data = proctor("session", "show", session, "--json").json
    require_valid("session", data)
    assert (data["rules"], "late" in data["rules_unconfirmed"]) == ("thi-truong-a", True)

    def paper(name: str) -> str:
        ran = proctor("sheets", "attendance", "--session", session, "--out", tmp_path / name, "--json")
        assert ran.status == 0, ran.out
        return "\n".join(page.extract_text() for page in PdfReader(ran.json["file"]).pages)

    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = paper("before")
    assert "QUY ĐỊNH CHƯA XÁC NHẬN" in before
    assert "chưa được xác nhận với văn bản gốc" in " ".join(before.split())

    part = proctor(
        *(
            "rules",
            "confirm",
            own,
            "--training",
            "--reference",
            "Quy chế thi, Điều 14",
            "--key",
            "late",
            "--json",
        )
    )
    require_valid("rules-confirm", part.json)
    assert (part.status, part.json["keys"]) == (0, ["late"])
    assert "late" not in proctor("session", "show", session, "--json").json["rules_unconfirmed"]
    assert "QUY ĐỊNH CHƯA XÁC NHẬN" in proctor("session", "show", session).out
    whole = proctor("rules", "confirm", "--session", session, "--reference", "Quy chế thi", "--json")
    assert (whole.status, whole.json["open"], whole.json["rules"]) == (0, [], "thi-truong-a")
    assert "CHƯA XÁC NHẬN" not in proctor("session", "show", session).out
    assert "CHƯA XÁC NHẬN" not in paper("after")
    again = proctor("rules", "confirm", "--session", session, "--reference", "Quy chế thi", "--json")
    assert (again.status, again.json["code"]) == (1, "rules-nothing-open")

    own.write_text(own.read_text(encoding="utf-8").replace("minutes = 10", "minutes = 11"), encoding="utf-8")
    other = create(listed, own)
    assert "QUY ĐỊNH CHƯA XÁC NHẬN" in other.out
    assert (
        proctor("session", "show", session, "--json").json["rules_sha256"]
        != load_rules("written-exam").sha256
    )
    assert (
        "CHƯA XÁC NHẬN" not in proctor("session", "show", session).out
    )  # its own file, whatever became of it
    assert proctor("log", "verify", home / "training", "--json").status in {0, 1}


def test_the_shipped_files_lose_their_mark_in_the_list(home: Path, listed: Path) -> None:
    assert create(listed, "written-exam").status == 0
    marked = proctor("rules", "list", "--training", "--json").json["rules"]
    assert next(row for row in marked if row["id"] == "written-exam")["unconfirmed"]
    done = proctor("rules", "confirm", "written-exam", "--training", "--reference", "Quy chế thi, Điều 14")
    assert done.status == 0, done.err
    rows = {row["id"]: row for row in proctor("rules", "list", "--training", "--json").json["rules"]}
    assert rows["written-exam"]["unconfirmed"] == []
    assert rows["written-exam"]["confirmed"][0]["reference"] == "Quy chế thi, Điều 14"
    assert rows["computer-exam"]["unconfirmed"]
    assert "Quy chế thi, Điều 14" in proctor("rules", "list", "--training").out


def test_wrong_usage_of_confirm(home: Path, listed: Path) -> None:
    assert proctor("rules", "confirm", "--training", "--reference", "x").status == 2
    assert create(listed, "written-exam").status == 0
    ran = proctor(
        *("rules", "confirm", "written-exam", "--training", "--reference", "x", "--key", "chip", "--json")
    )
    assert (ran.status, ran.json["code"]) == (1, "rules-key-not-open")
    ran = proctor("rules", "confirm", "written-exam", "--training", "--reference", "001099000001", "--json")
    assert (ran.status, ran.json["code"]) == (1, "rules-reference-invalid")


def test_at_a_real_station_only_an_administrator_confirms(home: Path) -> None:
    secrets = {"an": PASSWORD, "ct": "chủ tịch mẫu 1"}
    made = proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=secrets)
    assert made.status == 0, made.err
    added = proctor("user", "add", "ct", "--by", "an", "--role", "chairman", secrets=secrets)
    assert added.status == 0, added.err
    line = ("rules", "confirm", "written-exam", "--reference", "Quy chế thi", "--json", "--by")
    refused = proctor(*line, "ct", secrets=secrets)
    assert (refused.status, refused.json["code"]) == (1, "role-forbidden")
    assert proctor(*line, "an", secrets=secrets).status == 0
    rows = proctor("rules", "list", "--by", "an", "--json", secrets=secrets).json["rules"]
    found = next(row for row in rows if row["id"] == "written-exam")
    assert (found["unconfirmed"], found["confirmed"][0]["by"]) == ([], "an")
