"""The command line of the replay of the pilot: names and options."""

from proctor.cli_build import Builder, Commands, help_of
from proctor.replay.plan import SEED

replay = Commands("replay")


def add_replay_commands(build: Builder) -> None:
    """Add them."""
    group = build.group("replay", "replay")
    pilot = group.command("pilot", "replay.pilot", replay.pilot_load)
    pilot.add_argument("--out", required=True, metavar="DIR", help=help_of("option.replay-out"))
    pilot.add_argument("--seed", type=int, default=SEED, metavar="N", help=help_of("option.replay-seed"))
    pilot.add_argument("--sessions", type=int, metavar="K", help=help_of("option.replay-sessions"))
    pilot.add_argument("--people", type=int, metavar="N", help=help_of("option.replay-people"))
    pilot.add_argument(
        "--drop-candidate",
        action="append",
        metavar="SBD@N",
        help=help_of("option.replay-drop-candidate"),
    )
    pilot.add_argument(
        "--drop-session", action="append", type=int, metavar="N", help=help_of("option.replay-drop-session")
    )
