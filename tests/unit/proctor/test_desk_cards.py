"""Cards and readers as the desk is told of them: hot-plug, simulated readers, and cards laid by hand in training."""

import time
from collections.abc import Callable, Iterator

import pytest

from proctor.desk.cards import TRAINING_READER, CardWatcher, TrainingReader
from proctor.desk.events import CardIn, CardOut, Device, Event
from proctor.softcards import MadeCard
from readers.errors import CardLostError, NoCardError, PcscUnavailableError
from readers.transport.base import ReaderInfo
from readers.transport.watch import ReaderWatch

ACS, OTHER, VIRTUAL = "ACS ACR1252 00", "Identiv uTrust 01", "Virtual PCD 00 00"


class Readers:
    """What the PC/SC service says; `out`: it does not answer."""

    def __init__(self) -> None:
        self.there: dict[str, bool] = {}
        self.out = False
        self.closed = False

    def __call__(self) -> tuple[ReaderInfo, ...]:
        if self.out:
            raise PcscUnavailableError(reason="deadline")
        return tuple(
            ReaderInfo(name=name, virtual="Virtual" in name, card="present" if card else "empty")
            for name, card in self.there.items()
        )

    def close(self) -> None:
        self.closed = True


class Told:
    """The events of a watcher."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def next(self, count: int) -> list[Event]:
        """Return what was told since the last call, once it is so many; one too many has a moment to come."""
        end = time.monotonic() + 5
        while len(self.events) < count and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(0.03)
        told = list(self.events)
        del self.events[: len(told)]
        return told


def stands(state: str, code: str = "") -> Device:
    return Device(kind="reader", state=state, code=code)


@pytest.fixture
def readers() -> Readers:
    return Readers()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def watch(readers: Readers, told: Told) -> Iterator[Callable[..., CardWatcher]]:
    made: list[CardWatcher] = []

    def start(**options: object) -> CardWatcher:
        watcher = CardWatcher(
            told.events.append, watch=lambda: (ReaderWatch(readers), readers), poll_s=0.005, **options
        )
        watcher.start()
        made.append(watcher)
        return watcher

    yield start
    for watcher in made:
        began = time.monotonic()
        watcher.close()
        assert time.monotonic() - began < 2.0
        assert not watcher._thread.is_alive()
        assert readers.closed


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor.desk.cards.OUT_POLL_S", 0.01)


def test_a_reader_and_its_card_come_and_go_and_come_back(
    readers: Readers, told: Told, watch: Callable[..., CardWatcher]
) -> None:
    watcher = watch()
    assert told.next(1) == [stands("out", "reader-not-found")]
    for _ in range(3):
        readers.there = {ACS: True}
        assert told.next(2) == [CardIn(reader=ACS), stands("in")]
        assert watcher.names == (ACS,)
        readers.there = {}
        assert told.next(2) == [CardOut(reader=ACS), stands("out", "reader-not-found")]
    readers.there = {ACS: False}
    assert told.next(1) == [stands("in")]
    readers.there = {ACS: True}
    assert told.next(1) == [CardIn(reader=ACS)]
    readers.there = {ACS: False}
    assert told.next(1) == [CardOut(reader=ACS)]


def test_a_service_that_does_not_answer_takes_the_cards_with_it_and_comes_back_by_itself(
    readers: Readers, told: Told, watch: Callable[..., CardWatcher]
) -> None:
    readers.there = {ACS: True}
    watch()
    assert told.next(2) == [CardIn(reader=ACS), stands("in")]
    readers.out = True
    assert told.next(2) == [CardOut(reader=ACS), stands("out", "pcsc-unavailable")]
    readers.out = False
    assert told.next(2) == [CardIn(reader=ACS), stands("in")]


def test_a_simulated_reader_is_a_fault_in_a_real_session_and_its_cards_are_not_seen(
    readers: Readers, told: Told, watch: Callable[..., CardWatcher]
) -> None:
    readers.there = {VIRTUAL: True}
    watch(training=False)
    assert told.next(1) == [stands("fault", "reader-not-physical")]
    readers.there = {VIRTUAL: True, ACS: False}
    assert told.next(1) == [stands("in")]


def test_in_training_it_is_a_reader_as_any(
    readers: Readers, told: Told, watch: Callable[..., CardWatcher]
) -> None:
    readers.there = {VIRTUAL: True}
    watch(training=True)
    assert told.next(2) == [CardIn(reader=VIRTUAL), stands("in")]


def test_only_the_reader_that_was_named_counts(
    readers: Readers, told: Told, watch: Callable[..., CardWatcher]
) -> None:
    readers.there = {ACS: False, OTHER: True}
    watch(named="acr1252")
    assert told.next(1) == [stands("in")]
    readers.there = {ACS: True, OTHER: False}
    assert told.next(1) == [CardIn(reader=ACS)]


# --- by hand ---


class Chip:
    """A card that answers every command with 9000."""

    atr = b"\x3b\x80"

    def reset(self) -> None: ...

    def process(self, octets: bytes) -> bytes:
        del octets
        return b"\x90\x00"


def made_card() -> MadeCard:
    return MadeCard(holder=None, access_text="001099000001", card=Chip())  # type: ignore[arg-type]


def test_a_card_laid_by_hand_answers_until_it_is_lifted(told: Told) -> None:
    reader = TrainingReader(told.events.append)
    source = reader.source()
    with pytest.raises(NoCardError):
        source.connect()
    reader.put(made_card())
    assert reader.access_text == "001099000001"
    card = source.connect()
    assert card.transceive(b"\x00\xa4") == b"\x90\x00"
    reader.lift()
    with pytest.raises(CardLostError):
        card.transceive(b"\x00\xa4")
    assert reader.access_text == ""
    reader.lift()
    assert told.next(2) == [CardIn(reader=TRAINING_READER), CardOut(reader=TRAINING_READER)]


def test_another_card_in_its_place_is_another_card(told: Told) -> None:
    reader = TrainingReader(told.events.append)
    reader.put(made_card())
    first = reader.source().connect()
    reader.put(made_card())
    with pytest.raises(CardLostError):
        first.transceive(b"\x00")
    reconnect = reader.source().reconnect
    assert reconnect is not None
    assert reconnect(0.5).transceive(b"\x00") == b"\x90\x00"
    inside = CardIn(reader=TRAINING_READER)
    assert told.next(1) == [inside, CardOut(reader=TRAINING_READER), inside]


def test_who_lifts_the_card_has_a_moment_to_lay_it_back(told: Told) -> None:
    reader = TrainingReader(told.events.append)
    reconnect = reader.source().reconnect
    assert reconnect is not None
    began = time.monotonic()
    with pytest.raises(NoCardError):
        reconnect(0.1)
    assert 0.1 <= time.monotonic() - began < 1.0
