"""Going on with a read after the card was lifted: only with the same chip, which shows the same EF.SOD and proves its
keys again; what was read before is kept, and its hash proves the whole in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import files
from readers.emrtd.access import difference
from readers.emrtd.chip_proofs import ChipProver, Proofs
from readers.emrtd.file_reader import PartialFile, Progress
from readers.emrtd.session import ChipSession
from readers.emrtd.steps import RESUME
from readers.errors import (
    CardLostError,
    CardMuteError,
    CardSwappedError,
    NoCardError,
    PcscUnavailableError,
    ReaderBusyError,
    ReaderError,
    ReaderGoneError,
    ReaderNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.access import Granted
    from readers.emrtd.evidence import ActiveProof, GenuineChip
    from readers.emrtd.files import FileSpec
    from readers.emrtd.session import Tools
    from readers.transport.base import Connection

MAX_RESUMES: Final = 3
_RECONNECT_TRIES: Final = 3
_NOT_BACK_YET: Final = (NoCardError, CardLostError, CardMuteError)
_NO_CARD_TO_JUDGE: Final = (
    CardLostError,
    CardMuteError,
    NoCardError,
    PcscUnavailableError,
    ReaderBusyError,
    ReaderGoneError,
    ReaderNotFoundError,
)


class Resumption:
    """Whether and how the read of one genuine chip may go on; `resumes` counts, `active_proofs` collects.

    `granted`: how the chip was opened, the key that worked included. `use_challenge` gives eight fresh octets."""

    def __init__(
        self,
        tools: Tools,
        genuine: GenuineChip,
        granted: Granted,
        *,
        reconnect: Callable[[], Connection] | None,
        use_challenge: Callable[[], bytes] | None,
    ) -> None:
        self._tools = tools
        self._genuine = genuine
        self._granted = granted
        self._reconnect = reconnect
        self._use_challenge = use_challenge
        self._proven = () if genuine.proven_by == "nothing" else tuple(genuine.proven_by.split("+"))
        self._given_up = False
        self.resumes = 0
        self.active_proofs: tuple[ActiveProof, ...] = ()

    def fetch(self, session: ChipSession, spec: FileSpec, progress: Progress) -> tuple[bytes, ChipSession]:
        """The whole file, over as many sessions as it takes, and the last of them.

        Raises CardSwappedError for another chip, CardLostError when it may not or did not come back, and what
        reading raises."""
        partial = PartialFile(spec=spec)
        while True:
            try:
                with session.learning():
                    return session.files(progress).fetch(partial), session
            except CardLostError as lost:
                session = self._resume(lost, session, progress)

    def _resume(self, lost: CardLostError, session: ChipSession, progress: Progress) -> ChipSession:
        while self._possible:
            self.resumes += 1
            try:
                with self._tools.log.step(RESUME):
                    return self._again(session, progress)
            except CardLostError as again:
                lost = again
        raise lost

    @property
    def _possible(self) -> bool:
        challenged = "aa" not in self._proven or self._use_challenge is not None
        left = self.resumes < MAX_RESUMES and not self._given_up
        return bool(self._proven) and challenged and self._reconnect is not None and left

    def _again(self, before: ChipSession, progress: Progress) -> ChipSession:
        self._take_back(progress)
        silent = Progress(on_progress=None, monotonic=progress.monotonic, deadline=progress.deadline)
        session = ChipSession(self._tools, length=before.length)
        try:
            with session.learning():
                proofs = self._recognise(session, silent)
        except (CardSwappedError, *_NO_CARD_TO_JUDGE):
            raise
        except ReaderError as error:
            raise CardSwappedError(reason=error.code) from None
        if proofs.active is not None:
            self.active_proofs += (proofs.active,)
        return session

    def _recognise(self, session: ChipSession, progress: Progress) -> Proofs:
        """The chip must open with the same key in the same way, show the same EF.SOD, and prove what it proved."""
        granted = session.open_again(self._granted.key, progress)
        differs = difference(self._granted, granted)
        if differs is not None:
            raise CardSwappedError(reason=differs)
        sod = session.files(progress).fetch(PartialFile(spec=files.EF_SOD))
        if sod != self._genuine.keys.opened.files[files.EF_SOD.name]:
            raise CardSwappedError(reason="sod")
        challenge = None
        if "aa" in self._proven and self._use_challenge is not None:
            challenge = self._use_challenge()
        prover = ChipProver(session, self._tools.log, randbytes=self._tools.randbytes)
        proofs = prover.prove(self._genuine.keys, mapping=granted.mapping, challenge=challenge)
        if not set(self._proven) <= set(proofs.proven):
            raise CardSwappedError(reason="proof")
        return proofs

    def _take_back(self, progress: Progress) -> None:
        """Wait for a card in the same reader; the time until then is not the chip's."""
        tools = self._tools
        begun = tools.monotonic()
        tools.link.close()
        try:
            connection = self._await_card(begun)
        finally:
            away = tools.monotonic() - begun
            tools.link.prolong(away)
            progress.deadline += away
        name = tools.link.name
        tools.link.replace(connection)
        if connection.name != name:
            tools.link.close()
            raise CardSwappedError(reason="reader")

    def _await_card(self, begun: float) -> Connection:
        connection: Connection | None = None
        for _ in range(_RECONNECT_TRIES):
            if connection is not None or self._reconnect is None or self._late(begun):
                break
            try:
                connection = self._reconnect()
            except _NOT_BACK_YET:
                continue
        if connection is None or self._late(begun):
            self._given_up = True
            if connection is not None:
                connection.close()
            raise CardLostError(reason="not-put-back")
        return connection

    def _late(self, begun: float) -> bool:
        return self._tools.monotonic() - begun > self._tools.limits.resume_s
