"""Readers that come and go, cards in and out, a service that goes away and comes back."""

import json
import sys

import pytest

from readers.errors import PcscUnavailableError, ReaderGoneError
from readers.transport import pcsc
from readers.transport.base import ReaderInfo
from readers.transport.watch import PcscReaders, ReaderWatch

ATR = b"\x3b\x80\x80\x01\x01"


def reader(name="A 00", card="empty", atr=b""):
    return ReaderInfo(name=name, virtual=False, card=card, atr=atr)


def watch(*snapshots):
    """A watch over these looks, in order; an error is raised."""
    looks = iter(snapshots)

    def look():
        seen = next(looks)
        if isinstance(seen, Exception):
            raise seen
        return seen

    return ReaderWatch(look)


def kinds(events):
    return [(event.kind, event.reader.name if event.reader else event.code) for event in events]


def test_the_first_look_tells_everything_and_the_next_only_changes():
    seen = (reader(), reader("B 00", "present", ATR))
    watching = watch(seen, seen)
    assert kinds(watching.poll()) == [("reader-in", "A 00"), ("reader-in", "B 00"), ("card-in", "B 00")]
    assert watching.poll() == ()
    assert watching.readers == seen


@pytest.mark.parametrize("card", ["present", "in-use", "mute"])
def test_a_card_in_and_out(card):
    watching = watch((reader(),), (reader(card=card),), (reader(),))
    watching.poll()
    assert kinds(watching.poll()) == [("card-in", "A 00")]
    assert kinds(watching.poll()) == [("card-out", "A 00")]


def test_a_card_that_is_taken_into_use_stays():
    watching = watch((reader(card="present", atr=ATR),), (reader(card="in-use", atr=ATR),))
    watching.poll()
    assert watching.poll() == ()


def test_another_kind_of_card_between_two_looks():
    watching = watch((reader(card="present", atr=ATR),), (reader(card="present", atr=b"\x3b\x00"),))
    watching.poll()
    assert kinds(watching.poll()) == [("card-out", "A 00"), ("card-in", "A 00")]


def test_a_reader_unplugged_with_its_card_and_plugged_in_again():
    there = (reader(card="present", atr=ATR),)
    watching = watch(there, (), there)
    watching.poll()
    assert kinds(watching.poll()) == [("card-out", "A 00"), ("reader-out", "A 00")]
    assert kinds(watching.poll()) == [("reader-in", "A 00"), ("card-in", "A 00")]


def test_a_service_that_goes_and_comes_back():
    gone = PcscUnavailableError(reason="deadline")
    watching = watch((reader(),), gone, gone, (reader(),))
    watching.poll()
    assert kinds(watching.poll()) == [("service-out", "pcsc-unavailable"), ("reader-out", "A 00")]
    assert watching.poll() == ()
    assert kinds(watching.poll()) == [("service-in", ""), ("reader-in", "A 00")]


LISTING = json.dumps([{"name": "A 00", "card": "empty", "atr": ""}])
CHILD = f"""
import sys
from readers.transport import pcsc_framing as f
for _ in range(2):
    f.read(sys.stdin.buffer)
    f.write(sys.stdout.buffer, f.Kind.LISTED, {LISTING.encode()!r})
"""


def test_one_child_is_asked_again_and_a_dead_one_replaced():
    started = []

    def start():
        started.append(pcsc.PcscProcess((sys.executable, "-c", CHILD)))
        return started[-1]

    with PcscReaders(start) as readers:
        assert [info.name for info in readers()] == ["A 00"]
        assert [info.name for info in readers()] == ["A 00"]
        assert len(started) == 1
        with pytest.raises(ReaderGoneError):
            readers()
        assert [info.name for info in readers()] == ["A 00"]
    assert len(started) == 2
    assert all(process._child.poll() is not None for process in started)
    readers.close()
