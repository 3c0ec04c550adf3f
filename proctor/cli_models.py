"""The command line of face models: names and options."""

from proctor.cli_build import Builder, Commands, add_login, help_of

models = Commands("models")


def add_model_commands(build: Builder, face: Builder) -> None:
    """Add them; `face` is the group of the face commands."""
    del build
    group = face.group("model", "face.model")
    listing = group.command("list", "face.model.list", models.listing)
    check = group.command("check", "face.model.check", models.check)
    check.add_argument("file", metavar="FILE", help=help_of("option.model-file"))
    use = group.command("use", "face.model.use", models.use)
    use.add_argument("name", metavar="NAME", help=help_of("option.model-name"))
    off = group.command("off", "face.model.off", models.off)
    off.add_argument("--pad", action="store_true", help=help_of("option.model-pad"))
    for parser in (use, off):
        parser.add_argument("--second", metavar="USER", help=help_of("option.second"))
    for parser in (listing, use, off):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
        add_login(parser)
