"""Frames for a person to judge: cropped to the candidate's zone, large, side by side on one JPEG."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.quality import Zone
from biometrics.zone import zone_rectangle

WIDTH = 360  # of one frame on the sheet
ACROSS = 4
CAPTION = 26
MOST = 24
QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A frame's zone and a short caption (ASCII)."""

    image: Image = field(repr=False)
    caption: str


def keep(image: Image, zone: Zone, caption: str) -> Kept:
    """Return the zone of a frame, WIDTH pixels wide."""
    height, width = image.shape[:2]
    left, top, right, bottom = (
        round(share * side) for share, side in zip(zone_rectangle(zone), (width, height) * 2, strict=True)
    )
    part = image[top : max(top + 1, bottom), left : max(left + 1, right)]
    scale = WIDTH / part.shape[1]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    size = WIDTH, max(1, min(2 * WIDTH, round(part.shape[0] * scale)))
    return Kept(image=np.asarray(cv2.resize(part, size, interpolation=how), np.uint8), caption=caption)


def sheet(kept: Sequence[Kept]) -> bytes | None:
    """Return the sheet as a JPEG; None when there is nothing to show."""
    chosen = list(kept)[:MOST]
    if not chosen:
        return None
    cells = [_captioned(one, max(k.image.shape[0] for k in chosen)) for one in chosen]
    across = min(ACROSS, len(cells))
    blank = np.zeros_like(cells[0])
    rows = [cells[at : at + across] for at in range(0, len(cells), across)]
    rows[-1] += [blank] * (across - len(rows[-1]))
    picture = np.vstack([np.hstack(row) for row in rows])
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data)


def _captioned(one: Kept, height: int) -> Image:
    cell = np.zeros((height + CAPTION, WIDTH, 3), dtype=np.uint8)
    cell[: one.image.shape[0], : one.image.shape[1]] = one.image
    cv2.putText(
        cell,
        one.caption[:40],
        (6, height + 18),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.5,
        (255, 255, 255),
        1,
        cv2.LINE_AA,
    )
    return cell
