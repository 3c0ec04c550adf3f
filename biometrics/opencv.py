"""OpenCV's process-wide settings (its environment is set in the package's __init__)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from biometrics.errors import ModelUnusableError
from biometrics.weights import Weights

MOST_THREADS = 4


def prepare() -> None:
    """Keep OpenCV's threads to what a small model can use: more of them only cost hand-over."""
    cv2.setNumThreads(min(MOST_THREADS, os.cpu_count() or 1))


@contextmanager
def reading(weights: Weights, defect: str = "opencv") -> Iterator[None]:
    """Turn OpenCV's refusal of a weight file into ModelUnusableError(file, opencv, defect)."""
    try:
        yield
    except (cv2.error, MemoryError):
        raise unusable(weights, defect) from None


def unusable(weights: Weights, defect: str, **facts: int) -> ModelUnusableError:
    """Return the error that names a weight file, this OpenCV, and for a site's file what is wrong as `why`."""
    whose = {"why": defect} if weights.site else {}
    return ModelUnusableError(**whose, file=weights.path.name, opencv=cv2.__version__, **facts)
