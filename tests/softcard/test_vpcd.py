"""The card's side of vpcd, against a small reader of the test's own."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from readers.softcard.chip import ATR, SoftCard
from readers.softcard.faults import Faults, Incident
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from readers.softcard.vpcd import VpcdUnreachableError, serve_vpcd
from tests.support.softcard import NOW, fake_jpeg
from tests.support.softcard_vpcd import SELECT_CARD_ACCESS, WAIT_S, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory):
    pki = training_pki(tmp_path_factory.mktemp("pki"), now=NOW)
    return personalise(sample_holder("mau", today=NOW.date()), fake_jpeg(2000), pki, now=NOW)


@contextmanager
def served(card: SoftCard, **options) -> Iterator[tuple[Reader, list[int]]]:
    reader, stop, inserted = Reader(), threading.Event(), []
    thread = threading.Thread(
        target=serve_vpcd,
        args=(card, "127.0.0.1", reader.port, stop),
        kwargs={"on_insert": lambda: inserted.append(1), **options},
    )
    thread.start()
    try:
        reader.accept()
        yield reader, inserted
    finally:
        stop.set()
        thread.join(WAIT_S)
        reader.close()
        assert not thread.is_alive(), "the card did not stop"


def test_power_atr_and_commands(image) -> None:
    with served(SoftCard(image)) as (reader, inserted):
        reader.send(b"\x01")
        assert reader.ask(b"\x04") == ATR
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"
        assert reader.ask(bytes.fromhex("00B0000036"))[-2:] == b"\x90\x00"
        assert inserted == [1]


@pytest.mark.parametrize("control", [b"\x00", b"\x01", b"\x02"])
def test_power_and_reset_forget_the_selection(image, control: bytes) -> None:
    with served(SoftCard(image)) as (reader, _):
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"
        reader.send(control)
        assert reader.ask(bytes.fromhex("00B0000036")) == b"\x69\x86"


def test_unknown_control_octets_are_ignored(image) -> None:
    with served(SoftCard(image)) as (reader, _):
        reader.send(b"\x77")
        assert reader.ask(b"\x04") == ATR


def test_comes_back_when_the_reader_restarts(image) -> None:
    with served(SoftCard(image)) as (reader, inserted):
        assert reader.ask(b"\x04") == ATR
        reader.accept()
        assert reader.ask(b"\x04") == ATR
        assert inserted == [1, 1]


def test_pulled_card_leaves_and_comes_back(image) -> None:
    with served(SoftCard(replace(image, faults=Faults(pulled_at=0)))) as (reader, inserted):
        reader.send(SELECT_CARD_ACCESS)
        with pytest.raises(ConnectionError):
            reader.receive()
        reader.accept()
        assert reader.ask(b"\x04") == ATR
        assert inserted == [1, 1]


def test_pulled_card_that_stays_away(image) -> None:
    with served(SoftCard(replace(image, faults=Faults(pulled_at=0))), reinsert=False) as (reader, _):
        reader.send(SELECT_CARD_ACCESS)
        with pytest.raises(ConnectionError):
            reader.receive()


def test_mute_card_keeps_the_line_and_still_stops(image) -> None:
    with served(SoftCard(replace(image, faults=Faults(mute_at=0)))) as (reader, _):
        reader.send(SELECT_CARD_ACCESS)
        assert reader.link is not None
        reader.link.settimeout(0.5)
        with pytest.raises(TimeoutError):
            reader.receive()


def test_message_in_single_octets(image) -> None:
    with served(SoftCard(image)) as (reader, _):
        assert reader.link is not None
        for octet in len(SELECT_CARD_ACCESS).to_bytes(2, "big") + SELECT_CARD_ACCESS:
            reader.link.sendall(bytes([octet]))
        assert reader.receive() == b"\x90\x00"


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(VpcdUnreachableError) as caught:
        serve_vpcd(SoftCard.__new__(SoftCard), "127.0.0.1", port, threading.Event(), wait_s=0.0)
    assert caught.value.facts["port"] == port


def test_stopped_before_it_begins(image) -> None:
    stop = threading.Event()
    stop.set()
    inserted: list[bool] = []
    serve_vpcd(SoftCard(image), "127.0.0.1", 9, stop, on_insert=lambda: inserted.append(True))
    assert inserted == []


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="the option is Linux's")
def test_quick_acknowledgements_are_asked_for_at_every_read(image, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = socket.socket.setsockopt

    def remember(link, level, option, value):
        asked.append(option)
        original(link, level, option, value)

    monkeypatch.setattr(socket.socket, "setsockopt", remember)
    with served(SoftCard(image)) as (reader, _):
        reader.ask(b"\x04")
    assert asked.count(socket.TCP_QUICKACK) >= 2


def test_another_card_is_put_back(image) -> None:
    lifted = replace(image, faults=Faults(incidents=(Incident.parse("pull@2=0.2"),)))
    other = Other()
    with served(SoftCard(lifted), replacement=other) as (reader, inserted):
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"
        reader.send(SELECT_CARD_ACCESS)
        reader.await_removal()
        reader.accept()
        assert reader.ask(b"\x04") == other.atr
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x6f\x00"
        assert len(inserted) == 2


def test_a_lost_answer_is_empty_and_the_card_goes_on(image) -> None:
    card = SoftCard(replace(image, faults=Faults(incidents=(Incident.parse("drop@1"),))))
    with served(card) as (reader, _):
        assert reader.ask(SELECT_CARD_ACCESS) == b""
        assert reader.ask(SELECT_CARD_ACCESS) == b"\x90\x00"


class Other:
    """Some other card."""

    atr = bytes.fromhex("3B00")

    def reset(self) -> None:
        pass

    def process(self, _: bytes) -> bytes:
        return b"\x6f\x00"
