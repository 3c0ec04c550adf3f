"""The command line of results and passed components: names and options."""

from proctor.cli_build import Builder


def add_results_commands(build: Builder) -> None:
    """Add them."""
