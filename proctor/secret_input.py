"""Secrets come from the terminal or from a file descriptor; never from arguments or the environment."""

import getpass
import os
import warnings
from collections.abc import Callable

from proctor.errors import CommandError

MAX_SECRET_BYTES = 64 * 1024


class SecretSource:
    """Gives each person's password once asked for.

    `--secrets-fd N` names an open file descriptor with one line for each person, `USER-ID:PASSWORD`; where only one
    password is asked for, a single line without a known id is that password. Without it the terminal is asked.
    """

    def __init__(self, fd: int | None, ask: Callable[[str], str] = getpass.getpass) -> None:
        self._fd = fd
        self._ask = ask
        self._lines: list[str] | None = None

    def __repr__(self) -> str:
        return f"SecretSource(fd={self._fd})"

    def secret_of(self, user_id: str, prompt: str) -> str:
        """Return the password of `user_id`. Raises CommandError "secret-missing"."""
        if self._fd is not None:
            return self._from_lines(user_id)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)  # no terminal: a pipe is not asked
                return self._ask(prompt)
        except (EOFError, OSError, getpass.GetPassWarning):
            raise CommandError("secret-missing", user=user_id) from None

    def new_secret_of(self, user_id: str, prompt: str, again: str) -> str:
        """Return a password to be set; on a terminal it is asked for twice. Raises CommandError."""
        secret = self.secret_of(user_id, prompt)
        if self._fd is None and self.secret_of(user_id, again) != secret:
            raise CommandError("secret-differs", user=user_id)
        return secret

    def _from_lines(self, user_id: str) -> str:
        lines = self._read()
        for line in lines:
            if line.startswith(f"{user_id}:"):
                return line.removeprefix(f"{user_id}:")
        if len(lines) == 1:
            return lines[0]
        raise CommandError("secret-missing", user=user_id)

    def _read(self) -> list[str]:
        if self._lines is None:
            if self._fd is None:
                return []
            try:
                with os.fdopen(self._fd, "rb") as stream:
                    data = stream.read(MAX_SECRET_BYTES)
                self._lines = [line for line in data.decode("utf-8-sig").splitlines() if line]
            except (OSError, UnicodeDecodeError):
                raise CommandError("secrets-fd-unreadable", usage=True, fd=self._fd) from None
        return self._lines
