"""The command line of people: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, add_second, help_of

keys = Commands("keys")
people = Commands("people")
people_changes = Commands("people_changes")


def add_people_commands(build: Builder) -> None:
    """Add them."""
    users = build.group("user", "user")
    add = users.command("add", "user.add", people.add)
    add.add_argument("id", nargs="?", metavar="ID", help=help_of("option.user-id"))
    add.add_argument("--first", action="store_true", help=help_of("option.first"))
    add.add_argument("--name", metavar="NAME", default="", help=help_of("option.name"))
    add.add_argument("--role", metavar="ROLE", help=help_of("option.role"))
    add_second(add)
    add_login(add)
    listing = users.command("list", "user.list", people.list_all)
    add_login(listing)
    _add_changes(users)
    _add_own(users)


def _add_changes(users: Builder) -> None:
    """What two persons do about a third."""
    for name, run in (
        ("role", people_changes.role),
        ("disable", people_changes.disable),
        ("enable", people_changes.enable),
        ("unlock", people_changes.unlock),
        ("reset", keys.enrol_user),
    ):
        parser = users.command(name, f"user.{name}", run)
        parser.add_argument("user", metavar="USER", help=help_of("option.person"))
        if name == "role":
            parser.add_argument("--role", required=True, metavar="ROLE", help=help_of("option.new-role"))
        if name in {"disable", "enable"}:
            parser.add_argument("--reason", required=True, metavar="TEXT", help=help_of("option.reason"))
        add_second(parser)
        add_login(parser)


def _add_own(users: Builder) -> None:
    """What one does for oneself."""
    password = users.command("password", "user.password", keys.passwd)
    renewed = users.command("key", "user.key", people_changes.key)
    codes = users.command("totp", "user.totp", people_changes.totp)
    step = codes.add_mutually_exclusive_group()
    step.add_argument("--confirm", action="store_true", help=help_of("option.confirm-code"))
    step.add_argument("--off", action="store_true", help=help_of("option.off"))
    token = users.command("token", "user.token", people_changes.token)
    token.add_argument("--pkcs11", metavar="FILE", help=help_of("option.user-pkcs11"))
    token.add_argument("--token", metavar="LABEL", help=help_of("option.user-token"))
    token.add_argument("--key", metavar="LABEL", help=help_of("option.user-token-key"))
    card = users.command("card", "user.card", people_changes.card)
    number = card.add_mutually_exclusive_group()
    number.add_argument("--qr", metavar="-", help=help_of("option.card-qr"))
    number.add_argument("--number", metavar="-", help=help_of("option.card-number"))
    for parser in (token, card):
        _add_off(parser)
        add_second(parser)
    for parser in (password, renewed, codes, token, card):
        add_login(parser)


def _add_off(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--off", action="store_true", help=help_of("option.off"))
