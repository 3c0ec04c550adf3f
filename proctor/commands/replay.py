"""`proctor replay pilot`."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.log import report_json, report_lines
from proctor.errors import CommandError
from proctor.replay.plan import Size, Without, pilot
from proctor.replay.run import Played, Printed, Replay, replay

MAX_PEOPLE = 999
_AT = re.compile(r"([0-9]{3})@([0-9]{1,2})")
_SHOWN = 50


def pilot_load(context: Context) -> int:
    """Replay the pilot's load. Exit 0 when every printed count is what the log says and the log is sound."""
    options = context.options
    size, without = _size(context), _without(context)
    folder = Path(options.out).expanduser().absolute()
    if folder.exists() and any(folder.iterdir()):
        raise CommandError("replay-not-empty", usage=True, folder=str(folder))
    places = replace(context.places, root=folder)
    done = replay(
        places,
        seed=options.seed,
        size=size,
        without=without,
        on_sitting=lambda played: _progress(context, played),
    )
    table = report_lines(done.report, report_json(done.report), context.texts)
    context.result(replay_json(done), (*_lines(context, done), *table))
    return 0 if done.ok else 1


def replay_json(done: Replay) -> dict[str, Any]:
    """The result as docs/json.md has it."""
    return {
        "ok": done.ok,
        "sessions": [_played(played) for played in done.sittings],
        "candidates": sum(played.candidates for played in done.sittings),
        "entries": done.report.size,
        "sheets": sum(len(played.sheets) for played in done.sittings),
        "differences": [
            {
                "session": found.session,
                "sheet": found.sheet,
                "count": found.name,
                "printed": found.printed,
                "counted": found.counted,
            }
            for found in done.differences
        ],
        "database": str(done.database),
        "log": {"ok": done.report.ok, "code": done.report.code, "size": done.report.size},
    }


def _played(played: Played) -> dict[str, Any]:
    return {
        "number": played.number,
        "session": played.session,
        "title": played.title,
        "candidates": played.candidates,
        "entries": played.entries,
        "day_s": round(played.day_s, 2),
        "sheets_s": round(played.sheets_s, 2),
        "sheets": [_printed(sheet) for sheet in played.sheets],
    }


def _printed(sheet: Printed) -> dict[str, Any]:
    return {
        "kind": sheet.kind,
        "variant": sheet.variant,
        "file": None if sheet.path is None else str(sheet.path),
        "size": sheet.size,
        "counts": dict(sheet.counts),
    }


def _progress(context: Context, played: Played) -> None:
    context.say(
        "replay.session",
        number=played.number,
        session=played.session,
        candidates=played.candidates,
        entries=played.entries,
        seconds=round(played.day_s + played.sheets_s),
        differences=len(played.differences),
    )


def _lines(context: Context, done: Replay) -> list[str]:
    """Return a line for each session, each difference, and what it came to."""
    say = context.texts.say
    lines = [_row(context, played) for played in done.sittings]
    lines += [
        say(
            "replay.difference",
            session=found.session,
            sheet=found.sheet,
            name=found.name,
            printed=_number(found.printed),
            counted=_number(found.counted),
        )
        for found in done.differences[:_SHOWN]
    ]
    lines.append(
        say(
            "replay.good" if done.ok else "replay.bad",
            sessions=len(done.sittings),
            candidates=sum(played.candidates for played in done.sittings),
            sheets=sum(len(played.sheets) for played in done.sittings),
            counts=sum(len(sheet.counts) for played in done.sittings for sheet in played.sheets),
            differences=len(done.differences),
        )
    )
    return lines


def _row(context: Context, played: Played) -> str:
    """Return what the first component's attendance and the results of a session say."""
    first = played.sheets[0].counts
    results = next(sheet.counts for sheet in played.sheets if sheet.kind == "results")
    codes = "  ".join(f"{code} {results.get(code, 0)}" for code in ("DA", "RO", "VA", "KH"))
    return context.texts.say(
        "replay.row",
        session=played.session,
        title=played.title,
        listed=first["listed"],
        present=first["present"],
        missing=first["missing"],
        refused=first["refused"],
        exceptions=first["exceptions"],
        codes=codes,
        sheets=len(played.sheets),
    )


def _number(count: int | None) -> str:
    return "-" if count is None else str(count)


def _size(context: Context) -> Size:
    options = context.options
    for option, value, high in (
        ("--sessions", options.sessions, len(pilot())),
        ("--people", options.people, MAX_PEOPLE),
    ):
        if value is not None and not 1 <= value <= high:
            raise CommandError("number-range", usage=True, option=option, low=1, high=high)
    return Size(sessions=options.sessions, people=options.people)


def _without(context: Context) -> Without:
    """Return who is taken away; raises CommandError "replay-drop"."""
    options = context.options
    found = [(_AT.fullmatch(text), text) for text in options.drop_candidate or ()]
    wrong = [text for match, text in found if match is None]
    if wrong:
        raise CommandError("replay-drop", usage=True, value=wrong[0][:20])
    candidates = {(match[1], int(match[2])) for match, _ in found if match is not None}
    return Without(candidates=frozenset(candidates), sessions=frozenset(options.drop_session or ()))
