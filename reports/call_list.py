"""The list by which candidates are called to a component: room, seat or car, and a place to sign. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reports.session_sheet import Frame, birth_cell, cell, count_cell
from reports.sheet import Align, Row, Sheet
from reports.wording import DASH, clean
from sessions.course.allocation import Place, placed
from sessions.roster.model import Seat

KIND: Final = "call-list"
_COLUMNS: Final = (
    ("order", 10.0, Align.CENTRE),
    ("sbd", 18.0, Align.CENTRE),
    ("name", 66.0, Align.LEFT),
    ("birth", 25.0, Align.CENTRE),
    ("class", 15.0, Align.CENTRE),
    ("room", 24.0, Align.CENTRE),
    ("seat", 22.0, Align.CENTRE),
    ("signature", 38.0, Align.CENTRE),
    ("note", 34.0, Align.LEFT),
)


def build_call_list(
    frame: Frame, seats: Sequence[Seat], places: Mapping[str, Place], *, room: str = "", waiting: int = 0
) -> Sheet:
    """Return the page model of `frame.session.component`'s list, in the order of `seats`.

    `places`: by SBD, from the last allocation; who has none stands where the roster says. `room`: only that room.
    `waiting`: how many more wait for the result of an earlier component.
    """
    shown = [seat for seat in seats if not seat.erased]
    if room:
        shown = [seat for seat in shown if placed(seat, places)[0] == room]
    rows = [_row(frame, order, seat, placed(seat, places)) for order, seat in enumerate(shown, start=1)]
    lines = [frame.say("line.component", component=frame.session.component_label), frame.day_line]
    if room:
        lines.insert(1, frame.say("line.room", room=room))
    counts = {"called": len(rows)}
    totals = [frame.count("called", len(rows))]
    if waiting:
        totals.append(frame.count("call-waiting", waiting))
    return frame.sheet(
        KIND,
        variant="-".join(part for part in (frame.session.component, room) if part),
        header=frame.header(KIND, lines),
        columns=frame.columns(_COLUMNS),
        rows=rows,
        closing=frame.closing(KIND, totals),
        counts=counts,
    )


def _row(frame: Frame, order: int, seat: Seat, place: tuple[str, str]) -> Row:
    room, number = place
    cells = (
        count_cell(order),
        cell(seat.sbd, strong=True),
        cell(seat.full_name),
        birth_cell(seat.birth),
        cell(seat.licence_class or DASH),
        cell(room or DASH),
        cell(number or seat.car or DASH),
        cell(""),
        cell(frame.say("note.addition", mark=seat.addition) if seat.addition else ""),
    )
    return Row(cells=cells, mark=(clean(seat.sbd), "-"))
