"""`proctor sheets …` and `proctor replay pilot` as a user calls them, on a replayed training root."""

import hashlib
from pathlib import Path

import pytest

from proctor.roots import ensure_training_root, open_training
from proctor.sheet_kinds import rebuild
from reports.pdf import render
from tests.support.cli import proctor
from tests.support.reports_pages import page_texts
from tests.support.schemas import require_valid

PEOPLE = 16


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:  # type: ignore[type-arg]
    folder = tmp_path_factory.mktemp("replay") / "root"
    done = proctor(
        "replay", "pilot", "--out", str(folder), "--sessions", "1", "--people", str(PEOPLE), "--json"
    )
    assert done.status == 0, done.err
    return folder, done.json


def test_the_replay_says_what_it_compared(replayed: tuple[Path, dict]) -> None:  # type: ignore[type-arg]
    folder, said = replayed
    require_valid("replay", said)
    assert (said["ok"], said["differences"], said["candidates"]) == (True, [], PEOPLE)
    assert all(Path(sheet["file"]).is_file() for each in said["sessions"] for sheet in each["sheets"])
    again = proctor("replay", "pilot", "--out", str(folder))
    assert again.status == 2
    assert "trống" in again.err


def test_every_replayed_sheet_can_be_rebuilt_from_its_entry(replayed: tuple[Path, dict]) -> None:  # type: ignore[type-arg]
    with open_training(ensure_training_root(replayed[0])) as opened:
        signer = opened.keys.bundle.signer(opened.root.origin)
        for entry in opened.store.entries("print"):
            again = hashlib.sha256(render(rebuild(opened, entry.body), signer)).hexdigest()
            assert again == entry.body["unsigned_sha256"], entry.body["sheet"]


@pytest.mark.parametrize("option", [("--sessions", "19"), ("--people", "0"), ("--drop-candidate", "5@1")])
def test_a_replay_that_cannot_be_is_wrong_usage(tmp_path: Path, option: tuple[str, str]) -> None:
    done = proctor("replay", "pilot", "--out", str(tmp_path / "x"), *option)
    assert done.status == 2
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (("attendance", "--component", "yard"), "DANH SÁCH ĐIỂM DANH"),
        (("exceptions",), "BẢNG NGOẠI LỆ"),
        (("results", "--class", "b"), "PHIẾU KẾT QUẢ"),
        (("summary",), "BẢN TỔNG HỢP KẾT QUẢ THEO HẠNG DO TRẠM GHI NHẬN"),
        (("seal",), "BIÊN BẢN NIÊM PHONG PHIÊN CỦA TRẠM NHẬN DẠNG"),
        (("self-test",), "PHIẾU KIỂM TRA THIẾT BỊ"),
        (("call-list", "--component", "lý thuyết", "--room", "P1"), "DANH SÁCH GỌI"),
        (("incident", "--incident", "I-{session}-01"), "BIÊN BẢN SỰ VIỆC CỦA TRẠM"),
    ],
)
def test_every_sheet_is_written_and_entered(
    replayed: tuple[Path, dict],  # type: ignore[type-arg]
    tmp_path: Path,
    arguments: tuple[str, ...],
    title: str,
) -> None:
    folder, replay = replayed
    session = replay["sessions"][0]["session"]
    told = [word.format(session=session) for word in arguments]
    done = proctor(
        "sheets", *told, "--session", session, "--out", str(tmp_path), "--root", str(folder), "--json"
    )
    assert done.status == 0, done.err
    said = done.json
    require_valid("sheet", said)
    assert said["kind"] == arguments[0]
    pages = page_texts(Path(said["file"]).read_bytes())
    assert title in pages[0]
    assert all("HUẤN LUYỆN" in page for page in pages)


def test_a_slip_of_one_candidate_is_a_file_with_the_number_in_its_name(
    replayed: tuple[Path, dict],  # type: ignore[type-arg]
    tmp_path: Path,
) -> None:
    folder, replay = replayed
    session = replay["sessions"][0]["session"]
    options = ("--session", session, "--out", str(tmp_path), "--root", str(folder), "--json")
    done = proctor("sheets", "slip", "--candidate", "005", *options)
    assert done.status == 0, done.err
    require_valid("sheet", done.json)
    (said,) = done.json["sheets"]
    assert Path(said["file"]).name == f"slip-005-{session}-{said['size']}.pdf"
    text = " ".join(" ".join(page_texts(Path(said["file"]).read_bytes())).split())
    assert "PHIẾU KẾT QUẢ CỦA THÍ SINH DO TRẠM GHI NHẬN" in text
    assert "Máy: KHÔNG NHẬN" in text, "the fifth candidate of a replay is refused"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("results", "--class", "D2"), "class-unlisted"),
        (("slip", "--candidate", "777"), "candidate-unlisted"),
        (("call-list", "--room", "P77"), "room-empty"),
        (("incident", "--incident", "I-none"), "incident-unlisted"),
        (("attendance", "--component", "exam"), "component-unknown"),
    ],
)
def test_a_sheet_that_cannot_be_says_why(
    replayed: tuple[Path, dict],  # type: ignore[type-arg]
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: str,
) -> None:
    folder, replay = replayed
    session = replay["sessions"][0]["session"]
    done = proctor(
        "sheets", *arguments, "--session", session, "--out", str(tmp_path), "--root", str(folder), "--json"
    )
    assert done.status == 1
    assert done.json["code"] == code
    assert list(tmp_path.iterdir()) == []
