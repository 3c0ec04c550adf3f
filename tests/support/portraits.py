"""Public-domain portraits out of installed packages, found without importing those packages."""

from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from biometrics.frames import Burst, Frame, Image
from biometrics.notice import NoticeShown

NOTICE = NoticeShown(version="1", sha256="00" * 32, shown_at=datetime(2026, 7, 1, 1, 0, tzinfo=UTC))


def _packaged(package: str, file: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / file


def hopper_path() -> Path:
    """Grace Hopper, United States Navy, in matplotlib's sample data (JPEG, 512 × 600)."""
    return _packaged("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


def astronaut_path() -> Path:
    """Eileen Collins, NASA, in scikit-image's data (PNG, 512 × 512)."""
    return _packaged("skimage", "data/astronaut.png")


@cache
def picture(name: str) -> Image:
    """Return "hopper" or "astronaut" as OpenCV reads it. Do not write into it."""
    path = {"hopper": hopper_path, "astronaut": astronaut_path}[name]()
    image = cv2.imread(str(path))
    assert image is not None
    return np.asarray(image, dtype=np.uint8)


def burst(*images: Image) -> Burst:
    """Return the images as a burst of a camera."""
    frames = tuple(Frame(image=image, monotonic_s=i / 30, number=i + 1) for i, image in enumerate(images))
    return Burst(frames=frames, notice=NOTICE, camera_kind="memory")


def jpeg(image: Image, quality: int = 92) -> bytes:
    """Return the image as a JPEG."""
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
