"""Readers that come and go, cards that are put in and taken out: told as they are seen, by asking again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from readers.errors import ReaderError
from readers.transport.pcsc import START_DEADLINE_S, PcscProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.transport.base import ReaderInfo

STALLED_S: Final = 3.0
EventKind = Literal["reader-in", "reader-out", "card-in", "card-out", "service-out", "service-in"]
_WITH_CARD: Final = frozenset({"present", "in-use", "mute"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderEvent:
    """Something that changed. `reader` None: the PC/SC service itself; `code`: why it is out."""

    kind: EventKind
    reader: ReaderInfo | None = None
    code: str = ""


class ReaderWatch:
    """Tells what changed since it was last asked; the first time, everything that is there.

    `snapshot` lists the readers and raises ReaderError while the service is out. Not thread-safe; polled by its
    owner."""

    def __init__(self, snapshot: Callable[[], tuple[ReaderInfo, ...]]) -> None:
        self._snapshot = snapshot
        self._known: dict[str, ReaderInfo] = {}
        self._out = False

    @property
    def readers(self) -> tuple[ReaderInfo, ...]:
        """The readers as last seen."""
        return tuple(self._known.values())

    def poll(self) -> tuple[ReaderEvent, ...]:
        """What changed, in the order: service, what went, what came."""
        try:
            seen = {reader.name: reader for reader in self._snapshot()}
        except ReaderError as error:
            return self._lost(error.code)
        service = [ReaderEvent(kind="service-in")] if self._out else []
        self._out = False
        return (*service, *self._changes(seen))

    def _lost(self, code: str) -> tuple[ReaderEvent, ...]:
        first = not self._out
        self._out = True
        gone = self._changes({})
        return (ReaderEvent(kind="service-out", code=code), *gone) if first else gone

    def _changes(self, seen: dict[str, ReaderInfo]) -> tuple[ReaderEvent, ...]:
        went: list[ReaderEvent] = []
        came: list[ReaderEvent] = []
        for name, before in self._known.items():
            after = seen.get(name)
            if _has_card(before) and (after is None or not _has_card(after) or _swapped(before, after)):
                went.append(ReaderEvent(kind="card-out", reader=before))
            if after is None:
                went.append(ReaderEvent(kind="reader-out", reader=before))
        for name, after in seen.items():
            earlier = self._known.get(name)
            if earlier is None:
                came.append(ReaderEvent(kind="reader-in", reader=after))
            if _has_card(after) and (earlier is None or not _has_card(earlier) or _swapped(earlier, after)):
                came.append(ReaderEvent(kind="card-in", reader=after))
        self._known = seen
        return (*went, *came)


def _has_card(reader: ReaderInfo) -> bool:
    return reader.card in _WITH_CARD


def _swapped(before: ReaderInfo, after: ReaderInfo) -> bool:
    """Whether another kind of card lies there now; the same kind put back between two looks is not seen."""
    return bool(before.atr and after.atr) and before.atr != after.atr


class PcscReaders:
    """Lists the readers through one child that stays; a stalled service or a dead child costs one look."""

    def __init__(self, start: Callable[[], PcscProcess] = PcscProcess) -> None:
        self._start = start
        self._process: PcscProcess | None = None

    def __call__(self) -> tuple[ReaderInfo, ...]:
        """The readers now. Raises PcscUnavailableError, ReaderGoneError; the next call begins anew."""
        fresh = self._process is None
        process = self._process = self._process or self._start()
        try:
            return process.readers(deadline_s=START_DEADLINE_S if fresh else STALLED_S)
        except ReaderError:
            self.close()
            raise

    def close(self) -> None:
        """End the child; harmless when called again."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def __enter__(self) -> PcscReaders:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def watch_readers() -> tuple[ReaderWatch, PcscReaders]:
    """A watch over this machine's readers, and what it asks: the caller closes that."""
    readers = PcscReaders()
    return ReaderWatch(readers), readers
