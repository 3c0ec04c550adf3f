"""The report on mô hình 17 as a text document: lying A4, the head of Nghị định 30/2020, repeated heads.

The face is Times New Roman, as every office has it; its metrics are those of the PDF's embedded one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from reports.model17 import RESULT, WIDTHS_MM, Model17, Table, shown

_FACE: Final = "Times New Roman"
_WIDE_MM: Final = 252.0
_STAMP: Final = (1980, 1, 1, 0, 0, 0)
_CENTRE, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def report_docx(report: Model17) -> bytes:
    """Return the document. The same bytes for the same report and library versions."""
    document = Document()
    _style(document, report)
    _page(document, report)
    _head(document, report)
    _columns(document, report)
    _closing(document, report)
    for at, table in enumerate(report.tables):
        _table(document, table, new_page=at == 0)
    buffer = io.BytesIO()
    document.save(buffer)
    return _settled(buffer.getvalue())


def _style(document: Any, report: Model17) -> None:
    """Set face, language and properties: none of the writer's machine."""
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FACE, Pt(12)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), _FACE)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    normal.element.get_or_add_rPr().append(language)
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    made = datetime.combine(report.made, time())
    properties = document.core_properties
    properties.title, properties.subject = report.header.title, " ".join(report.header.lines)
    properties.author = properties.last_modified_by = "proctor"
    properties.comments, properties.keywords = report.source[:255], ""
    properties.created = properties.modified = made
    properties.language = "vi-VN"


def _page(document: Any, report: Model17) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = section.footer_distance = Mm(8)
    section.different_first_page_header_footer = True
    for header, numbered in ((section.header, True), (section.first_page_header, False)):
        paragraph = header.paragraphs[0]
        paragraph.alignment = _CENTRE
        if numbered:
            _field(paragraph.add_run(), "PAGE")
        if report.training:
            banner = header.add_paragraph() if numbered else paragraph
            banner.alignment = _CENTRE
            run = banner.add_run(report.training[0])
            run.bold, run.font.color.rgb = True, RGBColor(0xB8, 0x0D, 0x0D)
    for footer in (section.footer, section.first_page_footer):
        _write(footer.paragraphs[0], report.source, size=8.5)


def _head(document: Any, report: Model17) -> None:
    head = report.header
    table = document.add_table(rows=2, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _widths(table, (_WIDE_MM / 2, _WIDE_MM / 2))
    blocks: tuple[tuple[tuple[str, bool, float, bool], ...], ...] = (
        ((head.parent, False, 12, False), (head.agency, True, 12, True)),
        ((head.nation, True, 12, False), (head.motto, True, 13, True)),
    )
    for cell, lines in zip(table.rows[0].cells, blocks, strict=True):
        for at, (text, bold, size, ruled) in enumerate(lines):
            paragraph = cell.paragraphs[0] if at == 0 else cell.add_paragraph()
            paragraph.alignment = _CENTRE
            run = _write(paragraph, text, size=size, bold=bold)
            run.underline = ruled
    for cell, text, italic in zip(
        table.rows[1].cells, (head.number, head.place_and_date), (False, True), strict=True
    ):
        cell.paragraphs[0].alignment = _CENTRE
        _write(cell.paragraphs[0], text, size=12, italic=italic)
    for text, size in ((head.title, 14.0), *((line, 13.0) for line in head.lines)):
        paragraph = document.add_paragraph()
        paragraph.alignment = _CENTRE
        paragraph.paragraph_format.space_before = Pt(10 if text == head.title else 0)
        _write(paragraph, text, size=size, bold=True)
    document.paragraphs[-1].paragraph_format.space_after = Pt(8)


def _columns(document: Any, report: Model17) -> None:
    table = document.add_table(rows=2, cols=len(report.heads))
    table.style = "Table Grid"
    _widths(table, WIDTHS_MM)
    _heads(table, report.heads, 10.5)
    for at, (cell, paragraphs) in enumerate(zip(table.rows[1].cells, report.row, strict=True)):
        for index, text in enumerate(paragraphs):
            paragraph = cell.paragraphs[0] if index == 0 else cell.add_paragraph()
            if at == 0:
                paragraph.alignment = _CENTRE
            bold = at == RESULT and text.endswith(":")
            _write(paragraph, text, size=10.5, bold=bold)


def _closing(document: Any, report: Model17) -> None:
    for text in report.closing:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(6)
        _write(paragraph, text, size=11, italic=True)
    table = document.add_table(rows=1, cols=2)
    _widths(table, (_WIDE_MM / 2, _WIDE_MM / 2))
    _keep_whole(table.rows[0])
    left, right = table.rows[0].cells
    _write(left.paragraphs[0], report.recipients_label, size=12, bold=True, italic=True)
    for text in report.recipients:
        _write(left.add_paragraph(), text, size=11)
    role, hint = report.signature
    right.paragraphs[0].alignment = _CENTRE
    _write(right.paragraphs[0], role, size=13, bold=True)
    below = right.add_paragraph()
    below.alignment = _CENTRE
    _write(below, hint, size=12, italic=True)
    for _ in range(4):
        right.add_paragraph()


def _table(document: Any, table: Table, *, new_page: bool) -> None:
    title = document.add_paragraph()
    title.alignment = _CENTRE
    title.paragraph_format.page_break_before = new_page
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(6)
    title.paragraph_format.keep_with_next = True
    _write(title, table.title, size=13, bold=True)
    drawn = document.add_table(rows=1 + len(table.rows), cols=len(table.heads))
    drawn.style = "Table Grid"
    whole = sum(table.weights)
    _widths(drawn, [weight * _WIDE_MM / whole for weight in table.weights])
    _heads(drawn, table.heads, 9)
    rows = list(drawn.rows)[1:]
    for at, (row, values) in enumerate(zip(rows, table.rows, strict=True)):
        _keep_whole(row)
        for cell, value in zip(row.cells, values, strict=True):
            paragraph = cell.paragraphs[0]
            if isinstance(value, int):
                paragraph.alignment = _RIGHT
            bold = table.total and at == len(table.rows) - 1
            _write(paragraph, shown(value), size=9, bold=bold)


# -- pieces --------------------------------------------------------------------------------------------


def _write(paragraph: Any, text: str, *, size: float, bold: bool = False, italic: bool = False) -> Any:
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    return run


def _heads(table: Any, heads: Sequence[str], size: float) -> None:
    """Write a table's heads; they are repeated on every page."""
    row = table.rows[0]
    _keep_whole(row)
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)
    for cell, text in zip(row.cells, heads, strict=True):
        cell.paragraphs[0].alignment = _CENTRE
        _write(cell.paragraphs[0], text, size=size, bold=True)


def _widths(table: Any, widths_mm: Sequence[float]) -> None:
    table.autofit = False
    for column, wide in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(wide)
    for row in table.rows:
        for cell, wide in zip(row.cells, widths_mm, strict=True):
            cell.width = Mm(wide)


def _keep_whole(row: Any) -> None:
    """Let a row stand on one page."""
    mark = OxmlElement("w:cantSplit")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _field(run: Any, name: str) -> None:
    """Put a field, such as the page's number."""
    for kind, text in (("begin", ""), ("instr", name), ("end", "")):
        if kind == "instr":
            element = OxmlElement("w:instrText")
            element.text = text
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def _settled(data: bytes) -> bytes:
    """Return the same document with no clock in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(name))
    return buffer.getvalue()
