"""One powered chip from access to its files. A card that was lifted and put back needs another session over the
same link; what was learnt of the chip goes with it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd import files
from readers.emrtd.access import AccessOpener, AccessPolicy, Granted, Tries
from readers.emrtd.file_reader import ChipHabits, FileReader, Progress, select
from readers.emrtd.length_probe import (
    LEAST_OCTETS,
    SHORT_OCTETS,
    TRIED_OCTETS,
    AnswerLength,
    find_length,
    shorter,
)
from readers.emrtd.secure_messaging import SecureChannel
from readers.errors import (
    CardLostError,
    CardMuteError,
    ChipFileMissingError,
    ReaderGoneError,
    SecureMessagingError,
)
from readers.iso7816 import status_words
from readers.iso7816.channel import PlainChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from readers.emrtd.access_key import AccessKey
    from readers.emrtd.card_link import CardLink
    from readers.emrtd.files import FileSpec
    from readers.emrtd.limits import ReadLimits
    from readers.emrtd.reader_memory import ReaderMemory
    from readers.emrtd.steps import StepLog
    from readers.iso7816.channel import Channel

_SELECT: Final = 0xA4
_STEPS: Final = {files.EF_CARD_ACCESS.name: "card-access", files.EF_CARD_SECURITY.name: "card-security"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every session of one read shares."""

    link: CardLink
    log: StepLog
    limits: ReadLimits
    memory: ReaderMemory | None
    habits: ChipHabits
    randbytes: Callable[[int], bytes]
    monotonic: Callable[[], float]
    tries: Tries = field(default_factory=Tries)


class ChipSession:
    """Access, then the application, then files, over one link while the card stays in the reader.

    `length`: what an earlier session found out. Any failed check of a protected answer ends the session."""

    def __init__(self, tools: Tools, *, length: AnswerLength | None = None) -> None:
        self._tools = tools
        self._plain = PlainChannel(tools.link)
        self._progress = Progress(on_progress=None, monotonic=tools.monotonic, deadline=float("inf"))
        self._length = length
        self._secure: SecureChannel | None = None
        limits = tools.limits
        self._opener = AccessOpener(
            self._plain,
            randbytes=tools.randbytes,
            reader_for=lambda channel: _OpeningFiles(self._reader(channel, self._progress), tools.log),
            policy=AccessPolicy(pace_tries=limits.pace_tries, bac_allowed=limits.bac_allowed),
            tries=tools.tries,
        )

    @property
    def channel(self) -> SecureChannel:
        """The protected channel. Raises SecureMessagingError before access."""
        if self._secure is None:
            raise SecureMessagingError(reason="not-open")
        return self._secure

    @property
    def length(self) -> AnswerLength:
        """What is known of the length of the chip's answers."""
        return self._length or AnswerLength(octets=SHORT_OCTETS, extended=None, source="assumed")

    def open(self, keys: Sequence[AccessKey], progress: Progress) -> Granted:
        """Find out how long an answer may be, get access, select the application. Raises what those raise."""
        return self._open(lambda: self._opener.open(keys), progress)

    def open_again(self, key: AccessKey, progress: Progress) -> Granted:
        """As `open`, with the one key that opened this chip before. Raises what that raises."""
        return self._open(lambda: self._opener.open_again(key), progress)

    def _open(self, get_access: Callable[[], Granted], progress: Progress) -> Granted:
        tools, self._progress = self._tools, progress
        with tools.log.step("pace") as step:
            if self._length is None:
                self._length = find_length(self._plain, tools.link.atr, tools.limits, tools.memory)
            granted = get_access()
            step.name = "bac" if granted.access.is_bac else "pace"
        self._secure = granted.channel
        with tools.log.step("select") as step:
            if granted.application_selected:
                step.skip("selected-before")
            else:
                self._select_application()
        return granted

    @property
    def habits(self) -> ChipHabits:
        """What this read has shown of the chip."""
        return self._tools.habits

    def takes_extended(self) -> None:
        """Note that the chip took a command in the extended form, where another thing was remembered of its type."""
        if self.length.source == "remembered" and not self.length.extended:
            self._remember(TRIED_OCTETS)

    def use(self, channel: SecureChannel) -> None:
        """Go on with the keys that Chip Authentication agreed on."""
        self._secure = channel

    def files(self, progress: Progress) -> FileReader:
        """A reader of the application's files over the protected channel."""
        return self._reader(self.channel, progress)

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Remember that the chip ended the session or went dumb over a length, so that the next read asks for short
        answers; less than those is for this read alone (`ask_for_less`), or one hostile card slowed its type down."""
        try:
            yield
        except SecureMessagingError as error:
            self.ask_for_less(error)
            raise
        except (CardLostError, CardMuteError, ReaderGoneError):
            if self._tools.link.fell_at_length:
                self._ask_for_less()
            raise

    def ask_for_less(self, error: SecureMessagingError) -> bool:
        """Whether the chip ended the session over the length of an answer, and there is a shorter one to ask for in the
        next session; it is the `length` from now on."""
        if not is_about_length(error) or self.length.octets <= LEAST_OCTETS:
            return False
        self._ask_for_less()
        return True

    def _ask_for_less(self) -> None:
        less = shorter(self.length.octets)
        self._length = AnswerLength(octets=less, extended=False, source="remembered")
        self._remember(less)

    def _remember(self, octets: int) -> None:
        if self._tools.memory is not None and self._tools.link.atr:
            self._tools.memory.put(self._tools.link.atr, octets)

    def _reader(self, channel: Channel, progress: Progress) -> FileReader:
        if not isinstance(channel, SecureChannel):
            return FileReader(channel, block=SHORT_OCTETS, progress=progress)
        room = channel.room(self.length.octets)
        return FileReader(
            channel,
            block=min(self._tools.limits.block_octets or room, room),
            progress=progress,
            short_block=channel.read_octets,
            habits=self._tools.habits,
        )

    def _select_application(self) -> None:
        response = select(self.channel, self.habits, p1=0x04, data=files.LDS1_AID)
        if response.sw == status_words.FILE_NOT_FOUND:
            raise ChipFileMissingError(file="LDS1")
        status_words.require_ok(response, command="select-application")


class _OpeningFiles:
    """Reads what lies outside the application, each file as a step of its own."""

    def __init__(self, reader: FileReader, log: StepLog) -> None:
        self._reader = reader
        self._log = log

    def read(self, spec: FileSpec) -> bytes:
        """By file identifier. Raises ReaderError."""
        with self._log.step(_STEPS[spec.name]):
            return self._reader.read(spec)

    def read_by_sfi(self, spec: FileSpec) -> bytes:
        """By short identifier. Raises ReaderError."""
        with self._log.step(_STEPS[spec.name]):
            return self._reader.read_by_sfi(spec)


def is_about_length(error: SecureMessagingError) -> bool:
    """Whether a chip ended the session with 6700 or 6Cxx outside protection."""
    sw = str(error.facts.get("sw", ""))
    return sw == f"{status_words.WRONG_LENGTH:04X}" or sw.startswith("6C")
