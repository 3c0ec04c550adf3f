"""`proctor report …`: reports over many sessions; nothing in them names a candidate."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.pack import DEPARTMENT, pins_of
from proctor.commands.session import open_for
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.report17.build import Wish, build_report
from proctor.report17.gather import Gathered, LeftOut, gather
from proctor.report17.logs import source_of_session, sources_of_log
from proctor.report17.packs import ReadPack, RefusedPack, read_pack
from proctor.report17.pictures import PicturesWish, draw_pictures
from proctor.report17.source import Source
from proctor.report17.text_file import MAX_BYTES, Typed, read_typed
from proctor.report17.write import WrittenFile, enter_export, write_files
from proctor.roots import OpenRoot, kind_at
from proctor.sheet_template import load_template
from proctor.texts import load_texts
from reports.model17 import Model17, number
from reports.model17_docx import report_docx
from reports.model17_pdf import report_pdf
from reports.model17_xlsx import report_xlsx
from reports.sheet import Letterhead
from sessions.checkpoint import Checkpoint
from sessions.department import MAX_FILE, DepartmentPrivate, is_bare, read_private
from sessions.errors import WrongSecretError
from sessions.roles import require_may
from sessions.vietnam import VIETNAM

MAX_PACKS = 5_000
_ROOT_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """A log that is read, as far as `head`."""

    opened: OpenRoot = field(repr=False)
    head: Checkpoint


def model17(context: Context) -> int:
    """Write the report on mô hình 17. Exit 0 when everything that should count does."""
    options = context.options
    since, until = _days(context)
    typed = _typed(context)
    packs = None if options.packs is None else _packs(context, Path(options.packs))
    with _log(context, needed=packs is None) as log:
        sources = () if log is None else tuple(sources_of_log(log.opened.store, since, until))
        gathered = gather(sources, packs or (), since=since, until=until, training=_training(context, log))
        wish = Wish(
            since=since,
            until=until,
            made=datetime.now(UTC).astimezone(VIETNAM).date(),
            department=options.department,
            letterhead=Letterhead() if log is None else _letterhead(log),
            source=_source(log, packs),
        )
        report = build_report(gathered, typed, wish, load_texts("vi"))
        files = {
            "pdf": report_pdf(report),
            "docx": report_docx(report),
            "xlsx": report_xlsx(report),
        }
        written = write_files(Path(options.out), _name("model17", since, until, log), files)
        entry = None if log is None else enter_export(log.opened, "report-model17", log.head, written)
    data = _model_json(gathered, report) | {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "text": None if typed is None else str(options.text),
        "files": _files_json(written),
        "entry": entry,
    }
    context.result(data, tuple(_model_lines(context, gathered, data, written, typed)))
    return 0 if gathered.good else 1


def pictures(context: Context) -> int:
    """Write the page of pictures: of the closed sessions of some days, or of one session."""
    options = context.options
    wanted = options.session
    if wanted is None and (options.since is None or options.until is None):
        raise CommandError("report-days-needed", usage=True)
    since, until = (date.min, date.max) if options.since is None else _days(context)
    with _log(context, needed=True, session=wanted) as log:
        if log is None:
            raise CommandError("report-no-source")
        sources = _pictured(log, wanted, since, until, training=log.opened.training)
        wish = PicturesWish(
            since=min((each.day for each in sources), default=since) if wanted else since,
            until=max((each.day for each in sources), default=until) if wanted else until,
            session=wanted or "",
            source=_source(log, None),
            training=log.opened.training,
        )
        page = draw_pictures(sources, wish, load_texts("vi"))
        name = f"pictures-{wanted}-{log.head.size}" if wanted else _name("pictures", since, until, log)
        written = write_files(Path(options.out), name, {"pdf": page.pdf, "png": page.png})
        entry = enter_export(log.opened, "report-pictures", log.head, written, wanted)
    data = page.data | {"ok": True, "files": _files_json(written), "entry": entry}
    lines = [
        context.texts.say(
            "result.pictures", sessions=number(len(sources)), attempts=number(page.data["attempts"])
        ),
        *(
            []
            if sources
            else [context.texts.say("result.report-no-sessions", since=str(since), until=str(until))]
        ),
        *_file_lines(context, written),
    ]
    context.result(data, tuple(lines))
    return 0


# -- what is asked -------------------------------------------------------------------------------------


def _days(context: Context) -> tuple[date, date]:
    options = context.options
    since, until = _day("--from", options.since), _day("--to", options.until)
    if since > until:
        raise CommandError("report-days-order", usage=True, since=options.since, until=options.until)
    return since, until


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise CommandError("report-day-bad", usage=True, option=option, value=str(text)[:40]) from None


def _typed(context: Context) -> Typed | None:
    """Return what was typed for columns 4 to 7; None without a file: they are filled in by hand."""
    file = context.options.text
    if file is None or not Path(file).exists():
        return None
    return read_typed(read_file(file, MAX_BYTES), file)


def _training(context: Context, log: _Log | None) -> bool:
    """Return whether training sessions count: as asked, or as the log that is read; never because of packs."""
    return bool(context.options.training) or (log is not None and log.opened.training)


@contextmanager
def _log(context: Context, *, needed: bool, session: str | None = None) -> Iterator[_Log | None]:
    """Open the log that is read: where packs are given, only one that --root, --by or --training names.

    --training says which packs count, too: without a training root here it names none.
    """
    options = context.options
    named = options.root or options.by or (options.training and kind_at(context.places.training))
    if not needed and not named:
        yield None
        return
    place = context.places.training if options.training else context.places.real
    if session is not None:
        place = context.places.of_session(session)
    training = options.training or kind_at(place) == "training"
    with ExitStack() as stack:
        opened = stack.enter_context(open_for(context, training=training, login=True))
        require_may(opened.require_login().operator, "export")
        yield _Log(opened=opened, head=opened.store.head())


def _packs(context: Context, folder: Path) -> list[ReadPack | RefusedPack]:
    """Return what is in each pack of a folder, in the order of their names."""
    if not folder.is_dir():
        raise CommandError("file-missing", usage=True, file=str(folder))
    paths = sorted(path for path in folder.glob("*.pack") if path.is_file())
    if len(paths) > MAX_PACKS:
        raise CommandError("report-packs-too-many", folder=str(folder), limit=MAX_PACKS)
    pins = pins_of(context)
    keys = [_department(context, file) for file in context.options.department_key or ()]
    return [read_pack(path, pins, keys) for path in paths]


def _department(context: Context, file: str) -> DepartmentPrivate:
    """Return a department's private key; a bare one is a training key."""
    data = read_file(file, MAX_FILE)
    if is_bare(read_private(data)):
        return DepartmentPrivate.open(data, None, training=True)
    prompt = "mật khẩu khoá cơ quan / department passphrase: "
    try:
        return DepartmentPrivate.open(data, context.secrets.secret_of(DEPARTMENT, prompt))
    except WrongSecretError:
        raise CommandError("department-passphrase", file=file) from None


def _pictured(
    log: _Log, wanted: str | None, since: date, until: date, *, training: bool
) -> tuple[Source, ...]:
    if wanted is not None:
        return (source_of_session(log.opened.store, wanted),)
    kind = "training" if training else "real"
    return tuple(
        each
        for each in sources_of_log(log.opened.store, since, until)
        if each.kind == kind and not each.part and each.close is not None
    )


def _source(log: _Log | None, packs: list[ReadPack | RefusedPack] | None) -> str:
    """Return what the report says it was computed from."""
    texts, parts = load_texts("vi"), []
    if log is not None:
        head = log.head
        parts.append(
            texts.say(
                "report17.source.log",
                origin=head.origin,
                size=number(head.size),
                root=head.root.hex()[:_ROOT_DIGITS],
            )
        )
    if packs is not None:
        good = sum(isinstance(pack, ReadPack) for pack in packs)
        parts.append(texts.say("report17.source.packs", count=number(good)))
    return texts.say("report17.source", parts="; ".join(parts))


def _letterhead(log: _Log) -> Letterhead:
    """Return who issues reports, as the station's own template says. Raises CommandError, TemplateError."""
    return load_template(log.opened.root.path).letterhead_of("model17")


def _name(what: str, since: date, until: date, log: _Log | None) -> str:
    name = f"{what}-{since:%Y%m%d}-{until:%Y%m%d}"
    return name if log is None else f"{name}-{log.head.size}"


# -- what came of it -----------------------------------------------------------------------------------


def _model_json(gathered: Gathered, report: Model17) -> dict[str, Any]:
    """The report's numbers as docs/report.md has them."""
    return {
        "ok": gathered.good,
        "training": gathered.training,
        "sessions": len(gathered.counted),
        "figures": {figure.name: figure.value for figure in report.figures},
        "counted": [
            {
                "session": each.source.session,
                "station": each.source.station,
                "day": each.source.day.isoformat(),
                "place": each.source.place,
                "kind": each.source.category,
                "pack": each.source.file or None,
                "candidates": each.tally.person("candidates"),
                "differs": list(each.differs),
            }
            for each in gathered.counted
        ],
        "left_out": [_left_json(each) for each in gathered.left_out],
    }


def _left_json(left: LeftOut) -> dict[str, Any]:
    return {
        "why": left.why,
        "session": left.session or None,
        "station": left.station or None,
        "day": None if left.day is None else left.day.isoformat(),
        "pack": left.file or None,
        "code": left.code or None,
    }


def _model_lines(
    context: Context,
    gathered: Gathered,
    data: dict[str, Any],
    written: tuple[WrittenFile, ...],
    typed: Typed | None,
) -> Iterator[str]:
    say = context.texts.say
    people = data["figures"].get("candidates", 0)
    yield say("result.report17", sessions=number(len(gathered.counted)), people=number(people))
    if not gathered.counted:
        yield say("result.report-no-sessions", since=data["from"], until=data["to"])
    yield from _file_lines(context, written)
    for left in gathered.left_out:
        why = say(f"report17.why.{left.why}")
        if left.code:
            why = f"{why}: {say(left.code, **left.facts)} ({left.code})"
        yield say("result.report-left-out", name=left.file or left.session, why=why)
    for each in gathered.counted:
        if each.differs:
            yield say("result.report-differs", session=each.source.session, names=", ".join(each.differs))
    if typed is None and context.options.text is not None:
        yield say("result.report-text-missing", file=str(context.options.text))
    if data["entry"] is None:
        yield say("result.report-not-entered")


def _file_lines(context: Context, written: tuple[WrittenFile, ...]) -> list[str]:
    return [
        context.texts.say("result.report-files", file=str(file.path), sha256=file.sha256) for file in written
    ]


def _files_json(written: tuple[WrittenFile, ...]) -> list[dict[str, str]]:
    return [{"file": str(file.path), "sha256": file.sha256} for file in written]
