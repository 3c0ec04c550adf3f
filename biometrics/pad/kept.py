"""Frames for a person to judge: the candidate's zone, large, with what was asked then and what became of it.

Codes and measurements only: words and drawing are the work of whoever shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.pad.finding import Facts, Finding
from biometrics.quality import Zone
from biometrics.zone import zone_rectangle

WIDTH = 360  # of one kept frame, in pixels
Mark = Literal["", "failed", "unclear"]
Moment = Literal[
    "look-ahead",
    "turn-left",
    "turn-right",
    "eyes-open",
    "eyes-closed",
    "eyes-reopened",
    "colour",
    "burst",
    "last",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A frame of a check. `moment`: what was asked for when it was taken; `facts`: what was measured in it, integers
    × 10⁴ and a colour as six hexadecimal digits; `mark`: "failed" or "unclear" where this frame was no pass."""

    image: Image = field(repr=False)
    moment: Moment
    facts: Facts = field(default_factory=dict)
    mark: Mark = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A check that failed or stayed unclear, why, and the frames that show it."""

    check: str
    outcome: Literal["failed", "unclear"]
    why: str
    frames: tuple[Kept, ...]


def doubt_of(check: str, found: Finding, frames: Sequence[Kept], zone: Zone) -> Doubt:
    """Return the doubt that a finding leaves, the frames cut to the zone. Where no frame was marked by itself what was
    found is true of all together, and all are marked."""
    outcome: Literal["failed", "unclear"] = "failed" if found.outcome == "failed" else "unclear"
    alone = any(one.mark for one in frames)
    kept = (replace(one, image=cut(one.image, zone), mark=one.mark if alone else outcome) for one in frames)
    return Doubt(check=check, outcome=outcome, why=found.why, frames=tuple(kept))


def cut(image: Image, zone: Zone) -> Image:
    """Return the zone of a frame, WIDTH pixels wide, at most twice as high."""
    height, width = image.shape[:2]
    left, top, right, bottom = (
        round(share * side) for share, side in zip(zone_rectangle(zone), (width, height) * 2, strict=True)
    )
    part = image[top : max(top + 1, bottom), left : max(left + 1, right)]
    scale = WIDTH / part.shape[1]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    size = WIDTH, max(1, min(2 * WIDTH, round(part.shape[0] * scale)))
    return np.asarray(cv2.resize(part, size, interpolation=how), np.uint8)
