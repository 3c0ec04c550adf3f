"""The software card without a reader: for training, where no PC/SC is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.errors import CardLostError, CardMuteError
from readers.softcard.faults import CardPulledError, CardSilentError

if TYPE_CHECKING:
    from readers.softcard.chip import SoftCard

READER_NAME: Final = "softcard"


class InProcessConnection:
    """A powered software card; implements `Connection`. A card that was pulled or fell silent stays lost."""

    def __init__(self, card: SoftCard) -> None:
        card.reset()
        self._card: SoftCard | None = card
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
        except CardPulledError:
            self._card = None
            raise CardLostError(step="transmit") from None
        except CardSilentError:
            self._mute = True
            raise CardMuteError(reason="deadline") from None

    def close(self) -> None:
        """Take the card away."""
        self._card = None
