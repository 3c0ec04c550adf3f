import re
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from reportlab.lib.units import mm

from reports.attendance import Pictures, build_attendance
from reports.errors import TextMissingError
from reports.geometry import LYING
from reports.layout import lay_out
from reports.pdf import render
from reports.posting import mask_number
from reports.sheet import Letterhead, Sheet
from reports.tables import csv_bytes
from sessions.course.states import Standing, State
from sessions.record import Verdict
from sessions.roster.model import ERASED
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import (
    PICTURES,
    entry_of,
    head_of,
    mixed_roll,
    portrait,
    roll_row,
    session_of,
    sheet_of,
    signer,
    texts,
)


def cells(sheet: Sheet, row: int) -> list[str]:
    return [" / ".join(cell.paragraphs) for cell in sheet.rows[row].cells]


def test_the_columns_fill_the_width_between_the_margins():
    sheet = sheet_of(mixed_roll(1))
    assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(LYING.width / mm)
    assert [column.heading for column in sheet.columns] == [
        "STT",
        "Ảnh chíp, tại chỗ",
        "SBD",
        "Họ và tên",
        "Ngày sinh",
        "Số định danh",
        "Hạng",
        "Nội dung",
        "Giờ",
        "Phương thức",
        "Kết quả",
        "Thí sinh ký",
        "Ghi chú",
    ]


def test_an_admitted_candidate():
    sheet = sheet_of([roll_row(1, State.ADMITTED)])
    assert cells(sheet, 0) == [
        "1",
        "",
        "001",
        "NGUYỄN VĂN MẪU",
        "15/01/1999",
        "001099000001",
        "C1",
        "Lý thuyết",
        "08:03",
        "Chíp + mặt",
        "Đúng người / Chíp thật",
        "",
        "",
    ]


def test_a_referred_candidate_has_the_reason_in_words():
    row = cells(sheet_of([roll_row(1, State.REFERRED)]), 0)
    assert row[10] == "Chưa chắc / Chíp: chưa biết nơi cấp"
    assert row[12] == "Trạm chưa có chứng thư gốc của nơi cấp"


def test_a_refused_candidate_has_every_reason():
    row = roll_row(1, State.REFUSED, reasons=["pa-dg-hash", "some-new-code"], method="manual")
    printed = cells(sheet_of([row]), 0)
    assert printed[10] == "Không nhận / Chíp: dữ liệu bị sửa"
    assert printed[12] == "Dữ liệu chíp bị sửa / Lý do: some-new-code"
    assert printed[9] == "Thủ công"


def test_without_an_attempt_nothing_is_invented():
    row = cells(sheet_of([roll_row(4, State.NOT_SEEN)]), 0)
    assert row[8:] == ["—", "—", "Chưa đến", "", ""]
    assert row[6] == "B"


def test_no_class_is_a_dash_and_a_year_stays_a_year():
    row = cells(sheet_of([roll_row(15, State.NOT_SEEN)]), 0)
    assert (row[4], row[6]) == ("1999", "—")


def test_an_admission_that_counts_hides_the_reasons_of_others_but_not_their_number():
    row = roll_row(1, State.ADMITTED, reasons=["pad"], attempts=3)
    assert cells(sheet_of([row]), 0)[12] == "3 lượt kiểm tra"


def test_a_candidate_not_registered_for_the_component_is_marked():
    row = roll_row(1, State.NOT_SEEN)
    other = roll_row(1, State.NOT_SEEN, seat=replace(row.seat, components=("road",)))
    assert cells(sheet_of([other]), 0)[12] == "Không đăng ký nội dung này"


def test_the_hour_is_vietnams():
    row = roll_row(1, State.ADMITTED, at=datetime(2026, 11, 21, 18, 30, tzinfo=UTC))
    assert cells(sheet_of([row]), 0)[8] == "01:30"


@pytest.mark.parametrize("state", [state for state in State if state is not State.ERASED])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_state_has_its_words(state: State, language: str):
    assert texts(language)[f"paper.state.{state.value}"]


def test_totals_in_figures_and_words():
    sheet = sheet_of(mixed_roll(24))
    assert sheet.closing.totals == (
        "Tổng số thí sinh trong danh sách: 24 (hai mươi tư).",
        "Có mặt, được vào: 12 (mười hai).",
        "Đã đến, chưa được vào: 8 (tám).",
        "Chưa chắc, chờ người quyết định: 4 (bốn).",
        "Trượt nhận dạng (máy không nhận): 4 (bốn).",
        "Chưa đến: 4 (bốn); vắng: chưa chốt.",
        "Lượt kiểm tra của người không có trong danh sách: 0 (không).",
        "Ngoại lệ: 0 (không).",
    )
    assert {name: count for name, count in sheet.counts.items() if count} == {
        "listed": 24,
        "present": 12,
        "waiting": 8,
        "referred": 4,
        "refused": 4,
        "missing": 4,
    }


def test_somebody_is_absent_only_once_the_session_was_closed():
    roll = [roll_row(1, State.ABSENT), roll_row(2, State.ADMITTED)]
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), closed=True)
    assert "Vắng: 1 (một)." in sheet.closing.totals
    assert cells(sheet, 0)[10] == "Vắng"


def test_attempts_of_people_who_are_not_listed_are_counted():
    roll = mixed_roll(1)
    at = datetime(2026, 11, 22, 1, tzinfo=UTC)
    entries = [
        *(entry_of(seq, "attempt", at, component="theory") for seq in range(12)),
        entry_of(20, "attempt", at, component="road"),
        entry_of(21, "attempt", at, component="theory", sbd="001"),
        entry_of(22, "override", at, component="theory", sbd="001"),
        entry_of(23, "manual", at, component="road", sbd="001"),
    ]
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), entries=entries)
    assert "Lượt kiểm tra của người không có trong danh sách: 12 (mười hai)." in sheet.closing.totals
    assert "Ngoại lệ: 1 (một)." in sheet.closing.totals


@pytest.mark.parametrize(
    ("state", "how", "verdict", "words", "mark"),
    [
        (
            State.DECIDED,
            "decision",
            Verdict.REFUSE,
            "Quyết định của chủ tịch hội đồng / Máy: không nhận",
            "X",
        ),
        (State.MANUAL, "manual", Verdict.REFUSE, "Nhận dạng thủ công / Máy: không nhận", "X"),
        (State.ADMITTED, "override", Verdict.REFER, "Đúng người / Máy: chưa chắc", "A"),
        (State.BACK, "chip-face", Verdict.ADMIT, "Đã vào lại", "A"),
        (State.OUT, "chip-face", Verdict.ADMIT, "Đã ra ngoài", "A"),
        (State.LATE, "", Verdict.REFER, "Muộn", "R"),
        (State.WRONG_ROOM, "", Verdict.REFER, "Sai phòng", "R"),
        (State.DUPLICATE, "", Verdict.REFER, "Trùng", "R"),
        (State.SUSPENDED, "chip-face", Verdict.ADMIT, "Bị đình chỉ", "A"),
    ],
)
def test_every_state_in_words_and_the_machines_refusal_stays(
    state: State, how: str, verdict: Verdict, words: str, mark: str
):
    row = roll_row(1, state, verdict=verdict, chip_verdict="", how=how, admitted=bool(how))
    sheet = sheet_of([row])
    assert cells(sheet, 0)[10] == words
    assert sheet.rows[0].mark == ("001", mark)
    assert sheet.counts["refused"] == (verdict is Verdict.REFUSE)
    assert (sheet.counts["present"], sheet.counts["waiting"]) == (int(bool(how)), int(not how))


def test_a_later_addition_is_marked():
    row = roll_row(1, State.NOT_SEEN)
    added = roll_row(1, State.NOT_SEEN, seat=replace(row.seat, addition="bổ sung 1"))
    assert cells(sheet_of([added]), 0)[12] == "Danh sách bổ sung 1"


def test_seal_marks_follow_the_states():
    sheet = sheet_of(mixed_roll(5))
    assert [row.mark for row in sheet.rows] == [
        ("001", "A"),
        ("002", "A"),
        ("003", "R"),
        ("004", "X"),
        ("005", "-"),
    ]


def test_the_head_is_that_of_the_decree_and_the_title_the_stations_own():
    header = sheet_of(mixed_roll(1)).header
    assert header.nation == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert header.motto == "Độc lập - Tự do - Hạnh phúc"
    assert header.title == "DANH SÁCH ĐIỂM DANH – NHẬN DẠNG"
    assert header.place_and_date.endswith(", ngày 22 tháng 11 năm 2026")
    assert "Lý thuyết" in header.lines[0]
    assert "Sân sát hạch mẫu, tỉnh Thanh Hóa" in header.lines[0]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 2, 5), "ngày 05 tháng 02 năm 2026"),
        (date(2026, 3, 10), "ngày 10 tháng 3 năm 2026"),
    ],
)
def test_small_days_and_months_have_a_nought(day: date, words: str):
    roll = mixed_roll(1)
    session = session_of(roll)
    dated = replace(session, day=day)
    header = build_attendance(dated, roll, texts=texts(), head=head_of()).header
    assert header.place_and_date.endswith(words)


def test_a_letterhead_is_printed_as_the_decree_wants():
    roll = mixed_roll(1)
    letterhead = Letterhead(
        parent="Công an tỉnh Mẫu", agency="Phòng Mẫu", symbol="DSĐD-PM", locality="Thanh Hóa"
    )
    header = build_attendance(
        session_of(roll), roll, texts=texts(), head=head_of(), letterhead=letterhead
    ).header
    assert (header.parent, header.agency) == ("CÔNG AN TỈNH MẪU", "PHÒNG MẪU")
    assert header.number == "Số: ………/DSĐD-PM"
    assert header.place_and_date.startswith("Thanh Hóa, ngày")


def test_signers_follow_the_kind_of_rules():
    roll = mixed_roll(1)
    exam = build_attendance(session_of(roll, rules="written-exam"), roll, texts=texts(), head=head_of())
    test = sheet_of(roll)
    assert [block.role for block in exam.closing.signatures] == [
        "CÁN BỘ COI THI 1",
        "CÁN BỘ COI THI 2",
        "TRƯỞNG ĐIỂM THI",
    ]
    assert [block.role for block in test.closing.signatures] == [
        "NGƯỜI LẬP DANH SÁCH",
        "SÁT HẠCH VIÊN",
        "TỔ GIÁM SÁT",
    ]
    assert {block.hint for block in exam.closing.signatures} == {"(Ký, ghi rõ họ tên)"}


def test_only_a_training_session_is_marked_as_training():
    assert sheet_of(mixed_roll(1)).training is None
    training = sheet_of(mixed_roll(1), kind="training").training
    assert training is not None
    assert all("HUẤN LUYỆN" in words for words in training)


@pytest.mark.parametrize(
    ("component", "short"),
    [("theory", "Lý thuyết"), ("simulation", "Mô phỏng"), ("yard", "Sa hình"), ("road", "Đường trường")],
)
def test_a_driving_component_has_a_short_name_in_its_column_and_the_laws_under_the_title(
    component: str, short: str
) -> None:
    of = session_of(())
    label = of.rules.components[component].label if component in of.rules.components else "Nội dung khác"
    of = replace(of, component=component, component_label=label, components=(component,))
    roll = [replace(row, component=component) for row in mixed_roll(2)]
    subject = replace(roll[1], seat=replace(roll[1].seat, subject="Toán"))
    sheet = build_attendance(of, [roll[0], subject], texts=texts(), head=head_of())
    column = [each.heading for each in sheet.columns].index("Nội dung")
    assert [cells(sheet, row)[column] for row in (0, 1)] == [short, "Toán"]
    assert any(label in line for line in sheet.header.lines)
    other = replace(of, rules=replace(of.rules, classes={}))
    sheet = build_attendance(other, [roll[0]], texts=texts(), head=head_of())
    assert cells(sheet, 0)[column] == label


def test_the_posted_copy_masks_the_numbers():
    roll = mixed_roll(2)
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), posted=True)
    assert [cells(sheet, row)[4] for row in (0, 1)] == ["001•••••0001", "001•••••0002"]


def test_the_posted_copys_seal_tells_who_is_in_and_no_verdict():
    roll = mixed_roll(12)
    full = build_attendance(session_of(roll), roll, texts=texts(), head=head_of())
    wall = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), posted=True)
    assert {"A", "R", "X"} <= {letter for _, letter in (row.mark for row in full.rows)}
    assert [row.mark for row in wall.rows] == [
        (sbd, "R" if letter == "X" else letter) for sbd, letter in (row.mark for row in full.rows)
    ]
    result = [column.heading for column in wall.columns].index("Kết quả")
    said = {(row.mark[1], cells(wall, at)[result]) for at, row in enumerate(wall.rows)}
    assert said == {("A", "Có mặt"), ("R", "Đã đến, chưa được vào"), ("-", "Chưa đến")}
    for language, words in (("vi", "đã đến, chưa được vào"), ("en", "came, not let in yet")):
        assert texts(language)["picture.outcome.attendance.R"] == words


def test_the_posted_copy_says_who_is_present_and_not_how_that_was_found():
    roll = [
        *mixed_roll(5),
        roll_row(7, State.MANUAL, admitted=True, how="manual", method="manual", reasons=["consent-refused"]),
        roll_row(8, State.SUSPENDED),
    ]
    session = session_of(roll)
    sheet = build_attendance(session, roll, texts=texts(), head=head_of(), pictures=PICTURES, posted=True)
    assert sheet.posted
    assert sheet.header.title == "DANH SÁCH ĐIỂM DANH – NHẬN DẠNG – BẢN NIÊM YẾT"
    assert not any(column.portraits for column in sheet.columns)
    assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(LYING.width / mm)
    assert all(row.portraits.chip is None and row.portraits.live is None for row in sheet.rows)
    assert [cells(sheet, row)[8] for row in range(7)] == [
        "Có mặt",
        "Có mặt",
        "Đã đến, chưa được vào",
        "Đã đến, chưa được vào",
        "Chưa đến",
        "Có mặt",
        "Đã đến, chưa được vào",
    ]
    said = "\n".join("\n".join(cells(sheet, row)) for row in range(7))
    for words in ("Không nhận", "Máy:", "Thủ công", "đồng ý", "chíp", "Chíp", "đình chỉ"):
        assert words not in said
    assert not re.search(r"\d{9}", said)
    assert sheet.counts == {"listed": 7, "present": 3, "waiting": 3, "missing": 1, "erased": 0}
    assert [line.partition(":")[0] for line in sheet.closing.totals] == [
        "Tổng số thí sinh trong danh sách",
        "Có mặt, được vào",
        "Đã đến, chưa được vào",
        "Chưa đến",
    ]
    told = page_texts(render(sheet, signer()))[-1] + csv_bytes(sheet, note="").decode()
    for words in ("Trượt nhận dạng", "không nhận", "Sai phòng", "Ngoại lệ", "không có trong danh sách"):
        assert words not in told


@pytest.mark.parametrize(
    ("number", "masked"), [("001099000001", "001•••••0001"), ("123456789", "123••6789"), ("1234567", "•" * 8)]
)
def test_masking_hides_the_middle(number: str, masked: str):
    assert mask_number(number) == masked


def test_portraits_are_fetched_for_attempts_only():
    asked: list[int] = []

    def chip(seq: int) -> bytes | None:
        asked.append(seq)
        return portrait()

    roll = mixed_roll(6)
    sheet = sheet_of(roll, pictures=Pictures(chip=chip, live=lambda _: None))
    assert asked == [row.seq for row in roll if row.seq is not None]
    assert sheet.rows[0].portraits.chip is not None
    assert sheet.rows[0].portraits.live is None
    assert sheet.rows[4].portraits.chip is None


def test_a_portrait_that_cannot_be_printed_is_said_not_fatal():
    sheet = sheet_of(mixed_roll(1), pictures=Pictures(chip=lambda _: b"no jpeg", live=portrait))
    assert sheet.rows[0].portraits.chip is None
    assert sheet.rows[0].portraits.live is not None
    assert cells(sheet, 0)[12] == "Ảnh không in được"


def test_a_name_with_letters_that_the_face_lacks_is_marked():
    row = cells(sheet_of([roll_row(1, State.NOT_SEEN, "MẪU 字")]), 0)
    assert row[12] == "Tên có chữ không in được"


def test_a_missing_text_is_an_error_with_its_key():
    roll = mixed_roll(1)
    without = {key: text for key, text in texts().items() if key != "sheet.motto"}
    with pytest.raises(TextMissingError) as caught:
        build_attendance(session_of(roll), roll, texts=without, head=head_of())
    assert caught.value.facts == {"key": "sheet.motto"}


def test_nothing_personal_is_in_the_repr():
    shown = repr(sheet_of(mixed_roll(3), pictures=PICTURES))
    assert "MẪU" not in shown
    assert "0010990" not in shown


def test_it_never_calls_itself_minutes_or_a_digital_signature():
    for language in ("vi", "en"):
        sheet = sheet_of(mixed_roll(1), language=language)
        assert "biên bản" not in sheet.header.title.lower()
    foot = sheet_of(mixed_roll(1)).foot.notice
    assert "không phải và không thay biên bản" in foot
    assert "niêm phong điện tử của trạm" in foot
    ours = [text for key, text in texts().items() if key.startswith(("sheet.", "paper."))]
    said = [text for text in ours if "ký số" in text.lower() or "chữ ký số" in text.lower()]
    assert all("không phải chữ ký số" in text for text in said)


def test_columns_stand_in_the_order_of_the_form():
    order = [row.mark[0] for row in sheet_of(mixed_roll(30)).rows]
    assert all(a < b for a, b in pairwise(order))


def test_an_erased_row_keeps_its_place_and_says_nothing_else():
    erased = Standing(seat=ERASED, component="theory", state=State.ERASED)
    sheet = sheet_of([roll_row(1, State.ADMITTED), erased, roll_row(3, State.REFUSED)])
    assert cells(sheet, 1) == ["2", "", "(đã xoá)", "(đã xoá)", *["—"] * 7, "", ""]
    assert [row.mark for row in sheet.rows] == [("001", "A"), ("", "-"), ("003", "X")]
    assert any("Dòng đã xoá" in total for total in sheet.closing.totals)
    assert len(render(sheet, signer())) > 1_000
    assert not any("đã xoá" in total for total in sheet_of([roll_row(1, State.ADMITTED)]).closing.totals)
