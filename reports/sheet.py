"""The page model: what stands on a sheet, in the order of Nghị định 30/2020, before any layout.

Pure data. The same model always becomes the same pages, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Final

from sessions.checkpoint import Checkpoint
from sessions.codec import encode

DIGEST_FORM: Final = "proctor sheet page 1"
ROW_MM: Final = 12.0
"""The least height of a row that people sign in."""


class Align(StrEnum):
    """Where a cell's text stands in its column."""

    LEFT = "left"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its heading, its width in mm, where its text stands; `portraits` marks the picture column.

    `group` is the heading that stands above this one and those of its neighbours with the same.
    """

    heading: str
    width_mm: float
    align: Align = Align.CENTRE
    portraits: bool = False
    group: str = ""

    @property
    def whole(self) -> str:
        """The heading where nothing stands above it: the group's before its own."""
        return f"{self.group}: {self.heading}" if self.group else self.heading


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A portrait ready to embed: JPEG bytes and its size in pixels, in colour."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portraits:
    """The pictures of a row, chip first then live; None leaves the frame empty."""

    chip: Thumbnail | None = None
    live: Thumbnail | None = None


Value = str | int | date | time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell's paragraphs; each starts a new line. The first is bold where `strong`.

    `value` is what a spreadsheet's cell holds instead: a count, a day, a time; None: the paragraphs as text.
    """

    paragraphs: tuple[str, ...] = field(default=(), repr=False)
    strong: bool = False
    value: Value = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph above the table: over the whole width, or with a `label` to its left."""

    text: str = field(repr=False)
    label: str = ""
    strong: bool = False
    italic: bool = False
    centred: bool = False
    size: float = 13.0
    space_before_mm: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with a caption; None leaves the frame empty, with the caption."""

    picture: Thumbnail | None
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Pictures side by side above the table, each in a 3 × 4 frame of this width in mm, captions below."""

    figures: tuple[Figure, ...]
    width_mm: float = 30.0


Block = Paragraph | Figures
"""What may stand between a sheet's head and its table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A table row. `mark` is the candidate number and outcome letter that the page seal carries."""

    cells: tuple[Cell, ...]
    mark: tuple[str, str]
    portraits: Portraits = Portraits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureBlock:
    """Where a person signs by hand: the role, and the hint below it."""

    role: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who issues the sheet, and where. What an administrator left empty is printed as a dotted line."""

    parent: str = ""
    agency: str = ""
    symbol: str = ""
    locality: str = ""
    logo: Thumbnail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first page's head: both blocks of the top, the number, place and date, title, lines below it."""

    parent: str
    agency: str
    number: str
    nation: str
    motto: str
    place_and_date: str
    title: str
    lines: tuple[str, ...]
    logo: Thumbnail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What stands once, after the last row: totals, remarks, recipients, signature blocks."""

    totals: tuple[str, ...]
    remarks: tuple[str, ...]
    recipients_label: str
    recipients: tuple[str, ...]
    signatures: tuple[SignatureBlock, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """The words around the fingerprints at the foot of each page; `page` has {page} and {pages}.

    `cosigned` says which witnesses cosigned the tree head; `warning`, where it is not empty, stands out on every page.
    """

    session: str
    roster: str
    head: str
    digest: str
    key: str
    notice: str
    page: str
    cosigned: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole sheet. `kind` names it in files and seals; `roster_hash` is hexadecimal SHA-256.

    `head` is the tree head of the last log entry the content covers. `training` is None in a real session,
    else the banner's words and the watermark's. `variant` tells sheets of one kind apart in file names (a component,
    a class); `counts` are the numbers that the sheet prints, by name; `row_mm` is the least height of a row.
    `portrait`: upright A4, else lying. `body` stands between head and table, from the first page on; a sheet without
    columns has no table. `reprint`: the words that mark a reprint on every page, empty on a first print. `sbd`: whose
    sheet it is, where it is one candidate's. `posted`: a copy for a wall.
    """

    kind: str
    session_id: str
    language: str
    header: Header
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    closing: Closing
    foot: Foot
    roster_hash: str
    head: Checkpoint
    training: tuple[str, str] | None = None
    variant: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    row_mm: float = ROW_MM
    portrait: bool = False
    body: tuple[Block, ...] = ()
    reprint: str = ""
    sbd: str = ""
    posted: bool = False


def page_digest(sheet: Sheet, page: int, rows: Sequence[Row], body: Sequence[str] = ()) -> bytes:
    """Return the 32-byte SHA-256 of a page's canonical content: the RFC 8785 form of exactly what it prints.

    The object is {form, session, page, rows}; a row is the list of its cells' paragraphs joined by newlines. A page
    with blocks above the table has `body` as well: their labels, texts and captions, in order, as far as they stand on
    this page.
    """
    content: dict[str, object] = {
        "form": DIGEST_FORM,
        "session": sheet.session_id,
        "page": page,
        "rows": [["\n".join(cell.paragraphs) for cell in row.cells] for row in rows],
    }
    if body:
        content["body"] = list(body)
    return hashlib.sha256(encode(content)).digest()
