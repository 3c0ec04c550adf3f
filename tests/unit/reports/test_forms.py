"""Collection list, notice with consent form, copies for a wall: what officials sign, and what nobody fills in later."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import replace

import pytest
from reportlab.lib.units import mm

from reports.attendance import build_attendance
from reports.call_list import build_call_list
from reports.collection import CollectionNotWrittenError, build_collection
from reports.geometry import UPRIGHT
from reports.layout import lay_out
from reports.notice_form import build_notice
from reports.pdf import render
from reports.posting import POSTED_KINDS, SheetNotPostedError, mask_number, require_postable
from reports.results_sheet import build_results
from reports.session_sheet import Frame
from reports.sheet import Paragraph, Sheet
from reports.tables import csv_bytes
from sessions.course.allocation import Place
from sessions.course.consent import Consent
from sessions.course.progress import Progress
from sessions.course.states import Standing, State
from sessions.roster.model import ERASED
from sessions.session import Session
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import (
    LONG_NAME,
    LONG_WORD,
    head_of,
    mixed_roll,
    roll_row,
    seat,
    session_of,
    signer,
    texts,
)


def pupil(number: int, state: State, **fields: object) -> Standing:
    """Somebody at a written exam."""
    told = {"licence_class": "", "room": "P1", "sex": "nữ", "school_class": "12A1"}
    shown = seat(number, **(told | dict(fields.pop("told", {}))))  # type: ignore[call-overload]
    return roll_row(number, state, seat=shown, **fields)


def exam(roll: list[Standing], rules: str = "written-exam") -> Session:
    session = session_of(roll, rules=rules)
    return replace(session, component="literature", component_label="Ngữ văn", components=("literature",))


def frame(session: Session, language: str = "vi") -> Frame:
    return Frame(session=session, texts=texts(language), head=head_of(), language=language)


def cells(sheet: Sheet) -> list[list[str]]:
    return [[" / ".join(cell.paragraphs) for cell in row.cells] for row in sheet.rows]


def room_of_all() -> list[Standing]:
    return [
        pupil(1, State.ADMITTED),
        pupil(2, State.ABSENT),
        pupil(3, State.REFERRED),
        pupil(4, State.SUSPENDED),
        pupil(5, State.SUSPENDED, admitted=True, how="chip-face"),
        pupil(6, State.OUT, admitted=True, how="chip-face"),
        Standing(seat=ERASED, component="literature", state=State.ERASED),
    ]


def test_only_who_was_let_in_has_a_line_to_sign() -> None:
    roll = room_of_all()
    sheet = build_collection(frame(exam(roll)), roll, {}, closed=True)
    assert [row[-3:] for row in cells(sheet)] == [
        ["", "", ""],
        ["—", "—", "Vắng"],
        ["—", "—", "Không được vào"],
        ["—", "—", "Bị đình chỉ"],
        ["", "", "Bị đình chỉ"],
        ["", "", ""],
        ["—", "—", "—"],
    ]
    assert [row.mark for row in sheet.rows] == [
        ("001", "A"),
        ("002", "-"),
        ("003", "R"),
        ("004", "R"),
        ("005", "A"),
        ("006", "A"),
        ("", "-"),
    ]
    assert [column.heading for column in sheet.columns] == [
        "STT",
        "SBD",
        "Họ và tên",
        "Ngày sinh",
        "Giới tính",
        "Lớp",
        "Số tờ",
        "Mã đề",
        "Ký tên",
    ]
    assert cells(sheet)[0][4:6] == ["Nữ", "12A1"]


def test_the_totals_add_up_and_leave_places_for_the_hand() -> None:
    roll = room_of_all()
    sheet = build_collection(frame(exam(roll)), roll, {}, closed=True)
    counts = sheet.counts
    groups = ("present", "waiting", "barred", "excused", "missing", "erased")
    assert counts["listed"] == sum(counts[name] for name in groups) == 7
    assert (counts["present"], counts["suspended"], counts["missing"]) == (3, 1, 1)
    said = "\n".join(sheet.closing.totals)
    for words in (
        "Có mặt, phải nộp bài: 3 (ba)",
        "Vắng: 1 (một)",
        "đình chỉ sau khi vào: 1",
        "bài thu được: …",
        "tờ giấy thi: …",
    ):
        assert words in said
    assert [block.role for block in sheet.closing.signatures] == [
        "CÁN BỘ COI THI 1",
        "CÁN BỘ COI THI 2",
        "TRƯỞNG ĐIỂM THI",
    ]
    open_sheet = build_collection(frame(exam(roll)), [pupil(1, State.NOT_SEEN)], {})
    assert cells(open_sheet)[0][-1] == "Chưa đến"
    assert "chưa chốt" in "\n".join(open_sheet.closing.totals)


def test_a_room_is_one_sheet_and_several_rooms_and_shifts_are_named() -> None:
    roll = [pupil(number, State.ADMITTED) for number in range(1, 5)]
    places = {"002": Place(room="P2", seat=1, shift=1), "003": Place(room="P2", seat=2, shift=2)}
    one = build_collection(frame(exam(roll)), roll, places, room="P2")
    assert [row[1] for row in cells(one)] == ["002", "003"]
    assert cells(one)[1][2].endswith(" / ca 2")
    assert "Phòng: P2" in one.header.lines
    whole = build_collection(frame(exam(roll)), roll, places)
    assert [row[1] for row in cells(whole)] == ["001", "004", "002", "003"]
    assert "Phòng: P1" in cells(whole)[0][2]


def test_subjects_of_the_list_stand_in_the_head() -> None:
    roll = [
        pupil(1, State.ADMITTED, told={"subject": "Toán"}),
        pupil(2, State.ADMITTED, told={"subject": "Vật lý"}),
    ]
    sheet = build_collection(frame(exam(roll)), roll, {})
    assert "Môn thi, bài thi: Toán; Vật lý" in sheet.header.lines
    assert [row[2].rpartition(" / ")[2] for row in cells(sheet)] == ["Toán", "Vật lý"]


def test_lists_of_a_written_exam_name_the_pupils_class() -> None:
    roll = [pupil(1, State.ADMITTED)]
    session = exam(roll)
    progress = Progress.of(session, [])
    sheets = (
        build_attendance(session, roll, texts=texts(), head=head_of()),
        build_call_list(frame(session), [roll[0].seat], {}),
        build_results(frame(session), progress),
    )
    for sheet in sheets:
        headings = [column.heading for column in sheet.columns]
        assert "Hạng" not in headings
        assert cells(sheet)[0][headings.index("Lớp")] == "12A1"


@pytest.mark.parametrize("rules", ["driving-tt108-2026", "driving-graduation", "driving-tt12-2025"])
def test_a_driving_test_has_no_papers_to_collect(rules: str) -> None:
    with pytest.raises(CollectionNotWrittenError) as raised:
        build_collection(frame(exam([], rules)), [], {})
    assert raised.value.facts["rules"] == rules


def test_a_whole_room_can_be_drawn_upright_with_the_longest_names() -> None:
    roll = [pupil(number, State.ADMITTED, name=None) for number in range(1, 24)]
    roll.append(roll_row(24, State.ADMITTED, seat=seat(24, LONG_WORD, licence_class="")))
    sheet = build_collection(frame(exam(roll)), roll, {})
    assert sheet.portrait
    assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(UPRIGHT.width / mm)
    text = " ".join("\n".join(page_texts(render(sheet, signer()))).split())
    assert "".join(LONG_NAME.split()) in "".join(text.split())
    assert LONG_WORD in "".join(text.split())
    assert "Tổng số thí sinh trong danh sách: 24 (hai mươi tư)." in text


PLACE = "; ".join(
    f"Khu {number}, Trường trung học phổ thông Mẫu, đường số {number}, xã Mẫu {number}, tỉnh Thanh Hóa"
    for number in range(1, 13)
)
"""An address of a dozen lines."""


def test_a_place_of_a_dozen_lines_is_printed_whole_on_paper_and_in_tables() -> None:
    roll = room_of_all()
    session = replace(exam(roll), place=PLACE)
    for sheet in (build_collection(frame(session), roll, {}), build_notice(frame(session), roll[2].seat)):
        text = "".join("".join(page_texts(render(sheet, signer()))).split())
        assert "".join(PLACE.split()) in text, sheet.kind
        assert PLACE in csv_bytes(sheet).decode("utf-8-sig"), sheet.kind


# -- notice ---------------------------------------------------------------------------------------


def paragraphs(sheet: Sheet) -> list[Paragraph]:
    return [block for block in sheet.body if isinstance(block, Paragraph)]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_notice_is_the_text_whose_hash_the_log_records(language: str) -> None:
    session = exam(mixed_roll_list())
    sheet = build_notice(frame(session, language))
    said = [block.text for block in paragraphs(sheet)]
    text = texts(language)["notice.text"]
    assert text in said
    assert hashlib.sha256(text.encode()).hexdigest() in said
    assert session.rules.notice_version in said


def mixed_roll_list() -> list[Standing]:
    return list(mixed_roll(6))


def test_the_form_says_what_why_how_long_and_that_refusing_costs_nothing() -> None:
    session = exam(mixed_roll_list())
    said = "\n".join(block.text for block in paragraphs(build_notice(frame(session))))
    terms = session.rules.retention
    for words in (
        f"mẫu khuôn mặt {terms['template'].days} ngày",
        f"ảnh chụp tại bàn {terms['live-portrait'].days} ngày",
        "Hai cán bộ kiểm tra bằng giấy tờ",
        "rút lại sự đồng ý",
        "□  ĐỒNG Ý",
        "□  KHÔNG ĐỒNG Ý",
    ):
        assert unicodedata.normalize("NFC", words).replace("  ", " ") in said.replace("  ", " ")
    old = replace(session, rules=replace(session.rules, retention={}))
    assert "Theo thời hạn của cơ quan" in "\n".join(b.text for b in paragraphs(build_notice(frame(old))))


def test_an_empty_form_names_nobody_and_a_filled_one_its_candidate() -> None:
    roll = mixed_roll_list()
    session = exam(roll)
    empty = build_notice(frame(session))
    assert empty.sbd == ""
    assert not any("NGUYỄN" in block.text for block in paragraphs(empty))
    filled = build_notice(frame(session), roll[2].seat)
    assert filled.sbd == "003"
    labelled = {block.label: block.text for block in paragraphs(filled)}
    assert labelled["Họ và tên"] == LONG_NAME
    assert labelled["Số báo danh"] == "003"
    assert roll[2].seat.id_number not in "\n".join(block.text for block in paragraphs(filled))


@pytest.mark.parametrize(
    ("outcome", "words"), [("agreed", "đồng ý"), ("refused", "không đồng ý"), ("shown", "chưa trả lời")]
)
def test_an_answer_on_record_is_named_with_its_entry(outcome: str, words: str) -> None:
    roll = mixed_roll_list()
    session = exam(roll)
    answer = Consent(
        sbd="003",
        outcome=outcome,
        version="2026-01-01",
        notice_sha256=hashlib.sha256(texts()["notice.text"].encode()).hexdigest(),
        at="2026-11-22T01:02:03.000Z",
        seq=17,
    )
    said = "\n".join(b.text for b in paragraphs(build_notice(frame(session), roll[2].seat, answer)))
    assert f"{words}, phiên bản 2026-01-01 (mục số 17, lúc 08:02:03 22/11/2026)" in said
    other = replace(answer, notice_sha256="ab" * 32)
    blocks = paragraphs(build_notice(frame(session), roll[2].seat, other))
    assert ("ab" * 32, "SHA-256 lúc đó") in {(b.text, b.label) for b in blocks}


def test_the_notice_can_be_drawn_and_read_back() -> None:
    roll = mixed_roll_list()
    session = exam(roll)
    pages = page_texts(render(build_notice(frame(session), roll[2].seat), signer()))
    text = " ".join(" ".join(pages).split())
    assert unicodedata.is_normalized("NFC", text)
    assert " ".join(texts()["notice.text"].split()) in text
    assert "THÍ SINH" in pages[-1]
    assert "KHÔNG ĐỒNG Ý" in pages[-1]


# -- copies for a wall ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["slip", "exceptions", "incident", "seal", "summary", "self-test", "collection", "notice", "erasure"],
)
def test_what_tells_more_than_a_list_needs_is_never_posted(kind: str) -> None:
    with pytest.raises(SheetNotPostedError) as raised:
        require_postable(kind)
    assert raised.value.facts["kind"] == kind
    for language in ("vi", "en"):
        assert "{kind}" in texts(language)["sheet-not-posted"]


def test_lists_may_be_posted() -> None:
    assert [require_postable(kind) for kind in POSTED_KINDS] == ["attendance", "call-list", "results"]


def test_a_posted_call_list_has_no_place_to_sign_and_says_what_it_is() -> None:
    roll = mixed_roll(4)
    session = session_of(roll)
    seats = [row.seat for row in roll]
    full = build_call_list(frame(session), seats, {})
    sheet = build_call_list(frame(session), seats, {}, posted=True)
    assert "Thí sinh ký" in [column.heading for column in full.columns]
    assert "Thí sinh ký" not in [column.heading for column in sheet.columns]
    assert sheet.header.title.endswith("BẢN NIÊM YẾT")
    assert (sheet.posted, full.posted) == (True, False)
    widths = [sum(column.width_mm for column in each.columns) for each in (full, sheet)]
    assert widths[0] == pytest.approx(widths[1])


@pytest.mark.parametrize(
    "number", ["001099000001", "123456789", "12345678", "1234567", "1", "00109900000199"]
)
def test_no_number_can_be_read_from_its_mask(number: str) -> None:
    masked = mask_number(number)
    assert number not in masked
    assert "•" in masked
    assert len(masked) in {8, len(number)}
