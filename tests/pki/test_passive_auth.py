"""Passive authentication of whole chips: hashes, EF.CardAccess against DG14, what is withheld, the chain at
the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from readers.emrtd.evidence import GenuineChip, RawChip, freeze
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.errors import (
    CardAccessMismatchError,
    ChainError,
    DataGroupHashError,
    DataGroupWithheldError,
    NoTrustAnchorError,
    RevocationUnknownError,
    RevokedError,
)
from readers.errors import ChipFileMissingError, MrzError, PortraitError, ReaderError
from readers.softcard import lds_files, security_files
from readers.softcard.faults import Faults
from readers.softcard.options import CCCD
from readers.softcard.personalise import personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import sample_holder
from readers.softcard.sod_file import encode_sod
from tests.support.softcard import NOW, connect, fake_jpeg, personal_texts, read_all, trust_store

if TYPE_CHECKING:
    from pathlib import Path

    from readers.emrtd.evidence import ConsistentChip, OpenedChip
    from readers.emrtd.pki.store import TrustStore

HOLDER = sample_holder("mau", today=NOW.date())
KEY = HOLDER.number.can


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, pki: TrainingPki) -> TrustStore:
    return trust_store(tmp_path_factory.mktemp("store") / "s", pki)


def image_of(pki: TrainingPki, **faults):
    return personalise(HOLDER, fake_jpeg(), pki, now=NOW, faults=Faults(**faults))


@pytest.fixture(scope="module")
def image(pki: TrainingPki):
    return image_of(pki)


@pytest.fixture(scope="module")
def opened(image) -> OpenedChip:
    return connect(image).open(KEY)


@pytest.fixture(scope="module")
def chip(image) -> ConsistentChip:
    return read_all(connect(image), KEY).chip


def raw_of(opened: OpenedChip, files) -> RawChip:
    """A read of these files whose keys were consistent."""
    keys = require_consistent(opened)
    genuine = GenuineChip(keys=keys, proven_by="aa", facts=freeze({}))
    return RawChip(genuine=genuine, files=files, facts=freeze({}))


def resigned(
    opened: OpenedChip, image, pki: TrainingPki, **changed: bytes
) -> tuple[OpenedChip, dict[str, bytes]]:
    """The chip with some data groups replaced and signed again, as an issuer's odd card would be."""
    files = {**image.files, **changed}
    numbers = {1: "DG1", 2: "DG2", 3: "DG3", 13: "DG13", 14: "DG14", 15: "DG15"}
    sod = encode_sod({n: files[name] for n, name in numbers.items()}, pki.signer, NOW)
    files["SOD"] = sod
    kept = {name: files[name] for name in opened.files}
    return replace(opened, files=kept), {name: files[name] for name in ("DG1", "DG13", "DG2")}


def changed(opened: OpenedChip, **files: bytes | None) -> OpenedChip:
    merged = {**opened.files, **files}
    return replace(opened, files={name: octets for name, octets in merged.items() if octets is not None})


# --- keys --------------------------------------------------------------------------------------------------


def test_consistent_keys(opened: OpenedChip) -> None:
    keys = require_consistent(opened)
    assert keys.active_key.bits == 2048
    assert keys.facts["card_access"] == "signed"
    assert keys.facts["data_groups"] == "DG1 DG2 DG3 DG13 DG14 DG15"
    assert "withheld" not in keys.facts


@pytest.mark.parametrize("name", ["DG14", "DG15"])
def test_altered_key_file(opened: OpenedChip, name: str) -> None:
    octets = opened.files[name]
    spoilt = octets[:-1] + bytes([octets[-1] ^ 1])
    with pytest.raises(DataGroupHashError) as caught:
        require_consistent(changed(opened, **{name: spoilt}))
    assert dict(caught.value.facts) == {"data_group": name, "reason": "hash"}
    assert caught.value.conclusive


def test_card_access_that_offers_more_than_dg14(opened: OpenedChip) -> None:
    stronger = opened.files["CardAccess"].replace(b"\x02\x01\x0d", b"\x02\x01\x0c")
    with pytest.raises(CardAccessMismatchError) as caught:
        require_consistent(changed(opened, CardAccess=stronger))
    assert caught.value.conclusive


def test_card_access_that_offers_less_is_no_contradiction(opened: OpenedChip) -> None:
    fewer = security_files.encode_infos(security_files.pace_infos(CCCD))
    assert require_consistent(changed(opened, CardAccess=fewer)).facts["card_access"] == "signed"


def test_card_access_not_read(opened: OpenedChip) -> None:
    assert require_consistent(changed(opened, CardAccess=None)).facts["card_access"] == "not-read"


def test_a_withheld_dg15_is_named(opened: OpenedChip) -> None:
    assert require_consistent(changed(opened, DG15=None)).facts["withheld"] == "DG15"


def test_a_withheld_dg14_leaves_nothing_to_compare_with(opened: OpenedChip) -> None:
    with pytest.raises(DataGroupWithheldError) as caught:
        require_consistent(changed(opened, DG14=None))
    assert dict(caught.value.facts) == {"data_group": "DG14"}
    assert not caught.value.conclusive


def test_com_is_believed_less_than_the_sod(opened: OpenedChip) -> None:
    assert require_consistent(changed(opened, COM=None)).facts["com"] == "absent"
    assert require_consistent(changed(opened, COM=b"\x60\x00")).facts["com"] == "malformed"
    short = lds_files.encode_com([1, 2, 11])
    facts = require_consistent(changed(opened, COM=short)).facts
    assert facts["com_lacks"] == "DG3 DG13 DG14 DG15"
    assert facts["com_adds"] == "DG11"


def test_no_sod(opened: OpenedChip) -> None:
    with pytest.raises(ChipFileMissingError):
        require_consistent(changed(opened, SOD=None))


# --- hashes ------------------------------------------------------------------------------------------------


def test_holder_of_a_good_chip(chip: ConsistentChip) -> None:
    assert chip.holder.id_number == HOLDER.id_number
    assert chip.holder.full_name == HOLDER.full_name
    assert chip.holder.surname_given == "NGUYEN VAN MAU"
    assert chip.holder.issuing_state == "VNM"
    assert chip.holder.expiry == HOLDER.expiry
    assert chip.portrait.image == fake_jpeg()
    assert chip.facts["verified"] == "DG1 DG2 DG13 DG14 DG15"
    assert chip.facts["not_read"] == "DG3"
    assert chip.facts["national_details"] == "read"


@pytest.mark.parametrize("number", [1, 2, 13])
def test_altered_data_group(pki: TrainingPki, number: int) -> None:
    with pytest.raises(DataGroupHashError) as caught:
        read_all(connect(image_of(pki, altered=frozenset({number}))), KEY)
    assert caught.value.facts["data_group"] == f"DG{number}"
    assert caught.value.conclusive


@pytest.mark.parametrize("name", ["DG1", "DG2", "DG13"])
def test_every_octet_counts(opened: OpenedChip, image, name: str) -> None:
    good = {name: image.files[name] for name in ("DG1", "DG2", "DG13")}
    octets = good[name]
    for position in range(0, len(octets), max(1, len(octets) // 40)):
        spoilt = octets[:position] + bytes([octets[position] ^ 0x80]) + octets[position + 1 :]
        with pytest.raises(DataGroupHashError):
            require_hashes(raw_of(opened, {**good, name: spoilt}))


def test_nothing_is_parsed_before_every_hash_is_good(opened: OpenedChip, image) -> None:
    """A broken MRZ and a spoilt portrait: the hash is what is reported."""
    files = {"DG1": b"\x61\x00", "DG2": image.files["DG2"]}
    with pytest.raises(DataGroupHashError):
        require_hashes(raw_of(opened, files))


def test_data_group_that_the_sod_does_not_list(opened: OpenedChip, image) -> None:
    files = {"DG1": image.files["DG1"], "DG2": image.files["DG2"], "DG11": b"\x6b\x00"}
    with pytest.raises(DataGroupHashError) as caught:
        require_hashes(raw_of(opened, files))
    assert dict(caught.value.facts) == {"data_group": "DG11", "reason": "not-in-sod"}


def test_listed_but_not_read_is_said(opened: OpenedChip, image) -> None:
    chip = require_hashes(raw_of(opened, {name: image.files[name] for name in ("DG1", "DG2")}))
    assert chip.facts["not_read"] == "DG3 DG13"
    assert chip.facts["national_details"] == "absent"
    assert chip.holder.full_name is None
    assert chip.holder.id_number == HOLDER.id_number


@pytest.mark.parametrize("name", ["DG1", "DG2"])
def test_mandatory_data_group_missing(opened: OpenedChip, image, name: str) -> None:
    files = {other: image.files[other] for other in ("DG1", "DG2") if other != name}
    with pytest.raises(ChipFileMissingError):
        require_hashes(raw_of(opened, files))


def test_signed_but_unusable_contents(opened: OpenedChip, image, pki: TrainingPki) -> None:
    mrz = image.files["DG1"].replace(b"VNM", b"VNX")
    with pytest.raises(MrzError):
        require_hashes(raw_of(*resigned(opened, image, pki, DG1=mrz[:-40] + b"9" + mrz[-39:])))
    no_face = lds_files.encode_dg2(b"\xff\xd8\xff").replace(b"FAC\0", b"FIR\0")
    with pytest.raises(PortraitError):
        require_hashes(raw_of(*resigned(opened, image, pki, DG2=no_face)))


def test_broken_national_details_are_no_gate(opened: OpenedChip, image, pki: TrainingPki) -> None:
    chip = require_hashes(raw_of(*resigned(opened, image, pki, DG13=b"\x6d\x02\x30\x00")))
    assert chip.facts["national_details"] == "unreadable"
    assert chip.holder.full_name is None


# --- chain -------------------------------------------------------------------------------------------------


def test_verified_chip(chip: ConsistentChip, store: TrustStore) -> None:
    facts = require_chain(chip, store, NOW).facts
    assert facts["profile"] == "VN-ID"
    assert "ds-no-document-type" in str(facts["deviations"])
    assert facts["store_version"] == 3
    assert facts["crl_age_days"] == 0
    assert facts["crl_next_update"] == "ahead"


def test_unknown_signer(pki: TrainingPki, store: TrustStore) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, signer=pki.unknown_signer)
    chip = read_all(connect(image), KEY).chip
    with pytest.raises(NoTrustAnchorError) as caught:
        require_chain(chip, store, NOW)
    assert caught.value.facts["store_version"] == 3
    assert not caught.value.conclusive


def test_revoked_signer(pki: TrainingPki, store: TrustStore) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW, signer=pki.revoked_signer)
    with pytest.raises(RevokedError):
        require_chain(read_all(connect(image), KEY).chip, store, NOW)


def test_no_crl_and_stale_crl(
    chip: ConsistentChip, pki: TrainingPki, store: TrustStore, tmp_path: Path
) -> None:
    bare = trust_store(tmp_path / "bare", pki, crl=False)
    with pytest.raises(RevocationUnknownError) as caught:
        require_chain(chip, bare, NOW)
    assert caught.value.facts["reason"] == "no-crl"
    assert caught.value.facts["profile"] == "VN-ID", "what did hold is in the record too"
    with pytest.raises(RevocationUnknownError) as caught:
        require_chain(chip, store, NOW + timedelta(days=120))
    assert caught.value.facts["age_days"] == 120


def test_signed_before_the_signer_existed(pki: TrainingPki, store: TrustStore) -> None:
    image = personalise(HOLDER, fake_jpeg(), pki, now=NOW - timedelta(days=30))
    with pytest.raises(ChainError):
        require_chain(read_all(connect(image), KEY).chip, store, NOW)


# --- privacy -----------------------------------------------------------------------------------------------


def test_no_personal_data_in_repr_or_facts(
    image, opened: OpenedChip, chip: ConsistentChip, store: TrustStore
) -> None:
    keys = require_consistent(opened)
    verified = require_chain(chip, store, NOW)
    shown = "".join(map(repr, (image, HOLDER, opened, keys, chip, verified)))
    shown += "".join(str(dict(item.facts)) for item in (opened, keys, chip, verified, chip.sod))
    for text in personal_texts(image.files):
        assert text.decode("utf-8", "replace") not in shown
        assert text.hex() not in shown
    for octets in image.files.values():
        assert octets.hex() not in shown


def test_errors_name_nobody(pki: TrainingPki) -> None:
    for number in (1, 2, 13, 14, 15):
        image = image_of(pki, altered=frozenset({number}))
        with pytest.raises(ReaderError) as caught:
            read_all(connect(image), KEY)
        shown = str(caught.value) + repr(caught.value)
        for text in personal_texts(image.files):
            assert text.decode("utf-8", "replace") not in shown
