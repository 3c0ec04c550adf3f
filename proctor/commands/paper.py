"""`proctor sheets …`: the sheets of a session, each sealed, written and entered."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.printing import job_json, job_lines, none_stands_still, print_files, require_printer
from proctor.commands.session import open_session
from proctor.commands.witness_show import outcome_json, outcome_line
from proctor.printing.queue import Job
from proctor.sheet_kinds import EACH, write_kind
from proctor.sheet_wish import Wish
from proctor.sheets import WrittenSheet
from proctor.witness.cosigning import Outcome
from reports.posting import require_postable

_OPTIONS = ("component", "licence_class", "room", "incident", "entry", "sbd")


def write(context: Context) -> int:
    """Write the sheet of the kind that the command names. Raises SheetNotPostedError."""
    wish = _wish(context)
    if wish.posted:
        require_postable(wish.kind)
    out = Path(context.options.out)
    with open_session(context, context.options.session, login=True) as (opened, session):
        meant = session.at(wish.component) if wish.component else session
        if context.options.print:
            require_printer(context, opened, wish.kind)
        written = write_kind(opened, meant, wish, out)
        jobs: tuple[Job, ...] = ()
        if context.options.print:
            jobs = print_files(context, opened, [sheet.path for sheet in written], made_now=True)
    found = [_json(wish.kind, session.session_id, sheet) for sheet in written]
    lines = [line for sheet in written for line in _lines(context, sheet)]
    data = (
        {"kind": wish.kind, "session": session.session_id, "sheets": found} if wish.kind in EACH else found[0]
    )
    if context.options.print:
        data = {**data, "jobs": [job_json(job) for job in jobs]}
        lines += [line for job in jobs for line in job_lines(context, job)]
    context.result(data, tuple(dict.fromkeys(lines)))
    return 0 if none_stands_still(jobs) else 1


def _wish(context: Context) -> Wish:
    options = context.options
    asked = {name: " ".join(str(getattr(options, name, None) or "").split()) for name in _OPTIONS}
    named = Wish(**asked)  # type: ignore[arg-type]  # every one of these is a text
    return replace(
        named,
        kind=options.kind,
        posted=getattr(options, "posted", False),
        at=options.at,
        pdf_only=getattr(options, "pdf_only", False),
        reason=options.reason or "",
    )


def _json(kind: str, session_id: str, written: WrittenSheet) -> dict[str, Any]:
    return {
        "kind": kind,
        "session": session_id,
        "file": str(written.path),
        "tables": [str(path) for path in written.tables],
        "sha256": written.sha256,
        "size": written.size,
        "root": written.root,
        "entry": written.seq,
        "copy": written.copy,
        "seal_certificate": written.certificate,
        "counts": dict(written.counts),
        "witnesses": [outcome_json(found) for found in written.asked],
    }


def _lines(context: Context, written: WrittenSheet) -> tuple[str, ...]:
    key = "result.sheet-again" if written.copy else "result.sheet"
    line = context.texts.say(key, file=str(written.path), number=written.copy)
    tables = (context.texts.say("result.sheet-table", file=str(path)) for path in written.tables)
    return (*_trouble(context, written.asked), line, *tables)


def _trouble(context: Context, asked: tuple[Outcome, ...]) -> tuple[str, ...]:
    """One line for each witness that failed, an alarm first, then the required ones: why the paper says so."""
    failing = [found for found in asked if found.error is not None or found.unleft is not None]
    failing.sort(key=lambda found: (not found.alarm, not found.witness.required))
    return tuple(outcome_line(context, found) for found in failing)
