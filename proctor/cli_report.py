"""The command line of reports over many sessions: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, help_of

report = Commands("report")


def add_report_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del sheets
    group = build.group("report", "report")
    model = group.command("model17", "report.model17", report.model17)
    _add_days(model, required=True)
    model.add_argument(
        "--department", nargs="?", const="", metavar="NAME", help=help_of("option.report-department")
    )
    model.add_argument("--packs", metavar="DIR", help=help_of("option.report-packs"))
    believed = model.add_mutually_exclusive_group()
    believed.add_argument("--station-key", metavar="FP", action="append", help=help_of("option.station-key"))
    believed.add_argument("--pins", metavar="DIR", help=help_of("option.pack-pins"))
    model.add_argument(
        "--department-key", metavar="FILE", action="append", help=help_of("option.department-key")
    )
    model.add_argument("--text", metavar="FILE", help=help_of("option.report-text"))
    pictures = group.command("pictures", "report.pictures", report.pictures)
    _add_days(pictures, required=False)
    pictures.add_argument("--session", metavar="S", help=help_of("option.report-session"))
    for parser in (model, pictures):
        parser.add_argument("--out", required=True, metavar="DIR", help=help_of("option.report-out"))
        parser.add_argument("--training", action="store_true", help=help_of("option.report-training"))
        add_login(parser)


def _add_days(parser: argparse.ArgumentParser, *, required: bool) -> None:
    first, last = help_of("option.report-from"), help_of("option.report-to")
    parser.add_argument("--from", dest="since", required=required, metavar="D", help=first)
    parser.add_argument("--to", dest="until", required=required, metavar="D", help=last)
