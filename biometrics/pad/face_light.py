"""The light on a face: mean linear values over cells that follow the eyes and the mouth."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.align import similarity
from biometrics.detect import Points
from biometrics.frames import Image
from biometrics.pad.observation import Light

ROWS: Final = 14
COLUMNS: Final = 12
CELL: Final = 4  # samples along a cell's side
STEP: Final = 0.14 / CELL  # eye distances between samples
LEFT, TOP = -0.84, -0.46  # first sample, from the middle between the eyes
# a usual face in eye distances from the middle between the eyes: eyes, nose tip, corners of the mouth
MODEL: Final = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.58], [-0.4, 1.05], [0.4, 1.05]])
_ACROSS = LEFT + STEP * CELL * (np.arange(COLUMNS) + 0.5)
_DOWN = TOP + STEP * CELL * (np.arange(ROWS) + 0.5)
# cells of the face itself, without hair and what is behind: an ellipse from the forehead to the chin
INSIDE: Final = (_ACROSS[None, :] / 0.72) ** 2 + ((_DOWN[:, None] - 0.45) / 0.95) ** 2 < 1.0
_LINEAR = np.array(
    [c / 12.92 if (c := v / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for v in range(256)],
    dtype=np.float32,
)


def linear(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return sRGB values (0 to 255) as linear light, 0 to 1. Source: IEC 61966-2-1."""
    return _LINEAR[values]


def measure_light(image: Image, points: Points) -> Light:
    """Return the mean linear value of each cell: float32, shape (ROWS, COLUMNS, 3), blue, green, red."""
    to_image = similarity(MODEL, points)
    size = (COLUMNS * CELL, ROWS * CELL)
    grid = np.array([[STEP, 0.0, LEFT], [0.0, STEP, TOP], [0.0, 0.0, 1.0]])
    part = cv2.warpAffine(
        image,
        to_image @ grid,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    cells = linear(np.asarray(part, dtype=np.uint8)).reshape(ROWS, CELL, COLUMNS, CELL, 3)
    return np.asarray(cells.mean(axis=(1, 3)), dtype=np.float32)
