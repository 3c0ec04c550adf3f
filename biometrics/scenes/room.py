"""The room behind: a wall with a few things on it, out of focus. Values are in the power law of the portraits."""

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.scenes.surface import Floats


def drawn_room(random: np.random.Generator, size: tuple[int, int]) -> Image:
    """Return a room (BGR) of `size` (width, height), as a camera sees it that is focused on a face before it."""
    width, height = size
    wall = random.uniform(120, 205) + random.uniform(-14, 14, 3)
    slope = random.uniform(-25, 25) * np.linspace(-1, 1, width)[None, :, None]
    fall = random.uniform(-20, 10) * np.linspace(-1, 1, height)[:, None, None]
    room = np.clip(wall + slope + fall, 20, 250).astype(np.float32)
    for _ in range(int(random.integers(2, 6))):
        _put_thing(room, random)
    _put_people_height_panel(room, random)
    blurred = cv2.GaussianBlur(room, (0, 0), float(random.uniform(2.0, 5.0)))
    grain = cv2.resize(random.standard_normal((height // 8, width // 8, 1)).astype(np.float32), size)
    return np.asarray(np.clip(blurred + 2.0 * grain[..., None], 0, 255), np.uint8)


def _put_thing(room: Floats, random: np.random.Generator) -> None:
    """A board, a shelf, a window: a rectangle with a frame."""
    height, width = room.shape[:2]
    x, y = int(random.integers(-40, width - 40)), int(random.integers(-60, height // 2))
    w, h = int(random.integers(50, 220)), int(random.integers(40, 200))
    colour = tuple(float(v) for v in random.uniform(60, 230) + random.uniform(-25, 25, 3))
    edge = tuple(v * 0.6 for v in colour)
    cv2.rectangle(room, (x, y), (x + w, y + h), colour, -1)
    cv2.rectangle(room, (x, y), (x + w, y + h), edge, int(random.integers(2, 6)))


def _put_people_height_panel(room: Floats, random: np.random.Generator) -> None:
    """The lower part of many a classroom's wall is painted darker."""
    if random.uniform() < 0.5:
        top = int(random.uniform(0.55, 0.8) * room.shape[0])
        room[top:] *= float(random.uniform(0.55, 0.85))
