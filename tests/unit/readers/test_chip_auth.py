"""Chip Authentication: the computed example, every variant, and each way in which it must fail."""

import itertools
import secrets

import pytest

from readers.emrtd import chip_auth
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.dh import GROUPS
from readers.emrtd.evidence import ChipMapping
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.emrtd.pki.errors import UnsupportedAlgorithmError
from readers.emrtd.secure_messaging import SessionKeys
from readers.errors import CardLostError, ChipAuthError, ChipStatusError, SecureMessagingError, TlvError
from readers.iso7816 import der, tlv
from tests.support.proof_chip import (
    PK,
    SELECT,
    SUITES,
    ProofChip,
    auth_info,
    dh_agreement,
    dh_spki,
    ec_agreement,
    ec_spki,
    info,
    key_info,
    oid,
    spki,
)
from tests.support.readers_vectors import octets, vectors

TABLE = vectors("chip-auth")["chip_authentication"]["ecdh"]
MAPPING = vectors("chip-auth")["mapping"]["ecdh_cam"]
P256 = 13
CURVE = CURVES[P256]
PRIVATE = int(TABLE["static_private_key_IC"], 16)
PUBLIC = CURVE.multiply(PRIVATE)
GROUP = GROUPS[2]
DH_PRIVATE = 0x1234567890ABCDEF1234567890ABCDEF


def infos(*items):
    return parse_security_infos(tlv.encode(der.SET, *items))


def ec_infos(cipher=2, point=PUBLIC, **form):
    return infos(auth_info(2, cipher), key_info(2, ec_spki(P256, point, **form)))


def scalar_octets(scalar, curve=CURVE):
    """What the reader's generator gives so that this scalar comes out."""
    return lambda size: (scalar - 1).to_bytes(size, "big")


# --- the computed example ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cipher", [1, 2, 4])
def test_computed_example(cipher):
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[cipher])
    choice = chip_auth.choose(ec_infos(cipher))
    scalar = int(TABLE["ephemeral_private_key_IFD"], 16)
    done = chip_auth.run(chip.channel(), choice, randbytes=scalar_octets(scalar))
    sent = [command.encode() for command in chip.commands]
    if cipher == 1:
        assert sent == [octets(TABLE, "command_MSE_Set_KAT_3DES")]
    else:
        set_at = octets(TABLE, "command_MSE_Set_AT")
        assert sent == [set_at[:-1] + bytes([cipher]), octets(TABLE, "command_GENERAL_AUTHENTICATE")]
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000


@pytest.mark.parametrize(
    ("suite", "suffix"),
    [(CipherSuite.AES_128, ""), (CipherSuite.AES_256, "_AES_256"), (CipherSuite.TDES, "_3DES")],
)
def test_computed_keys(suite, suffix):
    secret = CURVE.encode_x(CURVE.multiply(int(TABLE["ephemeral_private_key_IFD"], 16), PUBLIC))
    assert secret == octets(TABLE, "shared_secret_K")
    keys = SessionKeys.derive(suite, secret)
    assert (keys.enc, keys.mac) == (octets(TABLE, f"KS_ENC{suffix}"), octets(TABLE, f"KS_MAC{suffix}"))
    assert keys.ssc == 0


# --- every variant -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("curve", "cipher"), list(itertools.product(CURVES, (1, 2, 3, 4))))
def test_every_curve_and_cipher(curve, cipher):
    private = CURVES[curve].n - 5
    point = CURVES[curve].multiply(private)
    form = "explicit" if cipher % 2 else "standard"
    choice = chip_auth.choose(infos(auth_info(2, cipher), key_info(2, ec_spki(curve, point, form=form))))
    chip = ProofChip(ec_agreement(curve, private), SUITES[cipher])
    done = chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes)
    assert done.channel.suite is SUITES[cipher]
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000
    assert done.facts == {
        "ca_protocol": f"ca-ecdh-{SUITES[cipher].label}",
        "ca_info": "info",
        "ca_key": CURVES[curve].name,
    }


@pytest.mark.parametrize(
    ("group", "cipher", "with_q"), list(itertools.product(GROUPS, (1, 2, 3, 4), (False, True)))
)
def test_every_group_and_cipher(group, cipher, with_q):
    """DH-2048 needs the extended form: key and cryptogram do not fit 255 octets."""
    numbers = GROUPS[group]
    key = dh_spki(
        numbers.p, numbers.g, numbers.power(DH_PRIVATE % numbers.q), q=numbers.q if with_q else None
    )
    chip = ProofChip(dh_agreement(numbers.p, DH_PRIVATE % numbers.q), SUITES[cipher])
    choice = chip_auth.choose(infos(auth_info(1, cipher), key_info(1, key)))
    done = chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes)
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000
    assert done.facts["ca_protocol"] == f"ca-dh-{SUITES[cipher].label}"
    assert done.facts["ca_key"] == f"dh-{numbers.p.bit_length()}"
    assert (max(map(len, chip.raw)) > 261) == (group != 0)


@pytest.mark.parametrize(("family", "cipher"), [(1, 1), (1, 2), (1, 4), (2, 4)])
def test_chip_without_the_extended_form_takes_a_chain(family, cipher):
    """A key of 2048 bits in pieces; one of P-521 needs none."""
    if family == 1:
        key, agree = dh_spki(GROUP.p, GROUP.g, GROUP.power(DH_PRIVATE)), dh_agreement(GROUP.p, DH_PRIVATE)
    else:
        key, agree = ec_spki(18, CURVES[18].multiply(5)), ec_agreement(18, 5)
    chip = ProofChip(agree, SUITES[cipher])
    choice = chip_auth.choose(infos(auth_info(family, cipher), key_info(family, key)))
    done = chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes, extended=False)
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000
    assert max(map(len, chip.raw)) <= 261
    assert any(raw[0] & 0x10 for raw in chip.raw) == (family == 1)


@pytest.mark.parametrize("sw", [0x6884, 0x6883, 0x6E00, 0x6700])
def test_chip_that_takes_no_chain_either_is_no_evidence(sw):
    chip = ProofChip(None, SUITES[2], status={"chain": sw})
    key = dh_spki(GROUP.p, GROUP.g, GROUP.power(DH_PRIVATE))
    choice = chip_auth.choose(infos(auth_info(1, 2), key_info(1, key)))
    with pytest.raises(ChipStatusError):
        chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes, extended=False)


def test_standardised_group_by_number():
    algorithm = oid("0.4.0.127.0.7.1.2") + der.encode_integer(1)
    key = spki(algorithm, der.encode_integer(GROUPS[1].power(DH_PRIVATE)))
    chip = ProofChip(dh_agreement(GROUPS[1].p, DH_PRIVATE), SUITES[2])
    done = chip_auth.run(
        chip.channel(),
        chip_auth.choose(infos(auth_info(1, 2), key_info(1, key))),
        randbytes=secrets.token_bytes,
    )
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000


def test_group_without_a_known_order():
    """PKCS #3 with a prime that no standard names; the group of RFC 3526 stands for any."""
    prime = int(RFC_3526_2048, 16)
    key = dh_spki(prime, 2, pow(2, DH_PRIVATE, prime))
    chip = ProofChip(dh_agreement(prime, DH_PRIVATE), SUITES[2])
    choice = chip_auth.choose(infos(auth_info(1, 2), key_info(1, key)))
    done = chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes)
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000


class Draws:
    """Randomness that says how often and how much was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, octets):
        self.asked.append(octets)
        return secrets.token_bytes(octets)


@pytest.mark.parametrize("bits", [1025, 2041, 3065, 4089])
def test_a_prime_that_hardly_fills_its_first_octet_is_no_reason_to_draw_again(bits):
    """Nearly every element of such a field begins with a zero octet: the card chose how long the reader worked."""
    prime, draws = (1 << (bits - 1)) + 1, Draws()
    chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(prime, 5, 7)))).key.agree(draws)
    assert len(draws.asked) == 1


def test_leading_zero_octets_are_avoided_three_times_at_most():
    """Two has few powers modulo 2^2048 - 1, and nearly all of them begin with zeros."""
    prime, draws = (1 << 2048) - 1, Draws()
    chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(prime, 2, 1 << 1000)))).key.agree(draws)
    assert 1 <= len(draws.asked) <= 3


@pytest.mark.parametrize(("bits", "octets"), [(1024, 32), (2048, 32), (3072, 34), (4096, 46)])
def test_exponents_are_as_long_as_the_prime_is_strong(bits, octets):
    prime, draws = (1 << bits) - 3, Draws()
    chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(prime, 5, 7)))).key.agree(draws)
    assert all(octets <= asked - 8 <= octets + 1 for asked in draws.asked)


@pytest.mark.parametrize("sign", [-1, 0])
def test_order_that_is_no_positive_number(sign):
    prime = GROUPS[0].p
    octets = (sign * (prime - 1)).to_bytes(129, "big", signed=True)
    numbers = [der.encode_integer(prime), der.encode_integer(5), tlv.encode(der.INTEGER, octets)]
    key = spki(oid("1.2.840.10046.2.1") + tlv.encode(der.SEQUENCE, *numbers), der.encode_integer(9))
    choice = chip_auth.choose(infos(auth_info(1, 2), key_info(1, key)))
    assert choice.key is None
    assert (choice.fault, choice.weakness) in [("group-parameters", None), (None, "key-malformed")]


def test_a_long_order_is_checked_by_its_short_cofactor():
    prime = int(RFC_3526_2048, 16)
    order, element = prime // 2, pow(4, DH_PRIVATE, prime)
    good = chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(prime, 4, element, q=order)))).key
    own, shared = good.agree(secrets.token_bytes)
    assert shared == pow(int.from_bytes(own, "big"), DH_PRIVATE, prime).to_bytes(256, "big")


@pytest.mark.parametrize(
    ("generator", "public", "reason"),
    [(5, 1 << 1024, "bad-element"), (1 << 1024, 5, "group-parameters")],
)
def test_an_element_that_only_the_cofactor_has(generator, public, reason):
    """The square of 2^1024 is 1 modulo 2^2048 - 1."""
    key = dh_spki((1 << 2048) - 1, generator, public, q=(1 << 2047) - 1)
    with pytest.raises(ChipAuthError) as caught:
        chip_auth.choose(infos(auth_info(1, 2), key_info(1, key))).key.agree(secrets.token_bytes)
    assert caught.value.facts == {"reason": reason}


def test_an_order_that_no_short_check_covers_is_not_used():
    order = (1 << 1023) + 1
    prime = order * (1 << 1024) + 1
    choice = chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(prime, 5, 7, q=order))))
    assert (choice.key, choice.weakness) == (None, "key-size-unsupported")


RFC_3526_2048 = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF"
)


@pytest.mark.parametrize("sw", [0x6A81, 0x6A86, 0x6D00])
def test_chip_that_does_not_know_set_kat(sw):
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[1], status={"kat": sw})
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos(1)), randbytes=secrets.token_bytes)
    assert [command.ins for command in chip.commands] == [0x22, 0x22, 0x86]
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000


def test_old_session_may_use_another_cipher():
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[4], old=CipherSuite.TDES)
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos(4)), randbytes=secrets.token_bytes)
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x9000


# --- choosing ----------------------------------------------------------------------------------------------


def test_nothing_offered():
    assert chip_auth.choose(infos(info("0.4.0.127.0.7.2.2.2", der.encode_integer(1)))) is None


def test_key_without_info_means_3des():
    for family, key, protocol in (
        (2, ec_spki(P256, PUBLIC), "ca-ecdh-3des"),
        (1, dh_spki(GROUP.p, GROUP.g, GROUP.power(7)), "ca-dh-3des"),
    ):
        choice = chip_auth.choose(infos(key_info(family, key)))
        assert (choice.protocol, choice.origin, choice.weakness) == (protocol, "assumed", None)


def test_strongest_variant_first():
    offered = [auth_info(2, cipher, key_id=number) for cipher, number in ((1, 1), (2, 1), (4, 2), (3, 1))]
    keys = [key_info(2, ec_spki(P256, PUBLIC), key_id=1), key_info(2, ec_spki(17, on(17)), key_id=2)]
    choice = chip_auth.choose(infos(*offered, *keys))
    assert (choice.protocol, choice.key.label, choice.key_id) == ("ca-ecdh-aes-256", "brainpoolP512r1", 2)


def on(curve):
    return CURVES[curve].multiply(CURVES[curve].n - 5)


def test_aes_on_a_small_curve_before_3des_on_a_large_one():
    choice = chip_auth.choose(
        infos(
            auth_info(2, 1, key_id=1),
            auth_info(2, 2, key_id=2),
            key_info(2, ec_spki(18, on(18)), key_id=1),
            key_info(2, ec_spki(10, on(10)), key_id=2),
        )
    )
    assert choice.protocol == "ca-ecdh-aes-128"


def test_sound_key_before_a_faulty_one():
    bad = ec_spki(P256, CURVE.encode(PUBLIC)[:-1] + b"\0")
    choice = chip_auth.choose(
        infos(
            auth_info(2, 4, key_id=1),
            auth_info(2, 2, key_id=2),
            key_info(2, bad, key_id=1),
            key_info(2, ec_spki(P256, PUBLIC), key_id=2),
        )
    )
    assert (choice.key_id, choice.fault, choice.weakness) == (2, None, None)


def test_key_id_is_sent():
    for number, encoded in ((0, b"\0"), (13, b"\x0d"), (0x1234, b"\x12\x34")):
        for cipher in (1, 2):
            chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[cipher])
            offered = infos(
                auth_info(2, cipher, key_id=number), key_info(2, ec_spki(P256, PUBLIC), key_id=number)
            )
            chip_auth.run(chip.channel(), chip_auth.choose(offered), randbytes=secrets.token_bytes)
            assert chip.commands[0].data.endswith(tlv.encode(0x84, encoded))


@pytest.mark.parametrize(("info_id", "key_id"), [(3, None), (None, 3)])
def test_only_key_without_number(info_id, key_id):
    choice = chip_auth.choose(
        infos(auth_info(2, 2, key_id=info_id), key_info(2, ec_spki(P256, PUBLIC), key_id=key_id))
    )
    assert (choice.weakness, choice.key_id) == (None, 3)


KEY = ec_spki(P256, PUBLIC)
UNUSABLE = {
    "version": [auth_info(2, 2, version=2), key_info(2, KEY)],
    "no-key": [auth_info(2, 2)],
    "unknown-variant": [auth_info(2, 9), key_info(2, KEY)],
    "key-ambiguous": [auth_info(2, 2), key_info(2, KEY, key_id=1), key_info(2, KEY, key_id=2)],
    "curve-unsupported": [
        auth_info(2, 2),
        key_info(2, spki(oid("1.2.840.10045.2.1") + oid("1.3.132.0.10"), b"\4")),
    ],
    "key-unsupported": [auth_info(1, 2), key_info(1, ec_spki(P256, PUBLIC, form="explicit"))],
    "key-size-unsupported": [auth_info(1, 2), key_info(1, dh_spki((1 << 767) + 183, 2, 4))],
    "key-malformed": [auth_info(2, 2), key_info(2, tlv.encode(der.SEQUENCE))],
    "key-id": [auth_info(2, 2, key_id=1 << 40), key_info(2, KEY, key_id=1 << 40)],
    "group-unsupported": [
        auth_info(1, 2),
        key_info(1, spki(oid("0.4.0.127.0.7.1.2") + der.encode_integer(9), der.encode_integer(4))),
    ],
}


@pytest.mark.parametrize("reason", UNUSABLE)
def test_unusable_variants_say_why_and_send_nothing(reason):
    choice = chip_auth.choose(infos(*UNUSABLE[reason]))
    assert choice.weakness == reason
    assert choice.facts["ca_weakness"] == reason
    chip = ProofChip(None, SUITES[2])
    with pytest.raises(ChipAuthError, match="unusable"):
        chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes)
    assert not chip.raw


def test_key_number_that_no_key_has():
    offered = infos(auth_info(2, 2, key_id=1), key_info(2, KEY, key_id=2), key_info(2, KEY, key_id=3))
    assert chip_auth.choose(offered).weakness == "no-key"


def test_malformed_info():
    with pytest.raises(TlvError):
        chip_auth.choose(infos(info("0.4.0.127.0.7.2.2.3.2.2", tlv.encode(4, b"\1"))))


# --- keys that no honest issuer signs ----------------------------------------------------------------------

OFF_CURVE = CURVE.encode(PUBLIC)[:-1] + bytes([CURVE.encode(PUBLIC)[-1] ^ 1])
OTHER = CURVE.encode(CURVE.multiply(5))
FAULTY_EC = {
    "bad-point": ec_spki(P256, OFF_CURVE),
    "infinity": ec_spki(P256, b"\0"),
    "bad-point-compressed": ec_spki(P256, b"\2" + CURVE.encode_x(PUBLIC)),
    "bad-point-of-zeros": ec_spki(P256, b"\4" + bytes(64)),
    "bad-point-empty": ec_spki(P256, b""),
    "curve-parameters-g": ec_spki(P256, PUBLIC, form="explicit", g=OTHER),
    "curve-parameters-a": ec_spki(P256, PUBLIC, form="explicit", a=CURVE.a - 1),
    "curve-parameters-b": ec_spki(P256, PUBLIC, form="explicit", b=CURVE.b - 1),
    "curve-parameters-n": ec_spki(P256, PUBLIC, form="explicit", n=CURVE.n - 2),
    "curve-parameters-h": ec_spki(P256, PUBLIC, form="explicit", h=2),
}
SMALL = pow(3, (GROUP.p - 1) // 2, GROUP.p)
FAULTY_DH = {
    "bad-element-0": dh_spki(GROUP.p, GROUP.g, 0),
    "bad-element-1": dh_spki(GROUP.p, GROUP.g, 1),
    "bad-element-p-1": dh_spki(GROUP.p, GROUP.g, GROUP.p - 1),
    "bad-element-above-p": dh_spki(GROUP.p, GROUP.g, GROUP.p + 4),
    "bad-element-outside-subgroup": dh_spki(GROUP.p, GROUP.g, 3),
    "bad-element-outside-subgroup-q": dh_spki(GROUP.p, GROUP.g, 3, q=GROUP.q),
    "group-parameters-g-1": dh_spki(GROUP.p, 1, 4),
    "group-parameters-g": dh_spki(GROUP.p, GROUP.p - 1, 4),
    "group-parameters-even": dh_spki(GROUP.p - 1, 2, 4),
    "group-parameters-q": dh_spki(GROUP.p, GROUP.g, GROUP.power(7), q=GROUP.q + 2),
    "group-parameters-small-q": dh_spki(GROUP.p, GROUP.g, GROUP.power(7), q=2),
}


@pytest.mark.parametrize(
    ("name", "family", "key"),
    [(name, 2, key) for name, key in FAULTY_EC.items()] + [(name, 1, key) for name, key in FAULTY_DH.items()],
)
def test_faulty_keys_fail_before_anything_is_sent(name, family, key):
    chip = ProofChip(None, SUITES[2])
    choice = chip_auth.choose(infos(auth_info(family, 2), key_info(family, key)))
    with pytest.raises(ChipAuthError) as caught:
        chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes)
    assert caught.value.conclusive
    assert name.startswith(caught.value.facts["reason"])
    assert not chip.raw


def test_own_key_reflected():
    """A chip whose static key is the reader's own ephemeral key, or its mirror point."""
    scalar = int(TABLE["ephemeral_private_key_IFD"], 16)
    for reflected in (scalar, CURVE.n - scalar):
        chip = ProofChip(ec_agreement(P256, reflected), SUITES[2])
        choice = chip_auth.choose(ec_infos(point=CURVE.multiply(reflected)))
        with pytest.raises(ChipAuthError, match="own-key-reflected"):
            chip_auth.run(chip.channel(), choice, randbytes=scalar_octets(scalar))
        assert not chip.raw
    choice = chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(GROUP.p, GROUP.g, GROUP.power(9)))))
    with pytest.raises(ChipAuthError, match="own-key-reflected"):
        chip_auth.run(
            ProofChip(None, SUITES[2]).channel(), choice, randbytes=lambda size: (7).to_bytes(size, "big")
        )


def test_order_two_element_of_an_unknown_group_gives_no_secret():
    prime = int(RFC_3526_2048, 16)
    choice = chip_auth.choose(infos(auth_info(1, 2), key_info(1, dh_spki(prime, 2, prime - 1))))
    assert choice.fault == "bad-element"


# --- chips that fail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cipher", "step"), [(1, "kat"), (2, "at"), (2, "ga")])
@pytest.mark.parametrize("sw", [0x6A80, 0x6982, 0x6985, 0x6300, 0x6988])
def test_refusal_is_conclusive(cipher, step, sw):
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[cipher], status={step: sw})
    with pytest.raises(ChipAuthError) as caught:
        chip_auth.run(chip.channel(), chip_auth.choose(ec_infos(cipher)), randbytes=secrets.token_bytes)
    assert caught.value.facts["reason"] == "refused"
    assert caught.value.facts["sw"] == f"{sw:04X}"


@pytest.mark.parametrize(("cipher", "step"), [(1, "kat"), (2, "at"), (2, "ga")])
@pytest.mark.parametrize("sw", [0x6700, 0x6F00, 0x6C10])
def test_trouble_with_lengths_is_not(cipher, step, sw):
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[cipher], status={step: sw})
    with pytest.raises(ChipStatusError) as caught:
        chip_auth.run(chip.channel(), chip_auth.choose(ec_infos(cipher)), randbytes=secrets.token_bytes)
    assert not caught.value.conclusive


def test_chip_with_another_key():
    """A copy: everything is there but the private half."""
    chip = ProofChip(ec_agreement(P256, PRIVATE + 1), SUITES[2])
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)
    chip._session.unwrap = lambda command: command
    with pytest.raises(ChipAuthError) as caught:
        chip_auth.confirm(done.channel, SELECT)
    assert caught.value.facts == {"reason": "session", "detail": "wrong-mac"}


def test_old_keys_after_chip_authentication():
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2], keep_old=True)
    old = chip.channel()
    done = chip_auth.run(old, chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)
    chip._session.unwrap = lambda command: command
    with pytest.raises(ChipAuthError, match="session"):
        chip_auth.confirm(done.channel, SELECT)
    assert not done.channel.alive


@pytest.mark.parametrize("sw", [0x9000, 0x6982, 0x6985, 0x6987, 0x6988, 0x6A80])
def test_unprotected_answer_after_chip_authentication(sw):
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2], plain=sw)
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)
    with pytest.raises(ChipAuthError, match="session"):
        chip_auth.confirm(done.channel, SELECT)


NOISE = {
    "6700": (lambda answer: b"\x67\x00", "bare-status"),
    "6CDF": (lambda answer: b"\x6c\xdf", "bare-status"),
    "6F00": (lambda answer: b"\x6f\x00", "bare-status"),
    "half": (lambda answer: answer[: len(answer) // 2], "malformed"),
    "cut before the MAC": (lambda answer: answer[:6], "no-mac"),
    "a tag's bit": (lambda answer: b"\x9b" + answer[1:], "unexpected-objects"),
    "status behind the MAC": (lambda answer: answer[:-2] + b"\x90\x01", "status-mismatch"),
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_after_chip_authentication_is_no_evidence(name):
    spoil, reason = NOISE[name]
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2])
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)
    honest = chip.transceive
    chip.transceive = lambda octets: spoil(honest(octets))
    with pytest.raises(SecureMessagingError, match=reason):
        chip_auth.confirm(done.channel, SELECT)
    assert not done.channel.alive


def test_status_under_the_new_keys_proves_the_chip():
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2], status={"select": 0x6A82})
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)
    assert chip_auth.confirm(done.channel, SELECT).sw == 0x6A82


def test_lost_card_is_no_evidence():
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2])
    done = chip_auth.run(chip.channel(), chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)

    def lost(_octets):
        raise CardLostError()

    chip.transceive = lost
    with pytest.raises(CardLostError):
        chip_auth.confirm(done.channel, SELECT)


def test_broken_session_during_the_protocol_is_no_evidence():
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2])
    channel = chip.channel()
    chip.transceive = lambda _octets: b"\x90\x00"
    with pytest.raises(SecureMessagingError):
        chip_auth.run(channel, chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)


def test_ephemeral_keys_differ():
    seen = set()
    for _ in range(4):
        chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2])
        chip_auth.run(chip.channel(), chip_auth.choose(ec_infos()), randbytes=secrets.token_bytes)
        seen.add(chip.commands[-1].data)
    assert len(seen) == 4


def test_nothing_secret_in_repr():
    choice = chip_auth.choose(ec_infos())
    chip = ProofChip(ec_agreement(P256, PRIVATE), SUITES[2])
    done = chip_auth.run(chip.channel(), choice, randbytes=secrets.token_bytes)
    for text in (repr(choice), repr(choice.key), repr(done)):
        assert str(PUBLIC.x) not in text
        assert f"{PUBLIC.x:x}" not in text.lower()


# --- the mapping proof of PACE-CAM -------------------------------------------------------------------------

MAPPED = b"\4" + octets(MAPPING, "mapping_public_key_IC_x") + octets(MAPPING, "mapping_public_key_IC_y")
DATA = octets(MAPPING, "chip_authentication_data_CA_IC")
SIGNED = infos(octets(MAPPING, "ChipAuthenticationPublicKeyInfo"))
CAM = "0.4.0.127.0.7.2.2.4.6.2"


def mapping(*, key=MAPPED, data=DATA, parameter_id=13):
    return ChipMapping(oid=CAM, parameter_id=parameter_id, mapping_key=key, data=data)


def test_mapping_of_the_standard():
    assert chip_auth.require_mapping(mapping(), SIGNED) == {"cam_curve": "brainpoolP256r1", "cam_keys": 1}


def test_mapping_with_several_keys():
    several = infos(
        octets(MAPPING, "ChipAuthenticationPublicKeyInfo"),
        key_info(2, ec_spki(12, CURVES[12].multiply(7)), key_id=1),
        key_info(2, ec_spki(P256, CURVE.multiply(7)), key_id=2),
        key_info(2, ec_spki(P256, OFF_CURVE), key_id=3),
        key_info(1, dh_spki(GROUP.p, GROUP.g, GROUP.power(7)), key_id=4),
    )
    assert chip_auth.require_mapping(mapping(), several)["cam_keys"] == 2


def test_mapping_with_a_crowd_of_keys_is_not_computed():
    crowd = [key_info(2, ec_spki(P256, CURVE.multiply(7 + number)), key_id=number) for number in range(5)]
    with pytest.raises(UnsupportedAlgorithmError) as caught:
        chip_auth.require_mapping(mapping(), infos(*crowd))
    assert caught.value.facts["what"] == "mapping-keys"
    own = octets(MAPPING, "ChipAuthenticationPublicKeyInfo")
    assert chip_auth.require_mapping(mapping(), infos(own, *crowd[:3]))["cam_keys"] == 4


BAD_MAPPINGS = {
    "mapping": (mapping(data=DATA[:-1] + bytes([DATA[-1] ^ 1])), SIGNED),
    "mapping-other-key": (mapping(), infos(key_info(2, ec_spki(P256, CURVE.multiply(7))))),
    "mapping-mirrored": (mapping(data=(CURVE.n - int.from_bytes(DATA, "big")).to_bytes(32, "big")), SIGNED),
    "mapping-key-missing": (mapping(), infos(auth_info(2, 2))),
    "mapping-key-missing-faulty": (mapping(), infos(key_info(2, ec_spki(P256, OFF_CURVE)))),
    "mapping-key-missing-curve": (mapping(), infos(key_info(2, ec_spki(12, CURVES[12].multiply(7))))),
    "mapping-curve": (mapping(parameter_id=2), SIGNED),
    "mapping-point": (mapping(key=OFF_CURVE), SIGNED),
    "mapping-point-infinity": (mapping(key=b"\0"), SIGNED),
    "mapping-scalar-zero": (mapping(data=bytes(32)), SIGNED),
    "mapping-scalar-empty": (mapping(data=b""), SIGNED),
    "mapping-scalar-n": (mapping(data=CURVE.n.to_bytes(32, "big")), SIGNED),
    "mapping-scalar-long": (mapping(data=b"\0" + DATA), SIGNED),
}


@pytest.mark.parametrize("name", BAD_MAPPINGS)
def test_mappings_that_prove_nothing(name):
    with pytest.raises(ChipAuthError) as caught:
        chip_auth.require_mapping(*BAD_MAPPINGS[name])
    assert name.startswith(caught.value.facts["reason"])
    assert caught.value.conclusive
    assert set(caught.value.facts) == {"reason"}


def test_pk_oids_of_another_family_are_ignored():
    assert chip_auth.choose(infos(info(f"{PK}.3", KEY))) is None
