"""Transcripts: of software cards and specimens alone, and replayed strictly in order."""

from __future__ import annotations

import random
import time

import pytest

from readers.emrtd.reading import ChipReader
from readers.errors import RecordingRefusedError
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from readers.transport.recording import RecordingConnection, Transcript
from readers.transport.replay import ReplayConnection
from tests.support.softcard import NOW, fake_jpeg

HOLDER = sample_holder("mau", today=NOW.date())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory):
    pki = training_pki(tmp_path_factory.mktemp("pki"), now=NOW)
    return personalise(HOLDER, fake_jpeg(500), pki, now=NOW)


class Physical:
    """A reader that a person's card may lie in."""

    name = "ACS ACR1252 Dual Reader PICC 0"
    atr = b"\x3b"

    def transceive(self, command: bytes) -> bytes:
        raise AssertionError(command)

    def close(self) -> None:
        raise AssertionError


def open_with(connection, seed: int) -> None:
    reader = ChipReader(connection, randbytes=random.Random(seed).randbytes, monotonic=time.monotonic)
    reader.open(HOLDER.number.can)


def test_a_persons_card_is_not_recorded() -> None:
    with pytest.raises(RecordingRefusedError):
        RecordingConnection(Physical())
    assert RecordingConnection(Physical(), specimen=True).transcript.exchanges == ()


def test_a_recorded_read_replays_in_order_only(image) -> None:
    recording = RecordingConnection(InProcessConnection(SoftCard(image)))
    open_with(recording, 1)
    transcript = Transcript.load(recording.transcript.dump())
    replay = ReplayConnection(transcript)
    open_with(replay, 1)
    replay.require_finished()
    swapped = Transcript(
        exchanges=(transcript.exchanges[1], transcript.exchanges[0], *transcript.exchanges[2:])
    )
    for wrong, seed in ((transcript, 2), (swapped, 1)):
        with pytest.raises(AssertionError):
            open_with(ReplayConnection(wrong), seed)
