"""The command line of rosters: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, help_of
from sessions.roster.legacy import ENCODINGS

roster = Commands("roster")
roster_window = Commands("roster_window")


def add_rosters_commands(build: Builder, session: Builder) -> None:
    """Add them."""
    add_roster_group(build)


def add_roster_reading(parser: argparse.ArgumentParser) -> None:
    """Add what decides how a list is read, where it was not found out rightly."""
    parser.add_argument("--encoding", choices=ENCODINGS, default=None, help=help_of("option.encoding"))
    parser.add_argument("--sheet", metavar="NAME", help=help_of("option.sheet"))


def add_roster_group(build: Builder) -> Builder:
    """Add `proctor roster` and return what adds to it."""
    group = build.group("roster", "roster")
    check = group.command("check", "roster.check", roster.check)
    check.add_argument("file", metavar="FILE", help=help_of("option.roster-file"))
    add_roster_reading(check)
    check.add_argument("--photos", metavar="DIR|ZIP", help=help_of("option.photos"))
    check.add_argument("--rules", metavar="ID", help=help_of("option.check-rules"))
    check.add_argument("--sorted", action="store_true", help=help_of("option.sorted"))
    template = group.command("template", "roster.template", roster.template)
    template.add_argument("--out", required=True, metavar="FILE", help=help_of("option.template-out"))
    template.add_argument("--rules", metavar="ID", help=help_of("option.template-rules"))
    window = group.command("window", "roster.window", roster_window.window)
    window.add_argument("file", nargs="?", metavar="FILE", help=help_of("option.roster-window-file"))
    window.add_argument("--training", action="store_true", help=help_of("option.training"))
    return group
