"""Protected answers in parts and of odd instructions, and keys that are no longer those of the session."""

import pytest

from readers.emrtd import crypto
from readers.emrtd.chip_auth import confirm
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import ChipAuthError, ReaderError, SecureMessagingError
from readers.iso7816 import tlv
from readers.iso7816.apdu import CommandApdu
from readers.iso7816.channel import PlainChannel
from tests.support.readers_fakes import ScriptedConnection

SUITES = list(CipherSuite)
READ = CommandApdu(ins=0xB0, le=16)
READ_FAR = CommandApdu(ins=0xB1, data=b"\x54\x02\x80\x00", le=18)


class ChipSide:
    """Protects answers as a chip does, written for these tests; the counter stands where the chip's would."""

    def __init__(self, suite, secret=b"s" * 16):
        self.suite, self.ssc = suite, 0
        self.enc = crypto.derive_key(secret, crypto.KDF_ENC, suite)
        self.mac_key = crypto.derive_key(secret, crypto.KDF_MAC, suite)

    def answer(self, plain=b"", sw=0x9000, *, tag=0x87, counted=2, padded=None):
        self.ssc += counted
        block = self.suite.block_octets
        counter = self.ssc.to_bytes(block, "big")
        aes = self.suite is not CipherSuite.TDES
        iv = crypto.encrypt_block(self.suite, self.enc, counter) if aes else bytes(block)
        body = b""
        if plain or padded:
            secret = crypto.cbc_encrypt(self.suite, self.enc, iv, padded or crypto.pad(plain, block))
            body = tlv.encode(tag, secret if tag == 0x85 else b"\x01" + secret)
        body += tlv.encode(0x99, sw.to_bytes(2, "big"))
        mac = crypto.mac_blocks(self.suite, self.mac_key, crypto.pad(counter + body, block))
        return body + tlv.encode(0x8E, mac) + sw.to_bytes(2, "big")


def channel(suite, *answers, secret=b"s" * 16):
    connection = ScriptedConnection(*answers)
    return SecureChannel(PlainChannel(connection), SessionKeys.derive(suite, secret)), connection


@pytest.mark.parametrize("suite", SUITES)
def test_what_a_channel_stands_on(suite):
    connection = ScriptedConnection()
    inner = PlainChannel(connection)
    secure = SecureChannel(inner, SessionKeys.derive(suite, b"s" * 16))
    assert secure.inner is inner
    assert secure.suite is suite
    assert secure.alive


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("octets", [256, 257, 512, 1024, 4096, 65536])
def test_room_is_what_fits_and_no_more(suite, octets):
    chip = ChipSide(suite)
    room = channel(suite)[0].room(octets)
    assert len(chip.answer(bytes(room))) - 2 <= octets
    assert len(chip.answer(bytes(room + 2 * suite.block_octets))) - 2 > octets


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("size", [1, 100, 240])
def test_one_protected_answer_in_plain_parts(suite, size):
    """61xx outside protection: the parts together are the protected answer."""
    whole = ChipSide(suite).answer(b"\x61" * 300)
    parts = [whole[at : at + size] for at in range(0, len(whole) - 2, size)]
    parts[-1] = whole[size * (len(parts) - 1) : -2]
    answers = [part + b"\x61\x00" for part in parts[:-1]] + [parts[-1] + whole[-2:]]
    secure, connection = channel(suite, *answers)
    if len(answers) > 320:
        with pytest.raises(ReaderError):
            secure.send(READ)
        return
    assert secure.send(READ).data == b"\x61" * 300
    assert all(command[:2] == b"\x00\xc0" for command in connection.commands[1:])


@pytest.mark.parametrize("suite", SUITES)
def test_parts_that_are_protected_one_by_one(suite):
    """61xx inside protection: each part has its own MAC and the next one is asked for in the session."""
    chip = ChipSide(suite)
    answers = [chip.answer(b"one", 0x6103), chip.answer(b"two", 0x6105), chip.answer(b"three")]
    secure, connection = channel(suite, *answers)
    response = secure.send(READ)
    assert (response.data, response.sw) == (b"onetwothree", 0x9000)
    assert [command[:2] for command in connection.commands] == [b"\x0c\xb0", b"\x0c\xc0", b"\x0c\xc0"]
    assert secure.alive


def test_parts_without_end():
    chip = ChipSide(CipherSuite.AES_128)
    secure, connection = channel(CipherSuite.AES_128, *[chip.answer(b"x", 0x6101) for _ in range(400)])
    with pytest.raises(SecureMessagingError, match="endless-parts"):
        secure.send(READ)
    assert len(connection.commands) < 400
    assert not secure.alive


def test_parts_with_nothing_in_them():
    chip = ChipSide(CipherSuite.AES_128)
    secure, _ = channel(CipherSuite.AES_128, chip.answer(b"x", 0x6101), chip.answer(b"", 0x6101))
    with pytest.raises(SecureMessagingError, match="endless-parts"):
        secure.send(READ)
    assert not secure.alive


@pytest.mark.parametrize("tag", [0x85, 0x87])
def test_an_odd_instruction_takes_both_forms_of_answer(tag):
    data = tlv.encode(0x53, b"abc")
    secure, connection = channel(CipherSuite.AES_128, ChipSide(CipherSuite.AES_128).answer(data, tag=tag))
    assert secure.send(READ_FAR).data == data
    sent = CommandApdu.decode(connection.commands[0])
    assert sent.data[0] == 0x85, "the command is as the standard has it"


def test_an_even_instruction_does_not():
    secure, _ = channel(CipherSuite.AES_128, ChipSide(CipherSuite.AES_128).answer(b"abc", tag=0x85))
    with pytest.raises(SecureMessagingError):
        secure.send(READ)


NEGATIVE = {
    "9000 without DO'8E'": lambda chip: b"\x90\x00",
    "data and 9000 without DO'8E'": lambda chip: chip.answer(b"abc")[:-12] + b"\x90\x00",
    "DO'99' is not SW": lambda chip: chip.answer(b"abc", 0x6282)[:-2] + b"\x90\x00",
    "wrong MAC": lambda chip: chip.answer(b"abc")[:-3] + b"\x00" + b"\x90\x00",
    "counter one behind": lambda chip: chip.answer(b"abc", counted=1),
    "counter one ahead": lambda chip: chip.answer(b"abc", counted=3),
    "counter of the command": lambda chip: chip.answer(b"abc", counted=0),
    "padding of zeros": lambda chip: chip.answer(padded=bytes(chip.suite.block_octets)),
    "padding without its mark": lambda chip: chip.answer(padded=b"\x01" * chip.suite.block_octets),
    "padding in a block before": lambda chip: chip.answer(
        padded=b"\x80" + bytes(2 * chip.suite.block_octets - 1)
    ),
    "other keys": lambda chip: ChipSide(chip.suite, b"t" * 16).answer(b"abc"),
    "an answer of before": lambda chip: (chip.answer(b"abc"), setattr(chip, "ssc", 0))[0][:-2] + b"\x62\x82",
}


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("name", NEGATIVE)
def test_answers_that_end_the_session(suite, name):
    chip = ChipSide(suite)
    secure, connection = channel(suite, NEGATIVE[name](chip), chip.answer(b"abc"))
    with pytest.raises(SecureMessagingError):
        secure.send(READ)
    with pytest.raises(SecureMessagingError, match="session-dead"):
        secure.send(READ)
    assert len(connection.commands) == 1


@pytest.mark.parametrize("suite", SUITES)
def test_an_answer_played_again(suite):
    chip = ChipSide(suite)
    first = chip.answer(b"abc")
    secure, _ = channel(suite, first, first)
    assert secure.send(READ).data == b"abc"
    with pytest.raises(SecureMessagingError):
        secure.send(READ)


@pytest.mark.parametrize("suite", SUITES)
def test_the_old_keys_after_chip_authentication_fail_the_chip(suite):
    old = ChipSide(suite)
    secure, _ = channel(suite, old.answer(b""), secret=b"n" * 16)
    with pytest.raises(ChipAuthError) as caught:
        confirm(secure, READ)
    assert caught.value.facts["reason"] == "session"
    assert not secure.alive


@pytest.mark.parametrize("bare", [b"\x69\x88", b"\x69\x82", b"\x69\x87", b"\x90\x00"])
def test_a_bare_refusal_after_chip_authentication_fails_the_chip(bare):
    secure, _ = channel(CipherSuite.AES_128, bare)
    with pytest.raises(ChipAuthError):
        confirm(secure, READ)
