"""A candidate or an attack before the face checks: scene, camera, match, challenges. Slow parts are kept for reuse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from biometrics.detect import FaceDetector
from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError
from biometrics.frames import Image
from biometrics.pad.challenger import Challenger
from biometrics.scenes.actors import SPECIES
from biometrics.scenes.camera import SceneCamera
from biometrics.scenes.portraits import Portrait, Variation, prepare_portrait, vary_portrait
from biometrics.scenes.scene import Scene
from biometrics.weights import load_models
from tests.support.portraits import NOTICE, picture

CHALLENGES = ("pad-turn", "pad-eyes", "pad-flash")
ATTACKS = (
    "flat-print",
    "bent-print",
    "folded-print",
    "phone-still",
    "phone-replay",
    "injected-stream",
    "print-stack",
    "eyes-strip",
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A person: the photograph their chip carries, and the same made ready for rendering."""

    photograph: Image = field(repr=False)
    portrait: Portrait = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the face checks said: "passed", "failed", "unclear" or "none" for each, with the error's code and why."""

    match: str
    checks: Mapping[str, str]
    why: Mapping[str, str]

    @property
    def admitted(self) -> bool:
        """Whether nothing asks for a person."""
        return self.match == "passed" and all(outcome == "passed" for outcome in self.checks.values())


@cache
def detector() -> FaceDetector:
    """Return the detector."""
    return FaceDetector(load_models().detector)


@cache
def subject(name: str, variation: int = 0) -> Subject:
    """Return "hopper" (tuning) or "astronaut" (report), or a variation of it; 0 is the portrait itself."""
    return subject_of(picture(name), variation)


def subject_of(photograph: Image, variation: int = 0) -> Subject:
    """Return the person of a photograph, or a variation."""
    changed = vary_portrait(photograph, detector(), Variation.drawn(variation))
    return Subject(photograph=changed, portrait=prepare_portrait(changed, detector()))


def scene_camera(
    species: str, person: Subject, *, seed: int, light: str = "room", fps: float = 30.0
) -> SceneCamera:
    """Return a camera before an actor of a species."""
    actor = SPECIES[species](person.portrait, seed=seed)
    return SceneCamera(Scene(actor, seed=seed, light=light, fps=fps))


def attempt(
    faces: FaceEngine,
    species: str,
    person: Subject,
    *,
    seed: int,
    light: str = "room",
    challenges: Sequence[str] = CHALLENGES,
) -> Outcome:
    """Let somebody come before the checks as at a desk. Challenges come in random order."""
    camera = scene_camera(species, person, seed=seed, light=light)
    reference = faces.reference(person.photograph)
    checks: dict[str, str] = {}
    why: dict[str, str] = {}
    try:
        burst = camera.capture_burst(NOTICE, accept=faces.usable)
        live = faces.probe(burst)
        faces.require_match(reference, live, faces.thresholds())
    except BiometricsError as error:
        return Outcome(match=error.code, checks={}, why={"match": str(error)})
    if not challenges:
        return Outcome(match="passed", checks={}, why={})
    challenger = Challenger(faces, camera, camera.scene, NOTICE, random=Random(seed))
    for name in (*challenger.order(challenges), "pad"):
        try:
            if name == "pad":
                challenger.require_no_artefact(live, burst)
            else:
                challenger.run(name, live)
            checks[name] = "passed"
        except BiometricsError as error:
            checks[name] = "failed" if error.conclusive else "unclear"
            why[name] = str(error)
    return Outcome(match="passed", checks=checks, why=why)
