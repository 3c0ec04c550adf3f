"""PACE against the worked examples of every mapping, step by step, and a chip that cheats at each step."""

import secrets

import pytest

from readers.emrtd import crypto, pace
from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.chip_auth import require_mapping
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.dh import GROUPS
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.emrtd.pace_mapping import KeyPair, MappingError, standard_domain
from readers.errors import (
    AccessDeniedError,
    ChipAuthError,
    ChipStatusError,
    PaceFailedError,
    PaceNotOfferedError,
)
from readers.iso7816 import der, tlv
from readers.iso7816.channel import PlainChannel
from tests.support.access_chip import infos, pace_info
from tests.support.readers_fakes import ScriptedConnection, replay
from tests.support.readers_vectors import octets, vectors

PASSWORDS = vectors("pace-ecdh-gm")["pace"]
TABLES = {
    name: vectors(file)["pace"][name]
    for name, file in (
        ("ecdh_gm", "pace-ecdh-gm"),
        ("dh_gm", "pace-dh-gm"),
        ("ecdh_im", "pace-im"),
        ("dh_im", "pace-im"),
        ("ecdh_cam", "pace-ecdh-cam"),
    )
}
STEPS = ("MSE_Set_AT", "GA_1", "GA_2", "GA_3", "GA_4")


def key_of(name):
    if "MRZ_information" in TABLES[name]:
        return MrzInformation(TABLES[name]["MRZ_information"])
    if TABLES[name]["password"] == "pace.password_can":
        return Can(PASSWORDS["password_can"]["CAN"])
    return MrzInformation(PASSWORDS["password_mrz"]["MRZ_information"])


def info_of(name):
    table = TABLES[name]
    oid = tlv.encode(der.OID, octets(table, "OID"))
    return parse_security_infos(
        infos(tlv.encode(der.SEQUENCE, oid, der.encode_integer(2), der.encode_integer(table["parameter_id"])))
    ).pace[0]


def domain_of(name):
    return standard_domain(TABLES[name]["parameter_id"])


def randomness(name):
    """A source that yields the example's nonce and private keys, as the reader makes numbers of octets."""
    table, domain = TABLES[name], domain_of(name)
    order = domain.curve.n if table["key_agreement"] == "ECDH" else domain.group.q
    supply = iter(
        octets(table, item)
        for item in ("nonce_t", "mapping_private_key_IFD", "ephemeral_private_key_IFD")
        if item in table
    )

    def randbytes(count):
        value = next(supply)
        return (
            value
            if len(value) == count
            else (int.from_bytes(value, "big") % order - 1).to_bytes(count, "big")
        )

    return randbytes


def reader_of(connection, name="ecdh_gm", **options):
    return pace.PaceReader(PlainChannel(connection), info_of(name), randbytes=randomness(name), **options)


def run(connection, name="ecdh_gm", **options):
    return reader_of(connection, name, **options).establish(key_of(name))


def exchanges(name="ecdh_gm", **changed):
    """The example's commands and answers, answers changed by step name; nothing after the first change."""
    table = TABLES[name]
    for step in STEPS:
        command = octets(table, f"command_{step}")
        if step in changed:
            yield command, changed[step]
            return
        yield command, with_status(table, f"response_{step}")


def with_status(table, key):
    """An answer; the example of the Chip Authentication Mapping is printed without its last status word."""
    answer = octets(table, key)
    return answer if answer.endswith(b"\x90\x00") else answer + b"\x90\x00"


@pytest.mark.parametrize("name", TABLES)
def test_worked_example(name):
    connection = replay(*exchanges(name))
    reader = reader_of(connection, name)
    assert reader.begin(key_of(name)) is None
    session = reader.finish(key_of(name))
    connection.require_finished()
    keys = session.channel._crypto._keys
    assert (keys.enc, keys.mac, keys.ssc) == (
        octets(TABLES[name], "KS_ENC"),
        octets(TABLES[name], "KS_MAC"),
        0,
    )
    assert (session.mapping is not None) is (name == "ecdh_cam")


@pytest.mark.parametrize("name", [name for name in TABLES if name != "ecdh_cam"])
def test_worked_example_from_both_sides(name):
    table, domain = TABLES[name], domain_of(name)
    nonce = octets(table, "nonce_s")
    if "nonce_t" in table:
        mapped = domain.map_integrated(CipherSuite.AES_128, nonce, octets(table, "nonce_t"))
    else:
        reader, chip = (
            domain.key_pair_of(int(table[f"mapping_private_key_{side}"], 16)) for side in ("IFD", "IC")
        )
        mapped = domain.map_generic(nonce, reader, chip.public)
        assert mapped == domain.map_generic(nonce, chip, reader.public)
    reader, chip = (
        mapped.key_pair_of(int(table[f"ephemeral_private_key_{side}"], 16)) for side in ("IFD", "IC")
    )
    secret = octets(table, "shared_secret_K")
    assert mapped.agree(reader, chip.public) == mapped.agree(chip, reader.public) == secret
    if table["key_agreement"] == "ECDH":
        assert mapped.generator.x == int(table["mapped_generator_x"], 16)
        assert mapped.generator.y == int(table["mapped_generator_y"], 16)
    else:
        assert mapped.generator == int(table["mapped_generator"], 16)


def mapping_of_the_example():
    reader = reader_of(replay(*exchanges("ecdh_cam")), "ecdh_cam")
    reader.begin(key_of("ecdh_cam"))
    return reader.finish(key_of("ecdh_cam")).mapping


def test_chip_authentication_mapping_proves_the_signed_key():
    table = TABLES["ecdh_cam"]
    mapping = mapping_of_the_example()
    assert mapping.data == octets(table, "chip_authentication_data_CA_IC")
    assert mapping.parameter_id == 13
    signed = parse_security_infos(infos(octets(table, "ChipAuthenticationPublicKeyInfo")))
    require_mapping(mapping, signed)
    spoilt = parse_security_infos(infos(pace_info()))
    with pytest.raises(ChipAuthError):
        require_mapping(mapping, spoilt)


def test_added_authority_reference_is_ignored():
    answer = octets(TABLES["dh_gm"], "response_GA_4_with_DO87")
    assert run(replay(*exchanges("dh_gm", GA_4=answer)), "dh_gm").alive


def test_empty_mapping_object_may_be_missing():
    steps = [
        (command, b"\x7c\x00\x90\x00" if command[7:8] == b"\x81" else answer)
        for command, answer in exchanges("ecdh_im")
    ]
    assert run(replay(*steps), "ecdh_im").alive


def dynamic(tag, value):
    return tlv.encode(0x7C, tlv.encode(tag, value)) + b"\x90\x00"


TABLE = TABLES["ecdh_gm"]
CURVE = CURVES[13]
GROUP = GROUPS[0]


def own_point(which):
    return b"\x04" + octets(TABLE, f"{which}_public_key_IFD_x") + octets(TABLE, f"{which}_public_key_IFD_y")


def negated(encoded):
    y = CURVE.p - int.from_bytes(encoded[33:], "big")
    return encoded[:33] + y.to_bytes(32, "big")


def element(number):
    return (number % GROUP.p).to_bytes(GROUP.size, "big")


def own_element(which, exponent=1):
    return element(pow(int(TABLES["dh_gm"][f"{which}_public_key_IFD"], 16), exponent, GROUP.p))


OUTSIDE = next(number for number in range(2, 100) if pow(number, GROUP.q, GROUP.p) != 1)
"""A small number that is in no subgroup of prime order q."""
NONCES = {
    "missing": b"\x7c\x00\x90\x00",
    "short": dynamic(0x80, bytes(8)),
    "empty": dynamic(0x80, b""),
    "long": dynamic(0x80, bytes(80)),
    "not-blocks": dynamic(0x80, bytes(17)),
    "twice": tlv.encode(0x7C, 2 * tlv.encode(0x80, bytes(16))) + b"\x90\x00",
    "trailing": octets(TABLE, "response_GA_1")[:-2] + b"\x00\x90\x00",
    "huge-length": bytes.fromhex("7C84FFFFFFFF9000"),
    "indefinite-length": bytes.fromhex("7C80800000009000"),
    "no-dynamic-data": tlv.encode(0x80, bytes(16)) + b"\x90\x00",
}
ZERO_NONCE = dynamic(
    0x80, crypto.cbc_encrypt(CipherSuite.AES_128, octets(TABLE, "K_pi"), bytes(16), bytes(16))
)
POINTS = {
    "zero": b"\x04" + bytes(64),
    "infinity": b"\x00",
    "nothing": b"",
    "off-curve": b"\x04" + b"\x01" * 64,
    "compressed": b"\x02" + octets(TABLE, "mapping_public_key_IC_x"),
    "too-long": b"\x04" + bytes(65),
    "not-reduced": b"\x04" + CURVE.p.to_bytes(32, "big") + bytes(32),
}
ELEMENTS = {
    "zero": element(0),
    "one": element(1),
    "minus-one": element(-1),
    "outside-the-subgroup": element(OUTSIDE),
    "nothing": b"",
    "not-reduced": (GROUP.p + 2).to_bytes(GROUP.size + 1, "big"),
    "too-long": bytes(4096),
}
TOKENS = {
    "wrong": dynamic(0x86, bytes(8)),
    "reflected": dynamic(0x86, octets(TABLE, "T_IFD")),
    "short": dynamic(0x86, octets(TABLE, "T_IC")[:4]),
    "empty": dynamic(0x86, b""),
    "missing": b"\x7c\x00\x90\x00",
    "nothing": b"\x90\x00",
    "twice": tlv.encode(0x7C, tlv.encode(0x86, bytes(8)), tlv.encode(0x86, octets(TABLE, "T_IC")))
    + b"\x90\x00",
}
CHEATS = {
    **{f"nonce-{name}": ("ecdh_gm", "GA_1", answer) for name, answer in NONCES.items()},
    "nonce-zero": ("ecdh_gm", "GA_1", ZERO_NONCE),
    **{f"mapping-{name}": ("ecdh_gm", "GA_2", dynamic(0x82, point)) for name, point in POINTS.items()},
    "mapping-own-key": ("ecdh_gm", "GA_2", dynamic(0x82, own_point("mapping"))),
    "mapping-own-key-negated": ("ecdh_gm", "GA_2", dynamic(0x82, negated(own_point("mapping")))),
    "mapping-wrong-object": ("ecdh_gm", "GA_2", dynamic(0x84, own_point("mapping"))),
    **{f"ephemeral-{name}": ("ecdh_gm", "GA_3", dynamic(0x84, point)) for name, point in POINTS.items()},
    "ephemeral-own-key": ("ecdh_gm", "GA_3", dynamic(0x84, own_point("ephemeral"))),
    "ephemeral-own-key-negated": ("ecdh_gm", "GA_3", dynamic(0x84, negated(own_point("ephemeral")))),
    "ephemeral-mapping-key-again": (
        "ecdh_gm",
        "GA_3",
        dynamic(
            0x84,
            b"\x04" + octets(TABLE, "mapping_public_key_IC_x") + octets(TABLE, "mapping_public_key_IC_y"),
        ),
    ),
    **{f"dh-mapping-{name}": ("dh_gm", "GA_2", dynamic(0x82, item)) for name, item in ELEMENTS.items()},
    "dh-mapping-own-key": ("dh_gm", "GA_2", dynamic(0x82, own_element("mapping"))),
    "dh-mapping-inverse-key": ("dh_gm", "GA_2", dynamic(0x82, own_element("mapping", -1))),
    **{f"dh-ephemeral-{name}": ("dh_gm", "GA_3", dynamic(0x84, item)) for name, item in ELEMENTS.items()},
    "dh-ephemeral-own-key": ("dh_gm", "GA_3", dynamic(0x84, own_element("ephemeral"))),
    "im-nonce-long": ("ecdh_im", "GA_1", dynamic(0x80, bytes(32))),
    "im-mapping-data": ("ecdh_im", "GA_2", dynamic(0x82, b"\x00")),
    "im-mapping-malformed": ("ecdh_im", "GA_2", b"\x90\x00"),
    "im-ephemeral-infinity": ("ecdh_im", "GA_3", dynamic(0x84, b"\x00")),
    **{f"token-{name}": ("ecdh_gm", "GA_4", answer) for name, answer in TOKENS.items()},
    "cam-data-missing": (
        "ecdh_cam",
        "GA_4",
        dynamic(0x86, octets(TABLES["ecdh_cam"], "T_IC")),
    ),
    **{
        f"cam-data-{name}": (
            "ecdh_cam",
            "GA_4",
            tlv.encode(0x7C, tlv.encode(0x86, octets(TABLES["ecdh_cam"], "T_IC")), tlv.encode(0x8A, data))
            + b"\x90\x00",
        )
        for name, data in (("empty", b""), ("not-blocks", bytes(20)), ("garbage", bytes(48)))
    },
}


@pytest.mark.parametrize("name", CHEATS)
def test_cheating_chip(name):
    example, step, answer = CHEATS[name]
    with pytest.raises(PaceFailedError) as caught:
        run(replay(*exchanges(example, **{step: answer})), example)
    assert caught.value.conclusive
    assert caught.value.facts["step"]


WRONG_KEY = ["6300", "63C2", "6983", "6982", "6985", "6988", "6A80", "6A88"]


@pytest.mark.parametrize("sw", WRONG_KEY)
def test_refused_token_is_a_wrong_key(sw):
    with pytest.raises(AccessDeniedError) as caught:
        run(replay(*exchanges(GA_4=bytes.fromhex(sw))))
    assert not caught.value.conclusive


REFUSALS = ["6A80", "6985", "6A86", "6A87", "6A88", "6700", "6F00"]


@pytest.mark.parametrize(
    ("step", "sw"),
    [(step, sw) for step in STEPS for sw in REFUSALS if step != "GA_4" or sw not in WRONG_KEY],
)
def test_refused_step(step, sw):
    with pytest.raises(ChipStatusError) as caught:
        run(replay(*exchanges(**{step: bytes.fromhex(sw)})))
    assert caught.value.facts["sw"] == sw


def test_wrong_key_leads_to_another_generator():
    connection = ScriptedConnection(*[octets(TABLE, f"response_{step}") for step in STEPS[:-1]], b"\x63\x00")
    with pytest.raises(AccessDeniedError):
        reader_of(connection).establish(Can("123456"))
    assert connection.commands[3] != octets(TABLE, "command_GA_3")


@pytest.mark.parametrize(("reference", "ending"), [(13, "84010D"), (0, "840100"), (300, "8402012C")])
def test_the_parameters_are_named_when_asked(reference, ending):
    connection = ScriptedConnection(b"\x6a\x80")
    with pytest.raises(ChipStatusError):
        run(connection, reference=reference)
    assert connection.commands[0].hex().upper().endswith(ending)


def test_tries_left_are_a_warning_and_none_left_a_refusal():
    steps = list(exchanges())
    steps[0] = (steps[0][0], b"\x63\xc2")
    assert run(replay(*steps)).alive
    with pytest.raises(ChipStatusError):
        run(replay((steps[0][0], b"\x63\xc0")))


def test_a_step_is_asked_again_with_the_length_that_the_chip_names():
    first, *rest = exchanges()
    command, answer = rest[0]
    steps = [first, (command, b"\x6c\x14"), (command[:-1] + b"\x14", answer), *rest[1:]]
    assert run(replay(*steps)).alive


def test_unknown_parameters_are_refused_before_anything_is_sent():
    for parameter_id in (None, 3, 19, 33):
        info = parse_security_infos(infos(pace_info(parameter_id=parameter_id))).pace[0]
        with pytest.raises(PaceNotOfferedError):
            pace.PaceReader(PlainChannel(ScriptedConnection()), info, randbytes=secrets.token_bytes)


def test_nothing_secret_shows_in_repr():
    domain = standard_domain(13)
    pair = KeyPair(private=123456789, public=b"public")
    assert "123456789" not in repr(pair)
    assert "public" not in repr(pair).replace("KeyPair", "")
    mapped = domain.map_generic(bytes(15) + b"\x07", domain.key_pair_of(5), domain.key_pair_of(9).public)
    assert str(mapped.generator.x) not in repr(mapped)
    reader = reader_of(replay(*exchanges("ecdh_cam")), "ecdh_cam")
    reader.begin(key_of("ecdh_cam"))
    session = reader.finish(key_of("ecdh_cam"))
    assert TABLES["ecdh_cam"]["chip_authentication_data_CA_IC"].lower() not in repr(session).lower()
    assert str(MappingError("length")) == "length"
