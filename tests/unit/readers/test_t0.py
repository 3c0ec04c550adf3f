"""What T=0 makes of commands, and what comes back, by the cases of ISO/IEC 7816-3 12.2."""

import pytest

from readers.iso7816.apdu import CommandApdu
from readers.iso7816.channel import PlainChannel
from readers.transport import t0

DATA = bytes(range(1, 6))


class Card:
    """Answers in order and remembers what was sent."""

    def __init__(self, *answers):
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.sent = []

    def __call__(self, octets):
        self.sent.append(octets.hex().upper())
        return self.answers.pop(0)


CASES = {
    "1": (CommandApdu(ins=0x84), "0084000000", ["9000"], "9000"),
    "2 short": (CommandApdu(ins=0xB0, le=4), "00B0000004", ["010203049000"], "010203049000"),
    "2 short, all": (CommandApdu(ins=0xB0, le=256), "00B0000000", ["01026282"], "01026282"),
    "3 short": (CommandApdu(ins=0xA4, data=DATA), "00A40000050102030405", ["9000"], "9000"),
    "4 short": (CommandApdu(ins=0x86, data=DATA, le=256), "00860000050102030405", ["9000"], "9000"),
    "4 short, refused": (CommandApdu(ins=0x86, data=DATA, le=256), "00860000050102030405", ["6985"], "6985"),
    "4 extended Le": (CommandApdu(ins=0x88, data=DATA, le=65536), "00880000050102030405", ["6982"], "6982"),
}


@pytest.mark.parametrize("name", CASES)
def test_cases(name):
    command, sent, answers, expected = CASES[name]
    card = Card(*answers)
    assert t0.exchange(command.encode(), card).hex().upper() == expected
    assert card.sent == [sent]


@pytest.mark.parametrize(
    "command", [CommandApdu(ins=0xB0, le=1000), CommandApdu(ins=0x86, data=bytes(256), le=256)]
)
def test_what_t0_cannot_carry_is_refused_without_a_card(command):
    card = Card()
    assert t0.exchange(command.encode(), card) == b"\x67\x00"
    assert not card.sent


def test_a_corrected_length_is_asked_again():
    card = Card("6C03", "0102039000")
    assert t0.exchange(CommandApdu(ins=0xB0, le=256).encode(), card).hex() == "0102039000"
    assert card.sent == ["00B0000000", "00B0000003"]


def test_a_corrected_length_is_asked_again_once():
    card = Card("6C03", "6C03")
    assert t0.exchange(CommandApdu(ins=0xB0, le=256).encode(), card).hex() == "6c03"


def test_the_answer_to_data_is_fetched():
    card = Card("6102", "01029000")
    assert t0.exchange(CommandApdu(ins=0x86, data=DATA, le=256).encode(), card).hex() == "01029000"
    assert card.sent[1] == "00C0000002"


def test_a_fetched_answer_whose_length_is_corrected():
    card = Card("6100", "6C02", "01029000")
    assert t0.exchange(CommandApdu(ins=0x86, data=DATA, le=256).encode(), card).hex() == "01029000"
    assert card.sent[1:] == ["00C0000000", "00C0000002"]


def test_a_long_answer_comes_in_parts_through_the_channel():
    """An answer of 600 octets to Active Authentication, in three parts."""
    parts = [bytes(256) + b"\x61\x00", bytes(256) + b"\x61\x58", bytes(88) + b"\x90\x00"]

    class Connection:
        name, atr = "t0", b""

        def __init__(self):
            self.card = Card("6100", *[part.hex() for part in parts])

        def transceive(self, command):
            return t0.exchange(command, self.card)

        def close(self):
            pass

    connection = Connection()
    answer = PlainChannel(connection).send(CommandApdu(ins=0x88, data=DATA, le=65536))
    assert (len(answer.data), answer.sw) == (600, 0x9000)
    assert connection.card.sent == ["00880000050102030405", "00C0000000", "00C0000000", "00C0000058"]


@pytest.mark.parametrize(
    "octets", [b"", b"\x00", b"\x00\xb0\x00\x00", b"\x00\xa4\x00\x00\x00", bytes(6), bytes(7)]
)
def test_any_octets_have_a_defined_end(octets):
    assert t0.exchange(octets, lambda _: b"\x67\x00") == b"\x67\x00"
