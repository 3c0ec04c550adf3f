"""The chip's side: what it grants, what it refuses, and with which status word."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from readers.emrtd import crypto, pace
from readers.emrtd.access_key import Can
from readers.emrtd.curves import curve_by_name
from readers.emrtd.files import DATA_GROUPS, DG1, DG2, EF_CARD_ACCESS, LDS1_AID
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import AccessDeniedError, PaceFailedError, SecureMessagingError
from readers.iso7816 import der, tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.iso7816.channel import PlainChannel
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import sample_holder
from tests.support.softcard import NOW, connect, fake_jpeg, read_and_verify, trust_store

if TYPE_CHECKING:
    from pathlib import Path

PACE_OID = "0.4.0.127.0.7.2.2.4.2.2"
CHIP_AUTH_OID = "0.4.0.127.0.7.2.2.3.2.2"
HOLDER = sample_holder("mau", today=NOW.date())
KEY = HOLDER.number.can
PACE_INFO = parse_card_access(
    bytes.fromhex(
        "3134300d060804007f0007020202020101300f060a04007f000702020302020201013012060a04007f0007020204020202010202010d"
    )
).pace[0]
SELECT_APPLICATION = CommandApdu(ins=0xA4, p1=0x04, p2=0x0C, data=LDS1_AID)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def image(pki: TrainingPki):
    return personalise(HOLDER, fake_jpeg(), pki, now=NOW)


@pytest.fixture
def card(image) -> SoftCard:
    return SoftCard(image)


def select(spec) -> CommandApdu:
    return CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=spec.file_id_bytes)


def read(offset: int = 0, le: int = 256) -> CommandApdu:
    return CommandApdu(ins=0xB0, p1=offset >> 8, p2=offset & 0xFF, le=le)


def plain(card: SoftCard, command: CommandApdu) -> ResponseApdu:
    return ResponseApdu.decode(card.process(command.encode()))


def open_session(card: SoftCard, *, select_application: bool = True) -> SecureChannel:
    channel = PlainChannel(InProcessConnection(card))
    secure = pace.PaceReader(channel, PACE_INFO, randbytes=secrets.token_bytes).establish(KEY)
    if select_application:
        assert secure.send(SELECT_APPLICATION).sw == 0x9000
    return secure


# --- files before access -----------------------------------------------------------------------------------


def test_card_access_is_the_known_54_octets(card: SoftCard) -> None:
    assert plain(card, select(EF_CARD_ACCESS)).sw == 0x9000
    answer = plain(card, read())
    assert answer.data.hex().upper() == (
        "3134300D060804007F0007020202020101300F060A04007F00070202030202020101"
        "3012060A04007F0007020204020202010202010D"
    )
    by_sfi = plain(card, CommandApdu(ins=0xB0, p1=0x9C, le=256))
    assert by_sfi.data == answer.data


def test_master_file_is_unknown(card: SoftCard) -> None:
    assert plain(card, CommandApdu(ins=0xA4, p1=0x00, p2=0x0C, data=b"\x3f\x00")).sw == 0x6D00


def test_nothing_is_readable_before_access(card: SoftCard) -> None:
    assert plain(card, SELECT_APPLICATION).sw == 0x9000
    assert plain(card, select(DG1)).sw == 0x6982
    assert plain(card, CommandApdu(ins=0xB0, p1=0x81, le=256)).sw == 0x6982
    assert plain(card, CommandApdu(ins=0x88, data=bytes(8), le=256)).sw == 0x6982
    assert plain(card, read()).sw == 0x6986


def test_card_access_is_gone_once_the_application_is_selected(card: SoftCard) -> None:
    plain(card, SELECT_APPLICATION)
    assert plain(card, select(EF_CARD_ACCESS)).sw == 0x6982


def test_files_of_the_application_are_unknown_outside_it(card: SoftCard) -> None:
    assert plain(card, select(DG1)).sw == 0x6A82


def test_unknown_application_command_and_class(card: SoftCard) -> None:
    assert plain(card, CommandApdu(ins=0xA4, p1=0x04, p2=0x0C, data=b"\xa0\0\0\0\0")).sw == 0x6A82
    assert plain(card, CommandApdu(ins=0x2A, le=8)).sw == 0x6D00
    assert plain(card, CommandApdu(cla=0x01, ins=0xA4)).sw == 0x6881
    assert plain(card, CommandApdu(cla=0x80, ins=0xA4)).sw == 0x6E00
    assert plain(card, CommandApdu(ins=0xA4, p1=0x09)).sw == 0x6A86
    assert card.process(b"\0\xa4") == b"\x67\x00"
    assert card.process(b"") == b"\x67\x00"
    assert card.process(bytes.fromhex("00A4020C05011C")) == b"\x67\x00"


def test_select_by_name_may_return_data(card: SoftCard) -> None:
    answer = plain(card, CommandApdu(ins=0xA4, p1=0x04, data=LDS1_AID, le=256))
    assert tlv.parse_one(answer.data, 0x6F).child(0x84).value == LDS1_AID


# --- PACE --------------------------------------------------------------------------------------------------


def mse(protocol: str = PACE_OID, password: int = 2, **more: int) -> CommandApdu:
    data = tlv.encode(0x80, der.encode_oid(protocol)) + tlv.encode(0x83, bytes([password]))
    if "curve" in more:
        data += tlv.encode(0x84, bytes([more["curve"]]))
    return CommandApdu(ins=0x22, p1=0xC1, p2=0xA4, data=data)


def step(tag: int | None = None, value: bytes = b"", *, last: bool = False) -> CommandApdu:
    inner = b"" if tag is None else tlv.encode(tag, value)
    return CommandApdu(cla=0x00 if last else 0x10, ins=0x86, data=tlv.encode(0x7C, inner), le=256)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (mse(), 0x9000),
        (mse(curve=13), 0x9000),
        (mse(curve=12), 0x6A88),
        (mse(password=1), 0x9000),
        (mse(password=3), 0x6A88),
        (mse(protocol="0.4.0.127.0.7.2.2.4.2.4"), 0x6A80),
        (CommandApdu(ins=0x22, p1=0xC1, p2=0xA4, data=b"\x80\x20"), 0x6A80),
        (CommandApdu(ins=0x22, p1=0x41, p2=0xA4, data=b"\x80\x00"), 0x6A86),
    ],
)
def test_protocol_choice(card: SoftCard, command: CommandApdu, status: int) -> None:
    assert plain(card, command).sw == status


def test_steps_only_in_order(card: SoftCard) -> None:
    assert plain(card, step()).sw == 0x6985
    plain(card, mse())
    assert plain(card, step(last=True)).sw == 0x6985
    assert plain(card, step()).sw == 0x6985, "a refused step ends the run"
    plain(card, mse())
    assert plain(card, step()).sw == 0x9000
    assert plain(card, step(0x83, bytes(65))).sw == 0x6A80


@pytest.mark.parametrize("point", ["zero", "infinity", "off", "short", "compressed"])
def test_bad_points(card: SoftCard, point: str) -> None:
    curve = curve_by_name("brainpoolP256r1")
    good = curve.encode(curve.multiply(5))
    octets = {
        "zero": b"\x04" + bytes(64),
        "infinity": b"\x00",
        "off": good[:-1] + bytes([good[-1] ^ 1]),
        "short": good[:-1],
        "compressed": b"\x02" + good[1:33],
    }[point]
    plain(card, mse())
    plain(card, step())
    assert plain(card, step(0x81, octets)).sw == 0x6A80


def test_wrong_can_gives_6300_and_no_session(card: SoftCard) -> None:
    channel = PlainChannel(InProcessConnection(card))
    with pytest.raises(AccessDeniedError) as caught:
        pace.PaceReader(channel, PACE_INFO, randbytes=secrets.token_bytes).establish(Can("000002"))
    assert caught.value.facts["sw"] == "6300"
    plain(card, SELECT_APPLICATION)
    assert plain(card, select(DG1)).sw == 0x6982


def test_key_of_the_chip_reflected(card: SoftCard) -> None:
    plain(card, mse())
    plain(card, step())
    curve = curve_by_name("brainpoolP256r1")
    plain(card, step(0x81, curve.encode(curve.multiply(7))))
    own = tlv.parse_one(plain(card, step(0x83, curve.encode(curve.multiply(9)))).data).child(0x84).value
    assert plain(card, step(0x83, own)).sw == 0x6985
    assert len(own) == 65


# --- secure messaging --------------------------------------------------------------------------------------


class Wire:
    """A connection that lets a test change what goes to the card and look at what comes back."""

    def __init__(self, card: SoftCard) -> None:
        self.inner = InProcessConnection(card)
        self.name, self.atr = self.inner.name, self.inner.atr
        self.change = lambda octets: octets
        self.last = b""

    def transceive(self, command: bytes) -> bytes:
        self.last = self.inner.transceive(self.change(command))
        return self.last

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def wire(card: SoftCard) -> Wire:
    return Wire(card)


@pytest.fixture
def secure(wire: Wire) -> SecureChannel:
    channel = pace.PaceReader(PlainChannel(wire), PACE_INFO, randbytes=secrets.token_bytes).establish(KEY)
    assert channel.send(SELECT_APPLICATION).sw == 0x9000
    return channel


def test_every_answer_carries_status_and_mac(wire: Wire, secure: SecureChannel) -> None:
    for command, status in (
        (select(DG1), 0x9000),
        (select(DATA_GROUPS[11]), 0x6A82),
        (select(DATA_GROUPS[3]), 0x6982),
        (select(EF_CARD_ACCESS), 0x6982),
        (CommandApdu(ins=0x2A, le=8), 0x6D00),
        (CommandApdu(ins=0x84, le=8), 0x6985),
        (read(0x7000), 0x6B00),
        (CommandApdu(ins=0xB0), 0x6700),
    ):
        assert secure.send(command).sw == status
        tags = [item.tag for item in tlv.parse_all(wire.last[:-2])]
        assert tags == [0x99, 0x8E]
        assert wire.last[-2:] == status.to_bytes(2, "big")


def test_wrong_mac_ends_the_session(wire: Wire, secure: SecureChannel) -> None:
    wire.change = lambda octets: octets[:-2] + bytes([octets[-2] ^ 1]) + octets[-1:]
    with pytest.raises(SecureMessagingError):
        secure.send(select(DG1))
    assert wire.last == b"\x69\x88"
    wire.change = lambda octets: octets
    assert wire.transceive(bytes.fromhex("0CB000000D9701008E08000000000000000000")) == b"\x69\x88"
    assert wire.transceive(SELECT_APPLICATION.encode()) == b"\x90\x00"
    assert wire.transceive(select(DG1).encode()) == b"\x69\x82"


def test_plain_command_ends_the_session(wire: Wire, secure: SecureChannel) -> None:
    assert wire.transceive(select(DG1).encode()) == b"\x69\x87"
    with pytest.raises(SecureMessagingError):
        secure.send(select(DG1))
    assert wire.last == b"\x69\x88"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("970100", "6987"),
        ("FF", "6988"),
        ("8E0800000000000000005301018E", "6988"),
        ("5301018E080000000000000000", "6988"),
    ],
)
def test_protection_missing_or_strange(wire: Wire, secure: SecureChannel, body: str, status: str) -> None:
    octets = bytes.fromhex(body)
    command = bytes.fromhex("0CB00000") + bytes([len(octets)]) + octets + b"\0"
    assert wire.transceive(command).hex().upper() == status


def test_replayed_command_is_refused(wire: Wire, secure: SecureChannel) -> None:
    seen: list[bytes] = []
    wire.change = lambda octets: (seen.append(octets), octets)[1]
    secure.send(select(DG1))
    assert wire.transceive(seen[0]) == b"\x69\x88"


def test_header_is_covered(wire: Wire, secure: SecureChannel) -> None:
    secure.send(select(DG1))
    wire.change = lambda octets: octets[:3] + bytes([octets[3] ^ 1]) + octets[4:]
    with pytest.raises(SecureMessagingError):
        secure.send(read(0, 16))
    assert wire.last == b"\x69\x88"


def test_short_answers_hold_at_most_223_octets(secure: SecureChannel) -> None:
    secure.send(select(DG2))
    assert len(secure.send(read(0, 256)).data) == 223
    assert len(secure.send(read(0, 256), extended=True).data) == 256
    assert len(secure.send(read(0, 4096)).data) == 4096


def test_end_of_file(secure: SecureChannel, image) -> None:
    secure.send(select(DG1))
    size = len(image.files["DG1"])
    answer = secure.send(read(size - 4, 100))
    assert (answer.sw, answer.data) == (0x6282, image.files["DG1"][-4:])
    assert secure.send(read(size - 4)).sw == 0x9000
    assert secure.send(read(size)).sw == 0x6B00


def test_far_reads_of_a_large_portrait(pki: TrainingPki) -> None:
    image = personalise(HOLDER, fake_jpeg(45_000), pki, now=NOW)
    raw = connect(image)
    opened = raw.open(KEY)
    assert opened.files["SOD"]
    secure = open_session(SoftCard(image))
    secure.send(select(DG2))
    where = tlv.encode(0x54, (40_000).to_bytes(2, "big"))
    answer = secure.send(CommandApdu(ins=0xB1, data=where, le=102))
    assert tlv.parse_one(answer.data, 0x53).value == image.files["DG2"][40_000:40_100]
    assert secure.send(CommandApdu(ins=0xB1, data=b"\x54\x05", le=20)).sw == 0x6A80


def test_large_portrait_is_read_whole(pki: TrainingPki, tmp_path: Path) -> None:
    image = personalise(HOLDER, fake_jpeg(45_000), pki, now=NOW)
    verified = read_and_verify(image, KEY, trust_store(tmp_path / "s", pki))
    assert verified.chip.portrait.image == fake_jpeg(45_000)


def test_long_answer_in_parts_when_the_command_is_short(wire: Wire, secure: SecureChannel) -> None:
    seen: list[bytes] = []
    wire.change = lambda octets: (seen.append(octets), octets)[1]
    answer = secure.send(CommandApdu(ins=0x88, data=secrets.token_bytes(8), le=256))
    assert len(answer.data) == 256
    assert [octets[1] for octets in seen] == [0x88, 0xC0]


def test_challenge_of_the_wrong_length(secure: SecureChannel) -> None:
    assert secure.send(CommandApdu(ins=0x88, data=bytes(7), le=256)).sw == 0x6700
    assert secure.send(CommandApdu(ins=0x88, data=bytes(8))).sw == 0x6700


def test_reset_forgets_everything(card: SoftCard) -> None:
    open_session(card)
    card.reset()
    assert plain(card, select(EF_CARD_ACCESS)).sw == 0x9000
    assert plain(card, select(DG1)).sw == 0x6A82


# --- chip authentication -----------------------------------------------------------------------------------


def chip_key_point(image):
    """The key of DG14, read as a reader would."""
    (key,) = parse_dg14(image.files["DG14"]).chip_auth_keys
    octets = der.decode_bit_string(tlv.parse_one(key.spki).children()[1])
    return curve_by_name("brainpoolP256r1").decode(octets)


def chip_auth(wire: Wire, secure: SecureChannel, point: bytes) -> ResponseApdu:
    parameters = tlv.encode(0x80, der.encode_oid(CHIP_AUTH_OID))
    assert secure.send(CommandApdu(ins=0x22, p1=0x41, p2=0xA4, data=parameters)).sw == 0x9000
    return secure.send(CommandApdu(ins=0x86, data=tlv.encode(0x7C, tlv.encode(0x80, point)), le=256))


def test_chip_authentication_changes_the_keys(wire: Wire, secure: SecureChannel, image) -> None:
    curve = curve_by_name("brainpoolP256r1")
    scalar = curve.random_scalar(secrets.token_bytes(40))
    assert chip_auth(wire, secure, curve.encode(curve.multiply(scalar))).sw == 0x9000
    secret = curve.encode_x(curve.multiply(scalar, chip_key_point(image)))
    renewed = SecureChannel(PlainChannel(wire), SessionKeys.derive(crypto.CipherSuite.AES_128, secret))
    assert renewed.send(select(DG1)).sw == 0x9000
    assert renewed.send(read(0, 95)).data == image.files["DG1"]
    with pytest.raises(SecureMessagingError):
        secure.send(select(DG1))


@pytest.mark.parametrize("kind", ["off-curve", "infinity", "own-key"])
def test_chip_authentication_refuses_bad_keys(wire: Wire, secure: SecureChannel, image, kind: str) -> None:
    curve = curve_by_name("brainpoolP256r1")
    point = {
        "off-curve": b"\x04" + bytes(63) + b"\x01",
        "infinity": b"\x00",
        "own-key": curve.encode(chip_key_point(image)),
    }[kind]
    assert chip_auth(wire, secure, point).sw == 0x6A80
    assert secure.send(select(DG1)).sw == 0x9000, "the old session goes on"


def test_chip_authentication_needs_a_session_and_a_choice(
    card: SoftCard, wire: Wire, secure: SecureChannel
) -> None:
    body = tlv.encode(0x7C, tlv.encode(0x80, bytes(65)))
    assert secure.send(CommandApdu(ins=0x86, data=body, le=256)).sw == 0x6985
    fresh = SoftCard(card._image)
    assert plain(fresh, CommandApdu(ins=0x22, p1=0x41, p2=0xA4, data=b"\x80\x00")).sw == 0x6A86


def test_pace_cannot_be_chosen_inside_a_session(secure: SecureChannel) -> None:
    assert secure.send(mse()).sw == 0x6A86


def test_reader_notices_pace_faults(image) -> None:
    from dataclasses import replace

    from readers.softcard.faults import Faults

    for fault in ("wrong-token", "no-token", "reflected-key", "bad-point", "zero-nonce", "malformed"):
        with pytest.raises(PaceFailedError) as caught:
            connect(replace(image, faults=Faults(pace=fault))).open(KEY)
        assert caught.value.conclusive, fault
