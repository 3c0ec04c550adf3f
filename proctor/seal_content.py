"""Sealed pages against the log: is their tree head this log's, was the sheet printed, do its rows say the same?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.sheet_kinds import rebuild
from reports.errors import ReportsError
from reports.layout import Layout, lay_out
from reports.seal import SHORT_HASH, PageSeal
from reports.sheet import Sheet, page_digest
from sessions.checkpoint import station_of
from sessions.errors import SessionsError
from sessions.reader import Entry
from sessions.session import load_session

SAME: Final = "same"
DIFFERS: Final = "differs"
OTHER_STATION: Final = "other-station"
OTHER_HEAD: Final = "other-head"
LOG_BEHIND: Final = "log-behind"
NOT_PRINTED: Final = "not-printed"
NOT_COMPARABLE: Final = "not-comparable"
ERASED: Final = "erased"
_MAX_TRIED: Final = 20
"""Prints of one kind with one tree head that are built anew: copies, and one for each room or class."""

Mark = tuple[str, str]
NOTHING: Final[Mark] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """A row that the log has otherwise: page and row (from 1), number and letter as sealed and by the log.

    NOTHING where one of them has no such row. `erased`: the candidate was erased since.
    """

    page: int
    row: int
    sealed: Mark
    logged: Mark
    erased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the log says of a sealed sheet. `entry`: that of the print; `copy`: number of the reprint.

    `rows`: those that differ. `roster`: the roster hash is the log's; `words`: every cell is what the log would print
    now. `why`: the code of what kept the sheet from being built anew.
    """

    status: str
    entry: int | None = None
    copy: int = 0
    rows: tuple[RowDifference, ...] = ()
    roster: bool | None = None
    words: bool | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether the log says the same, as far as it still can."""
        return self.status == SAME

    @property
    def contradicts(self) -> bool:
        """Whether the log says otherwise: paper or log was changed."""
        return self.status in {DIFFERS, OTHER_HEAD}


def compare(opened: OpenRoot, pages: Sequence[PageSeal]) -> Comparison:
    """Return what the log says of the sealed pages of one sheet."""
    seal, store = pages[0], opened.store
    if station_of(seal.origin) != store.station:
        return Comparison(status=OTHER_STATION)
    if seal.size > store.head().size:
        return Comparison(status=LOG_BEHIND)
    if store.checkpoint(seal.size).root != seal.root:
        return Comparison(status=OTHER_HEAD)
    prints = [entry for entry in store.entries("print", seal.session_id) if _is_of(entry, seal)]
    if not prints:
        return Comparison(status=NOT_PRINTED)
    found = [_against(opened, entry, pages) for entry in prints[:_MAX_TRIED]]
    return min(found, key=_distance)


def _is_of(entry: Entry, seal: PageSeal) -> bool:
    body = entry.body
    if (body["sheet"], body["sheet_size"], body["sheet_root"]) != (seal.kind, seal.size, seal.root.hex()):
        return False
    numbers = {number for number, _ in seal.rows if number}
    return not body.get("sbd") or not numbers or body["sbd"] in numbers


def _distance(found: Comparison) -> tuple[bool, int, bool]:
    return found.status == NOT_COMPARABLE, len(found.rows), not found.words


def _against(opened: OpenRoot, entry: Entry, pages: Sequence[PageSeal]) -> Comparison:
    """Compare with one print, built anew from the log as of its tree head."""
    number, copy = entry.seq, int(entry.body.get("copy", 0))
    try:
        sheet = rebuild(opened, entry.body)
        placed = lay_out(sheet)
    except (SessionsError, ReportsError, CommandError) as error:
        return Comparison(status=NOT_COMPARABLE, entry=number, copy=copy, why=error.code)
    erased = _erased(opened, pages[0])
    rows = tuple(difference for seal in pages for difference in _rows(seal, placed, erased))
    roster = bytes.fromhex(sheet.roster_hash)[:SHORT_HASH] == pages[0].roster
    same_pages = len(placed.pages) == pages[0].pages
    words = same_pages and all(_digest(sheet, placed, seal.page) == seal.digest for seal in pages)
    same = roster and not any(not row.erased for row in rows)
    return Comparison(
        status=SAME if same else DIFFERS, entry=number, copy=copy, rows=rows, roster=roster, words=words
    )


def _rows(seal: PageSeal, placed: Layout, erased: frozenset[str] | None) -> Iterator[RowDifference]:
    """Yield the rows of a sealed page that the log has otherwise.

    A program that divides pages otherwise has the same rows elsewhere: a run of the sheet's rows is none of them.
    """
    logged = _marks(placed, seal.page)
    if _is_run(seal.rows, [mark for page in range(len(placed.pages)) for mark in _marks(placed, page + 1)]):
        return
    for number, (was, now) in enumerate(zip_longest(seal.rows, logged, fillvalue=NOTHING), start=1):
        if was != now:
            gone = erased is not None and was != NOTHING and (not now[0] or was[0] in erased)
            yield RowDifference(page=seal.page, row=number, sealed=was, logged=now, erased=gone)


def _is_run(part: Sequence[Mark], whole: Sequence[Mark]) -> bool:
    """Whether rows of candidates stand one after the other in the whole sheet."""
    size = len(part)
    numbered = size > 0 and all(sbd for sbd, _ in part)
    return numbered and any(list(part) == list(whole[at : at + size]) for at in range(len(whole) - size + 1))


def _marks(placed: Layout, page: int) -> list[Mark]:
    if not 1 <= page <= len(placed.pages):
        return []
    return [row.row.mark for row in placed.pages[page - 1] if row.begins]


def _erased(opened: OpenRoot, seal: PageSeal) -> frozenset[str] | None:
    """Return the numbers of erased candidates that are still known; None where nothing was erased after the print."""
    if not any(entry.seq >= seal.size for entry in opened.store.entries("shred", seal.session_id)):
        return None
    session = load_session(opened.store, seal.session_id)
    return frozenset(seat.sbd for seat in session.seats if seat.erased and seat.sbd)


def _digest(sheet: Sheet, placed: Layout, page: int) -> bytes:
    if not 1 <= page <= len(placed.pages):
        return b""
    rows = [row.row for row in placed.pages[page - 1]]
    body = tuple(text for part in placed.bodies[page - 1] for text in part.texts)
    return page_digest(sheet, page, rows, body)[:SHORT_HASH]
