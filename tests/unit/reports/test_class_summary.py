"""The summary of a session: by class, with heads of two levels; of an exam by subject and room."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from reportlab.lib.units import mm

from reports.class_summary import build_exam_summary, build_summary
from reports.geometry import LYING
from reports.layout import lay_out
from reports.pdf import render
from reports.session_sheet import Frame
from reports.sheet import Sheet
from reports.table_lines import Part, table_lines
from sessions.course.allocation import Place
from sessions.course.entries import SessionEntry
from sessions.course.progress import Progress
from sessions.course.states import State
from sessions.roster.model import ERASED, Seat
from sessions.rules import Fees
from sessions.session import Session
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import entry_of, head_of, roll_row, seat, session_of, signer, texts

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
COMPONENTS = ("theory", "yard", "road")


def session_with(seats: Sequence[Seat], rules: str = "driving-tt108-2026") -> Session:
    return replace(session_of((), rules=rules), seats=tuple(seats), components=COMPONENTS)


def frame(of: Session) -> Frame:
    return Frame(session=of, texts=texts("vi"), head=head_of())


def came(seq: int, sbd: str, component: str, outcome: str, points: int) -> list[SessionEntry]:
    checks = {"chip-read": {"outcome": "passed"}}
    body = {"sbd": sbd, "component": component}
    seen = {"attempt": f"a{seq}", "verdict": "ADMIT", "method": "chip-face", "reasons": [], "checks": checks}
    at = AT + timedelta(minutes=seq)
    return [
        entry_of(seq, "attempt", at, **body, **seen, chip_verdict="genuine"),
        entry_of(seq + 1, "result", at, **body, outcome=outcome, points_e1=points * 10, source="máy chấm"),
    ]


def day() -> tuple[Session, list[SessionEntry]]:
    """Two of class B (one passes, one fails), one of C1 who does not come, one without a class, one erased."""
    seats = [
        seat(1, licence_class="B", remark="Lần đầu"),
        seat(2, licence_class="B", remark="CẤP LẠI do quá hạn"),
        seat(3, licence_class="C1"),
        seat(4, licence_class=""),
        ERASED,
    ]
    entries = [
        *came(10, "001", "theory", "passed", 29),
        *came(12, "001", "yard", "passed", 85),
        *came(14, "001", "road", "passed", 90),
        *came(16, "002", "theory", "failed", 20),
        entry_of(30, "close", AT + timedelta(hours=3)),
    ]
    return session_with(seats), entries


def summary(of: Session, entries: Sequence[SessionEntry]) -> Sheet:
    return build_summary(frame(of), Progress.of(of, entries), entries)


def rows(sheet: Sheet) -> list[list[object]]:
    return [
        [" / ".join(cell.paragraphs) if cell.value is None else cell.value for cell in row.cells]
        for row in sheet.rows
    ]


def test_each_class_has_files_sat_its_components_and_what_they_come_to_and_they_add_up():
    sheet = summary(*day())
    found = rows(sheet)
    assert [row[0] for row in found] == ["B", "C1", "không ghi hạng", "Cộng"]
    assert found[0][1:16] == [2, 2, *(2, 1, 1), *(1, 1, 0), *(1, 1, 0), *(1, 1, 0, 0)]
    assert found[1][1:3] == [1, 0]
    assert found[-1][1:6] == [5, 2, 2, 1, 1]
    assert "Đã xoá: 1" in str(found[-1][-1])
    assert sheet.counts["files"] == sum(sheet.counts[f"{name}:files"] for name in ("B", "C1", "-")) + 1
    assert sheet.counts["theory:sat"] == sheet.counts["B:theory:sat"] == 2
    assert {row.mark for row in sheet.rows} == {("", "-")}


def test_the_heads_have_two_levels_and_a_spreadsheet_has_both_in_one():
    sheet = summary(*day())
    assert [column.group for column in sheet.columns[3:6]] == ["Lý thuyết"] * 3
    assert [column.heading for column in sheet.columns[3:6]] == ["dự", "đạt", "trượt"]
    assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(LYING.width / mm)
    page = page_texts(render(sheet, signer()))[0]
    assert page.count("trượt") >= 3
    assert "Thực hành lái xe trong" in page
    heads = next(line for line in table_lines(sheet) if line.part is Part.HEADS)
    assert heads.values[3] == "Lý thuyết: dự"


def test_totals_are_in_figures_and_words_with_scans_and_no_fee():
    totals = summary(*day()).closing.totals
    assert "Tổng hồ sơ: 5 (năm)." in totals
    assert "DA (đạt): 1 (một)." in totals
    assert (
        "Lý thuyết: dự 2 (hai); đạt 1 (một); trượt 1 (một); vắng 2 (hai; trong đó đã đến, không được vào: 0)."
        in totals
    )
    assert "Trong số VA (vắng), đã đến nhưng không được vào: 0 (không)." in totals
    assert totals[-2:] == ("Lượt quét chíp: 4 (bốn).", "Phí quét chíp: không thu.")


def test_a_fee_where_the_site_set_one_is_multiplied_out():
    of, entries = day()
    of = replace(of, rules=replace(of.rules, fees=Fees(enabled=True, scan_vnd=15_000)))
    assert summary(of, entries).closing.totals[-1] == (
        "Phí quét chíp: 15.000 đồng một lượt, cộng 60.000 đồng (sáu mươi nghìn đồng)."
    )


def test_first_licences_and_those_got_back_are_counted_where_the_list_says_so_and_only_there():
    of, entries = day()
    assert (
        "Theo ghi chú của danh sách: lần đầu 1 (một); cấp lại 1 (một); không ghi 2 (hai)."
        in summary(of, entries).closing.totals
    )
    silent = replace(of, seats=tuple(replace(each, remark="") for each in of.seats))
    assert not any("lần đầu" in line for line in summary(silent, entries).closing.totals)


def test_somebody_turned_away_is_not_plainly_absent():
    of, entries = day()
    refused = came(20, "003", "theory", "passed", 0)[0]
    refused = replace(refused, body={**refused.body, "verdict": "REFUSE"})
    found = rows(summary(of, [*entries[:-1], refused, entries[-1]]))
    assert found[1][-1] == "Vắng nhưng đã đến, không được vào: 1"
    totals = summary(of, [*entries[:-1], refused, entries[-1]]).closing.totals
    assert "Trong số VA (vắng), đã đến nhưng không được vào: 1 (một)." in totals
    assert any("vắng 2 (hai; trong đó đã đến, không được vào: 1)" in line for line in totals)


def test_an_open_session_says_so_and_the_title_is_the_stations_own():
    of, entries = day()
    sheet = summary(of, entries[:-1])
    assert "CHƯA ĐÓNG" in sheet.header.lines[0]
    assert "CHƯA ĐÓNG" not in " ".join(summary(of, entries).header.lines)
    assert "BIÊN BẢN" not in sheet.header.title
    assert "TRẠM GHI NHẬN" in sheet.header.title


def test_components_that_a_class_does_not_take_have_no_figures():
    of = replace(
        session_with([seat(1, licence_class="A1"), seat(2, licence_class="B")]), components=COMPONENTS
    )
    taken = of.rules.components_of("A1")
    found = rows(summary(of, []))
    for at, name in enumerate(COMPONENTS):
        assert (found[0][3 + 3 * at] == "—") == (name not in taken)


def exam() -> Sheet:
    of = replace(session_of((), rules="written-exam"), components=("mathematics",))
    standings = {
        "mathematics": [
            roll_row(1, State.ADMITTED, seat=seat(1, room="P1")),
            roll_row(2, State.REFUSED, seat=seat(2, room="P1")),
            roll_row(3, State.NOT_SEEN, seat=seat(3, room="P2")),
            roll_row(4, State.NOT_SEEN, seat=seat(4, room="P2")),
            roll_row(5, State.NOT_SEEN, seat=seat(5, room="")),
        ]
    }
    places = {"mathematics": {"004": Place(room="P1", seat=7)}}
    return build_exam_summary(frame(of), standings, [], excused={}, places=places, closed=True)


def test_an_exam_is_summed_up_by_subject_and_room_by_lot_before_the_list():
    sheet = exam()
    assert rows(sheet) == [
        ["Toán", "P1", 3, 1, 1, 1, 1, 0, 0, ""],
        ["Toán", "P2", 1, 0, 0, 1, 0, 0, 0, ""],
        ["Toán", "—", 1, 0, 0, 1, 0, 0, 0, ""],
        ["Toán", "Cộng", 5, 1, 1, 3, 1, 0, 0, ""],
    ]
    assert sheet.counts["mathematics:listed"] == 5
    assert "PHÒNG" in sheet.header.title
    text = " ".join(" ".join(page_texts(render(sheet, signer()))).split())
    assert "Toán: danh sách 5 (năm); có mặt 1 (một)" in text
    assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(LYING.width / mm)
