"""Cards in PC/SC readers. Every PC/SC call is made by a child process that can be killed: a mute card
blocks a call for ever, and no thread can be taken back. Nothing secret goes to the child but the commands
themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from readers.errors import CardMuteError, PcscUnavailableError, ReaderGoneError
from readers.transport import pcsc_framing as framing
from readers.transport.base import ReaderInfo, is_virtual_reader
from readers.transport.pcsc_framing import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

START_DEADLINE_S: Final = 15.0
_CONNECT_GRACE_S: Final = 10.0
_REAP_S: Final = 5.0
_ROOT: Final = Path(__file__).resolve().parents[2]
_COMMAND: Final = (sys.executable, "-P", "-m", "readers.transport.pcsc_process")


def list_readers(*, deadline_s: float = START_DEADLINE_S) -> tuple[ReaderInfo, ...]:
    """The connected readers and what lies in them. Raises PcscUnavailableError."""
    with PcscProcess() as process:
        return process.readers(deadline_s=deadline_s)


def connect(reader_name: str, *, wait_s: float, apdu_deadline_s: float) -> PcscConnection:
    """Power the card in the reader with this name (or the only one whose name contains it), waiting for a
    card.

    Raises PcscUnavailableError (no service, or one that does not answer), ReaderNotFoundError, ReaderBusyError,
    NoCardError (no card within `wait_s` seconds), CardMuteError (present but silent), ReaderGoneError."""
    process = PcscProcess()
    try:
        process.readers(deadline_s=START_DEADLINE_S)
        request = json.dumps({"reader": reader_name, "wait_s": wait_s}).encode()
        deadline_s = wait_s + apdu_deadline_s + _CONNECT_GRACE_S
        payload = process.ask(
            Kind.CONNECT, request, Kind.CONNECTED, deadline_s=deadline_s, late=CardMuteError
        )
    except BaseException:
        process.close()
        raise
    found = json.loads(payload)
    return PcscConnection(
        process, name=found["name"], atr=bytes.fromhex(found["atr"]), deadline_s=apdu_deadline_s
    )


class PcscConnection:
    """A powered card in a PC/SC reader; implements `Connection`. Unusable after any error."""

    def __init__(self, process: PcscProcess, *, name: str, atr: bytes, deadline_s: float) -> None:
        self._process = process
        self._deadline_s = deadline_s
        self.name = name
        self.atr = atr

    def transceive(self, command: bytes) -> bytes:
        """Send one command. Raises CardLostError, CardMuteError (deadline passed, child killed),
        ReaderGoneError."""
        return self._process.ask(
            Kind.TRANSMIT, command, Kind.RECEIVED, deadline_s=self._deadline_s, late=CardMuteError
        )

    def close(self) -> None:
        """Let go of the card and end the child; harmless when called again."""
        self._process.close()

    def __enter__(self) -> PcscConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PcscProcess:
    """The killable child. One request at a time; every answer has a deadline."""

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        try:
            self._child = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(os.environ),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError:
            raise PcscUnavailableError(reason="process") from None
        self._answers: queue.SimpleQueue[tuple[Kind, bytes] | None] = queue.SimpleQueue()
        self._pump = threading.Thread(target=self._read_answers, daemon=True, name="pcsc-answers")
        self._pump.start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def ask(
        self,
        kind: Kind,
        payload: bytes,
        expected: Kind,
        *,
        deadline_s: float,
        late: type[CardMuteError | PcscUnavailableError],
    ) -> bytes:
        """Send a request and return the payload of its answer. Kills the child and raises `late` after the
        deadline."""
        try:
            framing.write(_pipe(self._child.stdin), kind, payload)
            answer = self._answers.get(timeout=deadline_s)
        except queue.Empty:
            self._kill()
            raise late(reason="deadline") from None
        except (OSError, ValueError):
            answer = None
        if answer is None:
            self._kill()
            raise ReaderGoneError(reason="process-ended")
        answer_kind, content = answer
        if answer_kind is Kind.FAILED:
            raise framing.unpack_error(content)
        if answer_kind is not expected:
            self._kill()
            raise ReaderGoneError(reason="process-confused")
        return content

    def readers(self, *, deadline_s: float) -> tuple[ReaderInfo, ...]:
        """The connected readers and what lies in them. Raises PcscUnavailableError, ReaderGoneError."""
        payload = self.ask(Kind.LIST, b"", Kind.LISTED, deadline_s=deadline_s, late=PcscUnavailableError)
        return tuple(
            ReaderInfo(
                name=each["name"],
                virtual=is_virtual_reader(each["name"]),
                card=each["card"],
                atr=bytes.fromhex(each["atr"]),
            )
            for each in json.loads(payload)
        )

    def close(self) -> None:
        """Let the child release the card and end; kill it if it does not."""
        with contextlib.suppress(OSError):
            _pipe(self._child.stdin).close()
        try:
            self._child.wait(timeout=_REAP_S)
        except subprocess.TimeoutExpired:
            self._kill()
        self._reap()

    def _kill(self) -> None:
        self._child.kill()
        self._child.wait()
        self._reap()

    def _reap(self) -> None:
        if threading.current_thread() is not self._pump:
            self._pump.join(timeout=_REAP_S)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _read_answers(self) -> None:
        stream = _pipe(self._child.stdout)
        while True:
            try:
                answer = framing.read(stream)
            except (OSError, ValueError):
                answer = None
            self._answers.put(answer)
            if answer is None:
                return

    def __enter__(self) -> PcscProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise OSError("no pipe")
    return stream


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The station's environment, with this checkout or installation first on the module path."""
    paths = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH", "")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths)}
