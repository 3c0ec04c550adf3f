"""The eyes: small grey patches around both, with the distance between the eyes as scale and the cheek as measure."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.align import similarity
from biometrics.detect import Points
from biometrics.frames import Image
from biometrics.pad.face_light import MODEL
from biometrics.pad.observation import Around, Eyes

STEP: Final = 0.02  # eye distances between samples
HALF_WIDTH: Final = 0.34
HALF_HEIGHT: Final = 0.24
CHEEK: Final = (-0.14, 0.34, 0.14, 0.56)  # left, top, right, bottom below the eye
AROUND: Final = (-0.9, -0.5, 0.9, 0.7)  # brows, nose and cheeks, from the middle between the eyes
COARSE: Final = 0.06
AS_CHEEK: Final = 100.0  # value of a sample as bright as the cheek
Box = tuple[float, float, float, float]


def measure_eyes(image: Image, points: Points) -> Eyes:
    """Return the patches around the eye on the image's left and the one on its right: uint8, (2, rows, columns)."""
    turn = similarity(MODEL, points)[:, :2]
    around = (-HALF_WIDTH, -HALF_HEIGHT, HALF_WIDTH, HALF_HEIGHT)
    patches = []
    for eye in points[:2]:
        cheek = _patch(image, eye, turn, CHEEK).reshape(-1, 3)
        tone = max(float(np.median(cheek, axis=0).mean()), 1.0)
        patches.append(_patch(image, eye, turn, around).mean(axis=2) * (AS_CHEEK / tone))
    return np.clip(np.stack(patches) + 0.5, 0, 255).astype(np.uint8)


def measure_around(image: Image, points: Points) -> Around:
    """Return the surroundings of the eyes, coarse: uint8, (rows, columns); the eyes themselves are in it."""
    to_image = similarity(MODEL, points)
    part = _patch(image, to_image[:, 2], to_image[:, :2], AROUND, COARSE).mean(axis=2)
    tone = max(float(np.median(part[-part.shape[0] // 3 :])), 1.0)
    return np.asarray(np.clip(part * (AS_CHEEK / tone) + 0.5, 0, 255), np.uint8)


def _patch(
    image: Image, centre: NDArray[np.float64], turn: NDArray[np.float64], box: Box, step: float = STEP
) -> NDArray[np.float32]:
    """Return samples of a box around `centre`: float32, BGR."""
    x0, y0, x1, y1 = box
    size = round((x1 - x0) / step), round((y1 - y0) / step)
    start = centre + turn @ np.array([x0 + step / 2, y0 + step / 2])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    matrix = np.column_stack([turn * step, start])
    part = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, dtype=np.float32)
