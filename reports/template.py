"""The agency's own heads, recipients, signature roles and extra columns, laid over a finished sheet. Pure.

What an administrator may change is never what the record says: rows, counts, hashes and notices stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from reportlab.lib.units import mm

from reports.columns import EASY, TIGHT, least_mm
from reports.fonts import Face, width
from reports.geometry import LYING, UPRIGHT, geometry_of
from reports.placed_rows import PAD_X, TABLE_SIZE
from reports.session_sheet import PLACE_DOTS, cell
from reports.sheet import Align, Cell, Closing, Column, Header, Letterhead, Row, Sheet, SignatureBlock
from reports.template_errors import TemplateColumnsError
from reports.wording import Texts, clean, say
from sessions.session import Seat

FILE: Final = "sheet-template.toml"
"""What the file is called in a data root; the logo lies beside it."""
EXTRA_SHARE: Final = 0.4
"""What part of a sheet's width extra columns may take."""
_LEAST_SHARE: Final = 0.55
_BLANK_SHARE: Final = 0.9
_LINES: Final = 3
_NUMBER: Final = "number"
_YES_NO: Final = frozenset({"health_valid"})
FIELDS: Final = (
    "number",
    "birth",
    "sex",
    "address",
    "licence_class",
    "held_class",
    "subject",
    "shift",
    "room",
    "seat",
    "car",
    "school_class",
    "health_valid",
    "health_number",
    "health_date",
    "remark",
    "addition",
)
"""What of a candidate an extra column may show."""
PUBLIC: Final = frozenset(
    {"licence_class", "subject", "shift", "room", "seat", "car", "school_class", "addition"}
)
"""What of it may hang on a wall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfSheet:
    """What a template must know of a kind: upright or lying, whether it takes columns, whether its rows are people."""

    upright: bool = False
    columns: bool = False
    candidates: bool = False


KINDS: Final[Mapping[str, KindOfSheet]] = MappingProxyType(
    {
        "attendance": KindOfSheet(columns=True, candidates=True),
        "call-list": KindOfSheet(columns=True, candidates=True),
        "results": KindOfSheet(columns=True, candidates=True),
        "collection": KindOfSheet(upright=True, columns=True, candidates=True),
        "exceptions": KindOfSheet(columns=True),
        "incident": KindOfSheet(upright=True),
        "self-test": KindOfSheet(upright=True),
        "slip": KindOfSheet(upright=True),
        "seal": KindOfSheet(upright=True),
        "summary": KindOfSheet(),
        "notice": KindOfSheet(upright=True),
        "erasure": KindOfSheet(upright=True),
    }
)
"""Every kind of sheet, by the name of its command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraColumn:
    """A column an administrator added: heading, width in mm, and what of a candidate it shows (FIELDS; "": blank)."""

    heading: str
    width_mm: float
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What an administrator set, by kind of sheet; "" is what holds for every kind without its own.

    `sha256`: of file and logo together, empty where there is no file.
    """

    letterhead: Mapping[str, Letterhead] = field(default_factory=dict)
    extra: Mapping[str, tuple[ExtraColumn, ...]] = field(default_factory=dict)
    recipients: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sha256: str = ""

    def letterhead_of(self, kind: str) -> Letterhead:
        """Return who issues a kind of sheet."""
        return self.letterhead.get(kind, self.letterhead.get("", Letterhead()))

    def recipients_of(self, kind: str) -> tuple[str, ...]:
        """Return to whom a kind of sheet goes; empty where the template does not say."""
        return self.recipients.get(kind, self.recipients.get("", ()))


def apply_template(sheet: Sheet, template: Template, seats: Sequence[Seat], texts: Texts) -> Sheet:
    """Return a finished sheet with the agency's head, recipients, signature roles and extra columns.

    `seats`: the session's; a row shows the candidate whose number its seal carries. A copy for a wall leaves out
    columns that would show more than a place. Raises TemplateColumnsError, TextMissingError.
    """
    if not template.sha256:
        return sheet
    letterhead = template.letterhead_of(sheet.kind)
    dressed = replace(
        sheet,
        header=_header(sheet.header, letterhead, texts),
        closing=_closing(sheet, template, texts),
    )
    extra = [
        column
        for column in template.extra.get(sheet.kind, ())
        if not (sheet.posted and column.source and column.source not in PUBLIC)
    ]
    return _widened(dressed, extra, seats, texts) if extra and sheet.columns else dressed


def _header(header: Header, letterhead: Letterhead, texts: Texts) -> Header:
    """Return a head with what the template says; what it does not say stays, dotted lines too."""
    symbol, locality = clean(letterhead.symbol), clean(letterhead.locality)
    return replace(
        header,
        parent=clean(letterhead.parent).upper() or header.parent,
        agency=clean(letterhead.agency).upper() or header.agency,
        number=say(texts, "sheet.number", symbol=symbol) if symbol else header.number,
        place_and_date=_placed(header.place_and_date, locality),
        logo=letterhead.logo or header.logo,
    )


def _placed(place_and_date: str, locality: str) -> str:
    """Return place and date with the locality where a dotted line kept its place."""
    return place_and_date.replace(PLACE_DOTS, locality, 1) if locality else place_and_date


def _closing(sheet: Sheet, template: Template, texts: Texts) -> Closing:
    closing = sheet.closing
    recipients = template.recipients_of(sheet.kind)
    roles = template.signatures.get(sheet.kind, ())
    return replace(
        closing,
        recipients=tuple(_listed(line) for line in recipients) or closing.recipients,
        signatures=tuple(
            SignatureBlock(role=clean(role), hint=say(texts, "sheet.sign-here")) for role in roles
        )
        or closing.signatures,
    )


def _listed(line: str) -> str:
    text = clean(line)
    return text if text.startswith(("-", "\u2013")) else f"- {text}"


# -- extra columns ---------------------------------------------------------------------------------


def extra_room(kind: str) -> float:
    """Return how many mm extra columns of a kind may take together."""
    paper = UPRIGHT if KINDS[kind].upright else LYING
    return paper.width / mm * EXTRA_SHARE


def _widened(sheet: Sheet, extra: Sequence[ExtraColumn], seats: Sequence[Seat], texts: Texts) -> Sheet:
    """Return a sheet with extra columns at the right; its own give way."""
    by_sbd = {clean(seat.sbd): seat for seat in seats if not seat.erased}
    added = tuple(
        Column(heading=_heading(column, texts), width_mm=column.width_mm, align=_align(column))
        for column in extra
    )
    rows = tuple(replace(row, cells=(*row.cells, *_cells(row, extra, by_sbd, texts))) for row in sheet.rows)
    count = len(sheet.columns)
    whole = _wide_enough(replace(sheet, columns=(*sheet.columns, *added), rows=rows), count)
    wanted = sum(column.width_mm for column in whole.columns[count:])
    own = _giving_way(sheet, geometry_of(sheet).width / mm - wanted, wanted)
    return replace(whole, columns=(*own, *whole.columns[count:]))


def _heading(column: ExtraColumn, texts: Texts) -> str:
    """Return a column's heading; one that is filled says that the list says so, and not the machine."""
    heading = clean(column.heading)
    return f"{heading} {say(texts, 'template.from-list')}" if column.source else heading


def _align(column: ExtraColumn) -> Align:
    return Align.LEFT if column.source in {"address", "remark"} else Align.CENTRE


def _cells(
    row: Row, extra: Sequence[ExtraColumn], seats: Mapping[str, Seat], texts: Texts
) -> tuple[Cell, ...]:
    seat = seats.get(row.mark[0]) if row.mark[0] else None
    return tuple(cell("" if seat is None else _value(seat, column.source, texts)) for column in extra)


def _value(seat: Seat, source: str, texts: Texts) -> str:
    """Return what a seat has in a field, as text."""
    if not source:
        return ""
    if source == _NUMBER:
        return seat.id_number or seat.old_number
    if source == "birth":
        return seat.birth.display
    value = str(getattr(seat, source))
    return say(texts, f"template.value.{value}") if value and source in _YES_NO else value


def _giving_way(sheet: Sheet, room: float, wanted: float) -> tuple[Column, ...]:
    """Return a sheet's own columns within `room` mm: each gives of what its texts do not need, or, where that does
    not do, all but its numbers and the words of its heading. The column of portraits keeps its width. Raises
    TemplateColumnsError, which names how many mm there are for all extra columns.
    """
    columns = sheet.columns
    over = sum(column.width_mm for column in columns) - room
    if over <= 0:
        return columns
    spare: list[float] = []
    for lines in (_LINES, None, 0):
        spare = [_spare(sheet, index, lines) for index in range(len(columns))]
        if sum(spare) >= over:
            break
    else:
        raise TemplateColumnsError(
            kind=sheet.kind, room=max(0, int(wanted + sum(spare) - over)), wanted=math.ceil(wanted)
        )
    share = over / sum(spare)
    return tuple(
        replace(column, width_mm=column.width_mm - share * free)
        for column, free in zip(columns, spare, strict=True)
    )


def _spare(sheet: Sheet, index: int, lines: int | None) -> float:
    """Return how many mm a column can do without: its longest word stays whole, narrowed a little, and its longest text
    within `lines` lines (None: as many as it takes; 0: longer words may be broken, numbers and headings not). A blank
    column is one to write in.
    """
    column = sheet.columns[index]
    if column.portraits:
        return 0.0
    texts = [text for row in sheet.rows for text in row.cells[index].paragraphs]
    kept = _LEAST_SHARE if texts or lines == 0 else _BLANK_SHARE
    needed = max(least_mm(sheet, index, TIGHT if lines == 0 else EASY), kept * column.width_mm)
    if texts and lines != 0:
        words = {word for text in texts for word in text.split()}
        longest = max(width(word, Face.BOLD, TABLE_SIZE) for word in words) * EASY
        if lines is not None:
            longest = max(longest, max(width(text, Face.REGULAR, TABLE_SIZE) for text in texts) / lines)
        needed = max(needed, (longest + 2 * PAD_X) / mm)
    return max(0.0, column.width_mm - needed)


def _wide_enough(sheet: Sheet, own: int) -> Sheet:
    """Return a sheet whose extra columns, from `own` on, are as wide as their numbers and headings need."""
    columns = tuple(
        column
        if index < own
        else replace(column, width_mm=max(column.width_mm, least_mm(sheet, index, EASY)))
        for index, column in enumerate(sheet.columns)
    )
    return replace(sheet, columns=columns)
