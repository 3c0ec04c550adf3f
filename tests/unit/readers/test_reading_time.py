"""A step ends in time, however many commands a chip draws it out over."""

import pytest

from readers.emrtd.access_key import Can
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.errors import CardMuteError, ChipMalformedError


class Dripping:
    """One octet at a time, always promising another, each after `seconds`."""

    name, atr = "x", b""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.exchanges = 0

    def transceive(self, command: bytes) -> bytes:
        self.exchanges += 1
        return b"\x31\x61\x01"

    def monotonic(self) -> float:
        return self.exchanges * self.seconds

    def close(self) -> None:
        pass


def reader(card: Dripping) -> ChipReader:
    return ChipReader(
        card, randbytes=lambda n: b"\x01" * n, monotonic=card.monotonic, limits=ReadLimits(total_s=30)
    )


def test_a_slow_drip_ends_at_the_steps_deadline() -> None:
    card = Dripping(4.9)
    with pytest.raises(CardMuteError) as caught:
        reader(card).open(Can("000001"))
    assert caught.value.facts["reason"] == "step-deadline"
    assert card.exchanges <= 8


def test_a_fast_drip_ends_by_its_parts() -> None:
    card = Dripping(0.0)
    with pytest.raises(ChipMalformedError):
        reader(card).open(Can("000001"))
    assert card.exchanges < 1000
