"""The choice among what a chip offers, and explicit domain parameters that are or are not the standardised ones."""

import pytest

from readers.emrtd import pace_variants
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.dh import GROUPS, GroupError, group_by_parameters
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.pace_mapping import standard_domain
from readers.emrtd.pace_variants import ASSUMED, assumed_variant, choose_variant
from readers.emrtd.pki.errors import CurveParametersError
from readers.errors import PaceNotOfferedError, TlvError
from readers.iso7816 import der, tlv
from tests.support.access_chip import CHIP_AUTH_INFO, algorithm, domain_info, explicit_curve, infos, pace_info
from tests.support.readers_vectors import vectors

AES_128, AES_192, AES_256, TDES = (
    CipherSuite.AES_128,
    CipherSuite.AES_192,
    CipherSuite.AES_256,
    CipherSuite.TDES,
)
X942, PKCS3, STANDARDISED = "1.2.840.10046.2.1", "1.2.840.113549.1.3.1", "0.4.0.127.0.7.1.2"


def choice(*encoded):
    return choose_variant(parse_card_access(infos(*encoded)))


def forms(*encoded):
    return [(form.domain.name, form.reference) for form in choice(*encoded).forms]


PREFERENCES = [
    (("ecdh-gm", TDES, 13), ("ecdh-gm", AES_256, 12), 1),
    (("ecdh-gm", AES_128, 13), ("ecdh-im", AES_192, 13), 1),
    (("ecdh-cam", AES_128, 13), ("dh-gm", AES_256, 2), 1),
    (("ecdh-gm", AES_128, 13), ("ecdh-cam", AES_128, 13), 1),
    (("ecdh-im", AES_128, 13), ("dh-gm", AES_128, 0), 1),
    (("dh-gm", AES_128, 2), ("ecdh-gm", AES_128, 13), 1),
    (("ecdh-gm", AES_128, 12), ("ecdh-gm", AES_128, 13), 0),
    (("ecdh-im", AES_256, 10), ("ecdh-gm", TDES, 13), 1),
    (("ecdh-cam", TDES, 13), ("ecdh-gm", TDES, 13), 1),
    (("ecdh-gm", AES_256, 0), ("ecdh-gm", AES_128, 13), 1),
    (("dh-gm", AES_256, 13), ("ecdh-gm", AES_128, 13), 1),
    (("ecdh-gm", AES_256, 20), ("ecdh-gm", AES_128, 13), 1),
    (("ecdh-gm", AES_256, 40), ("ecdh-gm", AES_128, 13), 1),
    (("ecdh-gm", AES_256, 1 << 80), ("ecdh-gm", AES_128, 13), 1),
    (("ecdh-gm", AES_256, 13, 1), ("ecdh-gm", AES_128, 13), 1),
]


@pytest.mark.parametrize(("first", "second", "wins"), PREFERENCES)
def test_order_of_preference(first, second, wins):
    for offered in ((first, second), (second, first)) if first[:2] != second[:2] else ((first, second),):
        chosen = choice(*(pace_info(*item) for item in offered)).info
        mapping, suite, parameter_id, *_ = (first, second)[wins]
        assert (chosen.mapping, chosen.suite, chosen.parameter_id) == (mapping, suite, parameter_id)


@pytest.mark.parametrize(
    "offered",
    [
        (),
        (("ecdh-im", AES_128, 10),),
        (("ecdh-gm", AES_128, 13, 1),),
        (("dh-gm", AES_128, 3),),
        (("ecdh-gm", AES_128, 2),),
    ],
)
def test_nothing_usable(offered):
    with pytest.raises(PaceNotOfferedError) as caught:
        choice(CHIP_AUTH_INFO, *(pace_info(*item) for item in offered))
    assert caught.value.facts == {"offered": len(offered)}


def test_what_is_assumed():
    assert [(form.domain.name, form.reference) for form in assumed_variant().forms] == [
        ("brainpoolP256r1", None),
        ("brainpoolP256r1", 13),
    ]
    assert ASSUMED.protocol == "pace-ecdh-gm-aes-128"


def test_parameters_are_named_first_where_several_are_offered():
    name = "brainpoolP256r1"
    assert forms(pace_info()) == [(name, None), (name, 13)]
    assert forms(pace_info(), pace_info("ecdh-im")) == [(name, None), (name, 13)]
    assert forms(pace_info(), pace_info("ecdh-gm", TDES, 12)) == [(name, 13), (name, None)]


def test_without_parameter_id():
    curves = [reference for _, reference in forms(pace_info(parameter_id=None))]
    assert curves == [13, 12, 16, 15, 17, 18, 14, 11, 10, 9, 8] + 11 * [None]
    assert 10 not in [reference for _, reference in forms(pace_info("ecdh-im", AES_128, None))]
    assert [reference for _, reference in forms(pace_info("dh-gm", AES_128, None))] == [2, 1, 0] + 3 * [None]


def test_only_a_guess_is_marked_as_one():
    def guessed(*offered):
        return {form.guessed for form in choice(*offered).forms}

    unnumbered = pace_info(parameter_id=None)
    assert guessed(unnumbered) == guessed(pace_info("dh-gm", AES_128, None)) == {True}
    described = [domain_info("ecdh-gm", explicit_curve(CURVES[number]), 40 + number) for number in (12, 16)]
    for offered in ((pace_info(),), (unnumbered, described[0]), (unnumbered, *described)):
        assert guessed(*offered) == {False}
    assert {form.guessed for form in assumed_variant().forms} == {False}


def numbers(*values):
    return tlv.encode(der.SEQUENCE, *(der.encode_integer(value) for value in values))


def group_parameters(group, *, oid=X942, **changed):
    values = {"p": group.p, "g": group.g, "q": group.q} | changed
    wanted = ("p", "g", "q") if oid == X942 else ("p", "g")
    return algorithm(oid, numbers(*(values[name] for name in wanted)))


EC_DOMAINS = {
    "explicit": explicit_curve(CURVES[16]),
    "standardised": algorithm(STANDARDISED, der.encode_integer(16)),
    "named": algorithm("1.2.840.10045.2.1", tlv.encode(der.OID, der.encode_oid("1.3.36.3.3.2.8.1.1.11"))),
}


@pytest.mark.parametrize("name", EC_DOMAINS)
def test_described_curve(name):
    domain = EC_DOMAINS[name]
    curve = "brainpoolP384r1"
    without = pace_info(parameter_id=None)
    assert forms(without, domain_info("ecdh-gm", domain)) == [(curve, None)]
    assert forms(without, domain_info("ecdh-gm", domain, 40)) == [(curve, None), (curve, 40)]
    assert forms(pace_info(parameter_id=40), domain_info("ecdh-gm", domain, 40)) == [
        (curve, None),
        (curve, 40),
    ]
    several = (domain_info("ecdh-gm", domain, 40), domain_info("ecdh-gm", explicit_curve(CURVES[12]), 41))
    assert forms(without, *several) == [(curve, 40), ("secp256r1", 41)]
    assert forms(pace_info(parameter_id=41), *several) == [("secp256r1", None), ("secp256r1", 41)]


def test_a_standardised_id_is_never_redefined():
    domain = domain_info("ecdh-gm", explicit_curve(CURVES[12]), 13)
    assert forms(pace_info(), domain)[0] == ("brainpoolP256r1", None)


@pytest.mark.parametrize("oid", [X942, PKCS3])
@pytest.mark.parametrize("parameter_id", sorted(GROUPS))
def test_described_group(oid, parameter_id):
    group = GROUPS[parameter_id]
    described = domain_info("dh-gm", group_parameters(group, oid=oid), 33)
    assert forms(pace_info("dh-gm", AES_128, None), described) == [(group.name, None), (group.name, 33)]


def test_changed_generator_of_a_known_curve_is_an_attack():
    curve = CURVES[13]
    changed = explicit_curve(curve, generator=curve.multiply(2))
    with pytest.raises(CurveParametersError):
        choice(pace_info(parameter_id=None), domain_info("ecdh-gm", changed))


GROUP = GROUPS[2]
UNUSABLE = {
    "other-generator": ("dh-gm", group_parameters(GROUP, g=GROUP.g + 1)),
    "other-order": ("dh-gm", group_parameters(GROUP, q=GROUP.q - 2)),
    "other-prime": ("dh-gm", group_parameters(GROUP, p=GROUP.p + 2)),
    "trivial-generator": ("dh-gm", group_parameters(GROUP, oid=PKCS3, g=1)),
    "curve-for-dh": ("dh-gm", explicit_curve(CURVES[13])),
    "group-for-ecdh": ("ecdh-gm", group_parameters(GROUP)),
    "unknown-number": ("ecdh-gm", algorithm(STANDARDISED, der.encode_integer(19))),
    "unknown-oid": ("ecdh-gm", algorithm("1.2.3.4", der.encode_integer(13))),
    "implicit-curve": ("ecdh-gm", algorithm("1.2.840.10045.2.1", tlv.encode(der.NULL))),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_parameters_that_are_not_known_to_be_secure_are_never_used(name):
    mapping, described = UNUSABLE[name]
    with pytest.raises(PaceNotOfferedError):
        choice(pace_info(mapping, AES_128, None), domain_info(mapping, described))
    with pytest.raises(PaceNotOfferedError):
        choice(pace_info(mapping, AES_128, 50), domain_info(mapping, described, 50))


@pytest.mark.parametrize(
    "described",
    [
        tlv.encode(der.SEQUENCE),
        der.encode_integer(13),
        algorithm(X942, numbers(5)),
        algorithm(X942, tlv.encode(der.NULL)),
        algorithm(STANDARDISED, tlv.encode(der.NULL)),
    ],
)
def test_malformed_parameters(described):
    with pytest.raises(TlvError):
        choice(pace_info(parameter_id=None), domain_info("ecdh-gm", described))


def test_two_descriptions_of_one_number_are_no_choice():
    twice = [domain_info("ecdh-gm", explicit_curve(CURVES[number]), 40) for number in (12, 13)]
    with pytest.raises(PaceNotOfferedError):
        choice(pace_info(parameter_id=40), *twice)


def test_infos_say_whether_pace_is_offered():
    assert not parse_card_access(infos(CHIP_AUTH_INFO)).offers_pace
    unknown = tlv.encode(der.SEQUENCE, bytes.fromhex("060A04007F00070202040902"), der.encode_integer(2))
    for offered in (pace_info(version=1), unknown, domain_info("ecdh-gm", explicit_curve(CURVES[13]))):
        assert parse_card_access(infos(offered)).offers_pace


# --- the groups themselves ---


def test_published_parameters():
    tables = vectors("pace-domain-parameters")["domain_parameters"]
    curve, group = tables["brainpoolP256r1"], tables["modp_1024_160"]
    known = CURVES[curve["parameter_id"]]
    assert [f"{number:064X}" for number in (known.p, known.a, known.b, known.n)] == [
        curve[name] for name in ("p", "a", "b", "n")
    ]
    assert (f"{known.generator.x:064X}", f"{known.generator.y:064X}") == (curve["G_x"], curve["G_y"])
    known = GROUPS[group["parameter_id"]]
    assert (f"{known.p:X}", f"{known.g:X}", f"{known.q:X}") == (group["p"], group["g"], group["q"])


@pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.name)
def test_groups(group):
    assert (group.p - 1) % group.q == 0
    assert group.contains(group.g)
    assert pow(2, group.q - 1, group.q) == 1
    assert group.size * 8 == group.p.bit_length() == int(group.name.split("-")[1])
    assert group.q.bit_length() == int(group.name.split("-")[2])
    left, right = group.power(5), group.power(group.q - 5)
    with pytest.raises(GroupError):
        group.multiply(left, right)
    assert group.decode(group.encode(left)) == left
    for exponent in (0, group.q, -1):
        with pytest.raises(GroupError):
            group.power(exponent)
    with pytest.raises(GroupError):
        group.random_exponent(bytes(group.exponent_octets - 1))
    assert group.random_exponent(bytes(group.exponent_octets)) == 1
    assert str(group.g) not in repr(group)


def test_explicit_group_parameters():
    group = GROUPS[1]
    assert group_by_parameters(p=group.p, g=group.g, q=None) is group
    for change in ({"g": 2}, {"q": group.q + 1}, {"p": group.p + 2}):
        with pytest.raises(GroupError):
            group_by_parameters(**({"p": group.p, "g": group.g, "q": group.q} | change))


def test_ids_of_no_standard():
    assert all(standard_domain(number) is None for number in (-1, 3, 7, 19, 31, 255))


def test_each_described_domain_is_read_once(monkeypatch):
    """Nine domains of 23 infos were read 207 times, each with a square root of the chip's choice."""
    read = []
    real = pace_variants._read_domain
    monkeypatch.setattr(
        pace_variants, "_read_domain", lambda algorithm: read.append(algorithm) or real(algorithm)
    )
    domains = [domain_info("ecdh-gm", explicit_curve(CURVES[pid]), 40 + pid) for pid in (8, 9, 10, 11, 12)]
    offered = [pace_info("ecdh-gm", suite, None) for suite in (AES_128, AES_192, AES_256, TDES)] * 5
    assert choice(*domains, *domains, *offered).info.suite is AES_256
    assert len(read) == 5
