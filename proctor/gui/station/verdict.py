"""The band across the check-in page: a word, a colour and a shape, each enough alone, readable from three metres.

The shapes differ in outline, so that nobody has to tell colours apart: circle, diamond, octagon; square and rounded
bar where nothing is decided. Few fonts have such signs, so they are drawn.
"""

import math
import tkinter
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import font as tkfont
from typing import Any, Final

from PIL import Image, ImageDraw, ImageTk

from proctor.gui.look import BASE_POINTS, Look

BANDS: Final = {
    "green": ("#106844", "#ffffff"),
    "amber": ("#ffc233", "#241a00"),
    "red": ("#7f0d13", "#ffffff"),
    "blue": ("#1d4e89", "#ffffff"),
    "grey": ("#3d4853", "#ffffff"),
    "quiet": ("#e6eaee", "#1f2328"),
}
"""Ground and ink by the colour's name: contrast of 6.7 to 1 and more (WCAG 2, 1.4.6 asks 4.5 of large text). Red is the
darkest: who does not see red from green sees one ground from the other; shape and word say it anyway."""
MIN_CAPITAL_PX: Final = 92
"""Height of a verdict's capitals: 21 mm on a 14-inch screen of 1366 × 768, read from three metres."""
_CAPITALS: Final = {"DejaVu Sans": 0.729, "Noto Sans": 0.714, "Segoe UI": 0.7}
"""Height of the capitals, of the em, by family: so much smaller may its letters be told to be."""
_LOWEST: Final = 0.68
"""As Liberation Sans is drawn; of any other family no more is taken for granted."""
_LARGEST: Final = 5
_ABOVE: Final = frozenset("\u0300\u0301\u0302\u0303\u0306\u0309")
"""Marks above a letter: grave, acute, circumflex, tilde, breve, hook."""
_HOOK: Final = "\u0309"
_STACKED: Final = 1.06
"""Of the em: how high a capital with two marks stands above the line (DejaVu Sans Bold: 1.057), with a hook as the
second 1.094; how far a dot hangs below it: 0.213. A font's own height leaves them out."""
_HOOKED: Final = 1.1
_HANGING: Final = 0.215
_EDGE: Final = 1
_GAP_SHARE: Final = 24
_LINE_ROOM: Final = 1.5
_FOOT_EDGE: Final = 2
_LINE_SCALE: Final = 1.25
"""The line beneath the word grows with the text as far as this where the band is no higher than it has to be: the
photographs need the room."""
_SCREEN_SHARE: Final = 0.2
_SIDE_SHARE: Final = 0.26
_SMALLEST_SIGN: Final = 64
_DRAWN: Final = 400
_KEPT: Final = 12
"""So many shapes are kept as they were drawn: drawing one takes ten milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What the band says. `word`: in capitals by its text; `line`: beneath it; `side`: on the right, largest first.

    `loud`: a verdict, as large as it goes; else a prompt of ordinary size.
    """

    colour: str
    sign: str
    word: str
    line: str = ""
    side: tuple[str, ...] = ()
    loud: bool = False


class VerdictPanel(tkinter.Canvas):
    """Shows one `Banner`; drawn anew when its size, the text or the scale changes."""

    def __init__(self, master: Any, look: Look) -> None:
        super().__init__(master, highlightthickness=0, borderwidth=0, width=1, height=1, takefocus=0)
        self._look = look
        self._banner: Banner | None = None
        self._pictures: dict[tuple[str, int, str, str], ImageTk.PhotoImage] = {}
        family = look.body.actual("family")
        self._least = _least_px(look)
        self._word = tkfont.Font(root=master, family=family, weight="bold")
        self._line = tkfont.Font(root=master, family=family)
        self._sides = tuple(
            tkfont.Font(root=master, family=family, weight=weight) for weight in ("bold", "normal")
        )
        self._floor = math.ceil(self.winfo_fpixels(f"{BASE_POINTS}p"))
        self.bind("<Configure>", lambda _event: self._draw())

    @property
    def capital_px(self) -> float:
        """The height of the word's capitals as it is drawn now."""
        return abs(float(self._word.cget("size"))) * _capitals(self._look)

    @staticmethod
    def high(look: Look, screen_px: int) -> int:
        """Return the height of the band on a screen so high: enough for a verdict and the line beneath."""
        least = _least_high(look, min(look.scale, _LINE_SCALE))
        return max(least, round(screen_px * _SCREEN_SHARE))

    def show(self, banner: Banner) -> None:
        """Show what the band says; the same again costs nothing."""
        if banner != self._banner:
            self._banner = banner
            self._draw()

    def _draw(self) -> None:
        banner, wide, high = self._banner, self.winfo_width(), self.winfo_height()
        if banner is None or wide < 10 or high < 10:
            return
        ground, ink = BANDS[banner.colour]
        self.configure(background=ground)
        self.delete("all")
        # a larger text needs its room for the word; a higher band has more of it
        gap = max(round(self._look.px(8) / self._look.scale), high // _GAP_SHARE)
        size = min(high - 2 * gap, round(wide * 0.16))
        if banner.loud:
            self._word.configure(size=-self._least)
            size = max(_SMALLEST_SIGN, min(size, wide - 4 * gap - self._word.measure(banner.word)))
        drawn = (banner.sign, size, ink, ground)
        if drawn not in self._pictures:
            if len(self._pictures) >= _KEPT:
                self._pictures.clear()
            self._pictures[drawn] = ImageTk.PhotoImage(shape_picture(*drawn), master=self)
        self.create_image(gap, high // 2, image=self._pictures[drawn], anchor="w")
        left, right, line = size + 3 * gap, wide - gap, banner.line
        room = self._side_room(banner, right - left - 2 * gap)
        foot = self._foot(banner) if line or banner.side else 0
        if banner.side and not room:
            line = " · ".join(text for text in (*banner.side, line) if text)
        edge = right
        if room:
            edge = self._draw_side(banner.side, (right, high - foot), ink, room) - 2 * gap
        bottom = self._draw_word(banner, (left, edge, high - foot), ink)
        if line:
            self._draw_line(line, (left, right, high if banner.loud else bottom + foot), ink)

    def _line_high(self) -> float:
        """Return the height of the line beneath the word."""
        return _line_px(self._look, self._line_scale())

    def _line_scale(self) -> float:
        """Return how large the line beneath is: as the text, where the band has the room."""
        scale = self._look.scale
        return scale if self.winfo_height() >= _least_high(self._look, scale) else min(scale, _LINE_SCALE)

    def _foot(self, banner: Banner) -> int:
        """Return the height that the line beneath takes: of a verdict no more than it needs."""
        line = self._line_high()
        return math.ceil(line) + _EDGE + _FOOT_EDGE if banner.loud else round(line * _LINE_ROOM)

    def _side_room(self, banner: Banner, wide: int) -> int:
        """Return how wide the side may be; 0 where word and side do not both fit at their smallest size."""
        if not banner.side:
            return 0
        room = round(wide * _SIDE_SHARE)
        if banner.loud:
            self._word.configure(size=-self._least)
            room = min(room, wide - self._word.measure(banner.word))
        plain = self._sides[1]
        plain.configure(size=-self._floor)
        return room if room >= max(map(plain.measure, banner.side)) else 0

    def _draw_word(self, banner: Banner, place: tuple[int, int, int], ink: str) -> int:
        """Write the word; return where it ends."""
        left, right, high = place
        needed = _STACKED + _HANGING
        limit = _LARGEST * self._least if banner.loud else round(self._look.title.metrics("linespace") * 1.5)
        largest = min(limit, int((high - _EDGE) / needed))
        self._word.configure(size=-fitted(self._word, banner.word, right - left, largest))
        top = (high - self._word.metrics("linespace")) // 2
        if banner.loud:
            top = self._stands(banner.word, high) - int(self._word.metrics("ascent"))
        self.create_text(left, top, text=banner.word, font=self._word, fill=ink, anchor="nw", tags="word")
        return top + self._word.metrics("linespace")

    def _stands(self, word: str, high: int) -> int:
        """Return where the letters of a verdict stand, so that every mark above and below them is whole: at one height
        for every word of one size, whatever marks it has; a hook above another mark alone needs a little more."""
        size = abs(int(self._word.cget("size")))
        spare = max(0, high - _EDGE - math.ceil(size * (_STACKED + _HANGING))) // 2
        marks = [unicodedata.normalize("NFD", letter)[1:] for letter in word]
        hooked = any(_HOOK in each and sum(mark in _ABOVE for mark in each) > 1 for each in marks)
        return _EDGE + max(spare + math.ceil(size * _STACKED), math.ceil(size * _HOOKED) if hooked else 0)

    def _draw_line(self, line: str, place: tuple[int, int, int], ink: str) -> None:
        """Write the line along the bottom, no smaller than 14 points; a longer one breaks."""
        left, right, high = place
        size = fitted(self._line, line, right - left, round(self._floor * self._line_scale()))
        self._line.configure(size=-max(self._floor, size))
        bottom = high - _FOOT_EDGE
        self.create_text(
            left, bottom, text=line, font=self._line, fill=ink, anchor="sw", width=right - left, tags="line"
        )

    def _draw_side(self, side: tuple[str, ...], place: tuple[int, int], ink: str, room: int) -> int:
        """Write who it is about, right-aligned; return where that begins."""
        right, high = place
        first, rest = side[0], [text for text in side[1:] if text]
        large, plain = self._sides
        small = round(self._floor * self._look.scale)
        widest = max(rest, key=plain.measure, default="")
        plain.configure(size=-max(self._floor, fitted(plain, widest, room, small)))
        left_over = high - len(rest) * plain.metrics("linespace")
        large.configure(
            size=-fitted(large, first, room, max(self._floor, min(left_over * 5 // 6, 3 * small)))
        )
        heights = [large.metrics("linespace"), *(plain.metrics("linespace") for _ in rest)]
        top = max(0, (high - sum(heights)) // 2)
        begins = right
        for text, font, step in zip((first, *rest), (large, *(plain for _ in rest)), heights, strict=True):
            item = self.create_text(right, top, text=text, font=font, fill=ink, anchor="ne", tags="side")
            begins = min(begins, self.bbox(item)[0])
            top += step
        return begins


def _capitals(look: Look) -> float:
    """Return the height of the capitals of the text's family, of the em."""
    return _CAPITALS.get(str(look.body.actual("family")), _LOWEST)


def _least_px(look: Look) -> int:
    """Return the least size of a verdict's word in pixels."""
    return math.ceil(MIN_CAPITAL_PX / _capitals(look))


def _line_px(look: Look, scale: float) -> float:
    """Return the height of a line of text at a scale."""
    return float(look.body.metrics("linespace")) / look.scale * scale


def _least_high(look: Look, scale: float) -> int:
    """Return the least height of the band: a verdict's word with all its marks, and a line at a scale beneath."""
    word = math.ceil(_least_px(look) * (_STACKED + _HANGING)) + _EDGE
    return word + math.ceil(_line_px(look, scale)) + _EDGE + _FOOT_EDGE


def fitted(font: tkfont.Font, text: str, wide: int, largest: int) -> int:
    """Return the size in pixels, at most `largest`, at which a text is no wider than `wide`."""
    largest = max(largest, 1)
    font.configure(size=-largest)
    needed = font.measure(text)
    if needed <= wide or needed == 0:
        return largest
    size = max(1, largest * wide // needed)
    font.configure(size=-size)
    return size if font.measure(text) <= wide else max(1, size - 1)


def shape_picture(name: str, size: int, fill: str, mark: str) -> Image.Image:
    """Return a shape of `size` pixels, filled with one colour, its mark in the other."""
    image = Image.new("RGBA", (_DRAWN, _DRAWN))
    SHAPES[name](ImageDraw.Draw(image), fill, mark)
    return image.resize((max(size, 1), max(size, 1)), Image.Resampling.BICUBIC)


def _tick(pen: ImageDraw.ImageDraw, fill: str, mark: str) -> None:
    pen.ellipse((6, 6, 394, 394), fill=fill)
    pen.line((98, 208, 172, 284, 306, 124), fill=mark, width=48, joint="curve")


def _cross(pen: ImageDraw.ImageDraw, fill: str, mark: str) -> None:
    pen.regular_polygon((200, 200, 198), 8, fill=fill)
    pen.line((128, 128, 272, 272), fill=mark, width=52)
    pen.line((272, 128, 128, 272), fill=mark, width=52)


def _question(pen: ImageDraw.ImageDraw, fill: str, mark: str) -> None:
    """Two persons in a diamond: it is for people to decide."""
    pen.polygon(((200, 2), (398, 200), (200, 398), (2, 200)), fill=fill)
    for middle in (142, 258):
        pen.ellipse((middle - 32, 122, middle + 32, 186), fill=mark)
        pen.pieslice((middle - 50, 196, middle + 50, 320), 180, 360, fill=mark)


def _arrow(pen: ImageDraw.ImageDraw, fill: str, mark: str) -> None:
    pen.rounded_rectangle((14, 14, 386, 386), radius=56, fill=fill)
    pen.line((80, 200, 250, 200), fill=mark, width=48)
    pen.polygon(((226, 104), (330, 200), (226, 296)), fill=mark)


def _dots(pen: ImageDraw.ImageDraw, fill: str, mark: str) -> None:
    pen.rounded_rectangle((6, 106, 394, 294), radius=94, fill=fill)
    for left in (76, 176, 276):
        pen.ellipse((left, 174, left + 52, 226), fill=mark)


def _bang(pen: ImageDraw.ImageDraw, fill: str, mark: str) -> None:
    pen.polygon(((200, 14), (396, 384), (4, 384)), fill=fill)
    pen.line((200, 148, 200, 270), fill=mark, width=44)
    pen.ellipse((174, 296, 226, 348), fill=mark)


SHAPES: Final[dict[str, Callable[[ImageDraw.ImageDraw, str, str], None]]] = {
    "tick": _tick,
    "cross": _cross,
    "question": _question,
    "arrow": _arrow,
    "dots": _dots,
    "bang": _bang,
}
