"""Phiếu thu bài: who handed in how many sheets of which paper code, signed by hand; for written exams. Pure.

Only who was let in gets a line to sign. Whoever did not come, was not let in or was suspended is said to be so, and
where there can be no paper the empty places are struck out, so that nobody fills them in later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from reports.attendance import GROUPS, Excused, group_of, seal_letter
from reports.errors import ReportsError
from reports.session_sheet import Frame, birth_cell, cell, count_cell
from reports.sheet import Align, Cell, Row, Sheet
from reports.wording import DASH, clean
from sessions.course.allocation import Place, placed
from sessions.course.states import Standing, State
from sessions.session import Session

KIND: Final = "collection"
ROW_MM: Final = 9.0
_COLUMNS: Final = (
    ("order", 9.0, Align.CENTRE),
    ("sbd", 15.0, Align.CENTRE),
    ("name", 43.0, Align.LEFT),
    ("birth", 21.0, Align.CENTRE),
    ("sex", 11.0, Align.CENTRE),
    ("school-class", 14.0, Align.CENTRE),
    ("sheets", 12.0, Align.CENTRE),
    ("paper-code", 13.0, Align.CENTRE),
    ("signs", 27.0, Align.CENTRE),
)
_IF_ANY: Final = ("waiting", "barred", "excused", "erased")


class CollectionNotWrittenError(ReportsError):
    """A session at which no papers are collected: a driving test, or an exam for a driving licence."""

    code = "collection-not-written"


def require_written(session: Session) -> Session:
    """Return a session of a written exam; raises CollectionNotWrittenError."""
    if session.rules.kind != "exam" or session.rules.classes:
        raise CollectionNotWrittenError(session=session.session_id, rules=session.rules_id)
    return session


def build_collection(
    frame: Frame,
    standings: Iterable[Standing],
    places: Mapping[str, Place],
    *,
    room: str = "",
    excused: Excused = MappingProxyType({}),
    closed: bool = False,
) -> Sheet:
    """Return the page model of `frame.session.component`'s collection list, by room, shift and the list's order.

    `places`: by SBD, from the last draw; who has none stands where the list says. `room`: only that one. `excused`,
    `closed`: as for attendance. Raises CollectionNotWrittenError, TextMissingError.
    """
    require_written(frame.session)
    shown = [row for row in standings if not room or _room(row, places) == room]
    shown.sort(key=lambda row: (row.seat.erased, _room(row, places), _shift(row, places)))
    writer = _Writer(frame, shown, places, excused)
    counts = collection_counts(shown, excused)
    lines = [frame.say("line.subject", subject=writer.subjects), frame.day_line]
    if room:
        lines.insert(1, frame.say("line.room", room=room))
    sheet = frame.sheet(
        KIND,
        variant="-".join(part for part in (frame.session.component, room) if part),
        header=frame.header(KIND, lines),
        columns=frame.columns(_COLUMNS),
        rows=[writer.row(order, standing) for order, standing in enumerate(shown, start=1)],
        closing=frame.closing(KIND, _totals(frame, counts, closed=closed), (frame.say("collection.remark"),)),
        counts=counts,
        row_mm=ROW_MM,
    )
    return replace(sheet, portrait=True)


def collection_counts(shown: Sequence[Standing], excused: Excused) -> Mapping[str, int]:
    """Return what the foot says, by name: `listed` is the sum of GROUPS; `suspended` are those of `present` who were
    suspended after they had come in.
    """
    groups = Counter(group_of(standing, excused) for standing in shown)
    suspended = sum(row.admitted and row.state is State.SUSPENDED for row in shown)
    return {"listed": len(shown), **{name: groups[name] for name in GROUPS}, "suspended": suspended}


def _room(standing: Standing, places: Mapping[str, Place]) -> str:
    return placed(standing.seat, places)[0]


def _shift(standing: Standing, places: Mapping[str, Place]) -> int:
    place = places.get(standing.sbd)
    return 0 if place is None else place.shift


class _Writer:
    """Turns standings into table rows; names a row's room and shift where there are several."""

    def __init__(
        self, frame: Frame, shown: Sequence[Standing], places: Mapping[str, Place], excused: Excused
    ) -> None:
        self._frame, self._places, self._excused = frame, places, excused
        seated = [row for row in shown if not row.seat.erased]
        self._rooms = len({_room(row, places) for row in seated}) > 1
        self._shifts = len({_shift(row, places) for row in seated}) > 1
        label = frame.session.component_label
        self.subjects = "; ".join(dict.fromkeys(row.seat.subject or label for row in seated)) or label
        self._subjects = len({row.seat.subject or label for row in seated}) > 1

    def row(self, order: int, standing: Standing) -> Row:
        """Return the table row of one candidate."""
        seat = standing.seat
        if seat.erased:
            values = {"order": count_cell(order), "name": cell(self._frame.say("collection.erased"))}
            cells = tuple(values.get(name, cell(DASH)) for name, _, _ in _COLUMNS)
            return Row(cells=cells, mark=("", "-"))
        values = {
            "order": count_cell(order),
            "sbd": cell(seat.sbd, strong=True),
            "name": cell(seat.full_name, *self._where(standing)),
            "birth": birth_cell(seat.birth),
            "sex": cell(self._frame.coded("sex", seat.sex) if seat.sex else DASH),
            "school-class": cell(seat.school_class or DASH),
            **self._by_hand(standing),
        }
        cells = tuple(values[name] for name, _, _ in _COLUMNS)
        return Row(cells=cells, mark=(clean(seat.sbd), seal_letter(standing)))

    def _by_hand(self, standing: Standing) -> Mapping[str, Cell]:
        """Return the places to fill in; struck out, and why, where there is no paper."""
        group = group_of(standing, self._excused)
        if group == "present":
            suspended = standing.state is State.SUSPENDED
            said = self._frame.coded("state", standing.state.value) if suspended else ""
            return {"sheets": cell(""), "paper-code": cell(""), "signs": cell(said, strong=True)}
        if standing.state is State.SUSPENDED:
            group = "barred"
        said = {
            "missing": self._frame.coded("state", standing.state.value),
            "excused": self._frame.coded("excused", self._excused.get(standing.sbd, "")),
        }.get(group) or self._frame.say(f"collection.{group}")
        return {"sheets": cell(DASH), "paper-code": cell(DASH), "signs": cell(said, strong=True)}

    def _where(self, standing: Standing) -> list[str]:
        """Return room, shift and subject in one line, those of which the sheet has several."""
        seat = standing.seat
        shift = _shift(standing, self._places)
        parts = [
            self._frame.say("line.room", room=_room(standing, self._places) or DASH) if self._rooms else "",
            self._frame.say("collection.shift", shift=shift) if self._shifts and shift else "",
            (seat.subject or self._frame.session.component_label) if self._subjects else "",
        ]
        found = " · ".join(part for part in parts if part)
        return [found] if found else []


def _totals(frame: Frame, counts: Mapping[str, int], *, closed: bool) -> list[str]:
    """Return the counts in figures and words, then what is counted and written by hand."""
    return [
        frame.count("listed", counts["listed"]),
        frame.count("collection-present", counts["present"]),
        *([frame.count("collection-suspended", counts["suspended"])] if counts["suspended"] else []),
        frame.count("absent" if closed else "not-come", counts["missing"]),
        *(frame.count(name, counts[name]) for name in _IF_ANY if counts[name]),
        frame.say("collection.papers"),
        frame.say("collection.sheets"),
    ]
