"""The command line of presentation attack detection: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, help_of

pad = Commands("pad")


def add_pad_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    del face
    group = build.group("pad", "pad")
    report = group.command("report", "pad.report", pad.report)
    report.add_argument("folder", metavar="FOLDER", help=help_of("option.pad-folder"))
    report.add_argument("--rules", metavar="ID", help=help_of("option.pad-rules"))
    report.add_argument("--out", metavar="FILE", help=help_of("option.pad-report-out"))
    render = group.command("render", "pad.render", pad.render)
    render.add_argument("out", metavar="OUT", help=help_of("option.pad-render-out"))
    render.add_argument("--seeds", required=True, metavar="1,3,5", help=help_of("option.pad-seeds"))
    render.add_argument("--species", metavar="A,B", help=help_of("option.pad-render-species"))
    lights = ("dim", "room", "bright", "window")
    render.add_argument("--light", choices=lights, default="room", help=help_of("option.pad-render-light"))
    _add_record(group.command("record", "pad.record", pad.record_one))


def _add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--camera", required=True, metavar="C", help=help_of("option.camera"))
    parser.add_argument(
        "--label", required=True, choices=("bona-fide", "attack"), help=help_of("option.pad-label")
    )
    parser.add_argument("--species", metavar="S", help=help_of("option.pad-species"))
    parser.add_argument("--subject", required=True, metavar="P", help=help_of("option.pad-subject"))
    parser.add_argument("--out", required=True, metavar="DIR", help=help_of("option.pad-out"))
    parser.add_argument("--consent-on-file", metavar="TEXT", help=help_of("option.pad-consent"))
    parser.add_argument("--screen", default="full", metavar="PLACE", help=help_of("option.pad-screen"))
    sources = ("laboratory", "field")
    parser.add_argument("--source", choices=sources, default="field", help=help_of("option.pad-source"))
    parser.add_argument("--split", default="report", metavar="NAME", help=help_of("option.pad-split"))
    parser.add_argument("--device", default="", metavar="NAME", help=help_of("option.pad-device"))
    parser.add_argument("--light", default="", metavar="NAME", help=help_of("option.pad-light"))
    parser.add_argument("--reference", metavar="FILE", help=help_of("option.pad-reference"))
    parser.add_argument("--checks", metavar="A,B", help=help_of("option.pad-checks"))
    parser.add_argument("--rules", metavar="ID", help=help_of("option.pad-rules"))
    parser.add_argument("--training", action="store_true", help=help_of("option.training"))
