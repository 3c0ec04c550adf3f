"""A network read from ONNX bytes by OpenCV, and what it is given. Whatever it answers, errors name its file."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.cards import NetInput
from biometrics.errors import ModelUnusableError
from biometrics.frames import Image
from biometrics.opencv import reading, unusable
from biometrics.weights import Weights

Rows = NDArray[np.float32]

MOST_AT_ONCE = 8
"""Pictures in one run: more only take memory."""
_SAME = 1e-3


class Network:
    """Runs a network on pictures of its input's size. May be used from several threads; calls run one after another.

    Pictures go in together where the network can do that, which is faster; whether it gives the same answers so is
    tried out the first time.
    """

    def __init__(self, weights: Weights, given: NetInput, *, width: int) -> None:
        """Build it from checked bytes. `width`: how many values it answers. Raises ModelUnusableError(file, opencv)."""
        self._weights = replace(weights, data=b"")
        self._given = given
        self._width = width
        self._lock = Lock()
        self._together: bool | None = None
        self._spread = np.array(given.std, dtype=np.float32).reshape(1, 3, 1, 1)
        with reading(weights):
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(weights.data, dtype=np.uint8))

    def run(self, pictures: Sequence[Image]) -> Rows:
        """Return one row of values for each BGR picture: float32, shape (N, width), finite.

        Raises ModelUnusableError(file, opencv) where the network cannot run or answers something else.
        """
        rows = [self._some(pictures[at : at + MOST_AT_ONCE]) for at in range(0, len(pictures), MOST_AT_ONCE)]
        return np.concatenate(rows)

    def _some(self, pictures: Sequence[Image]) -> Rows:
        with self._lock:
            if len(pictures) > 1 and self._together is None:
                self._together = self._can_do(pictures)
            if self._together and len(pictures) > 1:
                return self._require(self._forward(pictures), len(pictures))
            return np.concatenate([self._require(self._forward([picture]), 1) for picture in pictures])

    def _can_do(self, pictures: Sequence[Image]) -> bool:
        """Say whether pictures together get the answers that they get alone."""
        alone = self._require(self._forward(pictures[-1:]), 1)
        try:
            together = self._require(self._forward(pictures), len(pictures))
        except ModelUnusableError:
            return False
        scale = max(float(np.abs(alone).max()), 1e-6)
        return bool(np.abs(together[-1] - alone[0]).max() <= _SAME * scale)

    def _forward(self, pictures: Sequence[Image]) -> Rows:
        given = self._given
        blob = cv2.dnn.blobFromImages(
            list(pictures), given.scale, given.size, given.mean, given.swap_red_blue, False
        )
        if given.std != (1.0, 1.0, 1.0):
            blob = blob / self._spread
        if given.layout == "nhwc":
            blob = np.ascontiguousarray(np.asarray(blob).transpose(0, 2, 3, 1))
        with reading(self._weights, "layer"):
            self._net.setInput(blob, given.layer)
        with reading(self._weights, "run"):
            return np.array(self._net.forward(), dtype=np.float32)

    def _require(self, answer: Rows, count: int) -> Rows:
        """Return the answer as rows, if it has the values that the card promises."""
        if answer.size != count * self._width or not np.isfinite(answer).all():
            raise unusable(self._weights, "answer", values=answer.size // count, expected=self._width)
        return answer.reshape(count, self._width)
