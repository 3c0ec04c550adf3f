"""`proctor calibrate` and `proctor face calibration …`: thresholds of a face model, measured on labelled pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from biometrics.calibration import MAX_FILE, CalibrationFile, require_fit, verified
from biometrics.errors import CalibrationMissingError
from biometrics.pairs import MAX_BYTES
from biometrics.site_models import load_site
from biometrics.weights import Models, load_embedder
from proctor.calibrating import Wish, picture, prepare, sign
from proctor.calibrating import calibrate as measure_pairs
from proctor.calibration_words import (
    file_json,
    file_lines,
    listed_json,
    listed_lines,
    outcome_json,
    outcome_lines,
    unserved_json,
    unserved_words,
)
from proctor.calibrations import calibration_in_force, give_up, list_calibrations, named_by, take, unserved
from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.errors import CommandError
from proctor.face_models import folder_of as models_folder
from proctor.face_models import models_in_use
from proctor.files import read_file
from proctor.fingerprints import grouped
from proctor.roots import OpenRoot, kind_at, machine_pins, require_another_user, second_person
from proctor.secret_input import SecretSource
from sessions.checkpoint import VerifierKey
from sessions.record import Second
from sessions.roles import require_may
from sessions.rules import list_rules
from sessions.session import list_sessions

MAX_SOURCE: Final = 500
DEFAULT_FMR: Final = (1e-4,)
_DET_WORDS: Final = (
    "fmr", "fnmr", "burst", "single", "still", "group", "empty", "mark", "mark-low", "grey",
)  # fmt: skip


def calibrate(context: Context) -> int:
    """Measure, print, and write a signed calibration file and the picture beside it."""
    options = context.options
    source = options.source.strip()
    if len(source) > MAX_SOURCE or not source.isprintable():
        raise CommandError("calibrate-source", usage=True, limit=MAX_SOURCE)
    out, drawing = _places(context)
    wish = Wish(
        pairs=read_file(options.pairs, MAX_BYTES),
        images=Path(options.images) if options.images is not None else Path(options.pairs).parent,
        asked=tuple(sorted(set(options.fmr or DEFAULT_FMR), reverse=True)),
        group=options.group,
        rule=options.rule,
        flip=options.flip,
        source=source,
    )
    labelled = prepare(wish)  # before anybody is asked for a password
    context = replace(context, secrets=_Remembering(context.secrets))
    with _opened(context) as opened:
        models = _models(opened, options.model)
    outcome = measure_pairs(
        wish, labelled, models, now=lambda: datetime.now(UTC), progress=_progress(context)
    )
    with _opened(context) as opened:
        data, found = sign(outcome, opened.keys.bundle.signer(opened.store.origin), out.name)
    words = {key: context.texts[f"calibrate.det-{key}"] for key in _DET_WORDS}
    words["title"] = context.texts.say("calibrate.det-title", model=found.model, rule=_rule(found))
    words["note"] = context.texts.say(
        "calibrate.det-note",
        impostor=outcome.measured.support.impostor,
        pairs=outcome.measured.support.person_pairs,
        genuine=outcome.measured.support.genuine,
        people=outcome.measured.support.people,
    )
    _write(drawing, picture(outcome, words))
    _write(out, data)
    told = outcome_json(outcome, found) | {"file": str(out), "picture": str(drawing)}
    context.result(told, tuple(outcome_lines(context.texts, told)))
    return 0


def listing(context: Context) -> int:
    """List the calibrations of a station, and which gives its model's thresholds. Exit 1 where that one is broken."""
    with open_for(context, training=_training(context), login=False) as opened:
        rows = list_calibrations(opened.root, opened.store)
        chosen = models_in_use(opened.root, opened.store).embedder
        model = load_embedder().weights.name if chosen is None else chosen.name
        in_force: CalibrationFile | None = None
        broken = any(row.state == "broken" for row in rows)
        if not broken:
            try:
                in_force = calibration_in_force(opened.root, opened.store, model)
            except CalibrationMissingError:
                broken = True
    told = listed_json(rows, model, in_force, ok=not broken)
    context.result(told, tuple(listed_lines(context.texts, told)))
    return 0 if not broken else 1


def show(context: Context) -> int:
    """Print what a calibration file says, if its signature is good. No station is needed."""
    name = Path(context.options.file).name
    found = verified(read_file(context.options.file, MAX_FILE), name)
    told = {"ok": True, "file": name, **file_json(found)}
    context.result(told, tuple(file_lines(context.texts, told)))
    return 0


def use(context: Context) -> int:
    """Enter that a calibration gives its model's thresholds. Who signed it is shown before the second password."""
    options = context.options
    data = read_file(options.file, MAX_FILE)
    found = verified(data, Path(options.file).name)
    with open_for(context, training=_training(context), login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        _require_signer(context, opened, found)
        models = _models(opened, found.model)
        require_fit(found, models, rule=found.rule, flip=found.flip)
        new = named_by(opened.store).get(found.model) != found.sha256
        rules = (*list_rules(), *(session.rules for session in list_sessions(opened.store)))
        lacking = unserved(models.embedder, found, rules)
        for each in lacking:
            context.say(f"calibration.unserved-{each.use}", **unserved_words(each))
        second = None
        if new:
            second = _second(context, opened, found)
        file = take(opened, found, data, second)
    told = {"ok": True, "new": new, "kept_as": file, **file_json(found), "unserved": unserved_json(lacking)}
    said = context.texts.say("calibration.used" if new else "calibration.used-already", model=found.model)
    context.result(told, (*file_lines(context.texts, told), said))
    return 0


def off(context: Context) -> int:
    """Enter that a model's thresholds are the program's own again. The file is not needed."""
    with open_for(context, training=_training(context), login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        named = named_by(opened.store)
        model = context.options.model or next(iter(named), "")
        if model not in named or (context.options.model is None and len(named) > 1):
            raise CommandError("calibration-none-in-use", models=", ".join(named) or "—")
        require_another_user(opened, context.options.second)
        context.say("calibration.compare-off", second=context.options.second, model=model)
        context.say("trust.fingerprint", fingerprint=grouped(named[model]))
        second = second_person(opened, context.options.second, context.ask, action="trust")
        give_up(opened, model, named[model], second)
    told = {"ok": True, "model": model, "calibration": named[model]}
    context.result(told, (context.texts.say("calibration.off", model=model),))
    return 0


class _Remembering(SecretSource):
    """Asks each person once: before the measuring, not again after it. Codes that change with time are asked again."""

    def __init__(self, source: SecretSource) -> None:
        super().__init__(None)
        self._source = source
        self._known: dict[str, str] = {}

    def secret_of(self, user_id: str, prompt: str) -> str:
        if "/" in user_id:
            return self._source.secret_of(user_id, prompt)
        if user_id not in self._known:
            self._known[user_id] = self._source.secret_of(user_id, prompt)
        return self._known[user_id]


def _training(context: Context) -> bool:
    return bool(context.options.training) or kind_at(context.places.real) == "training"


@contextmanager
def _opened(context: Context) -> Iterator[OpenRoot]:
    """Open the station whose key signs; a machine without one signs with its training key, and says so."""
    training = _training(context) or kind_at(context.places.real) is None
    with open_for(context, training=training, login=True) as opened:
        require_may(opened.require_login().operator, "trust")
        yield opened


def _models(opened: OpenRoot, name: str | None) -> Models:
    """Return the models that are to be calibrated: the one in use, or a site's by name, in use or not yet."""
    folder, used = models_folder(opened.root), models_in_use(opened.root, opened.store).embedder
    if name is None or (used is not None and used.name == name):
        return load_site(folder, used, None)
    return load_site(folder, None if name == load_embedder().weights.name else name, None)


def _require_signer(context: Context, opened: OpenRoot, found: CalibrationFile) -> None:
    """Require this root's own key, or that of a station whose key is pinned on this machine. At a real station no
    training key: nobody answers for it. Raises CommandError.
    """
    made = found.signature
    if made is None:  # cannot be: `verified` requires one
        raise CommandError("calibration-unsigned", file=Path(context.options.file).name)
    if not opened.training and not made.signer.startswith("proctor.real/"):
        raise CommandError("calibration-signed-in-training", model=found.model)
    if made.public == opened.keys.bundle.verifier_key(opened.root.origin).public:
        return
    if VerifierKey(name=made.signer, public=made.public) not in machine_pins(context.places).keys:
        fingerprint = grouped(made.fingerprint)
        raise CommandError("calibration-signer-unknown", signer=made.signer, fingerprint=fingerprint)


def _second(context: Context, opened: OpenRoot, found: CalibrationFile) -> Second:
    """Print what the second person's password will confirm, and ask for it."""
    require_another_user(opened, context.options.second)
    own = opened.keys.bundle.verifier_key(opened.root.origin).public
    if found.signature is not None:
        whose = "calibration.own-key" if found.signature.public == own else "calibration.other-key"
        context.say(whose, signer=found.signature.signer, second=context.options.second)
        context.say("trust.fingerprint", fingerprint=grouped(found.signature.fingerprint))
    return second_person(opened, context.options.second, context.ask, action="trust")


def _places(context: Context) -> tuple[Path, Path]:
    """Return where file and picture go. Raises CommandError where they would be one, or lie in no folder."""
    out = Path(context.options.out)
    drawing = Path(context.options.picture) if context.options.picture else out.with_suffix(".png")
    if out.absolute() in {drawing.absolute(), Path(context.options.pairs).absolute()}:
        raise CommandError("calibrate-same-file", usage=True, file=str(out))
    for path in (out, drawing):
        if not path.absolute().parent.is_dir() or path.is_dir():
            raise CommandError("cannot-write", file=str(path))
    return out, drawing


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None


def _progress(context: Context) -> Callable[[int, int], None]:
    """Return what tells on standard error each tenth that is done."""

    def tell(done: int, of: int) -> None:
        if done * 10 // of != (done - 1) * 10 // of:
            context.say("calibrate.progress", done=done, of=of)

    return tell


def _rule(found: CalibrationFile) -> str:
    return found.rule + ("+flip" if found.flip else "")
