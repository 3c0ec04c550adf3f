"""The template: a face as a unit vector, made by the model of a card."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from biometrics.align import crop
from biometrics.detect import Face
from biometrics.errors import TemplateMismatchError
from biometrics.frames import Image
from biometrics.network import Network
from biometrics.weights import EmbedderModel, without_bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """A face's features: float32, shape (D,), L2 norm 1. Comparable only within one `model`."""

    vector: NDArray[np.float32] = field(repr=False)
    model: str


class Embedder:
    """Makes templates. May be used from several threads; calls run one after another.

    `flip`: a template is the mean of the picture's and its mirror image's, scaled to length 1.
    """

    def __init__(self, model: EmbedderModel, *, flip: bool = False) -> None:
        """Build the network from the checked bytes of `model`. Raises ModelUnusableError(file, opencv)."""
        self.model = without_bytes(model)
        self.flip = flip
        self._target = np.array(model.points, dtype=np.float64)
        self._network = Network(model.weights, model.input, width=model.dimension)

    def align(self, image: Image, face: Face) -> Image:
        """Return the face's crop as the model wants it, still BGR."""
        return crop(image, face.points, self._target, self.model.size)

    def template(self, image: Image, face: Face) -> Template:
        """Return the template of one face of a BGR image."""
        return self.template_of_crop(self.align(image, face))

    def template_of_crop(self, aligned: Image) -> Template:
        """Return the template of an aligned crop. Raises TemplateMismatchError, ModelUnusableError."""
        pictures = [aligned, np.asarray(cv2.flip(aligned, 1), dtype=np.uint8)] if self.flip else [aligned]
        templates = [unit(row, self.model) for row in self._network.run(pictures)]
        return mean_template(templates, self.model) if self.flip else templates[0]


def unit(vector: NDArray[np.float32], model: EmbedderModel) -> Template:
    """Return the vector scaled to length 1. Raises TemplateMismatchError: other dimension, no length."""
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if vector.shape != (model.dimension,) or not np.isfinite(length) or length == 0.0:
        raise TemplateMismatchError(model=model.weights.name, defect="shape")
    return Template(vector=(vector / length).astype(np.float32), model=model.weights.name)


def mean_template(templates: Sequence[Template], model: EmbedderModel) -> Template:
    """Return the mean of templates, scaled to length 1."""
    return unit(np.mean([template.vector for template in templates], axis=0, dtype=np.float32), model)
