"""The command line of checking a sheet or a picture of one, and of time stamps: names and options."""

from proctor.cli_build import Builder, Commands, add_login, help_of

verifying = Commands("verify_sheets")
stamping = Commands("stamp_sheets")
_LEVELS = ("T", "LT", "LTA")


def add_verify_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build
    verify = sheets.command("verify", "sheets.verify", verifying.verify)
    verify.add_argument("file", metavar="FILE", help=help_of("option.verify-file"))
    verify.add_argument("--session", metavar="S", help=help_of("option.verify-session"))
    verify.add_argument("--key", action="append", metavar="VKEY", help=help_of("option.verify-key"))
    verify.add_argument("--certificate", metavar="SHA256", help=help_of("option.verify-certificate"))
    verify.add_argument(
        "--authority", action="append", metavar="FILE", help=help_of("option.verify-authority")
    )
    verify.add_argument(
        "--time-stamps", action="append", metavar="FILE", help=help_of("option.verify-stamps")
    )
    verify.add_argument("--crl", action="append", metavar="FILE", help=help_of("option.verify-crl"))
    verify.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(verify)
    stamp = sheets.command("timestamp", "sheets.timestamp", stamping.stamp)
    stamp.add_argument("file", metavar="FILE", help=help_of("option.stamp-file"))
    stamp.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
    stamp.add_argument("--level", choices=_LEVELS, default="T", help=help_of("option.stamp-level"))
    stamp.add_argument("--out", metavar="FILE", help=help_of("option.stamp-out"))
    add_login(stamp)
