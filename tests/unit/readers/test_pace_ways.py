"""Every mapping on every group with every cipher, against a chip that keeps the rules."""

import secrets

import pytest

from readers.emrtd import pace
from readers.emrtd.access_key import Can
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.dh import GROUPS
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.emrtd.pace_mapping import DhDomain, standard_domain
from readers.errors import AccessDeniedError
from readers.iso7816.apdu import CommandApdu
from readers.iso7816.channel import PlainChannel
from tests.support.access_chip import ARCS, AccessChip, infos, pace_info

CAN, OTHER_CAN = Can("000001"), Can("000002")


def ways():
    """Every mapping on every group it exists for, ciphers in turn; every cipher for each mapping."""
    suites = list(CipherSuite)
    for mapping in ARCS:
        elliptic = mapping.startswith("ecdh")
        usable = suites[1:] if mapping == "ecdh-cam" else suites
        ids = [number for number in (CURVES if elliptic else GROUPS) if (mapping, number) != ("ecdh-im", 10)]
        for place, number in enumerate(ids):
            yield mapping, usable[place % len(usable)], number
        yield from ((mapping, suite, 13 if elliptic else 0) for suite in usable)


@pytest.mark.parametrize(
    ("mapping", "suite", "parameter_id"),
    sorted(set(ways()), key=str),
    ids=lambda item: str(getattr(item, "label", item)),
)
def test_every_mapping_group_and_cipher_with_an_honest_chip(mapping, suite, parameter_id):
    info = parse_security_infos(infos(pace_info(mapping, suite, parameter_id))).pace[0]
    chip = AccessChip(secrets={2: CAN.secret}, parameter_id=parameter_id, static_key=0x1234567)
    reader = pace.PaceReader(PlainChannel(chip), info, randbytes=secrets.token_bytes)
    assert reader.begin(CAN) is None
    session = reader.finish(CAN)
    assert session.channel._crypto._keys.mac == chip.pace.mac
    assert (session.mapping is None) is (mapping != "ecdh-cam")
    with pytest.raises(AccessDeniedError):
        pace.PaceReader(PlainChannel(chip), info, randbytes=secrets.token_bytes).establish(OTHER_CAN)


@pytest.mark.parametrize("parameter_id", [0, 1, 2])
def test_long_public_keys_take_the_extended_form(parameter_id):
    sent = []

    class Wire(AccessChip):
        def transceive(self, octets):
            sent.append(octets)
            return super().transceive(octets)

    info = parse_security_infos(infos(pace_info("dh-gm", CipherSuite.AES_128, parameter_id))).pace[0]
    chip = Wire(secrets={2: CAN.secret}, parameter_id=parameter_id)
    assert pace.PaceReader(PlainChannel(chip), info, randbytes=secrets.token_bytes).establish(CAN).alive
    keys = [CommandApdu.decode(octets) for octets in sent[2:4]]
    assert [command.extended for command in keys] == [parameter_id != 0] * 2
    assert all(command.cla == 0x10 for command in keys)


def test_public_values_are_drawn_again_until_they_are_full_length():
    domain = standard_domain(0)
    short = next(number for number in range(1, 4000) if not domain.key_pair_of(number).public[0])
    draws = iter([short, 5])
    pair = domain.key_pair(lambda count: (next(draws) - 1).to_bytes(count, "big"))
    assert pair == domain.key_pair_of(5)
    assert not domain.key_pair(lambda count: (short - 1).to_bytes(count, "big")).public[0]
    stripped = domain.key_pair_of(short).public.lstrip(b"\0")
    assert domain.agree(pair, stripped) == domain.agree(pair, domain.key_pair_of(short).public)


@pytest.mark.parametrize("mapping", ["dh-gm", "dh-im"])
def test_a_secret_with_leading_zeros_is_given_up_before_it_is_a_try(mapping, monkeypatch):
    judged = []

    def judge(self, secret):
        judged.append(secret)
        return len(judged) == 3

    monkeypatch.setattr(DhDomain, "encodes_alike", judge)
    info = parse_security_infos(infos(pace_info(mapping, CipherSuite.AES_128, 0))).pace[0]
    chip = AccessChip(secrets={2: CAN.secret}, parameter_id=0)
    assert pace.PaceReader(PlainChannel(chip), info, randbytes=secrets.token_bytes).establish(CAN).alive
    assert (chip.said("mse"), chip.said("agree"), chip.said("token")) == (3, 3, 1)
    judged.clear()
    monkeypatch.setattr(DhDomain, "encodes_alike", lambda self, secret: False)
    assert pace.PaceReader(PlainChannel(chip), info, randbytes=secrets.token_bytes).establish(CAN).alive
    assert (chip.said("mse"), chip.said("agree"), chip.said("token")) == (7, 7, 2)


def test_which_secrets_are_encoded_alike():
    assert standard_domain(13).encodes_alike(bytes(32))
    assert not standard_domain(0).encodes_alike(bytes(1) + b"\xff" * 127)
    assert standard_domain(0).encodes_alike(b"\x01" + bytes(127))
