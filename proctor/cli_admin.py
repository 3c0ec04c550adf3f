"""The command line of what is administered at a station beside people and keys: names and options."""

from proctor.cli_build import Builder, Commands, help_of

devices = Commands("devices")
diagnostics = Commands("diagnostics")
_SWITCH = ("on", "off")


def add_admin_commands(build: Builder) -> None:
    """Add `proctor devices` and `proctor diagnostics`."""
    group = build.group("devices", "devices")
    group.command("show", "devices.show", devices.show)
    put = group.command("set", "devices.set", devices.put)
    put.add_argument("--reader", metavar="R", help=help_of("option.station-reader"))
    put.add_argument("--camera", metavar="C", help=help_of("option.camera"))
    put.add_argument("--scanner", metavar="VID:PID", help=help_of("option.scanner"))
    put.add_argument("--candidate-screen", metavar="PLACE", help=help_of("option.candidate-screen"))
    put.add_argument("--sounds", choices=_SWITCH, help=help_of("option.devices-sounds"))
    put.add_argument("--scan-by-camera", choices=_SWITCH, help=help_of("option.devices-scan-by-camera"))
    files = build.group("diagnostics", "diagnostics")
    files.command("make", "diagnostics.make", diagnostics.make)
    files.command("list", "diagnostics.list", diagnostics.list_all)
    shown = files.command("show", "diagnostics.show", diagnostics.show)
    shown.add_argument("file", metavar="FILE", help=help_of("option.diagnostics-file"))
