"""The child process of `proctor.picture_seals`: one file from stdin, the page seals in it to stdout.

Run as `python -m proctor.picture_process MAX_PIXELS MAX_SIDE MAX_PAGES MEMORY_MIB SECONDS PAGE_SECONDS`. It imports no
more than it needs and gives itself limits where the system has them. Answers are lines of JSON, each flushed at once,
so that what was found survives the parent's deadline: {"page": from 1, "seals": [texts], "letters", "empty",
"beyond_lying", "beyond_upright"}, at last {"end": why}.
"""

from __future__ import annotations

import io
import json
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image, ImageOps

from proctor.picture_limits import DONE, LATE, TOO_LARGE, TOO_MANY, UNREADABLE, Limits
from proctor.picture_marks import has_marks, letters_beyond
from proctor.picture_search import Code, Grey, find_codes

if sys.platform != "win32":  # on Windows the parent's deadline and the pixel limit remain
    import resource

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")
_DPI = (200, 300)
_POINTS = 72
_DEPTH = 8
_DARKER, _SPECKS = 40, 0.0005
"""By how many levels, and on which part of it, a page may differ from its paper and still bear no code."""


class _StopError(Exception):
    """Why the file is read no further."""


def main() -> None:
    """Read the file, say what was found page by page, then why it ended."""
    limits = Limits.of(sys.argv[1:7])
    Image.MAX_IMAGE_PIXELS = None  # our own limit comes first
    warnings.simplefilter("ignore")  # about damaged fields that nobody needs here
    _limit(limits)
    data = sys.stdin.buffer.read()
    end = time.monotonic() + limits.seconds
    try:
        why = _read(data, limits, end)
    except _StopError as stop:
        why = str(stop)
    except MemoryError:
        why = TOO_LARGE
    except Exception:  # noqa: BLE001  a process boundary: whatever a decoder throws, the picture is at fault
        why = UNREADABLE
    _say({"end": why})


@dataclass(slots=True, kw_only=True)
class _View:
    """A page: its picture, finer and finer, and whether a PDF draws letters on it, which no scanner does."""

    greys: Iterator[Grey]
    letters: bool = False


def _read(data: bytes, limits: Limits, end: float) -> str:
    """Read page after page; return why it ended."""
    pages = _of_pdf(data, limits) if data.startswith(b"%PDF-") else _of_picture(data, limits)
    for number, view in enumerate(pages, start=1):
        _say(
            {
                "page": number,
                "letters": view.letters,
                **_page(view, min(end, time.monotonic() + limits.page_seconds)),
            }
        )
        if time.monotonic() >= end:
            return LATE
    return DONE


def _page(view: _View, end: float) -> dict[str, Any]:
    """Return what is found in the first picture of a page that shows anything, and whether the page is empty."""
    for grey in view.greys:
        if _has_no_code(grey):
            return {"seals": [], "empty": not has_marks(grey)}
        found = find_codes(grey, seconds_left=lambda: end - time.monotonic())
        if found or time.monotonic() >= end:
            return _found(grey, found)
    return _found(np.zeros((1, 1), np.uint8), ())


def _found(grey: Grey, codes: tuple[Code, ...]) -> dict[str, Any]:
    lying, upright = letters_beyond(grey, codes)
    more = {"beyond_lying": lying, "beyond_upright": upright}
    return {"seals": [code.text for code in codes], "empty": False, **more}


def _has_no_code(grey: Grey) -> bool:
    """Whether next to nothing on a page stands out from its paper: nothing is looked for there."""
    small = grey[:: max(1, grey.shape[0] // 1_000), :: max(1, grey.shape[1] // 1_000)].astype(np.int16)
    return bool((abs(small - np.median(small)) > _DARKER).mean() < _SPECKS)


def _of_picture(data: bytes, limits: Limits) -> Iterator[_View]:
    """Yield the pages of a picture in grey, upright: every frame of a TIFF, the first of anything else."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        for number in range(limits.max_pages + 1):
            try:
                image.seek(number)
            except EOFError:
                return
            if number == limits.max_pages:
                raise _StopError(TOO_MANY)
            if image.width * image.height > limits.max_pixels or max(image.size) > limits.max_side:
                raise _StopError(TOO_LARGE)
            image.draft("L", image.size)
            yield _View(greys=iter([_grey(image)]))
            if image.format != "TIFF":
                return


def _grey(image: Image.Image) -> Grey:
    shown = ImageOps.exif_transpose(image)
    if shown.mode.startswith("I"):
        shown = shown.convert("I").point(lambda value: value / 256)
    if shown.has_transparency_data:
        shown = shown.convert("RGBA")
        white = Image.new("RGBA", shown.size, "white")
        white.alpha_composite(shown)
        shown = white
    return np.array(shown.convert("L"))


def _of_pdf(data: bytes, limits: Limits) -> Iterator[_View]:
    """Yield the pages of a PDF, each drawn finer and finer."""
    document = pypdfium2.PdfDocument(data)
    if len(document) > limits.max_pages:
        raise _StopError(TOO_MANY)
    for number in range(len(document)):
        page = document[number]
        yield _View(greys=_drawn(page, limits), letters=_has_letters(page))


def _has_letters(page: Any) -> bool:
    """Whether a page draws letters that are seen; what a scanner recognised lies unseen behind its picture."""
    objects = page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT], max_depth=_DEPTH)
    unseen = {pypdfium2.raw.FPDF_TEXTRENDERMODE_INVISIBLE, pypdfium2.raw.FPDF_TEXTRENDERMODE_CLIP}
    return any(pypdfium2.raw.FPDFTextObj_GetTextRenderMode(found.raw) not in unseen for found in objects)


def _drawn(page: Any, limits: Limits) -> Iterator[Grey]:
    width, height = page.get_size()
    for dpi in _DPI:
        scale = dpi / _POINTS
        most = min(
            limits.max_side / max(width, height, 1), (limits.max_pixels / 4 / max(width * height, 1)) ** 0.5
        )
        shown = page.render(scale=min(scale, most), grayscale=True).to_numpy()
        yield np.array(shown.reshape(shown.shape[:2]))


def _limit(limits: Limits) -> None:
    """Cap memory and processor time; write no core files, which would hold names and faces."""
    if sys.platform != "win32":
        memory = limits.memory_mib << 20
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (2 * limits.seconds + 10, 2 * limits.seconds + 10))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
