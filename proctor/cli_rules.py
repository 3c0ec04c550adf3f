"""The command line of rules: names and options."""

from proctor.cli_build import Builder, Commands, add_login, help_of

rules = Commands("rules")
_KINDS = ("driving-test", "exam")


def add_rules_commands(build: Builder) -> None:
    """Add `proctor rules list`, `show`, `check`, `confirm`."""
    group = build.group("rules", "rules")
    listing = group.command("list", "rules.list", rules.list_all)
    listing.add_argument("--date", metavar="YYYY-MM-DD", help=help_of("option.rules-date"))
    listing.add_argument("--kind", choices=_KINDS, help=help_of("option.rules-kind"))
    show = group.command("show", "rules.show", rules.show)
    show.add_argument("rules", metavar="ID|FILE", help=help_of("option.rules-id"))
    show.add_argument("--class", dest="licence", metavar="C", help=help_of("option.rules-class"))
    show.add_argument("--date", metavar="YYYY-MM-DD", help=help_of("option.rules-date"))
    check = group.command("check", "rules.check", rules.check)
    check.add_argument("files", nargs="+", metavar="FILE", help=help_of("option.rules-file"))
    confirm = group.command("confirm", "rules.confirm", rules.confirm)
    confirm.add_argument("rules", nargs="?", metavar="ID|FILE", help=help_of("option.rules-id"))
    confirm.add_argument("--session", metavar="S", help=help_of("option.rules-session"))
    confirm.add_argument("--reference", required=True, metavar="TEXT", help=help_of("option.rules-reference"))
    confirm.add_argument("--key", action="append", metavar="KEY", help=help_of("option.rules-key"))
    for parser in (listing, show, confirm):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)
