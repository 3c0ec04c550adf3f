"""However a list is divided, everybody belongs to exactly one part; what would lose or double somebody is refused."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sessions.course.day_errors import SplitCountError, SplitEmptyError, SplitHoleError, SplitOverlapError
from sessions.course.parts import MAX_PARTS, by_ranges, by_rooms, evenly
from sessions.roster.model import PartialDate, Seat

NUMBERS = st.lists(st.integers(1, 999), unique=True, min_size=2, max_size=120).map(sorted)


def seats(numbers: list[int]) -> list[Seat]:
    birth = PartialDate(year=1999)
    return [
        Seat(row=row, sbd=f"{number:03d}", full_name="NGUYỄN VĂN MẪU", birth=birth, id_number="001099000001")
        for row, number in enumerate(numbers, 2)
    ]


@given(NUMBERS, st.integers(2, MAX_PARTS))
def test_even_parts_cover_everybody_once(numbers: list[int], count: int) -> None:
    listed = seats(numbers)
    if count > len(listed):
        return
    parts = evenly(listed, count).parts
    assert [sbd for sbds in parts.values() for sbd in sbds] == [seat.sbd for seat in listed]
    sizes = [len(sbds) for sbds in parts.values()]
    assert max(sizes) - min(sizes) <= 1


@given(NUMBERS, st.lists(st.tuples(st.integers(1, 999), st.integers(0, 400)), min_size=2, max_size=6))
def test_ranges_cover_everybody_once_or_are_refused(
    numbers: list[int], ranges: list[tuple[int, int]]
) -> None:
    listed = seats(numbers)
    inside = [[first <= number <= first + more for first, more in ranges] for number in numbers]
    text = ",".join(f"{first}-{first + more}" for first, more in ranges)
    try:
        parts = by_ranges(listed, text).parts
    except SplitHoleError:
        assert any(not any(row) for row in inside)
    except SplitOverlapError:
        assert any(sum(row) > 1 for row in inside)
    except SplitEmptyError:
        assert any(not any(row[at] for row in inside) for at in range(len(ranges)))
    else:
        assert all(sum(row) == 1 for row in inside)
        assert sorted(sbd for sbds in parts.values() for sbd in sbds) == [seat.sbd for seat in listed]


@given(NUMBERS, st.data())
def test_rooms_cover_everybody_once(numbers: list[int], data: st.DataObject) -> None:
    names = [f"P{number}" for number in range(1, 5)]
    listed = [replace(seat, room=data.draw(st.sampled_from(names))) for seat in seats(numbers)]
    rooms = sorted({seat.room for seat in listed})
    cut = data.draw(st.integers(0, len(rooms)))
    text = ":".join(",".join(half) for half in (rooms[:cut], rooms[cut:]) if half)
    try:
        parts = by_rooms(listed, text).parts
    except SplitCountError:
        assert cut in {0, len(rooms)}
        return
    assert sorted(sbd for sbds in parts.values() for sbd in sbds) == [seat.sbd for seat in listed]
