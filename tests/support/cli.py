"""Runs the command line in this process: arguments in; exit status, standard output and error out."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from proctor.cli import build_parser, main

_parser = cache(build_parser)
"""The command line is the same for every call; making it takes longer than most commands."""

PASSWORD = "mật khẩu mẫu 1"
SECOND_PASSWORD = "mật khẩu mẫu 2"


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@contextlib.contextmanager
def descriptor_with(text: str) -> Iterator[int]:
    """An open descriptor that gives `text`, as a shell's here-string would."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    yield reading
    with contextlib.suppress(OSError):
        os.close(reading)


def proctor(*arguments: str | Path, stdin: str = "", secrets: dict[str, str] | None = None) -> Ran:
    """Run one command. `secrets`: user id → password, given over a descriptor."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        line = [str(argument) for argument in arguments]
        if secrets is not None:
            text = "".join(f"{user}:{secret}\n" for user, secret in secrets.items())
            line += ["--secrets-fd", str(stack.enter_context(descriptor_with(text)))]
        stack.enter_context(mock.patch("proctor.cli.build_parser", _parser))
        stack.enter_context(mock.patch.object(sys, "stdin", io.StringIO(stdin)))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            status = main(line)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
    return Ran(status, out.getvalue(), err.getvalue())
