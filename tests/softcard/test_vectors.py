"""The chip's side against the worked examples: it must speak the standard, not the dialect of our own reader."""

from __future__ import annotations

import pytest

from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES, curve_by_name
from readers.emrtd.dh import GROUPS
from readers.emrtd.pace_mapping import chip_authentication_data, encrypt_chip_authentication_data
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.softcard.bac_chip import BacChip
from readers.softcard.chip_auth import ChipKey, agree, agree_at_once
from readers.softcard.options import ChipAuthVariant, PaceVariant
from readers.softcard.pace_chip import PaceChip
from readers.softcard.refusal import CommandRefusedError
from readers.softcard.secure_session import SecureSession
from tests.support.readers_vectors import octets, vectors

PACE = vectors("pace-ecdh-gm")["pace"]["ecdh_gm"]
PASSWORDS = vectors("pace-ecdh-gm")["pace"]
BAC = vectors("bac")["bac"]["exchange"]
CHIP_AUTH = vectors("chip-auth")["chip_authentication"]["ecdh"]
CAM = vectors("pace-ecdh-cam")["pace"]["ecdh_cam"]
MESSAGES = vectors("secure-messaging")
SCALAR_OCTETS = 40


class Scripted:
    """Randomness that makes the chip draw the nonce and the private keys of an example."""

    def __init__(self, table, *names: str, order: int) -> None:
        self._nonce = octets(table, "nonce_s")
        self._keys = [
            int.from_bytes(octets(table, f"{name}_private_key_IC"), "big") % order for name in names
        ]

    def __call__(self, count: int) -> bytes:
        if count == len(self._nonce):
            return self._nonce
        return (self._keys.pop(0) - 1).to_bytes(count, "big")


def run(chip: PaceChip, table, numbers=range(1, 5)) -> bytes | None:
    """Play the reader's commands of an example; every answer of the chip must be that of the example."""
    secret = None
    for number in numbers:
        command = CommandApdu.decode(octets(table, f"command_GA_{number}"))
        answer, secret = chip.step(command.data, chained=command.cla == 0x10)
        assert answer == ResponseApdu.decode(octets(table, f"response_GA_{number}")).data, number
    return secret


@pytest.mark.parametrize(
    ("file", "example", "variant", "password", "keys"),
    [
        ("pace-ecdh-gm", "ecdh_gm", "ecdh-gm:aes-128:13", "password_mrz", ("mapping", "ephemeral")),
        ("pace-dh-gm", "dh_gm", "dh-gm:aes-128:0", "password_mrz", ("mapping", "ephemeral")),
        ("pace-im", "ecdh_im", "ecdh-im:aes-128:13", "password_can", ("ephemeral",)),
        ("pace-im", "dh_im", "dh-im:aes-128:0", "password_can", ("ephemeral",)),
    ],
)
def test_pace_of_the_standard(file: str, example: str, variant: str, password: str, keys) -> None:
    """9303-11 Appendix G.1, G.2, H.1, H.2: every answer of the chip octet for octet."""
    table = vectors(file)["pace"][example]
    chosen = PaceVariant.parse(variant)
    order = CURVES[13].n if chosen.parameter_id == 13 else GROUPS[0].q
    randomness = Scripted(table, *keys, order=order)
    if password == "password_mrz":
        secret = octets(PASSWORDS["password_mrz"], "K")
    else:
        secret = PASSWORDS["password_can"]["CAN"].encode()
    chip = PaceChip(chosen, secret, randbytes=randomness)
    assert run(chip, table) == octets(table, "shared_secret_K")


def test_mapping_of_the_chip_authentication_example() -> None:
    """Appendix I.1: nonce and mapping answers, and the data that prove the static key. The chip's ephemeral key is
    not printed there."""
    randomness = Scripted(CAM, "mapping", order=CURVES[13].n)
    static = int.from_bytes(octets(CAM, "static_private_key_SK_IC_derived"), "big")
    variant = PaceVariant.parse("ecdh-cam:aes-128:13")
    chip = PaceChip(variant, octets(CAM, "K"), randbytes=randomness, static_key=static)
    run(chip, CAM, range(1, 3))
    mapping = int.from_bytes(octets(CAM, "mapping_private_key_IC"), "big")
    data = chip_authentication_data(CURVES[13], mapping, static)
    assert data == octets(CAM, "chip_authentication_data_CA_IC")
    key = octets(CAM, "KS_ENC")
    encrypted = encrypt_chip_authentication_data(CipherSuite.AES_128, key, data)
    assert encrypted == octets(CAM, "encrypted_chip_authentication_data_A_IC")


def test_bac_of_the_standard() -> None:
    """9303-11 Appendix D.3 and D.4: the chip's token, and messages under the keys it leads to."""
    drawn = [octets(BAC, "RND_IC"), octets(BAC, "K_IC")]
    seed = octets(vectors("bac")["bac"]["key_derivation"], "K_seed")
    chip = BacChip(seed, randbytes=lambda _: drawn.pop(0))
    assert chip.challenge == octets(BAC, "RND_IC")
    answer, session = chip.authenticate(octets(BAC, "cmd_data"))
    assert answer == octets(BAC, "resp_data")
    speak(
        session,
        MESSAGES["secure_messaging_3des"],
        ["select_ef_com", "read_binary_first_4", "read_binary_rest"],
    )


def test_bac_refuses_what_is_not_its_key() -> None:
    chip = BacChip(bytes(16), randbytes=bytes)
    for data, status in ((octets(BAC, "cmd_data"), 0x6300), (bytes(39), 0x6700), (b"", 0x6700)):
        with pytest.raises(CommandRefusedError) as caught:
            chip.authenticate(data)
        assert caught.value.sw == status


@pytest.mark.parametrize("cipher", ["aes-128", "aes-256", "3des"])
def test_chip_authentication_keys(cipher: str) -> None:
    """9303-11 6.2 with the key of Appendix I.1: public key and session keys."""
    private = int.from_bytes(octets(CHIP_AUTH, "static_private_key_IC"), "big")
    key = ChipKey(variant=ChipAuthVariant.parse(f"ecdh:{cipher}:13"), key_id=None, private=private)
    assert key.public[1:33] == octets(CHIP_AUTH, "static_public_key_IC_x")
    if cipher == "3des":
        data = CommandApdu.decode(octets(CHIP_AUTH, "command_MSE_Set_KAT_3DES")).data
        session = agree_at_once(data, [key])
    else:
        data = CommandApdu.decode(octets(CHIP_AUTH, "command_GENERAL_AUTHENTICATE")).data
        session = agree(data, key)
    suffix = {"aes-128": "", "aes-256": "_AES_256", "3des": "_3DES"}[cipher]
    assert (session._enc, session._mac) == (
        octets(CHIP_AUTH, f"KS_ENC{suffix}"),
        octets(CHIP_AUTH, f"KS_MAC{suffix}"),
    )


def test_scalars_are_in_range() -> None:
    curve = curve_by_name("brainpoolP256r1")
    assert curve.random_scalar(bytes(SCALAR_OCTETS)) == 1
    assert 1 <= curve.random_scalar(b"\xff" * SCALAR_OCTETS) < curve.n


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("aes128", ["select_ef_com", "read_binary_first_4", "read_binary_rest"]),
        ("aes128", ["read_binary_odd_ins"]),
        ("aes128", ["read_binary_extended_length"]),
        ("aes192", ["select_ef_com", "read_binary_first_4", "read_binary_rest"]),
        ("aes256", ["select_ef_com", "read_binary_first_4", "read_binary_rest"]),
    ],
)
def test_secure_messaging(group: str, names: list[str]) -> None:
    suite = {"aes128": CipherSuite.AES_128, "aes192": CipherSuite.AES_192, "aes256": CipherSuite.AES_256}[
        group
    ]
    session = SecureSession(octets(PACE, "shared_secret_K"), suite)
    assert speak(session, MESSAGES[f"secure_messaging_{group}"], names) == len(names)


def speak(session: SecureSession, tables, names: list[str]) -> int:
    """The commands of the examples are understood, and answered with their octets where the example prints an
    answer; how many were understood."""
    understood = 0
    for name in names:
        table = tables[name]
        command = session.unwrap(CommandApdu.decode(octets(table, "protected_command")))
        expected = CommandApdu.decode(octets(table, "unprotected_command"))
        assert (command.ins, command.p1, command.p2, command.data) == (
            expected.ins,
            expected.p1,
            expected.p2,
            expected.data,
        )
        understood += 1
        if "unprotected_response" not in table:
            continue
        answer = ResponseApdu.decode(octets(table, "unprotected_response"))
        wrapped = session.wrap(answer, odd=bool(command.ins & 1))
        assert wrapped.encode() == octets(table, "protected_response")
    return understood
