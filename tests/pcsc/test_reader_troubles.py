"""Real pcscd and vpcd in trouble: a reader held by another program, a service that stalls, dies and comes back,
cards in and out, a card that is lifted, a card that speaks T=0."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from readers.softcard.pki import training_pki
from tests.support.pcsc import READER, SECOND_READER
from tests.support.pcsc_restart import RestartablePcsc, restartable
from tests.support.softcard import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.pcsc import PrivatePcsc

__all__ = ["restartable"]
pytestmark = pytest.mark.pcsc
NUMBER = "001099000001"
SELECT = "send 00A4020C02011C"
GONE = {"pcsc-unavailable", "reader-gone"}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trust")
    training_pki(folder / "pki", now=NOW)
    return folder / "pki"


class Talker:
    """One program at the readers."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def __call__(self, line: str) -> dict[str, Any]:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, self._process.stderr.read()
        return json.loads(said)


@contextmanager
def talker(pcsc: PrivatePcsc) -> Iterator[Talker]:
    process = pcsc.start("-m", "tests.support.pcsc_talk")
    try:
        yield Talker(process)
    finally:
        pcsc.end(process)


def card(pki: Path, sample: str = "mau") -> list[str]:
    return ["--sample", sample, "--pki", str(pki)]


def connect(wait_s: float = 8) -> str:
    return f"connect {READER} {wait_s}"


def test_a_reader_held_by_another_program_is_busy(private_pcsc: PrivatePcsc, pki: Path) -> None:
    with private_pcsc.card(*card(pki)), talker(private_pcsc) as first, talker(private_pcsc) as second:
        assert first(connect())["code"] == "ok"
        started = time.monotonic()
        assert second(connect(30))["code"] == "reader-busy"
        assert time.monotonic() - started < 15, "busy is told before the wait for a card is over"
        assert [READER, "in-use"] in second("list")["readers"]
        assert first(SELECT)["answer"] == "9000", "the first program is not disturbed"
        first("close")
        assert second(connect())["code"] == "ok"
        assert second(SELECT)["answer"] == "9000"


HOLD = """
import sys, time
from smartcard import scard
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
for _ in range(100):
    result, card, _ = scard.SCardConnect(context, sys.argv[1], scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    if result == 0:
        break
    time.sleep(0.1)
assert scard.SCardBeginTransaction(card) == 0
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_a_reader_in_another_programs_transaction_is_busy(private_pcsc: PrivatePcsc, pki: Path) -> None:
    """Connecting waits for the transaction's end, for ever: the child that waits says so and ends."""
    with private_pcsc.card(*card(pki)), talker(private_pcsc) as talk:
        other = private_pcsc.start("-c", HOLD, READER)
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            started = time.monotonic()
            assert talk(connect(30))["code"] == "reader-busy"
            assert time.monotonic() - started < 15
            assert [READER, "in-use"] in talk("list")["readers"]
        finally:
            private_pcsc.end(other)
        assert talk(connect())["code"] == "ok"


def test_cards_in_and_out_are_told(private_pcsc: PrivatePcsc, pki: Path) -> None:
    def until(kind: str, name: str) -> None:
        deadline = time.monotonic() + 15
        while [kind, name] not in talk("watch")["events"]:
            assert time.monotonic() < deadline, (kind, name)
            time.sleep(0.1)

    with talker(private_pcsc) as talk:
        events = talk("watch")["events"]
        assert ["reader-in", READER] in events
        assert ["reader-in", SECOND_READER] in events
        with private_pcsc.card(*card(pki)):
            until("card-in", READER)
            assert [READER, "present"] in talk("list")["readers"]
            assert [SECOND_READER, "empty"] in talk("list")["readers"]
        until("card-out", READER)


def test_a_lifted_card_is_read_to_its_end(private_pcsc: PrivatePcsc, pki: Path) -> None:
    """The sample leaves the reader after some 4 KB of DG2 each time, and comes back each time."""
    with private_pcsc.card(*card(pki, "pulled")):
        done = private_pcsc.run("-m", "tests.support.pcsc_resume", "--number", NUMBER)
    said = json.loads(done.stdout)
    assert said["code"] == "read", said
    assert said["portrait"] == 14_000
    assert said["resumes"] >= 2
    assert said["steps"]["DG2"] == "passed"


def test_a_card_that_speaks_t0(private_pcsc: PrivatePcsc, pki: Path) -> None:
    process = private_pcsc.start("-m", "tests.support.pcsc_t0_card", "--pki", str(pki))
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        done = private_pcsc.run("-m", "tests.support.pcsc_resume", "--number", NUMBER)
    finally:
        private_pcsc.end(process)
    said = json.loads(done.stdout)
    assert (said["code"], said.get("portrait")) == ("read", 14_000), said


def test_a_service_killed_in_the_middle_is_told_and_the_next_one_serves(
    restartable: RestartablePcsc, pki: Path
) -> None:
    with restartable.card(*card(pki)), talker(restartable) as talk:
        assert talk(connect())["code"] == "ok"
        assert talk(SELECT)["answer"] == "9000"
        talk("watch")
        restartable.kill()
        assert talk(SELECT)["code"] in GONE
        assert talk("list")["code"] in GONE
        assert talk(connect())["code"] in GONE
        events = talk("watch")["events"]
        assert events[0][0] == "service-out"
        assert ["reader-out", READER] in events
        restartable.start_again()
        deadline = time.monotonic() + 15
        while talk(connect())["code"] != "ok":
            assert time.monotonic() < deadline
        assert talk(SELECT)["answer"] == "9000"
        assert talk("watch")["events"][:2] == [["service-in", ""], ["reader-in", READER]]


@pytest.mark.slow
def test_a_stalled_service_costs_one_read_and_no_more(restartable: RestartablePcsc, pki: Path) -> None:
    with restartable.card(*card(pki)), talker(restartable) as talk:
        assert talk(connect())["code"] == "ok"
        restartable.stall()
        started = time.monotonic()
        assert talk(SELECT)["code"] == "card-mute", "the deadline of the command ends it"
        assert talk("list")["code"] == "pcsc-unavailable"
        assert time.monotonic() - started < 15
        restartable.go_on()
        assert talk(connect())["code"] == "ok"
        assert talk(SELECT)["answer"] == "9000"
