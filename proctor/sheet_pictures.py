"""A photo or scan of printed sheets, checked by the page seals in it: whose they are, which pages are there, what they
say. Printed text is not read from pictures: a person lays the sealed rows beside the paper.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from proctor.picture_seals import PictureSeals, read_picture_seals
from reports.errors import ReportsError, SealSignatureError
from reports.seal import PageSeal, read_seal
from reports.template import KINDS
from sessions.anchor import parse_seal
from sessions.checkpoint import VerifierKey, station_of
from sessions.errors import NoteFormatError
from sessions.station_keys import schedule_of, signers

if TYPE_CHECKING:
    from proctor.roots import OpenRoot
    from proctor.seal_content import Comparison

VALID, UNKNOWN_STATION, FORGED, MALFORMED = "valid", "unknown-station", "forged", "malformed"


class PictureVerdict(StrEnum):
    """What the seals in a picture prove. ALTERED: somebody changed something; UNVERIFIED: something is not proven."""

    INTACT = "intact"
    ALTERED = "altered"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSeal:
    """A page seal in a picture: on which pages of the file (from 1; one that bears it twice stands there twice), and
    what became of its signature.

    `seal` is there only where a believed key signed; else `claimed` is the origin it names, which proves nothing.
    """

    pages: tuple[int, ...]
    status: str
    claimed: str = ""
    seal: PageSeal | None = None
    fingerprint: str = ""

    @property
    def repeated(self) -> bool:
        """Whether a page of a sheet is there more than once: one may be forged below a seal that was copied."""
        return len(self.pages) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSheet:
    """The pages of one sheet that were found, in order, and what the log says of it where one was at hand."""

    pages: tuple[PageSeal, ...]
    comparison: "Comparison | None" = None

    @property
    def first(self) -> PageSeal:
        """The first page that was found; all pages say the same of the sheet."""
        return self.pages[0]

    @property
    def missing(self) -> tuple[int, ...]:
        """The pages of the sheet that were not found."""
        found = {seal.page for seal in self.pages}
        return tuple(page for page in range(1, self.first.pages + 1) if page not in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFinding:
    """What a file of pictures shows. `pages`: how many the file has; `bare`: those on which no seal was found, empty
    backs aside; `letters`: those that a PDF draws, which is no scan then, and may be a sheet whose seal was taken off;
    `crowded`: those that show more than the page of their seal; `whole`: no page was left out.
    `compared`: a log was at hand.
    """

    pages: int
    bare: tuple[int, ...]
    whole: bool
    seals: tuple[FoundSeal, ...]
    sheets: tuple[SealedSheet, ...]
    letters: tuple[int, ...] = ()
    crowded: tuple[int, ...] = ()
    compared: bool = False

    @property
    def verdict(self) -> PictureVerdict:
        """INTACT where every page has a valid seal, no page of a sheet is missing or there twice, and no log
        contradicts.

        A file of one page is a photo of one page: what it lacks of its sheet is said, and proves nothing against it.
        """
        said = [sheet.comparison for sheet in self.sheets if sheet.comparison is not None]
        if any(seal.status == FORGED for seal in self.seals) or any(found.contradicts for found in said):
            return PictureVerdict.ALTERED
        sealed = bool(self.seals) and all(seal.status == VALID for seal in self.seals)
        complete = self.whole and not self.bare and (self.pages == 1 or not self.lacks)
        single = not self.crowded and not any(seal.repeated for seal in self.seals)
        if sealed and complete and single and not self.letters and all(found.ok for found in said):
            return PictureVerdict.INTACT
        return PictureVerdict.UNVERIFIED

    @property
    def lacks(self) -> bool:
        """Whether pages of a sheet are missing."""
        return any(sheet.missing for sheet in self.sheets)

    @property
    def ok(self) -> bool:
        """Whether the verdict is INTACT."""
        return self.verdict is PictureVerdict.INTACT


def verify_picture(
    data: bytes, keys: Iterable[VerifierKey], opened: "OpenRoot | None" = None, *, file: str = ""
) -> PictureFinding:
    """Return what the page seals in a photo or scan say, under the pinned `keys`; offline.

    With `opened` the keys that its log has had count too, and what is sealed is compared with the log as of the sealed
    tree head. Raises CommandError as `read_picture_seals`, SessionsError for a damaged log.
    """
    read = read_picture_seals(data, file=file)
    pages_of: dict[str, list[int]] = {}
    for number, texts in enumerate(read.pages, start=1):
        for text in texts:
            pages_of.setdefault(text, []).append(number)
    pinned = tuple(keys)
    seals = tuple(_judge(text, tuple(pages), pinned, opened) for text, pages in pages_of.items())
    return PictureFinding(
        pages=len(read.pages),
        bare=tuple(
            number
            for number, texts in enumerate(read.pages, start=1)
            if not texts and number not in read.empty
        ),
        letters=read.letters,
        crowded=_crowded(read, seals),
        whole=read.whole,
        seals=seals,
        sheets=_sheets([found.seal for found in seals if found.seal is not None], opened),
        compared=opened is not None,
    )


def _crowded(read: PictureSeals, seals: Sequence[FoundSeal]) -> tuple[int, ...]:
    """Return the pages of the file with letters beyond the page of their seal, which lies or stands by its kind."""
    lying, upright = set(read.beyond_lying), set(read.beyond_upright)
    crowded = set()
    for number in lying | upright:
        forms = {
            _is_upright(found.seal) for found in seals if number in found.pages and found.seal is not None
        }
        beyond = {False: number in lying, True: number in upright}
        if forms and all(beyond[form] for form in forms):
            crowded.add(number)
    return tuple(sorted(crowded))


def _is_upright(seal: PageSeal) -> bool:
    return seal.kind in KINDS and KINDS[seal.kind].upright


def _judge(
    text: str, pages: tuple[int, ...], pinned: Sequence[VerifierKey], opened: "OpenRoot | None"
) -> FoundSeal:
    try:
        claim = parse_seal(text)
    except NoteFormatError:
        return FoundSeal(pages=pages, status=MALFORMED)
    keys = _keys_for(claim.origin, claim.size, pinned, opened)
    status = FORGED if keys else UNKNOWN_STATION
    for key in keys:
        try:
            seal = read_seal(text, key)
        except SealSignatureError:
            continue
        except ReportsError:
            return FoundSeal(pages=pages, status=MALFORMED, claimed=claim.origin)
        return FoundSeal(
            pages=pages, status=VALID, claimed=claim.origin, seal=seal, fingerprint=key.fingerprint
        )
    return FoundSeal(pages=pages, status=status, claimed=claim.origin)


def _keys_for(
    origin: str, size: int, pinned: Sequence[VerifierKey], opened: "OpenRoot | None"
) -> tuple[VerifierKey, ...]:
    """Return the keys that may have sealed this tree head of this station, named by the origin in question."""
    known: tuple[VerifierKey, ...] = tuple(key for key in pinned if _same(key.name, origin))
    if opened is not None and _same(opened.store.origin, origin):
        schedule = schedule_of(opened.store)
        following = schedule.period_of(
            size + 1
        )  # printed right after a rotation: the head was signed before it
        known = (*signers(schedule, size, known), *(() if following is None else following.keys))
    publics = dict.fromkeys(key.public for key in known)
    return tuple(VerifierKey(name=origin, public=public) for public in publics)


def _same(name: str, origin: str) -> bool:
    return station_of(name) == station_of(origin)


def _sheets(seals: Sequence[PageSeal], opened: "OpenRoot | None") -> tuple[SealedSheet, ...]:
    """Return the sheets these pages belong to. Two that are the same page of one sheet belong to two."""
    groups: list[list[PageSeal]] = []
    for seal in sorted(seals, key=lambda seal: seal.page):
        fitting = (
            group
            for group in groups
            if _sheet_of(group[0]) == _sheet_of(seal) and seal.page not in {each.page for each in group}
        )
        group = next(fitting, None)
        if group is None:
            groups.append([seal])
        else:
            group.append(seal)
    sheets = [tuple(group) for group in groups]
    if opened is None:
        return tuple(SealedSheet(pages=pages) for pages in sheets)
    from proctor.seal_content import compare  # noqa: PLC0415  only with a log: builds the sheet anew

    return tuple(SealedSheet(pages=pages, comparison=compare(opened, pages)) for pages in sheets)


def _sheet_of(seal: PageSeal) -> tuple[object, ...]:
    """Return what all pages of one sheet have in common; a slip is one candidate's."""
    whose = tuple(dict.fromkeys(number for number, _ in seal.rows)) if seal.kind == "slip" else ()
    head = (seal.origin, seal.size, seal.root)
    return (seal.kind, seal.variant, seal.session_id, seal.pages, seal.roster, *head, *whose)
