"""Cards that are laid and lifted: on PC/SC readers, watched by a thread; and in training, software cards by hand."""

from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final

from proctor.desk.events import CardIn, CardOut, Device
from proctor.desk.events import Event as DeskEvent
from proctor.desks import CardSource
from proctor.errors import SimulatedReaderError
from proctor.softcards import MadeCard
from readers.errors import CardLostError, NoCardError
from readers.softcard.in_process import CardSlot, InProcessConnection
from readers.transport.base import ReaderInfo
from readers.transport.watch import PcscReaders, ReaderEvent, ReaderWatch, watch_readers

POLL_S: Final = 0.2
OUT_POLL_S: Final = 1.0
NO_READER: Final = "reader-not-found"
TRAINING_READER: Final = "softcard:hand"
_LOOK_S: Final = 0.02

Post = Callable[[DeskEvent], None]


class CardWatcher:
    """Watches the readers of this machine; what it sees is posted, each change once.

    `named`: only readers with this in their name; "": all. A simulated reader counts in training alone: in a real
    session it is a fault, and its cards are not seen."""

    def __init__(
        self,
        post: Post,
        *,
        named: str = "",
        training: bool = False,
        watch: Callable[[], tuple[ReaderWatch, PcscReaders]] = watch_readers,
        poll_s: float = POLL_S,
    ) -> None:
        self._post = post
        self._named = named.casefold()
        self._training = training
        self._make = watch
        self._poll_s = poll_s
        self._readers: dict[str, ReaderInfo] = {}
        self._said: Device | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="cards", daemon=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The readers that are plugged in now."""
        return tuple(self._readers)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self, wait_s: float = 2.0) -> None:
        """End the watch; what the PC/SC service still holds up ends by itself."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        watch, readers = self._make()
        try:
            while not self._stop.is_set():
                events = watch.poll()
                self._take(events)
                self._stop.wait(self._poll_s if watch.readers else max(self._poll_s, OUT_POLL_S))
        finally:
            readers.close()

    def _take(self, events: tuple[ReaderEvent, ...]) -> None:
        out = ""
        for event in events:
            if event.kind == "service-out":
                out = event.code
            elif event.reader is not None and self._mine(event.reader):
                self._seen(event, event.reader)
        self._tell(out)

    def _mine(self, reader: ReaderInfo) -> bool:
        return self._named in reader.name.casefold()

    def _seen(self, event: ReaderEvent, reader: ReaderInfo) -> None:
        if event.kind == "reader-in":
            self._readers[reader.name] = reader
        elif event.kind == "reader-out":
            self._readers.pop(reader.name, None)
        elif self._training or not reader.virtual:
            laid = event.kind == "card-in"
            self._post(CardIn(reader=reader.name) if laid else CardOut(reader=reader.name))

    def _tell(self, out: str) -> None:
        """Say how the readers stand, when that changed."""
        if any(self._training or not reader.virtual for reader in self._readers.values()):
            said = Device(kind="reader", state="in")
        elif self._readers:
            said = Device(kind="reader", state="fault", code=SimulatedReaderError.code)
        else:
            before = self._said.code if self._said is not None and self._said.state == "out" else ""
            said = Device(kind="reader", state="out", code=out or before or NO_READER)
        if said != self._said:
            self._said = said
            self._post(said)


class _Laid:
    """A card that was laid by hand, as long as it lies there; implements `Connection`."""

    def __init__(self, card: InProcessConnection, lies: Callable[[], bool]) -> None:
        self._card = card
        self._lies = lies
        self.name = card.name
        self.atr = card.atr

    def transceive(self, command: bytes) -> bytes:
        """Return the card's answer. Raises CardLostError when it was lifted."""
        if not self._lies():
            raise CardLostError(step="transmit")
        return self._card.transceive(command)

    def close(self) -> None:
        """Let go of the card; it stays where it lies."""
        self._card.close()


class TrainingReader:
    """A reader of training without hardware: somebody lays a software card on it and lifts it by a key."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = Lock()
        self._slot: CardSlot | None = None
        self._access = ""

    @property
    def access_text(self) -> str:
        """What the laid card's QR code says; "" without a card."""
        with self._lock:
            return self._access

    def put(self, made: MadeCard) -> None:
        """Lay a card; one that lies there is lifted first."""
        self.lift()
        with self._lock:
            self._slot = CardSlot(made.card, replacement=made.replacement)
            self._access = made.access_text
        self._post(CardIn(reader=TRAINING_READER))

    def lift(self) -> None:
        """Lift the card; without one: nothing."""
        with self._lock:
            slot, self._slot, self._access = self._slot, None, ""
        if slot is not None:
            self._post(CardOut(reader=TRAINING_READER))

    def source(self) -> CardSource:
        """Return how to reach what lies there. Its `connect` raises NoCardError without a card."""
        return CardSource(kind="software", connect=self._connect, reconnect=self._reconnect)

    def _lies(self, slot: CardSlot) -> bool:
        return self._slot is slot

    def _connect(self) -> _Laid:
        return self._reconnect(0.0)

    def _reconnect(self, wait_s: float) -> _Laid:
        end = monotonic() + wait_s
        while True:
            with self._lock:
                slot = self._slot
            left = end - monotonic()
            if slot is not None:
                return _Laid(slot.connect(max(left, 0.0)), partial(self._lies, slot))
            if left <= 0:
                raise NoCardError
            Event().wait(min(left, _LOOK_S))
