"""Light: the room's, and the candidate's screen's, which changes with what it shows.

Linear light, blue, green, red; 1.0 is the room's light on something that faces the camera.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from biometrics.candidate_screen import Colour
from biometrics.scenes.surface import Floats

USUAL_SCREEN: Colour = (225, 228, 232)  # a window with a light background
SCREEN_LUX = 24.0  # a 14-inch panel at 55 cm, all white at 150 cd/m²
# What a camera's blue, green and red see of a panel's red, green and blue: filters overlap.
CROSSTALK = np.array([[0.01, 0.09, 0.90], [0.09, 0.84, 0.07], [0.90, 0.09, 0.01]], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """`room_lux` upright on the face; `ambient` the share without a direction; `key` whence the rest comes; `tint`
    blue, green, red of the room after white balance; `screen_lux` of the white screen on the face."""

    room_lux: float = 250.0
    ambient: float = 0.6
    key: tuple[float, float, float] = (0.4, -0.6, 0.7)
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    screen_lux: float = SCREEN_LUX

    @property
    def modulation(self) -> float:
        """What the white screen adds to the room's light, as a share of it."""
        return self.screen_lux / self.room_lux


LIGHTS: Mapping[str, tuple[float, float]] = {  # lux upright on the face
    "dim": (120.0, 200.0),
    "room": (200.0, 400.0),
    "bright": (400.0, 700.0),
    "window": (1500.0, 5000.0),
}


def drawn_light(name: str, random: np.random.Generator) -> Light:
    """Return a light by its name in `LIGHTS`."""
    lux = LIGHTS[name]
    side = float(random.uniform(-0.8, 0.8)) * (1.4 if name == "window" else 1.0)
    warm = float(random.uniform(-0.06, 0.06))
    return Light(
        room_lux=float(np.exp(random.uniform(np.log(lux[0]), np.log(lux[1])))),
        ambient=float(random.uniform(0.55, 0.8)),
        key=(side, float(random.uniform(-0.9, -0.3)), 0.8),
        tint=(1.0 - warm, 1.0, 1.0 + warm),
        screen_lux=SCREEN_LUX * float(random.uniform(0.8, 1.3)),
    )


class ScreenLight:
    """What the screen shed and when: a history of colours. `delay`: from the call to the light, in seconds."""

    def __init__(self, *, delay: float) -> None:
        self._delay = delay
        self._times = [-1e9]
        self._light = [linear(USUAL_SCREEN)]

    def show(self, rgb: Colour | None, at: float) -> None:
        """Fill the screen from a time on."""
        self._times.append(at + self._delay)
        self._light.append(linear(rgb or USUAL_SCREEN))

    def mean(self, start: float, end: float) -> Floats:
        """Return the mean light (3,) over an exposure: a change in the middle of it is seen as a mixture."""
        total = np.zeros(3, np.float32)
        index, time = bisect_right(self._times, start) - 1, start
        while time < end:
            until = min(self._times[index + 1], end) if index + 1 < len(self._times) else end
            total += self._light[index] * (until - time)
            time, index = until, index + 1
        return np.asarray(total / (end - start), np.float32)


def linear(rgb: Colour) -> Floats:
    """Return the light (blue, green, red as a camera sees it, each 0 to 1) of a screen filled with a colour."""
    value = np.clip(np.array(rgb, np.float32) / 255.0, 0.0, 1.0)
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(CROSSTALK @ light, np.float32)


def shading(normal: Floats, light: Light, screen: Floats, *, gloss: float = 1.0) -> Floats:
    """Return the light (h, w, 3) on a matt surface with unit normals (h, w, 3) in the camera's coordinates.

    `screen`: from `ScreenLight.mean`. `gloss` weighs the screen's part.
    """
    key = np.array(light.key, np.float32)
    key /= np.linalg.norm(key)
    room = light.ambient + (1.0 - light.ambient) / max(float(key[2]), 0.3) * np.maximum(normal @ key, 0.0)
    towards = np.array([0.0, 0.21, 0.98], np.float32)  # the panel lies below its camera
    facing = np.maximum(normal @ towards, 0.0) * (light.modulation * gloss)
    return np.asarray(
        room[..., None] * np.array(light.tint, np.float32) + facing[..., None] * screen, np.float32
    )


def power(light: Floats, exponent: float) -> Floats:
    """Raise light to a power."""
    return np.asarray(cv2.pow(np.ascontiguousarray(light), exponent), np.float32)
