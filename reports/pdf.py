"""The page model as a PDF: A4, embedded faces, real text, the same bytes for the same sheet."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports import layout as at
from reports.fonts import LEADING, Face, Line
from reports.images import jpeg_object, keep, stencil_object
from reports.layout import Layout, PlacedRow, lay_out, stack_height
from reports.seal import SHORT_HASH, PageSeal, qr_modules, seal_text
from reports.sheet import Align, Sheet, Thumbnail, page_digest
from sessions.checkpoint import Signer

_PRODUCER: Final = "proctor"
_ASCENT: Final = 0.80
"""Part of a line's leading above the baseline: room for two marks on a capital letter (Ẩ, Ễ)."""
_HAIR: Final = 0.4
_MODULE: Final = 0.52 * mm
"""Side of a QR module: two dots at 100 dpi."""
_RED: Final = (0.72, 0.05, 0.05)
_PALE: Final = (0.975, 0.905, 0.905)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPlace:
    """Where a role signs: `page` from 0, `box` x1, y1, x2, y2 in points from the page's lower left corner."""

    role: str
    page: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A sheet as unsigned PDF: its bytes, the number of pages, the 32-byte digest of each page's rows.

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
    canvas = Canvas(buffer, pagesize=at.PAGE, invariant=1, pageCompression=1, lang=sheet.language)
    canvas.setTitle(f"{sheet.header.title} {sheet.session_id}")
    canvas.setSubject(sheet.session_id)
    canvas.setAuthor(sheet.head.origin)
    canvas.setCreator(_PRODUCER)
    canvas.setProducer(_PRODUCER)
    digests = []
    places: tuple[SigningPlace, ...] = ()
    for number, rows in enumerate(placed.pages, start=1):
        page = _Page(canvas, sheet, placed, number)
        page.draw(rows, signer)
        places = page.places
        digests.append(page_digest(sheet, number, [row.row for row in rows]))
        canvas.showPage()
    canvas.save()
    last = len(placed.pages) - 1
    return Drawn(
        pdf=buffer.getvalue(),
        pages=len(placed.pages),
        digests=tuple(digests),
        station=SigningPlace(role="", page=last, box=_whole(at.STATION_BOX)),
        places=places,
    )


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    return round(box[0]), round(box[1]), round(box[2]), round(box[3])


class _Page:
    """One page being drawn."""

    def __init__(self, canvas: Canvas, sheet: Sheet, placed: Layout, number: int) -> None:
        self._canvas = canvas
        self._sheet = sheet
        self._placed = placed
        self._number = number
        self._pages = len(placed.pages)
        self.places: tuple[SigningPlace, ...] = ()

    def draw(self, rows: Sequence[PlacedRow], signer: Signer) -> None:
        """Draw everything, in reading order."""
        self._training_marks()
        y = at.TOP
        if self._number == 1:
            y = self._header(y)
        else:
            self._text(Line(text=str(self._number), face=Face.REGULAR, size=13), at.PAGE[0] / 2, y + 3 * mm)
        if rows or (self._number == 1 and not self._sheet.rows):
            y = self._table(rows, y)
        if self._number == self._pages:
            self._closing(y)
        self._foot(rows, signer)

    # -- pieces --------------------------------------------------------------------------------------

    def _text(self, line: Line, x: float, baseline: float, *, left: bool = False) -> None:
        """Draw a line centred on x, or starting there."""
        text = self._canvas.beginText()
        text.setTextOrigin(x if left else x - line.width / 2, baseline)
        text.setFont(line.face.value, line.size)
        text.setHorizScale(line.scale * 100)
        text.textOut(line.text)
        self._canvas.drawText(text)

    def _stack(self, lines: Sequence[Line], x: float, top: float, *, left: bool = False) -> float:
        """Draw lines one below the other from `top`; return where they end."""
        y = top
        for line in lines:
            self._text(line, x, y - line.size * LEADING * _ASCENT, left=left)
            y -= line.size * LEADING
        return y

    def _rule(self, x1: float, x2: float, y: float, thickness: float = 0.7) -> None:
        self._canvas.setLineWidth(thickness)
        self._canvas.line(x1, y, x2, y)

    def _training_marks(self) -> None:
        if self._sheet.training is None:
            return
        banner, mark = self._sheet.training
        canvas = self._canvas
        name = "watermark"
        keep(canvas, name, lambda: stencil_object(mark))
        side = at.TOP - at.BOTTOM
        canvas.saveState()
        canvas.setFillColorRGB(*_PALE)
        canvas.translate((at.LEFT + at.RIGHT - side) / 2, at.BOTTOM)
        canvas.scale(side, side)
        canvas.doForm(name)
        canvas.restoreState()
        canvas.saveState()
        canvas.setFillColorRGB(*_RED)
        canvas.setStrokeColorRGB(*_RED)
        canvas.setLineWidth(1)
        canvas.rect(at.LEFT, at.PAGE[1] - 11.5 * mm, at.RIGHT - at.LEFT, 6.5 * mm)
        middle = (at.LEFT + at.RIGHT) / 2
        self._text(Line(text=banner, face=Face.BOLD, size=12), middle, at.PAGE[1] - 9.7 * mm)
        canvas.restoreState()

    def _header(self, top: float) -> float:
        lines = self._placed.header
        left, right = at.LEFT + at.HALF / 2, at.RIGHT - at.HALF / 2
        below_left = self._stack(lines.left, left, top)
        below_right = self._stack(lines.right, right, top)
        self._rule(left - 18 * mm, left + 18 * mm, below_left - 0.6 * mm)
        motto = lines.right[-1].width / 2 if lines.right else 0.0
        self._rule(right - motto, right + motto, below_right - 0.6 * mm)
        self._stack(lines.number, left, below_left - at.RULE_GAP)
        self._stack(lines.place, right, below_right - at.RULE_GAP)
        blocks = max(
            stack_height(lines.left) + stack_height(lines.number),
            stack_height(lines.right) + stack_height(lines.place),
        )
        middle = (at.LEFT + at.RIGHT) / 2
        y = self._stack(lines.title, middle, top - blocks - at.RULE_GAP - at.TITLE_GAP)
        return self._stack(lines.below, middle, y) - at.TABLE_GAP

    # -- the table -----------------------------------------------------------------------------------

    def _table(self, rows: Sequence[PlacedRow], top: float) -> float:
        """Draw the heads and a page's rows; return where they end."""
        heads = self._placed.heads
        self._heads(top)
        y = top - heads.height
        levels = [top, y]
        for row in rows:
            self._row(row, y)
            y -= row.height
            levels.append(y)
        self._canvas.setLineWidth(_HAIR)
        edges = self._edges()
        self._canvas.grid(edges, levels)
        return y

    def _edges(self) -> list[float]:
        edges = [at.LEFT]
        for column in self._sheet.columns:
            edges.append(edges[-1] + column.width_mm * mm)
        return edges

    def _heads(self, top: float) -> None:
        heads = self._placed.heads
        edges = self._edges()
        self._canvas.setFillGray(0.92)
        if self._sheet.training is None:
            self._canvas.rect(
                edges[0], top - heads.height, edges[-1] - edges[0], heads.height, stroke=0, fill=1
            )
        self._canvas.setFillGray(0)
        for lines, left, right in zip(heads.lines, edges, edges[1:], strict=False):
            self._stack(lines, (left + right) / 2, top - (heads.height - stack_height(lines)) / 2)

    def _row(self, placed: PlacedRow, top: float) -> None:
        edges = self._edges()
        for column, lines, left, right in zip(
            self._sheet.columns, placed.lines, edges, edges[1:], strict=False
        ):
            if column.portraits:
                self._portraits(placed, left, right, top)
                continue
            start = top - (placed.height - stack_height(lines)) / 2
            if column.align is Align.LEFT:
                self._stack(lines, left + at.PAD_X, start, left=True)
            else:
                self._stack(lines, (left + right) / 2, start)

    def _portraits(self, placed: PlacedRow, left: float, right: float, top: float) -> None:
        pictures = (placed.row.portraits.chip, placed.row.portraits.live)
        wide, high = at.PICTURE
        gap = (right - left - 2 * wide) / 3
        bottom = top - (placed.height + high) / 2
        for index, picture in enumerate(pictures):
            x = left + gap + index * (wide + gap)
            if picture is not None:
                self._picture(picture, x, bottom)
                continue
            self._canvas.setLineWidth(0.25)
            self._canvas.setStrokeGray(0.6)
            self._canvas.rect(x, bottom, wide, high)
            self._canvas.setStrokeGray(0)

    def _picture(self, picture: Thumbnail, x: float, bottom: float) -> None:
        """Draw a picture whole in its 3 × 4 frame; a picture used twice is stored once."""
        name = "p" + hashlib.sha256(picture.jpeg).hexdigest()
        keep(self._canvas, name, lambda: jpeg_object(picture))
        scale = min(at.PICTURE[0] / picture.width, at.PICTURE[1] / picture.height)
        wide, high = picture.width * scale, picture.height * scale
        self._canvas.saveState()
        self._canvas.translate(x + (at.PICTURE[0] - wide) / 2, bottom + (at.PICTURE[1] - high) / 2)
        self._canvas.scale(wide, high)
        self._canvas.doForm(name)
        self._canvas.restoreState()

    # -- below the table -----------------------------------------------------------------------------

    def _closing(self, top: float) -> None:
        closing = self._placed.closing
        y = top - at.CLOSING_GAP
        for left, right in closing.totals:
            self._stack(left, at.LEFT, y, left=True)
            self._stack(right, at.LEFT + at.TOTALS_COLUMN + 4 * mm, y, left=True)
            y -= max(stack_height(left), stack_height(right))
        y = self._stack(closing.remarks, at.LEFT, y, left=True) - at.CLOSING_GAP
        self._stack(closing.recipients, at.LEFT, y, left=True)
        slot = (at.RIGHT - at.LEFT) / (len(closing.signatures) + 1)
        places = []
        for index, lines in enumerate(closing.signatures, start=1):
            middle = at.LEFT + (index + 0.5) * slot
            below = self._stack(lines, middle, y)
            box = (middle - slot / 2 + mm, below - at.SIGNING_SPACE + mm, middle + slot / 2 - mm, below - mm)
            role = self._sheet.closing.signatures[index - 1].role
            places.append(SigningPlace(role=role, page=self._number - 1, box=_whole(box)))
        self.places = tuple(places)

    def _foot(self, rows: Sequence[PlacedRow], signer: Signer) -> None:
        sheet, foot = self._sheet, self._sheet.foot
        digest = page_digest(sheet, self._number, [placed.row for placed in rows])
        self._rule(at.LEFT, at.STATION_BOX[2], at.FOOT_TOP, 0.4)
        page = foot.page.format(page=self._number, pages=self._pages)
        lines = [
            Line(text=page, face=Face.BOLD, size=10),
            Line(text=foot.session, face=Face.REGULAR, size=8),
            *self._hashes((foot.roster, sheet.roster_hash), (foot.head, sheet.head.root.hex())),
            *at.foot_cosigned(foot.cosigned),
            *self._hashes((foot.digest, digest.hex()), (foot.key, signer.key.fingerprint)),
        ]
        y = self._stack(lines, at.LEFT, at.FOOT_TOP - 1.2 * mm, left=True)
        self._warning(foot.warning, at.LEFT + lines[0].width + 8 * mm)
        self._stack(at.foot_notice(foot.notice), at.LEFT, y - 0.6 * mm, left=True)
        self._seal(self._page_seal(rows, digest), signer)

    def _warning(self, text: str, x: float) -> None:
        """Draw what must not be overlooked, framed and in red, beside the page's number."""
        if not text:
            return
        line = Line(text=text, face=Face.BOLD, size=12)
        canvas = self._canvas
        canvas.saveState()
        canvas.setFillColorRGB(*_RED)
        canvas.setStrokeColorRGB(*_RED)
        canvas.setLineWidth(1)
        bottom = at.FOOT_TOP - 5.4 * mm
        canvas.rect(x, bottom, line.width + 4 * mm, 4.8 * mm)
        self._text(line, x + 2 * mm, bottom + 1.2 * mm, left=True)
        canvas.restoreState()

    def _hashes(self, *pairs: tuple[str, str]) -> list[Line]:
        return [Line(text=f"{label} {value}", face=Face.REGULAR, size=8) for label, value in pairs]

    def _page_seal(self, rows: Sequence[PlacedRow], digest: bytes) -> PageSeal:
        sheet = self._sheet
        return PageSeal(
            kind=sheet.kind,
            origin=sheet.head.origin,
            session_id=sheet.session_id,
            page=self._number,
            pages=self._pages,
            size=sheet.head.size,
            root=sheet.head.root,
            roster=bytes.fromhex(sheet.roster_hash)[:SHORT_HASH],
            digest=digest[:SHORT_HASH],
            rows=tuple(placed.row.mark for placed in rows),
            variant=sheet.variant,
        )

    def _seal(self, seal: PageSeal, signer: Signer) -> None:
        """Draw the QR code as one path, so that no seams show between its modules."""
        modules = qr_modules(seal_text(seal, signer))
        side = min(at.SEAL_SIDE, len(modules) * _MODULE)
        module = side / len(modules)
        left, top = at.RIGHT - side, at.FOOT_BOTTOM + side
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(left, top)
        canvas.scale(module, -module)
        boxes = [
            f"{start} {index} {length} 1 re"
            for index, row in enumerate(modules)
            for start, length in _runs(row)
        ]
        canvas.addLiteral(" ".join([*boxes, "f"]))
        canvas.restoreState()


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Return start and length of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((index, 1))
    return runs
