"""Bring a face into the position its model expects: a similarity transform over five points."""

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.detect import Points
from biometrics.frames import Image


def similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """Return the 2×3 matrix of the similarity (turn, scale, shift) that takes `source` closest to `target`.

    Least squares after Umeyama (1991): the turn from the covariance's singular values, no reflection.
    """
    mean_source, mean_target = source.mean(axis=0), target.mean(axis=0)
    centred = source - mean_source
    u, sizes, vt = np.linalg.svd((target - mean_target).T @ centred / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    spread = float((centred**2).sum() / len(source))
    scale = float(sizes @ signs) / spread if spread > 0 else 1.0
    turn = scale * (u * signs) @ vt
    return np.column_stack([turn, mean_target - turn @ mean_source])


def crop(image: Image, points: Points, target: Points, size: tuple[int, int]) -> Image:
    """Return the aligned crop: `size` is (width, height) in pixels; pixels outside the image are black."""
    warped = cv2.warpAffine(image, similarity(points, target), size, flags=cv2.INTER_LINEAR)
    return np.asarray(warped, dtype=np.uint8)
