"""The page of pictures: four of them on one lying A4, drawn as vectors with the embedded faces.

Read in grey as well as in colour: fills differ in lightness, lines in dashes, marks in shape. Lengths are points.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports.fonts import LEADING, Face, Line, fit
from reports.model17 import number
from reports.model17_pdf import new_canvas, training_marks
from reports.pictures_data import Pictures, Rate, Spread
from reports.pictures_scale import (
    BINS,
    HOUR,
    axis_step,
    bin_width,
    by_station,
    digits,
    histogram,
    hours,
    most_frequent,
    percent,
    percent_end,
)
from reports.wording import Texts, clean, say

_PAGE: Final = landscape(A4)
_LEFT, _RIGHT = 15 * mm, _PAGE[0] - 15 * mm
_TOP, _BOTTOM = _PAGE[1] - 14 * mm, 16 * mm
_GAP: Final = 9 * mm
_SMALL: Final = 8.5
_FILLS: Final = ((0.0, 0.27, 0.53), (0.95, 0.70, 0.25), (0.25, 0.68, 0.55), (0.86, 0.86, 0.86))
"""Dark, light, middle, palest: told apart by the colour-blind, and in grey."""
_RATES: Final = 12
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """What the page says of itself. `source`: what it was computed from; `training`: banner and watermark, or None."""

    title: str
    subtitle: str
    source: str
    training: tuple[str, str] | None = None


def pictures_pdf(found: Pictures, words: PageWords, texts: Texts) -> bytes:
    """Return the page. The same bytes for the same numbers."""
    buffer = io.BytesIO()
    canvas = new_canvas(buffer, _PAGE, "vi")
    canvas.setTitle(words.title)
    canvas.setSubject(words.subtitle)
    training_marks(canvas, words.training, _PAGE)
    page = _Page(canvas, texts)
    top = page.head(words)
    bottom = page.foot(words)
    wide, tall = (_RIGHT - _LEFT - _GAP) / 2, (top - bottom - _GAP) / 2
    right, upper = _LEFT + wide + _GAP, bottom + tall + _GAP
    page.throughput(_Box(_LEFT, upper, wide, tall), found)
    page.waiting(_Box(right, upper, wide, tall), found, machine=words.training is not None)
    page.reasons(_Box(_LEFT, bottom, wide, tall), found)
    page.rates(_Box(right, bottom, wide, tall), found)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle: lower left corner, width, height."""

    x: float
    y: float
    wide: float
    tall: float

    @property
    def right(self) -> float:
        return self.x + self.wide

    @property
    def top(self) -> float:
        return self.y + self.tall

    def inside(self, *, left: float = 0, right: float = 0, top: float = 0, bottom: float = 0) -> _Box:
        return _Box(self.x + left, self.y + bottom, self.wide - left - right, self.tall - top - bottom)


class _Page:
    """The page being drawn."""

    def __init__(self, canvas: Canvas, texts: Texts) -> None:
        self._canvas = canvas
        self._texts = texts

    def _say(self, key: str, /, **values: str | int) -> str:
        return say(self._texts, f"pictures.{key}", **values)

    # -- words ------------------------------------------------------------------------------------

    def _line(self, line: Line, x: float, y: float) -> None:
        text = self._canvas.beginText()
        text.setTextOrigin(x, y)
        text.setFont(line.face.value, line.size)
        text.setHorizScale(line.scale * 100)
        text.textOut(line.text)
        self._canvas.drawText(text)

    def _text(
        self,
        words: str,
        x: float,
        y: float,
        *,
        size: float = _SMALL,
        face: Face = Face.REGULAR,
        at: float = 0.0,
    ) -> None:
        """Draw words on a baseline; `at` 0: they begin at x, 0.5: centred on it, 1: they end there."""
        line = Line(text=clean(words), face=face, size=size)
        self._line(line, x - line.width * at, y)

    def _paragraph(self, words: str, box: _Box, *, size: float = _SMALL, face: Face = Face.REGULAR) -> float:
        """Draw words from the box's upper edge; return how tall they are."""
        y = box.top
        for line in fit(words, face, size, box.wide):
            y -= size * LEADING
            self._line(line, box.x, y)
        return box.top - y

    def head(self, words: PageWords) -> float:
        """Draw the title; return where the pictures begin."""
        middle = (_LEFT + _RIGHT) / 2
        self._text(words.title, middle, _TOP - 5 * mm, size=14, face=Face.BOLD, at=0.5)
        self._text(words.subtitle, middle, _TOP - 10.5 * mm, size=11, face=Face.ITALIC, at=0.5)
        return _TOP - 15 * mm

    def foot(self, words: PageWords) -> float:
        """Draw the source below; return where the pictures end."""
        self._paragraph(
            f"{self._say('foot')} {words.source}", _Box(_LEFT, 0, _RIGHT - _LEFT, _BOTTOM - 1 * mm), size=8
        )
        return _BOTTOM + 2 * mm

    def _frame(self, box: _Box, key: str, told: str) -> _Box:
        """Draw a picture's title and what it is of; return what is left."""
        self._text(self._say(f"{key}.title"), box.x, box.top - 9, size=11, face=Face.BOLD)
        tall = self._paragraph(told, box.inside(top=12), face=Face.ITALIC)
        return box.inside(top=16 + tall)

    def _nothing(self, box: _Box) -> None:
        self._text(self._say("nothing"), box.x + box.wide / 2, box.y + box.tall / 2, size=11, at=0.5)

    # -- axes -------------------------------------------------------------------------------------

    def _rule(
        self, x1: float, y1: float, x2: float, y2: float, *, thick: float = 0.6, dash: Sequence[float] = ()
    ) -> None:
        self._canvas.setLineWidth(thick)
        self._canvas.setDash(list(dash))
        self._canvas.line(x1, y1, x2, y2)
        self._canvas.setDash()

    def _bar(self, x: float, y: float, wide: float, tall: float, fill: int) -> None:
        if wide <= 0 or tall <= 0:
            return
        self._canvas.setLineWidth(0.3)
        self._canvas.setFillColorRGB(*_FILLS[fill])
        self._canvas.rect(x, y, wide, tall, stroke=1, fill=1)
        self._canvas.setFillGray(0)

    def _counts(self, plot: _Box, most: int) -> float:
        """Draw the axis of counts to the left; return points for each."""
        step = axis_step(most)
        high = max(step, math.ceil(most / step) * step)
        scale = plot.tall / high
        self._canvas.setStrokeGray(0.82)
        for value in range(0, high + 1, step):
            self._rule(plot.x, plot.y + value * scale, plot.right, plot.y + value * scale, thick=0.4)
        self._canvas.setStrokeGray(0)
        for value in range(0, high + 1, step):
            self._text(number(value), plot.x - 3, plot.y + value * scale - 3, at=1)
        self._rule(plot.x, plot.y, plot.right, plot.y)
        return scale

    def _legend(self, entries: Sequence[tuple[int, str]], x: float, y: float, most: float) -> None:
        for fill, words in entries:
            self._bar(x, y, 8, 6, fill)
            line = Line(text=clean(words), face=Face.REGULAR, size=_SMALL)
            self._line(line, x + 11, y)
            x += 11 + line.width + 10
            if x > most:
                return

    # -- throughput -------------------------------------------------------------------------------

    def throughput(self, box: _Box, found: Pictures) -> None:
        """How many were let in, by quarter hour and station."""
        whole = sum(sum(counts) for counts in found.throughput.values())
        told = self._say("throughput.told", n=number(whole), days=found.days)
        plot = self._frame(box, "throughput", told).inside(left=24, bottom=32, top=10)
        if not whole:
            self._nothing(plot)
            return
        rows = by_station(found.throughput, self._say("other-stations"))
        sums = [sum(counts[at] for _, counts in rows) for at in range(len(rows[0][1]))]
        first, last = hours(sums)
        scale = self._counts(plot, max(sums))
        wide = plot.wide / (last - first)
        for at in range(first, last):
            y, x = plot.y, plot.x + (at - first) * wide
            for fill, (_, counts) in enumerate(rows):
                self._bar(x + wide * 0.06, y, wide * 0.88, counts[at] * scale, fill)
                y += counts[at] * scale
        every = max(1, math.ceil((last - first) / HOUR / 12)) * HOUR
        for at in range(first, last + 1, every):
            x = plot.x + (at - first) * wide
            self._rule(x, plot.y, x, plot.y - 3)
            self._text(f"{at // HOUR:02d}:00", x, plot.y - 11, at=0.5)
        self._text(self._say("throughput.axis"), plot.x + plot.wide / 2, plot.y - 20, at=0.5)
        named = [(fill, self._say("station", name=digits(name))) for fill, (name, _) in enumerate(rows)]
        self._legend(named, plot.x, plot.y - 31, plot.right)

    # -- waiting ----------------------------------------------------------------------------------

    def waiting(self, box: _Box, found: Pictures, *, machine: bool) -> None:
        """How long people waited, with median and p95 of all; `machine`: nobody did, a replay or a training."""
        waiting = found.waiting
        whole, desk = waiting.wait, waiting.desk
        told = self._say(
            "waiting.told",
            n=number(whole.n),
            called=number(waiting.called.n),
            started=number(waiting.started.n),
            before=number(waiting.before),
            unknown=number(waiting.unknown),
        )
        if desk.n:
            median, p95 = self._took(desk.quantile(0.5)), self._took(desk.quantile(0.95))
            told += " " + self._say("waiting.desk", n=number(desk.n), median=median, p95=p95)
        if machine:
            told += " " + self._say("waiting.machine")
        plot = self._frame(box, "waiting", told).inside(left=24, bottom=32, top=10)
        if not whole.n:
            self._nothing(plot)
            return
        step = bin_width(whole)
        bins = histogram(whole, step)
        scale = self._counts(plot, max(bins))
        wide = plot.wide / len(bins)
        called = histogram(waiting.called, step)
        for at, count in enumerate(bins):
            first = called[at] if at < len(called) else 0
            self._bar(plot.x + at * wide, plot.y, wide, first * scale, 0)
            self._bar(plot.x + at * wide, plot.y + first * scale, wide, (count - first) * scale, 1)
        self._scale_of_time(plot, step, len(bins), wide)
        self._quantiles(plot, whole, step, wide)
        legend = ((0, self._say("waiting.called")), (1, self._say("waiting.started")))
        self._legend(legend, plot.x, plot.y - 32, plot.right)

    def _scale_of_time(self, plot: _Box, step: int, bins: int, wide: float) -> None:
        every = max(1, math.ceil(bins / 8))
        minutes = step * bins >= 5 * _MINUTE
        for at in range(0, bins + 1, every):
            if at > BINS:
                break
            x = plot.x + at * wide
            self._rule(x, plot.y, x, plot.y - 3)
            value = at * step / _MINUTE if minutes else at * step
            self._text(f"{value:g}".replace(".", ","), x, plot.y - 11, at=0.5)
        if bins > BINS:
            self._text(self._say("waiting.more"), plot.right, plot.y - 11, at=1)
        unit = "waiting.minutes" if minutes else "waiting.seconds"
        self._text(self._say(unit), plot.x + plot.wide / 2, plot.y - 21, at=0.5)

    def _quantiles(self, plot: _Box, spread: Spread, step: int, wide: float) -> None:
        for part, key, dash, at in ((0.5, "median", (), 10.0), (0.95, "p95", (3, 2), 1.0)):
            value = spread.quantile(part)
            if value is None:
                continue
            x = min(plot.right, plot.x + value / step * wide)
            self._rule(x, plot.y, x, plot.top + 8 - at, thick=1.2, dash=dash)
            words = self._say(f"waiting.{key}", value=self._took(value))
            over = x > plot.x + plot.wide * 0.6
            self._text(words, x - 3 if over else x + 3, plot.top + 3 - at, face=Face.BOLD, at=float(over))

    def _took(self, seconds: float | None) -> str:
        """Return a time in words: seconds below two minutes, else minutes and seconds."""
        if seconds is None:
            return "\u2014"
        whole = round(seconds)
        if whole < 2 * _MINUTE:
            shown = f"{seconds:.1f}".replace(".", ",") if seconds < 10 else str(whole)
            return self._say("seconds", count=shown)
        return self._say("minutes", count=number(whole // _MINUTE), rest=f"{whole % _MINUTE:02d}")

    # -- reasons ----------------------------------------------------------------------------------

    def reasons(self, box: _Box, found: Pictures) -> None:
        """Why checks let nobody in."""
        told = self._say(
            "reasons.told",
            n=number(found.attempts),
            admit=number(found.verdicts["ADMIT"]),
            refer=number(found.verdicts["REFER"]),
            refuse=number(found.verdicts["REFUSE"]),
        )
        room = 150.0
        plot = self._frame(box, "reasons", told).inside(left=room, bottom=16, right=34)
        rows = most_frequent(found.reasons)
        if not rows:
            self._nothing(plot)
            return
        scale = plot.wide / max(each.total for each in rows)
        tall = min(20.0, plot.tall / len(rows))
        y = plot.top
        for each in rows:
            y -= tall
            lines = fit(self._reason(each.code), Face.REGULAR, _SMALL, room - 6)
            size = min(_SMALL, tall / LEADING / len(lines))
            base = y + tall / 2 + (len(lines) * size * LEADING) / 2 - size
            for line in lines:
                text = Line(text=line.text, face=line.face, size=size, scale=line.scale)
                self._line(text, plot.x - 5 - text.width, base)
                base -= size * LEADING
            self._bar(plot.x, y + tall * 0.15, each.refer * scale, tall * 0.7, 1)
            self._bar(plot.x + each.refer * scale, y + tall * 0.15, each.refuse * scale, tall * 0.7, 0)
            self._text(number(each.total), plot.x + each.total * scale + 4, y + tall / 2 - 3)
        self._rule(plot.x, plot.top, plot.x, y)
        legend = ((1, self._say("reasons.refer")), (0, self._say("reasons.refuse")))
        self._legend(legend, box.x, box.y + 2, box.right)

    def _reason(self, code: str) -> str:
        if not code:
            return self._say("reasons.rest")
        for key in (f"sheet.reason.{code}", f"pictures.reason.{code}"):
            if key in self._texts:
                return say(self._texts, key)
        return clean(code)

    # -- overrides --------------------------------------------------------------------------------

    def rates(self, box: _Box, found: Pictures) -> None:
        """Overrides of each person who decides, against the mean."""
        cases, hits = sum(each.cases for each in found.rates), sum(each.overrides for each in found.rates)
        told = self._say(
            "rates.told",
            hits=number(hits),
            cases=number(cases),
            share="—" if found.mean is None else percent(found.mean),
            people=number(len(found.rates)),
        )
        if len(found.rates) == 1:
            told += " " + self._say("rates.alone")
        if len(found.rates) > _RATES:
            told += " " + self._say("rates.more", count=len(found.rates) - _RATES)
        room = 96.0
        plot = self._frame(box, "rates", told).inside(left=room, bottom=34, right=8)
        if not found.rates or found.mean is None:
            self._nothing(plot)
            return
        rows = found.rates[:_RATES]
        high = percent_end(max(each.high for each in rows))
        self._percent_axis(plot, high)
        tall = min(22.0, plot.tall / len(rows))
        place: Callable[[float], float] = lambda share: plot.x + plot.wide * share / high  # noqa: E731
        x = place(found.mean)
        self._rule(x, plot.y, x, plot.top + 2, thick=1.1, dash=(3, 2))
        y = plot.top
        for each in rows:
            y -= tall
            words = self._say(
                "rates.row", user=each.user, hits=number(each.overrides), cases=number(each.cases)
            )
            line = fit(words, Face.REGULAR, _SMALL, room - 6)[0]
            self._line(line, plot.x - 5 - line.width, y + tall / 2 - 3)
            self._rate(each, found.mean, place, y + tall / 2)
        self._rate_legend(plot)

    def _rate(self, rate: Rate, mean: float, place: Callable[[float], float], y: float) -> None:
        self._rule(place(rate.low), y, place(rate.high), y, thick=1.2)
        for end in (rate.low, rate.high):
            self._rule(place(end), y - 3, place(end), y + 3, thick=1.2)
        self._mark(place(rate.share), y, apart=not rate.low <= mean <= rate.high)

    def _mark(self, x: float, y: float, *, apart: bool) -> None:
        """Draw a hollow circle, or a filled square for an interval that leaves the mean out."""
        self._canvas.setLineWidth(1.1)
        if apart:
            self._canvas.setFillColorRGB(*_FILLS[0])
            self._canvas.rect(x - 3.2, y - 3.2, 6.4, 6.4, stroke=1, fill=1)
        else:
            self._canvas.setFillGray(1)
            self._canvas.circle(x, y, 3.2, stroke=1, fill=1)
        self._canvas.setFillGray(0)

    def _rate_legend(self, plot: _Box) -> None:
        y = plot.y - 31
        x = plot.x - 60
        self._mark(x, y + 3, apart=False)
        self._text(self._say("rates.near"), x + 7, y)
        x += 118
        self._mark(x, y + 3, apart=True)
        self._text(self._say("rates.apart"), x + 7, y)
        x += 118
        self._rule(x - 4, y + 3, x + 8, y + 3, thick=1.1, dash=(3, 2))
        self._text(self._say("rates.mean"), x + 11, y)

    def _percent_axis(self, plot: _Box, high: float) -> None:
        ticks = 5
        for at in range(ticks + 1):
            x = plot.x + plot.wide * at / ticks
            self._canvas.setStrokeGray(0.82)
            self._rule(x, plot.y, x, plot.top, thick=0.4)
            self._canvas.setStrokeGray(0)
            self._text(percent(high * at / ticks), x, plot.y - 10, at=0.5)
        self._rule(plot.x, plot.y, plot.right, plot.y)
        self._text(self._say("rates.axis"), plot.x + plot.wide / 2, plot.y - 19, at=0.5)
