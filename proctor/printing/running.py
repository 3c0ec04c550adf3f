"""Running the print system's programs: no shell, an end to every wait, and one language of their answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from proctor.printing.errors import SystemDownError, TimedOutError, ToolMissingError

DEADLINE_S: Final = 10.0
SUBMIT_DEADLINE_S: Final = 60.0
_PACKAGES: Final = {"powershell": "PowerShell"}
_ADMINISTRATORS: Final = "/usr/sbin:/sbin"
"""Where cupsenable lies, which is not in everybody's PATH."""
_OF_CUPS: Final = "cups-client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a program did. Its words may name files and users: they are read, never shown or kept."""

    status: int
    out: str = field(repr=False)
    err: str = field(repr=False)


class Runner(Protocol):
    """Runs one program to its end."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> Ran:
        """Return what it did. Raises ToolMissingError, TimedOutError, SystemDownError."""


def run_tool(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    deadline_s: float = DEADLINE_S,
) -> Ran:
    """Run a program of the system, in a session of its own: it can ask nobody for a password. As Runner."""
    program = shutil.which(command[0]) or shutil.which(command[0], path=_ADMINISTRATORS)
    if program is None:
        raise ToolMissingError(tool=command[0], package=_PACKAGES.get(command[0], _OF_CUPS))
    try:
        done = subprocess.run(
            [program, *command[1:]],
            input=stdin,
            capture_output=True,
            timeout=deadline_s,
            check=False,
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C", **(environment or {})},
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise TimedOutError(tool=command[0]) from None
    except OSError:
        raise SystemDownError(tool=command[0]) from None
    return Ran(
        status=done.returncode,
        out=done.stdout.decode("utf-8", "replace"),
        err=done.stderr.decode("utf-8", "replace"),
    )
