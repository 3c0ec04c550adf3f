"""The report on mô hình 17 as a PDF: lying A4, embedded faces, real text, the same bytes for the same report.

The columns' text runs on over as many pages as it needs, under repeated heads; nothing is cut. Lengths are points.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports.fonts import LEADING, Face, Line, fit, width
from reports.images import keep, stencil_object
from reports.model17 import RESULT, WIDTHS_MM, Model17, Table, Value, shown

_PAGE: Final = landscape(A4)
_LEFT, _RIGHT = 30 * mm, _PAGE[0] - 15 * mm
_TOP, _BOTTOM = _PAGE[1] - 20 * mm, 20 * mm
_WIDE: Final = _RIGHT - _LEFT
_PAD: Final = 1.2 * mm
_ASCENT: Final = 0.80
_TEXT: Final = 10.5
_SMALL: Final = 9.0
_SIGNING_MM: Final = 42.0
_RED: Final = (0.72, 0.05, 0.05)
_PALE: Final = (0.975, 0.905, 0.905)

Stroke = Callable[[Canvas], None]


@dataclass(slots=True)
class _Pages:
    """Pages as lists of strokes, until it is known how many there are."""

    pages: list[list[Stroke]] = field(default_factory=lambda: [[]])
    y: float = _TOP

    def turn(self) -> None:
        self.pages.append([])
        self.y = _TOP

    def need(self, height: float) -> None:
        """Begin a new page where this height does not fit."""
        if self.y - height < _BOTTOM:
            self.turn()

    def put(self, stroke: Stroke) -> None:
        self.pages[-1].append(stroke)

    def text(self, line: Line, x: float, top: float) -> None:
        """Put a line whose upper edge is at `top`, beginning at x."""
        baseline = top - line.size * LEADING * _ASCENT
        self.put(lambda canvas: _text(canvas, line, x, baseline))

    def stack(self, lines: Sequence[Line], middle: float, top: float) -> float:
        """Put lines one below the other, centred; return where they end."""
        for line in lines:
            self.text(line, middle - line.width / 2, top)
            top -= line.size * LEADING
        return top

    def rule(self, x1: float, x2: float, y: float) -> None:
        self.put(lambda canvas: _rule(canvas, x1, x2, y))

    def grid(self, edges: Sequence[float], levels: Sequence[float]) -> None:
        xs, ys = list(edges), list(levels)
        self.put(lambda canvas: _grid(canvas, xs, ys))


def report_pdf(report: Model17) -> bytes:
    """Return the pages of a report."""
    drawn = _Pages()
    _header(drawn, report)
    _columns(drawn, report)
    _closing(drawn, report)
    for at, table in enumerate(report.tables):
        _table(drawn, table, first=at == 0)
    return _written(drawn, report)


def _written(drawn: _Pages, report: Model17) -> bytes:
    buffer = io.BytesIO()
    canvas = new_canvas(buffer, _PAGE, report.language)
    canvas.setTitle(report.header.title)
    canvas.setSubject(" ".join(report.header.lines))
    for at, strokes in enumerate(drawn.pages, start=1):
        training_marks(canvas, report.training, _PAGE)
        if at > 1:
            number = Line(text=str(at), face=Face.REGULAR, size=13)
            _text(canvas, number, _PAGE[0] / 2 - number.width / 2, _TOP + 3 * mm)
        for stroke in strokes:
            stroke(canvas)
        _foot(canvas, report, at, len(drawn.pages))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


# -- the head ------------------------------------------------------------------------------------------


def _header(drawn: _Pages, report: Model17) -> None:
    head, half = report.header, _WIDE / 2 - 6 * mm
    left, right = _LEFT + half / 2, _RIGHT - half / 2
    agency = [*fit(head.parent, Face.REGULAR, 12, half), *fit(head.agency, Face.BOLD, 12, half)]
    nation = [*fit(head.nation, Face.BOLD, 12, half), *fit(head.motto, Face.BOLD, 13, half)]
    below_left, below_right = drawn.stack(agency, left, drawn.y), drawn.stack(nation, right, drawn.y)
    drawn.rule(left - 18 * mm, left + 18 * mm, below_left - 0.6 * mm)
    drawn.rule(right - nation[-1].width / 2, right + nation[-1].width / 2, below_right - 0.6 * mm)
    below_left = drawn.stack(fit(head.number, Face.REGULAR, 12, half), left, below_left - 2 * mm)
    place = fit(head.place_and_date, Face.ITALIC, 12, half)
    below_right = drawn.stack(place, right, below_right - 2 * mm)
    middle = (_LEFT + _RIGHT) / 2
    y = drawn.stack(fit(head.title, Face.BOLD, 14, _WIDE), middle, min(below_left, below_right) - 5 * mm)
    for line in head.lines:
        y = drawn.stack(fit(line, Face.BOLD, 13, _WIDE), middle, y)
    drawn.y = y - 3 * mm


# -- the seven columns ---------------------------------------------------------------------------------


def _columns(drawn: _Pages, report: Model17) -> None:
    edges = _edges(WIDTHS_MM)
    cells = [_cell(report, at, edges[at + 1] - edges[at] - 2 * _PAD) for at in range(len(report.row))]
    height = _TEXT * LEADING
    while any(cells):
        top = drawn.y
        body = _heads(drawn, report.heads, edges, _TEXT)
        room = int((body - _BOTTOM - 2 * _PAD) / height)
        took = 0
        for at, lines in enumerate(cells):
            now, cells[at] = lines[:room], lines[room:]
            took = max(took, len(now))
            for row, line in enumerate(now):
                x = edges[at] + _PAD
                if at == 0:
                    x = (edges[0] + edges[1] - line.width) / 2
                drawn.text(line, x, body - _PAD - row * height)
        drawn.y = body - took * height - 2 * _PAD
        drawn.grid(edges, (top, body, drawn.y))
        if any(cells):
            drawn.turn()


def _cell(report: Model17, at: int, room: float) -> list[Line]:
    """Return the lines of a column; the heads in the computed one are bold."""
    lines: list[Line] = []
    for text in report.row[at]:
        head = at == RESULT and text.endswith(":")
        lines += fit(text, Face.BOLD if head else Face.REGULAR, _TEXT, room)
    return lines


def _heads(drawn: _Pages, heads: Sequence[str], edges: Sequence[float], size: float) -> float:
    """Put a table's heads; return where its body begins."""
    fitted = [
        fit(text, Face.BOLD, size, right - left - 1.2 * mm)
        for text, left, right in zip(heads, edges, edges[1:], strict=False)
    ]
    tall = max(len(lines) for lines in fitted) * size * LEADING + 2 * _PAD
    top, wide = drawn.y, edges[-1] - edges[0]
    drawn.put(lambda canvas: _shade(canvas, edges[0], top - tall, wide, tall))
    for lines, left, right in zip(fitted, edges, edges[1:], strict=False):
        drawn.stack(lines, (left + right) / 2, top - (tall - len(lines) * size * LEADING) / 2)
    return top - tall


def _edges(widths_mm: Sequence[float]) -> list[float]:
    scale = _WIDE / sum(widths_mm)
    edges = [_LEFT]
    for wide in widths_mm:
        edges.append(edges[-1] + wide * scale)
    return edges


# -- the end -------------------------------------------------------------------------------------------


def _closing(drawn: _Pages, report: Model17) -> None:
    notes = [line for text in report.closing for line in fit(text, Face.ITALIC, 11, _WIDE)]
    drawn.need(len(notes) * 11 * LEADING + (_SIGNING_MM + 4) * mm)
    y = drawn.y - 2 * mm
    for line in notes:
        drawn.text(line, _LEFT, y)
        y -= line.size * LEADING
    y -= 3 * mm
    below = y
    for text, face, size in (
        (report.recipients_label, Face.BOLD_ITALIC, 12.0),
        *((each, Face.REGULAR, 11.0) for each in report.recipients),
    ):
        for line in fit(text, face, size, _WIDE / 2):
            drawn.text(line, _LEFT, below)
            below -= line.size * LEADING
    middle = _RIGHT - _WIDE / 4
    role, hint = report.signature
    y = drawn.stack(fit(role, Face.BOLD, 13, _WIDE / 2), middle, y)
    drawn.stack(fit(hint, Face.ITALIC, 12, _WIDE / 2), middle, y)
    drawn.y -= _SIGNING_MM * mm


# -- the tables ----------------------------------------------------------------------------------------


def _table(drawn: _Pages, table: Table, *, first: bool) -> None:
    if first:
        drawn.turn()
    edges = _edges(table.weights)
    rows = [_row(table, at, edges) for at in range(len(table.rows))]
    title = fit(table.title, Face.BOLD, 13, _WIDE)
    # the title, the heads and two rows stay together
    drawn.need(30 * mm + sum(tall for _, tall in rows[:2]))
    drawn.y = drawn.stack(title, (_LEFT + _RIGHT) / 2, drawn.y - 2 * mm) - 2 * mm
    top = drawn.y
    y = _heads(drawn, table.heads, edges, _SMALL)
    levels = [top, y]
    for at, (lines, tall) in enumerate(rows):
        last_two = at == len(rows) - 2 and len(rows) > 2
        if y - tall - (rows[-1][1] if last_two else 0) < _BOTTOM:
            drawn.grid(edges, levels)
            drawn.turn()
            top = drawn.y
            y = _heads(drawn, table.heads, edges, _SMALL)
            levels = [top, y]
        for column, cell in enumerate(lines):
            for row, line in enumerate(cell):
                value = "" if column == 0 else table.rows[at][column]
                x = _x(value, line, edges[column], edges[column + 1])
                drawn.text(line, x, y - _PAD - row * _SMALL * LEADING)
        y -= tall
        levels.append(y)
    drawn.grid(edges, levels)
    drawn.y = y - 5 * mm


def _row(table: Table, at: int, edges: Sequence[float]) -> tuple[list[tuple[Line, ...]], float]:
    """Return the lines of a row's cells, and its height."""
    bold = table.total and at == len(table.rows) - 1
    cells = [
        fit(shown(value), Face.BOLD if bold else Face.REGULAR, _SMALL, right - left - 1.6 * mm)
        for value, left, right in zip(table.rows[at], edges, edges[1:], strict=False)
    ]
    return cells, max(1, *(len(lines) for lines in cells)) * _SMALL * LEADING + 2 * _PAD


def _x(value: Value, line: Line, left: float, right: float) -> float:
    """Return where a cell's line begins: counts stand to the right, days in the middle, text to the left."""
    if isinstance(value, int):
        return right - 0.8 * mm - line.width
    return left + 0.8 * mm if value and isinstance(value, str) else (left + right - line.width) / 2


def new_canvas(buffer: io.BytesIO, page: tuple[float, float], language: str) -> Canvas:
    """Return a canvas of the embedded faces alone: reportlab's own first font would not be embedded."""
    width("", Face.REGULAR, 10)  # known to the library from here on
    canvas = Canvas(
        buffer,
        pagesize=page,
        invariant=1,
        pageCompression=1,
        lang=language,
        initialFontName=Face.REGULAR.value,  # type: ignore[arg-type]  # the stubs have a number here
    )
    canvas.setCreator("proctor")
    canvas.setProducer("proctor")
    return canvas


# -- strokes -------------------------------------------------------------------------------------------


def training_marks(canvas: Canvas, words: tuple[str, str] | None, page: tuple[float, float]) -> None:
    """Draw banner and watermark of training below everything else; nothing where `words` is None."""
    if words is None:
        return
    banner, mark = words
    keep(canvas, "watermark", lambda: stencil_object(mark))
    side = min(page) - 40 * mm
    canvas.saveState()
    canvas.setFillColorRGB(*_PALE)
    canvas.translate((page[0] - side) / 2, (page[1] - side) / 2)
    canvas.scale(side, side)
    canvas.doForm("watermark")
    canvas.restoreState()
    canvas.saveState()
    canvas.setFillColorRGB(*_RED)
    canvas.setStrokeColorRGB(*_RED)
    line = Line(text=banner, face=Face.BOLD, size=12)
    canvas.setLineWidth(1)
    canvas.rect(20 * mm, page[1] - 11.5 * mm, page[0] - 40 * mm, 6.5 * mm)
    _text(canvas, line, (page[0] - line.width) / 2, page[1] - 9.7 * mm)
    canvas.restoreState()


def _foot(canvas: Canvas, report: Model17, page: int, pages: int) -> None:
    place = Line(
        text=report.page.replace("{page}", str(page)).replace("{pages}", str(pages)),
        face=Face.REGULAR,
        size=8.5,
    )
    y = _BOTTOM - 5 * mm
    _text(canvas, place, _RIGHT - place.width, y)
    for line in fit(report.source, Face.REGULAR, 8.5, _WIDE - place.width - 6 * mm)[:2]:
        _text(canvas, line, _LEFT, y)
        y -= line.size * LEADING


def _text(canvas: Canvas, line: Line, x: float, baseline: float) -> None:
    text = canvas.beginText()
    text.setTextOrigin(x, baseline)
    text.setFont(line.face.value, line.size)
    text.setHorizScale(line.scale * 100)
    text.textOut(line.text)
    canvas.drawText(text)


def _rule(canvas: Canvas, x1: float, x2: float, y: float) -> None:
    canvas.setLineWidth(0.7)
    canvas.line(x1, y, x2, y)


def _grid(canvas: Canvas, xs: list[float], ys: list[float]) -> None:
    canvas.setLineWidth(0.4)
    canvas.grid(xs, ys)


def _shade(canvas: Canvas, x: float, y: float, wide: float, tall: float) -> None:
    canvas.saveState()
    canvas.setFillGray(0.92)
    canvas.rect(x, y, wide, tall, stroke=0, fill=1)
    canvas.restoreState()
