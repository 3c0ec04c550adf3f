"""`proctor session allocate|draw`: places and random checks by a lot that anybody can repeat."""

import os
from collections import Counter
from typing import Any

from proctor.commands.context import Context
from proctor.commands.day import entry_json
from proctor.commands.session import open_session
from proctor.names import component_of
from proctor.roots import OpenRoot
from sessions.closing import require_open
from sessions.course.allocation import (
    CARS,
    ROOMS,
    Allocation,
    groups_of,
    parse_rooms,
)
from sessions.course.allocation import allocate as allocated
from sessions.course.board import Board
from sessions.course.day import reason_of, require_not_paused
from sessions.course.day_errors import (
    AllocationAgainError,
    AllocationCapacityError,
    AllocationDividedError,
    AllocationLateError,
    AllocationNobodyError,
)
from sessions.course.draw import SEED_BYTES, Draw, count_of_share, make_draw, parse_seed
from sessions.course.states import Standing, State
from sessions.session import Session
from sessions.store import Receipt


def allocate(context: Context) -> int:
    """Give everybody of a component a room and seat, or a car and turn, by lot."""
    options = context.options
    seed = os.urandom(SEED_BYTES) if options.seed is None else parse_seed(options.seed)
    rooms = parse_rooms(options.cars if options.rooms is None else options.rooms)
    with open_session(context, options.session, login=True) as (opened, session):
        session.rules.require_may(opened.require_login().operator, "start")
        require_open(opened.store, session)
        if session.part is not None:
            raise AllocationDividedError(session=session.session_id)
        held = session.at(options.component or session.component)
        replaces = _replaces(opened, held, options.reason)
        groups = groups_of(held.seats, held.component)
        if not groups:
            raise AllocationNobodyError(component=held.component)
        cars = options.rooms is None
        capacity = _capacity(held, options.capacity, cars=cars)
        found = allocated(groups, rooms, capacity, seed=seed, method=CARS if cars else ROOMS)
        receipt = _commit(context, opened, held, found, replaces)
    data = {
        "ok": True,
        "session": held.session_id,
        "component": held.component,
        "seed": found.seed.hex(),
        "method": found.method,
        "capacity": found.capacity,
        "replaces": replaces,
        "places": [
            {"candidate": sbd, "room": place.room, "seat": place.seat, "shift": place.shift}
            for sbd, place in found.places.items()
        ],
        "entry": entry_json(receipt),
    }
    context.result(data, _allocation_lines(context, held, found))
    return 0


def _capacity(session: Session, given: int | None, *, cars: bool) -> int:
    """Return how many a room takes: by the rules, or fewer. A car's turns have no limit but a given one."""
    limit = session.rules.room_capacity
    if given is None:
        return 0 if cars else limit
    if given < 1 or (not cars and given > limit):
        raise AllocationCapacityError(given=given, limit=limit)
    return given


def _replaces(opened: OpenRoot, session: Session, reason: str) -> int | None:
    """Return the entry whose places are given anew; raises AllocationAgainError, AllocationLateError."""
    board = Board(opened.store, session)
    if any(row.admitted for row in board.standings(session.component)):
        raise AllocationLateError(component=session.component)
    known = [
        entry
        for entry in opened.store.entries("allocation", session.session_id)
        if entry.body["component"] == session.component
    ]
    if known and not reason.strip():
        raise AllocationAgainError(entry=known[-1].seq)
    return known[-1].seq if known else None


def _commit(
    context: Context, opened: OpenRoot, session: Session, found: Allocation, replaces: int | None
) -> Receipt:
    options, operator = context.options, opened.require_login().operator
    body: dict[str, Any] = {"session": session.session_id, "component": session.component, **found.as_body()}
    body["seed_source"] = "machine" if options.seed is None else "given"
    note: dict[str, bytes] = {}
    if replaces is not None:
        code, note = reason_of(options.reason)
        body |= {"replaces": replaces, "reason": code}
    return opened.store.append("allocation", body, note, operator=operator)


def _allocation_lines(context: Context, session: Session, found: Allocation) -> tuple[str, ...]:
    say = context.texts.say
    filled = Counter((place.shift, place.room) for place in found.places.values())
    head = say(
        "day.allocated",
        count=len(found.places),
        component=component_of(session, context.texts),
        rooms=len(filled),
    )
    shifts = len(found.groups)
    rows = [
        say("day.allocated-row", room=room, count=count)
        if shifts == 1
        else say("day.allocated-shift-row", shift=shift, room=room, count=count)
        for (shift, room), count in sorted(
            filled.items(), key=lambda row: (row[0][0], found.rooms.index(row[0][1]))
        )
    ]
    return (head, *rows, say("day.seed", seed=found.seed.hex()))


def draw(context: Context) -> int:
    """Draw who is checked again among those who were let in to a component."""
    options = context.options
    with open_session(context, options.session, login=True) as (opened, session):
        operator = session.rules.require_may(opened.require_login().operator, "start")
        require_open(opened.store, session)
        require_not_paused(opened.store, session)
        held = session.at(options.component or session.component)
        drawn = draw_for(opened, held, count=options.count, share=options.share)
        body = {"session": held.session_id, "component": held.component, **drawn.as_body()}
        receipt = opened.store.append("draw", body, operator=operator)
        seats = {seat.sbd: seat for seat in held.seats}
    data = {
        "ok": True,
        "session": held.session_id,
        "component": held.component,
        "seed": drawn.seed.hex(),
        "population": len(drawn.population),
        "drawn": list(drawn.drawn),
        "entry": entry_json(receipt),
    }
    say = context.texts.say
    head = say("day.drawn", count=len(drawn.drawn), population=len(drawn.population), entry=receipt.seq)
    rows = [
        f"  {sbd}  {seats[sbd].full_name}  {seats[sbd].room} {seats[sbd].seat}".rstrip()
        for sbd in drawn.drawn
    ]
    context.result(data, (head, *rows))
    return 0


def draw_for(opened: OpenRoot, session: Session, *, count: int | None, share: int | None) -> Draw:
    """Return a draw among those let in to a component, bound to the log as it stands; not committed yet.

    Raises DrawNobodyError, DrawCountError.
    """
    board = Board(opened.store, session)
    among = [row.sbd for row in board.standings(session.component) if _present(row)]
    wanted = count if count is not None else count_of_share(share or 0, len(among))
    head = opened.store.head()
    return make_draw(
        among,
        wanted,
        size=head.size,
        root=head.root,
        random_bytes=os.urandom,
        component=session.component,
    )


def _present(row: Standing) -> bool:
    """Whether somebody was let in and was not sent away since."""
    return row.admitted and row.state is not State.SUSPENDED
