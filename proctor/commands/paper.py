"""`proctor sheets …`: the sheets of a session, each sealed, written and entered."""

from collections.abc import Callable
from pathlib import Path

from proctor.commands.context import Context
from proctor.commands.session import open_session
from proctor.commands.witness_show import outcome_json, outcome_line
from proctor.session_sheets import (
    call_list_sheet,
    exceptions_sheet,
    incident_sheet,
    results_sheet,
    self_test_sheet,
    summary_sheet,
)
from proctor.sheets import SheetDesk, attendance_sheet
from proctor.witness.cosigning import Outcome
from reports.sheet import Sheet

Build = Callable[[SheetDesk], Sheet]


def attendance(context: Context) -> int:
    """Write the attendance and identification sheet of a component."""
    return _write(context, "attendance", attendance_sheet)


def exceptions(context: Context) -> int:
    """Write the table of exceptions."""
    return _write(context, "exceptions", exceptions_sheet)


def results(context: Context) -> int:
    """Write the results, of all classes or of one."""
    wanted = context.options.licence_class
    return _write(context, "results", lambda desk: results_sheet(desk, wanted))


def summary(context: Context) -> int:
    """Write the summary of the session."""
    return _write(context, "summary", summary_sheet)


def incident(context: Context) -> int:
    """Write the minutes of an incident."""
    number = context.options.incident
    return _write(context, "incident", lambda desk: incident_sheet(desk, number))


def self_test(context: Context) -> int:
    """Write the sheet of the newest self-test."""
    return _write(context, "self-test", self_test_sheet)


def call_list(context: Context) -> int:
    """Write the list of a component, by room or whole."""
    room = " ".join((context.options.room or "").split())
    return _write(context, "call-list", lambda desk: call_list_sheet(desk, room))


def _write(context: Context, kind: str, build: Build) -> int:
    component = getattr(context.options, "component", None)
    with open_session(context, context.options.session, login=True) as (opened, session):
        meant = session if component is None else session.at(component)
        written = SheetDesk(opened, meant).write(Path(context.options.out), build)
    data = {
        "kind": kind,
        "session": session.session_id,
        "file": str(written.path),
        "sha256": written.sha256,
        "size": written.size,
        "root": written.root,
        "seal_certificate": written.certificate,
        "counts": dict(written.counts),
        "witnesses": [outcome_json(found) for found in written.asked],
    }
    line = context.texts.say("result.sheet", file=str(written.path))
    context.result(data, (*_trouble(context, written.asked), line))
    return 0


def _trouble(context: Context, asked: tuple[Outcome, ...]) -> tuple[str, ...]:
    """One line for each witness that failed, an alarm first, then the required ones: why the paper says so."""
    failing = [found for found in asked if found.error is not None or found.unleft is not None]
    failing.sort(key=lambda found: (not found.alarm, not found.witness.required))
    return tuple(outcome_line(context, found) for found in failing)
