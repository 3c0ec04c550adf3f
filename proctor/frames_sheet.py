"""The pictures that two persons look at when a challenge failed or stayed unclear: one JPEG, in words.

A frame that was no pass has a border and, below it, a bar with a word: nobody has to tell colours apart.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from biometrics.pad.kept import WIDTH, Doubt, Kept
from proctor.texts import Texts
from reports.fonts import Face, font_file

ACROSS = 4
FEWEST_ACROSS = 2  # leaves room for a heading
MOST = 24  # frames
QUALITY = 85  # of the JPEG
GAP, BORDER = 10, 8  # pixels
HEADING, WORDS = 28, 22  # height of letters, pixels
LEADING = 1.25
PAPER, INK = (255, 255, 255), (0, 0, 0)
BARS = {"failed": ((160, 0, 0), PAPER), "unclear": ((250, 200, 60), INK)}  # bar and border, the word upon it
Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fonts:
    heading: Font
    bold: Font
    words: Font


def frames_sheet(doubts: Sequence[Doubt], texts: Texts) -> bytes | None:
    """Return the sheet as a JPEG, each frame WIDTH pixels wide; None when there is nothing to show."""
    shown = _first(doubts)
    if not shown:
        return None
    fonts = _Fonts(
        heading=ImageFont.truetype(str(font_file(Face.BOLD)), HEADING),
        bold=ImageFont.truetype(str(font_file(Face.BOLD)), WORDS),
        words=ImageFont.truetype(str(font_file(Face.REGULAR)), WORDS),
    )
    across = max(FEWEST_ACROSS, min(ACROSS, max(len(doubt.frames) for doubt in shown)))
    width = across * (WIDTH + 2 * BORDER) + (across + 1) * GAP
    strips: list[Image.Image] = []
    for doubt in shown:
        strips.append(_heading(doubt, texts, width, fonts))
        strips += [_row(frames, texts, width, fonts) for frames in _rows(doubt.frames, across)]
    return _jpeg(strips, width)


def caption(kept: Kept, texts: Texts) -> str:
    """Return what a frame shows, in words."""
    values: dict[str, str | int] = {
        name.removesuffix("_e4"): _decimal(int(value), texts)
        for name, value in kept.facts.items()
        if name.endswith("_e4")
    }
    if "colour" in kept.facts:
        code = str(kept.facts["colour"])
        values["colour"] = texts.get(f"frames.colour.{code}", f"#{code}")
    return texts.say(f"frames.moment.{kept.moment}", **values)


def heading(doubt: Doubt, texts: Texts) -> str:
    """Return which check was no pass, and why."""
    name = texts.say(f"sheet.reason.{doubt.check}-{doubt.outcome}")
    why = texts.get(f"frames.why.{doubt.why}", "")
    return f"{name}: {why}" if why else name


def _first(doubts: Sequence[Doubt]) -> list[Doubt]:
    """Return the doubts with no more than MOST frames."""
    shown: list[Doubt] = []
    left = MOST
    for doubt in doubts:
        frames = doubt.frames[:left]
        if frames:
            shown.append(replace(doubt, frames=frames))
        left -= len(frames)
    return shown


def _rows(frames: Sequence[Kept], across: int) -> list[list[Kept]]:
    """Return the frames row by row; each closure of the eyes begins a row."""
    rows: list[list[Kept]] = []
    for one in frames:
        if not rows or len(rows[-1]) == across or one.moment == "eyes-open":
            rows.append([])
        rows[-1].append(one)
    return rows


def _decimal(value_e4: int, texts: Texts) -> str:
    shown = f"{value_e4 / 1e4:.2f}".replace("-", "\N{MINUS SIGN}")
    return shown.replace(".", ",") if texts.language == "vi" else shown


def _heading(doubt: Doubt, texts: Texts, width: int, fonts: _Fonts) -> Image.Image:
    return _written(heading(doubt, texts), fonts.heading, width, HEADING)


def _row(frames: Sequence[Kept], texts: Texts, width: int, fonts: _Fonts) -> Image.Image:
    cells = [_cell(one, texts, fonts) for one in frames]
    row = Image.new("RGB", (width, max(cell.height for cell in cells) + GAP), PAPER)
    for index, cell in enumerate(cells):
        row.paste(cell, (GAP + index * (WIDTH + 2 * BORDER + GAP), 0))
    return row


def _cell(kept: Kept, texts: Texts, fonts: _Fonts) -> Image.Image:
    """Return a frame in its border, the word of its mark, and the caption."""
    frame = Image.fromarray(np.ascontiguousarray(kept.image[:, :, ::-1]))
    words = _written(caption(kept, texts), fonts.words, WIDTH + 2 * BORDER, WORDS)
    bar = round(WORDS * LEADING * 1.2)
    bottom = frame.height + 2 * BORDER
    cell = Image.new("RGB", (WIDTH + 2 * BORDER, bottom + bar + words.height), PAPER)
    if kept.mark:
        colour, ink = BARS[kept.mark]
        draw = ImageDraw.Draw(cell)
        draw.rectangle((0, 0, cell.width - 1, bottom + bar - 1), fill=colour)
        word = texts[f"frames.mark.{kept.mark}"]
        draw.text((cell.width // 2, bottom + bar // 2 - 2), word, font=fonts.bold, fill=ink, anchor="mm")
    cell.paste(frame, (BORDER, BORDER))
    cell.paste(words, (0, bottom + bar))
    return cell


def _written(text: str, font: Font, width: int, size: int) -> Image.Image:
    """Return a text in lines between words, as high as it needs."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width - 2 * GAP or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    step = round(size * LEADING)
    picture = Image.new("RGB", (width, step * len(lines) + GAP), PAPER)
    for index, line in enumerate(lines):
        ImageDraw.Draw(picture).text((GAP, GAP // 2 + index * step), line, font=font, fill=INK)
    return picture


def _jpeg(strips: Sequence[Image.Image], width: int) -> bytes:
    sheet = Image.new("RGB", (width, sum(strip.height for strip in strips) + GAP), PAPER)
    top = GAP // 2
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=QUALITY)
    return data.getvalue()
