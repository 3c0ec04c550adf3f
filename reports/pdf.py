"""A sheet drawn: pages, page seals, the marks of training and reprints. The same bytes for the same sheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from reportlab import rl_config
from reportlab.lib.units import mm

from reports import layout as at
from reports.body import BODY_GAP, PlacedFigures, PlacedText
from reports.fonts import Face, Line, narrowed, stack_height
from reports.geometry import Box
from reports.images import keep, stencil_object
from reports.layout import Layout, lay_out
from reports.page_seal import page_seal
from reports.pen import BLACK, Pen, blank_canvas
from reports.placed_rows import PAD_X, PlacedRow
from reports.seal import qr_modules, seal_text
from reports.sheet import Align, Sheet, page_digest
from sessions.checkpoint import Signer

rl_config.useA85 = 0  # the library's own switch: streams as bytes, not as text a quarter longer
_PRODUCER: Final = "proctor"
_HAIR: Final = 0.4
_PICTURE: Final = (8.1 * mm, 10.8 * mm)
_MODULE: Final = 0.52 * mm
"""Side of a QR module: two dots at 100 dpi."""
_PALE: Final = (0.975, 0.905, 0.905)
_MARKS: Final = (11.5 * mm, 5.0 * mm)
"""Between these distances from the upper edge stand the marks of training and reprints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPlace:
    """Where a role signs: `page` from 0, `box` x1, y1, x2, y2 in points from the page's lower left corner."""

    role: str
    page: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A sheet as unsigned PDF: its bytes, the number of pages, the 32-byte digest of each page's content.

    `station`: where the station's own seal is shown; `places`: where people sign, in the order of the blocks.
    """

    pdf: bytes = field(repr=False)
    pages: int
    digests: tuple[bytes, ...]
    station: SigningPlace
    places: tuple[SigningPlace, ...]


def render(sheet: Sheet, signer: Signer) -> bytes:
    """Return the unsigned PDF of a sheet, as `draw`."""
    return draw(sheet, signer).pdf


def draw(sheet: Sheet, signer: Signer) -> Drawn:
    """Return the unsigned PDF of a sheet, its pages sealed by the log's key, and where it is to be signed.

    Byte-identical for the same sheet, signer and library versions. Raises RowTooTallError,
    HeadTooTallError, SealTooLongError.
    """
    placed = lay_out(sheet)
    buffer = io.BytesIO()
    canvas = blank_canvas(buffer, placed.geometry.page, sheet.language)
    canvas.setTitle(f"{sheet.header.title} {sheet.session_id}")
    canvas.setSubject(sheet.session_id)
    canvas.setAuthor(sheet.head.origin)
    canvas.setCreator(_PRODUCER)
    canvas.setProducer(_PRODUCER)
    pen = Pen(canvas)
    pages = [_Page(pen, sheet, placed, number) for number in range(1, len(placed.pages) + 1)]
    for page in pages:
        page.draw(signer)
        canvas.showPage()
    canvas.save()
    return Drawn(
        pdf=buffer.getvalue(),
        pages=len(pages),
        digests=tuple(page.digest for page in pages),
        station=SigningPlace(role="", page=len(pages) - 1, box=_whole(placed.geometry.station)),
        places=pages[-1].places,
    )


def _whole(box: Box) -> tuple[int, int, int, int]:
    return round(box[0]), round(box[1]), round(box[2]), round(box[3])


class _Page:
    """One page being drawn."""

    def __init__(self, pen: Pen, sheet: Sheet, placed: Layout, number: int) -> None:
        self._pen = pen
        self._canvas = pen.canvas
        self._sheet = sheet
        self._placed = placed
        self._paper = placed.geometry
        self._number = number
        self._pages = len(placed.pages)
        self._rows = placed.pages[number - 1]
        self._body = placed.bodies[number - 1]
        self.digest = page_digest(
            sheet,
            number,
            [row.row for row in self._rows],
            tuple(text for part in self._body for text in part.texts),
        )
        self.places: tuple[SigningPlace, ...] = ()

    def draw(self, signer: Signer) -> None:
        """Draw everything, in reading order."""
        paper = self._paper
        self._training_marks()
        self._reprint_mark()
        y = paper.top
        if self._number == 1:
            y = self._header(y)
        else:
            number = Line(text=str(self._number), face=Face.REGULAR, size=13)
            self._pen.text(number, paper.page[0] / 2, y + 3 * mm)
        y = self._blocks(y)
        if self._rows or self._placed.bare == self._number - 1:
            y = self._table(y)
        if self._number == self._pages:
            self._closing(y)
        self._foot(signer)

    # -- marks of the whole sheet ---------------------------------------------------------------------

    def _marks_box(self, left: float, right: float) -> Box:
        high = self._paper.page[1]
        return left, high - _MARKS[0], right, high - _MARKS[1]

    def _training_marks(self) -> None:
        if self._sheet.training is None:
            return
        banner, mark = self._sheet.training
        paper, canvas = self._paper, self._canvas
        name = "watermark"
        keep(canvas, name, lambda: stencil_object(mark))
        side = min(paper.height, paper.width)
        canvas.saveState()
        canvas.setFillColorRGB(*_PALE)
        canvas.translate(paper.middle - side / 2, (paper.top + paper.bottom - side) / 2)
        canvas.scale(side, side)
        canvas.doForm(name)
        canvas.restoreState()
        reprint = self._reprint
        right = paper.right if reprint is None else paper.right - reprint.width - 8 * mm
        line = narrowed(Line(text=banner, face=Face.BOLD, size=12), right - paper.left - 2 * mm)
        self._pen.framed(line, self._marks_box(paper.left, right))

    @property
    def _reprint(self) -> Line | None:
        words = self._sheet.reprint
        return Line(text=words, face=Face.BOLD, size=12) if words else None

    def _reprint_mark(self) -> None:
        line = self._reprint
        if line is not None:
            right = self._paper.right
            box = self._marks_box(right - line.width - 6 * mm, right)
            self._pen.framed(line, box, colour=BLACK, thickness=1.6)

    # -- the head and the blocks ----------------------------------------------------------------------

    def _header(self, top: float) -> float:
        pen, paper, lines = self._pen, self._paper, self._placed.header
        left = paper.left + (paper.agency_width + lines.logo) / 2
        right = paper.right - paper.nation_width / 2
        if lines.logo:
            self._pen.picture(self._sheet.header.logo, paper.left, top - at.LOGO, (at.LOGO, at.LOGO))
        below_left = pen.stack(lines.left, left, top)
        below_right = pen.stack(lines.right, right, top)
        pen.rule(left - 18 * mm, left + 18 * mm, below_left - 0.6 * mm)
        motto = lines.right[-1].width / 2 if lines.right else 0.0
        pen.rule(right - motto, right + motto, below_right - 0.6 * mm)
        pen.stack(lines.number, left, below_left - at.RULE_GAP)
        pen.stack(lines.place, right, below_right - at.RULE_GAP)
        y = pen.stack(lines.title, paper.middle, top - lines.blocks - at.TITLE_GAP)
        return pen.stack(lines.below, paper.middle, y) - at.TABLE_GAP

    def _blocks(self, top: float) -> float:
        """Draw what of the body stands on this page; return where it ends."""
        y = top
        for part in self._body:
            y -= part.gap
            y = self._figures(part, y) if isinstance(part, PlacedFigures) else self._paragraph(part, y)
        return y - BODY_GAP if self._body else y

    def _paragraph(self, part: PlacedText, top: float) -> float:
        paper = self._paper
        after = self._pen.stack(part.labels, paper.left, top, left=True)
        if part.paragraph.centred:
            middle = (paper.left + part.offset + paper.right) / 2
            return min(after, self._pen.stack(part.lines, middle, top))
        return min(after, self._pen.stack(part.lines, paper.left + part.offset, top, left=True))

    def _figures(self, part: PlacedFigures, top: float) -> float:
        slot = self._paper.width / len(part.figures)
        wide, high = part.frame
        end = top
        for index, (figure, caption) in enumerate(zip(part.figures, part.captions, strict=True)):
            middle = self._paper.left + (index + 0.5) * slot
            self._pen.picture(figure.picture, middle - wide / 2, top - high, part.frame)
            end = min(end, self._pen.stack(caption, middle, top - high - mm))
        return end

    # -- the table -----------------------------------------------------------------------------------

    def _table(self, top: float) -> float:
        """Draw the heads and the page's rows; return where they end."""
        y = top - self._placed.heads.height
        edges = self._edges()
        self._heads(edges, top)
        levels = [top, y]
        for row in self._rows:
            self._row(row, edges, y)
            y -= row.height
            levels.append(y)
        self._canvas.setLineWidth(_HAIR)
        if self._placed.heads.groups:
            self._group_lines(edges, top)
            del levels[0]
        self._canvas.grid(edges, levels)
        return y

    def _group_lines(self, edges: Sequence[float], top: float) -> None:
        """Draw the heads' lines where one heading stands above several columns."""
        heads = self._placed.heads
        inner = {index for first, behind, _ in heads.groups for index in range(first + 1, behind)}
        middle, low = top - heads.upper, top - heads.height
        self._canvas.line(edges[0], top, edges[-1], top)
        for first, behind, _ in heads.groups:
            self._canvas.line(edges[first], middle, edges[behind], middle)
        for index, edge in enumerate(edges):
            self._canvas.line(edge, middle if index in inner else top, edge, low)

    def _edges(self) -> list[float]:
        edges = [self._paper.left]
        for column in self._placed.columns:
            edges.append(edges[-1] + column.width_mm * mm)
        return edges

    def _heads(self, edges: Sequence[float], top: float) -> None:
        heads = self._placed.heads
        self._canvas.setFillGray(0.92)
        if self._sheet.training is None:
            self._canvas.rect(
                edges[0], top - heads.height, edges[-1] - edges[0], heads.height, stroke=0, fill=1
            )
        self._canvas.setFillGray(0)
        below = {index for first, behind, _ in heads.groups for index in range(first, behind)}
        for index, (lines, left, right) in enumerate(zip(heads.lines, edges, edges[1:], strict=False)):
            start = top - heads.upper if index in below else top
            room = heads.height - (top - start)
            self._pen.stack(lines, (left + right) / 2, start - (room - stack_height(lines)) / 2)
        for first, behind, lines in heads.groups:
            middle = (edges[first] + edges[behind]) / 2
            self._pen.stack(lines, middle, top - (heads.upper - stack_height(lines)) / 2)

    def _row(self, placed: PlacedRow, edges: Sequence[float], top: float) -> None:
        for column, lines, left, right in zip(
            self._placed.columns, placed.lines, edges, edges[1:], strict=False
        ):
            if column.portraits:
                if placed.begins:
                    self._portraits(placed, left, right, top)
                continue
            start = top - (placed.height - stack_height(lines)) / 2
            if column.align is Align.LEFT:
                self._pen.stack(lines, left + PAD_X, start, left=True)
            else:
                self._pen.stack(lines, (left + right) / 2, start)

    def _portraits(self, placed: PlacedRow, left: float, right: float, top: float) -> None:
        wide, high = _PICTURE
        gap = (right - left - 2 * wide) / 3
        bottom = top - (placed.height + high) / 2
        for index, picture in enumerate((placed.row.portraits.chip, placed.row.portraits.live)):
            self._pen.picture(picture, left + gap + index * (wide + gap), bottom, _PICTURE)

    # -- below the table -----------------------------------------------------------------------------

    def _closing(self, top: float) -> None:
        closing, paper = self._placed.closing, self._paper
        y = top - at.CLOSING_GAP
        for index, lines in enumerate(closing.totals):
            self._pen.stack(lines, paper.left + index * at.totals_width(paper), y, left=True)
        y -= at.totals_height(closing.totals)
        y = self._pen.stack(closing.remarks, paper.left, y, left=True) - at.CLOSING_GAP
        after = y if closing.below else self._pen.stack(closing.recipients, paper.left, y, left=True)
        roles = iter(self._sheet.closing.signatures)
        places = []
        for row_of in closing.signatures:
            for block in row_of:
                box = self._signer(block, y)
                places.append(SigningPlace(role=next(roles).role, page=self._number - 1, box=_whole(box)))
            y = min(y - at.signing_height(row_of), after)
        if closing.below:
            self._pen.stack(closing.recipients, paper.left, y, left=True)
        self.places = tuple(places)

    def _signer(self, block: at.Signer, top: float) -> Box:
        """Draw a signature block; return the box to sign in."""
        slot = self._paper.width / self._placed.closing.slots
        middle = self._paper.left + (block.slot + 0.5) * slot
        below = self._pen.stack(block.lines, middle, top)
        return middle - slot / 2 + mm, below - at.SIGNING_SPACE + mm, middle + slot / 2 - mm, below - mm

    def _foot(self, signer: Signer) -> None:
        sheet, foot, paper = self._sheet, self._sheet.foot, self._paper
        self._pen.rule(paper.left, paper.station[2], paper.foot_top, 0.4)
        page = Line(text=foot.page.format(page=self._number, pages=self._pages), face=Face.BOLD, size=10)
        lines = [
            page,
            self._small(foot.session),
            self._small(foot.roster, sheet.roster_hash),
            self._small(foot.head, sheet.head.root.hex()),
            *at.foot_cosigned(foot.cosigned, paper),
            self._small(foot.digest, self.digest.hex()),
            self._small(foot.key, signer.key.fingerprint),
        ]
        y = self._pen.stack(lines, paper.left, paper.foot_top - 1.2 * mm, left=True)
        self._warning(foot.warning, paper.left + page.width + 8 * mm)
        self._pen.stack(at.foot_notice(foot.notice, paper), paper.left, y - 0.6 * mm, left=True)
        seal = page_seal(
            sheet,
            page=self._number,
            pages=self._pages,
            digest=self.digest,
            marks=[placed.row.mark for placed in self._rows if placed.begins],
        )
        modules = qr_modules(seal_text(seal, signer))
        side = min(paper.seal_side, len(modules) * _MODULE)
        self._pen.modules(modules, paper.right - side, paper.foot_bottom + side, side)

    def _small(self, *words: str) -> Line:
        return at.foot_line(" ".join(words), Face.REGULAR, 8, self._paper)

    def _warning(self, text: str, x: float) -> None:
        """Draw what must not be overlooked, framed and in red, beside the page's number."""
        if not text:
            return
        room = self._paper.left + self._paper.foot_width - x - 4 * mm
        line = narrowed(Line(text=text, face=Face.BOLD, size=11), room)
        top = self._paper.foot_top - 0.7 * mm
        self._pen.framed(line, (x, top - 4.4 * mm, x + line.width + 4 * mm, top))
