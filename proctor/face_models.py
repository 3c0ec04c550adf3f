"""Which face models decide at a station: cards and weight files below the root, held against the log.

The newest entry says which of a site's models is in use; a file in the folder alone does nothing. The station's own
`off` entry, or none at all, means the program's own model, and no PAD model.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import biometrics
from biometrics.advisory import Dlib
from biometrics.cards import Card, Kind
from biometrics.errors import BiometricsError, ModelUnusableError
from biometrics.site_models import ModelChoice, list_cards, load_model, read_card, read_weights
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from sessions.record import Second
from sessions.root import DataRoot

FOLDER: Final = "models"
EVENT: Final = "face-model"
_STATES: Final[Mapping[str, tuple[Kind, bool]]] = {
    "on": ("embedder", True),
    "off": ("embedder", False),
    "pad-on": ("pad", True),
    "pad-off": ("pad", False),
}
TRIAL_S: Final = 180.0
_KEPT: Final = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TEMP", "TMP", "NUMBER_OF_PROCESSORS")


DLIB: Final = "PROCTOR_DLIB"
"""The operator's setting: how dlib's advice is asked for."""
_DLIB: Final[Mapping[str, Dlib]] = {
    "": True,
    "direct": True,
    "off": False,
    "face_recognition": "face_recognition",
}


def dlib_setting(environment: Mapping[str, str] = os.environ) -> Dlib:
    """Return whether dlib advises, and through which package; directly, where nobody said otherwise.

    Raises CommandError "dlib-setting": a word that was misspelt must not load what nobody asked for.
    """
    word = environment.get(DLIB, "").strip()
    if word not in _DLIB:
        raise CommandError("dlib-setting", usage=True, value=word[:40])
    return _DLIB[word]


class Log(Protocol):
    """The log, as far as this needs it."""

    def entries(self, kind: str) -> Iterable[Any]:
        """Return the entries of a kind, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsInUse:
    """What the log says decides: a site's models, or None for the program's own and for no PAD model."""

    folder: Path
    embedder: ModelChoice | None = None
    pad: ModelChoice | None = None

    @property
    def options(self) -> Mapping[str, Any]:
        """What `FaceEngine.load` and `FaceWorker` are to be given."""
        return {"site": self.folder, "model": self.embedder, "pad": self.pad}

    def of(self, kind: Kind) -> ModelChoice | None:
        """Return the choice of a kind."""
        return self.pad if kind == "pad" else self.embedder


def folder_of(root: DataRoot) -> Path:
    """Return where a root's cards and weight files lie."""
    return folder_at(root.path)


def folder_at(path: Path) -> Path:
    """Return where the data root at a path keeps them."""
    return path / FOLDER


def models_in_use(root: DataRoot, log: Log) -> ModelsInUse:
    """Return which models the log says are in use; no file is read."""
    chosen: dict[Kind, ModelChoice | None] = {"embedder": None, "pad": None}
    for kind, on, choice in _choices(log):
        chosen[kind] = choice if on else None
    return ModelsInUse(folder=folder_of(root), embedder=chosen["embedder"], pad=chosen["pad"])


def require_models(root: DataRoot, log: Log) -> ModelsInUse:
    """Return which models are in use, if their files are those that the log names; no network is built.

    Raises ModelAlteredError(file), ModelMissingError(file), ModelUnknownError(model), ModelTableError(table, key).
    """
    used = models_in_use(root, log)
    for choice, kind in ((used.embedder, "embedder"), (used.pad, "pad")):
        if choice is not None:
            load_model(used.folder, choice, "pad" if kind == "pad" else "embedder")
    return used


def names_in_log(log: Log, name: str) -> frozenset[tuple[str, str]]:
    """Return the hashes (card, weights) that entries ever gave a name. One name is one model, for ever."""
    named = (choice for _, _, choice in _choices(log))
    return frozenset((each.card_sha256, each.weights_sha256) for each in named if each.name == name)


def is_calibrated(log: Log, model: str) -> bool:
    """Say whether the log names a calibration for a model that is in force."""
    states = [
        entry.body["state"]
        for entry in log.entries("key")
        if entry.body.get("event") == "face-calibration" and entry.body["model"] == model
    ]
    return bool(states) and states[-1] == "on"


def _choices(log: Log) -> Iterator[tuple[Kind, bool, ModelChoice]]:
    for entry in log.entries("key"):
        body = entry.body
        if body.get("event") == EVENT and body["state"] in _STATES:
            kind, on = _STATES[body["state"]]
            choice = ModelChoice(name=body["model"], card_sha256=body["card"], weights_sha256=body["weights"])
            yield kind, on, choice


def enter(opened: OpenRoot, kind: Kind, choice: ModelChoice, second: Second, *, on: bool) -> None:
    """Enter that a model is in use from here on, or that it is no more. Two persons."""
    state = next(state for state, what in _STATES.items() if what == (kind, on))
    body = {
        "event": EVENT,
        "model": choice.name,
        "card": choice.card_sha256,
        "weights": choice.weights_sha256,
        "state": state,
    }
    opened.store.append("key", body, operator=opened.require_login().operator, second=second)


# -- the folder ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model of the folder, or one that the log names and the folder lacks. `state`: "in-use", "available", "broken";
    `error` says what is wrong with it."""

    file: str
    name: str
    state: str
    card: Card | None = None
    error: BiometricsError | None = None


def list_models(used: ModelsInUse) -> tuple[Listed, ...]:
    """Return every model of the folder, its weight file checked, and what the log names without a file for it."""
    rows = [_listed(used, each.file, each.card, each.error) for each in list_cards(used.folder)]
    rows += [
        Listed(file="", name=choice.name, state="broken", error=error)
        for choice, error in _lacking(used)
        if choice.name not in {row.name for row in rows}
    ]
    return tuple(rows)


def _listed(used: ModelsInUse, file: str, card: Card | None, error: BiometricsError | None) -> Listed:
    if card is None:
        return Listed(file=file, name="", state="broken", error=error)
    choice = used.of(card.kind)
    named = choice is not None and choice.name == card.name
    try:
        if named and choice is not None:
            load_model(used.folder, choice, card.kind)
        else:
            read_weights(used.folder, card)
    except BiometricsError as broken:
        return Listed(file=file, name=card.name, state="broken", card=card, error=broken)
    return Listed(file=file, name=card.name, state="in-use" if named else "available", card=card)


def _lacking(used: ModelsInUse) -> Iterator[tuple[ModelChoice, BiometricsError]]:
    for choice, kind in ((used.embedder, "embedder"), (used.pad, "pad")):
        if choice is not None:
            try:
                load_model(used.folder, choice, "pad" if kind == "pad" else "embedder")
            except BiometricsError as error:
                yield choice, error


# -- a new model ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A card whose weights were read and whose network ran in a process of its own. `facts`: what it answered."""

    card: Card
    facts: Mapping[str, str | int]

    @property
    def choice(self) -> ModelChoice:
        """The model with both its hashes."""
        return ModelChoice(
            name=self.card.name, card_sha256=self.card.card_sha256, weights_sha256=self.card.sha256
        )


def try_card(path: Path, *, deadline_s: float = TRIAL_S) -> Tried:
    """Read a card and try its weights in a process that may die of them (`biometrics.model_trial`).

    Raises ModelUnusableError(file, why): "crash", "time", or what is wrong with the network; and what reading
    card and weights raises.
    """
    card = read_card(path)
    read_weights(path.parent, card)
    said = _trial(path, card, deadline_s)
    if said.get("ok") is True:
        facts = {key: value for key, value in said.items() if key != "ok" and isinstance(value, str | int)}
        return Tried(card=card, facts=facts)
    facts = {key: value for key, value in said.get("facts", {}).items() if isinstance(value, str | int)}
    raise ModelUnusableError(**{"why": "crash", **facts, "file": card.file})


def _trial(path: Path, card: Card, deadline_s: float) -> Mapping[str, Any]:
    """Return the last line that the process wrote."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment["PYTHONPATH"] = str(Path(biometrics.__file__).parent.parent)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "biometrics.model_trial", str(path.absolute())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline_s,
            env=environment,
            check=False,
        )
        said = json.loads(done.stdout.decode("utf-8").strip().rpartition("\n")[2])
    except subprocess.TimeoutExpired:
        raise ModelUnusableError(file=card.file, why="time") from None
    except (OSError, ValueError):
        raise ModelUnusableError(file=card.file, why="crash") from None
    return said if isinstance(said, dict) else {}
