"""The page seals of a sealed sheet as it drew them: QR modules out of a PDF whose every byte was verified before."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils.generic import ArrayObject
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from reports.errors import PdfFormatError

Modules = tuple[tuple[bool, ...], ...]
_DRAWN: Final = re.compile(rb"(?:\d{1,3} \d{1,3} \d{1,3} 1 re ){20,20000}f")
_BOX: Final = re.compile(rb"(\d{1,3}) (\d{1,3}) (\d{1,3}) 1 re ")
_SIDES: Final = range(21, 178, 4)
_MAX_PAGES: Final = 2_000
_MAX_DEPTH: Final = 8


def drawn_seals(pdf: bytes) -> tuple[Modules, ...]:
    """Return the modules of every page's QR code, rows of dark or light, pages in order.

    Only for bytes that `verification.verify_pdf` took. Raises PdfFormatError where pages or codes cannot be read.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        contents = [_content(page) for page in _pages(reader.root["/Pages"], 0)]
    except (PdfError, KeyError, ValueError, TypeError, AttributeError):
        raise PdfFormatError(why="pages") from None
    found = tuple(_modules(drawn) for content in contents for drawn in _DRAWN.findall(content))
    if not found:
        raise PdfFormatError(why="no-seal")
    return found


def _pages(node: Any, depth: int) -> Iterator[Any]:
    """Yield the pages below a node of the page tree, in order."""
    if "/Kids" not in node:
        yield node
        return
    kids = node["/Kids"]
    if depth > _MAX_DEPTH or len(kids) > _MAX_PAGES:
        raise PdfFormatError(why="pages")
    for kid in kids:
        yield from _pages(kid.get_object(), depth + 1)


def _content(page: Any) -> bytes:
    """Return what a page draws."""
    found = page["/Contents"]
    streams = [part.get_object() for part in found] if isinstance(found, ArrayObject) else [found]
    return b"\n".join(stream.data for stream in streams)


def _modules(drawn: bytes) -> Modules:
    boxes = [tuple(map(int, box)) for box in _BOX.findall(drawn)]
    side = max(row for _, row, _ in boxes) + 1
    if side not in _SIDES or any(start + length > side for start, _, length in boxes):
        raise PdfFormatError(why="seal")
    rows = [[False] * side for _ in range(side)]
    for start, row, length in boxes:
        rows[row][start : start + length] = [True] * length
    return tuple(tuple(row) for row in rows)
