"""How open the eyes are, against the same eyes open a moment before.

The open eyes' patches are laid over one another and averaged: the pattern. Openness of a frame is the slope of the
regression of its patch on the pattern, at the place where both agree best: 1 when the pattern is there as before, 0
when nothing of it is left. What is the same open and closed (brows, rims of glasses) keeps the slope up; lashes that
replace iris and white do not. The more open of both eyes counts.
"""

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.pad.eye_patch import AROUND, COARSE, HALF_HEIGHT, HALF_WIDTH, STEP
from biometrics.pad.observation import Around, Eyes

PATTERN_WIDTH: Final = 0.22  # half, in eye distances
PATTERN_HEIGHT: Final = 0.12
REACH: Final = 0.08  # the points of the eyes may be off by this
BLINKED: Final = 0.8  # frames before the prompt that are less open are left out of the pattern
FLAT: Final = 1e-6
SHIFT: Final = 2  # cells of the surroundings by which they may be off
EYE_WIDTH, EYE_HEIGHT = 0.3, 0.22  # half of what is left out around an eye, in eye distances

Pattern = NDArray[np.float32]


class OpenEyes:
    """The pattern of both eyes. `frames`: how many made it; `steady`: openness that three quarters of them have against
    the pattern of the others."""

    def __init__(self, patches: Sequence[Eyes]) -> None:
        self.frames = 0
        self.steady = 0.0
        self._patterns: list[Pattern] = []
        if not patches:
            return
        stack = np.stack(patches).astype(np.float32)
        self._patterns = _patterns(stack)
        kept = stack[[_openness(one, self._patterns) >= BLINKED for one in stack]]
        if 2 * len(kept) < len(stack) or len(kept) < 2:
            return
        self._patterns = _patterns(kept)
        self.frames = len(kept)
        halves = [(kept[::2], _patterns(kept[1::2])), (kept[1::2], _patterns(kept[::2]))]
        self.steady = float(
            np.percentile([_openness(one, other) for half, other in halves for one in half], 25)
        )

    def openness(self, eyes: Eyes) -> float:
        """Return the openness of the more open eye."""
        return _openness(eyes.astype(np.float32), self._patterns)


def _patterns(stack: NDArray[np.float32]) -> list[Pattern]:
    return [_pattern(stack[:, side]) for side in (0, 1)]


def _openness(eyes: NDArray[np.float32], patterns: Sequence[Pattern]) -> float:
    return max(_slope(patch, pattern) for patch, pattern in zip(eyes, patterns, strict=True))


def _middle() -> tuple[slice, slice]:
    rows, columns = round(HALF_HEIGHT / STEP), round(HALF_WIDTH / STEP)
    height, width = round(PATTERN_HEIGHT / STEP), round(PATTERN_WIDTH / STEP)
    return slice(rows - height, rows + height), slice(columns - width, columns + width)


def _pattern(patches: NDArray[np.float32]) -> Pattern:
    """Return the mean of the patches' middles, each moved to where it agrees best with their median."""
    first = np.ascontiguousarray(np.median(patches, axis=0)[_middle()])
    return np.asarray(np.mean([_at_best(patch, first) for patch in patches], axis=0), dtype=np.float32)


def _at_best(patch: NDArray[np.float32], pattern: Pattern) -> NDArray[np.float32]:
    """Return the part of `patch` that agrees best with `pattern`, REACH around its middle."""
    reach = round(REACH / STEP)
    rows, columns = _middle()
    top, left = max(0, rows.start - reach), max(0, columns.start - reach)
    near = patch[top : rows.stop + reach, left : columns.stop + reach]
    agreement = cv2.matchTemplate(near, pattern, cv2.TM_CCOEFF_NORMED)
    _, _, _, (x, y) = cv2.minMaxLoc(np.nan_to_num(agreement))
    return near[y : y + pattern.shape[0], x : x + pattern.shape[1]]


def _slope(patch: NDArray[np.float32], pattern: Pattern) -> float:
    """Return how much of the pattern is in the patch: 1 all, 0 nothing; 1 for a pattern without any contrast."""
    part = _at_best(np.ascontiguousarray(patch), pattern)
    centred = pattern - pattern.mean()
    energy = float((centred * centred).sum())
    if energy < FLAT:
        return 1.0
    return float(((part - part.mean()) * centred).sum() / energy)


class Surroundings:
    """Brows, nose and cheeks as they were before the eyes closed; the eyes themselves are left out."""

    def __init__(self, before: Sequence[Around]) -> None:
        self._pattern: Pattern | None = None
        if before:
            margin = 2 * SHIFT
            whole = _twice(np.median(np.stack(before), axis=0))
            self._pattern = np.ascontiguousarray(whole[margin:-margin, margin:-margin])
            self._mask = np.ascontiguousarray(
                _twice(_beside_eyes(before[0].shape))[margin:-margin, margin:-margin]
            )

    def agreement(self, one: Around) -> float:
        """Return how much they are as before, -1 to 1, where both agree best; 1 when nothing was seen before."""
        if self._pattern is None:
            return 1.0
        found = cv2.matchTemplate(_twice(one), self._pattern, cv2.TM_CCOEFF_NORMED, mask=self._mask)
        return float(np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0).max())


def _twice(values: NDArray[Any]) -> Pattern:
    size = 2 * values.shape[1], 2 * values.shape[0]
    return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)


def _beside_eyes(shape: tuple[int, ...]) -> NDArray[np.float32]:
    across = np.abs(AROUND[0] + COARSE * (np.arange(shape[1]) + 0.5))
    down = np.abs(AROUND[1] + COARSE * (np.arange(shape[0]) + 0.5))
    eyes = (np.abs(across - 0.5) < EYE_WIDTH)[None] & (down < EYE_HEIGHT)[:, None]
    return np.asarray(~eyes, np.float32)
