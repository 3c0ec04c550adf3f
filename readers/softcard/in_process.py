"""The software card without a reader: for training, where no PC/SC is wanted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from readers.errors import CardLostError, CardMuteError, NoCardError
from readers.softcard.faults import AnswerLostError, CardPulledError, CardSilentError

if TYPE_CHECKING:
    from collections.abc import Callable

READER_NAME: Final = "softcard"
_POLL_S: Final = 0.02


class Card(Protocol):
    """A chip in a reader: SoftCard, or one behind a simulated link."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def reset(self) -> None:
        """Take the power away and give it back."""

    def process(self, octets: bytes) -> bytes:
        """Answer one command. Raises CardPulledError, CardSilentError, AnswerLostError."""


class InProcessConnection:
    """A powered software card; implements `Connection`. A card that was pulled or fell silent stays lost.

    `on_pulled` is told after how many seconds the card comes back, None: never."""

    def __init__(self, card: Card, *, on_pulled: Callable[[float | None], None] | None = None) -> None:
        card.reset()
        self._card: Card | None = card
        self._on_pulled = on_pulled
        self._mute = False
        self.name = READER_NAME
        self.atr = card.atr

    def transceive(self, command: bytes) -> bytes:
        """Return the card's answer. Raises CardLostError, CardMuteError."""
        if self._mute:
            raise CardMuteError(reason="deadline")
        if self._card is None:
            raise CardLostError(step="transmit")
        try:
            return self._card.process(command)
        except (CardPulledError, AnswerLostError) as gone:
            self._card = None
            if self._on_pulled is not None:
                self._on_pulled(gone.back_after_s if isinstance(gone, CardPulledError) else 0.0)
            raise CardLostError(step="transmit") from None
        except CardSilentError:
            self._mute = True
            raise CardMuteError(reason="deadline") from None

    def close(self) -> None:
        """Take the card away."""
        self._card = None


class CardSlot:
    """A reader in process into which the card comes back after it was lifted, or another one in its place.

    `replacement`: what is put back, None: the same card. `monotonic`, `sleep`: seconds."""

    def __init__(
        self,
        card: Card,
        *,
        replacement: Card | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._card: Card = card
        self._replacement = replacement
        self._monotonic = monotonic
        self._sleep = sleep
        self._back_at: float | None = 0.0

    def connect(self, wait_s: float = 0.0) -> InProcessConnection:
        """The card that lies in the slot, after waiting up to so many seconds; for one that never comes back
        nobody waits. Raises NoCardError."""
        deadline = self._monotonic() + wait_s
        if self._back_at is None:
            raise NoCardError()
        while self._monotonic() < self._back_at:
            if self._monotonic() >= deadline:
                raise NoCardError()
            self._sleep(_POLL_S)
        return InProcessConnection(self._card, on_pulled=self._lift)

    def _lift(self, back_after_s: float | None) -> None:
        self._back_at = None if back_after_s is None else self._monotonic() + back_after_s
        if back_after_s and self._replacement is not None:
            self._card, self._replacement = self._replacement, None
