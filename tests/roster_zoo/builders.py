"""Files as lists come in, made on the spot: grids of cells as XLSX, ODS, CSV, web page."""

import io
import unicodedata
import zipfile
from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

import xlsxwriter

Grid = Sequence[Sequence[object]]

HEAD = ["SBD", "Họ và tên", "Ngày sinh", "Số định danh"]
GOOD = ["001", "NGUYỄN VĂN MẪU", "15/01/1999", "001099000001"]
OTHER = ["002", "TRẦN THỊ MẪU", "08/03/2001", "001301000002"]


def as_csv(grid: Grid, *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """The grid as text, as a spreadsheet saves it."""

    def cell(value: object) -> str:
        text = f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if delimiter in text or "\n" in text or '"' in text else text

    return "\r\n".join(delimiter.join(cell(value) for value in row) for row in grid).encode(encoding)


def as_xlsx(
    grid: Grid,
    *,
    merges: Sequence[tuple[int, int, int, int, str]] = (),
    hidden: Sequence[int] = (),
    more: Sequence[tuple[str, Grid, bool]] = (),
    name: str = "DS",
    hide: bool = False,
) -> bytes:
    """The grid as XLSX: texts as texts, dates as date cells. `merges`: first row, column, last row, column (from 0),
    text. `hidden`: rows from 0. `more`: further sheets (name, grid, hidden)."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for title, cells, is_hidden in ((name, grid, hide), *more):
        sheet = book.add_worksheet(title)
        for index, row in enumerate(cells):
            for column, value in enumerate(row):
                _write(sheet, (index, column), value, day)
        if is_hidden:
            sheet.hide()
        if title == name:
            for top, left, bottom, right, text in merges:
                sheet.merge_range(top, left, bottom, right, text)
            for index in hidden:
                sheet.set_row(index, None, None, {"hidden": True})
    if hide:
        book.add_worksheet("Trang").activate()
    book.close()
    return out.getvalue()


def _write(sheet, place, value, day):
    if isinstance(value, date):
        sheet.write_datetime(*place, value, day)
    elif isinstance(value, (int, float)):
        sheet.write_number(*place, value)
    elif str(value).startswith("=calc:"):
        sheet.write_formula(*place, "=A1", None, str(value)[6:])
    elif value != "":
        sheet.write_string(*place, str(value))


def as_ods(grid: Grid) -> bytes:
    """The grid as the smallest OpenDocument spreadsheet."""

    def cell(value: object) -> str:
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
        if isinstance(value, (int, float)):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        if value == "":
            return "<table:table-cell/>"
        text = escape(str(value))
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    rows = "".join(
        f"<table:table-row>{''.join(cell(value) for value in row)}</table:table-row>" for row in grid
    )
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="DS">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return out.getvalue()


def as_html(grid: Grid) -> bytes:
    """The grid as the web page that registration systems give out as ".xls"."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>\n" for row in grid
    )
    return f"<html><head><meta charset=utf-8></head><body><table border=1>\n{rows}</table></body></html>".encode()


TCVN3 = dict(
    zip(
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        bytes.fromhex(
            "b5b6b7b8b9a8bbbcbdbec6a9c7c8c9cacbaecccecfd0d1aad2d3d4d5d6d7d8dcdddedfe1e2e3e4abe5e6e7e8e9"
            "aceaebecedeeeff1f2f3f4adf5f6f7f8f9fafbfcfdfea1a2a3a4a5a6a7"
        ),
        strict=True,
    )
)
VNI_MARKS = {
    "\u0301": "f9", "\u0300": "f8", "\u0309": "fb", "\u0303": "f5", "\u0323": "ef", "\u0306": "ea",
    "\u0306\u0301": "e9",
    "\u0306\u0300": "e8", "\u0306\u0309": "fa", "\u0306\u0303": "fc", "\u0306\u0323": "eb", "\u0302": "e2",
    "\u0302\u0301": "e1", "\u0302\u0300": "e0", "\u0302\u0309": "e5", "\u0302\u0303": "e3", "\u0302\u0323": "e4",
}  # fmt: skip
VNI_ALONE = {
    "đ": 0xF1,
    "ơ": 0xF4,
    "ư": 0xF6,
    "í": 0xED,
    "ì": 0xEC,
    "ỉ": 0xE6,
    "ĩ": 0xF3,
    "ị": 0xF2,
    "ỵ": 0xEE,
}


def in_tcvn3(text: str) -> bytes:
    """TCVN3 bytes of a text: capitals with a tone are typed with the codes of small letters, as the fonts have it."""
    out = bytearray()
    for char in text:
        code = TCVN3.get(char, TCVN3.get(char.lower()))
        out.append(code if code is not None and not char.isascii() else ord(char))
    return bytes(out)


def in_vni(text: str) -> bytes:
    """VNI-Windows bytes of a text: the letter, then the one that carries its marks; capitals have capital marks."""
    out = bytearray()
    for char in text:
        small, shift = char.lower(), 0x20 if char.isupper() else 0
        if small in VNI_ALONE:
            out.append(VNI_ALONE[small] - shift)
            continue
        parts = unicodedata.normalize("NFD", small)
        base, marks = parts[0], parts[1:]
        if "\u031b" in marks:
            base, marks = {"o": "ơ", "u": "ư"}[base], marks.replace("\u031b", "")
            out.append(VNI_ALONE[base] - shift)
        else:
            out.append(ord(base) - (0x20 if shift and base.isalpha() else 0))
        if marks:
            ordered = "".join(sorted(marks, key="\u0306\u0302".find, reverse=True))
            out.append(bytes.fromhex(VNI_MARKS[ordered])[0] - shift)
    return bytes(out)


def in_cp1258(text: str) -> bytes:
    """Windows-1258 bytes of a text: the letter with breve, circumflex or horn, then the tone by itself."""
    out = bytearray()
    for char in unicodedata.normalize("NFC", text):
        try:
            out += char.encode("cp1258")
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", char)
            tones = [mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323"]
            letter = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones))
            out += letter.encode("cp1258") + "".join(tones).encode("cp1258")
    return bytes(out)
