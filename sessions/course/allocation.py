"""Rooms and seats, or cars and turns, by recorded lot: whoever has the entry finds the same places again.

Candidates are divided into shifts and, within a shift, into subjects. A room holds one subject at a time; shifts
follow one another, so each may use every room. Each group is taken in the order of its candidate numbers, shuffled
by the lot (`draw.Lot`, one stream for all groups), and fills the rooms in their order up to the capacity; cars are
filled in turn, one candidate each. Form: docs/log-format.md, "Lots".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sessions.course.day_errors import AllocationRoomsError, AllocationSmallError, DrawSeedError
from sessions.course.draw import METHOD, Lot, parse_seed
from sessions.course.entries import SessionEntry
from sessions.roster.model import Seat

ROOMS: Final = f"{METHOD}/rooms"
CARS: Final = f"{METHOD}/cars"
MAX_PLACES: Final = 1_000
_NAME: Final = re.compile(r"[^\W_][\w .\-/]{0,23}")
Groups = tuple[tuple[tuple[str, ...], ...], ...]
"""Shifts, in each its subjects, in each the candidate numbers in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody is to sit or drive: name of the room or car, seat or turn from 1, shift from 1."""

    room: str
    seat: int
    shift: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Everything that the places follow from, and the places."""

    seed: bytes
    method: str
    rooms: tuple[str, ...]
    capacity: int
    groups: Groups
    places: Mapping[str, Place] = field(default_factory=dict)

    def as_body(self) -> dict[str, Any]:
        """Return the fields of the entry; a place is [number of the room from 1, seat, shift]."""
        numbers = {room: number for number, room in enumerate(self.rooms, 1)}
        return {
            "seed": self.seed.hex(),
            "method": self.method,
            "capacity": self.capacity,
            "rooms": list(self.rooms),
            "groups": [[list(group) for group in shift] for shift in self.groups],
            "places": {
                sbd: [numbers[place.room], place.seat, place.shift] for sbd, place in self.places.items()
            },
        }


def parse_rooms(text: str) -> tuple[str, ...]:
    """Return the names of "P1,P2, P3": each once, in order; raises AllocationRoomsError."""
    names = tuple(" ".join(part.split()) for part in text.split(","))
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    twice = [name for at, name in enumerate(names) if name in names[:at]]
    if wrong or twice or len(names) > MAX_PLACES:
        raise AllocationRoomsError(text=(wrong + twice + ["…"])[0][:24])
    return names


def groups_of(seats: Iterable[Seat], component: str) -> Groups:
    """Return the candidates of a component by shift and subject, both in the order of their texts."""
    found: dict[str, dict[str, list[str]]] = {}
    for seat in seats:
        if not seat.erased and (not seat.components or component in seat.components):
            found.setdefault(seat.shift, {}).setdefault(seat.subject, []).append(seat.sbd)
    return tuple(
        tuple(tuple(sorted(group)) for _, group in sorted(shift.items()))
        for _, shift in sorted(found.items())
    )


def allocate(
    groups: Groups, rooms: Sequence[str], capacity: int, *, seed: bytes, method: str = ROOMS
) -> Allocation:
    """Return everybody's place. `capacity`: candidates in a room at a time, or turns of a car (0: as many as come).

    Raises AllocationSmallError with what is needed.
    """
    lot = Lot(seed)
    places: dict[str, Place] = {}
    for number, shift in enumerate(groups, 1):
        filled = _cars if method == CARS else _rooms
        places.update(filled(shift, tuple(rooms), capacity, number, lot))
    return Allocation(
        seed=seed,
        method=method,
        rooms=tuple(rooms),
        capacity=capacity,
        groups=groups,
        places=dict(sorted(places.items())),
    )


def _rooms(
    shift: tuple[tuple[str, ...], ...], rooms: tuple[str, ...], capacity: int, number: int, lot: Lot
) -> dict[str, Place]:
    needed = sum(-(-len(group) // capacity) for group in shift)
    if needed > len(rooms):
        raise AllocationSmallError(needed=needed, rooms=len(rooms), places=capacity)
    places: dict[str, Place] = {}
    first = 0
    for group in shift:
        for at, sbd in enumerate(lot.shuffled(group)):
            places[sbd] = Place(room=rooms[first + at // capacity], seat=at % capacity + 1, shift=number)
        first += -(-len(group) // capacity)
    return places


def _cars(
    shift: tuple[tuple[str, ...], ...], cars: tuple[str, ...], capacity: int, number: int, lot: Lot
) -> dict[str, Place]:
    """One car after another takes one candidate, whatever the subject."""
    order = [sbd for group in shift for sbd in lot.shuffled(group)]
    turns = -(-len(order) // len(cars))
    if capacity and turns > capacity:
        needed = -(-len(order) // capacity)
        raise AllocationSmallError(needed=needed, rooms=len(cars), places=capacity)
    return {
        sbd: Place(room=cars[at % len(cars)], seat=at // len(cars) + 1, shift=number)
        for at, sbd in enumerate(order)
    }


def places_of(entries: Iterable[SessionEntry], component: str) -> Mapping[str, Place]:
    """Return the places in force at a component by SBD: those of its last `allocation`; none without one."""
    found: Mapping[str, Place] = {}
    for entry in entries:
        if entry.kind == "allocation" and entry.body["component"] == component:
            found = read_places(entry.body)
    return found


def read_places(body: Mapping[str, Any]) -> Mapping[str, Place]:
    """Return the places of an `allocation` entry by SBD."""
    rooms = body["rooms"]
    return {
        sbd: Place(room=rooms[room - 1], seat=seat, shift=shift)
        for sbd, (room, seat, shift) in body["places"].items()
    }


def placed(seat: Seat, places: Mapping[str, Place]) -> tuple[str, str]:
    """Return the room (or car) and seat that count for a candidate: by lot, else as the list says."""
    place = places.get(seat.sbd)
    return (seat.room, seat.seat) if place is None else (place.room, str(place.seat))


def allocation_fault(body: Mapping[str, Any]) -> str:
    """Return which field of an allocation entry does not follow from the others, or the empty text."""
    groups, rooms, capacity, method = (body.get(name) for name in ("groups", "rooms", "capacity", "method"))
    if not isinstance(rooms, (list, tuple)) or not rooms or len({*map(str, rooms)}) != len(rooms):
        return "rooms"
    if method not in {ROOMS, CARS}:
        return "method"
    if type(capacity) is not int or capacity < (0 if method == CARS else 1):
        return "capacity"
    read = _read_groups(groups)
    return "groups" if read is None else _places_fault(body, read, [str(room) for room in rooms])


def _places_fault(body: Mapping[str, Any], groups: Groups, rooms: Sequence[str]) -> str:
    try:
        seed = parse_seed(str(body.get("seed")))
        again = allocate(groups, rooms, body["capacity"], seed=seed, method=body["method"])
    except AllocationSmallError:
        return "capacity"
    except DrawSeedError:
        return "seed"
    return "" if again.as_body()["places"] == _listed(body.get("places")) else "places"


def _read_groups(found: Any) -> Groups | None:
    """Return groups as an entry has them, or None: nobody twice, each group in order."""
    try:
        groups = tuple(tuple(tuple(group) for group in shift) for shift in found)
    except TypeError:
        return None
    everybody = [sbd for shift in groups for group in shift for sbd in group]
    if not everybody or any(type(sbd) is not str for sbd in everybody):
        return None
    ordered = all(list(group) == sorted(group) for shift in groups for group in shift)
    return groups if ordered and len(set(everybody)) == len(everybody) else None


def _listed(places: Any) -> Any:
    if not isinstance(places, Mapping):
        return None
    return {sbd: list(place) if isinstance(place, (list, tuple)) else None for sbd, place in places.items()}
