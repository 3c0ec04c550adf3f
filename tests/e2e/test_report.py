"""`proctor report …` as a user calls it: files, numbers, the log's entry, and what goes wrong."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from proctor.replay.day import Day
from proctor.replay.plan import SEED, Size, Without, plan
from proctor.roots import ensure_training_root, open_training
from sessions.vietnam import VIETNAM
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.reports_pages import page_texts
from tests.support.schemas import require_valid

TODAY = datetime.now(VIETNAM).date()
DAYS = ("--from", str(TODAY - timedelta(days=1)), "--to", str(TODAY + timedelta(days=1)))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One graduation exam of four candidates, and another session that nobody closed."""
    root = tmp_path_factory.mktemp("report") / "root"
    with open_training(ensure_training_root(root)) as opened:
        sittings = plan(SEED, Size(sessions=2, people=4), Without())
        Day(opened, sittings[0], notice="mẫu").play()
        Day(opened, sittings[1], notice="mẫu")
    return root


def files_of(ran: Ran) -> dict[str, Path]:
    require_valid("report-model17" if "figures" in ran.json else "report-pictures", ran.json)
    files = {Path(each["file"]).suffix: Path(each["file"]) for each in ran.json["files"]}
    for each in ran.json["files"]:
        assert hashlib.sha256(Path(each["file"]).read_bytes()).hexdigest() == each["sha256"]
    return files


def entry_of(root: Path, number: int) -> dict[str, Any]:
    shown = proctor("log", "show", "--root", root, "--entry", str(number), "--json")
    body: dict[str, Any] = shown.json["entries"][0]["body"]
    return body


def test_the_report_its_entry_and_a_sound_log(home: Path, played: Path, tmp_path: Path) -> None:
    text = tmp_path / "chu.txt"
    text.write_text("[Kinh phí đầu tư]\n120 triệu đồng\n", encoding="utf-8")
    out = tmp_path / "out"
    ran = proctor(*("report", "model17", "--root", played, *DAYS, "--text", text, "--out", out, "--json"))
    assert ran.status == 0, ran.err
    assert (ran.json["sessions"], ran.json["figures"]["candidates"], ran.json["training"]) == (1, 4, True)
    assert [each["kind"] for each in ran.json["counted"]] == ["graduation-car"]
    assert [each["why"] for each in ran.json["left_out"]] == ["open"]
    files = files_of(ran)
    assert set(files) == {".pdf", ".docx", ".xlsx"}
    assert "120 triệu đồng" in page_texts(files[".pdf"].read_bytes())[0]
    result = Document(str(files[".docx"])).tables[1].rows[1].cells[2].text
    assert result.startswith("Đánh giá tiến độ:")
    assert "1 phiên, 4 thí sinh" in result
    body = entry_of(played, ran.json["entry"])
    assert (body["kind"], body["what"], body["size"]) == ("export", "report-model17", ran.json["entry"])
    assert body["files"] == {
        path.suffix[1:]: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()
    }
    assert proctor("log", "verify", "--root", played, "--json").json["code"] == "ok"
    human = proctor("report", "model17", "--root", played, *DAYS, "--out", out, "--text", tmp_path / "none")
    assert human.status == 0
    assert "1 phiên, 4 thí sinh" in human.out
    assert "Phiên chưa đóng" in human.out
    assert "để trống cho viết tay" in human.out


def test_a_department_counts_packs_without_a_station(home: Path, played: Path, tmp_path: Path) -> None:
    packs, out = tmp_path / "packs", tmp_path / "out"
    listed = proctor("session", "list", "--root", played, "--training", "--json").json["sessions"]
    session = listed[0]["id"]
    assert proctor("pack", "export", "--root", played, "--session", session, "--out", packs).status == 0
    call = ("report", "model17", *DAYS, "--packs", packs, "--department", "Sở Mẫu", "--out", out, "--json")
    known = ("--pins", played / "trust" / "stations", "--department-key", played / "keys" / "department.key")
    real = proctor(*call, *known)
    assert (real.status, real.json["sessions"], real.json["training"]) == (0, 0, False)
    assert [each["why"] for each in real.json["left_out"]] == ["training"]
    assert "không có phiên nào" in proctor(*call[:-1], *known).out
    ran = proctor(*call, *known, "--training")
    assert ran.status == 0, ran.err
    assert (ran.json["sessions"], ran.json["figures"]["class:B:candidates"], ran.json["entry"]) == (
        1,
        4,
        None,
    )
    assert ran.json["figures"]["centre:Trung tâm Sát hạch Mẫu:candidates"] == 4
    assert "SỞ MẪU" in page_texts(files_of(ran)[".pdf"].read_bytes())[0]
    assert not (home / "station").exists()
    unknown = proctor(*call)
    assert (unknown.status, unknown.json["sessions"]) == (1, 0)
    assert [each["code"] for each in unknown.json["left_out"]] == ["unknown-station"]


def test_the_pictures_of_days_and_of_one_session(home: Path, played: Path, tmp_path: Path) -> None:
    ran = proctor("report", "pictures", "--root", played, *DAYS, "--out", tmp_path / "out", "--json")
    assert ran.status == 0, ran.err
    files = files_of(ran)
    (page,) = page_texts(files[".pdf"].read_bytes())
    assert "1 phiên đã đóng" in page
    assert files[".png"].read_bytes().startswith(b"\x89PNG")
    admitted = sum(each["admitted"] for each in ran.json["throughput"])
    model = proctor("report", "model17", "--root", played, *DAYS, "--out", tmp_path / "out", "--json").json
    assert admitted == model["figures"]["checks"] > 0
    assert ran.json["attempts"] == model["figures"]["attempts"] == sum(ran.json["verdicts"].values())
    assert entry_of(played, ran.json["entry"])["what"] == "report-pictures"
    opened = model["left_out"][0]["session"]
    one = proctor(
        "report", "pictures", "--root", played, "--session", opened, "--out", tmp_path / "out", "--json"
    )
    assert (one.status, one.json["open"], one.json["attempts"]) == (0, 1, 0)
    assert "(chưa đóng)" in page_texts(files_of(one)[".pdf"].read_bytes())[0]


def test_days_without_a_session_are_said_to_have_none(home: Path, played: Path, tmp_path: Path) -> None:
    ran = proctor(
        *("report", "pictures", "--root", played, "--from", "2020-01-01", "--to", "2020-01-02"),
        *("--out", tmp_path / "out"),
    )
    assert ran.status == 0, ran.err
    assert "CHÚ Ý: không có phiên nào được tính từ 2020-01-01 đến 2020-01-02" in ran.out
    (file,) = (tmp_path / "out").glob("*.pdf")
    assert "không có phiên nào đã đóng" in page_texts(file.read_bytes())[0]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("model17", "--from", "22/11/2026", "--to", "2026-11-22"), 2, "năm-tháng-ngày"),
        (("model17", "--from", "2026-11-23", "--to", "2026-11-22"), 2, "đổi chỗ"),
        (("model17", *DAYS, "--packs", "nowhere"), 2, "nowhere"),
        (("pictures",), 2, "--from"),
        (("pictures", "--from", "2026-11-22"), 2, "--from"),
        (("pictures", "--session", "HL-none"), 1, ""),
        (("model17", *DAYS, "--text", "TEXT"), 1, "dòng 2"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    home: Path, played: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    text = tmp_path / "chu.txt"
    text.write_text("\n[Kinh phi]\n", encoding="utf-8")
    given = [str(text) if each == "TEXT" else each for each in arguments]
    ran = proctor("report", *given, "--root", played, "--out", tmp_path / "out")
    assert ran.status == status
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()


def test_a_real_station_asks_who_and_whether_they_may(home: Path, roster: Path, tmp_path: Path) -> None:
    an, binh = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
    proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=an)
    added = proctor("user", "add", "binh", "--by", "an", "--role", "council-member", secrets={**an, **binh})
    assert added.status == 0, added.err
    made = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--date", str(TODAY), "--json"),
        secrets=an,
    )
    assert proctor("session", "close", made.json["id"], "--by", "an", secrets=an).status == 0
    call = ("report", "model17", *DAYS, "--out", tmp_path / "out", "--json")
    ran = proctor(*call, "--by", "an", secrets=an)
    assert ran.status == 0, ran.err
    assert (ran.json["sessions"], ran.json["training"], ran.json["figures"]["absent"]) == (1, False, 2)
    (page, *_) = page_texts(files_of(ran)[".pdf"].read_bytes())
    assert "HUẤN LUYỆN" not in page
    refused = proctor(*call, "--by", "binh", secrets=binh)
    assert refused.status == 1
    assert refused.json["code"] == "role-forbidden"
    nobody = proctor("report", "model17", *DAYS, "--out", tmp_path / "out")
    assert nobody.status == 2
