"""`proctor chip read` and `proctor chip readers`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from proctor.chip_evidence import require_new, write_evidence
from proctor.chip_means import card_source, chip_desks, memory_at
from proctor.commands.context import Context
from proctor.commands.show import (
    check_lines,
    checks_json,
    holder_json,
    reasons_json,
    step_line,
    warnings_json,
)
from proctor.commands.trust_log import tell_log
from proctor.desks import Progress
from proctor.pipeline import Proven, read_chip
from proctor.policy import chip_reasons, chip_verdict
from proctor.recorder import Recorder
from proctor.roots import ensure_training_root, kind_at
from proctor.softcards import CardWorkshop, is_softcard, open_workshop
from proctor.trusting import NOT_KEPT, real_trust
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.reader_memory import ReaderMemory
from readers.emrtd.reading import ReadLimits
from readers.emrtd.steps import NOT_REACHED, Step
from readers.softcard.in_process import READER_NAME
from readers.transport.pcsc import list_readers

APDU_DEADLINE_S = 5.0


def readers(context: Context) -> int:
    """List the connected readers. Exit 1 when there is none."""
    rows = [
        {"name": reader.name, "virtual": reader.virtual, "card": reader.card, "interface": reader.interface}
        for reader in list_readers()
    ]
    lines = tuple(_reader_line(context, row) for row in rows)
    context.result({"readers": rows}, lines or (context.texts.say("reader.none"),))
    return 0 if rows else 1


def _reader_line(context: Context, row: Mapping[str, Any]) -> str:
    said = [context.texts.say(f"reader.card-{row['card']}")]
    if row["interface"] != "unknown":
        said.append(context.texts.say(f"reader.{row['interface']}"))
    if row["virtual"]:
        said.append(context.texts.say("reader.virtual"))
    return f"{row['name']}: {', '.join(said)}"


def read(context: Context) -> int:
    """Read and verify one chip. Exit 0 when it is genuine."""
    options = context.options
    access = context.access_text()
    require_new(options.evidence)
    trust, log, workshop = _trust_of(context)
    require_known_card(options.reader, workshop)
    source = card_source(
        options.reader,
        training=options.training,
        workshop=workshop,
        apdu_deadline_s=APDU_DEADLINE_S,
        wait_s=options.wait,
    )
    recorder = Recorder(now=lambda: datetime.now(UTC))
    started = monotonic()
    with chip_progress(context.console) as on_progress:
        desk, trusting = chip_desks(
            access,
            source,
            trust,
            training=options.training,
            limits=ReadLimits(bac_allowed=options.bac),
            memory=_memory(context),
            on_progress=on_progress,
        )
        try:
            proven = read_chip(desk, trusting, recorder)
        finally:
            desk.close()
    if options.evidence is not None and not write_evidence(options.evidence, proven, recorder, desk, trust):
        context.say("evidence-none")
    total_ms = round((monotonic() - started) * 1000)
    return _show(context, recorder, proven, desk.steps, log=log, total_ms=total_ms)


def _memory(context: Context) -> ReaderMemory | None:
    """What this station knows of kinds of cards, where there is a station."""
    place = context.places.training if context.options.training else context.places.real
    return None if kind_at(place) is None else memory_at(place)


def require_known_card(reader: str, workshop: CardWorkshop | None) -> None:
    """Raise HolderError or UnknownSampleError for a software card that does not exist, before anything begins."""
    if workshop is not None and is_softcard(reader):
        workshop.holder_of(reader.removeprefix(READER_NAME).removeprefix(":"))


def _trust_of(context: Context) -> tuple[TrustStore, str, CardWorkshop | None]:
    """Whom to trust, whether that was compared with the log, and in training where its cards come from."""
    if not context.options.training:
        trust, log = real_trust(context.places)
        return trust, tell_log(context, log), None
    root = ensure_training_root(context.places.training)
    workshop, trust = open_workshop(root, root.unlock())
    return trust, NOT_KEPT, workshop


def _show(
    context: Context, recorder: Recorder, proven: Proven, steps: tuple[Step, ...], *, log: str, total_ms: int
) -> int:
    checks, texts = recorder.checks, context.texts
    verdict = chip_verdict(checks)
    reasons = reasons_json(chip_reasons(checks), checks)
    data: dict[str, Any] = {
        "verdict": verdict.value,
        "reasons": reasons,
        "warnings": warnings_json(checks),
        "checks": checks_json(checks),
        "steps": [asdict(step) for step in steps],
        "times_ms": {"total": total_ms},
        "training": context.options.training,
        "log": log,
    }
    lines = [f"{verdict.value}: {texts.say(f'chip-verdict.{verdict}')}"]
    lines += [f"  - {reason[texts.language]}" for reason in reasons]
    lines += check_lines(checks, texts)
    lines += [step_line(step, texts) for step in steps if step.code != NOT_REACHED]
    if context.options.show_holder and proven.holder is not None:
        data["holder"] = holder_json(proven.holder)
        lines += [f"  {name}: {value}" for name, value in data["holder"].items()]
    context.result(data, tuple(lines))
    return 0 if verdict.value == "genuine" else 1


@contextmanager
def chip_progress(console: Console) -> Iterator[Progress | None]:
    """Show bytes read, file by file, where a person watches."""
    if not console.is_terminal:
        yield None
        return
    with Bar(console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def on_progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield on_progress
