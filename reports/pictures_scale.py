"""What the page of pictures makes of its numbers before they are drawn: bins, axes, groups. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reports.pictures_data import Reason, Spread

FILLS: Final = 4
"""So many stations are told apart; those beyond the third are one."""
BINS: Final = 20
HOUR: Final = 4
"""Quarter hours."""
_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200)
_REASONS: Final = 9


def bin_width(spread: Spread) -> int:
    """Return how many seconds wide the histogram's bins are: so that 99 of 100 values lie in `BINS` of them."""
    far = spread.quantile(0.99) or 0.0
    return next((each for each in _STEPS_S if far < each * BINS), _STEPS_S[-1])


def histogram(spread: Spread, step: int) -> tuple[int, ...]:
    """Return the counts by bins of `step` seconds; one behind `BINS` has all that took longer. Nothing of none."""
    if not spread.n:
        return ()
    bins = [0] * min(BINS + 1, int(spread.seconds[-1] // step) + 1)
    for value in spread.seconds:
        bins[min(len(bins) - 1, int(value // step))] += 1
    return tuple(bins)


def axis_step(most: int) -> int:
    """Return the distance of the axis's marks: 1, 2 or 5 times a power of ten, at most six of them."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if most <= 5 * step * factor:
                return step * factor
        step *= 10


def hours(sums: Sequence[int]) -> tuple[int, int]:
    """Return the first quarter hour and the one behind the last, whole hours, two at least."""
    there = [at for at, count in enumerate(sums) if count]
    first = there[0] // HOUR * HOUR
    last = max(there[-1] // HOUR * HOUR + HOUR, first + 2 * HOUR)
    if last > len(sums):
        first, last = first - (last - len(sums)), len(sums)
    return first, last


def by_station(
    throughput: Mapping[str, tuple[int, ...]], rest: str
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the stations by how many they let in, those beyond the third together."""
    rows = sorted(throughput.items(), key=lambda item: (-sum(item[1]), item[0]))
    if len(rows) > FILLS:
        others = [counts for _, counts in rows[FILLS - 1 :]]
        rows = [*rows[: FILLS - 1], (rest, tuple(sum(each) for each in zip(*others, strict=True)))]
    return tuple(rows)


def most_frequent(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the most frequent reasons, the others as one without a code."""
    rest = reasons[_REASONS:]
    if not rest:
        return tuple(reasons)
    other = Reason(code="", refer=sum(e.refer for e in rest), refuse=sum(e.refuse for e in rest))
    return (*reasons[:_REASONS], other)


def percent(share: float) -> str:
    shown = f"{share * 100:.1f}".removesuffix(".0").replace(".", ",")
    return f"{shown} %"


def percent_end(high: float) -> float:
    """Return where the axis of shares ends."""
    return next((end for end in (0.05, 0.1, 0.25, 0.5) if high <= end), 1.0)


def digits(station: str) -> str:
    """Return a station by its eight digits."""
    return station.rpartition("/")[2]
