"""One chip from access to portrait: open, prove genuine, read (9303-11 4.2, 9303-10 3.6).

SOD, DG14 and DG15 come first, so that a copy is refused before the portrait. Fingerprints and irises (DG3, DG4) are
never asked for.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd import active_auth, files
from readers.emrtd.access import difference
from readers.emrtd.card_link import CardLink
from readers.emrtd.chip_proofs import ChipProver, Proofs, listed_files
from readers.emrtd.evidence import GenuineChip, OpenedChip, RawChip, freeze
from readers.emrtd.file_reader import ChipHabits, PartialFile, Progress
from readers.emrtd.limits import ReadLimits
from readers.emrtd.resume import Resumption
from readers.emrtd.secure_messaging import BARE_STATUS
from readers.emrtd.session import ChipSession, Tools
from readers.emrtd.steps import Step, StepLog
from readers.errors import (
    AccessDowngradeError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipMalformedError,
    ChipStatusError,
    ReaderError,
    SecureMessagingError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.access import Granted
    from readers.emrtd.access_key import AccessKey
    from readers.emrtd.evidence import ChipMapping, ConsistentKeys
    from readers.emrtd.files import FileSpec
    from readers.emrtd.reader_memory import ReaderMemory
    from readers.transport.base import Connection

__all__ = ["ChipReader", "ReadLimits", "listed_files"]
_NEEDED: Final = (files.DG1, files.DG2)
_WANTED: Final = (files.DG1, files.DG2, files.DG13, files.DG11, files.DG12)
"""What is needed first: a chip that does not give the rest may end the session over it."""
SESSION_ENDED: Final = "session-ended"
_NOT_GIVEN: Final = frozenset({"6A81", "6A82", "6A83", "6A86", "6A88", "6982", "6985", "6986"})


class ChipReader:
    """Drives one chip over one connection. Not thread-safe; never falls back to a weaker access protocol.

    `on_progress` gets name, octets done and octets in all of each file; done never goes back. `reconnect` waits for
    a lifted card in the same reader, at most `limits.resume_s` seconds, and `fresh_challenge` gives eight octets for
    its new proof: without them a lifted card ends the read. `memory`: lengths that card types take."""

    def __init__(
        self,
        connection: Connection,
        *,
        randbytes: Callable[[int], bytes],
        monotonic: Callable[[], float],
        limits: ReadLimits | None = None,
        on_progress: Callable[[str, int, int], None] | None = None,
        reconnect: Callable[[], Connection] | None = None,
        fresh_challenge: Callable[[], bytes] | None = None,
        memory: ReaderMemory | None = None,
    ) -> None:
        link = CardLink(connection, monotonic)
        self._tools = Tools(
            link=link,
            log=StepLog(link, monotonic),
            limits=limits or ReadLimits(),
            memory=memory,
            habits=ChipHabits(),
            randbytes=randbytes,
            monotonic=monotonic,
        )
        self._on_progress = on_progress
        self._reconnect = reconnect
        self._fresh_challenge = fresh_challenge
        self._session = ChipSession(self._tools)
        self._granted: Granted | None = None
        self._challenges: set[bytes] = set()

    @property
    def tries(self) -> int:
        """How many different access keys this chip has been asked to accept; what opens it again is none of them."""
        return self._tools.tries.sent

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step of the read so far, those not reached included."""
        return self._tools.log.steps

    def open(self, *keys: AccessKey) -> OpenedChip:
        """Open the chip with the first of the keys that fits and read COM, SOD, DG14 and DG15.

        Raises AccessDeniedError (no key fits), AccessLockedError (no tries left; nothing is sent),
        PaceFailedError, PaceNotOfferedError, AccessDowngradeError (the chip ended the session and was opened again
        in another way), and what access and reading raise."""
        progress = self._begin()
        with self._session.learning():
            granted = self._granted = self._session.open(keys, progress)
            opened: dict[str, bytes] = {}
            for spec, octets in (
                (files.EF_CARD_ACCESS, granted.card_access),
                (files.EF_CARD_SECURITY, granted.card_security),
            ):
                if octets is not None:
                    opened[spec.name] = octets
            absent = self._read_opening_files(opened, progress)
        granted = self._granted
        facts = dict(granted.facts)
        if absent:
            facts["absent"] = " ".join(absent)
        return OpenedChip(
            files=MappingProxyType(opened),
            access=granted.access,
            mapping=granted.mapping,
            facts=freeze(facts),
        )

    def require_genuine(self, keys: ConsistentKeys, challenge: bytes) -> GenuineChip:
        """Let the chip prove that it owns the keys its issuer signed; `challenge` is eight fresh octets.

        Raises ChipAuthError, ActiveAuthError on a failed proof. Where nothing can be proven `proven_by` is
        "nothing" and the facts say why: "suppressed" when the SOD lists a DG15 that the chip does not show."""
        self._use_challenge(challenge)
        progress = self._begin()
        while (proofs := self._prove(keys, challenge)) is None:  # once: there are two forms
            self._open_again(progress)
        return GenuineChip(
            keys=keys,
            proven_by=proofs.proven_by,
            active_proofs=() if proofs.active is None else (proofs.active,),
            facts=freeze({"proven_by": proofs.proven_by, **proofs.facts}),
        )

    def _prove(self, keys: ConsistentKeys, challenge: bytes) -> Proofs | None:
        """Every proof; None where the chip ended the session over the form of a command, and takes another."""
        prover = ChipProver(self._session, self._tools.log, randbytes=self._tools.randbytes)
        with self._session.learning():
            try:
                return prover.prove(keys, mapping=self._mapping, challenge=challenge)
            except SecureMessagingError as error:
                if not prover.wants_other_form(error):
                    raise
        return None

    def read(self, genuine: GenuineChip) -> RawChip:
        """Read DG1, DG2 and, where the SOD lists them and the chip gives them, DG11, DG12 and DG13.

        A lifted card is waited for where it can prove to be the same one. Raises CardSwappedError for another one,
        and what reading raises."""
        progress = self._begin()
        resumption = self._resumption(genuine)
        listed = listed_files(genuine.keys)
        content: dict[str, bytes] = {}
        facts: dict[str, str | int] = {}
        for spec in _WANTED:
            if spec not in _NEEDED and not self._session.channel.alive:
                self._tools.log.skip(spec.name, SESSION_ENDED)
            elif spec in _NEEDED or spec in listed:
                code = self._read_one(spec, content, resumption, progress)
                facts |= {spec.name.lower(): code} if code else {}
            else:
                self._tools.log.skip(spec.name, "not-listed")
        return self._raw(genuine, content, resumption, facts)

    def _read_one(
        self, spec: FileSpec, content: dict[str, bytes], resumption: Resumption | None, progress: Progress
    ) -> str:
        """Read one file into the content; the code of the error where one that may be missing was not given."""
        with self._tools.log.step(spec.name) as step:
            try:
                content[spec.name] = self._fetch(spec, resumption, progress)
            except (
                ChipFileMissingError,
                ChipFileTooLargeError,
                ChipStatusError,
                SecureMessagingError,
            ) as error:
                if spec in _NEEDED or not _is_not_given(error):
                    raise
                step.end_by(error)
                return error.code
        return ""

    def _fetch(self, spec: FileSpec, resumption: Resumption | None, progress: Progress) -> bytes:
        if resumption is None:
            with self._session.learning():
                return self._session.files(progress).fetch(PartialFile(spec=spec))
        octets, self._session = resumption.fetch(self._session, spec, progress)
        return octets

    def _raw(
        self,
        genuine: GenuineChip,
        content: dict[str, bytes],
        resumption: Resumption | None,
        facts: dict[str, str | int],
    ) -> RawChip:
        facts["files"] = " ".join(content)
        facts["octets"] = sum(len(octets) for octets in content.values())
        facts["files_by"] = self._tools.habits.way
        facts["answer_octets"] = self._session.length.octets
        facts["answer_length_by"] = self._session.length.source
        if self._tools.habits.far_form:
            facts["far_form"] = self._tools.habits.far_form
        if resumption is not None and resumption.resumes:
            facts["resumes"] = resumption.resumes
            genuine = replace(genuine, active_proofs=genuine.active_proofs + resumption.active_proofs)
        return RawChip(genuine=genuine, files=MappingProxyType(content), facts=freeze(facts))

    def _begin(self) -> Progress:
        return Progress(
            on_progress=self._on_progress,
            monotonic=self._tools.monotonic,
            deadline=self._tools.link.begin(self._tools.limits.total_s),
        )

    @property
    def _mapping(self) -> ChipMapping | None:
        return None if self._granted is None else self._granted.mapping

    def _resumption(self, genuine: GenuineChip) -> Resumption | None:
        if self._granted is None:
            return None
        fresh = self._fresh_challenge
        return Resumption(
            self._tools,
            genuine,
            self._granted,
            reconnect=self._reconnect,
            use_challenge=None if fresh is None else lambda: self._use_challenge(fresh()),
        )

    def _read_opening_files(self, opened: dict[str, bytes], progress: Progress) -> list[str]:
        """Read the files that come before any proof; return the names of optional ones that are absent."""
        absent: list[str] = []
        for spec in (files.EF_COM, files.EF_SOD, files.DG14, files.DG15):
            with self._tools.log.step(spec.name) as step:
                try:
                    opened[spec.name] = self._fetch_opening_file(spec, progress)
                except ReaderError as error:
                    if spec is files.EF_SOD or not _is_dispensable(spec, error):
                        raise
                    step.skip(error.code)
                    absent.append(spec.name)
                    if isinstance(error, SecureMessagingError):
                        self._open_again(progress)
        return absent

    def _fetch_opening_file(self, spec: FileSpec, progress: Progress) -> bytes:
        """One of them, over as many sessions as it takes to find an answer short enough for the chip."""
        while True:
            try:
                return self._session.files(progress).fetch(PartialFile(spec=spec))
            except SecureMessagingError as error:
                if not self._session.ask_for_less(error):
                    raise
            self._open_again(progress)

    def _open_again(self, progress: Progress) -> None:
        """Go on with a new session, by the key that worked, where the chip ended the old one. Nothing is proven yet.

        What is on record stays that of the first session; the new one must have been opened in the same way. Raises
        AccessDowngradeError."""
        first = self._granted
        if first is None:
            return
        self._session = ChipSession(self._tools, length=self._session.length)
        again = self._session.open_again(first.key, progress)
        differs = difference(first, again)
        if differs is not None:
            raise AccessDowngradeError(protocol=again.access.protocol, reason=differs)
        self._granted = replace(first, channel=again.channel, mapping=again.mapping)

    def _use_challenge(self, challenge: bytes) -> bytes:
        if len(challenge) != active_auth.CHALLENGE_OCTETS or not any(challenge):
            raise ValueError("a challenge is eight octets, not all zero")
        if challenge in self._challenges:
            raise ValueError("a challenge is used once")
        self._challenges.add(challenge)
        return challenge


def _is_dispensable(spec: FileSpec, error: ReaderError) -> bool:
    """Whether reading may go on without this opening file. EF.COM only informs, and may be anything; of DG14 and DG15
    the SOD says whether they are missed."""
    if spec is files.EF_COM and isinstance(
        error, ChipMalformedError | ChipFileTooLargeError | ChipStatusError
    ):
        return True
    if isinstance(error, ChipStatusError):
        return error.facts.get("sw") in _NOT_GIVEN
    return isinstance(error, ChipFileMissingError | SecureMessagingError) and _is_not_given(error)


def _is_not_given(error: ReaderError) -> bool:
    """Whether the chip does not have, or does not give, the file; in a protected answer or, as some do, in a bare
    one. A protected answer that fails its checks is no such thing."""
    if isinstance(error, SecureMessagingError):
        return error.facts.get("reason") == BARE_STATUS and error.facts.get("sw") in _NOT_GIVEN
    return True
