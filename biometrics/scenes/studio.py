"""One frame: the room, what stands in it, the light on both, the sensor."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.scenes.light import USUAL_SCREEN, Light, ScreenLight, linear, power, shading
from biometrics.scenes.portraits import LEVEL, Mask
from biometrics.scenes.raycast import Lens, Seen
from biometrics.scenes.room import drawn_room
from biometrics.scenes.sensor import EXPOSURE_S, Sensor, SensorTraits
from biometrics.scenes.surface import Floats


@dataclass(slots=True, kw_only=True, eq=False)
class Canvas:
    """A frame in the making, in the power law's values, and the light of its moment. `gain` turns light to values."""

    picture: Image = field(repr=False)
    lens: Lens
    light: Light
    screen: Floats = field(repr=False)
    gain: Floats = field(repr=False)

    def lit(self, seen: Seen, *, gloss: float = 1.0) -> Floats:
        """Return the linear gain (h, w, 3) on the coarse grid of a matt surface."""
        return shading(seen.normal, self.light, self.screen, gloss=gloss) * self.gain

    def paint(self, seen: Seen, texture: Image, alpha: Mask, light: Floats) -> None:
        """Put a matt surface into the picture. `light`: linear, on its coarse grid."""
        _, _, width, height = seen.box
        gain = cv2.resize(power(light, 1.0 / LEVEL), (width, height), interpolation=cv2.INTER_LINEAR)
        picture = cv2.remap(
            texture, seen.map_x, seen.map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        shade = cv2.multiply(picture, gain, dtype=cv2.CV_8U)
        self.blend(seen, np.asarray(shade, np.uint8), alpha)

    def blend(self, seen: Seen, shade: Image, alpha: Mask) -> None:
        """Put finished values into the picture where the surface is seen."""
        x, y, width, height = seen.box
        matte = cv2.remap(alpha, seen.map_x, seen.map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        matte = cv2.multiply(matte, seen.cover, scale=1 / 255.0)
        share = cv2.merge([matte] * 3)
        part = self.picture[y : y + height, x : x + width]
        front = cv2.multiply(shade, share, scale=1 / 255.0)
        back = cv2.multiply(part, cv2.bitwise_not(share), scale=1 / 255.0)
        self.picture[y : y + height, x : x + width] = cv2.add(front, back)


class Studio:
    """A room, its light, a camera's lens and sensor, all drawn from `random`. Frames are taken in order of time."""

    def __init__(
        self,
        random: np.random.Generator,
        *,
        light: Light,
        traits: SensorTraits | None = None,
        lens: Lens | None = None,
    ) -> None:
        self.lens = lens or Lens()
        self.light = light
        size = (self.lens.width, self.lens.height)
        self._sensor = Sensor(random, traits or SensorTraits.drawn(random), size)
        self._room = Lit(drawn_room(random, size))
        self._steady = self._front(linear(USUAL_SCREEN))

    def begin(self, time: float, screen: ScreenLight) -> Canvas:
        """Return the empty room at a time, as the sensor is about to expose it."""
        shown = screen.mean(time - EXPOSURE_S, time)
        gain = self._sensor.expose(self._front(shown), self._steady, time)
        behind = gain * (np.array(self.light.tint, np.float32) + 0.08 * self.light.modulation * shown)
        picture = self._room.under(behind).copy()
        return Canvas(picture=picture, lens=self.lens, light=self.light, screen=shown, gain=gain)

    def end(self, canvas: Canvas) -> Image:
        """Return the frame."""
        return self._sensor.develop(canvas.picture)

    def _front(self, screen: Floats) -> Floats:
        """The light on what faces the camera."""
        ahead = np.array([[[0.0, 0.0, 1.0]]], np.float32)
        return np.asarray(shading(ahead, self.light, screen)[0, 0], np.float32)


class Lit:
    """A picture under a light that changes slowly: it is computed anew when the light changed by half a per cent."""

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        self._gain = np.zeros(3, np.float32)
        self._lit = picture

    def under(self, gain: Floats) -> Image:
        """Return the picture under a linear gain (3,), in the power law. Do not write into it."""
        if np.abs(gain / np.maximum(self._gain, 1e-6) - 1.0).max() > 0.005:
            self._gain = gain
            self._lit = np.asarray(cv2.LUT(self._picture, scale_table(gain)), np.uint8)
        return self._lit


def scale_table(gain: Floats) -> Image:
    """Return the table (1, 256, 3) that applies a linear gain (3,) to values in the power law."""
    values = np.arange(256, dtype=np.float32)[:, None] * np.maximum(gain, 1e-6)[None] ** (1.0 / LEVEL)
    return np.asarray(np.rint(np.clip(values, 0, 255)), np.uint8)[None]
