"""A site's network against presentation attacks, by file: what it is shown, and how its answer is read.

None comes with the program. Its score is one more piece of evidence for a person, never proof of anybody's presence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.frames import Image
from biometrics.network import Network
from biometrics.weights import PadModel, without_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PadScore:
    """What the network says of a picture: 0 to 1, higher speaks for a bona fide face; from `threshold` on it counts."""

    score: float
    threshold: float
    model: str
    weights_sha256: str
    card_sha256: str

    @property
    def bona_fide(self) -> bool:
        """Whether the score reaches the card's threshold."""
        return self.score >= self.threshold

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Score and threshold × 10⁴, the model and its hashes."""
        return {
            "pad_score_e4": round(self.score * 1e4),
            "pad_threshold_e4": round(self.threshold * 1e4),
            "pad_model": self.model,
            "pad_model_sha256": self.weights_sha256,
            "pad_card_sha256": self.card_sha256,
        }


class PadNetwork:
    """Scores faces with a site's PAD model. May be used from several threads."""

    def __init__(self, model: PadModel) -> None:
        """Build the network. Raises ModelUnusableError(file, opencv)."""
        self.model = without_bytes(model)
        self._network = Network(model.weights, model.input, width=model.output.count)

    def score(self, image: Image, face: Face) -> PadScore:
        """Return the score of one face of a BGR image. Raises ModelUnusableError."""
        return self.score_of_crop(self.crop(image, face))

    def crop(self, image: Image, face: Face) -> Image:
        """Return what the network is shown: the face with its surroundings, moved and reduced to stay in the image."""
        output, (height, width) = self.model.output, image.shape[:2]
        sides = face.width, face.height
        if output.crop_shape == "square":
            sides = (max(sides),) * 2
        scale = min(output.crop_scale, width / sides[0], height / sides[1])
        wide, high = max(1, round(sides[0] * scale)), max(1, round(sides[1] * scale))
        x = round(min(max(face.centre[0] - wide / 2, 0), width - wide))
        y = round(min(max(face.centre[1] - high / 2, 0), height - high))
        cut = image[y : y + high, x : x + wide]
        size = self.model.input.size
        way = cv2.INTER_AREA if wide > size[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(cut, size, interpolation=way), dtype=np.uint8)

    def score_of_crop(self, picture: Image) -> PadScore:
        """Return the score of a picture of the input's size."""
        output = self.model.output
        values = self._network.run([picture])[0].astype(np.float64)
        if output.activation == "softmax":
            powers = np.exp(values - values.max())
            values = powers / powers.sum()
        elif output.activation == "sigmoid":
            values = 1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))
        return PadScore(
            score=min(1.0, max(0.0, float(values[output.bona_fide]))),
            threshold=output.threshold,
            model=self.model.weights.name,
            weights_sha256=self.model.weights.sha256,
            card_sha256=self.model.card_sha256,
        )
