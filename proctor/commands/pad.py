"""`proctor pad …`: the report after ISO/IEC 30107-3, and what it is made from."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

from biometrics.camera import open_camera
from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError
from biometrics.notice import NoticeShown
from biometrics.pad_metrics import BONA_FIDE
from biometrics.worker import FaceWorker
from proctor.camera_option import require_cameras
from proctor.candidate_window import CandidateWindow, require_place
from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.pad_recording import Labels, Recorded, record, write_recorded
from proctor.pad_report import ALL_CHECKS, pad_report, required_of
from proctor.pad_words import csv_text, markdown, report_json
from sessions.files import write_private
from sessions.rules import Rules, find_rules
from sessions.vietnam import today

MAX_REFERENCE = 12 * 1024 * 1024
MAX_CONSENT = 200
MAX_SEEDS = 1000
RECORD_NOTICE = "pad-record-1"
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SEEDS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_NUMBER = re.compile(r"\d{9}|\d{12}")
_EVERY = 10


def report(context: Context) -> int:
    """Report on a folder of recordings. Exit 1 where something could not be evaluated."""
    options = context.options
    out = None if options.out is None else Path(options.out)
    if out is not None and out.suffix.lower() not in {".md", ".csv"}:
        raise CommandError("pad-out-kind", usage=True, file=out.name)
    rules = _rules(context)

    def on_progress(done: int, of: int) -> None:
        if done % _EVERY == 0 and not options.json:
            context.say("pad.progress", done=done, of=of)

    with FaceEngine.load() as engine:
        found = pad_report(Path(options.folder), engine, rules, on_progress=on_progress)
    text = markdown(found, context.texts)
    if out is not None:
        # Excel takes a CSV for UTF-8 by its mark
        data = csv_text(found).encode("utf-8-sig") if out.suffix.lower() == ".csv" else text.encode()
        _write(out, data)
        context.say("pad.written", file=str(out))
    result = report_json(found)
    context.result(result, (text,))
    return 0 if result["ok"] else 1


def record_one(context: Context) -> int:
    """Record one presentation. The notice is shown before the camera is switched on; without consent nothing is."""
    options = context.options
    labels = _labels(context)
    consent = " ".join((options.consent_on_file or "").split())[:MAX_CONSENT]
    if not consent:
        raise CommandError("pad-consent-needed", usage=True)
    require_cameras(options)
    reference = None if options.reference is None else read_file(options.reference, MAX_REFERENCE)
    rules = _rules(context)
    checks = _checks(context, rules)
    out = Path(options.out)
    context.say("pad.record-warning", folder=str(out))
    recorded = _recorded(context, labels, checks, turns=3 if rules is None else rules.pad_turns)
    folder = write_recorded(out, recorded, labels, consent=consent, reference=reference)
    seconds = recorded.frames[-1].at_s - recorded.frames[0].at_s
    say = context.texts.say
    lines = [say("pad.recorded", folder=str(folder), frames=len(recorded.frames), seconds=round(seconds))]
    lines += [
        say(
            "pad.recorded-answer",
            check=name,
            outcome=say(f"pad.answer.{recorded.answers.get(name, 'missing')}"),
        )
        for name in checks
    ]
    data = {
        "ok": True,
        "folder": str(folder),
        "frames": len(recorded.frames),
        "duration_ms": round(seconds * 1000),
        "answers": recorded.answers,
        "encrypted": False,
    }
    context.result(data, tuple(lines))
    return 0


def _recorded(context: Context, labels: Labels, checks: tuple[str, ...], *, turns: int) -> Recorded:
    """Show the notice, then record. With --training an attack may be fed in: there any source is taken, as
    the attacker would."""
    text = context.texts["pad.record-notice"]

    def say(key: str, facts: Mapping[str, str | int]) -> None:
        context.say(key, **facts)

    with ExitStack() as stack:
        faces = stack.enter_context(FaceWorker.start())
        place = require_place(context.options.screen)
        screen = stack.enter_context(CandidateWindow.start(place, say, language=context.texts.language))
        context.say("notice.shown", version=RECORD_NOTICE, text=text)
        notice = NoticeShown(
            version=RECORD_NOTICE,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            shown_at=datetime.now(UTC),
        )
        try:
            fed_in = labels.label == "attack" and bool(context.options.training)
            camera = open_camera(context.options.camera, allow_recorded=fed_in)
            stack.callback(camera.close)
            return record(camera, screen, faces, notice, random=SystemRandom(), checks=checks, turns=turns)
        except BiometricsError as error:
            raise CommandError.of(error.code, error.facts) from None


def render(context: Context) -> int:
    """Render test species as labelled recordings."""
    from proctor.pad_render import render_species  # noqa: PLC0415 - the renderer is loaded when it is wanted

    options = context.options
    out = Path(options.out)
    seeds = seeds_of(options.seeds)
    species = None if options.species is None else tuple(part.strip() for part in options.species.split(","))

    def on_progress(done: int, of: int) -> None:
        if not options.json:
            context.say("pad.progress", done=done, of=of)

    with FaceEngine.load() as engine:
        try:
            written = render_species(
                out, seeds, faces=engine, species=species, light=options.light, on_progress=on_progress
            )
        except BiometricsError as error:
            raise CommandError.of(error.code, error.facts) from None
    said = context.texts.say("pad.rendered", count=len(written), folder=str(out))
    folders = [path.relative_to(out).as_posix() for path in written]
    context.result({"ok": True, "folder": str(out), "source": "rendered", "recordings": folders}, (said,))
    return 0


def seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds of "1,3,5" or "1-9". Raises CommandError "pad-seeds-invalid"."""
    seeds: dict[int, None] = {}
    for part in text.split(","):
        found = _SEEDS.fullmatch(part.strip())
        if found is None:
            raise CommandError("pad-seeds-invalid", usage=True)
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < first + MAX_SEEDS:
            raise CommandError("pad-seeds-invalid", usage=True)
        seeds |= dict.fromkeys(range(first, last + 1))
    if len(seeds) > MAX_SEEDS:
        raise CommandError("pad-seeds-invalid", usage=True)
    return tuple(seeds)


def _rules(context: Context) -> Rules | None:
    name = context.options.rules
    return None if name is None else find_rules(name, day=today())


def _checks(context: Context, rules: Rules | None) -> tuple[str, ...]:
    named = context.options.checks
    if named is None:
        return tuple(name for name in required_of(rules) if name in ALL_CHECKS)
    checks = tuple(dict.fromkeys(part.strip() for part in named.split(",")))
    if not set(checks) <= set(ALL_CHECKS):
        raise CommandError("pad-word-invalid", usage=True, option=f"--checks ({', '.join(ALL_CHECKS)})")
    return checks


def _labels(context: Context) -> Labels:
    """Return what is recorded. Raises CommandError for words that the table of a recording does not take."""
    options = context.options
    attack = options.label == "attack"
    species = options.species or ("" if attack else BONA_FIDE)
    if attack != (species not in {"", BONA_FIDE}):
        raise CommandError("pad-species-needed", usage=True)
    words = {"--species": species, "--split": options.split}
    words |= {f"--{name}": value for name in ("device", "light") if (value := getattr(options, name))}
    for option, word in words.items():
        if not _WORD.fullmatch(word):
            raise CommandError("pad-word-invalid", usage=True, option=option)
    if not _SUBJECT.fullmatch(options.subject):
        raise CommandError("pad-subject-invalid", usage=True)
    if _NUMBER.fullmatch(re.sub(r"\W|_", "", options.subject)):
        raise CommandError("pad-subject-number", usage=True)
    return Labels(
        label=options.label,
        species=species,
        subject=options.subject,
        source=options.source,
        split=options.split,
        device=options.device,
        light=options.light,
    )


def _write(path: Path, data: bytes) -> None:
    try:
        write_private(path, data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
