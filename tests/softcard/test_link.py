"""The simulated link: what a command takes, and a clock that runs or only counts."""

from __future__ import annotations

import pytest

from readers.errors import CardLostError
from readers.softcard.link import LinkClock, LinkedCard, LinkModel, SimulatedLink


class Echo:
    """A connection or card that answers 254 octets."""

    name = "echo"
    atr = b"\x3b"

    def __init__(self) -> None:
        self.resets = 0
        self.closed = False

    def transceive(self, command: bytes) -> bytes:
        return bytes(254)

    process = transceive

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("command", "answer", "frames"), [(5, 2, 2), (5, 253, 2), (5, 254, 4), (5, 4098, 34), (0, 0, 2)]
)
def test_physical_time_by_the_model(command: int, answer: int, frames: int) -> None:
    bits = (command + answer + 3 * frames) * 9
    expected = bits / 424_000 + frames * 0.0001 + 0.004
    assert LinkModel(kbit_s=424, apdu_ms=4).seconds(command, answer) == pytest.approx(expected)


def test_twice_the_speed_is_half_the_bits() -> None:
    slow, fast = (LinkModel(kbit_s=rate).seconds(10, 240) - 0.0002 for rate in (106, 212))
    assert slow == pytest.approx(2 * fast)


@pytest.mark.parametrize("values", [{"kbit_s": 100}, {"apdu_ms": -1}, {"apdu_ms": 20_000}])
def test_models_out_of_range(values) -> None:
    with pytest.raises(ValueError, match="link"):
        LinkModel(**values)


def test_virtual_clock_counts_and_does_not_wait() -> None:
    clock = LinkClock(LinkModel(kbit_s=106), sleep=None)
    link = SimulatedLink(Echo(), clock)
    for _ in range(3):
        link.transceive(bytes(13))
    assert (clock.commands, clock.octets) == (3, 3 * 267)
    assert clock.physical_s == pytest.approx(3 * LinkModel(kbit_s=106).seconds(13, 254))
    assert clock.card_s < clock.physical_s
    assert (link.name, link.atr) == ("echo", b"\x3b")
    link.close()


def test_what_the_card_took_is_part_of_the_time() -> None:
    waited: list[float] = []
    now = iter([0.0, 0.010, 1.0, 3.0])
    model = LinkModel(kbit_s=106)
    clock = LinkClock(model, sleep=waited.append, monotonic=lambda: next(now))
    card = LinkedCard(Echo(), clock)
    card.process(bytes(13))
    card.process(bytes(13))
    assert waited == [pytest.approx(model.seconds(13, 254) - 0.010)], (
        "a card that is slower than the link is not waited for"
    )
    assert clock.card_s == pytest.approx(2.010)
    card.reset()
    assert card.atr == b"\x3b"


def test_errors_pass_through() -> None:
    class Gone(Echo):
        def transceive(self, command: bytes) -> bytes:
            raise CardLostError(step="transmit")

    clock = LinkClock(LinkModel(), sleep=None)
    with pytest.raises(CardLostError):
        SimulatedLink(Gone(), clock).transceive(b"")
    assert clock.commands == 0
