"""Prints of a portrait, flat, bent or folded, held by a hand."""

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.scenes.motion import Performer
from biometrics.scenes.portraits import EYE_PX, EYES_AT, Mask, Portrait
from biometrics.scenes.raycast import cast
from biometrics.scenes.reflection import mirrored_panel
from biometrics.scenes.studio import Canvas
from biometrics.scenes.surface import Floats, Surface, sheet_surface

A4 = (3.33, 4.71)  # 210 × 297 mm in E
SKIN = (110, 140, 190)


class Print:
    """A print and the hand that holds it. `gloss` 0 matt to 1 photo paper."""

    def __init__(
        self, portrait: Portrait, random: np.random.Generator, *, bend: float = 0.0, fold: float = 0.0
    ) -> None:
        scale = float(random.uniform(0.85, 1.05))
        paper, origin = printed(portrait, random)
        paper, alpha, origin = _held(paper, origin, random)
        self._gloss = float(random.choice([0.0, 0.15, 0.6]))
        self._surface = sheet_surface(paper, alpha, per_e=EYE_PX / scale, origin=origin, bend=bend, fold=fold)

    @property
    def surface(self) -> Surface:
        """The sheet."""
        return self._surface

    def draw(self, canvas: Canvas, performer: Performer, time: float) -> None:
        """Put the sheet into the picture."""
        pose = performer.pose(time)
        seen = cast(self._surface, pose, canvas.lens)
        if seen is None:
            return
        light = canvas.lit(seen)
        if self._gloss > 0:
            mirror = mirrored_panel(seen, pose, canvas.lens, spread=1.2 - 0.9 * self._gloss)
            light += (
                (0.35 * self._gloss * canvas.light.modulation)
                * mirror[..., None]
                * canvas.screen
                * canvas.gain
            )
            light += 0.10 * self._gloss * _lamp(seen.normal)[..., None]
        canvas.paint(seen, self._surface.texture, self._surface.alpha, light)


def _lamp(normal: Floats) -> Floats:
    """The ceiling lamp's reflection: where the sheet leans back it runs over it."""
    half = np.array([0.15, -0.35, 0.92], np.float32)
    return np.asarray(np.maximum(normal @ half, 0.0) ** 60, np.float32)


def printed(portrait: Portrait, random: np.random.Generator) -> tuple[Image, tuple[float, float]]:
    """Return an A4 sheet with the portrait, life-size, as an office printer makes it,
    and the pixel between the eyes."""
    width, height = round(A4[0] * EYE_PX), round(A4[1] * EYE_PX)
    x0, y0 = round(EYES_AT[0] - width / 2), round(EYES_AT[1] - 0.42 * height)
    part = portrait.image[y0 : y0 + height, x0 : x0 + width].astype(np.float32)
    black, white = random.uniform(18, 40), random.uniform(215, 240)
    cast_ = 1.0 + random.uniform(-0.05, 0.05, 3)
    ink = black + part * ((white - black) / 255.0) * cast_
    ink *= 1.0 + _screen(part.shape[:2], random)[..., None] * np.clip(1.2 - ink / 255.0, 0.1, 1.0)
    ink *= (
        1.0 + 0.012 * np.sin(np.arange(height) * random.uniform(0.3, 0.9))[:, None, None]
    )  # bands of the head
    paper = np.full(part.shape, white, np.float32)
    edge = round(0.07 * EYE_PX)
    paper[edge:-edge, edge:-edge] = ink[edge:-edge, edge:-edge]
    return np.asarray(np.clip(paper, 0, 255), np.uint8), (EYES_AT[0] - x0, EYES_AT[1] - y0)


def _screen(shape: tuple[int, int], random: np.random.Generator) -> Floats:
    """The halftone: dots on a turned grid. At a metre's half it is finer than the camera's pixels and mostly lost."""
    angle, period = np.radians(random.uniform(15, 45)), random.uniform(2.1, 3.2)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) * (2 * np.pi / period)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.asarray(0.05 * np.sin(along) * np.sin(across), np.float32)


def _held(
    paper: Image, origin: tuple[float, float], random: np.random.Generator
) -> tuple[Image, Mask, tuple[float, float]]:
    """Put thumbs on the lower edge of a sheet; the picture grows so that the hands have room."""
    rows, columns = paper.shape[:2]
    side, below = 40, 90
    out = np.zeros((rows + below, columns + 2 * side, 3), np.uint8)
    out[:rows, side : side + columns] = paper
    alpha = np.zeros(out.shape[:2], np.uint8)
    alpha[:rows, side : side + columns] = 255
    tone = tuple(float(v) * float(random.uniform(0.9, 1.1)) for v in SKIN)
    for x in (side + int(random.integers(10, 60)), side + columns - int(random.integers(10, 60))):
        lean = int(random.integers(-15, 15))
        for picture, value in ((out, tone), (alpha, 255)):
            cv2.ellipse(picture, (x, rows - 8), (15, 34), lean, 0, 360, value, -1, cv2.LINE_AA)
            cv2.ellipse(picture, (x, rows + 50), (38, 48), 0, 0, 360, value, -1, cv2.LINE_AA)
    return out, alpha, (origin[0] + side, origin[1])
