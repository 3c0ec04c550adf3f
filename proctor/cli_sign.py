"""The command line of signatures on sheets: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, help_of

_PURPOSES = ("signatures", "time-stamps")
sign = Commands("sign")
authority = Commands("sign_authority")


def add_sign_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build
    parser = sheets.command("sign", "sheets.sign", sign.sign)
    parser.add_argument("file", metavar="FILE", help=help_of("option.sign-file"))
    parser.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
    parser.add_argument("--field", metavar="F", help=help_of("option.sign-field"))
    parser.add_argument("--role", metavar="R", help=help_of("option.sign-role"))
    _add_token(parser)
    parser.add_argument("--certificate", metavar="LABEL", help=help_of("option.sign-certificate"))
    parser.add_argument("--out", metavar="FILE", help=help_of("option.sign-out"))
    add_login(parser)
    _add_token(sheets.command("token", "sheets.token", sign.token))
    _add_authority(sheets.group("authority", "sheets.authority"))


def _add_token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--token", required=True, metavar="LIBRARY", help=help_of("option.sign-token"))
    parser.add_argument("--token-label", metavar="L", help=help_of("option.sign-token-label"))


def _add_authority(group: Builder) -> None:
    add = group.command("add", "sheets.authority.add", authority.add)
    add.add_argument("file", metavar="FILE", help=help_of("option.authority-file"))
    purpose = help_of("option.authority-purpose")
    add.add_argument("--purpose", required=True, choices=_PURPOSES, help=purpose)
    add.add_argument("--ocsp", metavar="URL", help=help_of("option.authority-ocsp"))
    add.add_argument("--dry-run", action="store_true", help=help_of("option.key-dry-run"))
    add.add_argument("--compared", metavar="SHA256", help=help_of("option.key-compared"))
    remove = group.command("remove", "sheets.authority.remove", authority.remove)
    remove.add_argument("fingerprint", metavar="FINGERPRINT", help=help_of("option.authority-fingerprint"))
    remove.add_argument("--purpose", choices=_PURPOSES, help=purpose)
    for parser in (add, remove):
        parser.add_argument("--second", metavar="USER", help=help_of("option.second"))
    listing = group.command("list", "sheets.authority.list", authority.listing)
    crl = group.command("crl", "sheets.authority.crl", authority.crl)
    crl.add_argument("file", metavar="FILE", help=help_of("option.authority-crl"))
    crl.add_argument("--issuer", metavar="FILE", help=help_of("option.authority-issuer"))
    service = group.command("service", "sheets.authority.service", authority.service)
    service.add_argument("--url", metavar="URL", help=help_of("option.authority-url"))
    for parser in (add, remove, listing, crl, service):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)
