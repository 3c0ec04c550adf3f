"""Model descriptions (models/*.toml) and their weight files, pinned by SHA-256.

Weights lie inside installed packages and are found without importing them. What was hashed is what is loaded:
the bytes are read once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from biometrics.errors import ModelAlteredError, ModelMissingError, ModelTableError
from biometrics.tables import numbers, read_table, require_keys

Locate = Callable[[str], Path | None]
_COMMON: Mapping[str, type] = {
    "name": str, "kind": str, "package": str, "file": str, "sha256": str, "licence": str, "source": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A weight file whose bytes have been checked. `path` for libraries that cannot take bytes."""

    name: str
    sha256: str
    licence: str
    path: Path
    data: bytes = field(repr=False)


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
class Calibration:
    """One measured point. `fmr`: share of impostor comparisons at or above `threshold`; `n`: people."""

    fmr: float
    threshold: float
    n: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderModel:
    """SFace. `points`: five (x, y) of the aligned crop in pixels; `mean` per channel in `colour` order."""

    weights: Weights
    layer: str
    size: tuple[int, int]
    swap_red_blue: bool
    scale: float
    mean: tuple[float, ...]
    points: tuple[tuple[float, ...], ...]
    dimension: int
    calibration: tuple[Calibration, ...]
    table_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryModel:
    """dlib's network and its five-point predictor; advice only."""

    network: Weights
    landmarks: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The two models that decide."""

    detector: DetectorModel
    embedder: EmbedderModel


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


def embedder_table() -> tuple[Mapping[str, Any], str]:
    """Return models/sface.toml, checked, and the SHA-256 of its bytes."""
    card, data = read_table(
        "sface", {**_COMMON, "input": dict, "alignment": dict, "template": dict, "calibration": list}
    )
    shape = {"layer": str, "width": int, "height": int, "colour": str, "scale": float, "mean": list}
    require_keys("sface", card["input"], shape)
    require_keys("sface", card["alignment"], {"points": list})
    require_keys("sface", card["template"], {"dimension": int})
    if card["input"]["colour"] not in {"rgb", "bgr"}:
        raise ModelTableError(table="sface", key="colour", defect="value")
    return card, sha256(data).hexdigest()


def load_calibration(card: Mapping[str, Any]) -> tuple[Calibration, ...]:
    """Return the calibration rows, falling FMR, rising threshold. Raises ModelTableError."""
    for row in card["calibration"]:
        require_keys("sface", row, {"fmr": float, "threshold": float, "n": int, "source": str})
    rows = sorted((Calibration(**row) for row in card["calibration"]), key=lambda row: row.threshold)
    rates = [row.fmr for row in rows]
    if not rows or rates != sorted(rates, reverse=True):
        raise ModelTableError(table="sface", key="calibration", defect="order")
    return tuple(rows)


def load_embedder(locate: Locate = package_folder) -> EmbedderModel:
    """Load SFace as models/sface.toml describes it."""
    card, table_sha256 = embedder_table()
    shape, places = card["input"], card["alignment"]["points"]
    if len(places) != 5:
        raise ModelTableError(table="sface", key="points", defect="count")
    return EmbedderModel(
        weights=load_weights(card, card, locate),
        layer=shape["layer"],
        size=(shape["width"], shape["height"]),
        swap_red_blue=shape["colour"] == "rgb",
        scale=shape["scale"],
        mean=numbers("sface", "mean", shape["mean"], 3),
        points=tuple(numbers("sface", "points", place, 2) for place in places),
        dimension=card["template"]["dimension"],
        calibration=load_calibration(card),
        table_sha256=table_sha256,
    )


def load_advisory(locate: Locate = package_folder) -> AdvisoryModel:
    """Check dlib's two files. Raises ModelMissingError, ModelAlteredError, ModelTableError."""
    card, _ = read_table("dlib", {**_COMMON, "landmarks": dict})
    require_keys("dlib", card["landmarks"], {"file": str, "sha256": str})
    return AdvisoryModel(
        network=load_weights(card, card, locate),
        landmarks=load_weights(card["landmarks"], card, locate),
    )
