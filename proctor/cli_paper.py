"""The command line of the session's sheets: names and options."""

from proctor.cli_build import Builder


def add_paper_commands(build: Builder, sheets: Builder) -> None:
    """Add them."""
