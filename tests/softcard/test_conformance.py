"""What a reader that is not ours may send (ISO/IEC 7816-4, 9303-10 3.6, 9303-11): each form, its answer and status."""

from __future__ import annotations

import dataclasses
import secrets
from typing import TYPE_CHECKING

import pytest

from readers.emrtd import crypto, files
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.secure_messaging import SecureChannel
from readers.iso7816 import der, tlv
from readers.iso7816.apdu import CommandApdu, ResponseApdu
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.options import CCCD, PaceVariant
from readers.softcard.personalise import personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import sample_holder
from tests.support.softcard import NOW, fake_jpeg, reader_for

if TYPE_CHECKING:
    from readers.softcard.personalise import ChipImage

HOLDER = sample_holder("mau", today=NOW.date())
MRZ = "099000001799011552401151"
AID = files.LDS1_AID.hex()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


def image_with(pki: TrainingPki, **changes) -> ChipImage:
    options = dataclasses.replace(CCCD, **changes)
    return personalise(HOLDER, fake_jpeg(3000), pki, now=NOW, options=options, chip_proofs=False)


def card(pki: TrainingPki, **changes) -> SoftCard:
    return SoftCard(image_with(pki, **changes))


def send(chip: SoftCard, command: str) -> tuple[bytes, int]:
    answer = ResponseApdu.decode(chip.process(bytes.fromhex(command.replace(" ", ""))))
    return answer.data, answer.sw


def opened(chip: SoftCard) -> SecureChannel:
    """A session in the application."""
    reader = reader_for(InProcessConnection(chip))
    reader.open(HOLDER.number.can)
    return reader._session.channel


# --- selection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "template"),
    [
        (f"00A4040C 07{AID}", None),
        (f"00A4040C 07{AID} 00", None),
        (f"00A40400 07{AID}", None),
        (f"00A40400 07{AID} 00", 0x6F),
        (f"00A40404 07{AID} 00", 0x62),
        ("00A4040C 06A00000024710", None),
        ("00A40400 05A000000247 00", 0x6F),
    ],
)
def test_application_by_name(pki: TrainingPki, command: str, template: int | None) -> None:
    data, status = send(card(pki), command)
    assert status == 0x9000
    if template is None:
        assert data == b""
    else:
        assert tlv.parse_one(data, template).child(0x84).value == files.LDS1_AID


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4040C 07A0000002471002", 0x6A82),
        ("00A4040C 08A000000247100100", 0x6A82),
        ("00A4040C", 0x6A82),
        ("00A40402 07A0000002471001", 0x6A86),
        ("00A4020C 01 01", 0x6700),
        ("00A4020C 02 2F00", 0x6A82),
        ("00A4080C 02 011C", 0x6A86),
        ("00A4000C 02 3F00", 0x6D00),
        ("01A4040C 07A0000002471001", 0x6881),
        ("80A4040C 07A0000002471001", 0x6E00),
        ("00CA0000 00", 0x6D00),
        ("00B0000000", 0x6986),
        ("00B09C00", 0x6700),
        ("00B0FC0000", 0x6A86),
        ("00A4020C 02", 0x6700),
        ("00A4020C 02 0101 00", 0x6A82),
    ],
)
def test_refusals_in_the_open(pki: TrainingPki, command: str, status: int) -> None:
    assert send(card(pki), command) == (b"", status)


def test_control_information_of_a_file(pki: TrainingPki) -> None:
    chip = card(pki)
    size = len(send(chip, "00B09C0000")[0])
    for p2, template in ((0x00, 0x6F), (0x04, 0x62)):
        data, status = send(chip, f"00A402{p2:02X} 02 011C 00")
        objects = {item.tag: item.value for item in tlv.parse_one(data, template).children()}
        assert status == 0x9000
        assert objects == {0x80: size.to_bytes(2, "big"), 0x82: b"\x01", 0x83: b"\x01\x1c", 0x88: b"\xe0"}


def test_master_file_where_it_can_be_selected(pki: TrainingPki) -> None:
    chip = card(pki, master_file="selectable", atr_info=True)
    assert send(chip, "00A4040C 07A0000002471001")[1] == 0x9000
    assert send(chip, "00A4020C 02 011C")[1] == 0x6982
    for command in ("00A4000C 02 3F00", "00A4000C"):
        assert send(chip, command)[1] == 0x9000
    assert tlv.parse_one(send(chip, "00A40000 02 3F00 00")[0], 0x6F).child(0x83).value == b"\x3f\x00"
    for name in ("011C", "2F01"):
        assert send(chip, f"00A4000C 02 {name}")[1] == 0x9000
        assert send(chip, "00B0000000")[1] == 0x9000


@pytest.mark.parametrize(
    ("card_access", "by_file", "by_sfi"),
    [("file", 0x9000, 0x9000), ("sfi", 0x6A82, 0x9000), ("missing", 0x6A82, 0x6A82)],
)
def test_card_access(pki: TrainingPki, card_access: str, by_file: int, by_sfi: int) -> None:
    chip = card(pki, card_access=card_access)
    assert send(chip, "00A4020C 02 011C")[1] == by_file
    assert send(chip, "00B09C0000")[1] == by_sfi


def test_card_security_is_read_under_the_session_and_outside_the_application(pki: TrainingPki) -> None:
    chip = card(pki, pace=(PaceVariant.parse("ecdh-cam:aes-128:13"),), master_file="selectable")
    assert send(chip, "00A4020C 02 011D")[1] == 0x6982
    channel = opened(chip)
    assert channel.send(CommandApdu(ins=0xA4, p1=0x00, p2=0x0C, data=b"\x3f\x00")).sw == 0x9000
    assert channel.send(CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=b"\x01\x1d")).sw == 0x9000
    assert channel.send(CommandApdu(ins=0xB0, le=223)).data[:2] == b"\x30\x82"


# --- lengths -----------------------------------------------------------------------------------------------


def test_what_the_chip_says_of_its_lengths(pki: TrainingPki) -> None:
    data, status = send(card(pki, atr_info=True, max_answer=4096), "00B08100 00")
    assert status == 0x9000
    objects = {item.tag: item for item in tlv.parse_all(data)}
    assert objects[0x47].value == b"\x00\x00\xc0"
    assert [der.decode_integer(item) for item in objects[0x7F66].children()] == [65535, 4098]
    assert send(card(pki, atr_info=True, extended_length=False), "00B08100 00")[0] == b"\x47\x03\x00\x00\x80"
    assert send(card(pki), "00B08100 00")[1] == 0x6A82


def test_extended_length_where_there_is_none(pki: TrainingPki) -> None:
    chip = card(pki, extended_length=False)
    assert send(chip, "00B09C00 000000")[1] == 0x6700
    assert send(card(pki), "00B09C00 000000")[1] == 0x9000


def test_longest_answer_and_largest_block(pki: TrainingPki) -> None:
    channel = opened(card(pki, max_answer=1024, max_block=300))
    channel.send(CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=files.DG2.file_id_bytes))
    assert channel.send(CommandApdu(ins=0xB0, le=1024)).data.__len__() == 300
    assert channel.send(CommandApdu(ins=0xB0, le=1025)).sw == 0x6700
    assert channel.send(CommandApdu(ins=0xB0, le=100)).data.__len__() == 100


def test_end_of_file_by_what_was_asked(pki: TrainingPki) -> None:
    chip = card(pki)
    size = len(send(chip, "00B09C0000")[0])
    for tail, status in (
        (f"{size:02X}", 0x9000),
        (f"{size + 1:02X}", 0x6282),
        ("00", 0x9000),
        ("000000", 0x9000),
        ("001000", 0x6282),
    ):
        data, found = send(chip, f"00B00000{tail}")
        assert (found, len(data)) == (status, size), tail
    assert send(chip, f"00B000{size:02X}00")[1] == 0x6B00
    assert send(chip, "00B07FFF00")[1] == 0x6B00


@pytest.mark.parametrize(("p1", "p2"), [(0x00, 0x00), (0x00, 0x02), (0x01, 0x02)])
def test_odd_read_of_the_current_file_by_short_and_by_long_identifier(
    pki: TrainingPki, p1: int, p2: int
) -> None:
    image = image_with(pki)
    channel = opened(SoftCard(image))
    channel.send(CommandApdu(ins=0xA4, p1=0x02, p2=0x0C, data=files.DG2.file_id_bytes))
    answer = channel.send(CommandApdu(ins=0xB1, p1=p1, p2=p2, data=tlv.encode(0x54, b"\x01\x00"), le=52))
    assert tlv.parse_one(answer.data, 0x53).value == image.files["DG2"][256:306]


# --- access ------------------------------------------------------------------------------------------------


def bac_token(challenge: bytes, *, echo: bytes | None = None, seed: bytes) -> tuple[bytes, bytes, bytes]:
    """The reader's token for a challenge, with its own nonce and secret (9303-11 4.3.4.2)."""
    nonce, secret = secrets.token_bytes(8), secrets.token_bytes(16)
    enc = crypto.derive_key(seed, crypto.KDF_ENC, CipherSuite.TDES)
    mac = crypto.derive_key(seed, crypto.KDF_MAC, CipherSuite.TDES)
    plain = nonce + (challenge if echo is None else echo) + secret
    cryptogram = crypto.cbc_encrypt(CipherSuite.TDES, enc, bytes(8), plain)
    return cryptogram + crypto.mac_blocks(CipherSuite.TDES, mac, crypto.pad(cryptogram, 8)), nonce, secret


def test_bac_from_the_challenge_on(pki: TrainingPki) -> None:
    image = image_with(pki, pace=(), card_access="missing")
    chip = SoftCard(image)
    assert send(chip, "0084000008")[1] == 0x6985, "not outside the application"
    send(chip, f"00A4040C07{AID}")
    assert send(chip, "0084000004")[1] == 0x6700
    challenge, status = send(chip, "0084000008")
    assert (len(challenge), status) == (8, 0x9000)
    token, _, _ = bac_token(challenge, seed=image.bac_seed)
    answer, status = send(chip, f"0082000028{token.hex()}28")
    assert (len(answer), status) == (40, 0x9000)
    assert send(chip, "00A4020C020101")[1] == 0x6987


@pytest.mark.parametrize("fault", ["other-challenge", "other-key", "replayed", "no-challenge"])
def test_bac_refusals(pki: TrainingPki, fault: str) -> None:
    image = image_with(pki, pace=(), card_access="missing")
    chip = SoftCard(image)
    send(chip, f"00A4040C07{AID}")
    challenge = b"" if fault == "no-challenge" else send(chip, "0084000008")[0]
    seed = bytes(16) if fault == "other-key" else image.bac_seed
    echo = bytes(8) if fault == "other-challenge" else None
    token = bac_token(challenge or bytes(8), echo=echo, seed=seed)[0]
    if fault == "replayed":
        send(chip, f"0082000028{bytes(40).hex()}28")
    status = send(chip, f"0082000028{token.hex()}28")[1]
    assert status == (0x6985 if fault in ("replayed", "no-challenge") else 0x6300)
    assert send(chip, "00A4020C020101")[1] == 0x6982


def test_a_chip_without_bac_or_pace_does_not_know_them(pki: TrainingPki) -> None:
    chip = card(pki, bac=False)
    assert send(chip, "0084000008")[1] == 0x6D00
    assert send(chip, f"0082000028{bytes(40).hex()}28")[1] == 0x6D00
    chip = card(pki, pace=(), card_access="missing")
    assert send(chip, "0022C1A40F800A04007F00070202040202830102")[1] == 0x6A86


@pytest.mark.parametrize(
    ("reference", "without", "with_it"),
    [("optional", 0x9000, 0x9000), ("required", 0x6A88, 0x9000), ("refused", 0x9000, 0x6A80)],
)
def test_tag_84(pki: TrainingPki, reference: str, without: int, with_it: int) -> None:
    chip = card(pki, parameter_reference=reference)
    assert send(chip, "0022C1A40F800A04007F00070202040202830102")[1] == without
    assert send(chip, "0022C1A412800A04007F0007020204020283010284010D")[1] == with_it


def test_parameters_must_be_named_where_they_are_ambiguous(pki: TrainingPki) -> None:
    both = tuple(PaceVariant.parse(f"ecdh-gm:aes-128:{curve}") for curve in (12, 13))
    chip = card(pki, pace=both)
    assert send(chip, "0022C1A40F800A04007F00070202040202830102")[1] == 0x6A88
    for curve in ("0C", "0D"):
        assert send(chip, f"0022C1A412800A04007F00070202040202830102 8401{curve}")[1] == 0x9000


def test_session_ends_with_the_power(pki: TrainingPki) -> None:
    chip = card(pki)
    channel = opened(chip)
    chip.reset()
    assert send(chip, f"00A4040C07{AID}")[1] == 0x9000
    assert send(chip, "00A4020C020101")[1] == 0x6982
    assert channel is not None
