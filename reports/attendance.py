"""The attendance and identification sheet: a session's roll as a page model. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from reports.errors import PortraitError
from reports.fonts import missing_letters
from reports.foot import foot_of, training_marks
from reports.portrait import thumbnail
from reports.sheet import (
    Align,
    Cell,
    Closing,
    Column,
    Header,
    Letterhead,
    Portraits,
    Row,
    Sheet,
    SignatureBlock,
    Thumbnail,
)
from reports.wording import DASH, Texts, clean, say
from reports.words import number_words
from sessions.checkpoint import Checkpoint
from sessions.record import Verdict
from sessions.session import RollRow, Session, State
from sessions.witnesses import Cosigners

KIND: Final = "attendance"
VIETNAM: Final = timezone(timedelta(hours=7))
_BLANK: Final = frozenset({"portraits", "signature", "note"})
_DOTS: Final = "\u2026" * 14
_MARKS: Final = {
    State.NOT_SEEN: "-",
    State.ADMITTED: "A",
    State.REFERRED: "R",
    State.REFUSED: "X",
    State.ERASED: "-",
}
_VERDICTS: Final = {
    State.ADMITTED: Verdict.ADMIT,
    State.REFERRED: Verdict.REFER,
    State.REFUSED: Verdict.REFUSE,
}
_COLUMNS: Final = (
    ("order", 8.0, Align.CENTRE),
    ("portraits", 19.5, Align.CENTRE),
    ("sbd", 11.0, Align.CENTRE),
    ("name", 43.0, Align.LEFT),
    ("birth", 19.0, Align.CENTRE),
    ("id-number", 23.5, Align.CENTRE),
    ("class", 10.5, Align.CENTRE),
    ("component", 17.0, Align.CENTRE),
    ("time", 11.0, Align.CENTRE),
    ("method", 19.5, Align.CENTRE),
    ("result", 26.0, Align.CENTRE),
    ("signature", 20.0, Align.CENTRE),
    ("note", 24.0, Align.LEFT),
)
_ROLES: Final = {
    "driving-test": ("preparer", "examiner", "oversight"),
    "exam": ("invigilator-1", "invigilator-2", "site-head"),
}
_OTHER_ROLES: Final = ("preparer", "checker", "head")

PortraitOf = Callable[[int], bytes | None]
"""From an entry's number to a JPEG the station encoded, or None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Where portraits come from: the chip's and the camera's, by entry number."""

    chip: PortraitOf
    live: PortraitOf


def no_pictures(_seq: int) -> bytes | None:
    """Return None: a sheet without portraits."""
    return None


NO_PICTURES: Final = Pictures(chip=no_pictures, live=no_pictures)


def build_attendance(
    session: Session,
    roll: Sequence[RollRow],
    *,
    texts: Texts,
    head: Checkpoint,
    pictures: Pictures = NO_PICTURES,
    letterhead: Letterhead | None = None,
    language: str = "vi",
    posted: bool = False,
    unlisted: int = 0,
    cosigners: Cosigners | None = None,
) -> Sheet:
    """Return the page model of a session's roll as of tree head `head`, in the roll's order.

    A training session's sheet says so on every page. `posted` masks the numbers for a copy on a wall. A portrait
    that cannot be printed leaves its frame empty and says so in the note. `unlisted`: attempts of people who are on
    no row. `cosigners`: who cosigned `head`; None where the station has no witness. Raises TextMissingError.
    """
    writer = _Writer(session, texts, pictures, posted=posted)
    return Sheet(
        kind=KIND,
        session_id=session.session_id,
        language=language,
        header=_header(session, texts, letterhead or Letterhead()),
        columns=tuple(
            Column(
                heading=say(texts, f"sheet.column.{name}"),
                width_mm=wide,
                align=align,
                portraits=name == "portraits",
            )
            for name, wide, align in _COLUMNS
        ),
        rows=tuple(writer.row(order, entry) for order, entry in enumerate(roll, start=1)),
        closing=_closing(session, texts, roll, unlisted),
        foot=foot_of(session, texts, head, cosigners),
        roster_hash=session.roster_hash,
        head=head,
        training=training_marks(session, texts),
    )


def mask_number(number: str) -> str:
    """Return a number with its middle hidden: 001099000001 → 001•••••0001."""
    return number[:3] + "\u2022" * max(0, len(number) - 7) + number[-4:] if len(number) > 7 else "\u2022" * 8


class _Writer:
    """Turns roll rows into table rows."""

    def __init__(self, session: Session, texts: Texts, pictures: Pictures, *, posted: bool) -> None:
        self._session = session
        self._texts = texts
        self._pictures = pictures
        self._posted = posted

    def row(self, order: int, entry: RollRow) -> Row:
        """Return the table row of one candidate."""
        seat = entry.seat
        if seat.erased:
            return self._erased(order)
        portraits, damaged = self._portraits(entry)
        values = (
            _cell(str(order)),
            _cell(""),
            _cell(seat.sbd, strong=True),
            _cell(seat.full_name),
            _cell(seat.birth.display),
            _cell(mask_number(seat.id_number) if self._posted else seat.id_number),
            _cell(seat.licence_class or DASH),
            _cell(seat.subject or self._session.component_label),
            _cell(_clock(entry.at) if entry.at else DASH),
            _cell(self._say("method", entry.method) if entry.method else DASH),
            self._result(entry),
            _cell(""),
            self._note(entry, damaged=damaged),
        )
        return Row(cells=values, mark=(clean(seat.sbd), _MARKS[entry.state]), portraits=portraits)

    def _erased(self, order: int) -> Row:
        """Return the row of a candidate whose data were erased: its place in the list, and that."""
        gone = _cell(self._say("note", "erased"))
        told = {"order": _cell(str(order)), "sbd": gone, "name": gone}
        cells = tuple(told.get(name, _cell("" if name in _BLANK else DASH)) for name, _, _ in _COLUMNS)
        return Row(cells=cells, mark=("", _MARKS[State.ERASED]))

    def _say(self, group: str, name: str) -> str:
        return say(self._texts, f"sheet.{group}.{name}")

    def _result(self, entry: RollRow) -> Cell:
        verdict = _VERDICTS.get(entry.state)
        if verdict is None:
            return _cell(DASH)
        words = [self._say("verdict", verdict.value)]
        if entry.chip_verdict:
            words.append(self._say("chip", entry.chip_verdict))
        return _cell(*words, strong=True)

    def _note(self, entry: RollRow, *, damaged: bool) -> Cell:
        notes = self._place(entry)
        listed = entry.seat.components
        if listed and self._session.component not in listed:
            notes.append(say(self._texts, "sheet.note.not-listed"))
        if entry.state is not State.ADMITTED:
            notes += [self._reason(code) for code in entry.reasons]
        if entry.attempts > 1:
            notes.append(say(self._texts, "sheet.note.attempts", count=entry.attempts))
        if missing_letters(clean(entry.seat.full_name)):
            notes.append(say(self._texts, "sheet.note.letters"))
        if damaged:
            notes.append(say(self._texts, "sheet.note.portrait"))
        return _cell(*notes)

    def _place(self, entry: RollRow) -> list[str]:
        """Return room, seat and shift in one line, as far as the roster has them."""
        parts = [part for part in (entry.seat.room, entry.seat.seat, entry.seat.shift) if part]
        return [say(self._texts, "sheet.note.place", place=" · ".join(parts))] if parts else []

    def _reason(self, code: str) -> str:
        key = f"sheet.reason.{code}"
        if key in self._texts:
            return say(self._texts, key)
        return say(self._texts, "sheet.reason.other", code=code)

    def _portraits(self, entry: RollRow) -> tuple[Portraits, bool]:
        """Return the pictures of an attempt, and whether one of them could not be used."""
        if entry.seq is None:
            return Portraits(), False
        found: list[Thumbnail | None] = []
        damaged = False
        for source in (self._pictures.chip, self._pictures.live):
            jpeg = source(entry.seq)
            try:
                found.append(None if jpeg is None else thumbnail(jpeg))
            except PortraitError:
                found.append(None)
                damaged = True
        return Portraits(chip=found[0], live=found[1]), damaged


def _cell(*paragraphs: str, strong: bool = False) -> Cell:
    cleaned = tuple(clean(text) for text in paragraphs)
    return Cell(paragraphs=tuple(text for text in cleaned if text), strong=strong)


def _header(session: Session, texts: Texts, letterhead: Letterhead) -> Header:
    return Header(
        parent=clean(letterhead.parent).upper() or _DOTS,
        agency=clean(letterhead.agency).upper() or _DOTS,
        number=say(texts, "sheet.number", symbol=clean(letterhead.symbol) or _DOTS[:6]),
        nation=say(texts, "sheet.nation"),
        motto=say(texts, "sheet.motto"),
        place_and_date=_place_and_date(session.day, texts, clean(letterhead.locality) or _DOTS[:10]),
        title=say(texts, "sheet.attendance.title"),
        lines=(
            say(
                texts,
                "sheet.attendance.session",
                component=session.component_label,
                day=session.day.strftime("%d/%m/%Y"),
                place=session.place,
            ),
            say(
                texts,
                "sheet.attendance.rules",
                session=session.session_id,
                rules=session.rules_id,
                sha256=session.rules_sha256[:16],
            ),
        ),
    )


def _place_and_date(day: date, texts: Texts, locality: str) -> str:
    """Return "…, ngày 05 tháng 02 năm 2026": days under 10 and months 1 and 2 with a nought before them."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return say(
        texts, "sheet.place-and-date", place=locality, day=f"{day.day:02d}", month=month, year=day.year
    )


def _closing(session: Session, texts: Texts, roll: Sequence[RollRow], unlisted: int) -> Closing:
    counts = {state: sum(entry.state is state for entry in roll) for state in State}
    roles = _ROLES.get(session.rules.kind, _OTHER_ROLES)
    return Closing(
        totals=(
            _total(texts, "listed", len(roll)),
            _total(texts, "admitted", counts[State.ADMITTED]),
            _total(texts, "referred", counts[State.REFERRED]),
            _total(texts, "refused", counts[State.REFUSED]),
            _total(texts, "not-seen", counts[State.NOT_SEEN]),
            *([_total(texts, "erased", counts[State.ERASED])] if counts[State.ERASED] else []),
            _total(texts, "unlisted", unlisted),
            say(texts, "sheet.total.absent", dash=DASH),
            say(texts, "sheet.total.exceptions", dash=DASH),
        ),
        remarks=(say(texts, "sheet.attendance.remark"),),
        recipients_label=say(texts, "sheet.recipients"),
        recipients=(say(texts, "sheet.recipient.council"), say(texts, "sheet.recipient.file")),
        signatures=tuple(
            SignatureBlock(role=say(texts, f"sheet.role.{role}"), hint=say(texts, "sheet.sign-here"))
            for role in roles
        ),
    )


def _total(texts: Texts, name: str, count: int) -> str:
    return say(texts, f"sheet.total.{name}", count=count, words=number_words(count))


def _clock(at: datetime) -> str:
    """Return the hour and minute in Vietnam of a UTC time."""
    return at.astimezone(VIETNAM).strftime("%H:%M")
