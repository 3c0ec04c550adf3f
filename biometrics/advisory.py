"""dlib's second number: advice to a person, never part of a decision.

dlib is called directly with its own pinned weights. The 68-point file is never opened.
"""

from importlib import import_module
from typing import Any

import cv2
import numpy as np

from biometrics.detect import Face
from biometrics.frames import Image
from biometrics.weights import AdvisoryModel, load_advisory, package_folder


class DlibAdvisor:
    """Scores two faces with dlib's network. Slow (0.1 to 0.2 s a face) and holds the interpreter lock."""

    def __init__(self, dlib: Any, model: AdvisoryModel) -> None:
        """`dlib`: the imported module."""
        self._dlib = dlib
        self.model = model
        self._landmarks = dlib.shape_predictor(str(model.landmarks.path))
        self._network = dlib.face_recognition_model_v1(str(model.network.path))

    def score(self, reference: Image, reference_face: Face, probe: Image, probe_face: Face) -> float:
        """Return 1 minus the distance of the two descriptors: 1.0 identical, higher is more alike."""
        difference = self._descriptor(reference, reference_face) - self._descriptor(probe, probe_face)
        return 1.0 - float(np.linalg.norm(difference))

    def _descriptor(self, image: Image, face: Face) -> Any:
        rgb = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        # The predictor was trained on square boxes around eyes, nose and mouth.
        x, y = face.points.mean(axis=0)
        half = face.width * 0.55
        box = self._dlib.rectangle(round(x - half), round(y - half), round(x + half), round(y + half))
        return np.array(self._network.compute_face_descriptor(rgb, self._landmarks(rgb, box), 0))


def load_advisor() -> DlibAdvisor | None:
    """Return the advisor, None where dlib or its weights are not installed.

    Raises ModelAlteredError(file), ModelMissingError(file): half an installation is an error, none is not.
    """
    if package_folder("face_recognition_models") is None:
        return None
    try:
        dlib = import_module("dlib")
    except ImportError:
        return None
    return DlibAdvisor(dlib, load_advisory())
