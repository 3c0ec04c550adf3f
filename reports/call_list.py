"""The list by which candidates are called to a component: room, seat or car, and a place to sign. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reports.posting import POSTED_ROW_MM, posted_header, posted_specs
from reports.session_sheet import Frame, Spec, birth_cell, cell, count_cell, of_kind
from reports.sheet import ROW_MM, Align, Row, Sheet
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
    frame: Frame,
    seats: Sequence[Seat],
    places: Mapping[str, Place],
    *,
    room: str = "",
    waiting: int = 0,
    posted: bool = False,
) -> Sheet:
    """Return the page model of `frame.session.component`'s list, in the order of `seats`.

    `places`: by SBD, from the last allocation; who has none stands where the roster says. `room`: only that room.
    `waiting`: how many more wait for the result of an earlier component. `posted`: a copy for a
    wall, without the place to sign.
    """
    shown = [seat for seat in seats if not seat.erased]
    if room:
        shown = [seat for seat in shown if placed(seat, places)[0] == room]
    specs = of_kind(frame.session, _COLUMNS)
    if posted:
        specs = posted_specs(specs, without=("signature",), wide=("name", "note"))
    rows = [
        _row(frame, specs, order, seat, placed(seat, places)) for order, seat in enumerate(shown, start=1)
    ]
    lines = [frame.say("line.component", component=frame.session.component_label), frame.day_line]
    if room:
        lines.insert(1, frame.say("line.room", room=room))
    counts = {"called": len(rows)}
    totals = [frame.count("called", len(rows))]
    if waiting:
        totals.append(frame.count("call-waiting", waiting))
    sheet = frame.sheet(
        KIND,
        variant="-".join(part for part in (frame.session.component, room) if part),
        header=posted_header(frame, frame.header(KIND, lines), posted=posted),
        columns=frame.columns(specs),
        rows=rows,
        closing=frame.closing(KIND, totals),
        counts=counts,
    )
    return replace(sheet, posted=posted, row_mm=POSTED_ROW_MM if posted else ROW_MM)


def _row(frame: Frame, specs: Sequence[Spec], order: int, seat: Seat, place: tuple[str, str]) -> Row:
    room, number = place
    values = {
        "order": count_cell(order),
        "sbd": cell(seat.sbd, strong=True),
        "name": cell(seat.full_name),
        "birth": birth_cell(seat.birth),
        "class": cell(seat.licence_class or DASH),
        "school-class": cell(seat.school_class or seat.licence_class or DASH),
        "room": cell(room or DASH),
        "seat": cell(number or seat.car or DASH),
        "note": cell(frame.say("note.addition", mark=seat.addition) if seat.addition else ""),
    }
    cells = tuple(values.get(name, cell("")) for name, _, _ in specs)
    return Row(cells=cells, mark=(clean(seat.sbd), "-"))
