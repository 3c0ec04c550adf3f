"""The strokes a page is drawn with: lines of text, rules, frames, pictures, QR codes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Final

from reportlab.pdfgen.canvas import Canvas

from reports.fonts import LEADING, Line, initial_font
from reports.images import jpeg_object, keep
from reports.sheet import Thumbnail

RED: Final = (0.72, 0.05, 0.05)
BLACK: Final = (0.0, 0.0, 0.0)
_ASCENT: Final = 0.80
"""Part of a line's leading above the baseline: room for two marks on a capital letter (Ẩ, Ễ)."""
_FRAME: Final = 0.25
_GREY: Final = 0.6


def blank_canvas(buffer: io.BytesIO, page: tuple[float, float], language: str | None = None) -> Canvas:
    """Return a canvas that gives the same bytes for the same strokes, without the library's own initial font, which
    no file would embed.
    """
    return Canvas(
        buffer,
        pagesize=page,
        invariant=1,
        pageCompression=1,
        lang=language,
        initialFontName=initial_font(),  # type: ignore[arg-type]  # the stubs have a number here
    )


class Pen:
    """Draws on one canvas. Lengths are PDF points from the lower left corner."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._names: dict[bytes, str] = {}

    def text(self, line: Line, x: float, baseline: float, *, left: bool = False) -> None:
        """Draw a line centred on x, or starting there."""
        text = self.canvas.beginText()
        text.setTextOrigin(x + line.indent if left else x - line.width / 2, baseline)
        text.setFont(line.face.value, line.size)
        text.setHorizScale(line.scale * 100)
        if line.spacing:
            text.setWordSpace(line.spacing / line.scale)
        text.textOut(line.text)
        if line.spacing:
            text.setWordSpace(0)  # a page's text state outlives the text object
        self.canvas.drawText(text)

    def stack(self, lines: Sequence[Line], x: float, top: float, *, left: bool = False) -> float:
        """Draw lines one below the other from `top`; return where they end."""
        y = top
        for line in lines:
            self.text(line, x, y - line.size * LEADING * _ASCENT, left=left)
            y -= line.size * LEADING
        return y

    def rule(self, x1: float, x2: float, y: float, thickness: float = 0.7) -> None:
        """Draw a level line."""
        self.canvas.setLineWidth(thickness)
        self.canvas.line(x1, y, x2, y)

    def framed(
        self,
        line: Line,
        box: tuple[float, float, float, float],
        *,
        colour: tuple[float, float, float] = RED,
        thickness: float = 1.0,
    ) -> None:
        """Draw a line in the middle of a framed box (x1, y1, x2, y2)."""
        canvas = self.canvas
        x1, y1, x2, y2 = box
        canvas.saveState()
        canvas.setFillColorRGB(*colour)
        canvas.setStrokeColorRGB(*colour)
        canvas.setLineWidth(thickness)
        canvas.rect(x1, y1, x2 - x1, y2 - y1)
        self.text(line, (x1 + x2) / 2, (y1 + y2) / 2 - 0.33 * line.size)
        canvas.restoreState()

    def picture(self, picture: Thumbnail | None, x: float, bottom: float, frame: tuple[float, float]) -> None:
        """Draw a picture whole in its frame (width, height); None draws the frame alone.

        A picture used twice is stored once.
        """
        canvas = self.canvas
        if picture is None:
            canvas.setLineWidth(_FRAME)
            canvas.setStrokeGray(_GREY)
            canvas.rect(x, bottom, *frame)
            canvas.setStrokeGray(0)
            return
        name = self._names.setdefault(hashlib.sha256(picture.jpeg).digest(), f"p{len(self._names)}")
        keep(canvas, name, lambda: jpeg_object(picture))
        scale = min(frame[0] / picture.width, frame[1] / picture.height)
        wide, high = picture.width * scale, picture.height * scale
        canvas.saveState()
        canvas.translate(x + (frame[0] - wide) / 2, bottom + (frame[1] - high) / 2)
        canvas.scale(wide, high)
        canvas.doForm(name)
        canvas.restoreState()

    def modules(self, modules: Sequence[Sequence[bool]], left: float, top: float, side: float) -> None:
        """Draw a QR code of that side as one path, so that no seams show between its modules."""
        module = side / len(modules)
        boxes = [
            f"{start} {index} {length} 1 re"
            for index, row in enumerate(modules)
            for start, length in _runs(row)
        ]
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(left, top)
        canvas.scale(module, -module)
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
