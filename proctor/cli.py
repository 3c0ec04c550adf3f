"""The command line: names and options. No logic; each command is one function of `proctor.commands`.

Exit status 0: ADMIT, match, genuine or ok; 1: any other outcome; 2: wrong usage.
"""

import argparse
import sys
from collections.abc import Sequence

from proctor import __version__
from proctor.cli_admin import add_admin_commands
from proctor.cli_build import Builder, Commands, add_access, add_login, help_of
from proctor.cli_calibrate import add_calibrate_commands
from proctor.cli_cameras import add_camera_commands
from proctor.cli_day import add_day_commands, add_doctor_options
from proctor.cli_exceptions import add_exceptions_commands
from proctor.cli_faces import add_face_commands
from proctor.cli_models import add_model_commands
from proctor.cli_pad import add_pad_commands
from proctor.cli_paper import add_paper_commands
from proctor.cli_people import add_people_commands
from proctor.cli_printing import add_printing_commands
from proctor.cli_record import add_log_commands, add_record_commands
from proctor.cli_replay import add_replay_commands
from proctor.cli_report import add_report_commands
from proctor.cli_results import add_results_commands
from proctor.cli_rosters import add_roster_reading, add_rosters_commands
from proctor.cli_rules import add_rules_commands
from proctor.cli_sign import add_sign_commands
from proctor.cli_template import add_template_commands
from proctor.cli_verify_sheets import add_verify_commands
from proctor.edge import run
from proctor.station_process import Start
from proctor.usage import Parser
from readers.softcard.link import RATES

session_commands = Commands("session")
check_in_commands = Commands("check_in")
chip = Commands("chip")
chip_evidence = Commands("chip_evidence")
face = Commands("face")
softcard = Commands("softcard")
station = Commands("station")
training = Commands("training")
trust = Commands("trust")
trust_import = Commands("trust_import")


def _add_main_commands(build: Builder) -> None:
    _add_station(build.command("station", "station", station.station))
    parser = build.command("training", "training", training.run)
    parser.add_argument("--headless", action="store_true", help=help_of("option.headless"))
    parser.add_argument("--out", metavar="DIR", help=help_of("option.out-training"))
    parser.add_argument("--exam", action="store_true", help=help_of("option.exam"))
    parser.add_argument("--candidates", type=int, default=7, metavar="N", help=help_of("option.candidates"))
    _add_softcard(build.command("softcard", "softcard", softcard.run))
    add_doctor_options(build.command("doctor", "doctor", station.doctor))


def _add_station(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reader", metavar="R", help=help_of("option.station-reader"))
    parser.add_argument("--camera", metavar="C", help=help_of("option.camera"))
    parser.add_argument("--scanner", metavar="VID:PID", help=help_of("option.scanner"))
    parser.add_argument("--candidate-screen", metavar="PLACE", help=help_of("option.candidate-screen"))
    parser.add_argument("--scan-by-camera", action="store_true", help=help_of("option.scan-by-camera"))
    parser.add_argument("--quiet", action="store_true", help=help_of("option.quiet"))


def _add_softcard(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--holder", metavar="FILE", help=help_of("option.holder"))
    which.add_argument("--sample", metavar="NAME", default=None, help=help_of("option.sample"))
    which.add_argument("--roster", metavar="FILE", help=help_of("option.softcard-roster"))
    parser.add_argument("--number", metavar="-", help=help_of("option.softcard-number"))
    parser.add_argument("--seconds", type=float, metavar="S", help=help_of("option.softcard-seconds"))
    parser.add_argument("--vpcd", metavar="HOST:PORT", default="127.0.0.1:35963", help=help_of("option.vpcd"))
    parser.add_argument("--portrait", metavar="FILE", help=help_of("option.portrait"))
    parser.add_argument("--kbit", type=int, choices=RATES, help=help_of("option.kbit"))
    parser.add_argument("--apdu-ms", type=float, metavar="MS", help=help_of("option.apdu-ms"))
    parser.add_argument("--fault", metavar="KIND@N[=X]", action="append", help=help_of("option.fault"))
    parser.add_argument("--list", action="store_true", help=help_of("option.list-samples"))


def _add_work_commands(build: Builder) -> None:
    chips = build.group("chip", "chip")
    chips.command("readers", "chip.readers", chip.readers)
    read = chips.command("read", "chip.read", chip.read)
    read.add_argument("--reader", required=True, metavar="NAME", help=help_of("option.reader"))
    add_access(read, can=True)
    read.add_argument("--evidence", metavar="FILE", help=help_of("option.evidence"))
    read.add_argument("--bac", action="store_true", help=help_of("option.bac"))
    read.add_argument("--training", action="store_true", help=help_of("option.training"))
    read.add_argument("--wait", type=float, default=20.0, metavar="S", help=help_of("option.wait"))
    read.add_argument("--show-holder", action="store_true", help=help_of("option.show-holder"))
    again = chips.command("verify", "chip.verify", chip_evidence.verify)
    again.add_argument("file", metavar="EVIDENCE", help=help_of("option.evidence-file"))
    again.add_argument("--checkpoint", metavar="ROOT", action="append", help=help_of("option.checkpoint"))
    again.add_argument("--training", action="store_true", help=help_of("option.training"))
    again.add_argument("--show-holder", action="store_true", help=help_of("option.show-holder"))
    faces = build.group("face", "face")
    compare = faces.command("compare", "face.compare", face.compare)
    compare.add_argument("reference", metavar="REFERENCE", help=help_of("option.reference"))
    compare.add_argument("probe", metavar="PROBE", help=help_of("option.probe"))
    for add in (
        add_calibrate_commands, add_camera_commands, add_face_commands, add_model_commands, add_pad_commands,
    ):  # fmt: skip
        add(build, faces)
    session = build.group("session", "session")
    _add_session_commands(session)
    add_day_commands(build, session)
    add_rosters_commands(build, session)
    add_exceptions_commands(build, session)
    check_in = build.command("check-in", "check-in", check_in_commands.check_in)
    check_in.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
    add_access(check_in, can=False)
    check_in.add_argument("--reader", required=True, metavar="R", help=help_of("option.reader"))
    check_in.add_argument("--wait", type=float, default=20.0, metavar="S", help=help_of("option.wait"))
    check_in.add_argument("--component", metavar="C", help=help_of("option.at-component"))
    check_in.add_argument("--room", metavar="R", default="", help=help_of("option.room"))
    purposes = ("check-in", "component-start", "re-entry", "spot-check")
    check_in.add_argument("--purpose", choices=purposes, default=purposes[0], help=help_of("option.purpose"))
    check_in.add_argument("--camera", required=True, metavar="C", help=help_of("option.camera"))
    check_in.add_argument("--candidate-screen", metavar="PLACE", help=help_of("option.candidate-screen"))
    skip = ("pad-turn", "pad-eyes", "pad-flash")
    check_in.add_argument("--skip", choices=skip, action="append", help=help_of("option.skip"))
    add_login(check_in)


def _add_session_commands(group: Builder) -> None:
    create = group.command("create", "session.create", session_commands.create)
    create.add_argument("--roster", required=True, metavar="FILE", help=help_of("option.roster"))
    add_roster_reading(create)
    create.add_argument("--rules", required=True, metavar="ID", help=help_of("option.rules"))
    create.add_argument(
        "--component", required=True, action="append", metavar="C", help=help_of("option.component")
    )
    create.add_argument("--place", required=True, metavar="P", help=help_of("option.place"))
    create.add_argument("--date", metavar="YYYY-MM-DD", help=help_of("option.date"))
    create.add_argument("--skip-bad-rows", action="store_true", help=help_of("option.skip-bad-rows"))
    create.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(create)
    listing = group.command("list", "session.list", session_commands.list_all)
    listing.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(listing)
    show = group.command("show", "session.show", session_commands.show)
    show.add_argument("--component", metavar="C", help=help_of("option.at-component"))
    close = group.command("close", "session.close", session_commands.close)
    close.add_argument("--reason", metavar="TEXT", help=help_of("option.close-reason"))
    for parser in (show, close):
        parser.add_argument("session", metavar="S", help=help_of("option.session"))
        add_login(parser)


def _add_paper_and_log(build: Builder) -> None:
    group = build.group("sheets", "sheets")
    add_paper_commands(build, group)
    for add in (
        add_template_commands,
        add_sign_commands,
        add_verify_commands,
        add_printing_commands,
        add_report_commands,
    ):
        add(build, group)
    add_log_commands(build)


def _add_trust_and_people(build: Builder) -> None:
    group = build.group("trust", "trust")
    stations = group.group("station", "trust.station")
    believe = stations.command("import", "trust.station.import", trust.import_station)
    believe.add_argument("file", metavar="FILE", help=help_of("option.station-file"))
    believe.add_argument("--replace", metavar="FINGERPRINT", help=help_of("option.replace"))
    stations.command("list", "trust.station.list", trust.list_stations)
    taken = group.command("import", "trust.import", trust_import.import_file)
    taken.add_argument("file", metavar="FILE", help=help_of("option.anchor-file"))
    scopes = ("identity-card", "passport")
    taken.add_argument("--scope", choices=scopes, default=None, help=help_of("option.scope"))
    taken.add_argument("--second", metavar="USER", help=help_of("option.second"))
    taken.add_argument("--dry-run", action="store_true", help=help_of("option.trust-dry-run"))
    taken.add_argument("--compared", metavar="SHA256", help=help_of("option.trust-compared"))
    taken.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(taken)
    listing = group.command("list", "trust.list", trust.list_anchors)
    show = group.command("show", "trust.show", trust.show_item)
    show.add_argument("fingerprint", metavar="FINGERPRINT", help=help_of("option.fingerprint"))
    verify = group.command("verify", "trust.verify", trust.verify_store)
    for parser in (listing, show, verify):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)
    add_people_commands(build)


def build_parser(kind: type[Parser] = Parser) -> argparse.ArgumentParser:
    """Return the whole command line, `kind` of parser down to the last command; the docs test walks it."""
    parser = kind(prog="proctor", description=help_of("proctor"))
    parser.add_argument("--version", action="version", version=f"proctor {__version__}")
    parser.set_defaults(run=station.station, json=False, lang=None, root=None)
    build = Builder(parser.add_subparsers(metavar="COMMAND"))
    _add_main_commands(build)
    _add_work_commands(build)
    _add_paper_and_log(build)
    _add_trust_and_people(build)
    add_record_commands(build)
    add_rules_commands(build)
    add_results_commands(build)
    add_replay_commands(build)
    add_admin_commands(build)
    return parser


def main(arguments: Sequence[str] | None = None, *, window: Start | None = None) -> int:
    """Run one command and return its exit status. `window`: starts the station's, where it was begun already."""
    return run(build_parser, arguments, window)


if __name__ == "__main__":
    sys.exit(main())
