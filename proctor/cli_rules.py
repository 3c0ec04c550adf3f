"""The command line of rules: names and options."""

from proctor.cli_build import Builder


def add_rules_commands(build: Builder) -> None:
    """Add them."""
