"""A document held up instead of a face: a small portrait within four straight edges of a card's shape."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.detect import Face
from biometrics.frames import Image

SIDE = 320  # the frame is reduced to this many pixels: edges of a card are long
MOST = 40  # outlines looked at, largest first


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLimits:
    """When an outline is a document around a face. Sizes in shares; see models/quality.toml."""

    largest_face: float
    min_ratio: float
    max_ratio: float
    min_face: float
    max_face: float
    straight: float
    filled: float
    level: float
    least_left: float
    farthest_left: float


def is_on_card(image: Image, face: Face, limits: CardLimits) -> bool:
    """Say whether a face of a BGR frame lies within the outline of a card. Faces that are large in the frame are not
    looked at: no card around them would fit."""
    height, width = image.shape[:2]
    if face.height > limits.largest_face * height:
        return False
    scale = min(1.0, SIDE / max(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return any(
        _holds(outline, face, scale, limits) for outline in _outlines(np.asarray(small, dtype=np.uint8))
    )


def _outlines(image: Image) -> list[NDArray[np.int32]]:
    """Return the outlines of closed edges and of bright areas, largest first."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    edges = cv2.dilate(cv2.Canny(grey, 40, 120), np.ones((3, 3), dtype=np.uint8))
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    found = [
        np.asarray(outline, dtype=np.int32)
        for plane in (edges, bright)
        for outline in cv2.findContours(plane, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    ]
    return sorted(found, key=cv2.contourArea, reverse=True)[:MOST]


def _holds(outline: NDArray[np.int32], face: Face, scale: float, limits: CardLimits) -> bool:
    """Say whether an outline is a card's rectangle with this face in its left part, upright as the card is."""
    hull = cv2.convexHull(outline)
    rectangle = cv2.minAreaRect(hull)
    sides = rectangle[1]
    short, long = sorted(sides)
    if short < 1 or not limits.min_ratio <= long / short <= limits.max_ratio:
        return False
    share = face.width * face.height * scale**2 / (short * long)
    if not limits.min_face <= share <= limits.max_face:
        return False
    if cv2.contourArea(outline) < limits.filled * cv2.contourArea(hull):
        return False
    if cv2.contourArea(hull) < limits.straight * short * long:
        return False
    return _is_left(face, scale, rectangle, limits)


def _is_left(face: Face, scale: float, rectangle: cv2.typing.RotatedRect, limits: CardLimits) -> bool:
    """Say whether the face lies left of the card's middle, with its eye line along the long side."""
    middle, sides, degrees = rectangle
    angle = np.radians(degrees if sides[0] > sides[1] else degrees + 90)
    along = np.array([np.cos(angle), np.sin(angle)])
    eyes = face.points[1] - face.points[0]
    lean = float(eyes @ along) / max(float(np.hypot(*eyes)), 1e-6)
    off = float((np.array(face.centre) * scale - np.array(middle)) @ along) / max(sides) * np.sign(lean)
    return abs(lean) > limits.level and bool(-limits.farthest_left <= off <= -limits.least_left)
