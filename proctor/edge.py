"""The edge of the process: where a call begins, and where any error becomes a sentence and an exit status.

It loads little, so that a command that needs little starts at once.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from biometrics.errors import BiometricsError
from proctor.camera_option import require_cameras
from proctor.commands.context import Context
from proctor.diagnostics import forbid_core_dumps
from proctor.errors import CommandError
from proctor.recorder import place_of
from proctor.texts import DEFAULT_LANGUAGE, LANGUAGES
from readers.errors import ReaderError
from reports.errors import ReportsError
from sessions.errors import SessionsError

if TYPE_CHECKING:
    from proctor.station_process import Start


def run(
    build: Callable[[], argparse.ArgumentParser],
    arguments: Sequence[str] | None,
    window: "Start | None" = None,
) -> int:
    """Run one command of the command line that `build` returns; return its exit status. `window`: as of a Context."""
    _use_utf8()
    forbid_core_dumps()
    options = build().parse_args(arguments)
    language = options.lang or os.environ.get("PROCTOR_LANG", DEFAULT_LANGUAGE)
    context = Context.of(options, language if language in LANGUAGES else DEFAULT_LANGUAGE, window)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        require_cameras(options)
        status: int = options.run(context)
        sys.stdout.flush()
    except KeyboardInterrupt:
        context.say("interrupted")
        return 130
    except BrokenPipeError:
        # the reader of our output went away (`proctor … | head`); nothing more can be said there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the edge of the process
        return context.fail(command_error(error))
    return status


def command_error(error: Exception) -> CommandError:
    """Return the error in words: at the edge of the process a person gets a sentence, not a traceback."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, (ReaderError, BiometricsError, SessionsError, ReportsError)):
        return CommandError.of(error.code, error.facts)
    if isinstance(error, OSError):
        return CommandError("cannot-write", file=str(error.filename or "stdout"))
    if os.environ.get("PROCTOR_TRACEBACK"):
        raise error
    return CommandError("internal-error", error=type(error).__name__, place=place_of(error))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """A polite kill ends an attempt as Ctrl-C does: it is logged with what it had."""
    raise KeyboardInterrupt


def _use_utf8() -> None:
    """Vietnamese must come out whole under any locale or code page."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
