"""Rays against a surface: where each pixel of a frame looks at a picture, and how the surface faces the lights.

A ray is tried at a few depths (`Surface.layers`) on a coarse grid; the first that lies under the surface is the hit.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from biometrics.scenes.portraits import Mask
from biometrics.scenes.surface import Floats, Surface

GRID = 4  # one ray for each 4 × 4 pixels; between them the map is linear


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Degrees and E. `yaw` > 0: what looks at the camera turns to the image's right; `pitch` > 0: down; `roll` > 0:
    clockwise in the image. `x`, `y`: the pivot off the camera's axis; `distance`: of the pivot from the camera."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    distance: float = 8.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A pinhole: size of the frame and focal length in pixels."""

    width: int = 640
    height: int = 480
    focal: float = 560.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A surface in a rectangle of the frame (x, y, width, height): `map_x`, `map_y` are pixels of the texture.
    `cover` 0 to 255: whether the ray meets the surface at all. `normal` (h / GRID, w / GRID, 3): unit normals in the
    camera's coordinates."""

    box: tuple[int, int, int, int]
    cover: Mask = field(repr=False)
    map_x: Floats = field(repr=False)
    map_y: Floats = field(repr=False)
    normal: Floats = field(repr=False)


def rotation(pose: Pose) -> Floats:
    """Return the matrix (3, 3) that turns a surface's coordinates into the camera's."""
    yaw, pitch, roll = np.radians([pose.yaw, pose.pitch, pose.roll])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.asarray(np.array(about_z) @ np.array(about_x) @ np.array(about_y), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flex:
    """Skin that moves up by `rise` E around a point of the picture."""

    x: float
    y: float
    rise: float


def cast(surface: Surface, pose: Pose, lens: Lens, flex: Flex | None = None) -> Seen | None:
    """Return how a surface is seen, or None when it lies outside the frame."""
    turn = rotation(pose)
    box = _box(surface, pose, lens, turn)
    if box is None:
        return None
    x, y, width, height = box
    columns, rows = width // GRID, height // GRID
    u = x + np.arange(columns, dtype=np.float32) * GRID + (GRID - 1) / 2 - lens.width / 2 + 0.5
    v = y + np.arange(rows, dtype=np.float32) * GRID + (GRID - 1) / 2 - lens.height / 2 + 0.5
    ray = np.empty((rows, columns, 3), np.float32)
    ray[..., 0], ray[..., 1], ray[..., 2] = u[None] / lens.focal, v[:, None] / lens.focal, -1.0
    ray = ray @ turn  # into the surface's coordinates: the transpose of the rotation, for rows
    origin = turn.T @ np.array([-pose.x, -pose.y, pose.distance], np.float32) + np.array(
        surface.pivot, np.float32
    )
    per_z_x, per_z_y = ray[..., 0] / ray[..., 2], ray[..., 1] / ray[..., 2]
    at_x, at_y = origin[0] - origin[2] * per_z_x, origin[1] - origin[2] * per_z_y
    z, cover = _hit(surface, at_x, at_y, per_z_x, per_z_y)
    hit_x, hit_y = at_x + z * per_z_x, at_y + z * per_z_y
    normal = cv2.remap(
        surface.normal,
        hit_x * surface.per_e + surface.origin[0],
        hit_y * surface.per_e + surface.origin[1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if flex is not None:
        hit_y = hit_y + flex.rise * np.exp(
            -(((hit_x - flex.x) / 0.5) ** 2) - ((hit_y - flex.y) / 0.25) ** 2
        ).astype(np.float32)
    size = (width, height)
    return Seen(
        box=box,
        cover=np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_LINEAR), np.uint8),
        map_x=_finer(hit_x * surface.texture_per_e + surface.texture_origin[0], size),
        map_y=_finer(hit_y * surface.texture_per_e + surface.texture_origin[1], size),
        normal=np.asarray(normal.reshape(-1, 3) @ turn.T, np.float32).reshape(normal.shape),
    )


def _finer(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _hit(
    surface: Surface, at_x: Floats, at_y: Floats, per_z_x: Floats, per_z_y: Floats
) -> tuple[Floats, Mask]:
    """Return the z of each ray's first point under the surface, or of its nearest approach, and 255 where it hits."""
    count, (rows, columns) = len(surface.layers), at_x.shape
    if count == 2:
        return np.zeros_like(at_x), np.full(at_x.shape, 255, np.uint8)  # a plane
    layers = surface.layers[:, None, None]
    x, y = at_x * surface.per_e + surface.origin[0], at_y * surface.per_e + surface.origin[1]
    per_x, per_y = per_z_x * surface.per_e, per_z_y * surface.per_e
    found = _look_up(
        surface.height,
        (x[None] + layers * per_x[None]).reshape(count * rows, columns),
        (y[None] + layers * per_y[None]).reshape(count * rows, columns),
    )
    under = found.reshape(count, rows, columns) - layers
    hit = under >= 0.0
    nearest = under.max(axis=0)
    first = np.where(nearest >= 0.0, hit.argmax(axis=0), under.argmax(axis=0))
    before = np.maximum(first - 1, 0)
    below = np.take_along_axis(under, first[None], axis=0)[0]
    above = np.take_along_axis(under, before[None], axis=0)[0]
    low, high = surface.layers[first], surface.layers[before]
    z = _between(low, below, high, above)
    for _ in range(2):  # false position: the layers are far apart
        off = _look_up(surface.height, x + z * per_x, y + z * per_y) - z
        inside = off >= 0.0
        low, below = np.where(inside, z, low), np.where(inside, off, below)
        high, above = np.where(inside, high, z), np.where(inside, above, off)
        z = _between(low, below, high, above)
    z = np.where(nearest >= 0.0, z, surface.layers[first])
    return np.asarray(z, np.float32), np.asarray(np.clip(255.0 + 2500.0 * nearest, 0.0, 255.0), np.uint8)


def _between(low: Floats, below: Floats, high: Floats, above: Floats) -> Floats:
    share = np.clip(below / np.maximum(below - above, 1e-6), 0.0, 1.0)
    return np.asarray(low + share * (high - low), np.float32)


def _look_up(height: Floats, x: Floats, y: Floats) -> Floats:
    found = cv2.remap(height, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=-9.0)
    return np.asarray(found, np.float32)


def _box(surface: Surface, pose: Pose, lens: Lens, turn: Floats) -> tuple[int, int, int, int] | None:
    left, top, right, bottom = surface.extent
    near, far = (
        (float(surface.layers[0]), float(surface.layers[-1])) if len(surface.layers) > 2 else (0.0, 0.0)
    )
    corners = np.array(
        [[x, y, z] for x in (left, right) for y in (top, bottom) for z in (near, far)], np.float32
    )
    seen = (corners - np.array(surface.pivot, np.float32)) @ turn.T
    depth = np.maximum(pose.distance - seen[:, 2], 0.5)
    u = lens.focal * (seen[:, 0] + pose.x) / depth + lens.width / 2
    v = lens.focal * (seen[:, 1] + pose.y) / depth + lens.height / 2
    x0, x1 = max(0, int(u.min()) - 3) // GRID * GRID, min(lens.width, int(u.max()) + 4)
    y0, y1 = max(0, int(v.min()) - 3) // GRID * GRID, min(lens.height, int(v.max()) + 4)
    width, height = -(-(x1 - x0) // GRID) * GRID, -(-(y1 - y0) // GRID) * GRID
    if width < 2 * GRID or height < 2 * GRID:
        return None
    return x0, y0, min(width, lens.width - x0), min(height, lens.height - y0)
