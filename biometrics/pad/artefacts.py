"""Signs of a medium in one frame: the straight edges of a screen around the face, the regular pattern of its pixels."""

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.frames import Image
from biometrics.pad.observation import Artefacts, FaceSeen

REACH: Final = 3.2  # searched surroundings, in widths of the face
SIDE: Final = 320  # they are searched at this size
LONG: Final = 0.9  # shortest edge, in widths of the face
SLANT: Final = 12.0  # degrees off upright or level
NEAR, FAR = 0.45, 1.5  # distance of an edge from the middle of the face, in its widths
LOWEST, HIGHEST = 0.12, 0.48  # cycles per pixel
RINGS: Final = 12
AXES: Final = 0.03  # cycles per pixel beside the axes, where the blocks of a JPEG show
CORNER: Final = 0.2  # widths of the face by which edges may miss their corner
MOST_LINES: Final = 60
Line = NDArray[np.float64]  # (2, 2): both ends, in widths of the face from its middle


def measure_artefacts(image: Image, face: FaceSeen) -> Artefacts:
    """Return the signs of one frame."""
    return Artefacts(bezel=_bezel(image, face), moire=_moire(image, face))


def _bezel(image: Image, face: FaceSeen) -> float:
    """Return the share of a rectangle's corners around the face at which two long straight edges meet."""
    width = face.box[2]
    x, y = face.box[0] + width / 2, face.box[1] + face.box[3] / 2
    scale = SIDE / (REACH * width)
    matrix = np.array([[scale, 0.0, SIDE / 2 - scale * x], [0.0, scale, SIDE / 2 - scale * y]])
    part = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (0, 0), 1.2)
    unit = SIDE / REACH
    found = cv2.HoughLinesP(
        cv2.Canny(grey, 40, 120), 1, np.pi / 180, 50, minLineLength=LONG * unit, maxLineGap=0.12 * unit
    )
    if found is None:
        return 0.0
    sides: dict[str, list[Line]] = {"left": [], "right": [], "top": [], "bottom": []}
    for row in np.asarray(found, dtype=np.float64).reshape(-1, 4)[:MOST_LINES]:
        line = row.reshape(2, 2) / unit - REACH / 2
        sides.get(_side(line), []).append(line)
    corners = [(upright, level) for upright in ("left", "right") for level in ("top", "bottom")]
    return sum(any(_meet(a, b) for a in sides[u] for b in sides[v]) for u, v in corners) / len(corners)


def _side(line: Line) -> str:
    """Return which side of a rectangle around the middle a line may be, "" for any other line."""
    start, end = line
    angle = float(np.degrees(np.arctan2(abs(end[1] - start[1]), abs(end[0] - start[0]))))
    upright = angle > 90.0 - SLANT
    if not upright and angle > SLANT:
        return ""
    middle = line.mean(axis=0)
    across, along = (middle[0], middle[1]) if upright else (middle[1], middle[0])
    if not NEAR <= abs(across) <= FAR or abs(along) > LONG:
        return ""
    return (("left", "right") if upright else ("top", "bottom"))[int(across > 0)]


def _meet(a: Line, b: Line) -> bool:
    """Say whether two lines cross close to an end of both."""
    first, second = a[1] - a[0], b[1] - b[0]
    crossed = first[0] * second[1] - first[1] * second[0]
    if abs(crossed) < 1e-9:
        return False
    along = b[0] - a[0]
    point = a[0] + first * (along[0] * second[1] - along[1] * second[0]) / crossed
    return all(float(np.linalg.norm(line - point, axis=1).min()) <= CORNER for line in (a, b))


def _moire(image: Image, face: FaceSeen) -> float:
    """Return the highest peak of the face's fine pattern, in multiples of the mean power at its distance from zero."""
    x, y = face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] * 0.6
    side = min(256, round(0.8 * min(face.box[2], face.box[3])))
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    part = image[top : top + side, left : left + side, 1]
    if min(part.shape) < 48:
        return 0.0
    grey = part.astype(np.float32)
    rest = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)
    window = np.outer(np.hanning(part.shape[0]), np.hanning(part.shape[1]))
    power = np.abs(np.fft.fft2(rest * window)) ** 2
    down, across = np.fft.fftfreq(part.shape[0])[:, None], np.fft.fftfreq(part.shape[1])[None, :]
    radius = np.where((np.abs(down) > AXES) & (np.abs(across) > AXES), np.hypot(down, across), 0.0)
    edges = np.linspace(LOWEST, HIGHEST, RINGS + 1)
    peaks = []
    for low, high in pairwise(edges):
        ring = power[(radius >= low) & (radius < high)]
        peaks.append(float(ring.max() / max(float(ring.mean()), 1e-9)))
    return max(peaks)
