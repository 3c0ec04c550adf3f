"""Photos and scans of a printed page, made from the page: turned, tilted, unevenly lit, stained, noisy, JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pypdfium2

_OVER = 3
"""How much finer the page is drawn than it is photographed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a page is taken. `dpi` of the paper in the picture; `turn`, `tilt`, `pan` in degrees; `blur` in pixels.

    `light`: how much darker the dark side is, 0 to 1; `contrast`: 1 full; `stains`: how many; `noise`: standard
    deviation in grey levels; `quality` of the JPEG.
    """

    dpi: float = 100.0
    turn: float = 0.0
    tilt: float = 0.0
    pan: float = 0.0
    blur: float = 0.0
    light: float = 0.0
    shadow: bool = False
    contrast: float = 1.0
    stains: int = 0
    noise: float = 0.0
    quality: int = 80


def drawn(pdf: bytes, page: int, dpi: float) -> np.ndarray:
    """A page in grey: uint8, shape (H, W)."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        shown = document[page].render(scale=dpi / 72, grayscale=True).to_numpy()
        return np.array(shown.reshape(shown.shape[:2]))
    finally:
        document.close()


def photograph(paper: np.ndarray, look: Look, chance: np.random.Generator, *, over: int = _OVER) -> bytes:
    """A JPEG of a page that `drawn` made at `over` times the look's dpi."""
    picture = _stained(paper, look, chance, over)
    picture = _seen(picture, look, over)
    if look.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
    shown = _lit(picture.astype(np.float32), look, chance)
    shown = 128 + (shown - 128) * look.contrast
    if look.noise:
        shown += chance.normal(0, look.noise, shown.shape)
    grey = np.clip(shown, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, look.quality])[1])


def _seen(paper: np.ndarray, look: Look, over: int) -> np.ndarray:
    """The paper turned and tilted before a camera at one and a half of its diagonal, on a desk."""
    height, width = paper.shape
    far = 1.5 * float(np.hypot(height, width))
    corners = (
        np.array([[-width, -height], [width, -height], [width, height], [-width, height]], np.float64) / 2
    )
    space = np.column_stack([corners, np.zeros(4)]) @ _turned(look).T
    seen = space[:, :2] * (far / (far + space[:, 2:])) / over
    low = seen.min(axis=0) - 24
    size = np.ceil(seen.max(axis=0) + 24 - low).astype(int)
    fine = cv2.getPerspectiveTransform(
        (corners + np.array([width, height]) / 2).astype(np.float32), ((seen - low) * 2).astype(np.float32)
    )
    twice = (int(size[0]) * 2, int(size[1]) * 2)
    large = cv2.warpPerspective(paper, fine, twice, flags=cv2.INTER_AREA, borderValue=90)
    return cv2.resize(large, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)


def _turned(look: Look) -> np.ndarray:
    turn, tilt, pan = np.radians([look.turn, look.tilt, look.pan])
    about_z = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    about_x = [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    about_y = [[np.cos(pan), 0, np.sin(pan)], [0, 1, 0], [-np.sin(pan), 0, np.cos(pan)]]
    return np.array(about_y) @ np.array(about_x) @ np.array(about_z)


def _lit(picture: np.ndarray, look: Look, chance: np.random.Generator) -> np.ndarray:
    height, width = picture.shape
    y, x = np.mgrid[0 : 1 : complex(height), 0 : 1 : complex(width)]
    towards = chance.uniform(0, 2 * np.pi)
    slope = (np.cos(towards) * (x - 0.5) + np.sin(towards) * (y - 0.5)) / 1.42 + 0.5
    lit = picture * (1 - look.light * slope)
    if look.shadow:
        edge = chance.uniform(0.3, 0.7)
        lit = np.where(
            np.cos(towards) * (x - 0.5) - np.sin(towards) * (y - 0.5) + 0.5 > edge, lit * 0.55, lit
        )
        lit = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), 0.8)
    return np.asarray(lit, np.float32)


def _stained(paper: np.ndarray, look: Look, chance: np.random.Generator, over: int) -> np.ndarray:
    """Rings of cups and splashes, a few mm wide, over the whole page; half of them over the seal's corner."""
    if not look.stains:
        return paper
    millimetre = look.dpi * over / 25.4
    height, width = paper.shape
    wet: Any = np.zeros(paper.shape, np.float32)
    for number in range(look.stains):
        low = (0.75, 0.75) if number % 2 else (0.0, 0.0)
        at = (int(chance.uniform(low[0], 0.97) * width), int(chance.uniform(low[1], 0.97) * height))
        one = np.zeros(paper.shape, np.float32)
        if number % 3:
            cv2.circle(one, at, int(chance.uniform(1, 3) * millimetre), float(chance.uniform(0.2, 0.8)), -1)
        else:
            radius = int(chance.uniform(20, 38) * millimetre)
            cv2.circle(one, at, radius, float(chance.uniform(0.2, 0.5)), max(1, int(2.5 * millimetre)))
        wet = np.maximum(wet, one)
    wet = cv2.GaussianBlur(wet, (0, 0), millimetre / 3)
    return (paper * (1 - wet) + 70 * wet).astype(np.uint8)
