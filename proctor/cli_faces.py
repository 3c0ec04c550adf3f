"""The command line of faces of a session: names and options."""

from proctor.cli_build import Builder, Commands, add_login, help_of

faces = Commands("faces")


def add_face_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    del build
    search = face.command("search", "face.search", faces.search)
    search.add_argument("--session", required=True, metavar="S", help=help_of("option.session"))
    search.add_argument("--top", type=int, default=20, metavar="N", help=help_of("option.search-top"))
    search.add_argument("--all", action="store_true", help=help_of("option.search-all"))
    search.add_argument("--reason", metavar="TEXT", help=help_of("option.reason"))
    add_login(search)
