"""`proctor training`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from proctor.attempt import AttemptResult
from proctor.commands.context import Context
from proctor.commands.log import report_json, report_lines
from proctor.errors import CommandError
from proctor.training import DRIVING, EXAM, MAX_CANDIDATES, TrainingCandidate, TrainingResult, run_training
from sessions.record import Verdict


def run(context: Context) -> int:
    """Run a training session end to end. Exit 0 when its log was verified."""
    options = context.options
    if not 1 <= options.candidates <= MAX_CANDIDATES:
        raise CommandError("number-range", usage=True, option="--candidates", low=1, high=MAX_CANDIDATES)
    if not options.headless:
        context.say("headless-only")
    places = context.places
    if options.out is not None:
        places = replace(places, root=Path(options.out).expanduser().absolute())

    def on_step(key: str, values: Mapping[str, str | int]) -> None:
        context.say(key, **values)

    def on_candidate(person: TrainingCandidate, result: AttemptResult | None) -> None:
        scenario = context.texts.say(f"scenario.{person.scenario.name}")
        if result is None:
            if person.scenario.name != "absent" or int(person.sbd) < 20:
                context.say("result.absent", sbd=person.sbd, scenario=scenario)
            return
        context.say("result.candidate", sbd=person.sbd, scenario=scenario, verdict=result.verdict.value)

    done = run_training(
        places,
        options.candidates,
        on_step=on_step,
        on_candidate=on_candidate,
        kind=EXAM if options.exam else DRIVING,
    )
    data = training_json(done)
    counts = data["verdicts"]
    line = context.texts.say(
        "result.training",
        session=done.session.session_id,
        admit=counts["ADMIT"],
        refer=counts["REFER"],
        refuse=counts["REFUSE"],
        sheet=str(done.sheets[0].path),
    )
    log = report_lines(done.report, report_json(done.report), context.texts)
    hint = context.texts.say("result.verify-hint", key=done.station_key)
    context.result(data, (line, f"{done.database}", *log, hint))
    return 0 if done.report.ok else 1


def training_json(done: TrainingResult) -> dict[str, Any]:
    """The result as docs/json.md has it."""
    counts = Counter(result.verdict for result in done.results.values() if result is not None)
    return {
        "verdicts": {verdict.value: counts.get(verdict, 0) for verdict in Verdict},
        "candidates": [_candidate(person, done.results[person.sbd]) for person in done.candidates],
        "session": done.session.session_id,
        "sheets": [str(sheet.path) for sheet in done.sheets],
        "pack": str(done.pack.path),
        "database": str(done.database),
        "station_key": done.station_key,
        "station_key_file": str(done.station_key_file),
        "root_folder": str(done.database.parent),
        "log": {
            "ok": done.report.ok,
            "code": done.report.code,
            "size": done.report.size,
            "root": done.report.root,
        },
    }


def _candidate(person: TrainingCandidate, result: AttemptResult | None) -> dict[str, Any]:
    return {
        "candidate": person.sbd,
        "scenario": person.scenario.name,
        "verdict": None if result is None else result.verdict.value,
        "chip_verdict": None if result is None else result.decision.chip.value,
        "reasons": [] if result is None else list(result.decision.reasons),
        "total_ms": None if result is None else result.total_ms,
    }
