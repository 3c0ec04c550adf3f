"""The command line of the agency's own heads on sheets: names and options."""

from proctor.cli_build import Builder


def add_template_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build, sheets
