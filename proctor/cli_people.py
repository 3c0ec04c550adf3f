"""The command line of people: names and options."""

from proctor.cli_build import Builder, add_login, help_of
from proctor.commands import people


def add_people_commands(build: Builder) -> None:
    """Add them."""
    users = build.group("user", "user")
    add = users.command("add", "user.add", people.add)
    add.add_argument("id", nargs="?", metavar="ID", help=help_of("option.user-id"))
    add.add_argument("--first", action="store_true", help=help_of("option.first"))
    add.add_argument("--name", metavar="NAME", default="", help=help_of("option.name"))
    add.add_argument("--role", metavar="ROLE", help=help_of("option.role"))
    add_login(add)
    listing = users.command("list", "user.list", people.list_all)
    add_login(listing)
