"""Commands run by the window: the same functions, checks, words and entries as on the command line, in the root that
is open already, by who is logged in.

No window: what a command says comes back in a `Done`; secrets are asked for by whoever makes the runner.
"""

import argparse
import errno
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from rich.console import Console

from proctor.camera_option import require_cameras
from proctor.commands.context import Context
from proctor.config import Places
from proctor.edge import command_error
from proctor.errors import CommandError
from proctor.roots import AskSecret, OpenRoot
from proctor.secret_input import SecretSource
from proctor.texts import window_texts
from proctor.usage import Parser, usage_text

NEW: Final = "new"
AGAIN: Final = "again"
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FIRST: Final = ("user", "add", "--first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to. `status` 0: as wished, 1: another outcome, told in `lines`; `lines`: its result in words;
    `data`: its result as with `--json`; `said`: what it told beside the result, oldest first."""

    status: int
    lines: tuple[str, ...] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    said: tuple[str, ...] = field(default=(), repr=False)


class AskedSecrets(SecretSource):
    """Secrets that somebody at the window is asked for. A new one is asked for twice: `USER/new`, `USER/again`."""

    def __init__(self, ask: AskSecret) -> None:
        super().__init__(None)
        self._window = ask

    def secret_of(self, user_id: str, prompt: str) -> str:
        """Return the password of `user_id`; the window's dialog says what it is for."""
        return self._window(user_id)

    def new_secret_of(self, user_id: str, prompt: str, again: str) -> str:
        """Return a password to be set. Raises CommandError "secret-differs"."""
        secret = self._window(f"{user_id}/{NEW}")
        if self._window(f"{user_id}/{AGAIN}") != secret:
            raise CommandError("secret-differs", user=user_id)
        return secret


@dataclass(frozen=True, slots=True, kw_only=True)
class _HeldContext(Context):
    """A call by the window: nothing is printed. `typed`: what the values "-", "-number" … stand for."""

    window: AskSecret = field(repr=False)
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    tell: Callable[[str], None] = field(default=lambda _line: None, repr=False)
    results: list[tuple[Mapping[str, Any], tuple[str, ...]]] = field(default_factory=list, repr=False)
    told: list[str] = field(default_factory=list, repr=False)

    def ask(self, user_id: str) -> str:
        """Return a secret that the window asks for."""
        return self.window(user_id)

    def say(self, key: str, /, **values: str | int) -> None:
        """Keep one keyed text, and tell the window now."""
        line = self.texts.say(key, **values)
        self.told.append(line)
        self.tell(line)

    def result(self, data: Mapping[str, Any], lines: tuple[str, ...]) -> None:
        """Keep the result."""
        self.results.append((data, lines))

    def flush(self) -> None:
        """Nothing is printed."""

    def read_argument(self, value: str) -> str:
        """Return what was typed for "-" or another name; a file's text for "@FILE" as on the command line."""
        text = self.typed.get(value, "")
        if value != "-" and value not in self.typed:
            return super(_HeldContext, self).read_argument(value)
        if not text.strip():
            raise CommandError("stdin-empty", usage=True)
        return text


class _WindowParser(Parser):
    """Wrong usage is an error that the window says, not the end of the program."""

    def error(self, message: str) -> NoReturn:
        """Raise CommandError "usage-wrong"."""
        raise CommandError("usage-wrong", usage=True, what=usage_text(message))


class Runner:
    """Runs commands in one open root. Each call may take long and belongs beside the window's thread."""

    def __init__(self, places: Places, held: OpenRoot | None, *, language: str, ask: AskSecret) -> None:
        """`ask` gives a person's password ("an"), code ("an/code"), new password ("an/new", "an/again"). `held` None:
        there is no station yet, and no command but that of `first_user`."""
        self._places, self._held, self._language, self._ask = places, held, language, ask
        self._parser: argparse.ArgumentParser | None = None

    def speaking(self, language: str, ask: AskSecret) -> "Runner":
        """Return the same in another language, or with somebody else to ask."""
        other = Runner(self._places, self._held, language=language, ask=ask)
        other._parser = self._parser
        return other

    def run(
        self,
        *words: str,
        typed: str | Mapping[str, str] = "",
        tell: Callable[[str], None] = lambda _line: None,
    ) -> Done:
        """Run one command by its words, as after `proctor`; `--by`, `--training`, `--root` and `--json` are not given.

        Values that somebody typed are given as `--name=value`: a value may begin with "-". `typed`: what "-" stands
        for; where a command takes several such values, a mapping: {"-number": …, "-note": …} for `--number=-number` and
        `--note=-note`. `tell` is called with each line as it is said, from this thread. Raises CommandError: every
        refusal of the command by its own code, "usage-wrong" for words that no command takes.
        """
        options = self._options(words)
        context = _HeldContext(
            options=options,
            texts=window_texts(self._language),
            places=self._places,
            secrets=AskedSecrets(self._ask),
            console=Console(quiet=True),
            held=self._held,
            window=self._ask,
            typed={"-": typed} if isinstance(typed, str) else typed,
            tell=tell,
        )
        try:
            require_cameras(options)
            status: int = options.run(context)
        except Exception as error:  # noqa: BLE001 - the edge of the command, as in `proctor.edge`
            raise _said(error) from None
        return _done(status, context)

    def _options(self, words: Sequence[str]) -> argparse.Namespace:
        if self._parser is None:
            from proctor.cli import build_parser  # noqa: PLC0415 - the whole command line: loaded when the first runs

            self._parser = build_parser(_WindowParser)
        options = self._parser.parse_args(words)
        options.json = True
        if self._held is None:
            if words[: len(_FIRST)] != _FIRST:
                raise CommandError("user-needed")
            return options
        if hasattr(options, "by"):
            options.by = self._held.require_login().operator.user_id
        if hasattr(options, "training"):
            options.training = self._held.training
        return options


def first_user(places: Places, user: str, *, name: str, ask: AskSecret, language: str) -> Done:
    """Make a station with its first user, where no root is open: there is none. Raises CommandError."""
    return Runner(places, None, language=language, ask=ask).run(*_FIRST, f"--name={name}", user)


def _said(error: Exception) -> CommandError:
    """Return the error in words, as at the edge of the process; a disk without room is said to be that."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return CommandError("disk-full")
    return command_error(error)


def _done(status: int, context: _HeldContext) -> Done:
    data: dict[str, Any] = {}
    lines: list[str] = []
    for each, said in context.results:
        data |= json.loads(json.dumps(each, ensure_ascii=False))
        lines += said
    return Done(status=status, data=data, lines=tuple(lines), said=tuple(context.told))
