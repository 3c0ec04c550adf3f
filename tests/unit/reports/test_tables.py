"""Tables read back by other programs' eyes: text stays text, counts are counts, nothing calculates."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from reports.sheet import Cell, Paragraph, Row, Sheet
from reports.table_lines import figures_of
from reports.tables import CELL_LIMIT, TableCellTooLongError, csv_bytes, xlsx_bytes
from sessions.course.states import State
from tests.support.reports_sheets import LONG_NAME, PICTURES, mixed_roll, roll_row, seat, sheet_of, texts

FORMULAS = (
    '=HYPERLINK("http://a.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "\uff1d1+1",
    " =1+1",
    "\t=1",
    "\r=1",
)


def table(data: bytes) -> list[list[Any]]:
    """The cells of the only page, as another reader types them."""
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(data))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )


def lines(data: bytes) -> list[list[Any]]:
    """The fields of each line."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def row_of(rows: list[list[Any]], first: str) -> list[Any]:
    return next(row for row in rows if row[0] == first)


def below_heads(rows: list[list[Any]]) -> list[list[Any]]:
    heads = next(at for at, row in enumerate(rows) if row[0] == "STT")
    return rows[heads:]


def with_cells(*cells: Cell) -> Sheet:
    """A sheet of one row with these cells, dashes after them."""
    sheet = sheet_of([roll_row(1, State.ADMITTED)])
    rest = [Cell(paragraphs=("—",))] * (len(sheet.columns) - len(cells) - 2)
    given = (cells[0], Cell(), *cells[1:], *rest, Cell())
    return replace(sheet, rows=(Row(cells=given, mark=("001", "A")),))


def test_a_list_is_typed_and_keeps_its_noughts() -> None:
    rows = table(xlsx_bytes(sheet_of(mixed_roll(5), pictures=PICTURES), note="Không mang niêm phong."))
    heads, first, *_ = below_heads(rows)
    assert "Ảnh chíp, tại chỗ" not in heads
    found = dict(zip(heads, first, strict=True))
    assert found["STT"] == 1
    assert found["SBD"] == "001"
    assert found["Số định danh"] == "001099000001"
    assert found["Ngày sinh"] == date(1999, 1, 15)
    assert found["Giờ"] == time(8, 3)
    assert found["Họ và tên"] == "NGUYỄN VĂN MẪU"
    assert dict(zip(heads, below_heads(rows)[5], strict=True))["Ngày sinh"] == "1999"


def test_title_session_tree_head_and_totals_are_there() -> None:
    sheet = sheet_of(mixed_roll(6))
    for rows in (table(xlsx_bytes(sheet)), lines(csv_bytes(sheet))):
        said = "\n".join(str(row[0]) for row in rows)
        for words in (
            sheet.header.title,
            "S-20261122-01",
            sheet.roster_hash,
            sheet.head.root.hex(),
            "1234 mục",
        ):
            assert words in said
        assert "không phải và không thay biên bản của Hội đồng" in said
    rows = table(xlsx_bytes(sheet))
    assert 3 in row_of(rows, "Có mặt, được vào: 3 (ba).")
    assert row_of(lines(csv_bytes(sheet)), "Có mặt, được vào: 3 (ba).") == ["Có mặt, được vào: 3 (ba).", "3"]


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_is_ever_calculated(text: str) -> None:
    sheet = with_cells(Cell(paragraphs=("1",)), Cell(paragraphs=("001",)), Cell(paragraphs=(text,)))
    data = xlsx_bytes(sheet)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "<hyperlink" not in page
    assert below_heads(table(data))[1][2] == text
    assert row_of(below_heads(lines(csv_bytes(sheet))), "1")[2] == f"'{text}"


def test_a_count_is_no_text_and_gets_no_apostrophe() -> None:
    sheet = with_cells(Cell(paragraphs=("1",), value=1), Cell(paragraphs=("minus",), value=-5))
    assert below_heads(lines(csv_bytes(sheet)))[1][:2] == ["1", "-5"]
    assert below_heads(table(xlsx_bytes(sheet)))[1][:2] == [1, -5]


def test_days_times_and_several_paragraphs() -> None:
    moment = datetime.fromisoformat("2026-11-22 09:00:05")
    sheet = with_cells(
        Cell(paragraphs=("a", "b")),
        Cell(paragraphs=("x",), value=moment),
        Cell(paragraphs=("y",), value=time(9, 0, 5)),
        Cell(paragraphs=("z",), value=date(1899, 5, 6)),
    )
    found = below_heads(table(xlsx_bytes(sheet)))[1]
    assert found[0] == "a\nb"
    assert found[1] == moment
    assert found[2] in {time(9, 0, 5), timedelta(hours=9, seconds=5)}
    assert found[3] == "06/05/1899"
    assert below_heads(lines(csv_bytes(sheet)))[1][:4] == [
        "a\nb",
        "2026-11-22 09:00:05",
        "09:00:05",
        "1899-05-06",
    ]


def test_csv_is_utf8_with_a_mark_commas_and_whole_lines() -> None:
    roll = [roll_row(1, State.ADMITTED, seat=seat(1, f'{LONG_NAME}, "Tí"; tức Mẫu'))]
    data = csv_bytes(sheet_of(roll))
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert below_heads(lines(data))[1][2] == f'{LONG_NAME}, "Tí"; tức Mẫu'


def test_marks_of_training_reprint_and_unconfirmed_rules_come_first() -> None:
    sheet = replace(sheet_of(mixed_roll(2), kind="training"), reprint="BẢN IN LẠI lần 2")
    sheet = replace(sheet, foot=replace(sheet.foot, warning="CHƯA XÁC NHẬN"))
    banner = sheet.training[0] if sheet.training else ""
    for rows in (table(xlsx_bytes(sheet)), lines(csv_bytes(sheet))):
        first = [row[0] for row in rows[:3]]
        assert first[:2] == [banner, "BẢN IN LẠI lần 2"]
        assert first[2] == sheet.foot.warning
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(sheet))) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert re.search(r'paperSize="9" orientation="landscape"|orientation="landscape"', page)
    assert "BẢN IN LẠI lần 2" in page
    assert banner in page


def test_the_same_sheet_makes_the_same_bytes() -> None:
    sheet = sheet_of(mixed_roll(8), pictures=PICTURES)
    assert xlsx_bytes(sheet) == xlsx_bytes(sheet)
    assert csv_bytes(sheet) == csv_bytes(sheet)


def test_a_sheet_without_a_table_has_its_paragraphs() -> None:
    sheet = sheet_of([])
    body = (Paragraph(text="Nội dung thông báo"), Paragraph(label="Số báo danh", text="001"))
    sheet = replace(sheet, columns=(), rows=(), body=body, portrait=True)
    for rows in (table(xlsx_bytes(sheet)), lines(csv_bytes(sheet))):
        assert row_of(rows, "Nội dung thông báo")[0] == "Nội dung thông báo"
        assert row_of(rows, "Số báo danh")[1] == "001"


def test_what_no_cell_can_hold_is_refused_and_never_cut() -> None:
    sheet = with_cells(Cell(paragraphs=("1",)), Cell(paragraphs=("x" * (CELL_LIMIT + 1),)))
    with pytest.raises(TableCellTooLongError):
        xlsx_bytes(sheet)


def test_figures_count_only_where_their_words_are_theirs() -> None:
    assert figures_of("Có mặt: 24 (hai mươi tư).") == (24,)
    assert figures_of("Lý thuyết: dự 3 (ba); đạt 2 (hai); vắng 1 (một).") == (3, 2, 1)
    assert figures_of("Có mặt: 24 (hai mươi ba).") == ()
    assert figures_of("Present: 24.") == (24,)
    assert figures_of("Hạng B: 3/4 hồ sơ, ngày 22/11/2026 (chủ nhật)") == ()


def test_the_note_has_words_in_both_languages() -> None:
    assert all("PDF" in texts(language)["table.note"] for language in ("vi", "en"))
