"""The child process of `biometrics.worker`: face work from stdin, answers to stdout, until stdin ends.

Run as `python -m biometrics.worker_process`. The first request is `load` with the engine's options. A thread reads,
so that the process ends with its parent even in the middle of a call. It writes no core files and no output but
answers.
"""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError
from biometrics.frame_link import Inbox, Read

if sys.platform != "win32":
    import resource

OK, ERROR, BUG = "ok", "error", "bug"
CALM = 5  # how much nicer than the preview
Call = tuple[str, tuple[Any, ...], Mapping[str, Any]]


def main() -> None:
    """Serve requests, one after another."""
    _be_modest()
    sink = _private_output()
    inbox = Inbox()
    calls: SimpleQueue[Call] = SimpleQueue()
    Thread(target=_read, args=(inbox, _reader(sys.stdin.buffer), calls), daemon=True).start()
    server = _Server(inbox)
    while True:
        answer = memoryview(server.answer(*calls.get()))
        while answer:
            answer = answer[sink.write(answer) or 0 :]


class _Server:
    """The engine, once it is loaded."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._engine: FaceEngine | None = None

    def answer(self, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> bytes:
        """Return the answer to one call: ("ok", value), ("error", error) or ("bug", kind, place)."""
        try:
            return self._inbox.pack((OK, self._method(name)(*arguments, **options)))
        except BiometricsError as error:
            return self._inbox.pack((ERROR, error))
        except Exception as error:  # noqa: BLE001  a process boundary: the station says that it is a bug
            return self._inbox.pack((BUG, type(error).__name__, _place(error)))

    def _method(self, name: str) -> Callable[..., Any]:
        own: Mapping[str, Callable[..., Any]] = {"load": self._load, "forget": self._forget}
        if name in own:
            return own[name]
        if name.startswith("_"):
            raise AttributeError(name)
        method: Callable[..., Any] = getattr(self._engine, name)
        return method

    def _load(self, **options: Any) -> None:
        self._engine = FaceEngine.load(**options)
        self._engine.warm_up()
        _give_back()

    def _forget(self) -> int:
        """Drop every picture; return how many are still held: 0."""
        forget = getattr(self._engine, "forget", None)
        if forget is not None:
            forget()
        self._inbox.forget_all()
        _give_back()
        return self._inbox.held


def _give_back() -> None:
    """Return freed memory to the system, where its library can: glibc keeps tens of megabytes after loading."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _place(error: Exception) -> str:
    """Return file and line where an exception was raised: never its text, which may hold data."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _be_modest() -> None:
    """Write no core files, which would hold faces; leave Ctrl-C to the parent; let the preview go first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.nice(CALM)


def _private_output() -> BinaryIO:
    """Return where answers go, and send whatever a library prints to nowhere."""
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return sink


def _reader(source: BinaryIO) -> Read:
    def read(size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count: int = source.readinto(view)  # type: ignore[attr-defined]
            if not count:
                raise EOFError
            view = view[count:]
        return data

    return read


def _read(inbox: Inbox, read: Read, calls: "SimpleQueue[Call]") -> None:
    """Hand on requests until the parent is gone; then end at once, whatever is being worked on."""
    try:
        while True:
            calls.put(inbox.take(read))
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
