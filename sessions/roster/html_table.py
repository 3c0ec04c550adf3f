"""A web page that calls itself a workbook: what many registration systems give out as ".xls"."""

from __future__ import annotations

import html
import re
from typing import Final

from sessions.errors import RosterUnreadableError
from sessions.roster.table import MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Line, Sheet, Tables

_TAG: Final = re.compile(r"<(/?(?:tr|td|th|table|br))\b([^<>]{0,500})>", re.IGNORECASE)
_ANY_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
_SPAN: Final = re.compile(r"colspan\s*=\s*[\"']?(\d{1,3})", re.IGNORECASE)
_STARTS: Final = ("<html", "<table", "<!doctype html", "<meta")


def is_html(text: str) -> bool:
    """Whether a text is a web page with a table."""
    head = text[:4000].lower()
    return any(start in head for start in _STARTS) and "<table" in text[:200_000].lower()


def read_html(text: str) -> Tables:
    """Return the rows of every table of a page as one sheet. Raises RosterUnreadableError.

    A cell over several columns leaves the following ones empty. Time grows with the length of the page and no faster.
    """
    pieces = _TAG.split(text)
    lines: list[Line] = []
    cells: list[str] = []
    number = 0
    inside = False
    for tag, attributes, content in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        name = tag.lower()
        if name in {"tr", "/tr", "table", "/table"}:
            number += bool(cells)
            _end(lines, cells, number)
            cells, inside = [], False
        elif name in {"td", "th"}:
            cells += [_text(content), *[""] * (_span(attributes) - 1)]
            inside = True
        elif name == "br" and inside and cells:
            cells[-1] = f"{cells[-1]} {_text(content)}".strip()[:MAX_TEXT]
        else:
            inside = False
    _end(lines, cells, number + 1)
    return Tables(format="html", sheets=(Sheet(name="", lines=tuple(lines)),))


def _end(lines: list[Line], cells: list[str], number: int) -> None:
    if len(cells) > MAX_COLUMNS:
        raise RosterUnreadableError(why="too-many-columns", limit=MAX_COLUMNS)
    if any(cells):
        if len(lines) == MAX_ROWS:
            raise RosterUnreadableError(why="too-many-rows", limit=MAX_ROWS)
        lines.append(Line(number, tuple(cells)))


def _text(content: str) -> str:
    return html.unescape(_ANY_TAG.sub("", content[: 4 * MAX_TEXT])).strip()[:MAX_TEXT]


def _span(attributes: str) -> int:
    found = _SPAN.search(attributes)
    return max(1, int(found[1])) if found else 1
