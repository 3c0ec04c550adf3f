"""dlib's second number: advice to a person, never part of a decision.

dlib is called directly with its own pinned weights, and the 68-point file is never opened. Only on an operator's
explicit setting is it called through `face_recognition`, whose import opens that file, which is not for commercial use.
"""

import io
from abc import ABC, abstractmethod
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any, Literal

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.frames import Image
from biometrics.weights import AdvisoryModel, load_advisory, package_folder

Dlib = bool | Literal["face_recognition"]
"""Whether dlib advises, and through which package."""


class Advisor(ABC):
    """Gives a second number."""

    def score(self, reference: Image, reference_face: Face, probe: Image, probe_face: Face) -> float:
        """Return 1 minus the distance of the two descriptors: 1.0 identical, higher is more alike."""
        difference = self._descriptor(reference, reference_face) - self._descriptor(probe, probe_face)
        return 1.0 - float(np.linalg.norm(difference))

    def _descriptor(self, image: Image, face: Face) -> Any:
        rgb = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        # The predictor was trained on square boxes around eyes, nose and mouth.
        x, y = face.points.mean(axis=0)
        half = face.width * 0.55
        return np.array(
            self._describe(rgb, (round(x - half), round(y - half), round(x + half), round(y + half)))
        )

    @abstractmethod
    def _describe(self, rgb: Any, box: tuple[int, int, int, int]) -> Any:
        """Return the descriptor of the face in a box: left, top, right, bottom."""


class DlibAdvisor(Advisor):
    """Scores two faces with dlib's network. Slow (0.1 to 0.2 s a face) and holds the interpreter lock."""

    def __init__(self, dlib: Any, model: AdvisoryModel) -> None:
        """`dlib`: the imported module."""
        self._dlib = dlib
        self.model = model
        self._landmarks = dlib.shape_predictor(str(model.landmarks.path))
        self._network = dlib.face_recognition_model_v1(str(model.network.path))

    def _describe(self, rgb: Any, box: tuple[int, int, int, int]) -> Any:
        points = self._landmarks(rgb, self._dlib.rectangle(*box))
        return self._network.compute_face_descriptor(rgb, points, 0)


class WrappedAdvisor(Advisor):
    """Scores two faces through `face_recognition`, with its small model of five points."""

    def __init__(self, face_recognition: Any) -> None:
        """`face_recognition`: the imported module."""
        self._wrapper = face_recognition

    def _describe(self, rgb: Any, box: tuple[int, int, int, int]) -> Any:
        left, top, right, bottom = box
        places = [(top, right, bottom, left)]
        return self._wrapper.face_encodings(rgb, known_face_locations=places, model="small")[0]


def load_advisor(dlib: Dlib = True) -> Advisor | None:
    """Return the advisor, None where dlib or its weights (or the wrapper that was asked for) are not installed.

    Raises ModelAlteredError(file), ModelMissingError(file): half an installation is an error, none is not.
    """
    if package_folder("face_recognition_models") is None:
        return None
    model = load_advisory()
    if dlib == "face_recognition":
        wrapper = _imported("face_recognition")
        return None if wrapper is None else WrappedAdvisor(wrapper)
    module = _imported("dlib")
    return None if module is None else DlibAdvisor(module, model)


def _imported(name: str) -> Any | None:
    """Return a module, None where it cannot be imported. `face_recognition` prints and exits without its models."""
    try:
        with redirect_stdout(io.StringIO()):
            return import_module(name)
    except (ImportError, SystemExit):
        return None
