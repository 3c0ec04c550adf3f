"""Calibration files: from false match rates to scores of one model under one burst rule. TOML, signed (Ed25519).

Form, version 1 (docs/calibration.md): keys as `CalibrationFile` has them; the last table is `[signature]`. Signed are
SIGNED_AS, the signer's name, a line feed, and every byte in front of the line "[signature]"; behind its table nothing
may follow (`calibration_signature`). The calibration that comes with the program has no signature: it is as trusted as
the program, and its SHA-256 is in every attempt.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any, Final, Literal, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from biometrics.calibration_errors import (
    CalibrationAbsentError,
    CalibrationAlteredError,
    CalibrationFormatError,
    CalibrationOtherError,
    CalibrationUnsignedError,
)
from biometrics.calibration_signature import SIGNER, Signature, signed_message, signed_part
from biometrics.errors import CalibrationMissingError
from biometrics.rule_of_three import supports
from biometrics.weights import Models

Rule = Literal["mean", "best", "median"]
RULES: Final[tuple[Rule, ...]] = ("mean", "best", "median")
VERSION: Final = 1
MAX_FILE: Final = 256 * 1024
MAX_SOURCE: Final = 2000
TEXTS: Final = (
    "model", "card_sha256", "weights_sha256", "detector_sha256", "made_on", "source", "pairs_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """An error rate: `errors` of `comparisons`; 0 to 1.

    `independent`: how many comparisons count as independent (never more than `comparisons`); `low`, `high`: the
    95 % interval after Clopper and Pearson on that number; people differ, so it is at least that wide.
    """

    errors: int
    comparisons: int
    independent: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Errors per comparison, 0 to 1."""
        return self.errors / self.comparisons


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Score `threshold` (-1 to 1, higher is more alike) for false match rate `fmr`.

    `fmr` is what was asked for: measured on `impostor` it is not exceeded. `genuine`: FNMR at the threshold, None
    without genuine comparisons. `basis`: where a threshold comes from that was not read off this file's own data.
    """

    fmr: float
    threshold: float
    impostor: Rate
    genuine: Rate | None
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPoint:
    """What the threshold of a point means within one group: both sides of each impostor comparison are of it."""

    group: str
    fmr: float
    threshold: float
    impostor: Rate | None
    genuine: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a calibration file says besides its figures. Hashes: lowercase hexadecimal; `made_on`: YYYY-MM-DD.

    `counts`: what it was measured on (whole numbers: people, images, genuine, impostor, …). `card_sha256` is empty
    only in a file that comes with the program.
    """

    model: str
    card_sha256: str
    weights_sha256: str
    detector_sha256: str
    rule: Rule
    flip: bool
    made_on: str
    source: str
    pairs_sha256: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFile(About):
    """A read calibration file. `points`: falling FMR, rising threshold. `single`: the same points for one frame
    instead of a burst. `sha256` is of the file's bytes.
    """

    points: tuple[Point, ...]
    single: tuple[Point, ...]
    groups: tuple[GroupPoint, ...]
    signature: Signature | None
    sha256: str


def shipped_calibration(model: str) -> CalibrationFile:
    """Return the calibration of a model that comes with the program. Raises CalibrationMissingError(model)."""
    place = files("biometrics") / "models" / "calibrations" / f"{model}.toml"
    try:
        data = place.read_bytes() if _NAME.fullmatch(model) else b""
    except OSError:
        data = b""
    if not data:
        raise CalibrationMissingError(model=model[:64], defect="none")
    return parse_calibration(data, f"{model}.toml")


def read_calibration(path: Path) -> CalibrationFile:
    """Return a signed calibration file whose signature is its key's. Whose key that is, the caller asks.

    Raises CalibrationAbsentError, CalibrationFormatError, CalibrationUnsignedError, CalibrationAlteredError (file).
    """
    return verified(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a calibration file. Raises CalibrationAbsentError, CalibrationFormatError (file)."""
    try:
        if not path.is_file():  # a pipe or a device would hang
            raise CalibrationAbsentError(file=path.name)
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except OSError:
        raise CalibrationAbsentError(file=path.name) from None
    if len(data) > MAX_FILE:
        raise CalibrationFormatError(file=path.name, key="", defect="size")
    return data


def verified(data: bytes, file: str) -> CalibrationFile:
    """Return a calibration whose signature is good. Raises as `read_calibration`."""
    found = parse_calibration(data, file)
    if found.signature is None or not found.card_sha256:
        raise CalibrationUnsignedError(file=file)
    signed = signed_part(data, found.signature)
    if signed is None:
        raise CalibrationAlteredError(file=file)
    try:
        key = Ed25519PublicKey.from_public_bytes(found.signature.public)
        key.verify(found.signature.ed25519, signed_message(found.signature.signer, signed))
    except (InvalidSignature, ValueError):
        raise CalibrationAlteredError(file=file) from None
    _require_supported(found, file)
    return found


def _require_supported(found: CalibrationFile, file: str) -> None:
    """Require that each rate is one its pairs support, and that not everybody is accepted: a signature is no figure.

    Raises CalibrationFormatError(file, key, defect "too few pairs" or "threshold").
    """
    for place, points in (("points", found.points), ("single", found.single)):
        for number, point in enumerate(points, 1):
            if not supports(point.impostor.independent, point.fmr):
                raise CalibrationFormatError(file=file, key=f"{place}.{number}.fmr", defect="too few pairs")
    for number, each in enumerate(found.groups, 1):
        rate = each.impostor
        if rate is not None and not supports(rate.independent, max(each.fmr, rate.value)):
            raise CalibrationFormatError(file=file, key=f"groups.{number}.impostor", defect="too few pairs")
    if found.points[-1].threshold <= 0:
        raise CalibrationFormatError(file=file, key="points", defect="threshold")


def require_fit(calibration: CalibrationFile, models: Models, *, rule: str, flip: bool) -> CalibrationFile:
    """Return the calibration if it was made for these models and this rule. Raises CalibrationOtherError(why)."""
    wanted = {
        "model": models.embedder.weights.name,
        "card": models.embedder.card_sha256,
        "weights": models.embedder.weights.sha256,
        "detector": models.detector.weights.sha256,
        "rule": rule,
        "flip": flip,
    }
    made_for = {
        "model": calibration.model,
        "card": calibration.card_sha256 or wanted["card"],
        "weights": calibration.weights_sha256,
        "detector": calibration.detector_sha256,
        "rule": calibration.rule,
        "flip": calibration.flip,
    }
    for why, value in wanted.items():
        if made_for[why] != value:
            raise CalibrationOtherError(model=calibration.model, why=why)
    return calibration


def parse_calibration(data: bytes, file: str) -> CalibrationFile:
    """Return what the bytes of a calibration file say, its signature unchecked. Raises CalibrationFormatError."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise CalibrationFormatError(file=file, key="", defect="toml") from None
    reader = _Reader(file)
    reader.require("", table, _TOP, optional=("signature", "single", "groups"))
    reader.require("rule", table["rule"], {"burst": str, "flip": bool})
    _require_values(reader, table)
    signature = None
    if "signature" in table:
        signature = reader.signature(table["signature"])
        if signed_part(data, signature) is None:
            raise reader.error("signature", "place")
    return CalibrationFile(
        **{key: table[key] for key in TEXTS},
        rule=cast(Rule, table["rule"]["burst"]),
        flip=table["rule"]["flip"],
        counts=table["counts"],
        points=reader.points("points", table["points"]),
        single=reader.points("single", table.get("single", [])),
        groups=tuple(
            reader.group(f"groups.{number}", row) for number, row in enumerate(table.get("groups", []), 1)
        ),
        signature=signature,
        sha256=sha256(data).hexdigest(),
    )


def _require_values(reader: "_Reader", table: Mapping[str, Any]) -> None:
    """Require what the texts and counts of a file may be. Raises CalibrationFormatError."""
    forms = {"model": _NAME, "made_on": _DAY, "card_sha256": _HASH, "pairs_sha256": _HASH}
    wanted = {
        "version": table["version"] == VERSION,
        "rule.burst": table["rule"]["burst"] in RULES,
        **{key: form.fullmatch(table[key]) is not None for key, form in forms.items()},
        **{key: _SHA256.fullmatch(table[key]) is not None for key in ("weights_sha256", "detector_sha256")},
        "source": len(table["source"]) <= MAX_SOURCE and table["source"].isprintable(),
        **{f"counts.{key}": _COUNT.fullmatch(key) is not None for key in table["counts"]},
    }
    for key, good in wanted.items():
        if not good:
            raise reader.error(key, "value")
    for key, value in table["counts"].items():
        reader.whole(f"counts.{key}", value)


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COUNT: Final = re.compile(r"[a-z_]{1,32}")
_DAY: Final = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HASH: Final = re.compile(r"([0-9a-f]{64})?")
_TOP: Final[Mapping[str, type]] = {
    "version": int,
    **dict.fromkeys(TEXTS, str),
    "rule": dict,
    "counts": dict,
    "points": list,
    "single": list,
    "groups": list,
    "signature": dict,
}
_POINT: Final[Mapping[str, type]] = {
    "fmr": float, "threshold": float, "impostor": dict, "genuine": dict, "basis": str,
}  # fmt: skip
_RATE: Final[Mapping[str, type]] = {
    "errors": int, "comparisons": int, "independent": int, "interval": list,
}  # fmt: skip


class _Reader:
    """Reads the tables of one file; each error names file and key."""

    def __init__(self, file: str) -> None:
        self._file = file

    def error(self, key: str, defect: str) -> CalibrationFormatError:
        return CalibrationFormatError(file=self._file, key=key[:64], defect=defect)

    def require(
        self, place: str, table: Any, keys: Mapping[str, type], optional: Sequence[str] = ()
    ) -> Mapping[str, Any]:
        """Require the keys with their types; no others."""
        if not isinstance(table, dict):
            raise self.error(place, "type")
        for key in sorted(table.keys() - keys.keys()):
            raise self.error(_at(place, key), "unknown")
        for key, kind in keys.items():
            if key not in table:
                if key in optional:
                    continue
                raise self.error(_at(place, key), "missing")
            if type(table[key]) is not kind:
                raise self.error(_at(place, key), "type")
        return table

    def whole(self, key: str, value: Any) -> int:
        if type(value) is not int or not 0 <= value < 10**15:
            raise self.error(key, "value")
        return value

    def between(self, key: str, value: Any, low: float, high: float) -> float:
        if type(value) not in {int, float} or not isfinite(value) or not low <= value <= high:
            raise self.error(key, "value")
        return float(value)

    def points(self, place: str, rows: Sequence[Any]) -> tuple[Point, ...]:
        found = tuple(
            sorted(
                (self.point(f"{place}.{number}", row) for number, row in enumerate(rows, 1)),
                key=lambda point: (point.threshold, -point.fmr),
            )
        )
        rates = [point.fmr for point in found]
        if rates != sorted(rates, reverse=True) or len(set(rates)) != len(rates):
            raise self.error(place, "order")
        if place == "points" and not found:
            raise self.error(place, "missing")
        return found

    def point(self, place: str, row: Any) -> Point:
        self.require(place, row, _POINT, optional=("genuine", "basis"))
        impostor = self.rate(_at(place, "impostor"), row["impostor"])
        fmr = self.between(_at(place, "fmr"), row["fmr"], 1e-12, 1.0)
        if impostor.value > fmr * (1 + 1e-9):
            raise self.error(_at(place, "impostor"), "more than fmr")
        return Point(
            fmr=fmr,
            threshold=self.between(_at(place, "threshold"), row["threshold"], -1.0, 1.0),
            impostor=impostor,
            genuine=self.rate(_at(place, "genuine"), row["genuine"]) if "genuine" in row else None,
            basis=row.get("basis", ""),
        )

    def group(self, place: str, row: Any) -> GroupPoint:
        keys = {**{key: _POINT[key] for key in _POINT if key != "basis"}, "group": str}
        self.require(place, row, keys, optional=("impostor", "genuine"))
        if not 0 < len(row["group"]) <= 64 or not row["group"].isprintable():
            raise self.error(_at(place, "group"), "value")
        return GroupPoint(
            group=row["group"],
            fmr=self.between(_at(place, "fmr"), row["fmr"], 1e-12, 1.0),
            threshold=self.between(_at(place, "threshold"), row["threshold"], -1.0, 1.0),
            impostor=self.rate(_at(place, "impostor"), row["impostor"]) if "impostor" in row else None,
            genuine=self.rate(_at(place, "genuine"), row["genuine"]) if "genuine" in row else None,
        )

    def rate(self, place: str, row: Any) -> Rate:
        self.require(place, row, _RATE)
        errors, comparisons = (self.whole(_at(place, key), row[key]) for key in ("errors", "comparisons"))
        independent = self.whole(_at(place, "independent"), row["independent"])
        if comparisons < 1 or errors > comparisons or not 1 <= independent <= comparisons:
            raise self.error(place, "counts")
        if len(row["interval"]) != 2:
            raise self.error(_at(place, "interval"), "count")
        low, high = (self.between(_at(place, "interval"), each, 0.0, 1.0) for each in row["interval"])
        return Rate(errors=errors, comparisons=comparisons, independent=independent, low=low, high=high)

    def signature(self, row: Any) -> Signature:
        self.require("signature", row, {"signer": str, "public": str, "ed25519": str})
        try:
            public, made = bytes.fromhex(row["public"]), bytes.fromhex(row["ed25519"])
        except ValueError:
            raise self.error("signature", "value") from None
        if (len(public), len(made)) != (32, 64) or not SIGNER.fullmatch(row["signer"]):
            raise self.error("signature", "value")
        return Signature(signer=row["signer"], public=public, ed25519=made)


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
