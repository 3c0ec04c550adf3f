"""YuNet: where the faces are. The image's left is the person's right."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.frames import Image
from biometrics.opencv import reading
from biometrics.weights import DetectorModel, without_bytes

Points = NDArray[np.float64]  # (5, 2): x, y of left eye, right eye, nose tip, left and right mouth corner

SMALLEST_SIDE = 16  # below it OpenCV 4 answers from memory it never wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face in pixels of the image it was found in. `score` 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    points: Points
    score: float

    @property
    def eye_distance_px(self) -> float:
        """Distance between the eyes in pixels."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the box."""
        return self.x + self.width / 2, self.y + self.height / 2


class FaceDetector:
    """Finds faces. May be used from several threads; calls run one after another."""

    def __init__(self, model: DetectorModel) -> None:
        """Build the network from the checked bytes of `model`. Raises ModelUnusableError(file, opencv)."""
        self._model = without_bytes(model)
        self._lock = Lock()
        with reading(model.weights):
            self._net = cv2.FaceDetectorYN.create(
                "onnx",
                np.frombuffer(model.weights.data, dtype=np.uint8),
                np.empty(0, dtype=np.uint8),
                (320, 320),
                score_threshold=model.score,
                nms_threshold=model.overlap,
                top_k=5000,
            )

    def detect(self, image: Image) -> tuple[Face, ...]:
        """Return the faces of a BGR image, largest first; empty when there are none.

        A large image is reduced for the search, and searched once more less reduced when nothing was found.
        """
        faces = self._detect_within(image, self._model.max_side)
        if not faces and max(image.shape[:2]) > self._model.max_side:
            faces = self._detect_within(image, self._model.second_side)
        return faces

    def _detect_within(self, image: Image, side: int) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        scale = min(1.0, side / max(height, width))
        size = round(width * scale), round(height * scale)
        if min(size) < SMALLEST_SIDE:
            return ()
        small = image if scale == 1.0 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        with self._lock:
            self._net.setInputSize(size)
            found: tuple[int, Any] = self._net.detect(small)
        if found[1] is None:
            return ()
        ratio = np.array([width / size[0], height / size[1]])
        faces = [_face(row, ratio) for row in np.asarray(found[1], dtype=np.float64)[: self._model.most]]
        faces = [face for face in faces if _is_sound(face, width, height)]
        return tuple(sorted(faces, key=lambda face: face.width * face.height, reverse=True))


def _is_sound(face: Face, width: int, height: int) -> bool:
    """Say whether a box is finite, has a size and its middle in the image: a network may answer anything."""
    x, y = face.centre
    finite = bool(
        np.isfinite([x, y, face.width, face.height, face.score]).all() and np.isfinite(face.points).all()
    )
    return finite and min(face.width, face.height) >= 1 and 0 <= x < width and 0 <= y < height


def _face(row: NDArray[np.float64], ratio: NDArray[np.float64]) -> Face:
    box = row[:4] * np.tile(ratio, 2)
    return Face(
        x=float(box[0]),
        y=float(box[1]),
        width=float(box[2]),
        height=float(box[3]),
        points=row[4:14].reshape(5, 2) * ratio,
        score=float(row[14]),
    )
