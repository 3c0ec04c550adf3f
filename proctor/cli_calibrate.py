"""The command line of calibration of a face model: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, help_of

_RULES = ("mean", "best", "median")
commands = Commands("calibrate")


def add_calibrate_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    parser = build.command("calibrate", "calibrate", commands.calibrate)
    parser.add_argument("--pairs", required=True, metavar="CSV", help=help_of("option.calibrate-pairs"))
    parser.add_argument(
        "--fmr", type=_rate, action="append", metavar="RATE", help=help_of("option.calibrate-fmr")
    )
    parser.add_argument("--group", metavar="COLUMN", help=help_of("option.calibrate-group"))
    parser.add_argument("--images", metavar="DIR", help=help_of("option.calibrate-images"))
    parser.add_argument("--model", metavar="NAME", help=help_of("option.calibrate-model"))
    parser.add_argument("--rule", choices=_RULES, default="mean", help=help_of("option.calibrate-rule"))
    flip = argparse.BooleanOptionalAction
    parser.add_argument("--flip", action=flip, default=True, help=help_of("option.calibrate-flip"))
    parser.add_argument("--source", default="", metavar="TEXT", help=help_of("option.calibrate-source"))
    parser.add_argument(
        "--out", default="calibration.toml", metavar="FILE", help=help_of("option.calibrate-out")
    )
    parser.add_argument("--picture", metavar="FILE", help=help_of("option.calibrate-picture"))
    group = face.group("calibration", "face.calibration")
    listing = group.command("list", "face.calibration.list", commands.listing)
    show = group.command("show", "face.calibration.show", commands.show)
    use = group.command("use", "face.calibration.use", commands.use)
    for named in (show, use):
        named.add_argument("file", metavar="FILE", help=help_of("option.calibration-file"))
    off = group.command("off", "face.calibration.off", commands.off)
    off.add_argument("--model", metavar="NAME", help=help_of("option.calibrate-model"))
    for entered in (use, off):
        entered.add_argument("--second", metavar="USER", help=help_of("option.second"))
    for each in (parser, listing, use, off):
        each.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(each)


def _rate(text: str) -> float:
    """Return a false match rate, above 0 and at most 0.5: 1e-4, 0.0001."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1e-9 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text}: 1e-9 … 0.5")
    return value
