"""The eyes: small patches around both, measured against the cheek below."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.align import similarity
from biometrics.detect import Points
from biometrics.frames import Image
from biometrics.pad.face_light import MODEL
from biometrics.pad.observation import EyeSeen

STEP: Final = 0.02  # eye distances between samples
HALF_WIDTH: Final = 0.26
HALF_HEIGHT: Final = 0.20
MIDDLE: Final = 0.12  # half width of the middle, where the iris is
CHEEK: Final = (0.34, 0.56)  # rows of the cheek below the eye
Patch = NDArray[np.float32]


def measure_eyes(image: Image, points: Points) -> tuple[EyeSeen, EyeSeen]:
    """Return the eye on the image's left and the one on its right."""
    to_image = similarity(MODEL, points)
    left, right = (_eye(image, points[side], to_image) for side in (0, 1))
    return left, right


def _patch(
    image: Image, centre: NDArray[np.float64], turn: NDArray[np.float64], box: tuple[float, ...]
) -> Patch:
    """Return samples of a box (left, top, right, bottom in eye distances around `centre`): float32, BGR."""
    x0, y0, x1, y1 = box
    size = round((x1 - x0) / STEP), round((y1 - y0) / STEP)
    linear_part = turn[:, :2]
    start = centre + linear_part @ np.array([x0 + STEP / 2, y0 + STEP / 2])
    matrix = np.column_stack([linear_part * STEP, start])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, dtype=np.float32)


def _eye(image: Image, centre: NDArray[np.float64], turn: NDArray[np.float64]) -> EyeSeen:
    cheek = _patch(image, centre, turn, (-0.14, CHEEK[0], 0.14, CHEEK[1])).reshape(-1, 3)
    tone = np.maximum(np.median(cheek, axis=0), 1.0)
    patch = _patch(image, centre, turn, (-HALF_WIDTH, -HALF_HEIGHT, HALF_WIDTH, HALF_HEIGHT))
    grey = patch.mean(axis=2) / float(tone.mean())
    columns = grey.shape[1] // 2 - round(MIDDLE / STEP), grey.shape[1] // 2 + round(MIDDLE / STEP)
    middle = grey[:, columns[0] : columns[1]]
    rows = np.sort(middle, axis=1)[:, : middle.shape[1] // 3].mean(axis=1)
    dark = float(1.0 - np.percentile(middle, 10))
    half = 1.0 - dark / 2
    chroma = patch / np.maximum(patch.sum(axis=2, keepdims=True), 1.0) - tone / tone.sum()
    return EyeSeen(
        dark=dark,
        spread=float(np.count_nonzero(rows < half) * STEP),
        edge=float(np.abs(np.diff(grey, axis=0)).mean()),
        tint=float(np.abs(chroma[:, columns[0] : columns[1]]).mean()),
    )
