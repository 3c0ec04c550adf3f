"""Collection list, notice, proof of erasure and copies for a wall, as a user asks for them; tables beside them."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from proctor.roots import ensure_training_root, open_training
from proctor.sheet_kinds import rebuild
from proctor.texts import load_texts
from reports.pdf import render
from tests.support.cli import Ran, proctor
from tests.support.reports_pages import page_texts

PUPILS = """SBD,Họ và tên,Ngày sinh,Giới tính,Số định danh,Lớp,Phòng thi
001,Nguyễn Văn Mẫu,15/01/2008,Nam,001208000001,12A1,P1
002,Trần Thị Mẫu,08/03/2008,Nữ,001308000002,12A1,P1
003,Lê Thị Mẫu,2008,Nữ,001308000003,12A2,P2
"""


@pytest.fixture
def exam(home: Path, tmp_path: Path) -> str:
    """The id of a training session of a written exam."""
    roster = tmp_path / "pupils.csv"
    roster.write_text(PUPILS, encoding="utf-8")
    made = proctor(
        *("session", "create", "--training", "--json", "--roster", roster, "--rules", "written-exam"),
        *("--component", "literature", "--place", "Trường Mẫu"),
    )
    assert made.status == 0, made.err
    session_id: str = made.json["id"]
    return session_id


def sheet(kind: str, session: str, folder: Path, *more: str) -> Ran:
    folder.mkdir(exist_ok=True)
    return proctor("sheets", kind, "--session", session, "--out", folder, "--json", *more)


def text_of(path: str) -> str:
    return " ".join(" ".join(page_texts(Path(path).read_bytes())).split())


def require_rebuilt(root: Path) -> None:
    """Every print of a root is what the log gives again, byte for byte, before the seal."""
    with open_training(ensure_training_root(root)) as opened:
        signer = opened.keys.bundle.signer(opened.root.origin)
        prints = opened.store.entries("print")
        assert prints
        for entry in prints:
            again = render(rebuild(opened, entry.body), signer)
            assert hashlib.sha256(again).hexdigest() == entry.body["unsigned_sha256"], entry.body["sheet"]


def test_the_collection_list_of_a_room_with_its_tables(exam: str, tmp_path: Path) -> None:
    ran = sheet("collection", exam, tmp_path / "out", "--component", "literature", "--room", "P1")
    assert ran.status == 0, ran.err
    text = text_of(ran.json["file"])
    assert "PHIẾU THU BÀI" in text
    assert "Trần Thị Mẫu" in text
    assert "Lê Thị Mẫu" not in text
    assert ran.json["counts"]["listed"] == 2
    names = sorted(path.suffix for path in (tmp_path / "out").iterdir())
    assert names == [".csv", ".pdf", ".xlsx"]
    book = next((tmp_path / "out").glob("*.xlsx")).read_bytes()
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    first = next(row for row in rows if row[0] == 1)
    assert first[1] == "001"
    assert any("HUẤN LUYỆN" in str(row[0]) for row in rows[:2])
    data = next((tmp_path / "out").glob("*.csv")).read_bytes()
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert next(line for line in lines if line[0] == "2")[1:3] == ["002", "Trần Thị Mẫu"]
    nobody = sheet("collection", exam, tmp_path / "none", "--component", "literature", "--room", "P9")
    assert (nobody.status, nobody.json["code"]) == (1, "room-empty")
    assert not list((tmp_path / "none").iterdir())


def test_a_driving_test_has_no_collection_list(training_session: str, tmp_path: Path) -> None:
    ran = sheet("collection", training_session, tmp_path / "out")
    assert (ran.status, ran.json["code"]) == (1, "collection-not-written")
    assert not list((tmp_path / "out").iterdir())


def test_notice_and_form_are_of_the_version_that_the_log_records(exam: str, tmp_path: Path) -> None:
    agreed = proctor("consent", "--session", exam, "--sbd", "002", "--agreed", "--json")
    assert agreed.status == 0, agreed.err
    empty = sheet("notice", exam, tmp_path / "out")
    assert empty.status == 0, empty.err
    notice = load_texts("vi")["notice.text"]
    digest = hashlib.sha256(notice.encode()).hexdigest()
    text = text_of(empty.json["file"])
    assert notice in text
    assert digest in text.replace(" ", "")
    assert "Trần Thị Mẫu" not in text
    filled = sheet("notice", exam, tmp_path / "out", "--candidate", "002")
    assert filled.status == 0, filled.err
    text = text_of(filled.json["file"])
    assert "Trần Thị Mẫu" in text
    assert "Nhật ký của trạm đã có: đồng ý" in text
    assert "001308000002" not in text
    require_rebuilt(tmp_path / "home" / "training")
    unknown = sheet("notice", exam, tmp_path / "none", "--candidate", "099")
    assert (unknown.status, unknown.json["code"]) == (1, "candidate-unlisted")


def test_an_erasure_can_be_proven_again_and_is_then_a_reprint(exam: str, tmp_path: Path) -> None:
    none = sheet("erasure", exam, tmp_path / "none")
    assert (none.status, none.json["code"]) == (1, "sheet-erasure-none")
    done = proctor(
        *("erase", "--session", exam, "--candidate", "001", "--second", "binh", "--reason", "request"),
        *("--yes", "--json", "--out", tmp_path / "first"),
    )
    assert done.status == 0, done.err
    seq = done.json["entries"][0]["entry"]["seq"]
    newest = sheet("erasure", exam, tmp_path / "again")
    assert newest.status == 0, newest.err
    assert Path(newest.json["file"]).name.startswith("erasure-")
    text = text_of(newest.json["file"])
    assert f"Mục nhật ký ghi việc xoá: {seq}." in text
    assert "BẢN IN LẠI lần 1" in text
    assert "theo yêu cầu của người có dữ liệu (request)" in text
    assert "Nguyễn Văn Mẫu" not in text
    named = sheet("erasure", exam, tmp_path / "again", "--entry", str(seq))
    assert "BẢN IN LẠI lần 2" in text_of(named.json["file"])
    require_rebuilt(tmp_path / "home" / "training")
    wrong = sheet("erasure", exam, tmp_path / "none", "--entry", "1")
    assert (wrong.status, wrong.json["code"]) == (1, "erase-no-entry")
    assert not list((tmp_path / "none").iterdir())


def test_a_copy_for_a_wall_shows_no_number_in_any_of_its_files(training_session: str, tmp_path: Path) -> None:
    for kind in ("attendance", "call-list", "results"):
        ran = sheet(kind, training_session, tmp_path / kind, "--posted")
        assert ran.status == 0, ran.err
        assert "posted" in Path(ran.json["file"]).name
        text = text_of(ran.json["file"])
        assert "BẢN NIÊM YẾT" in text
        table = next((tmp_path / kind).glob("*.csv")).read_text(encoding="utf-8-sig")
        for number in ("001099000001", "001199000002", "990000"):
            assert number not in text
            assert number not in table
        assert kind != "attendance" or "001•••••0001" in text


@pytest.mark.usefixtures("home")
def test_what_must_not_hang_on_a_wall_is_refused_in_words(tmp_path: Path) -> None:
    for kind in ("exceptions", "slip", "seal", "notice", "collection", "self-test", "erasure"):
        ran = sheet(kind, "HL-20261122-01", tmp_path / "out", "--posted")
        assert (ran.status, ran.json["code"]) == (1, "sheet-not-posted"), kind
    assert not list((tmp_path / "out").iterdir())
