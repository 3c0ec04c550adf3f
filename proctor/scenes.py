"""Rendered candidates for training: a specimen's face before a camera that does not exist, or an attack with it.

`scene:bona-fide?face=hopper&seed=3` as a camera stands for one; the rest of the text is `biometrics.scenes.specs`.
"""

from functools import lru_cache
from typing import Final, NoReturn
from urllib.parse import parse_qsl, urlencode

from biometrics.detect import FaceDetector
from biometrics.errors import RecordedCameraError
from biometrics.frame_camera import FrameCamera
from biometrics.recorded import SPECIMENS
from biometrics.scenes.actors import SPECIES
from biometrics.scenes.camera import SceneCamera
from biometrics.scenes.light import LIGHTS
from biometrics.scenes.portraits import Portrait, prepare_portrait
from biometrics.scenes.scene import Scene
from biometrics.scenes.specs import (
    MOST_FPS,
    MOST_SEED,
    SceneSpecError,
    is_scene,
    parse_spec,
    scene_from_spec,
)
from biometrics.weights import load_detector
from proctor.softcards import specimen_faces

BONA_FIDE: Final = "bona-fide"
FACE: Final = "face"
__all__ = ["BONA_FIDE", "choices_of", "is_scene", "named_scene", "open_scene", "require_scene", "scene_of"]


def scene_of(specimen: str, species: str = BONA_FIDE, *, seed: int) -> Scene:
    """Return a scene with this specimen's face. The same seed gives the same manner; the challenges differ."""
    return Scene(SPECIES[species](_portrait(specimen), seed=seed), seed=seed)


def require_scene(spec: str) -> str:
    """Return a scene's name that means something. Raises SceneSpecError(defect)."""
    _, rest = _parts(spec)
    parse_spec(rest)
    return spec


def choices_of(defect: str) -> tuple[str, ...]:
    """Return what may stand in the part of a scene's name that SceneSpecError calls wrong."""
    return {
        "species": tuple(sorted(SPECIES)),
        "face": tuple(SPECIMENS),
        "light": tuple(sorted(LIGHTS)),
        "number": (f"seed=0…{MOST_SEED}", f"fps=1…{MOST_FPS}"),
    }.get(defect, (FACE, "seed", "light", "fps"))


def named_scene(spec: str) -> Scene:
    """Return the scene of a name; the face is the first specimen's where it says nothing. Raises SceneSpecError."""
    face, rest = _parts(spec)
    parse_spec(rest)
    return scene_from_spec(rest, _portrait(face))


def open_scene(scene: Scene, *, training: bool) -> FrameCamera:
    """Return the camera before a scene. Raises RecordedCameraError outside training."""
    return SceneCamera(scene) if training else _refuse()


def _refuse() -> NoReturn:
    raise RecordedCameraError(kind="scene")


def _parts(spec: str) -> tuple[str, str]:
    """Return the specimen, and the name without it."""
    name, _, query = spec.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    face = dict(pairs).get(FACE, next(iter(SPECIMENS)))
    if face not in SPECIMENS:
        raise SceneSpecError(defect=FACE)
    rest = urlencode([pair for pair in pairs if pair[0] != FACE])
    return face, f"{name}?{rest}" if rest else name


@lru_cache(maxsize=4)
def _portrait(specimen: str) -> Portrait:
    image, _ = specimen_faces((specimen,))[specimen]
    return prepare_portrait(image, FaceDetector(load_detector()))
