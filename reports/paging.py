"""Heights shared out to pages: nothing divided, no page end left bare, the closing block never alone where it can be
helped. Pure. Lengths are PDF points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from reports.errors import RowTooTallError

_MIN_TAIL: Final = 2
Together = Callable[[int, int], bool]
"""Whether the rows from one up to before another may stand on one page, whatever their heights; fewer then may too."""


def _anything(start: int, end: int) -> bool:
    return start <= end


def paginate(
    heights: Sequence[float], first: float, rest: float, closing: float, together: Together = _anything
) -> tuple[int, ...]:
    """Return how many rows each page takes.

    `first` and `rest` are the heights for rows on the first and every later page. Rows fill their pages. Where the
    closing block has no room below the last ones, it goes to a page of its own with the last one or two of them,
    never with all: a page emptied so would look as if rows had been taken out. A single row stays, and the
    block stands alone; 0 is a page without a table. `together` limits a page besides its height. Raises
    RowTooTallError.
    """
    if closing > rest:
        raise RowTooTallError(row=len(heights))
    counts = fill(heights, first, rest, together)
    tail = heights[len(heights) - counts[-1] :]
    room = first if len(counts) == 1 else rest
    if sum(tail) + closing > room:
        moved = _company(tail, room, rest - closing)
        counts[-1:] = [len(tail) - moved, moved]
    elif len(counts) > 1 and counts[-1] < _MIN_TAIL < counts[-2] and _fits(heights, rest - closing):
        counts[-2:] = [counts[-2] - 1, _MIN_TAIL]
    return tuple(counts)


def fill(heights: Sequence[float], first: float, rest: float, together: Together = _anything) -> list[int]:
    """Return how many rows fit page after page, the closing block left aside. Raises RowTooTallError."""
    counts, free = [0], first
    for index, height in enumerate(heights):
        if height > free or (counts[-1] and not together(index - counts[-1], index + 1)):
            counts.append(0)
            free = rest
        if height > free:
            raise RowTooTallError(row=index + 1)
        counts[-1] += 1
        free -= height
    return counts


def _fits(heights: Sequence[float], room: float) -> bool:
    return sum(heights[len(heights) - _MIN_TAIL :]) <= room


def _company(tail: Sequence[float], room: float, free: float) -> int:
    """Return how many rows of a page of `room` go with the closing block to the next, which has `free` for them.

    Two where those that stay still fill half of their page, else one; none where that would be all of them.
    """
    if len(tail) > _MIN_TAIL and 2 * sum(tail[:-_MIN_TAIL]) >= room and _fits(tail, free):
        return _MIN_TAIL
    return int(len(tail) > 1 and tail[-1] <= free)
