"""An empty list with the right columns, text cells that keep their zeros, and one example that can be checked."""

from __future__ import annotations

import csv
import io
from typing import Final

import xlsxwriter

_COMMON: Final = (
    ("SBD", "001", 8),
    ("Họ và tên", "NGUYỄN VĂN MẪU", 30),
    ("Ngày sinh", "15/01/1999", 14),
    ("Giới tính", "Nam", 10),
    ("Số định danh", "001099000001", 18),
)
_DRIVING: Final = (
    ("Hạng", "B", 8),
    ("Nội dung", "", 28),
    ("Nơi cư trú", "", 36),
    ("Số giấy khám sức khỏe", "", 22),
    ("Ngày khám sức khỏe", "", 18),
    ("Ghi chú", "Dòng mẫu, xoá trước khi dùng", 32),
)
_EXAM: Final = (
    ("Lớp", "", 10),
    ("Phòng thi", "P.01", 12),
    ("Số chỗ", "01", 10),
    ("Môn thi", "", 18),
    ("Ca thi", "", 10),
    ("Ghi chú", "Dòng mẫu, xoá trước khi dùng", 32),
)
_AS_TEXT: Final = ("SBD", "Ngày sinh", "Số định danh", "Số chỗ")
_SHEET: Final = "Danh sách"
_HELP: Final = (
    "Mỗi thí sinh một dòng. Không đổi tên cột; cột không dùng có thể để trống.",
    "Mọi ô đã định dạng là văn bản: số 0 ở đầu được giữ nguyên. Dán bằng “Paste values”.",
    "Ngày sinh: ngày/tháng/năm, ví dụ 15/01/1999; chỉ biết năm thì ghi 1999.",
    "Số định danh: đủ 12 chữ số trên thẻ căn cước.",
    "Nội dung: ghi các phần phải dự, cách nhau bằng dấu chấm phẩy; để trống là dự tất cả.",
    "Xoá dòng mẫu trước khi dùng, rồi chạy: proctor roster check TỆP",
)


def template_xlsx(*, exam: bool = False, component: str = "") -> bytes:
    """Return an XLSX with headings, text cells and one example row; a second sheet says how to fill it in."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    text = book.add_format({"num_format": "@"})
    head = book.add_format(
        {"num_format": "@", "bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True}
    )
    sheet = book.add_worksheet(_SHEET)
    for index, (name, example, width) in enumerate(_columns(exam=exam, component=component)):
        sheet.set_column(index, index, width, text)
        sheet.write_string(0, index, name, head)
        sheet.write_string(1, index, example, text)
    sheet.freeze_panes(1, 0)
    guide = book.add_worksheet("Hướng dẫn")
    guide.set_column(0, 0, 100)
    for index, line in enumerate(_HELP):
        guide.write_string(index, 0, line)
    book.close()
    return out.getvalue()


def template_csv(*, exam: bool = False, component: str = "") -> bytes:
    """Return a CSV (UTF-8 with byte order mark, semicolons); numbers as ="…": a spreadsheet keeps their zeros."""
    columns = _columns(exam=exam, component=component)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(name for name, _, _ in columns)
    writer.writerow(
        f'="{example}"' if name in _AS_TEXT and example else example for name, example, _ in columns
    )
    return out.getvalue().encode("utf-8-sig")


def _columns(*, exam: bool, component: str) -> tuple[tuple[str, str, int], ...]:
    columns = (*_COMMON, *(_EXAM if exam else _DRIVING))
    field = "Môn thi" if exam else "Nội dung"
    return tuple((name, component if name == field else example, width) for name, example, width in columns)
