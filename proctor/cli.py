"""The command line: names and options. No logic; each command is one function of `proctor.commands`.

Exit status 0: ADMIT, match, genuine or ok; 1: any other outcome; 2: wrong usage.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from biometrics.errors import BiometricsError
from proctor import __version__
from proctor.commands import (
    anchor,
    backup,
    chip,
    chip_evidence,
    epoch,
    erase,
    evidence_view,
    face,
    keys,
    log,
    pack,
    people,
    retention,
    sheets,
    softcard,
    station,
    tpm,
    training,
    trust,
    trust_import,
    witness,
)
from proctor.commands import session as session_commands
from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.present import ACCESS_KINDS
from proctor.recorder import place_of
from proctor.texts import DEFAULT_LANGUAGE, LANGUAGES, load_texts
from readers.errors import ReaderError
from readers.softcard.link import RATES
from reports.errors import ReportsError
from sessions.errors import SessionsError

Command = Callable[[Context], int]
Parsers = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _help(key: str) -> str:
    """Both languages in one line, Vietnamese first."""
    return f"{load_texts('vi')[f'help.{key}']} · {load_texts('en')[f'help.{key}']}"


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", metavar="DIR", help=_help("option.root"))
    common.add_argument("--lang", choices=LANGUAGES, default=None, help=_help("option.lang"))
    common.add_argument("--json", action="store_true", help=_help("option.json"))
    return common


class _Builder:
    """Adds commands that share the common options."""

    def __init__(self, parsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        self._parsers = parsers
        self._common = _common()

    def command(self, name: str, key: str, run: Command | None = None) -> argparse.ArgumentParser:
        parents = [self._common] if run is not None else []
        parser = self._parsers.add_parser(name, help=_help(key), description=_help(key), parents=parents)
        if run is not None:
            parser.set_defaults(run=run)
        return parser

    def group(self, name: str, key: str) -> "_Builder":
        parser = self.command(name, key)
        builder = _Builder.__new__(_Builder)
        builder._parsers = parser.add_subparsers(metavar="COMMAND", required=True)
        builder._common = self._common
        return builder


def _login(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", metavar="USER", help=_help("option.by"))
    parser.add_argument("--secrets-fd", type=int, metavar="N", help=_help("option.secrets-fd"))


def _access(parser: argparse.ArgumentParser, *, can: bool) -> None:
    group = parser.add_mutually_exclusive_group(required=True)
    for kind in ACCESS_KINDS if can else ACCESS_KINDS[:-1]:
        group.add_argument(f"--{kind}", metavar="-", help=_help(f"option.{kind}"))
    group.add_argument("--pin", nargs="?", const="", metavar="-", help=_help("option.pin"))


def _add_main_commands(build: _Builder) -> None:
    build.command("station", "station", station.report)
    parser = build.command("training", "training", training.run)
    parser.add_argument("--headless", action="store_true", help=_help("option.headless"))
    parser.add_argument("--out", metavar="DIR", help=_help("option.out-training"))
    parser.add_argument("--candidates", type=int, default=7, metavar="N", help=_help("option.candidates"))
    _add_softcard(build.command("softcard", "softcard", softcard.run))
    build.command("doctor", "doctor", station.doctor)


def _add_softcard(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--holder", metavar="FILE", help=_help("option.holder"))
    which.add_argument("--sample", metavar="NAME", default=None, help=_help("option.sample"))
    which.add_argument("--roster", metavar="FILE", help=_help("option.softcard-roster"))
    parser.add_argument("--number", metavar="-", help=_help("option.softcard-number"))
    parser.add_argument("--seconds", type=float, metavar="S", help=_help("option.softcard-seconds"))
    parser.add_argument("--vpcd", metavar="HOST:PORT", default="127.0.0.1:35963", help=_help("option.vpcd"))
    parser.add_argument("--portrait", metavar="FILE", help=_help("option.portrait"))
    parser.add_argument("--kbit", type=int, choices=RATES, help=_help("option.kbit"))
    parser.add_argument("--apdu-ms", type=float, metavar="MS", help=_help("option.apdu-ms"))
    parser.add_argument("--fault", metavar="KIND@N[=X]", action="append", help=_help("option.fault"))
    parser.add_argument("--list", action="store_true", help=_help("option.list-samples"))


def _add_work_commands(build: _Builder) -> None:
    chips = build.group("chip", "chip")
    chips.command("readers", "chip.readers", chip.readers)
    read = chips.command("read", "chip.read", chip.read)
    read.add_argument("--reader", required=True, metavar="NAME", help=_help("option.reader"))
    _access(read, can=True)
    read.add_argument("--evidence", metavar="FILE", help=_help("option.evidence"))
    read.add_argument("--bac", action="store_true", help=_help("option.bac"))
    read.add_argument("--training", action="store_true", help=_help("option.training"))
    read.add_argument("--wait", type=float, default=20.0, metavar="S", help=_help("option.wait"))
    read.add_argument("--show-holder", action="store_true", help=_help("option.show-holder"))
    again = chips.command("verify", "chip.verify", chip_evidence.verify)
    again.add_argument("file", metavar="EVIDENCE", help=_help("option.evidence-file"))
    again.add_argument("--checkpoint", metavar="ROOT", action="append", help=_help("option.checkpoint"))
    again.add_argument("--training", action="store_true", help=_help("option.training"))
    again.add_argument("--show-holder", action="store_true", help=_help("option.show-holder"))
    compare = build.group("face", "face").command("compare", "face.compare", face.compare)
    compare.add_argument("reference", metavar="REFERENCE", help=_help("option.reference"))
    compare.add_argument("probe", metavar="PROBE", help=_help("option.probe"))
    _add_session_commands(build.group("session", "session"))
    check_in = build.command("check-in", "check-in", session_commands.check_in)
    check_in.add_argument("--session", required=True, metavar="S", help=_help("option.session"))
    _access(check_in, can=False)
    check_in.add_argument("--reader", required=True, metavar="R", help=_help("option.reader"))
    check_in.add_argument("--wait", type=float, default=20.0, metavar="S", help=_help("option.wait"))
    check_in.add_argument("--camera", required=True, metavar="C", help=_help("option.camera"))
    _login(check_in)


def _add_session_commands(group: _Builder) -> None:
    create = group.command("create", "session.create", session_commands.create)
    create.add_argument("--roster", required=True, metavar="FILE", help=_help("option.roster"))
    create.add_argument("--rules", required=True, metavar="ID", help=_help("option.rules"))
    create.add_argument("--component", required=True, metavar="C", help=_help("option.component"))
    create.add_argument("--place", required=True, metavar="P", help=_help("option.place"))
    create.add_argument("--date", metavar="YYYY-MM-DD", help=_help("option.date"))
    create.add_argument("--skip-bad-rows", action="store_true", help=_help("option.skip-bad-rows"))
    create.add_argument("--training", action="store_true", help=_help("option.training"))
    _login(create)
    listing = group.command("list", "session.list", session_commands.list_all)
    listing.add_argument("--training", action="store_true", help=_help("option.training"))
    _login(listing)
    show = group.command("show", "session.show", session_commands.show)
    close = group.command("close", "session.close", session_commands.close)
    close.add_argument("--reason", metavar="TEXT", help=_help("option.close-reason"))
    for parser in (show, close):
        parser.add_argument("session", metavar="S", help=_help("option.session"))
        _login(parser)


def _add_record(log_group: _Builder) -> None:
    """What concerns the log as a whole: a new epoch, looking at evidence."""
    begin = log_group.command("epoch", "log.epoch", epoch.begin)
    begin.add_argument("--reason", metavar="TEXT", required=True, help=_help("option.reason"))
    begin.add_argument("--anchor", metavar="NOTE", action="append", help=_help("option.epoch-anchor"))
    begin.add_argument("--second", metavar="USER", help=_help("option.second"))
    begin.add_argument("--new-signing-key", action="store_true", help=_help("option.new-signing-key"))
    look = log_group.command("evidence", "log.evidence", evidence_view.view)
    look.add_argument("entry", type=int, metavar="ENTRY", help=_help("option.entry"))
    look.add_argument("--out", required=True, metavar="DIR", help=_help("option.out"))
    look.add_argument("--reason", metavar="TEXT", required=True, help=_help("option.reason"))
    stick = log_group.command("anchor", "log.anchor", anchor.anchor)
    stick.add_argument("--out", required=True, metavar="DIR", help=_help("option.anchor-out"))
    stick.add_argument("--session", metavar="S", help=_help("option.session"))
    for parser in (begin, look, stick):
        parser.add_argument("--training", action="store_true", help=_help("option.training"))
        _login(parser)


def _add_log(group: _Builder) -> None:
    """Verifying, reading and exporting a log, ours or a file."""
    verify = group.command("verify", "log.verify", log.verify)
    verify.add_argument("--station-key", metavar="FP", action="append", help=_help("option.station-key"))
    verify.add_argument("--anchor", metavar="FILE", action="append", help=_help("option.anchor"))
    verify.add_argument("--witness-key", metavar="VKEY", action="append", help=_help("option.witness-key"))
    depth = verify.add_mutually_exclusive_group()
    depth.add_argument("--full", action="store_true", help=_help("option.full"))
    depth.add_argument("--quick", action="store_true", help=_help("option.quick"))
    show = group.command("show", "log.show", log.show)
    show.add_argument("--entry", type=int, metavar="ENTRY", help=_help("option.show-entry"))
    show.add_argument("--session", metavar="S", help=_help("option.session"))
    export = group.command("export", "log.export", log.export)
    export.add_argument("--tiles", metavar="DIR", help=_help("option.tiles"))
    export.add_argument("--rows", metavar="FILE", help=_help("option.rows"))
    for parser in (verify, show, export):
        parser.add_argument("path", nargs="?", metavar="PATH", help=_help("option.path"))
        parser.add_argument("--key-file", metavar="F", help=_help("option.key-file"))
        parser.add_argument("--evidence-keys", metavar="F", help=_help("option.evidence-keys"))
        parser.add_argument("--training", action="store_true", help=_help("option.training"))
        _login(parser)


def _add_paper_and_log(build: _Builder) -> None:
    attendance = build.group("sheets", "sheets").command("attendance", "sheets.attendance", sheets.attendance)
    attendance.add_argument("--session", required=True, metavar="S", help=_help("option.session"))
    attendance.add_argument("--out", required=True, metavar="DIR", help=_help("option.out"))
    _login(attendance)
    log_group = build.group("log", "log")
    _add_record(log_group)
    _add_log(log_group)


def _add_trust_and_people(build: _Builder) -> None:
    group = build.group("trust", "trust")
    stations = group.group("station", "trust.station")
    stations.command("import", "trust.station.import", trust.import_station).add_argument(
        "file", metavar="FILE", help=_help("option.station-file")
    )
    stations.command("list", "trust.station.list", trust.list_stations)
    taken = group.command("import", "trust.import", trust_import.import_file)
    taken.add_argument("file", metavar="FILE", help=_help("option.anchor-file"))
    scopes = ("identity-card", "passport")
    taken.add_argument("--scope", choices=scopes, default=None, help=_help("option.scope"))
    taken.add_argument("--second", metavar="USER", help=_help("option.second"))
    taken.add_argument("--training", action="store_true", help=_help("option.training"))
    _login(taken)
    listing = group.command("list", "trust.list", trust.list_anchors)
    show = group.command("show", "trust.show", trust.show_item)
    show.add_argument("fingerprint", metavar="FINGERPRINT", help=_help("option.fingerprint"))
    verify = group.command("verify", "trust.verify", trust.verify_store)
    for parser in (listing, show, verify):
        parser.add_argument("--training", action="store_true", help=_help("option.training"))
        _login(parser)
    users = build.group("user", "user")
    add = users.command("add", "user.add", people.add)
    add.add_argument("id", nargs="?", metavar="ID", help=_help("option.user-id"))
    add.add_argument("--first", action="store_true", help=_help("option.first"))
    add.add_argument("--name", metavar="NAME", default="", help=_help("option.name"))
    add.add_argument("--role", metavar="ROLE", help=_help("option.role"))
    _login(add)
    listing = users.command("list", "user.list", people.list_all)
    _login(listing)


def _add_keys(build: _Builder) -> None:
    """Which keys there are, and new ones."""
    group = build.group("keys", "keys")
    show = group.command("show", "keys.show", keys.show)
    show.add_argument("--training", action="store_true", help=_help("option.training"))
    rotate = group.command("rotate", "keys.rotate", keys.rotate)
    rotate.add_argument("what", choices=("station", "secrets"), help=_help("option.rotate-what"))
    rotate.add_argument("--reason", metavar="TEXT", required=True, help=_help("option.reason"))
    rotate.add_argument("--pkcs11", metavar="LIB", help=_help("option.pkcs11"))
    rotate.add_argument("--token", metavar="LABEL", help=_help("option.token"))
    rotate.add_argument("--key", metavar="LABEL", help=_help("option.token-key"))
    rotate.add_argument("--drop", metavar="USER", action="append", help=_help("option.drop"))
    passwd = group.command("passwd", "keys.passwd", keys.passwd)
    enrol = group.command("enrol", "keys.enrol", keys.enrol_user)
    enrol.add_argument("user", metavar="USER", help=_help("option.enrol-user"))
    pinning = group.command("department", "keys.department", keys.department_key)
    pinning.add_argument("file", metavar="FILE", help=_help("option.department-file"))
    for parser in (rotate, enrol, pinning):
        parser.add_argument("--second", metavar="USER", help=_help("option.second"))
    for parser in (show, rotate, passwd, enrol, pinning):
        _login(parser)
    offline = build.group("department", "department")
    init = offline.command("init", "department.init", keys.department_init)
    init.add_argument("--out", required=True, metavar="DIR", help=_help("option.department-out"))
    init.add_argument("--name", required=True, metavar="NAME", help=_help("option.department-name"))
    init.add_argument("--secrets-fd", type=int, metavar="N", help=_help("option.secrets-fd"))
    shown = offline.command("show", "department.show", keys.department_show)
    shown.add_argument("file", metavar="FILE", help=_help("option.department-file"))


def _add_witness(build: _Builder) -> None:
    group = build.group("witness", "witness")
    init = group.command("init", "witness.init", witness.init)
    init.add_argument("--name", required=True, metavar="NAME", help=_help("option.witness-name"))
    init.add_argument("--pq", action="store_true", help=_help("option.pq"))
    init.add_argument("--unattended", action="store_true", help=_help("option.unattended"))
    serve = group.command("serve", "witness.serve", witness.serve)
    serve.add_argument("--listen", required=True, metavar="HOST:PORT", help=_help("option.listen"))
    trusting = group.command("trust", "witness.trust", witness.trust)
    trusting.add_argument("file", metavar="VKEYFILE", help=_help("option.station-vkey"))
    for parser in (init, serve, trusting, group.command("show", "witness.show", witness.show)):
        parser.add_argument("--dir", required=True, metavar="DIR", help=_help("option.witness-dir"))
    for parser in (init, serve):
        parser.add_argument("--secrets-fd", type=int, metavar="N", help=_help("option.secrets-fd"))
    fetch = group.command("fetch", "witness.fetch", anchor.fetch)
    fetch.add_argument("--origin", required=True, metavar="ORIGIN", help=_help("option.origin"))
    fetch.add_argument("--out", required=True, metavar="DIR", help=_help("option.anchor-out"))
    add = group.command("add", "witness.add", witness.add)
    for parser in (add, fetch):
        parser.add_argument("--address", required=True, metavar="URL", help=_help("option.witness-address"))
        parser.add_argument("--vkey", required=True, metavar="VKEY", help=_help("option.witness-vkey"))
        parser.add_argument("--tls-pin", required=True, metavar="SHA256", help=_help("option.tls-pin"))
    add.add_argument("--require", action="store_true", help=_help("option.require"))
    remove = group.command("remove", "witness.remove", witness.remove)
    remove.add_argument("witness", metavar="WITNESS", help=_help("option.witness"))
    for parser in (add, remove):
        parser.add_argument("--second", metavar="USER", help=_help("option.second"))
    push = group.command("push", "witness.push", witness.push_all)
    push.add_argument("--wait", type=float, default=10.0, metavar="S", help=_help("option.witness-wait"))
    for parser in (add, remove, push, group.command("list", "witness.list", witness.list_all)):
        parser.add_argument("--training", action="store_true", help=_help("option.training"))
        _login(parser)


def _add_erasure(build: _Builder) -> None:
    """What is erased, what must not be, and when."""
    gone = build.command("erase", "erase", erase.erase)
    gone.add_argument("--session", required=True, metavar="S", help=_help("option.session"))
    gone.add_argument("--candidate", metavar="SBD", help=_help("option.candidate"))
    gone.add_argument("--pieces", metavar="KIND,…", help=_help("option.pieces"))
    gone.add_argument("--reason", metavar="CODE", help=_help("option.erase-reason"))
    gone.add_argument("--dry-run", action="store_true", help=_help("option.dry-run"))
    gone.add_argument("--proof", type=int, metavar="ENTRY", help=_help("option.proof"))
    holds = build.group("hold", "hold")
    placing = holds.command("place", "hold.place", erase.place)
    releasing = holds.command("release", "hold.release", erase.release)
    for parser in (placing, releasing):
        parser.add_argument("--session", required=True, metavar="S", help=_help("option.session"))
        parser.add_argument("--candidate", metavar="SBD", help=_help("option.candidate"))
        parser.add_argument("--reason", required=True, metavar="CODE", help=_help("option.erase-reason"))
    listing = holds.command("list", "hold.list", erase.list_holds)
    terms = build.group("retention", "retention")
    planning = terms.command("plan", "retention.plan", retention.plan)
    planning.add_argument("--on", metavar="YYYY-MM-DD", help=_help("option.on"))
    running = terms.command("run", "retention.run", retention.run)
    for parser in (gone, running):
        parser.add_argument("--yes", action="store_true", help=_help("option.yes"))
        parser.add_argument("--out", metavar="DIR", help=_help("option.out-proof"))
    for parser in (listing, planning, running):
        parser.add_argument("--training", action="store_true", help=_help("option.training"))
    for parser in (gone, placing, releasing, running):
        parser.add_argument("--second", metavar="USER", help=_help("option.second"))
    for parser in (gone, placing, releasing, listing, planning, running):
        _login(parser)


def _add_packs(build: _Builder) -> None:
    """A session's file for the department."""
    group = build.group("pack", "pack")
    export = group.command("export", "pack.export", pack.export)
    export.add_argument("--session", required=True, metavar="S", help=_help("option.session"))
    export.add_argument("--out", required=True, metavar="DIR", help=_help("option.pack-out"))
    export.add_argument("--sheets", metavar="DIR", help=_help("option.pack-sheets"))
    _login(export)
    verify = group.command("verify", "pack.verify", pack.verify)
    opening = group.command("open", "pack.open", pack.open_file)
    for parser, needed in ((verify, False), (opening, True)):
        parser.add_argument("file", metavar="FILE", help=_help("option.pack-file"))
        believed = parser.add_mutually_exclusive_group()
        believed.add_argument(
            "--station-key", metavar="FP", action="append", help=_help("option.station-key")
        )
        believed.add_argument("--pins", metavar="DIR", help=_help("option.pack-pins"))
        parser.add_argument(
            "--witness-key", metavar="VKEY", action="append", help=_help("option.witness-key")
        )
        private = _help("option.department-key")
        parser.add_argument("--department-key", metavar="FILE", required=needed, help=private)
        parser.add_argument("--anchor", metavar="FILE", action="append", help=_help("option.pack-anchor"))
        parser.add_argument("--secrets-fd", type=int, metavar="N", help=_help("option.secrets-fd"))
    opening.add_argument("--out", required=True, metavar="DIR", help=_help("option.pack-open-out"))


def _add_keeping(build: _Builder) -> None:
    """Backups, and what comes back from them."""
    saving = build.command("backup", "backup", backup.backup)
    saving.add_argument("--to", metavar="DIR", help=_help("option.backup-to"))
    saving.add_argument("--keys-to", metavar="DIR", help=_help("option.keys-to"))
    saving.add_argument("--set", metavar="DIR", help=_help("option.backup-set"))
    saving.add_argument("--training", action="store_true", help=_help("option.training"))
    back = build.command("restore", "restore", backup.bring_back)
    back.add_argument("data", metavar="DATA", help=_help("option.restore-data"))
    back.add_argument("--keys", metavar="FILE", help=_help("option.restore-keys"))
    back.add_argument("--department-key", metavar="FILE", help=_help("option.department-key"))
    back.add_argument("--anchor", metavar="FILE", action="append", help=_help("option.restore-anchor"))
    back.add_argument("--station-key", metavar="FP", action="append", help=_help("option.station-key"))
    back.add_argument("--without-evidence", action="store_true", help=_help("option.without-evidence"))
    back.add_argument("--new-signing-key", action="store_true", help=_help("option.new-signing-key"))
    back.add_argument("--reason", metavar="TEXT", required=True, help=_help("option.reason"))
    back.add_argument("--second", metavar="USER", help=_help("option.second"))
    back.add_argument("--training", action="store_true", help=_help("option.restore-training"))
    for parser in (saving, back):
        _login(parser)


def _add_tpm(build: _Builder) -> None:
    group = build.group("tpm", "tpm")
    init = group.command("init", "tpm.init", tpm.init)
    init.add_argument("--index", metavar="0x018…", help=_help("option.tpm-index"))
    others = (
        group.command("check", "tpm.check", tpm.compare),
        group.command("count", "tpm.count", tpm.count),
    )
    for parser in (init, *others):
        parser.add_argument("--tcti", metavar="TCTI", help=_help("option.tcti"))
        parser.add_argument("--training", action="store_true", help=_help("option.training"))
        _login(parser)


def build_parser() -> argparse.ArgumentParser:
    """Return the whole command line; the docs test walks it."""
    parser = argparse.ArgumentParser(prog="proctor", description=_help("proctor"))
    parser.add_argument("--version", action="version", version=f"proctor {__version__}")
    parser.set_defaults(run=station.report, json=False, lang=None, root=None)
    build = _Builder(parser.add_subparsers(metavar="COMMAND"))
    _add_main_commands(build)
    _add_work_commands(build)
    _add_paper_and_log(build)
    _add_trust_and_people(build)
    _add_packs(build)
    _add_erasure(build)
    _add_keys(build)
    _add_keeping(build)
    _add_witness(build)
    _add_tpm(build)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _use_utf8()
    _forbid_core_dumps()
    options = build_parser().parse_args(arguments)
    language = options.lang or os.environ.get("PROCTOR_LANG", DEFAULT_LANGUAGE)
    context = Context.of(options, language if language in LANGUAGES else DEFAULT_LANGUAGE)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status: int = options.run(context)
        sys.stdout.flush()
    except KeyboardInterrupt:
        context.say("interrupted")
        return 130
    except BrokenPipeError:
        # the reader of our output went away (`proctor … | head`); nothing more can be said there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the edge of the process
        return context.fail(_command_error(error))
    return status


def _command_error(error: Exception) -> CommandError:
    """Return the error in words: at the edge of the process a person gets a sentence, not a traceback."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, (ReaderError, BiometricsError, SessionsError, ReportsError)):
        return CommandError.of(error.code, error.facts)
    if isinstance(error, OSError):
        return CommandError("cannot-write", file=str(error.filename or "stdout"))
    if os.environ.get("PROCTOR_TRACEBACK"):
        raise error
    return CommandError("internal-error", error=type(error).__name__, place=place_of(error))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """A polite kill ends an attempt as Ctrl-C does: it is logged with what it had."""
    raise KeyboardInterrupt


def _forbid_core_dumps() -> None:
    """A crash must not leave keys, names and faces in a file."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - exists elsewhere only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _use_utf8() -> None:
    """Vietnamese must come out whole under any locale or code page."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    sys.exit(main())
