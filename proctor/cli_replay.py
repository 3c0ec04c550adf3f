"""The command line of the replay of the pilot: names and options."""

from proctor.cli_build import Builder


def add_replay_commands(build: Builder) -> None:
    """Add them."""
