"""What every command gets: options, texts, folders, and where to print."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console

from proctor.config import Places
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.present import ACCESS_KINDS, AccessText
from proctor.secret_input import SecretSource
from proctor.texts import Texts, load_texts
from readers.emrtd.access_key import refuse_pin
from sessions.roles import load_roles

if TYPE_CHECKING:
    from proctor.roots import OpenRoot
    from proctor.station_process import Start

MAX_STDIN_CHARACTERS = 8 * 1024
_CAN = re.compile(r"[0-9]{6}")
_ROLES = ("role", "roles")
_ASKED = {"code": "mã 6 số / 6-digit code", "pin": "mã PIN của token / token PIN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One call of the command line. Results go to standard output, all else to standard error.

    `start_window`: how the station's window is started, where its process was begun already.
    `held`: the data root that the station's window holds open; a command then works in it and asks nobody who is here.
    """

    options: argparse.Namespace
    texts: Texts
    places: Places
    secrets: SecretSource
    console: Console
    start_window: "Start | None" = field(default=None, repr=False)
    held: "OpenRoot | None" = field(default=None, repr=False)

    @classmethod
    def of(cls, options: argparse.Namespace, language: str, window: "Start | None" = None) -> "Context":
        """Return the context of parsed options."""
        return cls(
            options=options,
            texts=load_texts(language),
            places=Places.of(options.root),
            secrets=SecretSource(getattr(options, "secrets_fd", None)),
            console=Console(stderr=True, highlight=False, soft_wrap=True),
            start_window=window,
        )

    @contextmanager
    def open_real(self, *, login: bool) -> "Iterator[OpenRoot]":
        """Open the real root as the person of `--by`; `login` as in `proctor.roots.open_real`.

        Raises CommandError, SessionsError; "held-other" where the window holds training's root.
        """
        from proctor.roots import open_real  # noqa: PLC0415 - it loads what opens a root; help waits for nothing

        if self.held is not None:
            yield self._held(training=False)
            return
        with open_real(self.places.real, by=self.options.by, ask=self.ask, login=login) as opened:
            yield opened

    @contextmanager
    def open_training(self) -> "Iterator[OpenRoot]":
        """Open the training root, made when absent. Raises CommandError, SessionsError; "held-other" as above."""
        from proctor.roots import ensure_training_root, open_training  # noqa: PLC0415 - as above

        if self.held is not None:
            yield self._held(training=True)
            return
        with open_training(ensure_training_root(self.places.training)) as opened:
            yield opened

    def _held(self, *, training: bool) -> "OpenRoot":
        if self.held is None or self.held.training is not training:
            raise CommandError("held-other")
        return self.held

    def require_closed(self) -> None:
        """For what needs the data root to itself. Raises CommandError "held-closed" where the window holds it."""
        if self.held is not None:
            raise CommandError("held-closed")

    def ask(self, user_id: str) -> str:
        """Return the password of a user who logs in."""
        what = _ASKED.get(user_id.partition("/")[2], "mật khẩu / password")
        return self.secrets.secret_of(user_id, f"{user_id}: {what}: ")

    def say(self, key: str, /, **values: str | int) -> None:
        """Print one keyed text to standard error."""
        self.console.print(self.texts.say(key, **values), markup=False)

    def result(self, data: Mapping[str, Any], lines: tuple[str, ...]) -> None:
        """Print the result: the object with --json, else the lines."""
        if self.options.json:
            print(json.dumps(data, ensure_ascii=False, indent=1))  # noqa: T201 - this is the output
        else:
            for line in lines:
                print(line)  # noqa: T201

    def flush(self) -> None:
        """Let a reader of our output see it now."""
        sys.stdout.flush()

    def fail(self, error: CommandError) -> int:
        """Tell why a command could not do its job; return its exit status."""
        text = self.texts.say(error.code, **_spoken(error.facts, self.texts.language))
        if self.options.json and not error.usage:
            vi, en = (
                load_texts(language).say(error.code, **_spoken(error.facts, language))
                for language in ("vi", "en")
            )
            self.result({"ok": False, "code": error.code, "vi": vi, "en": en, "facts": dict(error.facts)}, ())
        self.console.print(text, markup=False)
        return 2 if error.usage else 1

    def access_text(self) -> AccessText:
        """Return what may open the chip. Raises AccessPinRefusedError: nobody is asked for the holder's PIN."""
        if self.options.pin is not None:
            refuse_pin()
        kind = next(kind for kind in ACCESS_KINDS if getattr(self.options, kind, None) is not None)
        text = self.read_argument(getattr(self.options, kind))
        if kind == "can" and not _CAN.fullmatch(text.strip()):
            raise CommandError("can-invalid", usage=True)
        return AccessText(kind, text)

    def read_argument(self, value: str) -> str:
        """Return what an option names: "-" standard input, "@FILE" a file's text; raises CommandError for the rest.

        A number or a note given as it is would stand in the process list and in the shell's history.
        """
        if value.startswith("@"):
            return _text_of(value[1:])
        if value != "-":
            raise CommandError("argument-in-the-open", usage=True)
        text = sys.stdin.read(MAX_STDIN_CHARACTERS)
        if not text.strip():
            raise CommandError("stdin-empty", usage=True)
        return text


def _text_of(path: str) -> str:
    """Return the text of a file given as "@FILE"; raises CommandError."""
    try:
        return read_file(path, MAX_STDIN_CHARACTERS).decode("utf-8")
    except UnicodeDecodeError:
        raise CommandError("file-missing", file=path) from None


def _spoken(facts: Mapping[str, str | int], language: str) -> dict[str, str | int]:
    """Return the facts of an error with roles by the law's terms, which are Vietnamese; a training role goes unnamed
    among others.
    """
    said = dict(facts)
    names = [name for name in _ROLES if isinstance(said.get(name), str)] if language == "vi" else []
    for name in names:
        known, ids = load_roles(), str(said[name]).split()
        named = [role for role in ids if role in known and not (known[role].training_only and len(ids) > 1)]
        if named:
            said[name] = ", ".join(known[role].label for role in named)
    return said
