"""How results, passed components, totals and refused rows look: as JSON and as lines."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from proctor.commands.context import Context
from proctor.commands.show import reason_json
from sessions.course.grading import points_text
from sessions.course.progress import Progress
from sessions.course.result_log import Conflict, Kept
from sessions.course.result_rows import RowRefusal
from sessions.course.totals import Totals
from sessions.errors import SessionsError
from sessions.roster.model import Seat


def plan_json(context: Context, same: Iterable[int], refused: Iterable[RowRefusal]) -> dict[str, Any]:
    """What a file's rows came to besides those that can go on."""
    return {"same_rows": list(same), "refused_rows": [_refused_json(row) for row in refused]}


def plan_lines(context: Context, refused: Iterable[RowRefusal]) -> tuple[str, ...]:
    """One line for each refused row."""
    return tuple(
        context.texts.say(
            "result-row-refused",
            row=row.row,
            column=row.column,
            value=row.value or "—",
            reason=context.texts.say(row.code, **row.facts),
        )
        for row in refused
    )


def _refused_json(row: RowRefusal) -> dict[str, Any]:
    facts = dict(row.facts)
    return {
        "row": row.row,
        "column": row.column,
        "value": row.value,
        **reason_json(row.code, facts),
        "facts": facts,
    }


def progress_json(
    progress: Progress,
    *,
    sbd: str | None = None,
    component: str | None = None,
    not_whole: SessionsError | None = None,
) -> dict[str, Any]:
    """A session's results: candidates by number, totals by component and class, what does not agree.

    `not_whole`: why there are no totals.
    """
    session = progress.session
    chosen = sorted(progress.sbds, key=_natural) if sbd is None else [sbd]
    names = session.components if component is None else (component,)
    classes: tuple[str | None, ...] = (None, *progress.classes)
    wholes = [] if component is not None else [progress.totals(None, each) for each in classes]
    parts = [progress.totals(name, each) for name in names for each in classes]
    conflicts = [
        each
        for each in progress.conflicts
        if (sbd is None or each.sbd == sbd) and (component is None or each.component == component)
    ]
    return {
        "session": session.session_id,
        "date": session.day.isoformat(),
        "closed": progress.closed,
        "components": [{"id": name, "label": session.rules.components[name].label} for name in names],
        "classes": list(progress.classes),
        "candidates": [_candidate(progress, progress.seat(each), names) for each in chosen],
        "totals": [totals_json(each) for each in (*wholes, *parts)]
        if sbd is None and not_whole is None
        else [],
        "not_whole": None if not_whole is None else reason_json(not_whole.code, not_whole.facts),
        "conflicts": [_conflict_json(each) for each in conflicts],
    }


def result_json(progress: Progress, sbd: str, component: str) -> dict[str, Any]:
    """Where a candidate stands with a component, with the result or what is kept from before."""
    result = progress.outcome(sbd, component)
    kept, expired = progress.kept(sbd, component), progress.expired(sbd, component)
    marks = progress.marks(sbd, component)
    missing = progress.missing(sbd, component)
    points = result.points_e2 if result is not None else None
    return {
        "component": component,
        "status": progress.status(sbd, component).value,
        "code": (result.code if result is not None else "") or None,
        "points": _number(points),
        "points_text": None if points is None else points_text(points),
        "maximum": _number(marks.maximum_e2),
        "pass_mark": _number(marks.pass_e2),
        "critical_failed": result is not None and result.critical_failed,
        "cancelled": result is not None and result.cancelled,
        "not_let_in": progress.not_let_in(sbd, component),
        "source": (result.source if result is not None else "") or None,
        "entry": None if result is None or result.entry is None else result.entry.seq,
        "corrections": [] if result is None else [entry.seq for entry in result.corrections],
        "kept": None if kept is None else kept_json(progress, kept),
        "expired": None if expired is None else kept_json(progress, expired),
        "first": None if missing is None else missing.component,
        "why": None if missing is None else missing.why,
    }


def kept_json(progress: Progress, kept: Kept) -> dict[str, Any]:
    """A component passed elsewhere or earlier."""
    session = progress.session
    until = session.rules.kept_until(kept.passed_on)
    return {
        "candidate": kept.sbd,
        "component": kept.component,
        "passed_on": kept.passed_on.isoformat(),
        "counts_until": None if until is None else until.isoformat(),
        "counts": progress.counts(kept, session.day),
        "points": _number(kept.points_e2),
        "where": kept.where or None,
        "source": kept.source,
        "reference": kept.reference,
        "entry": kept.newest.seq,
        "warnings": [code for code in progress.warnings(kept.sbd) if code.startswith("health-")],
    }


def totals_json(totals: Totals) -> dict[str, Any]:
    """The counts of a component or of the whole."""
    return {
        each.name: dict(value) if each.name == "codes" else value
        for each in fields(Totals)
        for value in [getattr(totals, each.name)]
    }


def progress_lines(context: Context, progress: Progress, data: dict[str, Any]) -> Iterator[str]:
    """The same in lines: a candidate each, then the totals, then what does not agree."""
    say = context.texts.say
    for row in data["candidates"]:
        parts = "  ".join(_part_line(context, progress, each) for each in row["components"])
        yield f"{row['candidate']}  {row['class'] or '—'}  {row['code'] or '—'}  {parts}"
        for code in row["warnings"]:
            yield f"{row['candidate']}  ! {say(f'result-warning.{code}')}"
    for totals in data["totals"]:
        if totals["licence_class"] is not None and len(progress.classes) < 2:
            continue
        name = totals["component"]
        label = say("result-totals.all") if name is None else progress.session.rules.components[name].label
        scope = label if totals["licence_class"] is None else f"{label} · {totals['licence_class']}"
        key = "result-totals.whole" if name is None else "result-totals.component"
        counts = {each: value for each, value in totals.items() if isinstance(value, int)}
        yield say(key, scope=scope, **counts)
    if data["not_whole"] is not None:
        yield data["not_whole"][context.texts.language]
    for conflict in data["conflicts"]:
        text = conflict[context.texts.language]
        yield f"{conflict['candidate']} · {conflict['component']}  !! {text}"


def _candidate(progress: Progress, seat: Seat, names: Iterable[str]) -> dict[str, Any]:
    return {
        "candidate": seat.sbd,
        "class": progress.licence_class(seat.sbd) or None,
        "code": progress.code(seat.sbd),
        "owed": list(progress.owed(seat.sbd)),
        "next": list(progress.next(seat.sbd)),
        "warnings": list(progress.warnings(seat.sbd)),
        "components": [result_json(progress, seat.sbd, name) for name in names],
    }


def _conflict_json(conflict: Conflict) -> dict[str, Any]:
    facts = {"entry": conflict.seq} | ({} if conflict.other is None else {"other": conflict.other})
    return {
        "candidate": conflict.sbd,
        "component": conflict.component,
        "entry": conflict.seq,
        "other": conflict.other,
        **reason_json(f"conflict.{conflict.code}", facts),
        "code": conflict.code,
    }


def _part_line(context: Context, progress: Progress, row: dict[str, Any]) -> str:
    say = context.texts.say
    label = progress.session.rules.components[row["component"]].label
    word = row["code"] or say(f"result-status.{row['status']}")
    if row["not_let_in"]:
        word = say("result-not-let-in", code=word)
    if row["points"] is not None:
        word = say("result-points", code=word, points=row["points_text"])
    if row["kept"] is not None:
        word = say("result-kept", day=row["kept"]["passed_on"])
    return f"{label}: {word}"


def _number(points_e2: int | None) -> float | int | None:
    """Return points as a number of JSON: whole where they are."""
    if points_e2 is None:
        return None
    return points_e2 // 100 if points_e2 % 100 == 0 else points_e2 / 100


def _natural(sbd: str) -> tuple[int, int, str]:
    """Return by what candidate numbers are listed: by value, then those that are no plain numbers."""
    return (0, int(sbd), sbd) if sbd.isascii() and sbd.isdigit() else (1, 0, sbd)
