"""What the command line is built with: help in both languages, common options, log-in, access to a card."""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

from proctor.commands.context import Context
from proctor.present import ACCESS_KINDS
from proctor.texts import LANGUAGES, load_texts

Command = Callable[[Context], int]


class Commands:
    """The commands of one module of `proctor.commands`. It is loaded when one of them runs: help waits for nothing."""

    def __init__(self, module: str) -> None:
        self._module = f"proctor.commands.{module}"

    def __getattr__(self, name: str) -> Command:
        """Return the command of this name; AttributeError where there is none, once it runs."""

        def run(context: Context) -> int:
            command: Command = getattr(import_module(self._module), name)
            return command(context)

        run.__qualname__ = f"{self._module}:{name}"
        return run


def help_of(key: str) -> str:
    """Both languages in one line, Vietnamese first."""
    return f"{load_texts('vi')[f'help.{key}']} · {load_texts('en')[f'help.{key}']}"


def common_options() -> argparse.ArgumentParser:
    """Return what every command has: root, language, JSON."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", metavar="DIR", help=help_of("option.root"))
    common.add_argument("--lang", choices=LANGUAGES, default=None, help=help_of("option.lang"))
    common.add_argument("--json", action="store_true", help=help_of("option.json"))
    return common


class Builder:
    """Adds commands that share the common options."""

    def __init__(self, parsers: "argparse._SubParsersAction[Any]") -> None:
        self._parsers = parsers
        self._common = common_options()

    def command(self, name: str, key: str, run: Command | None = None) -> argparse.ArgumentParser:
        """Add a command and return its parser."""
        parents = [self._common] if run is not None else []
        parser: argparse.ArgumentParser = self._parsers.add_parser(
            name, help=help_of(key), description=help_of(key), parents=parents
        )
        if run is not None:
            parser.set_defaults(run=run)
        return parser

    def group(self, name: str, key: str) -> "Builder":
        """Add a command that has commands of its own, and return what adds them."""
        parser = self.command(name, key)
        builder = Builder.__new__(Builder)
        builder._parsers = parser.add_subparsers(metavar="COMMAND", required=True)
        builder._common = self._common
        return builder


def add_login(parser: argparse.ArgumentParser) -> None:
    """Add who acts, and where passwords come from."""
    parser.add_argument("--by", metavar="USER", help=help_of("option.by"))
    parser.add_argument("--secrets-fd", type=int, metavar="N", help=help_of("option.secrets-fd"))


def add_access(parser: argparse.ArgumentParser, *, can: bool) -> None:
    """Add what may open a chip; `can`: also a card's own access number."""
    group = parser.add_mutually_exclusive_group(required=True)
    for kind in ACCESS_KINDS if can else ACCESS_KINDS[:-1]:
        group.add_argument(f"--{kind}", metavar="-", help=help_of(f"option.{kind}"))
    group.add_argument("--pin", nargs="?", const="", metavar="-", help=help_of("option.pin"))


def add_second(parser: argparse.ArgumentParser) -> None:
    """Add who the second person is, and what proves that this person is here now."""
    parser.add_argument("--second", metavar="USER", help=help_of("option.second"))
    proofs = ("password", "token", "card-face")
    parser.add_argument("--second-proof", choices=proofs, help=help_of("option.second-proof"))
    parser.add_argument("--second-reader", metavar="R", help=help_of("option.second-reader"))
    parser.add_argument("--second-camera", metavar="C", help=help_of("option.second-camera"))
    opened_by = parser.add_mutually_exclusive_group()
    opened_by.add_argument("--second-qr", metavar="-", help=help_of("option.second-qr"))
    opened_by.add_argument("--second-number", metavar="-", help=help_of("option.second-number"))
