"""A webcam's own part: exposure that follows the picture, white balance, blur, noise, tone curve, compression."""

from dataclasses import dataclass

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.scenes.surface import Floats

EXPOSURE_S = 1 / 30
NOISE_MARGIN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorTraits:
    """`noise` in grey values, `blur` in pixels (both standard deviations), `contrast` of the S-curve, `exposure` of
    the face against the portrait's own, `jpeg` quality or 0 for none."""

    noise: float = 2.0
    blur: float = 0.7
    contrast: float = 0.15
    exposure: float = 1.0
    jpeg: int = 0

    @classmethod
    def drawn(cls, random: np.random.Generator, *, jpeg: bool = False) -> "SensorTraits":
        """Return a webcam."""
        return cls(
            noise=float(random.uniform(1.2, 3.2)),
            blur=float(random.uniform(0.45, 0.9)),
            contrast=float(random.uniform(0.0, 0.3)),
            exposure=float(random.uniform(0.8, 1.15)),
            jpeg=int(random.integers(70, 92)) if jpeg else 0,
        )


class Sensor:
    """Turns the light of a scene into frames, one after another."""

    def __init__(self, random: np.random.Generator, traits: SensorTraits, size: tuple[int, int]) -> None:
        """`size`: width, height."""
        self._random = random
        self._traits = traits
        self._gain = 1.0
        self._balance = np.ones(3, np.float32)
        self._drift = random.uniform(0, 2 * np.pi, 2)
        shape = (size[1] + NOISE_MARGIN, size[0] + NOISE_MARGIN, 3)
        grain = random.standard_normal(shape, np.float32)
        soft = cv2.GaussianBlur(grain, (0, 0), 0.55)  # demosaicing spreads each pixel's noise
        noise = np.rint(soft * (traits.noise / float(soft.std())))
        self._more = np.asarray(np.maximum(noise, 0), np.uint8)
        self._less = np.asarray(np.maximum(-noise, 0), np.uint8)
        self._tone = _tone_table(traits.contrast)

    def expose(self, face_light: Floats, steady_light: Floats, time: float) -> Floats:
        """Return the gain (3,) for light on what the camera meters on. Exposure follows with about a second's delay
        and half way, white balance slower and less."""
        goal = float(steady_light.mean() / face_light.mean())
        self._gain += (1.0 + 0.5 * (goal - 1.0) - self._gain) * 0.06
        tint = steady_light / face_light
        self._balance += (1.0 + 0.3 * (tint / tint.mean() - 1.0) - self._balance) * 0.02
        wave = 1.0 + 0.012 * np.sin(0.7 * time + self._drift[0]) + 0.008 * np.sin(1.9 * time + self._drift[1])
        gain = self._traits.exposure * self._gain * wave / float(steady_light.mean())
        return np.asarray(gain * self._balance, np.float32)

    def develop(self, picture: Image) -> Image:
        """Return the frame of a picture in the power law's values. The picture may be written to."""
        if self._traits.blur > 0:
            picture = np.asarray(cv2.GaussianBlur(picture, (3, 3), self._traits.blur), np.uint8)
        rows, columns = picture.shape[:2]
        y, x = self._random.integers(0, NOISE_MARGIN, 2)
        part = slice(y, y + rows), slice(x, x + columns)
        frame = cv2.LUT(cv2.subtract(cv2.add(picture, self._more[part]), self._less[part]), self._tone)
        if self._traits.jpeg:
            _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, self._traits.jpeg])
            frame = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(frame, np.uint8)


def _tone_table(contrast: float) -> Image:
    """From the power law (2.2) to sRGB with an S-curve."""
    light = (np.arange(256) / 255.0) ** 2.2
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    curved = (1.0 - contrast) * value + contrast * value * value * (3.0 - 2.0 * value)
    return np.asarray(np.rint(np.clip(curved, 0.0, 1.0) * 255.0), np.uint8)
