"""The command line of signatures and time stamps on sheets: names and options."""

from proctor.cli_build import Builder


def add_sign_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build, sheets
