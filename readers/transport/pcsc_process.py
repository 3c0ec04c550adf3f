"""The killable child of `pcsc`: makes the PC/SC calls and talks in frames on its standard input and output.

Uses pyscard's scard layer: plain calls with result codes, no threads and no polling of its own.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from readers.errors import (
    CardLostError,
    CardMuteError,
    NoCardError,
    PcscUnavailableError,
    ReaderBusyError,
    ReaderError,
    ReaderGoneError,
    ReaderNotFoundError,
)
from readers.transport import pcsc_framing as framing
from readers.transport import t0
from readers.transport.pcsc_framing import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

_POLL_MS: Final = 250
_CONNECT_RETRY_S: Final = 0.1
_BUSY_PATIENCE_S: Final = 3.0
_GRACE_S: Final = 2.0
_TIMEOUT: Final = 0x8010000A
_NO_READERS: Final = 0x8010002E
_COMM_ERROR: Final = 0x80100013
_PROTO_MISMATCH: Final = 0x8010000F
_RESULTS: Final[dict[int, type[ReaderError]]] = {
    0x80100003: CardLostError,  # SCARD_E_INVALID_HANDLE: the card was taken and the handle with it
    0x80100009: ReaderNotFoundError,  # SCARD_E_UNKNOWN_READER
    0x8010000A: NoCardError,  # SCARD_E_TIMEOUT
    0x8010000B: ReaderBusyError,  # SCARD_E_SHARING_VIOLATION
    0x8010000C: NoCardError,  # SCARD_E_NO_SMARTCARD
    0x8010000F: CardMuteError,  # SCARD_E_PROTO_MISMATCH
    0x80100013: CardLostError,  # SCARD_F_COMM_ERROR
    0x80100016: CardLostError,  # SCARD_E_NOT_TRANSACTED
    0x80100017: ReaderGoneError,  # SCARD_E_READER_UNAVAILABLE
    0x8010001D: PcscUnavailableError,  # SCARD_E_NO_SERVICE
    0x8010001E: ReaderGoneError,  # SCARD_E_SERVICE_STOPPED
    0x8010002E: ReaderGoneError,  # SCARD_E_NO_READERS_AVAILABLE
    0x8010002F: CardLostError,  # SCARD_E_COMM_DATA_LOST
    0x80100065: CardMuteError,  # SCARD_W_UNSUPPORTED_CARD
    0x80100066: CardMuteError,  # SCARD_W_UNRESPONSIVE_CARD
    0x80100067: CardLostError,  # SCARD_W_UNPOWERED_CARD
    0x80100068: CardLostError,  # SCARD_W_RESET_CARD
    0x80100069: CardLostError,  # SCARD_W_REMOVED_CARD
}


def raise_for(result: int, step: str) -> None:
    """Raise the error of a PC/SC result code; return on success."""
    code = result & 0xFFFFFFFF
    if code:
        raise _RESULTS.get(code, ReaderGoneError)(step=step, pcsc=f"{code:08X}")


def pick(names: list[str], wanted: str) -> str:
    """The reader with this name, or the only one whose name contains it. Raises ReaderNotFoundError."""
    if wanted in names:
        return wanted
    close = [name for name in names if wanted and wanted.casefold() in name.casefold()]
    if len(close) != 1:
        raise ReaderNotFoundError(readers=len(names), matching=len(close))
    return close[0]


class Session:
    """One PC/SC context and at most one card. `scard` is pyscard's module."""

    def __init__(self, scard: Any, give_up: Callable[[ReaderError], None] | None = None) -> None:
        self._scard = scard
        self._give_up = give_up
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if result & 0xFFFFFFFF:
            raise PcscUnavailableError(pcsc=f"{result & 0xFFFFFFFF:08X}")
        self._card: Any = None
        self._protocol = 0
        self._reader = ""

    def readers(self) -> list[str]:
        """Names of the connected readers."""
        result, names = self._scard.SCardListReaders(self._context, [])
        if result & 0xFFFFFFFF == _NO_READERS:
            return []
        raise_for(result, "list")
        return list(names)

    def states(self) -> list[dict[str, str]]:
        """Name, state of the card and its answer to reset, for each reader; no card is powered for this."""
        return [self._state(name) for name in self.readers()]

    def _state(self, name: str) -> dict[str, str]:
        scard = self._scard
        result, states = scard.SCardGetStatusChange(self._context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
        if result & 0xFFFFFFFF:
            return {"name": name, "card": "unknown", "atr": ""}
        _, state, atr = states[0]
        if state & scard.SCARD_STATE_MUTE:
            card = "mute"
        elif state & scard.SCARD_STATE_PRESENT:
            held = scard.SCARD_STATE_EXCLUSIVE | scard.SCARD_STATE_INUSE
            card = "in-use" if state & held else "present"
        else:
            card = "empty" if state & scard.SCARD_STATE_EMPTY else "unknown"
        return {"name": name, "card": card, "atr": bytes(atr).hex()}

    def connect(self, wanted: str, wait_s: float) -> tuple[str, bytes]:
        """Wait for a card, power it afresh, and return the reader's name and the ATR.

        Tries again until the time is over: the service may still report a card that was just taken away, a card may
        be put on slowly; and for a moment where another program may be about to let go."""
        self._reader = pick(self.readers(), wanted)
        begun = time.monotonic()
        deadline = begun + wait_s
        while True:
            state = self._wait_for_card(deadline)
            try:
                with self._watched(state):
                    powered = not state & self._scard.SCARD_STATE_UNPOWERED
                    return self._reader, self._power(reset=powered)
            except (CardLostError, CardMuteError, NoCardError, ReaderBusyError) as error:
                self._let_go()
                patience = begun + _BUSY_PATIENCE_S if isinstance(error, ReaderBusyError) else deadline
                if time.monotonic() + _CONNECT_RETRY_S > min(patience, deadline):
                    raise
            time.sleep(_CONNECT_RETRY_S)

    @contextmanager
    def _watched(self, state: int) -> Iterator[None]:
        """Powering a card that another program uses waits for that program's transaction, for ever if need be, and no
        call can be taken back: then this process says that the reader is busy, and ends."""
        if self._give_up is None or not state & self._scard.SCARD_STATE_INUSE:
            yield
            return
        busy = ReaderBusyError(step="connect", reason="transaction")
        timer = threading.Timer(_BUSY_PATIENCE_S, self._give_up, args=(busy,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _power(self, *, reset: bool) -> bytes:
        """The ATR of the card, powered and held for us alone. `reset`: forget what any program before us
        left in it, a selected application or a protected session."""
        scard = self._scard
        preferred = scard.SCARD_PROTOCOL_T1
        result, card, self._protocol = self._open(preferred)
        if result & 0xFFFFFFFF == _PROTO_MISMATCH:
            preferred = scard.SCARD_PROTOCOL_T0
            result, card, self._protocol = self._open(preferred)
        raise_for(result, "connect")
        self._card = card
        if reset:
            result, self._protocol = scard.SCardReconnect(
                card, scard.SCARD_SHARE_EXCLUSIVE, preferred, scard.SCARD_RESET_CARD
            )
            raise_for(result, "reset")
        result, _, _, _, atr = scard.SCardStatus(card)
        raise_for(result, "status")
        return bytes(atr)

    def _open(self, protocol: int) -> tuple[int, Any, int]:
        """T=1 where the card speaks it, since it carries long answers; T=0 else."""
        result, card, active = self._scard.SCardConnect(
            self._context, self._reader, self._scard.SCARD_SHARE_EXCLUSIVE, protocol
        )
        return result, card, active

    def _wait_for_card(self, deadline: float) -> int:
        """The state of the reader once a card is in it. Raises NoCardError, CardMuteError, ReaderGoneError."""
        state = self._scard.SCARD_STATE_UNAWARE
        while True:
            left_ms = max(0, int((deadline - time.monotonic()) * 1000))
            result, states = self._scard.SCardGetStatusChange(
                self._context, min(_POLL_MS, left_ms), [(self._reader, state)]
            )
            if result & 0xFFFFFFFF != _TIMEOUT:
                raise_for(result, "wait")
                state = int(states[0][1])
                if state & (self._scard.SCARD_STATE_UNKNOWN | self._scard.SCARD_STATE_UNAVAILABLE):
                    raise ReaderGoneError(step="wait")
                if state & self._scard.SCARD_STATE_MUTE:
                    raise CardMuteError(step="wait")
                if state & self._scard.SCARD_STATE_PRESENT:
                    return state
            if left_ms == 0:
                raise NoCardError()

    def transmit(self, command: bytes) -> bytes:
        """One exchange, whichever protocol the card speaks. An empty answer means that the card has gone."""
        if self._card is None:
            raise CardLostError(step="transmit")
        if self._protocol == self._scard.SCARD_PROTOCOL_T0:
            return t0.exchange(command, self._transmit)
        return self._transmit(command)

    def _transmit(self, command: bytes) -> bytes:
        result, answer = self._scard.SCardTransmit(self._card, self._protocol, list(command))
        if result & 0xFFFFFFFF == _COMM_ERROR and not self._service_answers():
            raise ReaderGoneError(step="transmit", pcsc=f"{_COMM_ERROR:08X}")
        raise_for(result, "transmit")
        if len(answer) < 2:
            raise CardLostError(step="transmit", octets=len(answer))
        return bytes(answer)

    def _service_answers(self) -> bool:
        """Whether a broken conversation is the card's fault, not that of a service that ended."""
        result, _ = self._scard.SCardListReaders(self._context, [])
        return result & 0xFFFFFFFF in {0, _NO_READERS}

    def _let_go(self) -> None:
        """Leave the card as it is: it may be gone already, and powering down a card that is gone makes some
        drivers blind to the next one. `connect` resets what it finds."""
        if self._card is not None:
            self._scard.SCardDisconnect(self._card, self._scard.SCARD_LEAVE_CARD)
            self._card = None

    def close(self) -> None:
        """Let go of the card, and let the service forget us."""
        self._let_go()
        self._scard.SCardReleaseContext(self._context)


def serve(
    session: Session, next_request: Callable[[], tuple[Kind, bytes] | None], answers: IO[bytes]
) -> None:
    """Answer requests until the station closes its end."""
    while (request := next_request()) is not None:
        try:
            kind, payload = _answer(session, *request)
        except ReaderError as error:
            kind, payload = Kind.FAILED, framing.pack_error(error)
        framing.write(answers, kind, payload)


def _listen(requests: IO[bytes], inbox: queue.SimpleQueue[tuple[Kind, bytes] | None]) -> None:
    """Pass requests on; when the station is gone, end even if a call to a mute card never returns."""
    while (request := framing.read(requests)) is not None:
        inbox.put(request)
    inbox.put(None)
    time.sleep(_GRACE_S)
    os._exit(1)


def _answer(session: Session, kind: Kind, payload: bytes) -> tuple[Kind, bytes]:
    if kind is Kind.LIST:
        return Kind.LISTED, json.dumps(session.states()).encode()
    if kind is Kind.CONNECT:
        wanted = json.loads(payload)
        name, atr = session.connect(wanted["reader"], float(wanted["wait_s"]))
        return Kind.CONNECTED, json.dumps({"name": name, "atr": atr.hex()}).encode()
    return Kind.RECEIVED, session.transmit(payload)


def main() -> int:
    """Serve one station; a missing service or library is told in answer to the first request."""
    inbox: queue.SimpleQueue[tuple[Kind, bytes] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, inbox), daemon=True, name="requests").start()
    answers = sys.stdout.buffer

    def give_up(error: ReaderError) -> None:
        framing.write(answers, Kind.FAILED, framing.pack_error(error))
        os._exit(1)

    try:
        session = _start(give_up)
    except PcscUnavailableError as error:
        if inbox.get() is not None:
            framing.write(answers, Kind.FAILED, framing.pack_error(error))
        return 1
    try:
        serve(session, inbox.get, answers)
    except BrokenPipeError:
        return 1
    finally:
        session.close()
    return 0


def _start(give_up: Callable[[ReaderError], None]) -> Session:
    try:
        from smartcard import scard  # noqa: PLC0415 - a station without pyscard must still start
    except ImportError:
        raise PcscUnavailableError(reason="pyscard-missing") from None
    return Session(scard, give_up)


if __name__ == "__main__":
    os._exit(main())  # the listening thread may hold standard input, which a normal exit would wait for
