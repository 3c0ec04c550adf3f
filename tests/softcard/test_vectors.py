"""The chip's side against the worked examples: it must speak the standard, not the dialect of our own reader."""

from __future__ import annotations

import pytest

from readers.emrtd.curves import curve_by_name
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.softcard.options import PaceVariant
from readers.softcard.pace_chip import PaceChip
from readers.softcard.secure_session import SecureSession
from tests.support.readers_vectors import octets, vectors

PACE = vectors("pace-ecdh-gm")["pace"]["ecdh_gm"]
MESSAGES = vectors("secure-messaging")["secure_messaging_aes128"]
SCALAR_OCTETS = 40


class Scripted:
    """Randomness that makes the chip draw the nonce and the private keys of the example."""

    def __init__(self) -> None:
        self.keys = [octets(PACE, f"{name}_private_key_IC") for name in ("mapping", "ephemeral")]

    def __call__(self, count: int) -> bytes:
        if count == 16:
            return octets(PACE, "nonce_s")
        scalar = int.from_bytes(self.keys.pop(0), "big")
        return (scalar - 1).to_bytes(SCALAR_OCTETS, "big")


def test_pace_of_the_standard() -> None:
    """9303-11 Appendix G.1, every answer of the chip octet for octet."""
    password = octets(vectors("pace-ecdh-gm")["pace"]["password_mrz"], "K")
    chip = PaceChip(PaceVariant.parse("ecdh-gm:aes-128:13"), password, randbytes=Scripted())
    secret = None
    for number in range(1, 5):
        command = CommandApdu.decode(octets(PACE, f"command_GA_{number}"))
        answer, secret = chip.step(command.data, chained=command.cla == 0x10)
        assert answer == ResponseApdu.decode(octets(PACE, f"response_GA_{number}")).data
    assert secret == octets(PACE, "shared_secret_K")


def test_scalars_are_in_range() -> None:
    curve = curve_by_name("brainpoolP256r1")
    assert curve.random_scalar(bytes(SCALAR_OCTETS)) == 1
    assert 1 <= curve.random_scalar(b"\xff" * SCALAR_OCTETS) < curve.n


@pytest.mark.parametrize(
    "names",
    [
        ["select_ef_com", "read_binary_first_4", "read_binary_rest"],
        ["read_binary_odd_ins"],
        ["read_binary_extended_length"],
    ],
)
def test_secure_messaging(names: list[str]) -> None:
    """The commands of the examples are understood, and answered with their octets."""
    session = SecureSession(octets(PACE, "shared_secret_K"))
    for name in names:
        table = MESSAGES[name]
        command = session.unwrap(CommandApdu.decode(octets(table, "protected_command")))
        expected = CommandApdu.decode(octets(table, "unprotected_command"))
        assert (command.ins, command.p1, command.p2, command.data) == (
            expected.ins,
            expected.p1,
            expected.p2,
            expected.data,
        )
        if "unprotected_response" not in table:
            continue
        answer = ResponseApdu.decode(octets(table, "unprotected_response"))
        wrapped = session.wrap(answer, odd=bool(command.ins & 1))
        assert wrapped.encode() == octets(table, "protected_response")
