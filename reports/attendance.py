"""The attendance and identification sheet: who stood where at one component, as a page model. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from reports.errors import PortraitError
from reports.fonts import missing_letters
from reports.portrait import thumbnail
from reports.posting import POSTED_ROW_MM, mask_number, posted_header, posted_specs
from reports.session_sheet import Frame, Spec, birth_cell, cell, clock_cell, count_cell, of_kind
from reports.sheet import ROW_MM, Align, Cell, Closing, Letterhead, Portraits, Row, Sheet, Thumbnail
from reports.wording import DASH, Texts, clean, say
from sessions.checkpoint import Checkpoint
from sessions.course.allocation import Place, placed, places_of
from sessions.course.entries import SessionEntry
from sessions.course.states import Standing, State
from sessions.record import Verdict, parse_utc
from sessions.session import Session
from sessions.witnesses import Cosigners

KIND: Final = "attendance"
_BLANK: Final = frozenset({"portraits", "signature", "note"})
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
_PRIVATE: Final = frozenset({"portraits", "method", "signature"})
"""Columns that a copy for a wall does not have."""
NOT_COME: Final = frozenset({State.NOT_SEEN, State.IN_CHECK, State.ABSENT, State.ERASED})
"""States of somebody of whom no check has ended: not present as far as the record knows."""
Excused = Mapping[str, str]
"""By SBD why somebody does not take the component: "blocked" (an earlier one was not passed), "kept", "not-listed"."""
DECIDED_BY_PERSONS: Final = frozenset({"override", "decision", "manual"})
"""The kinds of entries by which persons decide about one candidate: what the foot calls exceptions."""
ON_A_WALL: Final = ("listed", "present", "waiting", "missing", "erased")
"""The counts of a copy for a wall: of whom the machine or persons turned away, and why, it says nothing."""

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
    standings: Sequence[Standing],
    *,
    texts: Texts,
    head: Checkpoint,
    entries: Sequence[SessionEntry] = (),
    excused: Excused = MappingProxyType({}),
    closed: bool = False,
    pictures: Pictures = NO_PICTURES,
    letterhead: Letterhead | None = None,
    language: str = "vi",
    posted: bool = False,
    cosigners: Cosigners | None = None,
) -> Sheet:
    """Return the page model of `session.component` as of tree head `head`, in the order of `standings`.

    `entries`: the session's, for what the foot counts beside the candidates. `excused`: who does not take the
    component, and is not absent. `closed`: the session was reconciled, so that who did not come is absent. A training
    session's sheet says so on every page. `posted`: a copy for a wall, as `reports.posting`. A portrait that cannot
    be printed leaves its frame empty and says so in the note. `cosigners`: who cosigned `head`; None where the
    station has no witness. Raises TextMissingError.
    """
    frame = Frame(
        session=session,
        texts=texts,
        head=head,
        cosigners=cosigners,
        letterhead=letterhead or Letterhead(),
        language=language,
    )
    writer = _Writer(frame, pictures, places_of(entries, session.component), excused, posted=posted)
    specs = writer.specs
    counts = attendance_counts(session.component, standings, entries, excused)
    if posted:
        counts = {name: counts[name] for name in ON_A_WALL}
    sheet = frame.sheet(
        KIND,
        variant=session.component,
        header=posted_header(frame, frame.header(KIND, (_line(frame),)), posted=posted),
        columns=frame.columns(specs),
        rows=[writer.row(order, standing) for order, standing in enumerate(standings, start=1)],
        closing=_closing(frame, counts, closed=closed),
        counts=counts,
    )
    return replace(
        sheet,
        columns=tuple(
            replace(column, portraits=name == "portraits")
            for column, (name, _, _) in zip(sheet.columns, specs, strict=True)
        ),
        posted=posted,
        row_mm=POSTED_ROW_MM if posted else ROW_MM,
    )


def attendance_counts(
    component: str,
    standings: Sequence[Standing],
    entries: Sequence[SessionEntry],
    excused: Excused = MappingProxyType({}),
) -> Mapping[str, int]:
    """Return what the foot says, by name.

    `listed` = `present` (let in, by the machine or by persons) + `waiting` (came, and was not let in) + `barred`
    (suspended before they came) + `excused` + `missing` (did not come, or not yet) + `erased`. `refused`: whom the
    machine refused, `decided` those of them whom the chairman let in all the same. `exceptions`: entries by which
    persons decided about a candidate at this component.
    """
    groups = Counter(group_of(standing, excused) for standing in standings)
    states = Counter(standing.state for standing in standings)
    kinds = Counter(entry.kind for entry in entries if entry.body.get("component", component) == component)
    return {
        "listed": len(standings),
        **{name: groups[name] for name in GROUPS},
        "referred": states[State.REFERRED],
        "refused": sum(standing.verdict is Verdict.REFUSE for standing in standings),
        "decided": sum(standing.how == "decision" for standing in standings),
        "late": states[State.LATE],
        "wrong-room": states[State.WRONG_ROOM],
        "duplicate": sum(
            standing.state is State.DUPLICATE or standing.duplicates > 0 for standing in standings
        ),
        "suspended": states[State.SUSPENDED],
        "unlisted": sum(
            entry.kind == "attempt" and "sbd" not in entry.body and entry.body["component"] == component
            for entry in entries
        ),
        "exceptions": sum(kinds[kind] for kind in DECIDED_BY_PERSONS),
    }


_POSTED_LETTERS: Final = MappingProxyType({"present": "A", "waiting": "R"})
GROUPS: Final = ("present", "waiting", "barred", "excused", "missing", "erased")
"""Into which everybody falls, each into one."""


def group_of(standing: Standing, excused: Excused) -> str:
    """Return which of GROUPS a candidate belongs to."""
    if standing.seat.erased:
        return "erased"
    if standing.admitted:
        return "present"
    if standing.entry is not None and standing.entry.kind != "begin":
        return "waiting"
    if standing.state is State.SUSPENDED:
        return "barred"
    return "excused" if standing.sbd in excused else "missing"


class _Writer:
    """Turns standings into table rows."""

    def __init__(
        self,
        frame: Frame,
        pictures: Pictures,
        places: Mapping[str, Place],
        excused: Excused,
        *,
        posted: bool,
    ) -> None:
        self._places = places
        self._excused = excused
        self._frame = frame
        self._session = frame.session
        self._texts = frame.texts
        self._pictures = pictures
        self._posted = posted

    def row(self, order: int, standing: Standing) -> Row:
        """Return the table row of one candidate."""
        seat = standing.seat
        if seat.erased:
            return self._erased(order)
        portraits, damaged = (Portraits(), False) if self._posted else self._portraits(standing)
        digits = seat.id_number or seat.old_number
        values = {
            "order": count_cell(order),
            "sbd": cell(seat.sbd, strong=True),
            "name": cell(seat.full_name),
            "birth": birth_cell(seat.birth),
            "id-number": cell(mask_number(digits) if self._posted and digits else digits or DASH),
            "class": cell(seat.licence_class or DASH),
            "school-class": cell(seat.school_class or seat.licence_class or DASH),
            "component": cell(seat.subject or self._component()),
            "time": clock_cell(
                parse_utc(standing.at) if standing.at and standing.state not in NOT_COME else None
            ),
            "method": cell(self._method(standing)),
            "result": self._posted_result(standing) if self._posted else self._result(standing),
            "note": self._note(standing, damaged=damaged),
        }
        cells = tuple(values.get(name, cell("")) for name, _, _ in self.specs)
        return Row(cells=cells, mark=(clean(seat.sbd), self._letter(standing)), portraits=portraits)

    def _component(self) -> str:
        """Return the component: of a driving test the short name, as the line under the title has the law's own."""
        session = self._session
        short = f"paper.component-short.{session.component}"
        if session.rules.classes and short in self._texts:
            return say(self._texts, short)
        return session.component_label

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The columns: a copy for a wall lacks some."""
        specs = of_kind(self._session, _COLUMNS)
        if not self._posted:
            return specs
        return posted_specs(specs, without=_PRIVATE, wide=("name", "component", "note"))

    def _erased(self, order: int) -> Row:
        """Return the row of a candidate whose data were erased: its place in the list, and that."""
        gone = cell(say(self._texts, "sheet.note.erased"))
        told = {"order": count_cell(order), "sbd": gone, "name": gone}
        cells = tuple(told.get(name, cell("" if name in _BLANK else DASH)) for name, _, _ in self.specs)
        return Row(cells=cells, mark=("", "-"))

    def _method(self, standing: Standing) -> str:
        """Return how somebody was let in, or how the check went that let nobody in."""
        if standing.state in NOT_COME:
            return DASH
        how = standing.how or ("" if standing.attempt is None else str(standing.attempt.body["method"]))
        return self._frame.coded("how", how or "manual")

    def _letter(self, standing: Standing) -> str:
        """Return the seal's letter; on a wall it says what the row says, and nothing of the machine's verdict."""
        if self._posted:
            return _POSTED_LETTERS.get(group_of(standing, self._excused), "-")
        return seal_letter(standing)

    def _posted_result(self, standing: Standing) -> Cell:
        """Return what a wall says: whether somebody is present, not how that was found."""
        group = group_of(standing, self._excused)
        if group == "missing":
            return cell(self._frame.coded("state", standing.state.value), strong=True)
        return cell(self._frame.say(f"posted.{group}"), strong=True)

    def _result(self, standing: Standing) -> Cell:
        if standing.state in {State.ABSENT, State.NOT_SEEN}:
            why = self._excused.get(standing.sbd)
            return cell(
                self._frame.coded("state", standing.state.value)
                if why is None
                else self._frame.coded("excused", why)
            )
        words = [self._frame.coded("state", standing.state.value)]
        if standing.verdict is Verdict.REFUSE and standing.state is not State.REFUSED:
            words.append(self._frame.say("machine.REFUSE"))
        elif standing.how == "override":
            words.append(self._frame.say("machine.REFER"))
        if standing.chip_verdict:
            words.append(say(self._texts, f"sheet.chip.{standing.chip_verdict}"))
        return cell(*words, strong=True)

    def _note(self, standing: Standing, *, damaged: bool) -> Cell:
        seat = standing.seat
        notes = self._place(standing)
        if seat.addition:
            notes.append(self._frame.say("note.addition", mark=seat.addition))
        if seat.components and self._session.component not in seat.components:
            notes.append(say(self._texts, "sheet.note.not-listed"))
        if not self._posted:
            notes += self._checked(standing)
        if missing_letters(clean(seat.full_name)):
            notes.append(say(self._texts, "sheet.note.letters"))
        if damaged:
            notes.append(say(self._texts, "sheet.note.portrait"))
        return cell(*notes)

    def _checked(self, standing: Standing) -> list[str]:
        """Return what the checks found, how often somebody was checked, and what came after."""
        notes: list[str] = []
        if standing.how != "chip-face":
            notes += [self._reason(code) for code in standing.reasons]
        if standing.attempts > 1:
            notes.append(say(self._texts, "sheet.note.attempts", count=standing.attempts))
        return notes + self._marks(standing)

    def _marks(self, standing: Standing) -> list[str]:
        """Return what came after somebody was let in: a second card, later checks that did not agree, incidents."""
        notes = []
        if standing.duplicates:
            notes.append(self._frame.say("note.again", count=standing.duplicates))
        bad = [verdict for _, verdict, _ in standing.rechecks if verdict != Verdict.ADMIT]
        if standing.rechecks:
            notes.append(self._frame.say("note.rechecks", count=len(standing.rechecks), bad=len(bad)))
        if standing.incidents:
            notes.append(self._frame.say("note.incidents", count=len(standing.incidents)))
        if standing.weak:
            notes.append(self._frame.say("note.weak"))
        return notes

    def _place(self, standing: Standing) -> list[str]:
        """Return room, seat, car and shift in one line: by lot, else as far as the roster has them."""
        seat = standing.seat
        car = "" if seat.sbd in self._places else seat.car
        parts = [part for part in (*placed(seat, self._places), car, seat.shift) if part]
        return [say(self._texts, "sheet.note.place", place=" · ".join(parts))] if parts else []

    def _reason(self, code: str) -> str:
        key = f"sheet.reason.{code}"
        if key in self._texts:
            return say(self._texts, key)
        return say(self._texts, "sheet.reason.other", code=code)

    def _portraits(self, standing: Standing) -> tuple[Portraits, bool]:
        """Return the pictures of what decided, and whether one of them could not be used.

        Those of another station's part stayed with that station.
        """
        shown = _pictured(standing)
        if shown is None or shown.part is not None:
            return Portraits(), False
        found: list[Thumbnail | None] = []
        damaged = False
        for source in (self._pictures.chip, self._pictures.live):
            jpeg = source(shown.seq)
            try:
                found.append(None if jpeg is None else thumbnail(jpeg))
            except PortraitError:
                found.append(None)
                damaged = True
        return Portraits(chip=found[0], live=found[1]), damaged


def _pictured(standing: Standing) -> SessionEntry | None:
    """Return the entry whose pictures a row shows: the manual identification, else the attempt that counts."""
    if standing.entry is not None and standing.entry.kind == "manual":
        return standing.entry
    return standing.attempt


def seal_letter(standing: Standing) -> str:
    """Return the page seal's letter: X as long as the machine's refusal is on record, A for whoever was let in."""
    if standing.verdict is Verdict.REFUSE:
        return "X"
    if standing.admitted:
        return "A"
    return "-" if standing.state in NOT_COME else "R"


def _line(frame: Frame) -> str:
    session = frame.session
    return say(
        frame.texts,
        "sheet.attendance.session",
        component=session.component_label,
        day=session.day.strftime("%d/%m/%Y"),
        place=session.place,
    )


_ALWAYS: Final = ("listed", "present", "waiting", "referred", "refused")
_IF_ANY: Final = ("decided", "late", "wrong-room", "duplicate", "suspended", "barred", "excused", "erased")


def _closing(frame: Frame, counts: Mapping[str, int], *, closed: bool) -> Closing:
    """`counts`: the foot says those of them that it knows."""
    names = [name for name in _ALWAYS if name in counts]
    names += [name for name in _IF_ANY if counts.get(name)]
    missing = "absent" if closed else "not-come"
    totals = (
        *(frame.count(name, counts[name]) for name in names),
        frame.count(missing, counts["missing"]),
        *(frame.count(name, counts[name]) for name in ("unlisted", "exceptions") if name in counts),
    )
    return frame.closing(KIND, totals, (say(frame.texts, "sheet.attendance.remark"),))
