"""The command line of the agency's own heads on sheets: names and options."""

from proctor.cli_build import Builder, Commands, help_of

template = Commands("template")


def add_template_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del build
    parser = sheets.command("template", "sheets.template", template.template)
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--write", action="store_true", help=help_of("option.template-write"))
    wanted.add_argument("--check", nargs="?", const="", metavar="FILE", help=help_of("option.template-check"))
    wanted.add_argument("--take", metavar="FILE", help=help_of("option.template-take"))
    wanted.add_argument("--show", action="store_true", help=help_of("option.template-show"))
    parser.add_argument("--training", action="store_true", help=help_of("option.training"))
