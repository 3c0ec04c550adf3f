"""Every option of a chip, with the real reader: it opens, proves itself and is read; and options that contradict."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from readers.errors import AccessDeniedError
from readers.softcard.chip import SoftCard
from readers.softcard.chip_keys import SharedKeys
from readers.softcard.holder import HolderError, load_card, mrz_information, mrz_text, qr_payload
from readers.softcard.in_process import InProcessConnection
from readers.softcard.options import (
    CCCD,
    ActiveVariant,
    ChipAuthVariant,
    ChipOptions,
    PaceVariant,
    read_options,
)
from readers.softcard.personalise import personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import sample_holder
from readers.softcard.tables import TableError
from tests.support.softcard import NOW, fake_jpeg, reader_for
from tests.support.softcard_samples import read_chip, whole_store

if TYPE_CHECKING:
    from pathlib import Path

    from readers.emrtd.pki.store import TrustStore

HOLDER = sample_holder("mau", today=NOW.date())
CAN = HOLDER.number.can
CIPHERS = ("3des", "aes-128", "aes-192", "aes-256")
KEYS = SharedKeys(2)
GENERIC = [f"ecdh-gm:{cipher}:{curve}" for curve in range(8, 19) for cipher in CIPHERS]
OTHERS = [
    *(f"dh-gm:{cipher}:{group}" for cipher in CIPHERS for group in (0, 2)),
    "dh-gm:aes-128:1",
    *(f"ecdh-im:aes-128:{curve}" for curve in range(8, 19) if curve != 10),
    *(f"ecdh-im:{cipher}:13" for cipher in CIPHERS),
    *(f"dh-im:{cipher}:0" for cipher in CIPHERS),
    *(f"ecdh-cam:aes-{bits}:{curve}" for bits, curve in ((128, 8), (192, 12), (256, 13), (128, 18))),
]
CHIP_AUTH = [
    *((f"ecdh:aes-128:{curve}", "explicit") for curve in range(8, 19)),
    *((f"ecdh:{cipher}:12", "explicit") for cipher in CIPHERS),
    *((f"dh:{cipher}:1", "explicit") for cipher in CIPHERS),
    ("dh:aes-128:0", "explicit"),
    *((variant, style) for variant in ("ecdh:aes-128:13", "dh:aes-128:2") for style in ("named", "standard")),
]
FILE = """
id_number = "001099000001"
full_name = "Nguyễn Văn Mẫu"
birth = 1999-01-15
sex = "Nam"
issued = 2021-06-01
"""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, pki: TrainingPki) -> TrustStore:
    return whole_store(tmp_path_factory.mktemp("store") / "s", pki)


def card(pki: TrainingPki, **changes) -> SoftCard:
    options = dataclasses.replace(CCCD, **changes)
    return SoftCard(personalise(HOLDER, fake_jpeg(1000), pki, now=NOW, options=options, keys=KEYS))


@pytest.mark.parametrize("variant", [*GENERIC, *OTHERS])
def test_pace_variants_open(variant: str, pki: TrainingPki) -> None:
    chip = card(pki, pace=(PaceVariant.parse(variant),), chip_auth=())
    opened = reader_for(InProcessConnection(chip)).open(CAN)
    mapping, cipher, _ = variant.split(":")
    assert opened.access.protocol == f"pace-{mapping}-{cipher}"
    assert opened.files["SOD"]


@pytest.mark.parametrize(("variant", "style"), CHIP_AUTH)
def test_chip_authentication_variants(variant: str, style: str, pki: TrainingPki, store: TrustStore) -> None:
    chip = card(
        pki,
        chip_auth=(ChipAuthVariant.parse(variant),),
        chip_auth_parameters=style,
        chip_auth_key_ids=style == "named",
        active_auth=ActiveVariant(),
    )
    assert read_chip(InProcessConnection(chip), [CAN], store).chip.proven_by == "ca"


@pytest.mark.parametrize(
    ("variant", "trailer"),
    [
        ("rsa:1024:sha1", "bc"),
        ("rsa:2048:sha1", "named"),
        ("rsa:1280:sha224", "named"),
        ("rsa:2048:sha256", "named"),
        ("rsa:1536:sha384", "named"),
        ("rsa:4096:sha512", "named"),
        *((f"ecdsa:{curve}:sha256", "bc") for curve in range(11, 19)),
        *((f"ecdsa:13:sha{bits}", "bc") for bits in (224, 384, 512)),
    ],
)
def test_active_authentication_variants(
    variant: str, trailer: str, pki: TrainingPki, store: TrustStore
) -> None:
    chosen = ActiveVariant.parse(variant)
    chip = card(
        pki,
        chip_auth=(),
        active_auth=chosen,
        active_auth_trailer=trailer,
        active_auth_info=chosen.family == "ecdsa",
    )
    assert read_chip(InProcessConnection(chip), [CAN], store).chip.proven_by == "aa"


@pytest.mark.parametrize("digest", ["sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("scheme", ["ecdsa", "rsa", "rsa-pss"])
def test_signed_by(digest: str, scheme: str, pki: TrainingPki, store: TrustStore) -> None:
    chip = card(pki, sod_hash=digest, sod_signature=scheme, lds_version=int(digest == "sha512"))
    assert read_chip(InProcessConnection(chip), [CAN], store)


@pytest.mark.parametrize("password", ["can", "mrz"])
def test_password_that_the_chip_does_not_know_costs_nothing(password: str, pki: TrainingPki) -> None:
    chip = card(pki, passwords=(password,))
    from readers.emrtd.access_key import MrzInformation

    keys = [CAN, MrzInformation(mrz_information(HOLDER))]
    assert reader_for(InProcessConnection(chip)).open(*keys).access.password == password


def test_wrong_keys_make_the_chip_slower_even_after_a_reset(pki: TrainingPki) -> None:
    from readers.emrtd.access_key import Can

    waited: list[float] = []
    options = dataclasses.replace(CCCD, wrong_key_delay_ms=100)
    image = personalise(HOLDER, fake_jpeg(100), pki, now=NOW, options=options, keys=KEYS)
    chip = SoftCard(image, sleep=waited.append)
    for _ in range(2):
        with pytest.raises(AccessDeniedError):
            reader_for(InProcessConnection(chip)).open(Can("999999"))
    reader_for(InProcessConnection(chip)).open(CAN)
    reader_for(InProcessConnection(chip)).open(CAN)
    assert waited == [0.1, 0.2], "the right key makes up for it"


def test_passport_of_the_specimen_state() -> None:
    options = ChipOptions(document="passport", state="UTO")
    lines = mrz_text(HOLDER, options)
    assert lines[:44] == "P<UTONGUYEN<<VAN<MAU".ljust(44, "<")
    assert lines[44:54] == "P000000016"
    assert len(lines) == 88
    national = mrz_text(HOLDER, ChipOptions(document="passport"))
    assert national[72:84] == "001099000001"
    from readers.emrtd.lds.mrz import parse_mrz

    for text in (lines, national):
        assert parse_mrz(text).document_number == "P00000001"
        assert not [name for name in vars(type(parse_mrz(text))) if name == "wrong"]


def test_qr_code_of_the_card_of_2024() -> None:
    payload = qr_payload(HOLDER, ChipOptions(document="can-cuoc"))
    assert len(payload.split("|")) == 11
    assert payload.startswith(qr_payload(HOLDER))


def test_chip_table_of_a_holder_file(tmp_path: Path) -> None:
    path = tmp_path / "holder.toml"
    path.write_text(
        FILE + '[chip]\npace = ["ecdh-im:aes-256:16", "dh-gm:3des:0"]\nbac = false\n', encoding="utf-8"
    )
    holder, options = load_card(path)
    assert holder.full_name == "Nguyễn Văn Mẫu"
    assert [variant.oid for variant in options.pace] == ["0.4.0.127.0.7.2.2.4.4.4", "0.4.0.127.0.7.2.2.4.1.1"]
    assert options == dataclasses.replace(CCCD, pace=options.pace, bac=False)
    path.write_text(FILE, encoding="utf-8")
    assert load_card(path)[1] == CCCD


@pytest.mark.parametrize(
    ("table", "field", "reason"),
    [
        ("colour = 1", "chip.colour", "unknown"),
        ('document = "visa"', "chip.document", "unknown"),
        ("bac = 1", "chip.bac", "wrong-type"),
        ('pace = "ecdh-gm:aes-128:13"', "chip.pace", "not-a-list"),
        ('pace = ["ecdh-gm:aes-128:7"]', "chip.pace", "unknown"),
        ('pace = ["ecdh-gm:aes-128:0"]', "chip.pace", "unknown"),
        ('pace = ["ecdh-im:aes-128:10"]', "chip.pace", "unknown"),
        ('pace = ["ecdh-cam:3des:13"]', "chip.pace", "unknown"),
        ('pace = ["ecdh-gm"]', "chip.pace", "unknown"),
        ("pace = []\nbac = false", "chip.pace", "no-way-in"),
        ("passwords = []", "chip.passwords", "empty"),
        ('passwords = ["pin"]', "chip.passwords", "unknown"),
        ('active_auth = "rsa:1000:sha1"', "chip.active_auth", "unknown"),
        ('active_auth = "rsa:2048:md5"', "chip.active_auth", "unknown"),
        ('active_auth = "dsa:2048:sha1"', "chip.active_auth", "unknown"),
        ('active_auth = "rsa:2048:sha256"', "chip.active_auth_trailer", "contradiction"),
        ("active_auth_exponent = 1", "chip.active_auth_exponent", "unknown"),
        ('chip_auth = ["rsa:aes-128:13"]', "chip.chip_auth", "unknown"),
        ("max_answer = 100", "chip.max_answer", "contradiction"),
        ("max_block = -1", "chip.max_block", "contradiction"),
        ("wrong_key_delay_ms = 99999", "chip.wrong_key_delay_ms", "contradiction"),
        ('extended_length = false\npace = ["dh-gm:aes-128:2"]', "chip.extended_length", "contradiction"),
    ],
)
def test_tables_that_say_nonsense_are_refused_by_name(
    tmp_path: Path, table: str, field: str, reason: str
) -> None:
    path = tmp_path / "holder.toml"
    path.write_text(f"{FILE}[chip]\n{table}\n", encoding="utf-8")
    with pytest.raises(HolderError) as caught:
        load_card(path)
    assert dict(caught.value.facts) == {"field": field, "reason": reason}


def test_options_are_no_table() -> None:
    with pytest.raises(TableError):
        read_options(["pace"])


def test_a_roster_shares_its_keys(pki: TrainingPki) -> None:
    made = [personalise(HOLDER, b"", pki, now=NOW, keys=SharedKeys(2)) for _ in range(1)]
    shared = SharedKeys(2)
    images = [personalise(HOLDER, b"", pki, now=NOW, keys=shared) for _ in range(3)]
    keys = [image.prover.key for image in images]
    assert keys[0] is keys[2] is not keys[1]
    assert len({image.chip_keys[0].private for image in [*made, *images]}) == 4
