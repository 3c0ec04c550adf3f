"""Key derivation, padding and MACs against the worked examples."""

import pytest

from readers.emrtd import crypto
from readers.emrtd.access_key import Can, MrzInformation, nonce_key
from readers.emrtd.crypto import CipherSuite
from tests.support.readers_vectors import octets, vectors

SUITES = {
    "3DES": CipherSuite.TDES,
    "AES-128": CipherSuite.AES_128,
    "AES-192": CipherSuite.AES_192,
    "AES-256": CipherSuite.AES_256,
}
DERIVED = {name: table for name, table in vectors("kdf")["kdf"].items() if "K_ENC" in table}
PACE = vectors("pace-ecdh-gm")["pace"]


@pytest.mark.parametrize("name", DERIVED)
def test_session_keys(name):
    table = DERIVED[name]
    suite = SUITES[table["cipher"]]
    assert crypto.derive_key(octets(table, "K"), crypto.KDF_ENC, suite) == octets(table, "K_ENC")
    assert crypto.derive_key(octets(table, "K"), crypto.KDF_MAC, suite) == octets(table, "K_MAC")


def test_nonce_keys_of_both_passwords():
    can, mrz = PACE["password_can"], PACE["password_mrz"]
    assert nonce_key(Can(can["CAN"]), CipherSuite.AES_128) == octets(can, "K_pi_AES_128")
    assert nonce_key(MrzInformation(mrz["MRZ_information"]), CipherSuite.AES_128) == octets(
        mrz, "K_pi_AES_128"
    )


@pytest.mark.parametrize("name", ["k_pi_mrz", "k_pi_can"])
@pytest.mark.parametrize("cipher", SUITES)
def test_nonce_keys_of_every_cipher(name, cipher):
    table = vectors("kdf")["kdf"][name]
    derived = crypto.derive_key(octets(table, "K"), crypto.KDF_PACE, SUITES[cipher])
    assert derived == octets(table, "K_pi_" + cipher.replace("-", "_"))


@pytest.mark.parametrize("block", [8, 16])
def test_padding(block):
    for length in range(40):
        data = b"\x80" * length
        padded = crypto.pad(data, block)
        assert len(padded) % block == 0
        assert crypto.unpad(padded, block) == data


@pytest.mark.parametrize(
    "broken", [b"", b"\0" * 16, b"\x01" * 16, b"\x80" + b"\0" * 16, b"\x80" + b"\0" * 31]
)
def test_broken_padding(broken):
    with pytest.raises(crypto.PaddingError):
        crypto.unpad(broken, 16)


def test_key_length_and_mac_length_are_checked():
    with pytest.raises(ValueError, match="key length"):
        crypto.cbc_encrypt(CipherSuite.AES_256, bytes(16), bytes(16), bytes(16))
    with pytest.raises(ValueError, match="blocks"):
        crypto.mac_blocks(CipherSuite.TDES, bytes(16), b"1234567")


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_a_can_has_six_digits(text):
    with pytest.raises(ValueError, match="six digits"):
        Can(text)


def test_passwords_hide_in_repr():
    assert "123456" not in repr(Can("123456"))
    assert "T22000129" not in repr(MrzInformation("T22000129364081251010318"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "T2200012936408125101031",
        "t22000129364081251010318",
        "T22000129 64081251010318",
        "T" * 51,
        "Đ" * 24,
    ],
)
def test_mrz_information_has_the_characters_of_the_mrz(text):
    with pytest.raises(ValueError, match="24 to 50"):
        MrzInformation(text)


def test_only_the_mrz_opens_a_chip_by_bac():
    key = MrzInformation("D23145890734934071279507122")
    assert key.bac_seed == key.secret[:16] == bytes.fromhex("B366AD857DDCA2B08C0E299811714730")
    assert Can("123456").bac_seed is None
