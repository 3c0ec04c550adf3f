"""What a sheet says, held against the log: the print, every row as of its tree head, tree head, later signatures.

The sheet is built again from the log as of the tree head that it shows and drawn: the same bytes, or every row is
compared. Candidates whose data was erased since can only be named as such.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from proctor.anchors import seal_texts
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.sheet_kinds import rebuild
from proctor.sheet_rows import compare_rows, facts_of, page_texts, says_totals
from proctor.witness.settings import load_witnesses
from reports.errors import ReportsError
from reports.pdf import Drawn, draw
from reports.seal import SHORT_HASH, PageSeal, read_seal
from reports.sheet import Sheet
from reports.verify_revisions import split_revisions
from reports.verify_sheet import SheetFinding, SignatureFinding, SignatureKind
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
_TOLD: Final = 100


class Content(StrEnum):
    """How a sheet stands to the log.

    WORDING: every page seals the very rows and words that the log gives; only head, foot or pictures differ.
    OTHER_WORDS: they differ, and nothing can be named: another version of the program may have had other words.
    """

    SAME = "same"
    WORDING = "wording"
    DIFFERS = "differs"
    OTHER_WORDS = "other-words"
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

    `seq`: the entry that printed it; `size`: of the tree head; `rows`: of the sheet as built again; `differing`: what
    differs, as `sheet_rows.Compared` names it (MAX_NAMED at most, `more` beyond them); `erased`: rows that were erased
    since; `missing`: fields whose logged signature the file lacks; `unlogged`: fields whose signature is not the one
    that the log entered; `newer`: the log knows a later state of this sheet than the file; `statuses`: what was known
    of a field's certificate when it was signed; `head`: whether the tree head is the log's; `cosigned`,
    `not_cosigned`: names of witnesses.
    """

    content: Content
    seq: int = -1
    session: str = ""
    kind: str = ""
    copy: int = 0
    size: int = 0
    rows: int = 0
    differing: tuple[str, ...] = ()
    more: int = 0
    erased: int = 0
    why: str = ""
    missing: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    newer: bool = False
    statuses: Mapping[str, str] = field(default_factory=dict)
    head: bool = False
    cosigned: tuple[str, ...] = ()
    not_cosigned: tuple[str, ...] = ()
    printed: Entry | None = field(default=None, repr=False)

    @property
    def agrees(self) -> bool:
        """Whether nothing in the log speaks against the sheet."""
        good = self.content in {Content.SAME, Content.WORDING, Content.ERASED}
        return self.head and good and not self.unlogged and not self.newer


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a sealed sheet says of itself: its title, session and the size of its tree head; empty where it does not."""

    title: str = ""
    session: str = ""
    size: str = ""


def told_by(pdf: bytes) -> Told:
    """Return what a sheet says of itself; only the seal over the whole file, verified before, vouches for it."""
    facts = facts_of(pdf)
    session = facts.get("Subject", "")
    try:
        heads = {str(parse_seal(text).size) for text in seal_texts(pdf)}
    except (ReportsError, NoteFormatError):
        heads = set()
    title = facts.get("Title", "").removesuffix(session).strip()
    return Told(title=title[:_TOLD], session=session[:_TOLD], size=", ".join(sorted(heads))[:_TOLD])


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
    signed = _signatures(opened, pdf, finding)
    content = _content(opened, printed, finding, seals)
    return LogFinding(
        content=content.content,
        seq=printed.seq,
        session=body["session"],
        kind=body["sheet"],
        copy=body.get("copy", 0),
        size=body["sheet_size"],
        rows=content.rows,
        differing=content.differing,
        more=content.more,
        erased=content.erased,
        why=content.why,
        missing=signed.missing,
        unlogged=signed.unlogged,
        newer=signed.newer,
        statuses=signed.statuses,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The signatures of a file beside those of the log, as in `LogFinding`."""

    missing: tuple[str, ...]
    unlogged: tuple[str, ...]
    newer: bool
    statuses: Mapping[str, str]


def _signatures(opened: OpenRoot, pdf: bytes, finding: SheetFinding) -> _Signed:
    """Hold every state of a file, as each of its revisions left it, against the states that the log entered.

    A signature is the log's only if the file, up to its end, is what was entered: same look, same time, same octets.
    """
    ends = [each.end for each in split_revisions(pdf)]
    states = [hashlib.sha256(pdf[:end]).hexdigest() for end in ends]
    known, reached, newer = dict[str, Mapping[str, str]](), {finding.sealed_sha256}, False
    entries = (*opened.store.entries("sheet-signature"), *opened.store.entries("sheet-timestamp"))
    for entry in sorted(entries, key=lambda each: each.seq):
        body = entry.body
        if body["pdf_sha256"] not in reached:
            continue
        after = body["signed_sha256"] if entry.kind == "sheet-signature" else body["stamped_sha256"]
        reached.add(after)
        newer = newer or after not in states
        if entry.kind == "sheet-signature":
            known[after] = body
    logged = dict[str, str]()
    unlogged = []
    for each in finding.signatures:
        if each.kind is not SignatureKind.TOKEN:
            continue
        entered = known.get(states[each.revision])
        if entered is not None and _is_of(entered, each, states[: each.revision]):
            logged[each.field] = entered["status"]
        else:
            unlogged.append(each.field)
    missing = dict.fromkeys(body["field"] for after, body in known.items() if after not in states)
    return _Signed(missing=tuple(missing), unlogged=tuple(unlogged), newer=newer, statuses=logged)


def _is_of(entered: Mapping[str, str], each: SignatureFinding, before: Sequence[str]) -> bool:
    same = (entered["field"], entered["certificate"]) == (each.field, each.certificate)
    return same and entered["pdf_sha256"] in before


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
    gone, texts = _erased(opened, printed), page_texts(finding.unsigned)
    compared = compare_rows(sheet, texts, seals, gone)
    named = compared.differing
    return LogFinding(
        content=_judged(named, compared.uncomparable, sealed=_sealed_alike(sheet, drawn, seals))
        if gone or named or says_totals(sheet, texts)
        else Content.OTHER_WORDS,
        rows=len(sheet.rows),
        differing=named[:MAX_NAMED],
        more=max(0, len(named) - MAX_NAMED),
        erased=compared.uncomparable,
    )


def _judged(named: Sequence[str], uncomparable: int, *, sealed: bool) -> Content:
    """Return what a file is that is not, byte for byte, what the log gives; `sealed`: its seals say that it is.

    Where rows seem to differ though the seals bear the digests of the log's, a person must look.
    """
    if sealed:
        return Content.OTHER_WORDS if named else Content.WORDING
    if named:
        return Content.DIFFERS
    return Content.ERASED if uncomparable else Content.OTHER_WORDS


def _sealed_alike(sheet: Sheet, drawn: Drawn, seals: Sequence[PageSeal]) -> bool:
    """Whether the seals of all pages bear the numbers, outcomes and digests that the log gives.

    Then rows and body are the same to the last cell. Seals have the first SHORT_HASH bytes of a digest.
    """
    if [mark for seal in seals for mark in seal.rows] != [row.mark for row in sheet.rows]:
        return False
    return [seal.digest for seal in seals] == [digest[:SHORT_HASH] for digest in drawn.digests]


def _erased(opened: OpenRoot, printed: Entry) -> int:
    """Return how many candidates of the sheet's list have no data any more; nothing says which.

    0 where nobody was erased after the print: then it was printed without them.
    """
    body = printed.body
    if not any(entry.seq >= body["sheet_size"] for entry in opened.store.entries("shred", body["session"])):
        return 0
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
