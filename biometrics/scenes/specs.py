"""Scenes by name: `scene:bona-fide`, `scene:flat-print?seed=3&light=window`, for training and tests."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from biometrics.errors import BiometricsError
from biometrics.scenes.actors import SPECIES
from biometrics.scenes.light import LIGHTS
from biometrics.scenes.portraits import Portrait
from biometrics.scenes.scene import Scene

PREFIX = "scene:"
MOST_SEED = 1_000_000
MOST_FPS = 60


class SceneSpecError(BiometricsError):
    """No scene is called so. Facts: `defect` the part that is wrong (species, face, light, number, key)."""

    code = "scene-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpec:
    """A species of `actors.SPECIES`, a seed, a light of `light.LIGHTS`, frames per second."""

    species: str
    seed: int = 1
    light: str = "room"
    fps: int = 30


def is_scene(spec: str) -> bool:
    """Say whether a camera specification names a scene."""
    return spec.startswith(PREFIX)


def parse_spec(spec: str) -> SceneSpec:
    """Return what a specification means. Raises SceneSpecError(defect)."""
    name, _, query = spec.removeprefix(PREFIX).partition("?")
    if not is_scene(spec) or name not in SPECIES:
        raise SceneSpecError(defect="species")
    values = dict(parse_qsl(query, keep_blank_values=True))
    if set(values) - {"seed", "light", "fps"}:
        raise SceneSpecError(defect="key")
    light = values.get("light", "room")
    if light not in LIGHTS:
        raise SceneSpecError(defect="light")
    seed, fps = _number(values.get("seed", "1"), MOST_SEED), _number(values.get("fps", "30"), MOST_FPS)
    if seed is None or fps is None or fps == 0:
        raise SceneSpecError(defect="number")
    return SceneSpec(species=name, seed=seed, light=light, fps=fps)


def scene_from_spec(spec: str, portrait: Portrait) -> Scene:
    """Return a scene with this portrait's person, or an attack with their portrait. Raises SceneSpecError(defect)."""
    parsed = parse_spec(spec)
    actor = SPECIES[parsed.species](portrait, seed=parsed.seed)
    return Scene(actor, seed=parsed.seed, light=parsed.light, fps=float(parsed.fps))


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return int(text) if int(text) <= most else None
