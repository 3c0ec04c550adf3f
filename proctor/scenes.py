"""Rendered candidates for training: a specimen's face before a camera that does not exist, or an attack with it."""

from functools import lru_cache
from typing import Final

from biometrics.detect import FaceDetector
from biometrics.scenes.actors import SPECIES
from biometrics.scenes.portraits import Portrait, prepare_portrait
from biometrics.scenes.scene import Scene
from biometrics.weights import load_detector
from proctor.softcards import specimen_faces

BONA_FIDE: Final = "bona-fide"


def scene_of(specimen: str, species: str = BONA_FIDE, *, seed: int) -> Scene:
    """Return a scene with this specimen's face. The same seed gives the same person's manner; the challenges differ."""
    return Scene(SPECIES[species](_portrait(specimen), seed=seed), seed=seed)


@lru_cache(maxsize=4)
def _portrait(specimen: str) -> Portrait:
    image, _ = specimen_faces((specimen,))[specimen]
    return prepare_portrait(image, FaceDetector(load_detector()))
