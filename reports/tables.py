"""A sheet as a spreadsheet (XLSX) and as delimited text (CSV), from the page model alone; the same bytes every time.

Cells are typed: counts are numbers, days and times are days and times where the model says so (`Cell.value`); all
else is text with its leading zeros, candidate numbers and id numbers included. Nothing is ever a formula: in a
spreadsheet text is stored as text, in CSV a cell that a spreadsheet would calculate begins with an apostrophe.

CSV is UTF-8 with a byte order mark (a spreadsheet shows Vietnamese), fields divided by commas and lines by CR LF as
RFC 4180 has it: what every program reads without being told. Days are YYYY-MM-DD there, which no country's setting
turns round. A spreadsheet program opened by double-click drops leading zeros of a CSV file; for that there is XLSX.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

import xlsxwriter

from reports.errors import ReportsError
from reports.sheet import Sheet, Value
from reports.table_lines import Part, TableLine, table_columns, table_lines

CELL_LIMIT: Final = 32_767
"""Characters that a spreadsheet's cell can hold."""
_CALCULATED: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIRST_DAY: Final = date(1900, 3, 1)
"""Before it spreadsheets disagree about the calendar."""
_CHARS_PER_MM: Final = 0.56
_LEAST_CHARS: Final = 6.0
_WHOLE: Final = 120.0
"""Width in characters of a sheet without a table."""
_LINE_POINTS: Final = 15.0
_MM_PER_INCH: Final = 25.4
_FONT: Final = {"font_name": "Times New Roman", "font_size": 11}
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    Part.MARK: {"bold": True, "font_color": "#B00000", "text_wrap": True, "valign": "top"},
    Part.TITLE: {"bold": True, "font_size": 14, "text_wrap": True, "align": "center", "valign": "top"},
    Part.REMARK: {"text_wrap": True, "valign": "top"},
    Part.TOTAL: {"text_wrap": True, "valign": "top"},
    Part.HEADS: {
        "bold": True,
        "bg_color": "#DDE6F0",
        "border": 1,
        "text_wrap": True,
        "align": "center",
        "valign": "vcenter",
    },
    "text": {"num_format": "@", "border": 1, "text_wrap": True, "valign": "vcenter"},
    "number": {"num_format": "0", "border": 1, "align": "center", "valign": "vcenter"},
    "day": {"num_format": "dd/mm/yyyy", "border": 1, "align": "center", "valign": "vcenter"},
    "moment": {
        "num_format": "dd/mm/yyyy hh:mm:ss",
        "border": 1,
        "align": "center",
        "valign": "vcenter",
        "text_wrap": True,
    },
    "time": {"num_format": "hh:mm", "border": 1, "align": "center", "valign": "vcenter"},
    "second": {"num_format": "hh:mm:ss", "border": 1, "align": "center", "valign": "vcenter"},
}


class TableCellTooLongError(ReportsError):
    """A text that no spreadsheet's cell can hold; nothing is ever cut, so no table is written."""

    code = "table-cell-too-long"


def csv_bytes(sheet: Sheet, *, note: str = "") -> bytes:
    """Return a sheet as CSV: UTF-8 with a byte order mark, commas, CR LF; `note` as `table_lines`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for line in table_lines(sheet, note=note):
        writer.writerow([_plain(value) for value in line.values])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def xlsx_bytes(sheet: Sheet, *, note: str = "") -> bytes:
    """Return a sheet as XLSX; `note` as `table_lines`. Raises TableCellTooLongError."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    book.set_properties({"title": sheet.header.title, "subject": sheet.session_id, "created": _MADE})
    _Writer(book, sheet).write(tuple(table_lines(sheet, note=note)))
    book.close()
    return out.getvalue()


def _plain(value: Value) -> str:
    """Return a value as CSV has it; text that would be calculated gets an apostrophe before it."""
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return "" if value is None else str(value)
    begins = value[:1] in _CALCULATED or value.lstrip()[:1] in _CALCULATED
    return f"'{value}" if begins else value


class _Writer:
    """Writes the lines of one sheet into a workbook's only page."""

    def __init__(self, book: Any, sheet: Sheet) -> None:
        self._sheet = sheet
        self._page = book.add_worksheet(sheet.kind[:31])
        self._formats = {name: book.add_format(_FONT | made) for name, made in _FORMATS.items()}
        columns = table_columns(sheet)
        widths = [max(_LEAST_CHARS, column.width_mm * _CHARS_PER_MM) for column in columns]
        self._widths = widths or [_WHOLE / 4, _WHOLE * 3 / 4]
        self._last = len(self._widths) - 1

    def write(self, lines: Sequence[TableLine]) -> None:
        """Write everything, then how the page is shown and printed."""
        for index, wide in enumerate(self._widths):
            self._page.set_column(index, index, wide)
        heads = None
        for at, line in enumerate(lines):
            if line.part is Part.HEADS:
                heads = at
            self._line(at, line)
        self._set_up(len(lines), heads)

    def _line(self, at: int, line: TableLine) -> None:
        if line.part in {Part.HEADS, Part.ROW}:
            for index, value in enumerate(line.values):
                self._cell(at, index, value, line.part)
            return
        text, *figures = line.values
        if line.part is Part.REMARK and figures:
            self._text(at, 0, str(text), self._formats[line.part])
            self._across(at, 1, self._last, str(figures[0]), line.part)
            return
        last = max(0, self._last - len(figures))
        self._across(at, 0, last, str(text), line.part)
        for index, figure in enumerate(figures, start=last + 1):
            self._cell(at, index, figure, Part.ROW)

    def _cell(self, at: int, index: int, value: Value, part: Part) -> None:
        """Write one value as what it is."""
        if part is Part.HEADS:
            self._text(at, index, str(value), self._formats[part])
        elif value is None:
            self._page.write_blank(at, index, None, self._formats["text"])
        elif isinstance(value, int):
            self._page.write_number(at, index, value, self._formats["number"])
        elif isinstance(value, time):
            kind = "second" if value.second else "time"
            self._page.write_datetime(at, index, value, self._formats[kind])
        elif isinstance(value, datetime):
            self._page.write_datetime(at, index, value.replace(tzinfo=None), self._formats["moment"])
        elif isinstance(value, date) and value >= _FIRST_DAY:
            self._page.write_datetime(at, index, value, self._formats["day"])
        else:
            text = value.strftime("%d/%m/%Y") if isinstance(value, date) else value
            self._text(at, index, text, self._formats["text"])

    def _text(self, at: int, index: int, text: str, shape: Any) -> None:
        if len(text) > CELL_LIMIT:
            raise TableCellTooLongError(row=at + 1, column=index + 1)
        self._page.write_string(at, index, text, shape)

    def _across(self, at: int, first: int, last: int, text: str, part: Part) -> None:
        """Write a text over several columns, the row as high as it needs."""
        if last > first:
            self._page.merge_range(at, first, at, last, "", self._formats[part])
        self._text(at, first, text, self._formats[part])
        room = sum(self._widths[first : last + 1])
        lines = sum(max(1, math.ceil(len(piece) * 1.1 / room)) for piece in text.split("\n"))
        self._page.set_row(at, lines * _LINE_POINTS * (1.3 if part is Part.TITLE else 1.0))

    def _set_up(self, count: int, heads: int | None) -> None:
        """A4, upright or lying as the sheet, its margins, heads on every page, marks above and below."""
        page, sheet = self._page, self._sheet
        page.set_paper(9)
        if not sheet.portrait:
            page.set_landscape()
        page.set_margins(left=30 / _MM_PER_INCH, right=15 / _MM_PER_INCH, top=0.8, bottom=0.8)
        page.fit_to_pages(1, 0)
        page.hide_gridlines(2)
        marks = " · ".join(part for part in (*(sheet.training or ())[:1], sheet.reprint) if part)
        if marks:
            page.set_header("&C&B" + _in_header(marks))
        page.set_footer(f"&L{_in_header(sheet.session_id)} · {sheet.head.size}&R&P/&N")
        page.ignore_errors({"number_stored_as_text": f"A1:XFD{max(1, count)}"})
        if heads is not None:
            page.freeze_panes(heads + 1, 0)
            page.repeat_rows(heads)
            if sheet.rows:
                page.autofilter(heads, 0, heads + len(sheet.rows), self._last)


def _in_header(text: str) -> str:
    """Return a text in which nothing is a code of the printed header, as short as one may be."""
    return text.replace("&", "&&")[:100]
