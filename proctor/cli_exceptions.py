"""The command line of overrides, the manual path, incidents: names and options."""

from proctor.cli_build import Builder


def add_exceptions_commands(build: Builder) -> None:
    """Add them."""
