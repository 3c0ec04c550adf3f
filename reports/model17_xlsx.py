"""The report on mô hình 17 as a spreadsheet: numbers and days are typed, text is never a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.model17 import WIDTHS_MM, Model17, Table, Value

_COUNT: Final = "#,##0"
_DAY: Final = "dd/mm/yyyy"
_CHAR_MM: Final = 2.0
_CELL: Final = 32_000
"""Letters of a cell; a spreadsheet takes 32,767."""


def report_xlsx(report: Model17) -> bytes:
    """Return a workbook: the seven columns, every figure, each table. The same bytes for the same report."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties(
        {
            "title": report.header.title,
            "created": datetime.combine(report.made, time()),
            "comments": report.source,
        }
    )
    plain = {"font_name": "Times New Roman", "font_size": 11, "valign": "top", "text_wrap": True, "border": 1}
    formats = {
        "text": book.add_format(plain),
        "count": book.add_format({**plain, "num_format": _COUNT, "align": "right"}),
        "day": book.add_format({**plain, "num_format": _DAY, "align": "center"}),
        "head": book.add_format(
            {**plain, "bold": True, "align": "center", "valign": "vcenter", "bg_color": "#EBEBEB"}
        ),
        "title": book.add_format({"font_name": "Times New Roman", "font_size": 13, "bold": True}),
        "note": book.add_format({"font_name": "Times New Roman", "font_size": 11, "italic": True}),
    }
    _columns(book.add_worksheet(report.sheet_names[0]), report, formats)
    _figures(book.add_worksheet(report.sheet_names[1]), report, formats)
    for table in report.tables:
        _table(book.add_worksheet(_name(table.title)), table, formats)
    book.close()
    return buffer.getvalue()


def _columns(sheet: Worksheet, report: Model17, formats: dict[str, Format]) -> None:
    _paper(sheet, report)
    sheet.write_string(0, 0, report.header.title, formats["title"])
    for at, line in enumerate((*report.header.lines, *(report.training or ())[:1]), start=1):
        sheet.write_string(at, 0, line, formats["title"])
    top = 2 + len(report.header.lines) + bool(report.training)
    for column, (head, wide) in enumerate(zip(report.heads, WIDTHS_MM, strict=True)):
        sheet.set_column(column, column, wide / _CHAR_MM)
        sheet.write_string(top, column, head, formats["head"])
    blocks = [_blocks(paragraphs) for paragraphs in report.row]
    deep = max(len(each) for each in blocks)
    for column, texts in enumerate(blocks):
        for row in range(deep):
            text = texts[row] if row < len(texts) else ""
            sheet.write_string(top + 1 + row, column, text, formats["text"])
    sheet.repeat_rows(top)
    for at, text in enumerate((*report.closing, report.source), start=top + 2 + deep):
        sheet.write_string(at, 0, text, formats["note"])


def _blocks(paragraphs: Sequence[str]) -> list[str]:
    """Return a column's text in cells: one, unless it is longer than a cell may be."""
    blocks = [""]
    for text in paragraphs:
        joined = f"{blocks[-1]}\n{text}" if blocks[-1] else text
        if len(joined) > _CELL:
            blocks.append(text)
        else:
            blocks[-1] = joined
    return blocks


def _figures(sheet: Worksheet, report: Model17, formats: dict[str, Format]) -> None:
    _paper(sheet, report)
    rows: list[tuple[Value, ...]] = [(each.group, each.label, each.value) for each in report.figures]
    _rows(sheet, 0, (report.figure_heads, *rows), formats)
    for column, wide in enumerate((44.0, 62.0, 14.0)):
        sheet.set_column(column, column, wide)
    sheet.freeze_panes(1, 0)


def _table(sheet: Worksheet, table: Table, formats: dict[str, Format]) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, table.title, formats["title"])
    _rows(sheet, 1, (table.heads, *table.rows), formats)
    for column, wide in enumerate(table.weights):
        sheet.set_column(column, column, max(6.0, wide * 1.4))
    sheet.repeat_rows(1)
    sheet.freeze_panes(2, 0)


def _rows(sheet: Worksheet, top: int, rows: Sequence[Sequence[Value]], formats: dict[str, Format]) -> None:
    """Write rows from `top`, heads first."""
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            _value(sheet, top + at, column, value, formats, head=at == 0)


def _value(
    sheet: Worksheet, row: int, column: int, value: Value, formats: dict[str, Format], *, head: bool
) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value, formats["head" if head else "text"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime.combine(value, time()), formats["day"])
    else:
        sheet.write_number(row, column, value, formats["count"])


def _paper(sheet: Worksheet, report: Model17) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if report.training:
        sheet.set_header(f"&C{report.training[0]}")


def _name(title: str) -> str:
    """Return a table's title as the name of a worksheet: no sign that one may not have, at most 31 letters."""
    kept = "".join(char for char in title if char not in "[]:*?/\\'")
    return kept[:31].rstrip()
