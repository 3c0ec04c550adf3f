"""The software card in a PC/SC reader: the card's side of vsmartcard's vpcd protocol over TCP.

Every message is two octets of length (big endian) and a body. One octet from the reader is a control message,
anything longer a command; only the request for the ATR and commands are answered.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Final

from readers.errors import ReaderError
from readers.softcard.faults import AnswerLostError, CardPulledError, CardSilentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from readers.softcard.in_process import Card

DEFAULT_PORT: Final = 35963
_POWER_OFF: Final = 0
_POWER_ON: Final = 1
_RESET: Final = 2
_GET_ATR: Final = 4
_POLL_S: Final = 0.2
_RETRY_S: Final = 0.5
_REINSERT_S: Final = 1.5
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class VpcdUnreachableError(ReaderError):
    """No virtual reader listens at the address; facts `host`, `port`."""

    code = "vpcd-unreachable"


class _ReaderClosedError(Exception):
    """The reader ended the connection."""


class _StoppedError(Exception):
    """The caller wants to stop."""


def serve_vpcd(
    card: Card,
    host: str,
    port: int,
    stop: Event,
    *,
    wait_s: float = 10.0,
    on_insert: Callable[[], None] | None = None,
    reinsert: bool = True,
    replacement: Card | None = None,
) -> None:
    """Be the card in the reader at host and port until `stop` is set.

    Waits up to `wait_s` seconds for the reader to listen and comes back when it restarts. A card whose fault
    is to be pulled is put back after a moment, or when its fault says, if `reinsert`; `replacement` then comes
    in its place, once. `on_insert` is called each time the card is in the reader. Raises VpcdUnreachableError
    when the reader was never there."""
    first = True
    while not stop.is_set():
        link = _connect(host, port, stop, wait_s if first else None)
        if link is None:
            return
        first = False
        card.reset()
        if on_insert is not None:
            on_insert()
        with contextlib.closing(link):
            pulled = _converse(_Link(link, stop), card)
        if pulled is not None:
            if not reinsert:
                return
            card, replacement = replacement or card, None
        stop.wait(_RETRY_S if pulled is None else pulled)


def _connect(host: str, port: int, stop: Event, wait_s: float | None) -> socket.socket | None:
    """The connection, or None when stopped. Without `wait_s` it is tried for as long as it takes."""
    waited = 0.0
    while not stop.is_set():
        try:
            link = socket.create_connection((host, port), timeout=_POLL_S)
        except OSError:
            if wait_s is not None and waited >= wait_s:
                raise VpcdUnreachableError(host=host, port=port) from None
            stop.wait(_RETRY_S)
            waited += _RETRY_S
        else:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return link
    return None


def _converse(link: _Link, card: Card) -> float | None:
    """Answer the reader until it or the caller ends; return after how many seconds a pulled card comes back."""
    try:
        while True:
            message = link.receive()
            if len(message) == 1:
                _control(link, card, message[0])
            else:
                link.send(_answer(card, message))
    except CardPulledError as pulled:
        return pulled.back_after_s or _REINSERT_S
    except CardSilentError:
        link.stay_silent()
    except (_StoppedError, _ReaderClosedError, OSError):
        pass
    return None


def _answer(card: Card, message: bytes) -> bytes:
    """The card's answer; a lost one is empty, as the reader's driver would have it."""
    try:
        return card.process(message)
    except AnswerLostError:
        return b""


def _control(link: _Link, card: Card, kind: int) -> None:
    if kind in (_POWER_OFF, _POWER_ON, _RESET):
        card.reset()
    elif kind == _GET_ATR:
        link.send(card.atr)


class _Link:
    """Framed messages over a socket that is polled, so that a wish to stop is seen."""

    def __init__(self, link: socket.socket, stop: Event) -> None:
        self._socket = link
        self._stop = stop

    def receive(self) -> bytes:
        """One message. Raises _StoppedError, _ReaderClosedError, OSError."""
        return self._read(int.from_bytes(self._read(2), "big"))

    def send(self, body: bytes) -> None:
        """One message, length and body in one write. Raises OSError."""
        self._socket.sendall(len(body).to_bytes(2, "big") + body)

    def stay_silent(self) -> None:
        """Keep the connection and answer nothing until stopped or cut off."""
        with contextlib.suppress(_StoppedError, _ReaderClosedError, OSError):
            while True:
                self._read(1)

    def _read(self, count: int) -> bytes:
        collected = bytearray()
        while len(collected) < count:
            if self._stop.is_set():
                raise _StoppedError
            if _QUICKACK is not None:
                # The reader sends length and body apart and waits for the first to be acknowledged; without
                # this every command takes 40 ms. The kernel takes the option back, hence before every read.
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            try:
                octets = self._socket.recv(count - len(collected))
            except TimeoutError:
                continue
            if not octets:
                raise _ReaderClosedError
            collected += octets
        return bytes(collected)
