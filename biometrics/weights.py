"""The models that decide, and their weight files, pinned by SHA-256.

The program's own weights lie inside installed packages and are found without importing them (models/*.toml); a site's
lie beside their card (`site_models`). What was hashed is what is loaded: the bytes are read once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from biometrics.cards import Card, NetInput, PadOutput, Points, parse_card
from biometrics.errors import ModelAlteredError, ModelMissingError
from biometrics.tables import read_table, require_keys

OWN_EMBEDDER = "sface"
"""The card of the model that decides where a site chose no other."""

Locate = Callable[[str], Path | None]
_COMMON: Mapping[str, type] = {
    "name": str, "kind": str, "package": str, "file": str, "sha256": str, "licence": str, "source": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A weight file whose bytes were checked. `path` for libraries that cannot take bytes; `site`: a site's own."""

    name: str
    sha256: str
    licence: str
    path: Path
    data: bytes = field(repr=False)
    site: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorModel:
    """YuNet. Sides in pixels; `score` and `overlap` 0 to 1."""

    weights: Weights
    max_side: int
    second_side: int
    score: float
    overlap: float
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderModel:
    """What makes templates. `points`: five (x, y) of the aligned crop in pixels; `card_sha256`: of the card's bytes."""

    weights: Weights
    input: NetInput
    points: Points
    dimension: int
    card_sha256: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the aligned crop in pixels."""
        return self.input.size


@dataclass(frozen=True, slots=True, kw_only=True)
class PadModel:
    """A site's network against presentation attacks."""

    weights: Weights
    input: NetInput
    output: PadOutput
    card_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryModel:
    """dlib's network and its five-point predictor; advice only."""

    network: Weights
    landmarks: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The two models that decide, and a site's against presentation attacks, where it has one."""

    detector: DetectorModel
    embedder: EmbedderModel
    pad: PadModel | None = None

    def without_bytes(self) -> "Models":
        """Return the description alone: a network that is built needs its file's bytes no more."""
        return Models(
            detector=without_bytes(self.detector),
            embedder=without_bytes(self.embedder),
            pad=None if self.pad is None else without_bytes(self.pad),
        )


M = TypeVar("M", DetectorModel, EmbedderModel, PadModel)


def without_bytes(model: M) -> M:
    """Return a model's description without its file's bytes."""
    return replace(model, weights=replace(model.weights, data=b""))


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed package without importing it, or None when it is not installed."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def load_weights(entry: Mapping[str, Any], card: Mapping[str, Any], locate: Locate) -> Weights:
    """Read and check one file. `entry` has `file` and `sha256`; `card` the rest.

    Raises ModelMissingError(file), ModelAlteredError(file).
    """
    package, file = str(card["package"]), str(entry["file"])
    name = Path(file).name
    folder = locate(package)
    if folder is None:
        raise ModelMissingError(file=name, package=package)
    path = folder / file
    try:
        data = path.read_bytes()
    except OSError:
        raise ModelMissingError(file=name, package=package) from None
    if sha256(data).hexdigest() != entry["sha256"]:
        raise ModelAlteredError(file=name, package=package)
    return Weights(name=card["name"], sha256=entry["sha256"], licence=card["licence"], path=path, data=data)


def load_models(locate: Locate = package_folder) -> Models:
    """Load the detector and the embedder. Raises ModelMissingError, ModelAlteredError, ModelTableError."""
    return Models(detector=load_detector(locate), embedder=load_embedder(locate))


def load_detector(locate: Locate = package_folder) -> DetectorModel:
    """Load YuNet as models/yunet.toml describes it."""
    card, _ = read_table("yunet", {**_COMMON, "input": dict, "detection": dict})
    sides, limits = card["input"], card["detection"]
    require_keys("yunet", sides, {"max_side": int, "second_side": int})
    require_keys("yunet", limits, {"score": float, "overlap": float, "most": int})
    return DetectorModel(weights=load_weights(card, card, locate), **sides, **limits)


def load_embedder(locate: Locate = package_folder) -> EmbedderModel:
    """Load SFace as models/sface.toml describes it."""
    data = (files("biometrics") / "models" / f"{OWN_EMBEDDER}.toml").read_bytes()
    card = parse_card(data, OWN_EMBEDDER, site=False)
    entry = {name: getattr(card, name) for name in _COMMON}
    return embedder_of(card, load_weights(entry, entry, locate))


def embedder_of(card: Card, weights: Weights) -> EmbedderModel:
    """Return the embedder that a card describes."""
    return EmbedderModel(
        weights=weights,
        input=card.input,
        points=card.points,
        dimension=card.dimension,
        card_sha256=card.card_sha256,
    )


def load_advisory(locate: Locate = package_folder) -> AdvisoryModel:
    """Check dlib's two files. Raises ModelMissingError, ModelAlteredError, ModelTableError."""
    card, _ = read_table("dlib", {**_COMMON, "landmarks": dict})
    require_keys("dlib", card["landmarks"], {"file": str, "sha256": str})
    return AdvisoryModel(  # dlib opens the files itself: their bytes are not kept
        network=replace(load_weights(card, card, locate), data=b""),
        landmarks=replace(load_weights(card["landmarks"], card, locate), data=b""),
    )
