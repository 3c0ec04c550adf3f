"""The command line of cameras: names and options."""

from proctor.cli_build import Builder, Commands, add_login, help_of

cameras = Commands("cameras")


def add_camera_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    del face
    group = build.group("camera", "camera")
    listing = group.command("list", "camera.list", cameras.listing)
    listing.add_argument("--devices-only", action="store_true", help=help_of("option.camera-devices-only"))
    allow = group.command("allow", "camera.allow", cameras.allow_camera)
    ways = ("model", "serial", "port")
    allow.add_argument("--match", choices=ways, help=help_of("option.camera-match"))
    remove = group.command("remove", "camera.remove", cameras.remove_camera)
    for parser in (allow, remove):
        parser.add_argument("spec", metavar="SPEC", help=help_of("option.camera-spec"))
        parser.add_argument("--second", metavar="USER", help=help_of("option.second"))
    for parser in (listing, allow, remove):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)
