"""How long an answer a chip gives: declared, remembered, or tried once in the open."""

import pytest

from readers.emrtd import length_probe
from readers.emrtd.length_probe import (
    SHORT_OCTETS,
    TRIED_OCTETS,
    extended_by_historical_bytes,
    find_length,
    historical_bytes,
    parse_atr_info,
    shorter,
)
from readers.emrtd.limits import ReadLimits
from readers.emrtd.reader_memory import ForgetfulMemory
from readers.errors import CardLostError
from readers.iso7816 import tlv
from readers.iso7816.channel import PlainChannel

CONTACT = bytes.fromhex("3B9F96C00A31FE45754A617665 6C696E2D4F5320312E3051".replace(" ", ""))
CONTACTLESS = bytes.fromhex("3B8980014D4B6A434F532D333712")
CARD_ACCESS = tlv.encode(0x31, bytes(52))
ATR_INFO = bytes.fromhex("00A4020C022F01")
SELECT_CARD_ACCESS = bytes.fromhex("00A4020C02011C")
LONG_READ = bytes.fromhex("00B00000000000")


def capable(third):
    """An answer to reset whose historical bytes carry the card capabilities with this third octet."""
    history = bytes([0x80, 0x73, 0xC8, 0x21, third])
    return bytes([0x3B, 0x80 | len(history), 0x80, 0x01]) + history + b"\x00"


class Chip:
    """Answers by command; everything else is 6A82."""

    name, atr = "chip", CONTACTLESS

    def __init__(self, answers):
        self.answers = answers
        self.commands = []

    def transceive(self, command):
        self.commands.append(command)
        answer = self.answers.get(command, b"\x6a\x82")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        pass


def find(answers=None, *, atr=CONTACTLESS, memory=None, **limits):
    chip = Chip(answers or {})
    return find_length(PlainChannel(chip), atr, ReadLimits(**limits), memory), chip


def test_the_national_cards_say_nothing_by_their_answer_to_reset():
    assert historical_bytes(CONTACT) == b"uJavelin-OS 1.0"
    assert historical_bytes(CONTACTLESS) == b"MKjCOS-37"
    assert extended_by_historical_bytes(CONTACT) is None
    assert extended_by_historical_bytes(CONTACTLESS) is None


@pytest.mark.parametrize(
    ("atr", "expected"),
    [
        (b"", None),
        (b"\x3b", None),
        (b"\x3b\x00", None),
        (b"\x3b\xf0", None),
        (b"\x3b\x8f\x80\x80\x80", None),
        (capable(0xC0), True),
        (capable(0x40), True),
        (capable(0x80), False),
        (bytes.fromhex("3B8480018073C821"), None),
        (bytes.fromhex("3B850031C173C8404F"), None),
    ],
)
def test_card_capabilities_in_the_historical_bytes(atr, expected):
    assert extended_by_historical_bytes(atr) is expected


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("", (None, None)),
        ("7F660802020100020203E8", (998, None)),
        ("43018447030000C07F6608020201000202FFFF", (65533, True)),
        ("4703000080", (None, False)),
        ("470200C0", (None, None)),
        ("7F6604020203E8", (None, None)),
        ("7F66080202010002020003", (length_probe.LEAST_OCTETS, None)),
        ("7F660A02021000020300FFFFFF", (None, None)),
        ("7F6608020201000202", (None, None)),
        ("4703000040FFFFFFFF", (None, True)),
        ("7F66088484848484848484", (None, None)),
    ],
)
def test_ef_atr_info(octets, expected):
    assert parse_atr_info(bytes.fromhex(octets)) == expected


def test_what_is_given_is_not_asked():
    for limits, expected in (
        ({"extended_length": False}, (256, False)),
        ({"extended_length": True}, (TRIED_OCTETS, True)),
        ({"block_octets": 4000}, (4064, True)),
        ({"extended_length": False, "block_octets": 4000}, (256, False)),
    ):
        found, chip = find(**limits)
        assert (found.octets, found.extended, found.source) == (*expected, "limits")
        assert not chip.commands


def test_what_is_remembered_is_not_asked():
    memory = ForgetfulMemory()
    memory.put(CONTACTLESS, 2000)
    found, chip = find(memory=memory)
    assert (found.octets, found.extended, found.source) == (2000, True, "remembered")
    memory.put(CONTACTLESS, 256)
    found, chip = find(memory=memory, extended_length=True, block_octets=4000)
    assert (found.octets, found.extended) == (256, False)
    assert not chip.commands


def test_declared_in_the_answer_to_reset():
    found, chip = find(atr=capable(0x80))
    assert (found.octets, found.extended, found.source) == (256, False, "atr")
    assert not chip.commands
    found, chip = find(atr=capable(0x40))
    assert (found.octets, found.extended, found.source) == (TRIED_OCTETS, True, "atr")


def test_declared_in_ef_atr_info_and_remembered():
    info = bytes.fromhex("7F66080202010002020802")
    memory = ForgetfulMemory()
    found, _ = find({ATR_INFO: b"\x90\x00", bytes.fromhex("00B0000000"): info + b"\x62\x82"}, memory=memory)
    assert (found.octets, found.extended, found.source) == (0x800, True, "ef-atr-info")
    assert memory.get(CONTACTLESS) == 0x800


def test_a_trial_without_a_memory_serves_this_read():
    found, chip = find({SELECT_CARD_ACCESS: b"\x90\x00", LONG_READ: CARD_ACCESS + b"\x90\x00"})
    assert (found.octets, found.extended, found.source) == (TRIED_OCTETS, True, "trial")
    assert chip.commands == [ATR_INFO, SELECT_CARD_ACCESS, LONG_READ]
    found, _ = find({SELECT_CARD_ACCESS: b"\x90\x00"}, memory=ForgetfulMemory(), atr=b"")
    assert (found.octets, found.source) == (SHORT_OCTETS, "trial")


@pytest.mark.parametrize(
    ("answer", "octets"),
    [
        (CARD_ACCESS + b"\x90\x00", TRIED_OCTETS),
        (CARD_ACCESS + b"\x62\x82", TRIED_OCTETS),
        (b"\x67\x00", 256),
        (b"\x6c\x36", 256),
        (b"\x6d\x00", 256),
        (b"\x90\x00", 256),
        (b"\x00" * 54 + b"\x90\x00", 256),
    ],
)
def test_one_trial_in_the_open(answer, octets):
    memory = ForgetfulMemory()
    found, chip = find({SELECT_CARD_ACCESS: b"\x90\x00", LONG_READ: answer}, memory=memory)
    assert (found.octets, found.source) == (octets, "trial")
    assert found.extended is (octets > 256)
    assert memory.get(CONTACTLESS) == octets
    assert chip.commands == [ATR_INFO, SELECT_CARD_ACCESS, LONG_READ]


def test_a_trial_that_throws_the_card_out_is_not_made_twice():
    memory = ForgetfulMemory()
    answers = {SELECT_CARD_ACCESS: b"\x90\x00", LONG_READ: CardLostError(step="transmit")}
    with pytest.raises(CardLostError):
        find(answers, memory=memory)
    found, chip = find(answers, memory=memory)
    assert (found.octets, found.extended, found.source) == (256, False, "remembered")
    assert not chip.commands


def test_no_trial_without_a_file_to_try_it_on():
    memory = ForgetfulMemory()
    found, _ = find(memory=memory)
    assert (found.extended, found.source) == (None, "assumed")
    assert memory.get(CONTACTLESS) is None


def test_less_and_less():
    assert [shorter(octets) for octets in (4096, 257, 256, 128, 64)] == [256, 256, 128, 64, 64]
