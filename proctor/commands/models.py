"""`proctor face model …`: which model decides on faces. Two persons choose; the files stay where the site put them."""

from pathlib import Path
from typing import Any

from biometrics.cards import Card, Kind
from biometrics.model_errors import ModelUnknownError
from biometrics.site_models import list_cards
from biometrics.weights import load_embedder
from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.commands.show import reason_json
from proctor.errors import CommandError
from proctor.face_models import (
    Listed,
    ModelsInUse,
    Tried,
    enter,
    folder_of,
    is_calibrated,
    list_models,
    models_in_use,
    names_in_log,
    try_card,
)
from proctor.fingerprints import grouped
from proctor.roots import kind_at, require_another_user, second_person
from sessions.record import Second
from sessions.roles import require_may


def listing(context: Context) -> int:
    """List the program's own model and the site's. Exit 1 where one that is in use is missing or altered."""
    used, calibrated = _known(context)
    rows = list_models(used) if used.folder.is_dir() or used != ModelsInUse(folder=used.folder) else ()
    own = load_embedder()
    deciding = [] if used.embedder is not None else [own.weights.name]
    data = {
        "ok": not any(_is_needed(row, used) for row in rows),
        "folder": str(used.folder),
        "deciding": deciding[0] if used.embedder is None else used.embedder.name,
        "pad": None if used.pad is None else used.pad.name,
        "own": {
            "name": own.weights.name,
            "weights_sha256": own.weights.sha256,
            "licence": own.weights.licence,
        },
        "models": [_row(row) | {"calibrated": row.name in calibrated} for row in rows],
    }
    context.result(data, tuple(_lines(context, data)))
    return 0 if data["ok"] else 1


def check(context: Context) -> int:
    """Try a card and its weight file in a process of its own; nothing is entered or copied."""
    path = Path(context.options.file)
    if not path.is_file():
        raise CommandError("model-card-missing", usage=True, file=path.name)
    tried = try_card(path)
    data = {"ok": True, "file": path.name, **_of_card(tried.card), "facts": dict(tried.facts)}
    context.result(data, tuple(_tried_lines(context, tried)))
    return 0


def use(context: Context) -> int:
    """Enter that a site's model is in use from here on. What it is, is shown before the second person's password."""
    with open_for(context, training=_training(context), login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        path = _card_of(folder_of(opened.root), context.options.name)
        require_another_user(opened, context.options.second)
        tried = try_card(path)
        known = names_in_log(opened.store, tried.card.name)
        if known - {(tried.choice.card_sha256, tried.choice.weights_sha256)}:
            raise CommandError("model-name-taken", model=tried.card.name)
        kind = tried.card.kind
        new = models_in_use(opened.root, opened.store).of(kind) != tried.choice
        if new:
            second = _second(context, opened, tried.card.name, tried.card.card_sha256, tried.card.sha256)
            enter(opened, kind, tried.choice, second, on=True)
        calibrated = kind == "pad" or is_calibrated(opened.store, tried.card.name)
    data = {
        "ok": True,
        "new": new,
        **_of_card(tried.card),
        "calibrated": calibrated,
        "facts": dict(tried.facts),
    }
    lines = [
        *_tried_lines(context, tried),
        context.texts.say("models.used" if new else "models.used-already"),
    ]
    if not calibrated:
        lines.append(context.texts.say("models.calibrate", model=tried.card.name))
    context.result(data, tuple(lines))
    return 0


def off(context: Context) -> int:
    """Enter that the program's own model decides again, or that no PAD model is in use. The files are not needed."""
    kind: Kind = "pad" if context.options.pad else "embedder"
    with open_for(context, training=_training(context), login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        choice = models_in_use(opened.root, opened.store).of(kind)
        if choice is None:
            raise CommandError("model-none-in-use")
        require_another_user(opened, context.options.second)
        second = _second(context, opened, choice.name, choice.card_sha256, choice.weights_sha256)
        enter(opened, kind, choice, second, on=False)
    data = {"ok": True, "model": choice.name, "kind": kind}
    context.result(data, (context.texts.say(f"models.off-{kind}", model=choice.name),))
    return 0


def _known(context: Context) -> tuple[ModelsInUse, frozenset[str]]:
    """Return what is in use and which models are calibrated; a machine without a station has its folder's cards."""
    place = context.places.training if _training(context) else context.places.real
    if kind_at(place) is None:
        return ModelsInUse(folder=place / "models"), frozenset()
    with open_for(context, training=_training(context), login=False) as opened:
        used = models_in_use(opened.root, opened.store)
        names = [each.card.name for each in list_cards(used.folder) if each.card is not None]
        return used, frozenset(name for name in names if is_calibrated(opened.store, name))


def _training(context: Context) -> bool:
    return bool(context.options.training) or kind_at(context.places.real) == "training"


def _card_of(folder: Path, name: str) -> Path:
    """Return the card of a name. Raises ModelUnknownError, or what is wrong with the card of that file name."""
    for each in list_cards(folder):
        if each.card is not None and each.card.name == name:
            return folder / each.file
        if each.error is not None and name in {each.file, each.file.removesuffix(".toml")}:
            raise each.error
    raise ModelUnknownError(model=name, kind="—")


def _second(context: Context, opened: Any, name: str, card: str, weights: str) -> Second:
    """Print what the second person's password will confirm, and ask for it."""
    say = context.say
    say("models.compare", second=context.options.second, model=name)
    for key, value in (("models.card-hash", card), ("models.weights-hash", weights)):
        say(key, hash=grouped(value))
    return second_person(opened, context.options.second, context.ask, action="trust")


def _is_needed(row: Listed, used: ModelsInUse) -> bool:
    chosen = {choice.name for choice in (used.embedder, used.pad) if choice is not None}
    return row.state == "broken" and (row.name in chosen or not row.name)


def _of_card(card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "kind": card.kind,
        "weights": card.file,
        "weights_sha256": card.sha256,
        "card_sha256": card.card_sha256,
        "licence": card.licence,
        "source": card.source,
        "input": list(card.input.size),
        "dimension": card.dimension or None,
    }


def _row(row: Listed) -> dict[str, Any]:
    told: dict[str, Any] = {"file": row.file, "name": row.name, "state": row.state}
    if row.card is not None:
        told |= _of_card(row.card)
    if row.error is not None:
        told |= reason_json(row.error.code, row.error.facts)
    return told


def _lines(context: Context, data: dict[str, Any]) -> list[str]:
    say, language = context.texts.say, context.texts.language
    lines = [say("models.deciding", model=data["deciding"])]
    lines.append(say("models.pad", model=data["pad"]) if data["pad"] else say("models.pad-none"))
    for row in data["models"]:
        lines.append(
            say(f"models.row-{row['state']}", name=row["name"] or row["file"], file=row["file"] or "—")
        )
        if "weights_sha256" in row:
            lines.append(
                say("models.row-card", kind=say(f"models.kind-{row['kind']}"), licence=row["licence"])
            )
            lines.append("    " + grouped(row["weights_sha256"]))
        if language in row:
            lines.append("    " + row[language])
        elif row["kind"] == "embedder" and not row["calibrated"]:
            lines.append("    " + say("models.not-calibrated"))
    return [*lines, *([] if data["models"] else [say("models.none", folder=data["folder"])])]


def _tried_lines(context: Context, tried: Tried) -> list[str]:
    say, card = context.texts.say, tried.card
    lines = [say("models.tried", name=card.name, kind=say(f"models.kind-{card.kind}"), licence=card.licence)]
    lines += [say("models.card-hash", hash=grouped(card.card_sha256))]
    lines += [say("models.weights-hash", hash=grouped(card.sha256))]
    if card.kind == "embedder":
        same, other = (f"{int(tried.facts[key]) / 1e4:.2f}" for key in ("same_e4", "other_e4"))
        lines.append(say("models.faces", same=same, other=other, ms=tried.facts["template_ms"]))
    else:
        score, limit = (f"{int(tried.facts[key]) / 1e4:.2f}" for key in ("pad_score_e4", "pad_threshold_e4"))
        lines.append(say("models.pad-score", score=score, threshold=limit, ms=tried.facts["score_ms"]))
    return lines
