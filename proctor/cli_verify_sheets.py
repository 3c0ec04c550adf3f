"""The command line of checking a sheet or a picture of one: names and options."""

from proctor.cli_build import Builder


def add_verify_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build, sheets
