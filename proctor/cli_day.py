"""The command line of a session's day: names and options."""

from proctor.cli_build import Builder


def add_day_commands(build: Builder, session: Builder) -> None:
    """Add them."""
