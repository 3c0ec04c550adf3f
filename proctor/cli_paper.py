"""The command line of the session's sheets: names and options."""

import argparse
from typing import Final

from proctor.cli_build import Builder, Commands, add_login, help_of
from proctor.cli_printing import add_print_options
from proctor.sheet_wish import KINDS, LISTS, OF_COMPONENT

paper = Commands("paper")


_OF_ROOM: Final = frozenset({"call-list", "collection"})
_OF_CANDIDATE: Final = frozenset({"slip", "notice"})


def add_paper_commands(build: Builder, sheets: Builder) -> None:
    """Add them. Everything goes into the group `sheets`."""
    del build
    for kind in KINDS:
        parser = sheets.command(kind, f"sheets.{kind}", paper.write)
        parser.set_defaults(kind=kind)
        parser.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
        parser.add_argument("--out", required=True, metavar="DIR", help=help_of("option.out"))
        _add_own(parser, kind)
        parser.add_argument("--posted", action="store_true", help=help_of("option.sheet-posted"))
        parser.add_argument("--reason", metavar="TEXT", help=help_of("option.sheet-reason"))
        parser.add_argument("--at", type=int, metavar="N", help=help_of("option.sheet-at"))
        parser.add_argument("--print", action="store_true", help=help_of("option.sheet-print"))
        add_print_options(parser)
        add_login(parser)


def _add_own(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add what only some kinds have."""
    if kind in OF_COMPONENT:
        parser.add_argument("--component", metavar="C", help=help_of("option.sheet-component"))
    if kind == "results":
        option = help_of("option.sheet-class")
        parser.add_argument("--class", dest="licence_class", metavar="H", help=option)
    if kind == "incident":
        option = help_of("option.sheet-incident")
        parser.add_argument("--incident", required=True, metavar="I", help=option)
    if kind == "erasure":
        parser.add_argument("--entry", type=int, metavar="N", help=help_of("option.sheet-entry"))
    if kind in _OF_ROOM:
        parser.add_argument("--room", metavar="R", help=help_of("option.sheet-room"))
    if kind in _OF_CANDIDATE:
        option = help_of("option.sheet-candidate")
        parser.add_argument("--candidate", dest="sbd", metavar="SBD", help=option)
    if kind in LISTS:
        parser.add_argument("--pdf-only", action="store_true", help=help_of("option.sheet-pdf-only"))
