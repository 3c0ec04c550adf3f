"""Pictures of what a candidate is asked to do, drawn: they are understood without reading."""

from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

from biometrics.candidate_screen import Prompt

INK: Final = "#1d3a5f"
HEAD: Final = "#ffffff"
MARK: Final = "#0b6e4f"
QUIET: Final = "#8a97a6"
DOTS: Final = ("#5b8def", "#3aa76d", "#d9a400", "#8e6bbf", "#3fa7b8", "#b86b9b")
_UNIT: Final = 200  # the drawings' own width and height
_FINER: Final = 2


class Pen:
    """Draws in units of a 200 × 200 field, at any size."""

    def __init__(self, draw: ImageDraw.ImageDraw, scale: float) -> None:
        self._draw = draw
        self._scale = scale

    def oval(self, x: float, y: float, half_wide: float, half_high: float, **paint: str | float) -> None:
        """An ellipse around (x, y)."""
        box = self._at(x - half_wide, y - half_high, x + half_wide, y + half_high)
        self._draw.ellipse(box, fill=paint.get("fill"), outline=paint.get("line"), width=self._width(paint))

    def line(self, *points: float, colour: str, width: float) -> None:
        """A line with round ends."""
        at = self._at(*points)
        wide = round(width * self._scale)
        self._draw.line(at, fill=colour, width=wide, joint="curve")
        for x, y in ((at[0], at[1]), (at[-2], at[-1])):
            self._draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=colour)

    def arc(self, x: float, y: float, half_wide: float, half_high: float, *, colour: str) -> None:
        """The lower half of an ellipse: a mouth, or a closed eye."""
        box = self._at(x - half_wide, y - half_high, x + half_wide, y + half_high)
        self._draw.arc(box, 15, 165, fill=colour, width=round(6 * self._scale))

    def filled(self, *points: float, colour: str) -> None:
        """A polygon."""
        self._draw.polygon(self._at(*points), fill=colour)

    def _at(self, *numbers: float) -> list[float]:
        return [number * self._scale for number in numbers]

    def _width(self, paint: dict[str, str | float]) -> int:
        return round(float(paint.get("width", 6)) * self._scale)


def draw(name: Prompt | str, size: int) -> Image.Image:
    """Return the picture of a prompt, `size` pixels square, on nothing; of any other name: the quiet dots."""
    image = Image.new("RGBA", (size * _FINER, size * _FINER))
    _PICTURES.get(name, _waiting)(Pen(ImageDraw.Draw(image), size * _FINER / _UNIT))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _head(pen: Pen, *, turn: float = 0.0, closed: bool = False) -> None:
    """A face; `turn` -1 to 1: towards the picture's left or right."""
    pen.oval(100, 122, 60, 74, fill=HEAD, line=INK)
    middle = 100 + 20 * turn
    for side in (-1, 1):
        x = middle + side * (25 - 6 * abs(turn))
        if closed:
            pen.arc(x, 103, 14, 10, colour=INK)
        else:
            pen.oval(x, 107, 13, 9, fill="white", line=INK, width=4)
            pen.oval(x + 3 * turn, 107, 6, 6, fill=INK)
    pen.line(middle + 4 * turn, 114, middle + 15 * turn, 138, middle, 140, colour=INK, width=5)
    pen.arc(middle, 154, 20, 14, colour=INK)


def _arrow(pen: Pen, side: int) -> None:
    tip, tail = 100 + side * 98, 100 - side * 40
    pen.line(tail, 22, tip - side * 28, 22, colour=MARK, width=18)
    pen.filled(tip, 22, tip - side * 36, 0, tip - side * 36, 44, colour=MARK)


def _turn_left(pen: Pen) -> None:
    _head(pen, turn=-1)
    _arrow(pen, -1)


def _turn_right(pen: Pen) -> None:
    _head(pen, turn=1)
    _arrow(pen, 1)


def _ahead(pen: Pen) -> None:
    _head(pen)


def _closed(pen: Pen) -> None:
    _head(pen, closed=True)


def _colours(pen: Pen) -> None:
    _head(pen)
    for number, colour in enumerate(DOTS):
        side, step = (-1, 1)[number % 2], number // 2
        pen.oval(100 + side * (84 - 4 * abs(step - 1)), 72 + 50 * step, 13, 13, fill=colour)


def _tick(pen: Pen) -> None:
    pen.oval(100, 100, 70, 70, fill=INK)
    pen.line(68, 102, 92, 126, 134, 78, colour="white", width=14)


def _waiting(pen: Pen) -> None:
    for x in (60, 100, 140):
        pen.oval(x, 100, 11, 11, fill=QUIET)


_PICTURES: Final[dict[str, Callable[[Pen], None]]] = {
    "look-ahead": _ahead,
    "turn-left": _turn_left,
    "turn-right": _turn_right,
    "close-eyes": _closed,
    "open-eyes": _ahead,
    "watch-colours": _colours,
    "done": _tick,
}
NAMES: Final = (*_PICTURES, "idle")
