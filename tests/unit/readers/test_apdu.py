"""Encoding of commands and answers, ISO/IEC 7816-4 5.1."""

import pytest

from readers.errors import ChipMalformedError, ChipStatusError
from readers.iso7816 import status_words
from readers.iso7816.apdu import ApduError, CommandApdu, ResponseApdu
from readers.iso7816.channel import PlainChannel
from tests.support.readers_fakes import ScriptedConnection, replay

CASES = [
    (CommandApdu(ins=0x84), "00840000"),
    (CommandApdu(ins=0x84, le=8), "0084000008"),
    (CommandApdu(ins=0xB0, le=256), "00B0000000"),
    (CommandApdu(ins=0xA4, p1=2, p2=12, data=b"\x01\x1e"), "00A4020C02011E"),
    (CommandApdu(ins=0x88, data=b"\x01" * 2, le=256), "0088000002010100"),
    (CommandApdu(ins=0xB0, le=1024), "00B00000000400"),
    (CommandApdu(ins=0xB0, le=65536), "00B00000000000"),
    (CommandApdu(ins=0xD6, data=b"\x05" * 256), "00D60000000100" + "05" * 256),
    (CommandApdu(ins=0xD6, data=b"\x05" * 3, le=300), "00D60000000003050505012C"),
]


@pytest.mark.parametrize(("command", "octets"), CASES)
def test_command_round_trip(command, octets):
    assert command.encode().hex().upper() == octets
    assert CommandApdu.decode(bytes.fromhex(octets)) == command


@pytest.mark.parametrize("octets", ["", "00A404", "00A4020C03011E", "00A4020C000003FFFF"])
def test_broken_commands_are_refused(octets):
    with pytest.raises(ApduError):
        CommandApdu.decode(bytes.fromhex(octets))


@pytest.mark.parametrize("le", [0, -1, 65537])
def test_le_out_of_range(le):
    with pytest.raises(ApduError):
        CommandApdu(ins=0xB0, le=le).encode()


def test_answer_without_status_word():
    for octets in (b"", b"\x90"):
        with pytest.raises(ChipMalformedError):
            ResponseApdu.decode(octets)


def test_data_is_not_in_repr():
    assert "5A5A" not in repr(CommandApdu(ins=1, data=b"ZZ")).upper()
    assert "ZZ" not in repr(CommandApdu(ins=1, data=b"ZZ")) + repr(ResponseApdu(data=b"ZZ", sw=0x9000))


def test_require_ok_names_command_and_status():
    with pytest.raises(ChipStatusError) as caught:
        status_words.require_ok(ResponseApdu(sw=0x6A82), command="select-file")
    assert caught.value.facts == {"command": "select-file", "sw": "6A82"}


def test_answers_in_parts_are_joined():
    connection = replay(
        (bytes.fromhex("0088000000"), b"\x01" * 4 + b"\x61\x03"),
        (bytes.fromhex("00C0000003"), b"\x02" * 3 + b"\x90\x00"),
    )
    answer = PlainChannel(connection).send(CommandApdu(ins=0x88, le=256))
    assert answer == ResponseApdu(data=b"\x01" * 4 + b"\x02" * 3, sw=0x9000)


def test_endless_parts_are_stopped():
    endless = ScriptedConnection(*[b"\x00" * 250 + b"\x61\x00"] * 400)
    with pytest.raises(ChipMalformedError):
        PlainChannel(endless).send(CommandApdu(ins=0x88, le=256))
    empty = ScriptedConnection(*[b"\x61\x01"] * 3)
    with pytest.raises(ChipMalformedError):
        PlainChannel(empty).send(CommandApdu(ins=0x88, le=256))


def test_a_part_whose_length_is_corrected():
    answers = [b"\x01\x02\x61\x00", b"\x6c\x03", b"\x03\x04\x05\x90\x00"]
    connection = ScriptedConnection(*answers)
    response = PlainChannel(connection).send(CommandApdu(ins=0xB0, le=256))
    assert (response.data, response.sw) == (b"\x01\x02\x03\x04\x05", 0x9000)
    assert connection.commands[1:] == [bytes.fromhex("00C0000000"), bytes.fromhex("00C0000003")]


def test_a_part_that_is_corrected_for_ever():
    connection = ScriptedConnection(b"\x01\x61\x00", *[b"\x6c\x03"] * 5)
    response = PlainChannel(connection).send(CommandApdu(ins=0xB0, le=256))
    assert response.sw == 0x6C03
    assert len(connection.commands) == 3
