"""What a sheet says, held against the log: the print, every row as of its tree head, tree head, later signatures.

The sheet is built again from the log as of the tree head that it shows and drawn: the same bytes, or every row is
compared. Candidates whose data was erased since can only be named as such.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import pypdfium2

from proctor.anchors import seal_texts
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.sheet_kinds import rebuild
from proctor.witness.settings import load_witnesses
from reports.errors import ReportsError
from reports.pdf import draw
from reports.seal import PageSeal, read_seal
from reports.sheet import Paragraph, Row, Sheet
from reports.verify_sheet import SheetFinding, SignatureKind
from sessions.anchor import parse_seal
from sessions.as_of import LogAsOf
from sessions.checkpoint import VerifierKey, station_of
from sessions.errors import NoteFormatError, SessionsError
from sessions.reader import Entry
from sessions.roster.model import Seat
from sessions.session import load_session
from sessions.witnesses import cosigners_of

MAX_NAMED: Final = 50
"""Rows that are named; the rest is counted."""
_SPACE: Final = re.compile(r"\s+")
_DIGIT: Final = re.compile(r"\d")


class Content(StrEnum):
    """How a sheet stands to the log. WORDING: every row agrees, only other words or pictures stand around them."""

    SAME = "same"
    WORDING = "wording"
    DIFFERS = "differs"
    ERASED = "erased"
    UNKNOWN = "unknown-print"
    UNREADABLE = "not-rebuilt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """The page seals of a file: `good` of `pages` pages, all of one tree head. `error`: why they are not."""

    pages: int = 0
    good: int = 0
    origin: str = ""
    session: str = ""
    kind: str = ""
    size: int = 0
    root: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFinding:
    """What the log says of a sheet.

    `seq`: the entry that printed it; `rows`: of the sheet as built again; `differing`: SBD or number of the rows
    that differ (MAX_NAMED at most, `more` beyond them); `erased`: rows that were erased since; `missing`: fields
    whose signature the log knows and the file lacks; `unlogged`: fields whose signature the log does not know;
    `statuses`: what was known of a field's certificate when it was signed; `head`: whether the tree head is the
    log's; `cosigned`, `not_cosigned`: names of witnesses.
    """

    content: Content
    seq: int = -1
    session: str = ""
    kind: str = ""
    copy: int = 0
    rows: int = 0
    differing: tuple[str, ...] = ()
    more: int = 0
    erased: int = 0
    why: str = ""
    missing: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    head: bool = False
    cosigned: tuple[str, ...] = ()
    not_cosigned: tuple[str, ...] = ()
    printed: Entry | None = field(default=None, repr=False)

    @property
    def agrees(self) -> bool:
        """Whether nothing in the log speaks against the sheet."""
        return self.head and self.content in {Content.SAME, Content.WORDING, Content.ERASED}


def page_seals(pdf: bytes, keys: Iterable[VerifierKey]) -> tuple[Seals, tuple[PageSeal, ...]]:
    """Return what the seals on a sheet's pages say under one of these keys; `pdf` was verified before."""
    try:
        texts = seal_texts(pdf)
    except ReportsError:
        return Seals(error="none"), ()
    trusted = tuple(keys)
    found = tuple(seal for text in texts if (seal := _read(text, trusted)) is not None)
    if len(found) != len(texts):
        return Seals(pages=len(texts), good=len(found), error="not-ours"), found
    first = found[0]
    numbered = [(seal.page, seal.pages) for seal in found]
    same = {(seal.origin, seal.session_id, seal.kind, seal.size, seal.root) for seal in found}
    ordered = numbered == [(page, len(found)) for page in range(1, len(found) + 1)]
    return (
        Seals(
            pages=len(texts),
            good=len(found),
            origin=first.origin,
            session=first.session_id,
            kind=first.kind,
            size=first.size,
            root=first.root.hex(),
            error="" if ordered and len(same) == 1 else "mixed",
        ),
        found,
    )


def _read(text: str, keys: Iterable[VerifierKey]) -> PageSeal | None:
    """Return what a seal says if one of these keys made it, under whatever epoch's name its station had."""
    try:
        claimed = parse_seal(text).origin
    except NoteFormatError:
        return None
    for key in keys:
        if station_of(key.name) != station_of(claimed):
            continue
        try:
            return read_seal(text, VerifierKey(name=claimed, public=key.public))
        except ReportsError:
            continue
    return None


def hold_against_log(
    opened: OpenRoot, pdf: bytes, finding: SheetFinding, seals: Sequence[PageSeal]
) -> LogFinding:
    """Return what the log of an open root says of an intact sheet."""
    printed = next(
        (each for each in opened.store.entries("print") if each.body["pdf_sha256"] == finding.sealed_sha256),
        None,
    )
    if printed is None:
        return LogFinding(content=Content.UNKNOWN)
    body = printed.body
    head, cosigned, not_cosigned = _head(opened, printed, seals)
    missing, unlogged, statuses = _signatures(opened, finding)
    content = _content(opened, printed, finding, seals)
    return LogFinding(
        content=content.content,
        seq=printed.seq,
        session=body["session"],
        kind=body["sheet"],
        copy=body.get("copy", 0),
        rows=content.rows,
        differing=content.differing,
        more=content.more,
        erased=content.erased,
        why=content.why,
        missing=missing,
        unlogged=unlogged,
        statuses=statuses,
        head=head,
        cosigned=cosigned,
        not_cosigned=not_cosigned,
        printed=printed,
    )


def _head(
    opened: OpenRoot, printed: Entry, seals: Sequence[PageSeal]
) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Return whether the sheet's tree head is the log's, and which witnesses cosigned it, which not."""
    size, root = printed.body["sheet_size"], printed.body["sheet_root"]
    try:
        head = opened.store.checkpoint(size)
        witnesses = load_witnesses(opened.root, opened.store)
        found = cosigners_of(head, opened.store.cosignatures(size), witnesses)
    except SessionsError:
        return False, (), ()
    same = head.root.hex() == root and all((seal.size, seal.root) == (size, head.root) for seal in seals)
    ours = all(station_of(seal.origin) == opened.store.station for seal in seals)
    return same and ours, tuple(each.name for each in found.signed), tuple(found.missing)


def _signatures(
    opened: OpenRoot, finding: SheetFinding
) -> tuple[tuple[str, ...], tuple[str, ...], Mapping[str, str]]:
    """Return fields that the log knows signed and the file lacks, fields signed that the log does not know, and what
    the log says of the certificates of the others.
    """
    known, states = dict[str, Mapping[str, str]](), {finding.sealed_sha256}
    entries = (*opened.store.entries("sheet-signature"), *opened.store.entries("sheet-timestamp"))
    for entry in sorted(entries, key=lambda each: each.seq):
        if entry.body["pdf_sha256"] not in states:
            continue
        states.add(entry.body.get("signed_sha256") or entry.body["stamped_sha256"])
        if entry.kind == "sheet-signature":
            known[entry.body["field"]] = entry.body
    there = {each.field: each.certificate for each in finding.signatures if each.kind is SignatureKind.TOKEN}
    logged = {name: body for name, body in known.items() if there.get(name) == body["certificate"]}
    missing = tuple(name for name in known if name not in there)
    unlogged = tuple(name for name in there if name not in logged)
    return missing, unlogged, {name: body["status"] for name, body in logged.items()}


# -- rows ------------------------------------------------------------------------------------------


def _content(
    opened: OpenRoot, printed: Entry, finding: SheetFinding, seals: Sequence[PageSeal]
) -> LogFinding:
    try:
        sheet = rebuild(opened, printed.body)
        drawn = draw(sheet, opened.keys.bundle.signer(opened.root.origin))
    except (ReportsError, SessionsError, CommandError) as error:
        if _is_of_nobody(opened, printed):
            return LogFinding(content=Content.ERASED, erased=1)
        return LogFinding(content=Content.UNREADABLE, why=error.code)
    if drawn.pdf == finding.unsigned:
        return LogFinding(content=Content.SAME, rows=len(sheet.rows))
    gone = _erased(opened, printed)
    differing, uncomparable = _differences(sheet, finding.unsigned, seals, gone)
    agreeing = Content.ERASED if uncomparable else Content.WORDING
    return LogFinding(
        content=Content.DIFFERS if differing else agreeing,
        rows=len(sheet.rows),
        differing=differing[:MAX_NAMED],
        more=max(0, len(differing) - MAX_NAMED),
        erased=uncomparable,
    )


def _erased(opened: OpenRoot, printed: Entry) -> int:
    """Return how many candidates of the sheet's list have no data any more; nothing says which."""
    return sum(seat.erased for seat in _seats(opened, printed))


def _is_of_nobody(opened: OpenRoot, printed: Entry) -> bool:
    """Whether a sheet was one candidate's whose data was erased since."""
    sbd = printed.body.get("sbd", "")
    seats = _seats(opened, printed)
    return bool(sbd) and any(seat.erased for seat in seats) and all(seat.sbd != sbd for seat in seats)


def _seats(opened: OpenRoot, printed: Entry) -> tuple[Seat, ...]:
    """Return the list as of a print."""
    log = LogAsOf(opened.store, printed.body["sheet_size"])
    return load_session(log, printed.body["session"]).seats


def _differences(
    sheet: Sheet, pdf: bytes, seals: Sequence[PageSeal], gone: int
) -> tuple[tuple[str, ...], int]:
    """Return SBD, or number from 1, of each row that the file does not say as the log does ("*": the words above), and
    how many rows cannot be compared because data was erased.

    With `gone` candidates erased, a row of nobody (a count, or theirs) that differs proves nothing, and as many SBD may
    stand in the seals alone.
    """
    text = _Words(_texts(pdf))
    named: list[str] = []
    unsaid = 0
    for number, row in enumerate(sheet.rows, start=1):
        if text.has_row(row):
            continue
        if gone and not row.mark[0]:
            unsaid += 1
        else:
            named.append(row.mark[0] or str(number))
    sealed = {mark for seal in seals for mark in seal.rows if mark[0]}
    marks = {row.mark for row in sheet.rows if row.mark[0]}
    alone = {sbd for sbd, _ in sealed} - {sbd for sbd, _ in marks}
    if sealed and marks:
        named += sorted({sbd for sbd, _ in sealed ^ marks} - (alone if len(alone) <= gone else set()))
    above = [block.text for block in sheet.body if isinstance(block, Paragraph)]
    if not gone and not all(text.has(paragraph) for paragraph in above):
        named.append(sheet.sbd or "*")
    return tuple(dict.fromkeys(named)), max(unsaid, min(len(alone), gone))


class _Words:
    """What the pages of a file say, whatever lines it stands in."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._run = "".join(_bare(page) for page in pages)
        self._words = {_bare(word) for page in pages for word in page.split()}

    def has(self, paragraph: str) -> bool:
        """Whether a paragraph stands there, in one piece or word by word."""
        bare = _bare(paragraph)
        return bare in self._run or all(_bare(word) in self._words for word in paragraph.split())

    def has_row(self, row: Row) -> bool:
        """Whether a row stands there: every paragraph, and side by side what follows the candidate's number.

        Only the name and what holds digits: words may differ. Erased candidates move the order before the number.
        """
        if not all(self.has(paragraph) for cell in row.cells for paragraph in cell.paragraphs):
            return False
        cells = [_bare("".join(cell.paragraphs)) for cell in row.cells]
        number = _bare(row.mark[0])
        told = cells[cells.index(number) :] if number in cells else []
        data = [index == 1 or _DIGIT.search(cell) is not None for index, cell in enumerate(told)]
        pairs = zip(told, told[1:], data, data[1:], strict=False)
        return all(one + other in self._run for one, other, left, right in pairs if left and right)


def _bare(text: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFC", text)).replace("\ufffe", "").replace("\u00ad", "")


def _texts(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError:
        return []
    try:
        return [_page_text(document, number) for number in range(len(document))]
    finally:
        document.close()


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
