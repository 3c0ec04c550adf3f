"""The command line of presentation attack detection: names and options."""

from proctor.cli_build import Builder


def add_pad_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    del build, face
