"""PACE against the worked example, step by step, and a chip that cheats at each step."""

import pytest

from readers.emrtd import crypto, pace
from readers.emrtd.access_key import Can, MrzInformation
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.security_infos import ID_PACE, PaceInfo
from readers.errors import AccessDeniedError, ChipStatusError, PaceFailedError, PaceNotOfferedError
from readers.iso7816 import tlv
from readers.iso7816.channel import PlainChannel
from tests.support.readers_fakes import ScriptedConnection, replay
from tests.support.readers_vectors import octets, vectors

TABLE = vectors("pace-ecdh-gm")["pace"]["ecdh_gm"]
KEY = MrzInformation(vectors("pace-ecdh-gm")["pace"]["password_mrz"]["MRZ_information"])
STEPS = ("MSE_Set_AT", "GA_1", "GA_2", "GA_3", "GA_4")
CURVE = CURVES[13]


def scalars():
    """A source of randomness that yields the example's private keys."""
    keys = iter((octets(TABLE, "mapping_private_key_IFD"), octets(TABLE, "ephemeral_private_key_IFD")))

    def randbytes(count):
        return (int.from_bytes(next(keys), "big") - 1).to_bytes(count, "big")

    return randbytes


def run(connection, *, info=None, key=KEY, **options):
    info = info or pace.choose(parse_card_access(octets(TABLE, "EF_CardAccess")).pace)
    reader = pace.PaceReader(PlainChannel(connection), info, randbytes=scalars(), **options)
    return reader.establish(key)


def exchanges(**changed):
    """The example's commands and answers, answers changed by step name; nothing after the first change."""
    for step in STEPS:
        command = octets(TABLE, f"command_{step}")
        if step in changed:
            yield command, changed[step]
            return
        yield command, octets(TABLE, f"response_{step}")


def test_worked_example():
    connection = replay(*exchanges())
    secure = run(connection)
    connection.require_finished()
    assert secure.alive
    keys = secure._crypto._keys
    assert (keys.enc, keys.mac, keys.ssc) == (octets(TABLE, "KS_ENC"), octets(TABLE, "KS_MAC"), 0)


def test_what_was_chosen():
    info = pace.choose(parse_card_access(octets(TABLE, "EF_CardAccess")).pace)
    assert info.protocol == "pace-ecdh-gm-aes-128"
    assert info.parameter_id == TABLE["parameter_id"]


def dynamic(tag, value):
    return tlv.encode(0x7C, tlv.encode(tag, value)) + b"\x90\x00"


def own_point(which):
    return b"\x04" + octets(TABLE, f"{which}_public_key_IFD_x") + octets(TABLE, f"{which}_public_key_IFD_y")


def negated(encoded):
    y = CURVE.p - int.from_bytes(encoded[33:], "big")
    return encoded[:33] + y.to_bytes(32, "big")


ZERO_NONCE = crypto.cbc_encrypt(CipherSuite.AES_128, octets(TABLE, "K_pi"), bytes(16), bytes(16))
CHEATS = {
    "nonce-missing": ("GA_1", b"\x7c\x00\x90\x00"),
    "nonce-short": ("GA_1", dynamic(0x80, bytes(8))),
    "nonce-empty": ("GA_1", dynamic(0x80, b"")),
    "nonce-long": ("GA_1", dynamic(0x80, bytes(80))),
    "nonce-not-blocks": ("GA_1", dynamic(0x80, bytes(17))),
    "nonce-zero": ("GA_1", dynamic(0x80, ZERO_NONCE)),
    "nonce-trailing": ("GA_1", octets(TABLE, "response_GA_1")[:-2] + b"\x00\x90\x00"),
    "huge-length": ("GA_1", bytes.fromhex("7C84FFFFFFFF9000")),
    "mapping-own-key": ("GA_2", dynamic(0x82, own_point("mapping"))),
    "mapping-own-key-negated": ("GA_2", dynamic(0x82, negated(own_point("mapping")))),
    "mapping-zero": ("GA_2", dynamic(0x82, b"\x04" + bytes(64))),
    "mapping-infinity": ("GA_2", dynamic(0x82, b"\x00")),
    "mapping-off-curve": ("GA_2", dynamic(0x82, b"\x04" + b"\x01" * 64)),
    "mapping-compressed": ("GA_2", dynamic(0x82, b"\x02" + octets(TABLE, "mapping_public_key_IC_x"))),
    "mapping-wrong-object": ("GA_2", dynamic(0x84, own_point("mapping"))),
    "ephemeral-own-key": ("GA_3", dynamic(0x84, own_point("ephemeral"))),
    "ephemeral-off-curve": ("GA_3", dynamic(0x84, b"\x04" + b"\x02" * 64)),
    "ephemeral-too-long": ("GA_3", dynamic(0x84, b"\x04" + bytes(65))),
    "token-wrong": ("GA_4", dynamic(0x86, bytes(8))),
    "token-reflected": ("GA_4", dynamic(0x86, octets(TABLE, "T_IFD"))),
    "token-short": ("GA_4", dynamic(0x86, octets(TABLE, "T_IC")[:4])),
    "token-empty": ("GA_4", dynamic(0x86, b"")),
    "token-missing": ("GA_4", b"\x7c\x00\x90\x00"),
    "token-nothing": ("GA_4", b"\x90\x00"),
}


@pytest.mark.parametrize("name", CHEATS)
def test_cheating_chip(name):
    step, answer = CHEATS[name]
    with pytest.raises(PaceFailedError) as caught:
        run(replay(*exchanges(**{step: answer})))
    assert caught.value.conclusive
    assert caught.value.facts["step"]


@pytest.mark.parametrize("sw", ["6300", "63C2", "6983"])
def test_refused_token_is_a_wrong_key(sw):
    with pytest.raises(AccessDeniedError) as caught:
        run(replay(*exchanges(GA_4=bytes.fromhex(sw))))
    assert not caught.value.conclusive


@pytest.mark.parametrize("step", STEPS)
def test_refused_step(step):
    with pytest.raises(ChipStatusError) as caught:
        run(replay(*exchanges(**{step: bytes.fromhex("6A80")})))
    assert caught.value.facts["sw"] == "6A80"


def test_wrong_key_leads_to_another_generator():
    connection = ScriptedConnection(*[octets(TABLE, f"response_{step}") for step in STEPS[:-1]], b"\x63\x00")
    with pytest.raises(AccessDeniedError):
        run(connection, key=Can("123456"))
    assert connection.commands[3] != octets(TABLE, "command_GA_3")


def test_the_curve_is_named_when_asked():
    connection = ScriptedConnection(b"\x6a\x80")
    with pytest.raises(ChipStatusError):
        run(connection, name_curve=True)
    assert connection.commands[0].hex().upper().endswith("84010D")


def offer(mapping="ecdh-gm", suite=CipherSuite.AES_128, version=2, parameter_id=13):
    return PaceInfo(
        oid=f"{ID_PACE}.2.2", mapping=mapping, suite=suite, version=version, parameter_id=parameter_id
    )


def test_choice_prefers_aes_and_refuses_the_unknown():
    triple, aes = offer(suite=CipherSuite.TDES), offer(suite=CipherSuite.AES_256, parameter_id=12)
    assert pace.choose([triple, aes]) is aes
    assert pace.choose([triple]) is triple
    for offered in ([], [offer("dh-gm", parameter_id=0)], [offer(version=1)], [offer(parameter_id=None)]):
        with pytest.raises(PaceNotOfferedError):
            pace.choose(offered)
    with pytest.raises(PaceNotOfferedError):
        run(ScriptedConnection(), info=offer("ecdh-im"))


@pytest.mark.parametrize("parameter_id", sorted(CURVES))
@pytest.mark.parametrize("suite", list(CipherSuite), ids=lambda suite: suite.label)
def test_every_curve_and_cipher_with_an_honest_chip(parameter_id, suite):
    info = offer(suite=suite, parameter_id=parameter_id)
    chip = HonestChip(info, Can("000001"))
    reader = pace.PaceReader(PlainChannel(chip), info, randbytes=lambda count: b"\x5a" * count)
    secure = reader.establish(Can("000001"))
    assert secure._crypto._keys.mac == chip.mac_key
    with pytest.raises(AccessDeniedError):
        pace.PaceReader(PlainChannel(chip), info, randbytes=lambda count: b"\x5b" * count).establish(
            Can("000002")
        )


class HonestChip:
    """The chip's side of the four steps, for one variant."""

    name, atr = "chip", b""

    def __init__(self, info, key):
        self.info, self.curve = info, CURVES[info.parameter_id]
        self.password = crypto.derive_key(key.secret, crypto.KDF_PACE, info.suite)

    def transceive(self, command):
        if command[1] == 0x22:
            self.step = 0
            return b"\x90\x00"
        self.step += 1
        objects = tlv.parse_one(command[5:-1], 0x7C).children()
        return getattr(self, f"step_{self.step}")(objects[0].value if objects else b"")

    def step_1(self, _):
        self.nonce = b"\x11" * (32 if self.info.suite.key_octets > 16 else 16)
        zero = bytes(self.info.suite.block_octets)
        return dynamic(0x80, crypto.cbc_encrypt(self.info.suite, self.password, zero, self.nonce))

    def step_2(self, theirs):
        curve, scalar = self.curve, 0x1234567
        nonce = int.from_bytes(self.nonce, "big") % curve.n
        self.mapped = curve.multiply_add(nonce, curve.generator, scalar, curve.decode(theirs))
        return dynamic(0x82, curve.encode(curve.multiply(scalar)))

    def step_3(self, theirs):
        curve, scalar = self.curve, 0x7654321
        self.own, self.theirs = curve.encode(curve.multiply(scalar, self.mapped)), theirs
        secret = curve.encode_x(curve.multiply(scalar, curve.decode(theirs)))
        self.mac_key = crypto.derive_key(secret, crypto.KDF_MAC, self.info.suite)
        return dynamic(0x84, self.own)

    def token(self, point):
        return crypto.mac_token(self.info.suite, self.mac_key, pace.public_key_object(self.info.oid, point))

    def step_4(self, theirs):
        return dynamic(0x86, self.token(self.theirs)) if theirs == self.token(self.own) else b"\x63\x00"

    def close(self):
        pass
