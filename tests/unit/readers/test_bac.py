"""Basic Access Control against the worked example, and chips that answer it badly."""

import secrets

import pytest

from readers.emrtd import bac, crypto
from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.secure_messaging import SessionKeys
from readers.errors import AccessDeniedError, BacFailedError, ChipStatusError
from readers.iso7816.channel import PlainChannel
from tests.support.access_chip import AccessChip
from tests.support.readers_fakes import replay
from tests.support.readers_vectors import octets, vectors

KEYS = vectors("bac")["bac"]["key_derivation"]
TABLE = vectors("bac")["bac"]["exchange"]
MRZ = MrzInformation("L898902C<369080619406236")
OTHER = MrzInformation("L898902C<369080619406237")
CHALLENGE = (octets(TABLE, "command_GET_CHALLENGE"), octets(TABLE, "response_GET_CHALLENGE"))
DOCUMENT = SessionKeys(suite=CipherSuite.TDES, enc=octets(TABLE, "K_ENC"), mac=octets(TABLE, "K_MAC"))


def randomness():
    supply = iter((octets(TABLE, "RND_IFD"), octets(TABLE, "K_IFD")))
    return lambda count: next(supply)[:count]


def run(*pairs, key=MRZ):
    connection = replay(*pairs)
    channel = bac.BacReader(PlainChannel(connection), randbytes=randomness()).establish(key)
    connection.require_finished()
    return channel


def answered(answer):
    """The example with this answer to EXTERNAL AUTHENTICATE."""
    return CHALLENGE, (octets(TABLE, "command_EXTERNAL_AUTHENTICATE"), answer)


def test_document_keys():
    assert MRZ.bac_seed == octets(KEYS, "K_seed")
    keys = bac.document_keys(MRZ.bac_seed)
    assert (keys.enc, keys.mac) == (octets(KEYS, "K_ENC"), octets(KEYS, "K_MAC"))


def test_worked_example():
    keys = run(*answered(octets(TABLE, "response_EXTERNAL_AUTHENTICATE")))._crypto._keys
    assert keys.suite is CipherSuite.TDES
    assert (keys.enc, keys.mac) == (octets(TABLE, "KS_ENC"), octets(TABLE, "KS_MAC"))
    assert keys.ssc == int(TABLE["SSC"], 16)


def test_worked_example_step_by_step():
    assert bac.seal(DOCUMENT, octets(TABLE, "S")) == octets(TABLE, "cmd_data")
    assert octets(TABLE, "cmd_data") == octets(TABLE, "E_IFD") + octets(TABLE, "M_IFD")
    assert bac.unseal(DOCUMENT, octets(TABLE, "resp_data")) == octets(TABLE, "R")
    session = bac.session_keys(*(octets(TABLE, name) for name in ("RND_IC", "RND_IFD", "K_IC", "K_IFD")))
    derived = SessionKeys.derive(CipherSuite.TDES, octets(TABLE, "session_K_seed"), ssc=int(TABLE["SSC"], 16))
    assert session == derived


def sealed(*parts):
    """An answer of a chip that knows the keys."""
    return bac.seal(DOCUMENT, b"".join(parts)) + b"\x90\x00"


def spoil(answer, place):
    return answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]


RND_IC, RND_IFD, K_IC, K_IFD = (octets(TABLE, name) for name in ("RND_IC", "RND_IFD", "K_IC", "K_IFD"))
GOOD = octets(TABLE, "response_EXTERNAL_AUTHENTICATE")
BROKEN = {
    "wrong-cryptogram": (spoil(GOOD, 3), "wrong-mac"),
    "wrong-mac": (spoil(GOOD, 39), "wrong-mac"),
    "command-reflected": (octets(TABLE, "cmd_data") + b"\x90\x00", "wrong-challenge"),
    "own-key-reflected": (sealed(RND_IC, RND_IFD, K_IFD), "own-key-reflected"),
    "other-challenge": (sealed(RND_IC, bytes(8), K_IC), "wrong-challenge"),
    "other-challenge-of-its-own": (sealed(bytes(8), RND_IFD, K_IC), "wrong-challenge"),
    "short": (GOOD[:-3] + b"\x90\x00", "length"),
    "long": (GOOD[:-2] + b"\x00\x90\x00", "length"),
    "huge": (bytes(30000) + b"\x90\x00", "length"),
    "nothing": (b"\x90\x00", "length"),
    "no-mac": (GOOD[:32] + b"\x90\x00", "length"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answer(name):
    answer, reason = BROKEN[name]
    with pytest.raises(BacFailedError) as caught:
        run(*answered(answer))
    assert caught.value.facts == {"step": "external-authenticate", "reason": reason}
    assert caught.value.conclusive


@pytest.mark.parametrize("challenge", [b"", bytes(7), bytes(9), bytes(300)])
def test_broken_challenge(challenge):
    with pytest.raises(BacFailedError) as caught:
        run((CHALLENGE[0], challenge + b"\x90\x00"))
    assert caught.value.facts == {"step": "get-challenge", "reason": "length"}


@pytest.mark.parametrize("sw", ["6300", "63C2", "6982", "6983", "6985", "6988", "6A80"])
def test_refused_key(sw):
    with pytest.raises(AccessDeniedError) as caught:
        run(*answered(bytes.fromhex(sw)))
    assert caught.value.facts == {"sw": sw}
    assert not caught.value.conclusive


@pytest.mark.parametrize("sw", ["6700", "6D00", "6F00", "6E00"])
def test_refused_command(sw):
    for pairs in (answered(bytes.fromhex(sw)), [(CHALLENGE[0], bytes.fromhex(sw))]):
        with pytest.raises(ChipStatusError) as caught:
            run(*pairs)
        assert caught.value.facts["sw"] == sw


def test_a_password_without_seed_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="opens no chip"):
        run(key=Can("000001"))


def test_honest_chip_and_wrong_key():
    chip = AccessChip(bac_seed=MRZ.bac_seed)
    reader = bac.BacReader(PlainChannel(chip), randbytes=secrets.token_bytes)
    assert reader.establish(MRZ)._crypto._keys == chip.session
    with pytest.raises(AccessDeniedError):
        reader.establish(OTHER)


def test_counter_is_of_both_challenges():
    keys = bac.session_keys(bytes(4) + b"\xff" * 4, bytes(7) + b"\x01", bytes(16), b"\x01" * 16)
    assert keys.ssc == 0xFFFFFFFF00000001
    assert keys.enc == crypto.derive_key(b"\x01" * 16, crypto.KDF_ENC, CipherSuite.TDES)
