"""Surfaces: a height over a picture. A head from an ellipsoid and the features of a face; sheets flat, bent, folded.

Lengths in eye distances (E, about 63 mm); x to the image's right, y down, z towards the camera, origin between
the eyes on the picture, which lies in z = 0.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.frames import Image
from biometrics.scenes.portraits import CANVAS, EYE_PX, EYES_AT, Mask, Portrait, canvas_points

Floats = NDArray[np.float32]

COARSE = 4  # the height map has a quarter of the canvas's pixels along each side


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Measures of a head, in E. `nose`: the tip before the eyes' plane, 25 to 35 mm in grown people."""

    nose: float = 0.47
    half_width: float = 1.22
    half_height: float = 1.85
    depth: float = 1.30
    brow: float = 0.07
    cheek: float = 0.07
    mouth: float = 0.20
    chin: float = 0.22

    @classmethod
    def drawn(cls, random: np.random.Generator) -> "Build":
        """Return the head of somebody: noses differ most."""
        return cls(
            nose=float(random.uniform(0.38, 0.54)),
            half_width=float(random.uniform(1.17, 1.27)),
            depth=float(random.uniform(1.2, 1.4)),
            mouth=float(random.uniform(0.16, 0.24)),
            chin=float(random.uniform(0.16, 0.28)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """`height`: z over the picture, coarse, `per_e` pixels for each E with the origin at `origin`. `texture` BGR and
    `alpha` at `texture_per_e` and `texture_origin`. `layers`: the depths a ray is tried at, nearest first."""

    height: Floats = field(repr=False)
    normal: Floats = field(repr=False)
    texture: Image = field(repr=False)
    alpha: Mask = field(repr=False)
    texture_per_e: float
    texture_origin: tuple[float, float]
    per_e: float
    origin: tuple[float, float]
    layers: Floats = field(repr=False)
    extent: tuple[float, float, float, float]  # left, top, right, bottom of what is not transparent
    pivot: tuple[float, float, float]


def head_surface(portrait: Portrait, build: Build) -> Surface:
    """Return the head of a portrait with its neck cut off under the chin."""
    x, y = _grid()
    points = canvas_points(portrait.points)
    alpha = head_alpha(portrait)
    height = _head_height(x, y, points, build)
    matte = cv2.resize(alpha, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_AREA)
    outside = cv2.distanceTransform((matte < 128).astype(np.uint8), cv2.DIST_L2, 3) * COARSE / EYE_PX
    height = np.asarray(
        cv2.GaussianBlur(np.asarray(height - 2.5 * outside, np.float32), (0, 0), 0.8), np.float32
    )
    return Surface(
        height=height,
        normal=_normals(height, EYE_PX / COARSE),
        texture=portrait.image,
        alpha=alpha,
        texture_per_e=EYE_PX,
        texture_origin=EYES_AT,
        per_e=EYE_PX / COARSE,
        origin=_coarse_origin(EYES_AT),
        layers=np.linspace(float(height.max()) + 0.05, -1.0, 13, dtype=np.float32),
        extent=_extent(alpha),
        pivot=(0.0, 1.5, -0.15),
    )


def head_alpha(portrait: Portrait) -> Mask:
    """Return the matte above the line of the jaw."""
    x, y = _fine_grid()
    jaw = jaw_line(portrait, x)
    cut = np.clip((jaw - y) * 14.0, 0.0, 1.0)
    return np.asarray(portrait.matte * cut, np.uint8)


def jaw_line(portrait: Portrait, x: Floats) -> Floats:
    """Return the y of the jaw for each x: the chin is 1.7 times as far below the eyes as the mouth."""
    mouth = float(canvas_points(portrait.points)[3:, 1].mean())
    return np.asarray(1.72 * mouth + 0.14 - 0.5 * x * x, np.float32)


def _head_height(x: Floats, y: Floats, points: NDArray[np.float64], build: Build) -> Floats:
    nose, mouth = points[2], points[3:].mean(axis=0)
    mid = float(mouth[0]) * 0.5
    round_ = ((x - mid) / build.half_width) ** 2 + ((y - 0.2) / build.half_height) ** 2
    dome = build.depth * np.sqrt(np.maximum(1.0 - round_, 0.0)) - 0.5 * np.maximum(round_ - 1.0, 0.0)
    eyes = -0.09 * (_bump(x, y, (-0.5, 0.0), (0.26, 0.17)) + _bump(x, y, (0.5, 0.0), (0.26, 0.17)))
    brow = build.brow * (_bump(x, y, (-0.42, -0.32), (0.4, 0.14)) + _bump(x, y, (0.42, -0.32), (0.4, 0.14)))
    cheeks = build.cheek * (_bump(x, y, (-0.62, 0.5), (0.3, 0.25)) + _bump(x, y, (0.62, 0.5), (0.3, 0.25)))
    lips = build.mouth * _bump(x, y, (float(mouth[0]), float(mouth[1])), (0.45, 0.3))
    chin = build.chin * _bump(x, y, (float(mouth[0]), 1.55 * float(mouth[1])), (0.35, 0.22))
    ridge = _nose(x, y, float(nose[0]), float(nose[1]), build.nose)
    return np.asarray(dome + eyes + brow + cheeks + lips + chin + ridge, np.float32)


def _nose(x: Floats, y: Floats, tip_x: float, tip_y: float, rise: float) -> Floats:
    """A ridge that grows from between the brows to the tip and ends below it. The eyes lie deeper than the dome."""
    down = np.clip((y + 0.15) / (tip_y + 0.15), 0.0, 1.0)
    below = np.clip(1.0 - (y - tip_y) / 0.22, 0.0, 1.0)
    width = 0.11 + 0.09 * down
    across = np.exp(-(((x - tip_x * down) / width) ** 2) / 2)
    peak = (0.12 + (rise - 0.22) * down**1.4) * np.where(y > tip_y, below, 1.0) * (y > -0.5)
    wings = 0.12 * (
        _bump(x, y, (tip_x - 0.17, tip_y), (0.1, 0.1)) + _bump(x, y, (tip_x + 0.17, tip_y), (0.1, 0.1))
    )
    return np.asarray(peak * across + wings, np.float32)


def _bump(x: Floats, y: Floats, at: tuple[float, float], size: tuple[float, float]) -> Floats:
    return np.asarray(np.exp(-(((x - at[0]) / size[0]) ** 2) - ((y - at[1]) / size[1]) ** 2), np.float32)


def sheet_surface(
    texture: Image,
    alpha: Mask,
    *,
    per_e: float,
    origin: tuple[float, float],
    bend: float = 0.0,
    fold: float = 0.0,
) -> Surface:
    """Return a sheet with a picture on it: `per_e` pixels for each E, `origin` the pixel between the eyes.

    `bend`: curvature about the upright axis in 1/E (0.5: a radius of 2 E), `fold`: slope of its halves off a crease
    through the nose, 0.4 about 22 degrees each; both to the back.
    """
    rows, columns = texture.shape[:2]
    step = 6.0
    size = max(round(columns / step), 2), max(round(rows / step), 2)
    x = ((np.arange(size[0], dtype=np.float32) + 0.5) * (columns / size[0]) - origin[0]) / per_e
    profile = -fold * np.sqrt(x * x + 0.003) - 0.5 * bend * x * x
    height = np.repeat(profile[None].astype(np.float32), size[1], axis=0)
    curved = bend != 0.0 or fold != 0.0
    low = float(height.min())
    return Surface(
        height=height,
        normal=_normals(height, per_e * size[0] / columns),
        texture=texture,
        alpha=alpha,
        texture_per_e=per_e,
        texture_origin=origin,
        per_e=per_e * size[0] / columns,
        origin=((origin[0] + 0.5) * size[0] / columns - 0.5, (origin[1] + 0.5) * size[1] / rows - 0.5),
        layers=np.linspace(0.05, low - 0.2, 9 if curved else 2, dtype=np.float32),
        extent=(
            -origin[0] / per_e,
            -origin[1] / per_e,
            (columns - origin[0]) / per_e,
            (rows - origin[1]) / per_e,
        ),
        pivot=(0.0, 0.4, 0.0),
    )


def _grid() -> tuple[Floats, Floats]:
    width, height = CANVAS[0] // COARSE, CANVAS[1] // COARSE
    centre = _coarse_origin(EYES_AT)
    x = (np.arange(width, dtype=np.float32) - centre[0]) * COARSE / EYE_PX
    y = (np.arange(height, dtype=np.float32) - centre[1]) * COARSE / EYE_PX
    across, down = np.meshgrid(x, y)
    return across, down


def _fine_grid() -> tuple[Floats, Floats]:
    x = (np.arange(CANVAS[0], dtype=np.float32) - EYES_AT[0]) / EYE_PX
    y = (np.arange(CANVAS[1], dtype=np.float32) - EYES_AT[1]) / EYE_PX
    across, down = np.meshgrid(x, y)
    return across, down


def _coarse_origin(origin: tuple[float, float]) -> tuple[float, float]:
    return (origin[0] + 0.5) / COARSE - 0.5, (origin[1] + 0.5) / COARSE - 0.5


def _normals(height: Floats, per_e: float) -> Floats:
    """Return unit normals (H, W, 3) of a softened surface."""
    soft = cv2.GaussianBlur(np.maximum(height, -1.5), (0, 0), 1.5)
    slope_x = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=per_e / 8.0)
    slope_y = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=per_e / 8.0)
    normal = np.dstack([-slope_x, -slope_y, np.ones_like(soft)])
    return np.asarray(normal / np.linalg.norm(normal, axis=2, keepdims=True), np.float32)


def _extent(alpha: Mask) -> tuple[float, float, float, float]:
    rows = np.flatnonzero(alpha.max(axis=1) > 8)
    columns = np.flatnonzero(alpha.max(axis=0) > 8)
    left, right = (columns[[0, -1]] - EYES_AT[0]) / EYE_PX
    top, bottom = (rows[[0, -1]] - EYES_AT[1]) / EYE_PX
    return float(left), float(top), float(right), float(bottom)
