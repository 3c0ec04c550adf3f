"""Which calibration gives a model's thresholds at a station: signed files below the root, held against the log.

The newest entry about a model names the file by its hash; a file in the folder alone does nothing. An `off` entry, or
none at all, means the calibration that comes with the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from biometrics.calibration import CalibrationFile, read_bytes, shipped_calibration, verified
from biometrics.calibration_errors import CalibrationAlteredError
from biometrics.errors import BiometricsError, CalibrationMissingError
from biometrics.thresholds import for_photo_age, thresholds_for
from biometrics.weights import EmbedderModel
from proctor.roots import OpenRoot
from sessions.files import make_private_dir, write_private
from sessions.record import Second
from sessions.root import DataRoot
from sessions.rules import Rules

FOLDER: Final = "calibrations"
EVENT: Final = "face-calibration"
MAX_LISTED: Final = 200


class Log(Protocol):
    """The log, as far as this needs it."""

    def entries(self, kind: str) -> Iterable[Any]:
        """Return the entries of a kind, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """A false match rate that rules state and a calibration has no threshold for. `use`: "compare" (accepting or
    referring: no face can be compared under these rules), "search" (the search stops nobody, it only ranks) or
    "old-photo". `rules`: their ids."""

    use: str
    fmr: float
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file of the folder, or one that the log names. `state`: "in-use", "available" (nobody entered it, or no more)
    or "broken", with its `error`."""

    file: str
    state: str
    calibration: CalibrationFile | None = None
    error: BiometricsError | None = None


def folder_of(root: DataRoot) -> Path:
    """Return where a root keeps them."""
    return root.path / FOLDER


def file_name(model: str, digest: str) -> str:
    """Return the name of a calibration's file."""
    return f"{model}-{digest[:16]}.toml"


def named_by(log: Log) -> Mapping[str, str]:
    """Return the hash of the calibration in force by model, as the newest entry of each says; no file is read."""
    named: dict[str, str] = {}
    for entry in log.entries("key"):
        body = entry.body
        if body.get("event") != EVENT:
            continue
        if body["state"] == "on":
            named[body["model"]] = body["calibration"]
        else:
            named.pop(body["model"], None)
    return named


def calibration_in_force(root: DataRoot, log: Log, model: str) -> CalibrationFile:
    """Return what gives a model's thresholds at a station.

    Raises CalibrationAbsentError, CalibrationAlteredError, CalibrationUnsignedError, CalibrationFormatError (file);
    CalibrationMissingError(model) where neither the station nor the program has one.
    """
    digest = named_by(log).get(model)
    if digest is None:
        return shipped_calibration(model)
    return _named(folder_of(root), model, digest)


def unserved(
    model: EmbedderModel, calibration: CalibrationFile, rules: Iterable[Rules]
) -> tuple[Unserved, ...]:
    """Return which of the rules' rates a calibration of this model cannot serve, as `thresholds_for` decides it."""
    found: dict[tuple[str, float], set[str]] = {}
    for each in rules:
        for use, fmr in _lacking(model, calibration, each):
            found.setdefault((use, fmr), set()).add(each.rules_id)
    return tuple(
        Unserved(use=use, fmr=fmr, rules=tuple(sorted(ids))) for (use, fmr), ids in sorted(found.items())
    )


def _lacking(model: EmbedderModel, calibration: CalibrationFile, rules: Rules) -> Iterator[tuple[str, float]]:
    """Yield use and rate of what one rules file asks in vain."""
    wanted = {"fmr": rules.fmr_accept, "refer_fmr": rules.fmr_refer, "search_fmr": rules.search_fmr}
    try:
        thresholds = thresholds_for(model, calibration=calibration, **wanted)
    except CalibrationMissingError as error:
        refers = error.facts["asked_ppm"] == round(rules.fmr_refer * 1e6)
        yield "compare", rules.fmr_refer if refers else rules.fmr_accept
        return
    if thresholds.search is None:
        yield "search", rules.search_fmr
    if rules.old_photo is not None:
        try:
            for_photo_age(thresholds, calibration, rules.old_photo, rules.old_photo.years)
        except CalibrationMissingError:
            yield "old-photo", rules.old_photo.fmr_refer


def _named(folder: Path, model: str, digest: str) -> CalibrationFile:
    file = file_name(model, digest)
    data = read_bytes(folder / file)
    if sha256(data).hexdigest() != digest:
        raise CalibrationAlteredError(file=file)
    found = verified(data, file)
    if found.model != model:
        raise CalibrationAlteredError(file=file)
    return found


def take(opened: OpenRoot, calibration: CalibrationFile, data: bytes, second: Second | None) -> str:
    """Keep a calibration's file, then enter that it gives its model's thresholds from here on; return the file's name.

    Asked again, or after a crash in between, it only does what is left; `second` is None where nothing is entered.
    """
    file = file_name(calibration.model, calibration.sha256)
    write_private(make_private_dir(folder_of(opened.root)) / file, data)
    if second is not None:
        _enter(opened, calibration.model, calibration.sha256, "on", second)
    return file


def give_up(opened: OpenRoot, model: str, digest: str, second: Second) -> None:
    """Enter that a model's thresholds are the program's own again. The file stays: old attempts name it."""
    _enter(opened, model, digest, "off", second)


def _enter(opened: OpenRoot, model: str, digest: str, state: str, second: Second) -> None:
    body = {"event": EVENT, "model": model, "calibration": digest, "state": state}
    opened.store.append("key", body, operator=opened.require_login().operator, second=second)


def list_calibrations(root: DataRoot, log: Log) -> tuple[Listed, ...]:
    """Return what the log names, then the other files of the folder."""
    folder, named = folder_of(root), named_by(log)
    rows = []
    for model, digest in sorted(named.items()):
        file = file_name(model, digest)
        try:
            rows.append(Listed(file=file, state="in-use", calibration=_named(folder, model, digest)))
        except BiometricsError as error:
            rows.append(Listed(file=file, state="broken", error=error))
    known = {row.file for row in rows}
    files = sorted(path.name for path in folder.glob("*.toml")) if folder.is_dir() else []
    for file in [name for name in files if name not in known and not name.startswith(".")][:MAX_LISTED]:
        try:
            data = read_bytes(folder / file)
            rows.append(Listed(file=file, state="available", calibration=verified(data, file)))
        except BiometricsError as error:
            rows.append(Listed(file=file, state="available", error=error))
    return tuple(rows)
