"""`proctor print` and `proctor printer …`: sheets go to a printer, and what became of them."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.config import TRAINING_SESSION_PREFIX
from proctor.errors import CommandError
from proctor.printing.checking import require_usable
from proctor.printing.desk import PrintDesk
from proctor.printing.errors import (
    JobEndedError,
    NotAcceptingError,
    PrinterUnknownError,
    PrintingError,
    SystemDownError,
)
from proctor.printing.model import PrinterInfo, State
from proctor.printing.queue import Job, PrintQueue
from proctor.printing.settings import Choice, PrinterSettings, is_name, is_tray
from proctor.printing.station import open_print_desk, system_printer
from proctor.printing.words import job_reason, reason_text, state_text
from proctor.roots import OpenRoot, kind_at
from proctor.texts import load_texts
from sessions.errors import RootBusyError, RootMissingError
from sessions.root import DataRoot

_SESSION_IN_NAME = re.compile(rf"(?:^|-)({TRAINING_SESSION_PREFIX}|S-)[0-9]{{8}}-[0-9]+")
_MAX_WAIT_S = 24 * 3600.0
_STILL = frozenset({State.STOPPED, State.FAILED, State.CANCELLED})


# -- sheets ----------------------------------------------------------------------------------------


def print_sheets(context: Context) -> int:
    """Print files that the log made."""
    files = [Path(name) for name in context.options.file]
    with _opened(context, training=_of_training(context, files)) as opened:
        jobs = print_files(context, opened, files)
    return _report(context, jobs)


def print_files(
    context: Context, opened: OpenRoot, files: Iterable[Path], *, made_now: bool = False
) -> tuple[Job, ...]:
    """Print files as the options say (see cli_printing.add_print_options) and return where each stands at the end of
    the wait. Either every file may be printed, or none is sent. Raises PrintingError, CommandError.

    `made_now`: the sheets were made for this (see require_printer): what cannot be printed any more is a job that
    failed, so that its sheet does not count as printed.
    """
    choice, wait_s = _choice(context), _wait(context)
    desk = open_print_desk(opened)
    wanted = tuple(files)
    for file in () if made_now else wanted:
        with suppress(
            SystemDownError, NotAcceptingError
        ):  # it may be back in a moment: the sheet waits for it
            desk.check(file, choice)
    return _bring(context, desk, [desk.submit(file, choice).number for file in wanted], wait_s)


def require_printer(context: Context, opened: OpenRoot, kind: str) -> None:
    """Raise why sheets of a kind cannot be printed as the options say, before one is made. Raises PrintingError,
    CommandError.
    """
    choice = _choice(context)
    _wait(context)
    open_print_desk(opened).check_kind(kind, choice)


def list_jobs(context: Context) -> int:
    """List the jobs. With a log-in (training needs none) their ends are entered, unless another has the root."""
    path = _root_path(context, training=context.options.training)
    if context.options.by is not None or kind_at(path) == "training":
        with suppress(RootBusyError), _opened(context, training=context.options.training) as opened:
            desk = open_print_desk(opened)
            desk.step()
            return _report(context, desk.jobs(), listing=True)
    return _report(context, tuple(_looked_at(path)), listing=True)


def cancel(context: Context) -> int:
    """Cancel a job."""
    jobs = _with_job(context, lambda desk, number: desk.cancel(number), tell=False)
    _report(context, jobs)
    return 0 if jobs[0].state is State.CANCELLED else 1


def resume(context: Context) -> int:
    """Let a job that stands still go on; one that ended by itself just now is shown."""
    path = _root_path(context, training=context.options.training)
    over = {job.number for job in PrintQueue(path).jobs() if job.ended}

    def act(desk: PrintDesk, number: int) -> Job:
        try:
            return desk.resume(number)
        except JobEndedError:
            if number in over:
                raise
            return next(job for job in desk.jobs() if job.number == number)

    return _report(context, _with_job(context, act))


def retry(context: Context) -> int:
    """Send what failed again, as a new job."""
    choice = _choice(context)
    return _report(context, _with_job(context, lambda desk, number: desk.retry(number, choice)))


def _with_job(
    context: Context, act: Callable[[PrintDesk, int], Job], *, tell: bool = True
) -> tuple[Job, ...]:
    wait_s = _wait(context)
    with _opened(context, training=context.options.training) as opened:
        desk = open_print_desk(opened)
        desk.step()
        return _bring(context, desk, [act(desk, context.options.job).number], wait_s, tell=tell)


def _bring(
    context: Context, desk: PrintDesk, numbers: list[int], wait_s: float, *, tell: bool = True
) -> tuple[Job, ...]:
    """Work until these jobs have ended or the wait is over; `tell`: say meanwhile why one stands still."""
    said: set[tuple[str, ...]] = set()

    def say(job: Job) -> None:
        if job.number in numbers and job.reasons and not job.ended and job.reasons not in said:
            said.add(job.reasons)
            for reason in job.reasons:
                why = reason_text(context.texts, reason, job.tray)
                context.say("print.line.meanwhile", job=job.number, why=why)

    desk.wait(numbers, wait_s, say if tell else None)
    return tuple(job for job in desk.jobs() if job.number in numbers)


def _looked_at(path: Path) -> Iterator[Job]:
    """Yield the jobs as the printer has them now, without writing anything."""
    printer = system_printer(path)
    for job in PrintQueue(path).jobs():
        seen = None
        if job.system_job and not job.ended:
            with suppress(PrintingError):
                seen = printer.job(job.system_job, job.title)
        yield job if seen is None else replace(job, state=seen.state, reasons=seen.reasons)


# -- printers --------------------------------------------------------------------------------------


def list_printers(context: Context) -> int:
    """List the printers, and which kind of sheet goes where."""
    path = _root_path(context, training=context.options.training)
    settings = PrinterSettings.load(path)
    printers = system_printer(path).printers()
    data = {
        "printers": [_printer_json(info) for info in printers],
        "file": str(settings.path),
        "kinds": {kind: choice.as_json() for kind, choice in settings.choices.items()},
    }
    lines = [line for info in printers for line in _printer_lines(context, info)]
    lines += [_choice_line(context, kind, settings.of(kind)) for kind in settings.choices]
    context.result(data, tuple(lines) or (context.texts.say("print.line.no-printers"),))
    return 0 if any(info.device and info.accepting for info in printers) else 1


def set_printer(context: Context) -> int:
    """Set printer and tray of a kind of sheet, or take them away."""
    kind, unset = context.options.kind, context.options.unset
    path = _root_path(context, training=context.options.training)
    try:
        DataRoot.open(path)
    except RootMissingError:
        raise CommandError("no-station", root=str(path)) from None
    choice = _choice(context)
    checked = unset or _checked(context, path, choice)
    settings = PrinterSettings.load(path).put(kind, None if unset else choice)
    chosen = settings.of(kind)
    key = "print.line.unset" if unset else "print.line.set"
    line = context.texts.say(key, file=str(settings.path), **_spoken(kind, chosen))
    lines = (line,) if checked else (line, context.texts.say("print.line.unchecked"))
    data = {"ok": True, "kind": kind, "file": str(settings.path), "checked": checked, **chosen.as_json()}
    context.result(data, lines)
    return 0


def _checked(context: Context, path: Path, choice: Choice) -> bool:
    """Whether the system knows printer and tray; False where it cannot be asked. Raises PrinterUnknownError,
    NoDeviceError, TrayUnknownError.
    """
    try:
        printers = system_printer(path).printers()
    except PrintingError:
        return False
    found = [info for info in printers if info.name == choice.printer]
    if not found:
        known = ", ".join(info.name for info in printers) or "-"
        raise PrinterUnknownError(printer=choice.printer, known=known)
    with suppress(NotAcceptingError):  # a matter of today
        require_usable(found[0], choice.tray)
    return True


# -- words -----------------------------------------------------------------------------------------


def _report(context: Context, jobs: tuple[Job, ...], *, listing: bool = False) -> int:
    """Print where jobs stand; 0 where none stands still and, but for the `listing`, none failed or was cancelled."""
    lines = [line for job in jobs for line in job_lines(context, job)]
    lines = lines or [context.texts.say("print.line.none")]
    if any(not job.ended for job in jobs):
        lines.append(context.texts.say("print.line.underway"))
    good = none_stands_still(jobs, listing=listing)
    context.result({"ok": good, "jobs": [job_json(job) for job in jobs]}, tuple(lines))
    return 0 if good else 1


def none_stands_still(jobs: Iterable[Job], *, listing: bool = False) -> bool:
    """Whether nobody has to look: no job stopped and, but for a `listing`, none failed or was cancelled."""
    bad = {State.STOPPED} if listing else _STILL
    return not any(job.state in bad for job in jobs)


def job_json(job: Job) -> dict[str, Any]:
    """Return a job as `--json` has it."""
    hidden = ("number", "title", "head", "cancel", "reasons")
    found = {name: value for name, value in job.as_json().items() if name not in hidden}
    reasons = [
        {"code": reason, **{lang: job_reason(load_texts(lang), job, reason) for lang in ("vi", "en")}}
        for reason in job.told
    ]
    return {"job": job.number, **found, "reasons": reasons}


def job_lines(context: Context, job: Job) -> tuple[str, ...]:
    """Return a job in words: where it stands, why, and what to do."""
    say = context.texts.say
    values: dict[str, str | int] = {"job": job.number, "sheet": job.sheet, "copies": job.copies}
    state = state_text(context.texts, job.state)
    lines = [say("print.line.job", printer=job.printer or "-", state=state, **values)]
    lines += [say("print.line.why", why=job_reason(context.texts, job, reason)) for reason in job.told]
    if job.ended and job.entry is None:
        lines.append(say("print.line.not-logged"))
    if job.state is State.STOPPED:
        lines.append("  " + say("print.line.resume", job=job.number))
    if job.state is State.FAILED and not job.settled:
        lines.append("  " + say("print.line.retry", job=job.number))
    return tuple(lines)


def _printer_json(info: PrinterInfo) -> dict[str, Any]:
    reasons = [
        {"code": reason, **{lang: reason_text(load_texts(lang), reason) for lang in ("vi", "en")}}
        for reason in info.reasons
    ]
    return {
        "printer": info.name,
        "description": info.description,
        "state": info.state,
        "reasons": reasons,
        "accepting": info.accepting,
        "trays": list(info.trays),
        "default": info.default,
        "device": info.device,
    }


def _printer_lines(context: Context, info: PrinterInfo) -> tuple[str, ...]:
    reasons = (
        *info.reasons,
        *(("not-accepting",) if not info.accepting else ()),
        *(("no-device",) if not info.device else ()),
    )
    line = context.texts.say(
        "print.line.printer",
        mark="*" if info.default else " ",
        printer=info.name,
        state=context.texts.say(f"printer.state.{info.state}"),
        trays=", ".join(info.trays) or "—",
    )
    whys = (context.texts.say("print.line.why", why=reason_text(context.texts, reason)) for reason in reasons)
    return (line, *whys)


def _choice_line(context: Context, kind: str, choice: Choice) -> str:
    return context.texts.say("print.line.choice", **_spoken(kind, choice))


def _spoken(kind: str, choice: Choice) -> dict[str, str | int]:
    return {
        "sheet": kind,
        "printer": choice.printer or "—",
        "tray": choice.tray or "—",
        "copies": choice.copies or 1,
        "duplex": choice.duplex or "—",
    }


# -- options ---------------------------------------------------------------------------------------


def _choice(context: Context) -> Choice:
    """Return what the options choose. Raises CommandError "print-name"."""
    options = context.options
    choice = Choice(
        printer=options.printer or "",
        tray=options.tray or "",
        copies=options.copies or 0,
        duplex=options.duplex or "",
    )
    for option, fits in (("printer", is_name), ("tray", is_tray)):
        given = getattr(options, option)
        if given is not None and not fits(given):
            raise CommandError("print-name", usage=True, option=f"--{option}")
    return choice


def _wait(context: Context) -> float:
    """Return how many seconds the options wait. Raises CommandError "print-wait"."""
    seconds: float = context.options.wait
    if not 0 <= seconds <= _MAX_WAIT_S:
        raise CommandError("print-wait", usage=True)
    return seconds


@contextmanager
def _opened(context: Context, *, training: bool) -> Iterator[OpenRoot]:
    """Open the root that is meant, as a person."""
    meant = _root_path(context, training=training)
    with open_for(context, training=kind_at(meant) == "training" or training, login=True) as opened:
        yield opened


def _root_path(context: Context, *, training: bool) -> Path:
    places = context.places
    return places.training if training else places.real


def _of_training(context: Context, files: list[Path]) -> bool:
    """Whether files are training's: it is said, or their names do. Raises CommandError "print-mixed"."""
    if context.options.training or context.places.root is not None:
        return bool(context.options.training)
    found = [_SESSION_IN_NAME.search(file.name) for file in files]
    kinds = {match[1] == TRAINING_SESSION_PREFIX for match in found if match is not None}
    if len(kinds) > 1:
        raise CommandError("print-mixed", usage=True)
    return kinds == {True}
