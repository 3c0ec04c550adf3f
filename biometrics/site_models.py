"""A site's own models: a folder of cards (*.toml) with their weight files beside them. Read only, never written.

A card names its file by a plain name: nothing outside the folder is ever opened, whatever a link or a name says.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from biometrics.cards import MAX_CARD, Card, Kind, parse_card
from biometrics.errors import BiometricsError, ModelAlteredError, ModelMissingError, ModelTableError
from biometrics.model_errors import ModelPathError, ModelTooLargeError, ModelUnknownError
from biometrics.weights import (
    EmbedderModel,
    Models,
    PadModel,
    Weights,
    embedder_of,
    load_detector,
    load_embedder,
)

MAX_WEIGHTS = 512 * 1024 * 1024
MAX_CARDS = 64
SITE = "site"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._+-]{0,127}")
_DEVICES = re.compile(
    r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?"
)  # what Windows takes for devices in any folder


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Which of a site's models is in use. Hashes of card and weight file as the log has them; empty: not asked."""

    name: str
    card_sha256: str = ""
    weights_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCard:
    """A card of the folder: what it says, or the error it was refused with."""

    file: str
    card: Card | None = None
    error: BiometricsError | None = None


def list_cards(folder: Path) -> tuple[SiteCard, ...]:
    """Return every card of a folder, by file name; a folder that is not there has none. Weights are not read.

    Two cards of one name are both refused: which of them counts must not depend on their order."""
    paths = sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))
    if len(paths) > MAX_CARDS:
        return (
            SiteCard(
                file=folder.name, error=ModelTooLargeError(file=folder.name, limit=MAX_CARDS, why="cards")
            ),
        )
    found = [_listed(path) for path in paths]
    names = [each.card.name for each in found if each.card is not None]
    return tuple(
        SiteCard(file=each.file, error=ModelTableError(table=each.file, key="name", defect="twice", why=SITE))
        if each.card is not None and names.count(each.card.name) > 1
        else each
        for each in found
    )


def _listed(path: Path) -> SiteCard:
    try:
        return SiteCard(file=path.name, card=read_card(path))
    except BiometricsError as error:
        return SiteCard(file=path.name, error=error)


def read_card(path: Path) -> Card:
    """Return a site's card. Raises ModelMissingError, ModelPathError, ModelTableError(table, key)."""
    inside = _inside(path.parent, path.name)
    return parse_card(_bytes(inside, MAX_CARD), path.name, site=True)


def read_weights(folder: Path, card: Card) -> Weights:
    """Return the weights that a card of this folder names.

    Raises ModelMissingError(file), ModelAlteredError(file), ModelPathError(file), ModelTooLargeError(file).
    """
    path = _inside(folder, card.file)
    data = _bytes(path, MAX_WEIGHTS)
    if sha256(data).hexdigest() != card.sha256:
        raise ModelAlteredError(file=card.file, why=SITE)
    return Weights(name=card.name, sha256=card.sha256, licence=card.licence, path=path, data=data, site=True)


def load_model(folder: Path, choice: ModelChoice, kind: Kind) -> EmbedderModel | PadModel:
    """Return the model of a choice, read whole and checked.

    Raises ModelUnknownError(model), ModelAlteredError(file) where card or weights are not those of the choice, and
    what `read_card` and `read_weights` raise.
    """
    card = _find(folder, choice, kind)
    if choice.card_sha256 not in {"", card.card_sha256}:
        raise ModelAlteredError(file=f"{card.name}.toml", why="card")
    if choice.weights_sha256 not in {"", card.sha256}:
        raise ModelAlteredError(file=card.file, why="card")
    return model_of(folder, card)


def model_of(folder: Path, card: Card) -> EmbedderModel | PadModel:
    """Return the model of a card of this folder. Raises what `read_weights` raises."""
    weights = read_weights(folder, card)
    if card.output is not None:
        return PadModel(weights=weights, input=card.input, output=card.output, card_sha256=card.card_sha256)
    return embedder_of(card, weights)


def _find(folder: Path, choice: ModelChoice, kind: Kind) -> Card:
    listed = list_cards(folder)
    for each in listed:
        if each.card is not None and each.card.name == choice.name and each.card.kind == kind:
            return each.card
    broken = [each for each in listed if each.error is not None]
    for each in broken:  # it may be the one: say what is wrong with it
        if each.error is not None and (len(broken) == 1 or each.file == f"{choice.name}.toml"):
            raise each.error
    if choice.card_sha256:  # it was there when it was chosen
        raise ModelMissingError(file=f"{choice.name}.toml", why=SITE)
    raise ModelUnknownError(model=choice.name, kind=kind)


def load_site(
    folder: Path | None, embedder: ModelChoice | str | None, pad: ModelChoice | str | None
) -> Models:
    """Return detector, embedder and PAD model in use: a site's where one is named, else the program's own."""
    return Models(
        detector=load_detector(),
        embedder=load_embedder() if embedder is None else _embedder(folder, embedder),
        pad=None if pad is None else _pad(folder, pad),
    )


def _embedder(folder: Path | None, choice: ModelChoice | str) -> EmbedderModel:
    model = load_model(*_chosen(folder, choice, "embedder"), "embedder")
    if not isinstance(model, EmbedderModel):
        raise ModelUnknownError(model=model.weights.name, kind="embedder")
    return model


def _pad(folder: Path | None, choice: ModelChoice | str) -> PadModel:
    model = load_model(*_chosen(folder, choice, "pad"), "pad")
    if not isinstance(model, PadModel):
        raise ModelUnknownError(model=model.weights.name, kind="pad")
    return model


def _chosen(folder: Path | None, choice: ModelChoice | str, kind: str) -> tuple[Path, ModelChoice]:
    known = ModelChoice(name=choice) if isinstance(choice, str) else choice
    if folder is None:
        raise ModelUnknownError(model=known.name, kind=kind)
    return folder, known


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the folder itself. Raises ModelPathError(file), ModelMissingError(file)."""
    plain = (
        _PLAIN.fullmatch(name) is not None
        and _DEVICES.fullmatch(name) is None
        and not name.endswith((".", " "))
    )
    if not plain:
        raise ModelPathError(file=name[:128])
    path = folder / name
    try:
        home, real = folder.resolve(), path.resolve()
        if real.parent != home:
            raise ModelPathError(file=name)
        if not real.is_file():
            raise ModelMissingError(file=name, why=SITE)
    except (OSError, RuntimeError):  # a loop of links
        raise ModelMissingError(file=name, why=SITE) from None
    return path


def _bytes(path: Path, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise ModelTooLargeError(file=path.name, limit=limit, why="bytes")
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError:
        raise ModelMissingError(file=path.name, why=SITE) from None
    if len(data) > limit:
        raise ModelTooLargeError(file=path.name, limit=limit, why="bytes")
    return data
