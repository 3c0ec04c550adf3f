"""The rows of a sheet, built again from the log, held against the words and the page seals of a file. Strictly.

Text comes out of a page in the order in which it was drawn: row by row, cell by cell. Whatever is not exactly there, in
that order, or there beside it, is named.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pypdfium2

from reports.layout import lay_out
from reports.seal import PageSeal
from reports.sheet import Paragraph, Row, Sheet

ABOVE: Final = "*"
"""Names the words above the table, where the sheet is nobody's own."""
EXTRA: Final = "+"
"""Names, before its SBD where it has one, a row that the log does not have."""
_SPACE: Final = re.compile(r"\s+")
_DIGITS: Final = re.compile(r"\d+")
_PAGE_END: Final = "\n"
_MOVED_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What of a file is not as the log has it: SBD, else number of rows from 1, ABOVE, EXTRA with or without SBD.

    `uncomparable`: rows of which nothing can be said, since data was erased.
    """

    differing: tuple[str, ...] = ()
    uncomparable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A row, or a piece of one, as its page must say it: `lead` before the candidate's number, `run` from there on."""

    name: str
    mine: bool
    lead: str
    run: str
    at: int = -1


def compare_rows(sheet: Sheet, pages: Sequence[str], seals: Sequence[PageSeal], gone: int) -> Compared:
    """Compare every row of `sheet` with the text of a file's pages and with what its seals carry.

    `gone` candidates were erased since: as many SBD may stand in the file alone, their rows and counts prove nothing.
    Raises ReportsError where the sheet cannot be laid out.
    """
    text = _PAGE_END.join(_bare(page) for page in pages)
    lines = _lines(sheet, text, whole=not gone)
    lost = [line for line in lines if line.at < 0]
    unsaid = [line.name for line in lost if gone and not line.mine]
    named = [line.name for line in lost if line.mine or not gone]
    alone = _alone(sheet, seals)
    named += _misplaced(lines, text, after_gone=_after(seals, alone) if gone else frozenset())
    named += _sealed_otherwise(sheet, seals, alone, gone)
    above = [_bare(block.text) for block in sheet.body if isinstance(block, Paragraph)]
    if not gone and not all(words in text for words in above):
        named.append(sheet.sbd or ABOVE)
    return Compared(
        differing=tuple(dict.fromkeys(named)),
        uncomparable=max(len(set(unsaid)), min(len(alone), gone)),
    )


def says_totals(sheet: Sheet, pages: Sequence[str]) -> bool:
    """Whether the numbers below the table stand on the pages, word for word."""
    text = _PAGE_END.join(_bare(page) for page in pages)
    return all(_bare(words) in text for words in sheet.closing.totals)


def page_texts(pdf: bytes) -> list[str]:
    """Return the text of each page of a PDF, in the order it was drawn; nothing where it cannot be read."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError:
        return []
    try:
        return [_page_text(document, number) for number in range(len(document))]
    finally:
        document.close()


def facts_of(pdf: bytes) -> dict[str, str]:
    """Return what a PDF's own data says: Title, Subject and others; nothing where it cannot be read."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError:
        return {}
    try:
        return {str(key): str(value) for key, value in document.get_metadata_dict().items()}
    finally:
        document.close()


# -- words -----------------------------------------------------------------------------------------


def _lines(sheet: Sheet, text: str, *, whole: bool) -> list[_Line]:
    """Return every row with the place where its run stands; `whole`: with what stands before the number."""
    found = []
    for placed in (each for page in lay_out(sheet).pages for each in page):
        lead, run = _runs(placed.row)
        lead, run = ("", lead + run) if whole else (lead, run)
        mark = placed.row.mark[0]
        found.append(
            _Line(
                name=mark or str(placed.number + 1),
                mine=bool(mark),
                lead=lead,
                run=run,
                at=text.find(run),
            )
        )
    return found


def _runs(row: Row) -> tuple[str, str]:
    """Return what a row says before its candidate's number, and from there on; all of it where the number is not."""
    cells = [_bare("".join(cell.paragraphs)) for cell in row.cells]
    number = _bare(row.mark[0])
    at = cells.index(number) if number and number in cells else 0
    return "".join(cells[:at]), "".join(cells[at:])


def _misplaced(lines: Sequence[_Line], text: str, after_gone: frozenset[str]) -> Iterator[str]:
    """Yield rows that stand before those they follow, or twice, and words between two rows: rows of nobody's."""
    told = [line for line in lines if line.mine and line.run]
    times = Counter(line.run for line in told)
    for line in told:
        if text.count(line.run) > times[line.run]:
            yield EXTRA + line.name
    for one, other in pairwise(lines):
        if not (one.mine and other.mine) or min(one.at, other.at) < 0 or one.run == other.run:
            continue
        between = text[one.at + len(one.run) : other.at]
        if other.at < one.at:
            yield other.name
        elif _PAGE_END not in between and other.name not in after_gone and not _is_lead(between, other.lead):
            yield EXTRA


def _is_lead(between: str, lead: str) -> bool:
    """Whether what stands between two rows is what stands before a number; order numbers move with erasures."""
    return between == lead or (
        _DIGITS.sub("", between) == _DIGITS.sub("", lead)
        and bool(_DIGITS.search(lead))
        and len(between) <= len(lead) + _MOVED_DIGITS
    )


def _bare(text: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFC", text)).replace("\ufffe", "").replace("\u00ad", "")


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    try:
        text = page.get_textpage()
        try:
            return str(text.get_text_range())
        finally:
            text.close()
    finally:
        page.close()


# -- seals -----------------------------------------------------------------------------------------


def _alone(sheet: Sheet, seals: Sequence[PageSeal]) -> frozenset[str]:
    """Return the SBD that the seals carry and the log's rows do not."""
    return frozenset(_numbers(seals)) - {row.mark[0] for row in sheet.rows}


def _after(seals: Sequence[PageSeal], alone: frozenset[str]) -> frozenset[str]:
    """Return the SBD that stand right after one of those alone."""
    return frozenset(other for one, other in pairwise(_numbers(seals)) if one in alone)


def _numbers(seals: Sequence[PageSeal]) -> list[str]:
    return [number for seal in seals for number, _ in seal.rows if number]


def _sealed_otherwise(
    sheet: Sheet, seals: Sequence[PageSeal], alone: frozenset[str], gone: int
) -> Sequence[str]:
    """Return the SBD whose number, outcome or order the seals have otherwise, and rows that the log does not have."""
    sealed = Counter(mark for seal in seals for mark in seal.rows)
    marks = Counter(row.mark for row in sheet.rows)
    if not sealed:
        return ()
    counted, expected = Counter(_numbers(seals)), Counter(row.mark[0] for row in sheet.rows)
    twice = [number for number in counted if 0 < expected[number] < counted[number]]
    other = {number for number, _ in (marks - sealed) + (sealed - marks) if number and expected[number]}
    order = [number for number in _numbers(seals) if number not in alone]
    wanted = [row.mark[0] for row in sheet.rows if row.mark[0]]
    moved = zip(wanted, order, strict=True) if sorted(order) == sorted(wanted) else ()
    named = [
        *(EXTRA + number for number in (*twice, *(sorted(alone) if len(alone) > gone else ()))),
        *sorted(other.difference(twice)),
        *(number for number, there in moved if number != there),
    ]
    return named if named or not _other_order(sheet, seals, alone, gone) else [EXTRA]


def _other_order(sheet: Sheet, seals: Sequence[PageSeal], alone: frozenset[str], gone: int) -> bool:
    """Whether the rows of the seals, those of nobody too, are not those of the log, one after the other.

    The row of somebody erased is left out when the sheet is built again, or it stands there as nobody's. Where all rows
    are nobody's, some that counted who is gone may be left out.
    """
    there = [number for seal in seals for number, _ in seal.rows]
    wanted = [row.mark[0] for row in sheet.rows]
    if not any(wanted):
        return len(wanted) < len(there) - gone
    stays = ["" if number in alone else number for number in there]
    return wanted not in (stays, [number for number in there if number not in alone])
