"""Faces for training and tests: public-domain portraits that installed packages ship, and variations of them.

Both are official NASA / United States Navy portraits. The packages are found, never imported.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.detect import Face
from biometrics.errors import ImageTooLargeError, ModelMissingError
from biometrics.frames import Image

SPECIMENS: Mapping[str, tuple[str, str]] = {
    "hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
}


def specimen_path(name: str) -> Path:
    """Return the file of a specimen portrait. Raises ModelMissingError(file)."""
    package, file = SPECIMENS[name]
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    path = Path(next(iter(folders))) / file if folders else None
    if path is None or not path.is_file():
        raise ModelMissingError(file=Path(file).name, package=package)
    return path


def specimen_portraits() -> Mapping[str, bytes]:
    """Return the portraits' files: "hopper" a JPEG, "astronaut" a PNG. Raises ModelMissingError(file)."""
    return {name: specimen_path(name).read_bytes() for name in SPECIMENS}


def portrait_jpeg(
    image: Image, *, face: Face | None = None, size: tuple[int, int] = (300, 400), max_bytes: int = 15_000
) -> bytes:
    """Return a portrait as a chip carries it: JPEG, `size` (width, height) in pixels, at most `max_bytes`.

    With `face` the crop follows it (the box takes half the width); otherwise the middle of the image is used.
    Raises ImageTooLargeError when no quality fits.
    """
    width, height = size
    cropped = cv2.warpAffine(
        image, _portrait_frame(image, face, size), size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    for quality in range(92, 20, -4):
        _, data = cv2.imencode(".jpg", cropped, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(data) <= max_bytes:
            return bytes(data)
    raise ImageTooLargeError(width_px=width, height_px=height, limit=max_bytes)


def _portrait_frame(image: Image, face: Face | None, size: tuple[int, int]) -> NDArray[np.float64]:
    height, width = image.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    x, y = width / 2, height / 2
    if face is not None:
        scale = size[0] / (2.0 * face.width)
        x, y = face.centre[0], face.centre[1] - 0.05 * face.height
    return np.array([[scale, 0.0, size[0] / 2 - scale * x], [0.0, scale, size[1] / 2 - scale * y]])


def vary(
    image: Image,
    *,
    seed: int,
    pose: float = 1.0,
    light: float = 1.0,
    blur: float = 1.0,
    frames: int = 5,
    size: tuple[int, int] = (640, 480),
    face: Face | None = None,
) -> tuple[Image, ...]:
    """Return frames as a camera at the desk would show this face: moved, turned, lit and blurred a little.

    `pose`, `light`, `blur`: 0 none, 1 usual, 2 strong. The same seed gives the same frames. With `face` the
    frames are composed around it; otherwise the whole image fills the frame's height.
    """
    random = np.random.default_rng(seed)
    gain = 1.0 + light * random.uniform(-0.25, 0.25)
    side = light * random.uniform(-0.25, 0.25)
    sigma = blur * random.uniform(0.3, 1.2)
    frame_list = []
    for _ in range(frames):
        posed = _posed(image, random, pose, size, face)
        lit = posed * _light(size, gain, side) + random.normal(0.0, 2.0, posed.shape)
        frame = np.clip(lit, 0, 255).astype(np.uint8)
        frame_list.append(
            np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma) if sigma > 0 else frame, np.uint8)
        )
    return tuple(frame_list)


def _light(size: tuple[int, int], gain: float, side: float) -> NDArray[np.float64]:
    return (gain * (1.0 + side * np.linspace(-1.0, 1.0, size[0])))[None, :, None]


def _posed(
    image: Image, random: np.random.Generator, pose: float, size: tuple[int, int], face: Face | None
) -> Image:
    height, width = image.shape[:2]
    centre = np.array(face.centre if face is not None else (width / 2, height / 2))
    span = face.height * 2.2 if face is not None else float(height)
    scale = size[1] / span * (1.0 + pose * random.uniform(-0.1, 0.1))
    angle = np.radians(pose * random.uniform(-6.0, 6.0))
    shift = pose * random.uniform(-0.04, 0.04, 2) * size
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    matrix[:2, 2] = np.array(size) / 2 + shift - turn @ centre
    tip = np.eye(3)
    tip[2, :2] = pose * random.uniform(-1.0, 1.0, 2) * 1e-4
    middle = np.array([[1.0, 0.0, -size[0] / 2], [0.0, 1.0, -size[1] / 2], [0.0, 0.0, 1.0]])
    whole = np.linalg.inv(middle) @ tip @ middle @ matrix
    warped = cv2.warpPerspective(image, whole, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)
