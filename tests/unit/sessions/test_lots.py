"""Places and draws by lot: the vectors, a second implementation from the text, and what no lot may ever do."""

import hashlib
import hmac
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.course.allocation import (
    CARS,
    ROOMS,
    allocate,
    allocation_fault,
    groups_of,
    parse_rooms,
    read_places,
)
from sessions.course.day_errors import (
    AllocationRoomsError,
    AllocationSmallError,
    DrawCountError,
    DrawNobodyError,
    DrawSeedError,
)
from sessions.course.draw import (
    Lot,
    bound_seed,
    count_of_share,
    draw_fault,
    drawn_of,
    make_draw,
    parse_seed,
)
from sessions.roster.csv_roster import read_roster
from tests.support.packs import roster_of

VECTORS: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "vectors/lots.toml").read_text("utf-8"))
SEEDS = st.binary(min_size=32, max_size=32)
SBDS = st.lists(st.integers(1, 999).map("{:03d}".format), unique=True, min_size=1, max_size=60)


class Text:
    """The algorithm again, from docs/log-format.md alone."""

    def __init__(self, seed: bytes) -> None:
        self.seed, self.counter, self.left = seed, 0, b""

    def number(self) -> int:
        if not self.left:
            message = b"proctor lot 1\n" + self.counter.to_bytes(8, "big")
            self.left, self.counter = hmac.new(self.seed, message, hashlib.sha256).digest(), self.counter + 1
        first, self.left = self.left[:8], self.left[8:]
        return int.from_bytes(first, "big")

    def below(self, bound: int) -> int:
        while (found := self.number()) >= (2**64 // bound) * bound:
            pass
        return found % bound

    def shuffle(self, items: list[str]) -> list[str]:
        order = list(items)
        for place in reversed(range(1, len(order))):
            other = self.below(place + 1)
            order[place], order[other] = order[other], order[place]
        return order


def test_the_stream_and_the_numbers_of_the_vectors() -> None:
    for row in VECTORS["stream"]:
        lot = Lot(bytes.fromhex(row["seed"]))
        assert [str(lot.below(2**64)) for _ in row["numbers"]] == row["numbers"]
    for row in VECTORS["below"]:
        lot = Lot(bytes.fromhex(row["seed"]))
        assert [lot.below(row["bound"]) for _ in row["numbers"]] == row["numbers"]
    for row in VECTORS["shuffle"]:
        assert Lot(bytes.fromhex(row["seed"])).shuffled(row["items"]) == row["order"]
    for row in VECTORS["bound"]:
        assert bound_seed(bytes.fromhex(row["fresh"]), bytes.fromhex(row["root"])).hex() == row["seed"]


@pytest.mark.parametrize("row", VECTORS["allocation"], ids=lambda row: row["method"])
def test_the_places_of_the_vectors(row: dict[str, Any]) -> None:
    assert allocation_fault(row) == ""
    groups = tuple(tuple(tuple(group) for group in shift) for shift in row["groups"])
    seed = bytes.fromhex(row["seed"])
    found = allocate(groups, row["rooms"], row["capacity"], seed=seed, method=row["method"])
    assert found.as_body()["places"] == row["places"]


@given(SEEDS, SBDS)
def test_another_implementation_gets_the_same(seed: bytes, sbds: list[str]) -> None:
    assert Lot(seed).shuffled(sorted(sbds)) == Text(seed).shuffle(sorted(sbds))


@given(SEEDS, SBDS, st.integers(1, 24), st.integers(1, 30))
def test_everybody_has_one_place_and_no_room_more_than_it_takes(
    seed: bytes, sbds: list[str], capacity: int, rooms: int
) -> None:
    half = len(sbds) // 2
    groups = (tuple(tuple(sorted(group)) for group in (sbds[:half], sbds[half:]) if group),)
    names = [f"P{number}" for number in range(1, rooms + 1)]
    needed = sum(-(-len(group) // capacity) for group in groups[0])
    if needed > rooms:
        with pytest.raises(AllocationSmallError):
            allocate(groups, names, capacity, seed=seed)
        return
    found = allocate(groups, names, capacity, seed=seed)
    assert sorted(found.places) == sorted(sbds)
    assert max(Counter(place.room for place in found.places.values()).values()) <= capacity
    assert len({(place.room, place.seat) for place in found.places.values()}) == len(sbds)
    subjects = {place.room: set() for place in found.places.values()}  # type: ignore[var-annotated]
    for number, group in enumerate(groups[0]):
        for sbd in group:
            subjects[found.places[sbd].room].add(number)
    assert all(len(subject) == 1 for subject in subjects.values())
    assert allocate(groups, names, capacity, seed=seed).places == found.places
    assert read_places(found.as_body()) == found.places


@given(SEEDS, SBDS, st.integers(1, 7))
def test_cars_take_turns(seed: bytes, sbds: list[str], cars: int) -> None:
    groups = ((tuple(sorted(sbds)),),)
    found = allocate(groups, [f"51A-{n}" for n in range(cars)], 0, seed=seed, method=CARS)
    counts = Counter(place.room for place in found.places.values())
    assert sum(counts.values()) == len(sbds)
    assert max(counts.values()) - min(counts.values()) <= 1 or len(counts) < cars


def test_subjects_and_shifts_of_the_list_are_kept_apart() -> None:
    rows = read_roster(roster_of(6)).rows
    seats = [
        replace(seat, subject="Toán" if at % 2 else "Văn", shift="1" if at < 4 else "2")
        for at, seat in enumerate(rows)
    ]
    groups = groups_of(seats, "theory")
    assert groups == ((("002", "004"), ("001", "003")), (("006",), ("005",)))
    with pytest.raises(AllocationSmallError) as found:
        allocate(groups, ["P1"], 24, seed=bytes(32))
    assert found.value.facts["needed"] == 2
    assert groups_of([replace(rows[0], components=("road",))], "theory") == ()


@pytest.mark.parametrize("text", ["", "P1,,P2", "P1,P1", "P1,\u202eP2", "x" * 25, "P1\n"])
def test_what_is_no_list_of_rooms(text: str) -> None:
    if text == "P1\n":
        assert parse_rooms(text) == ("P1",)
        return
    with pytest.raises(AllocationRoomsError):
        parse_rooms(text)


def test_an_entry_whose_places_do_not_follow_names_its_field() -> None:
    groups = ((("001", "002", "003"),),)
    good = allocate(groups, ["P1", "P2"], 2, seed=bytes(32), method=ROOMS).as_body()
    assert allocation_fault(good) == ""
    swapped = dict(good["places"])
    swapped["001"], swapped["002"] = swapped["002"], swapped["001"]
    wrong: dict[str, dict[str, Any]] = {
        "places": {"places": swapped},
        "seed": {"seed": "no"},
        "capacity": {"capacity": 0},
        "rooms": {"rooms": ["P1", "P1"]},
        "groups": {"groups": [[["002", "001", "003"]]]},
        "method": {"method": "by-hand"},
    }
    for field, change in wrong.items():
        assert allocation_fault({**good, **change}) == field
    for strange in (None, 3, [3], [[3]], [[[3]]], [[["001"], ["001"]]], []):
        assert allocation_fault({**good, "groups": strange}) == "groups"
    for strange in (None, 3, {"001": 3}, {"001": None}):
        assert allocation_fault({**good, "places": strange}) == "places"


@given(SEEDS, SEEDS, SBDS, st.data())
def test_a_draw_is_bound_to_the_log_and_drawn_again(
    fresh: bytes, root: bytes, sbds: list[str], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(sbds)))
    found = make_draw(
        sbds, count, size=7, root=root, random_bytes=lambda size: fresh[:size], component="theory"
    )
    body = {**found.as_body(), "component": "theory"}
    assert draw_fault(body) == ""
    assert len(set(found.drawn)) == count
    assert set(found.drawn) <= set(sbds)
    assert found.drawn == drawn_of(found.seed, reversed(sbds), count)
    assert draw_fault({**body, "root": bytes(31).hex() + "01"}) == "seed"
    others = sorted(set(sbds) - set(found.drawn))
    if others:
        assert draw_fault({**body, "drawn": [others[0], *found.drawn[1:]]}) == "drawn"
        assert draw_fault({**body, "among": others}) in {"population", "drawn"}


def test_a_draw_that_cannot_be() -> None:
    with pytest.raises(DrawNobodyError):
        make_draw([], 1, size=0, root=b"", random_bytes=bytes, component="theory")
    for count in (0, 3):
        with pytest.raises(DrawCountError):
            make_draw(["001", "002"], count, size=0, root=b"", random_bytes=bytes, component="theory")
    assert [count_of_share(percent, 30) for percent in (1, 10, 11, 100)] == [1, 3, 4, 30]
    with pytest.raises(DrawCountError):
        count_of_share(0, 30)
    for text in ("", "zz" * 32, "00" * 31):
        with pytest.raises(DrawSeedError):
            parse_seed(text)
