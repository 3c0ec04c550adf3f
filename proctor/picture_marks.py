"""Marks on a page in a picture: is it an empty back, and is there more text than the sealed page can have.

Runs in the child process of `proctor.picture_seals`; words are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from proctor.picture_limits import MODULE_MM, PAGES_MM, SEAL_BOTTOM_MM, SEAL_RIGHT_MM
from proctor.picture_search import Code, Grey, Points

_SIDES: Final = (1_200, 300)
"""Pixels of the longer side at which a page is looked at: for small letters, and for large shapes."""
_PALE: Final = 12
"""Levels between a mark and the paper around it: half of what the palest print of an office machine has."""
_BLOTS: Final = 0.00005
"""The part of a page that marks must take to count: a few letters; dust is less."""
_EDGE: Final = 0.012
"""The part of a page's sides that is left out: shadows of the lid."""
_AROUND: Final = 31
_PER_MM: Final = 3.0
_LETTER_MM: Final = ((0.8, 9.0), (0.3, 60.0))
"""Least and largest height and width of a letter, or of a word whose letters touch."""
_MANY_LETTERS: Final = 6
_SQUARE: Final = 0.025
"""How far the sides of a code lie apart, in parts, where paper lay flat before a scanner."""
_SPARE: Final = (0.08, 0.4)
"""By what part of its sides a page may be larger than its code says: scanned, and seen aslant by a camera."""
_AS_BRIGHT: Final = 0.5


def has_marks(grey: Grey) -> bool:
    """Whether anything stands on a page, however pale: what differs from the paper around it. `grey`: uint8, (H, W)."""
    return any(_marked(grey, side) for side in _SIDES)


def _marked(grey: Grey, side: int) -> bool:
    dark = _differs(_reduced(grey, side / max(grey.shape)))
    top, left = (int(length * _EDGE) for length in dark.shape)
    inner = dark[top : dark.shape[0] - top, left : dark.shape[1] - left]
    return bool(inner.mean() > _BLOTS) if inner.size else False


def _reduced(grey: Grey, scale: float) -> Grey:
    if scale >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _differs(grey: Grey) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return where a picture differs from what lies around."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    return np.asarray(cv2.absdiff(smooth, cv2.medianBlur(grey, _AROUND)) >= _PALE)


# -- more than one page ----------------------------------------------------------------------------


def letters_beyond(grey: Grey, codes: Sequence[Code]) -> tuple[bool, bool]:
    """Return whether letters stand on bright paper beyond the pages that the codes belong to, as of another page
    beside: were those pages lying, and were they upright.
    """
    if not codes:
        return (False, False)
    longest = max(float(_side(code.corners)) / _side_mm(code.modules, 0) for code in codes)
    scale = min(1.0, _PER_MM / max(longest, 0.1))
    small = _reduced(grey, scale)
    paper, marks = cv2.medianBlur(small, _AROUND), _differs(small)
    lying, upright = (
        _beyond(paper, marks, [_page(code, page, scale) for code in codes]) for page in range(len(PAGES_MM))
    )
    least = _MANY_LETTERS
    return _letters(lying, longest * scale) >= least, _letters(upright, longest * scale) >= least


def _beyond(paper: Any, marks: Any, pages: Sequence[Any]) -> Grey:
    """Return the marks (1) outside the pages, where the paper is as bright as theirs."""
    outside = np.ones(paper.shape, np.uint8)
    for corners in pages:
        cv2.fillConvexPoly(outside, corners, 0)
    within = paper[outside == 0]
    least = _AS_BRIGHT * float(np.median(within)) if within.size else 0.0
    return np.asarray(marks & (paper >= least) & (outside > 0), np.uint8)


def _letters(marks: Grey, per_mm: float) -> int:
    """Return how many marks have the size of a letter; `per_mm`: pixels."""
    _, _, found, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    width, height = found[1:, cv2.CC_STAT_WIDTH] / per_mm, found[1:, cv2.CC_STAT_HEIGHT] / per_mm
    (low, high), (narrow, wide) = _LETTER_MM
    return int(((height >= low) & (height <= high) & (width >= narrow) & (width <= wide)).sum())


def _page(code: Code, page: int, scale: float) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return the corners of the page whose seal this is, with room to spare, in a reduced picture: shape (4, 2)."""
    width, height, _ = PAGES_MM[page]
    side = _side_mm(code.modules, page)
    right, down = _axes(code.corners)
    corner = code.corners[2]
    spare = _SPARE[0 if _is_flat(code.corners) else 1] * max(width, height)
    across = (SEAL_RIGHT_MM + spare, SEAL_RIGHT_MM - width - spare)
    along = (SEAL_BOTTOM_MM - height - spare, SEAL_BOTTOM_MM + spare)
    places = ((across[1], along[0]), (across[0], along[0]), (across[0], along[1]), (across[1], along[1]))
    points = [corner + (x * right + y * down) / side for x, y in places]
    return np.clip(np.array(points) * scale, -32_000, 32_000).astype(np.int32)


def _axes(corners: Points) -> tuple[Points, Points]:
    """Return a code's sides to the right and downwards, the mean of both."""
    top_left, top_right, bottom_right, bottom_left = corners
    return (
        (top_right - top_left + bottom_right - bottom_left) / 2,
        (bottom_left - top_left + bottom_right - top_right) / 2,
    )


def _is_flat(corners: Points) -> bool:
    """Whether a code is a square in the picture."""
    sides = [float(np.hypot(*(corners[at] - corners[at - 1]))) for at in range(4)]
    right, down = _axes(corners)
    slant = abs(float(right @ down)) / max(float(np.hypot(*right) * np.hypot(*down)), 1.0)
    return max(sides) - min(sides) <= 2 * _SQUARE * max(sides) and slant <= _SQUARE


def _side(corners: Points) -> float:
    return float(np.hypot(*_axes(corners)[0]))


def _side_mm(modules: int, page: int) -> float:
    """Return how long a code of so many modules is on a kind of page."""
    return min(PAGES_MM[page][2], modules * MODULE_MM)
