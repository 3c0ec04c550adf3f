"""The command line of reports over many sessions: names and options."""

from proctor.cli_build import Builder


def add_report_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build, sheets
