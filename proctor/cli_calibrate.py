"""The command line of calibration of a face model: names and options."""

from proctor.cli_build import Builder


def add_calibrate_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    del build, face
