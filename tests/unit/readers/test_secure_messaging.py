"""Secure messaging against the worked examples, and every way in which an answer must be refused."""

import pytest

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import CardLostError, SecureMessagingError
from readers.iso7816 import tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.iso7816.channel import PlainChannel
from tests.support.readers_fakes import ScriptedConnection, replay
from tests.support.readers_vectors import octets, vectors

TABLES = vectors("secure-messaging")
SUITES = {
    "secure_messaging_3des": CipherSuite.TDES,
    "secure_messaging_aes128": CipherSuite.AES_128,
    "secure_messaging_aes192": CipherSuite.AES_192,
    "secure_messaging_aes256": CipherSuite.AES_256,
}
SINGLE = [
    (group, name) for group in SUITES for name, table in TABLES[group].items() if "protected_command" in table
]
RUNNING = ("select_ef_com", "read_binary_first_4", "read_binary_rest")


def channel(suite, table, connection, *, ssc="SSC_before"):
    keys = SessionKeys(
        suite=suite, enc=octets(table, "KS_ENC"), mac=octets(table, "KS_MAC"), ssc=int(table[ssc], 16)
    )
    return SecureChannel(PlainChannel(connection), keys)


@pytest.mark.parametrize(("group", "name"), SINGLE)
def test_one_exchange(group, name):
    table = TABLES[group][name]
    connection = replay((octets(table, "protected_command"), octets(table, "protected_response")))
    secure = channel(SUITES[group], table, connection)
    answer = secure.send(CommandApdu.decode(octets(table, "unprotected_command")))
    if "unprotected_response_data_rule" in table:
        assert answer == ResponseApdu(data=bytes(range(256)) * 4, sw=0x9000)
    else:
        assert answer == ResponseApdu.decode(octets(table, "unprotected_response"))
    assert secure.alive


@pytest.mark.parametrize("group", SUITES)
def test_three_exchanges_in_a_row(group):
    tables = [TABLES[group][name] for name in RUNNING]
    connection = replay(*((octets(t, "protected_command"), octets(t, "protected_response")) for t in tables))
    secure = channel(SUITES[group], tables[0], connection)
    for table in tables:
        answer = secure.send(CommandApdu.decode(octets(table, "unprotected_command")))
        assert answer.encode() == octets(table, "unprotected_response")
    connection.require_finished()


AES = TABLES["secure_messaging_aes128"]["read_binary_first_4"]
GOOD = octets(AES, "protected_response")
COMMAND = CommandApdu.decode(octets(AES, "unprotected_command"))


def protected(items, sw=b"\x90\x00", *, ssc=4, sign=True):
    """An answer with these objects and, when asked, a right MAC over them."""
    body = b"".join(items)
    if sign:
        counted = crypto.pad(ssc.to_bytes(16, "big") + body, 16)
        mac = crypto.mac_blocks(CipherSuite.AES_128, octets(AES, "KS_MAC"), counted)
        body += tlv.encode(0x8E, mac)
    return body + sw


def cryptogram(plain, ssc=4):
    key = octets(AES, "KS_ENC")
    iv = crypto.encrypt_block(CipherSuite.AES_128, key, ssc.to_bytes(16, "big"))
    return crypto.cbc_encrypt(CipherSuite.AES_128, key, iv, plain)


STATUS = bytes.fromhex("99029000")
DATA = octets(AES, "response_DO87")
HOSTILE = {
    "9000-alone": b"\x90\x00",
    "no-mac": DATA + STATUS + b"\x90\x00",
    "plain-data-after-session": b"\x60\x14\x5f\x01\x90\x00",
    "wrong-mac": GOOD[:-3] + bytes([GOOD[-3] ^ 1]) + GOOD[-2:],
    "short-mac": protected([DATA, STATUS, tlv.encode(0x8E, GOOD[-10:-6])], sign=False),
    "empty-mac": protected([DATA, STATUS, b"\x8e\x00"], sign=False),
    "status-mismatch-outside": GOOD[:-2] + b"\x62\x82",
    "status-mismatch-inside": protected([DATA, bytes.fromhex("99026282")]),
    "status-of-one-octet": protected([DATA, bytes.fromhex("990190")]),
    "no-status": protected([DATA]),
    "status-twice": protected([DATA, STATUS, STATUS]),
    "order-changed": protected([STATUS, DATA]),
    "unknown-object": protected([DATA, STATUS, b"\x81\x01\x00"]),
    "plain-value-object": protected([b"\x81\x04\x60\x14\x5f\x01", STATUS]),
    "odd-cryptogram-for-even-command": protected([b"\x85" + DATA[1:2] + DATA[2:], STATUS]),
    "counter-one-behind": protected([DATA, STATUS], ssc=3),
    "counter-one-ahead": protected([DATA, STATUS], ssc=5),
    "padding-all-zero": protected([tlv.encode(0x87, b"\x01", cryptogram(bytes(16))), STATUS]),
    "padding-over-a-block": protected([tlv.encode(0x87, b"\x01", cryptogram(b"\x80" + bytes(31))), STATUS]),
    "padding-indicator": protected([tlv.encode(0x87, b"\x02", cryptogram(crypto.pad(b"abc", 16))), STATUS]),
    "cryptogram-not-blocks": protected([tlv.encode(0x87, b"\x01", bytes(15)), STATUS]),
    "cryptogram-empty": protected([b"\x87\x01\x01", STATUS]),
    "value-empty": protected([b"\x87\x00", STATUS]),
    "malformed": b"\x87\x84\xff\xff\xff\xff\x90\x00",
    "bare-6988": b"\x69\x88",
    "bare-6987": b"\x69\x87",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_end_the_session(name):
    connection = ScriptedConnection(HOSTILE[name], GOOD)
    secure = channel(CipherSuite.AES_128, AES, connection)
    with pytest.raises(SecureMessagingError) as caught:
        secure.send(COMMAND)
    assert caught.value.facts["reason"]
    assert not secure.alive
    with pytest.raises(SecureMessagingError, match="session-dead"):
        secure.send(COMMAND)
    assert len(connection.commands) == 1


def test_the_helper_makes_good_answers():
    secure = channel(CipherSuite.AES_128, AES, ScriptedConnection(protected([DATA, STATUS])))
    assert secure.send(COMMAND).encode() == octets(AES, "unprotected_response")


def test_every_flipped_bit_of_an_answer_is_noticed():
    for position in range(8 * len(GOOD)):
        changed = bytearray(GOOD)
        changed[position // 8] ^= 1 << position % 8
        secure = channel(CipherSuite.AES_128, AES, ScriptedConnection(bytes(changed)))
        with pytest.raises(SecureMessagingError):
            secure.send(COMMAND)


def test_wrong_mac_of_the_3des_example():
    table = TABLES["secure_messaging_3des_negative"]["response_with_wrong_mac"]
    first = TABLES["secure_messaging_3des"]["read_binary_first_4"]
    for name, good in (("protected_response", False), ("right_protected_response", True)):
        secure = channel(CipherSuite.TDES, first, ScriptedConnection(octets(table, name)))
        command = CommandApdu.decode(octets(first, "unprotected_command"))
        if good:
            assert secure.send(command).sw == 0x9000
        else:
            with pytest.raises(SecureMessagingError):
                secure.send(command)


def test_error_status_under_protection_keeps_the_session():
    answer = protected([bytes.fromhex("99026A82")], sw=b"\x6a\x82")
    secure = channel(CipherSuite.AES_128, AES, ScriptedConnection(answer))
    assert secure.send(COMMAND) == ResponseApdu(sw=0x6A82)
    assert secure.alive


def test_a_lost_card_ends_the_session_too():
    class Lost(ScriptedConnection):
        def transceive(self, command):
            raise CardLostError()

    secure = channel(CipherSuite.AES_128, AES, Lost())
    with pytest.raises(CardLostError):
        secure.send(COMMAND)
    assert not secure.alive


@pytest.mark.parametrize(("suite", "most"), [(CipherSuite.AES_128, 223), (CipherSuite.TDES, 231)])
def test_short_reads_fit_256_octets(suite, most):
    keys = SessionKeys(suite=suite, enc=bytes(suite.key_octets), mac=bytes(suite.key_octets))
    assert SecureChannel(PlainChannel(ScriptedConnection()), keys).read_octets == most


def test_keys_hide_in_repr():
    keys = SessionKeys(suite=CipherSuite.AES_128, enc=b"E" * 16, mac=b"M" * 16, ssc=77)
    assert "EE" not in repr(keys)
    assert "MM" not in repr(keys)
    assert "77" not in repr(keys)
