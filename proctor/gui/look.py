"""Fonts, sizes and signs of every window: text of 14 points and more, scaled at once; signs are drawn, not typed.

Few fonts have a tick or a warning sign, so they are small pictures; each has a shape of its own, since colour is never
the only sign.
"""

import tkinter
from collections.abc import Callable
from tkinter import font as tkfont
from typing import Final

import ttkbootstrap as ttk
from PIL import Image, ImageDraw, ImageTk

BASE_POINTS: Final = 14
TITLE_POINTS: Final = 18
FIGURE_POINTS: Final = 26
SCALES: Final = (1.0, 1.25, 1.5, 2.0)
FAMILIES: Final = ("Segoe UI", "Noto Sans", "Liberation Sans", "DejaVu Sans")
COLOURS: Final = {
    "tick": "#1b6e3c",
    "cross": "#b3261e",
    "arrow": "#1d4e89",
    "question": "#5b3a8c",
    "bang": "#8a5a00",
    "dots": "#4a5560",
}
CELL_EDGE: Final = 4
"""Pixels that Tk leaves at the left of a table's cell, at every size of the text."""
_NAMED: Final = (
    "TkDefaultFont",
    "TkTextFont",
    "TkMenuFont",
    "TkHeadingFont",
    "TkCaptionFont",
    "TkIconFont",
    "TkTooltipFont",
    "TkSmallCaptionFont",
    "TkFixedFont",
)
_DRAWN: Final = 96


class Look:
    """The named fonts of one window and the pictures of its signs. `scale`: 1.0 is 14 points."""

    def __init__(self, window: tkinter.Misc, style: ttk.Style, scale: float) -> None:
        self._window = window
        self._style = style
        known = set(tkfont.families(window))
        self._family = next((family for family in FAMILIES if family in known), None)
        self.title = tkfont.Font(root=window, name="proctor-title", exists=False)
        self.figure = tkfont.Font(root=window, name="proctor-figure", exists=False)
        self.body = tkfont.nametofont("TkDefaultFont", root=window)
        self.set_scale(scale)

    def set_scale(self, scale: float) -> None:
        """Give every font its size, and tables the height of their rows."""
        self.scale = scale
        for name in _NAMED:
            self._set(tkfont.nametofont(name, root=self._window), BASE_POINTS, keep=name == "TkFixedFont")
        tkfont.nametofont("TkHeadingFont", root=self._window).configure(weight="bold")
        self._set(self.title, TITLE_POINTS)
        self._set(self.figure, FIGURE_POINTS)
        for each in (self.title, self.figure):
            each.configure(weight="bold")
        line = self.body.metrics("linespace")
        self._style.configure("Treeview", rowheight=round(line * 1.35), font="TkDefaultFont")
        # The words of a heading begin where those of its column do: two pixels of its edge are its own.
        self._style.configure("Treeview.Heading", font="TkHeadingFont", padding=(CELL_EDGE - 2, 5))
        self._signs = {
            name: ImageTk.PhotoImage(draw(name, round(line * 1.5)), master=self._window) for name in COLOURS
        }

    def sign(self, name: str) -> ImageTk.PhotoImage:
        """Return the picture of a sign."""
        return self._signs[name]

    def px(self, points: float) -> int:
        """Return a distance in pixels that grows with the text."""
        return round(float(self._window.winfo_fpixels("1p")) * points * self.scale)

    def _set(self, font: tkfont.Font, points: int, *, keep: bool = False) -> None:
        if self._family is not None and not keep:
            font.configure(family=self._family)
        font.configure(size=round(points * self.scale))


def draw(name: str, size: int) -> Image.Image:
    """Return a sign of `size` pixels: tick in a circle, cross in an octagon, arrow in a square, ? and !."""
    image = Image.new("RGBA", (_DRAWN, _DRAWN))
    pen = ImageDraw.Draw(image)
    _SHAPES[name](pen, COLOURS[name])
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _tick(pen: ImageDraw.ImageDraw, colour: str) -> None:
    pen.ellipse((4, 4, 92, 92), fill=colour)
    pen.line((24, 50, 42, 68, 74, 30), fill="white", width=12, joint="curve")


def _cross(pen: ImageDraw.ImageDraw, colour: str) -> None:
    pen.regular_polygon((48, 48, 46), 8, rotation=22, fill=colour)
    pen.line((30, 30, 66, 66), fill="white", width=13)
    pen.line((66, 30, 30, 66), fill="white", width=13)


def _arrow(pen: ImageDraw.ImageDraw, colour: str) -> None:
    pen.rounded_rectangle((5, 5, 91, 91), radius=14, fill=colour)
    pen.line((18, 48, 62, 48), fill="white", width=12)
    pen.polygon(((54, 26), (82, 48), (54, 70)), fill="white")


def _question(pen: ImageDraw.ImageDraw, colour: str) -> None:
    pen.polygon(((48, 2), (94, 48), (48, 94), (2, 48)), fill=colour)
    pen.arc((32, 22, 64, 54), 180, 90, fill="white", width=10)
    pen.line((48, 50, 48, 60), fill="white", width=10)
    pen.ellipse((42, 66, 54, 78), fill="white")


def _bang(pen: ImageDraw.ImageDraw, colour: str) -> None:
    pen.polygon(((48, 6), (94, 90), (2, 90)), fill=colour)
    pen.line((48, 36, 48, 62), fill="white", width=11)
    pen.ellipse((42, 68, 54, 80), fill="white")


def _dots(pen: ImageDraw.ImageDraw, colour: str) -> None:
    pen.rounded_rectangle((2, 26, 94, 70), radius=22, fill=colour)
    for left in (16, 41, 66):
        pen.ellipse((left, 41, left + 14, 55), fill="white")


_SHAPES: Final[dict[str, Callable[[ImageDraw.ImageDraw, str], None]]] = {
    "tick": _tick,
    "cross": _cross,
    "arrow": _arrow,
    "question": _question,
    "bang": _bang,
    "dots": _dots,
}
