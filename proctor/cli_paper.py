"""The command line of the session's sheets: names and options."""

from proctor.cli_build import Builder, Command, add_login, help_of
from proctor.commands import paper

_SHEETS: tuple[tuple[str, Command], ...] = (
    ("attendance", paper.attendance),
    ("exceptions", paper.exceptions),
    ("results", paper.results),
    ("summary", paper.summary),
    ("incident", paper.incident),
    ("self-test", paper.self_test),
    ("call-list", paper.call_list),
)
_OF_COMPONENT = frozenset({"attendance", "call-list"})


def add_paper_commands(build: Builder, sheets: Builder) -> None:
    """Add them. Everything goes into the group `sheets`."""
    del build
    for name, run in _SHEETS:
        parser = sheets.command(name, f"sheets.{name}", run)
        parser.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
        parser.add_argument("--out", required=True, metavar="DIR", help=help_of("option.out"))
        if name in _OF_COMPONENT:
            parser.add_argument("--component", metavar="C", help=help_of("option.sheet-component"))
        if name == "results":
            option = help_of("option.sheet-class")
            parser.add_argument("--class", dest="licence_class", metavar="H", help=option)
        if name == "incident":
            option = help_of("option.sheet-incident")
            parser.add_argument("--incident", required=True, metavar="I", help=option)
        if name == "call-list":
            parser.add_argument("--room", metavar="R", help=help_of("option.sheet-room"))
        add_login(parser)
