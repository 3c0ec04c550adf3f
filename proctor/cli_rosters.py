"""The command line of rosters: names and options."""

from proctor.cli_build import Builder


def add_rosters_commands(build: Builder, session: Builder) -> None:
    """Add them."""
