"""The command line of a session's day: names and options."""

import argparse

from proctor.cli_build import Builder, Command, Commands, add_login, add_second, help_of

day = Commands("day")
day_parts = Commands("day_parts")
day_places = Commands("day_places")


def add_doctor_options(parser: argparse.ArgumentParser) -> None:
    """Add what writes the self-test into a log."""
    parser.add_argument("--record", action="store_true", help=help_of("option.record"))
    parser.add_argument("--session", metavar="S", help=help_of("option.record-session"))
    parser.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(parser)


def add_day_commands(build: Builder, session: Builder) -> None:
    """Add them."""
    del build
    _add_course(session)
    _add_parts(session)
    _add_places(session)


def _session_command(group: Builder, name: str, run: Command) -> argparse.ArgumentParser:
    parser = group.command(name, f"session.{name}", run)
    parser.add_argument("session", metavar="S", help=help_of("option.session"))
    add_login(parser)
    return parser


def _add_course(group: Builder) -> None:
    start = _session_command(group, "start", day.start)
    start.add_argument("--roster-hash", metavar="HASH", default="", help=help_of("option.roster-hash"))
    start.add_argument("--without-self-test", metavar="TEXT", help=help_of("option.without-self-test"))
    add_second(start)
    pause = _session_command(group, "pause", day.pause)
    pause.add_argument("--reason", metavar="TEXT", default="break", help=help_of("option.pause-reason"))
    resume = _session_command(group, "resume", day.resume)
    resume.add_argument("--reason", metavar="TEXT", default="", help=help_of("option.pause-reason"))
    call = _session_command(group, "call", day.call)
    call.add_argument("--component", metavar="C", help=help_of("option.day-component"))
    call.add_argument("--room", metavar="R", default="", help=help_of("option.call-room"))
    what = call.add_mutually_exclusive_group()
    what.add_argument("--next", type=int, metavar="N", help=help_of("option.call-next"))
    what.add_argument("--start-at", metavar="HH:MM", help=help_of("option.start-at"))
    what.add_argument("--end", action="store_true", help=help_of("option.call-end"))


def _add_parts(group: Builder) -> None:
    split = _session_command(group, "split", day_parts.split)
    split.add_argument("--parts", type=int, metavar="N", help=help_of("option.parts"))
    how = split.add_mutually_exclusive_group(required=True)
    how.add_argument("--by-range", metavar="A-B,C-D", help=help_of("option.by-range"))
    how.add_argument("--by-room", metavar="P1,P2:P3", help=help_of("option.by-room"))
    how.add_argument("--by-list", action="store_true", help=help_of("option.by-list"))
    how.add_argument("--even", action="store_true", help=help_of("option.even"))
    split.add_argument("--out", required=True, metavar="DIR", help=help_of("option.part-out"))
    join = group.command("join", "session.join", day_parts.join)
    join.add_argument("file", metavar="FILE", help=help_of("option.part-file"))
    _add_station_keys(join)
    join.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(join)
    hand_over = _session_command(group, "hand-over", day_parts.hand_over)
    hand_over.add_argument("--out", required=True, metavar="DIR", help=help_of("option.hand-over-out"))
    hand_over.add_argument("--sheets", metavar="DIR", help=help_of("option.pack-sheets"))
    add_second(hand_over)
    merge = _session_command(group, "merge", day_parts.merge)
    merge.add_argument("packs", nargs="+", metavar="PART", help=help_of("option.part-packs"))
    _add_station_keys(merge)


def _add_station_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--station-key", metavar="FINGERPRINT", action="append", help=help_of("option.part-station-key")
    )
    parser.add_argument("--pins", metavar="DIR", help=help_of("option.pack-pins"))


def _add_places(group: Builder) -> None:
    allocate = _session_command(group, "allocate", day_places.allocate)
    allocate.add_argument("--component", metavar="C", help=help_of("option.day-component"))
    where = allocate.add_mutually_exclusive_group(required=True)
    where.add_argument("--rooms", metavar="P1,P2", help=help_of("option.rooms"))
    where.add_argument("--cars", metavar="X1,X2", help=help_of("option.cars"))
    allocate.add_argument("--capacity", type=int, metavar="N", help=help_of("option.capacity"))
    allocate.add_argument("--seed", metavar="HEX", help=help_of("option.seed"))
    allocate.add_argument("--reason", metavar="TEXT", default="", help=help_of("option.again-reason"))
    draw = _session_command(group, "draw", day_places.draw)
    draw.add_argument("--component", metavar="C", help=help_of("option.day-component"))
    count = draw.add_mutually_exclusive_group(required=True)
    count.add_argument("--count", type=int, metavar="N", help=help_of("option.draw-count"))
    count.add_argument("--share", type=int, metavar="PERCENT", help=help_of("option.draw-share"))
