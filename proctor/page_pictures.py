"""Pages of our own sheets as pictures, for looking at before printing.

For files that this station made or that were verified before: they are drawn in this process. One thread at a time;
the library that draws is not made for several.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2

from proctor.errors import CommandError

MAX_BYTES = 32 * 1024 * 1024
MAX_PAGES = 2_000
MAX_PIXELS = 20_000_000
DPI = range(20, 401)
_POINTS = 72


def page_count(pdf: bytes) -> int:
    """Return how many pages a sheet has. Raises CommandError "page-unreadable"."""
    with _opened(pdf) as document:
        return len(document)


def page_sizes(pdf: bytes) -> tuple[tuple[float, float], ...]:
    """Return each page's width and height in points. Raises CommandError "page-unreadable"."""
    with _opened(pdf) as document:
        return tuple(document[number].get_size() for number in range(len(document)))


def page_png(pdf: bytes, page: int, dpi: int) -> bytes:
    """Return a page (from 0) as PNG in colour, `dpi` within DPI, drawn coarser where it would have over MAX_PIXELS.

    Raises CommandError "page-unreadable", "page-missing".
    """
    with _opened(pdf) as document:
        if not 0 <= page < len(document):
            raise CommandError("page-missing", page=page + 1, pages=len(document))
        try:
            return _png(document[page], min(max(dpi, DPI.start), DPI.stop - 1))
        except pypdfium2.PdfiumError:
            raise CommandError("page-unreadable") from None


def _png(page: Any, dpi: int) -> bytes:
    width, height = page.get_size()
    scale = min(dpi / _POINTS, (MAX_PIXELS / max(width * height, 1)) ** 0.5)
    out = io.BytesIO()
    page.render(scale=scale).to_pil().save(out, "PNG")
    return out.getvalue()


@contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:
    if len(pdf) > MAX_BYTES or not pdf.startswith(b"%PDF-"):
        raise CommandError("page-unreadable")
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError:
        raise CommandError("page-unreadable") from None
    try:
        if not 0 < len(document) <= MAX_PAGES:
            raise CommandError("page-unreadable")
        yield document
    finally:
        document.close()
