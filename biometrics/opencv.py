"""OpenCV's process-wide settings (its environment is set in the package's __init__), and what it refuses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2

from biometrics.errors import ModelUnusableError
from biometrics.weights import Weights

MOST_THREADS = 4
LOG_LEVEL = "OPENCV_LOG_LEVEL"
ERROR = 2
"""OpenCV's number for it, in 4 and in 5."""


def quiet() -> None:
    """Tell OpenCV not to warn on the terminal, unless its environment asks for more.

    It reads that environment once, when it is loaded: where somebody loaded it before this package, what the package's
    __init__ put there came too late. Its own face detector then warns of itself at each start: OpenCV 5 asks its new
    engine for a target, which that engine does not know.
    """
    if os.environ.get(LOG_LEVEL) == "ERROR":
        where: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 4 has it at its top
        where.setLogLevel(ERROR)


quiet()


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
