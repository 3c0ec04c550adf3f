"""Heights shared out to pages: nothing divided, no page end left bare, the closing block never alone where it can be
helped. Pure. Lengths are PDF points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from reports.errors import RowTooTallError

_MIN_TAIL: Final = 2
_BARE: Final = 0.5
"""No page is left barer than this part of a whole one so that its last rows may go with the closing block."""
Together = Callable[[int, int], bool]
"""Whether the rows from one up to before another may stand on one page, whatever their heights; fewer then may too."""


def _anything(start: int, end: int) -> bool:
    return start <= end


def paginate(
    heights: Sequence[float],
    first: float,
    rest: float,
    closing: float,
    together: Together = _anything,
    *,
    least: int = _MIN_TAIL,
) -> tuple[int, ...]:
    """Return how many rows each page takes.

    `first` and `rest` are the heights for rows on the first and every later page. Rows fill their pages. Where the
    closing block has no room below the last ones, it goes to the next page with the last two of them if those that
    stay still fill most of their page, else alone: no row stands alone on a page, and no page looks as if rows had
    been taken out. 0 is a page without a table. `least` 1: a single row may go with the block (lines of a letter,
    of which one piece is company enough). `together` limits a page besides its height. Raises RowTooTallError.
    """
    if closing > rest:
        raise RowTooTallError(row=len(heights))
    counts = fill(heights, first, rest, together)
    if len(counts) > 1 and counts[-1] < least < counts[-2]:
        counts[-2:] = [counts[-2] - 1, _MIN_TAIL]
    tail = heights[len(heights) - counts[-1] :]
    room = first if len(counts) == 1 else rest
    if sum(tail) + closing > room:
        moved = _company(tail, room, rest, closing, least)
        counts[-1:] = [len(tail) - moved, moved]
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


def _company(tail: Sequence[float], room: float, rest: float, closing: float, least: int) -> int:
    """Return how many rows of a page of `room` go with the closing block to the next, `rest` high: two, or `least`,
    where as many stay and these leave the page not too bare; else none.
    """
    for moved in range(_MIN_TAIL, least - 1, -1):
        stay = tail[: len(tail) - moved]
        bare = room - sum(stay) > _BARE * rest
        if len(stay) >= least and sum(tail[len(stay) :]) + closing <= rest and not (bare and moved > 1):
            return moved
    return 0
