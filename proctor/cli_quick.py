"""A command line of few commands that starts at once: the same names and options as in `proctor.cli`.

Checking a list needs neither readers, faces nor the record, whose loading takes longer than the check.
"""

import argparse
from collections.abc import Sequence

from proctor.cli_build import Builder, help_of
from proctor.cli_rosters import add_roster_group
from proctor.edge import run
from proctor.usage import Parser

QUICK = ("roster",)


def build_quick_parser() -> argparse.ArgumentParser:
    """Return the commands of `QUICK`."""
    parser = Parser(prog="proctor", description=help_of("proctor"))
    parser.set_defaults(json=False, lang=None, root=None)
    add_roster_group(Builder(parser.add_subparsers(metavar="COMMAND", required=True)))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    return run(build_quick_parser, arguments)
