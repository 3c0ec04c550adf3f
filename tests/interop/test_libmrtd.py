"""Basic Access Control with somebody else: mrtdreader's library reads our software card, and our reader reads a
passport whose messages that library protects."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import pytest

from readers.emrtd import files
from readers.emrtd.access_key import MrzInformation
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.errors import RevocationUnknownError
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.errors import AccessDeniedError, ActiveAuthError, PaceNotOfferedError
from readers.softcard.chip import SoftCard
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.interop.bac_chip import BacChip
from tests.interop.libmrtd import MrtdReader, require_libmrtd
from tests.support.softcard import NOW, fake_jpeg, sign, trust_store

if TYPE_CHECKING:
    from pathlib import Path

    from readers.softcard.personalise import ChipImage
    from readers.softcard.pki import TrainingPki

WRONG = "099000001799011552401162"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> MrtdReader:
    """The library, with a stand-in for libnfc below."""
    return require_libmrtd(tmp_path_factory.mktemp("nfc"))


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    """The training PKI."""
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def passport(pki: TrainingPki) -> ChipImage:
    """BAC and RSA Active Authentication, no PACE."""
    return sample_card("passport", fake_jpeg(), pki, now=NOW)


def chip(library: MrtdReader, image: ChipImage, *, foreign_key: bool = False) -> BacChip:
    """A foreign passport with the files of this image."""
    content = {spec.file_id: image.files[spec.name] for spec in files.ALL_FILES if spec.name in image.files}
    numbers = image.prover.key.private_numbers()  # type: ignore[union-attr]
    rsa = (numbers.public_numbers.n, numbers.d)
    if foreign_key:
        rsa = (rsa[0], rsa[1] - 2)
    return BacChip(library.primitives, content, mrz_information=image.mrz_information, rsa=rsa)


def reader(card: BacChip, *, bac: bool = True) -> ChipReader:
    """Our reader, with BAC allowed by the rules or not."""
    return ChipReader(
        card,
        randbytes=secrets.token_bytes,
        monotonic=time.monotonic,
        limits=ReadLimits(bac_allowed=bac),
    )


@pytest.mark.parametrize("sample", ["mau", "passport", "bac-only"])
def test_mrtdreader_reads_our_card(library: MrtdReader, pki: TrainingPki, sample: str) -> None:
    image = sample_card(sample, fake_jpeg(), pki, now=NOW)
    library.insert(SoftCard(image).process)
    assert library.open(image.mrz_information)
    for spec in (files.EF_COM, files.EF_SOD, files.DG1, files.DG2):
        assert library.read(spec.file_id) == image.files[spec.name]


def test_mrtdreader_with_a_wrong_mrz(library: MrtdReader, passport: ChipImage) -> None:
    library.insert(SoftCard(passport).process)
    assert not library.open(WRONG)


def test_our_reader_reads_a_foreign_passport(
    library: MrtdReader, passport: ChipImage, pki: TrainingPki, tmp_path: Path
) -> None:
    ours = reader(chip(library, passport))
    opened = ours.open(MrzInformation(passport.mrz_information))
    assert opened.access.is_bac
    keys = require_consistent(opened)
    genuine = ours.require_genuine(keys, secrets.token_bytes(8))
    assert genuine.proven_by == "aa"
    consistent = require_hashes(ours.read(genuine))
    store = trust_store(tmp_path / "store", pki)
    anchors = pki.passport_cscas["VNM"]
    store.import_certificate(anchors.encoded, by="u1", second="u2", at=NOW, sign=sign, scope="passport")
    with pytest.raises(RevocationUnknownError):
        require_chain(consistent, store, NOW)


def test_a_foreign_passport_with_another_key(library: MrtdReader, passport: ChipImage) -> None:
    ours = reader(chip(library, passport, foreign_key=True))
    keys = require_consistent(ours.open(MrzInformation(passport.mrz_information)))
    with pytest.raises(ActiveAuthError):
        ours.require_genuine(keys, secrets.token_bytes(8))


def test_a_foreign_passport_refuses_a_wrong_mrz(library: MrtdReader, passport: ChipImage) -> None:
    with pytest.raises(AccessDeniedError):
        reader(chip(library, passport)).open(MrzInformation(WRONG))


def test_bac_only_where_the_rules_allow_it(library: MrtdReader, passport: ChipImage) -> None:
    with pytest.raises(PaceNotOfferedError):
        reader(chip(library, passport), bac=False).open(MrzInformation(passport.mrz_information))
