"""Software cards that are lifted in the middle of a read and put back, or others put in their place."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from readers.emrtd.reading import ChipReader, ReadLimits
from readers.errors import CardLostError
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from tests.support.softcard import read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from readers.emrtd.access_key import AccessKey
    from readers.softcard.personalise import ChipImage
    from tests.support.softcard import Steps


class LiftedConnection:
    """A software card that is taken away before its command number `lost_at` (0: never)."""

    def __init__(self, image: ChipImage, lost_at: int = 0, name: str = "softcard") -> None:
        self._inner = InProcessConnection(SoftCard(image))
        self._lost_at = lost_at
        self.name, self.atr = name, self._inner.atr
        self.commands: list[bytes] = []
        self.closed = False

    def transceive(self, command: bytes) -> bytes:
        self.commands.append(command)
        if self.closed or len(self.commands) == self._lost_at:
            self._inner.close()
            raise CardLostError(step="transmit")
        return self._inner.transceive(command)

    def close(self) -> None:
        self.closed = True
        self._inner.close()


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Table:
    """What lies on the reader in turn: `then` gives a connection, or raises, each time the reader waits."""

    def __init__(self, first: LiftedConnection, *then: Callable[[], LiftedConnection]) -> None:
        self.first = first
        self.put_back: list[LiftedConnection] = []
        self.waited = 0
        self.clock = Clock()
        self.progress: list[tuple[str, int, int]] = []
        self.challenges: list[bytes] = []
        self._then = list(then)

    def reconnect(self) -> LiftedConnection:
        self.waited += 1
        connection = self._then.pop(0)()
        self.put_back.append(connection)
        return connection

    def challenge(self) -> bytes:
        self.challenges.append(secrets.token_bytes(8))
        return self.challenges[-1]

    def reader(self, **options: object) -> ChipReader:
        chosen = {
            "reconnect": self.reconnect,
            "fresh_challenge": self.challenge,
            "limits": ReadLimits(extended_length=False),
            **options,
        }
        return ChipReader(
            self.first,
            randbytes=secrets.token_bytes,
            monotonic=self.clock,
            on_progress=lambda *step: self.progress.append(step),
            **chosen,  # type: ignore[arg-type]
        )

    def read(self, key: AccessKey, **options: object) -> Steps:
        return read_all(self.reader(**options), key)


def commands_of(image: ChipImage, key: AccessKey) -> Sequence[bytes]:
    """The commands of an undisturbed read, for choosing where to lift the card."""
    table = Table(LiftedConnection(image))
    table.read(key)
    return table.first.commands
