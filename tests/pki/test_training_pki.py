"""The training PKI: made from its one text file, kept, renewed, and refused by content elsewhere."""

from __future__ import annotations

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from readers.emrtd.pki.certificate import TRAINING_ORGANIZATION, read_certificate
from readers.emrtd.pki.chain import Anchor, require_issuer
from readers.emrtd.pki.crl import read_crl
from readers.emrtd.pki.errors import NoTrustAnchorError
from readers.emrtd.pki.public_key import load_public_key
from readers.softcard import pki as training
from readers.softcard.pki import TrainingPkiError, load_spec, training_pki
from tests.support.softcard import NOW, sign, trust_store

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


def test_curves_and_periods_of_the_national_pki(tmp_path: Path) -> None:
    pki = training_pki(tmp_path, now=NOW)
    csca, signer = read_certificate(pki.csca.encoded), read_certificate(pki.signer.encoded)
    assert load_public_key(csca.spki).label == "ecdsa-secp384r1"
    assert load_public_key(signer.spki).label == "ecdsa-brainpoolP384r1"
    assert signer.usage_period.end - signer.usage_period.start == 90 * DAY
    assert csca.is_authority
    assert not csca.has_subject_alt_name
    assert signer.subject_localities == ("VN",)
    assert signer.document_types is None
    assert require_issuer(signer, [Anchor(certificate=csca, scope="identity-card")])


def test_everything_carries_the_marker(tmp_path: Path) -> None:
    pki = training_pki(tmp_path, now=NOW)
    for made in (pki.csca, pki.signer, pki.revoked_signer, pki.unknown_csca, pki.unknown_signer):
        certificate = read_certificate(made.encoded)
        assert certificate.training
        assert certificate.subject.organization == TRAINING_ORGANIZATION


def test_loading_gives_the_same_and_different_folders_differ(tmp_path: Path) -> None:
    first = training_pki(tmp_path / "a", now=NOW)
    again = training_pki(tmp_path / "a", now=NOW + 5 * DAY)
    other = training_pki(tmp_path / "b", now=NOW)
    assert (first.csca.encoded, first.signer.encoded, first.crl) == (
        again.csca.encoded,
        again.signer.encoded,
        again.crl,
    )
    assert first.csca.encoded != other.csca.encoded


def test_seed_gives_the_same_keys(tmp_path: Path) -> None:
    first = training_pki(tmp_path / "a", now=NOW, seed=b"s")
    second = training_pki(tmp_path / "b", now=NOW, seed=b"s")
    assert first.signer.key.private_numbers() == second.signer.key.private_numbers()
    assert read_certificate(first.csca.encoded).serial == read_certificate(second.csca.encoded).serial


def test_signer_and_crl_are_renewed(tmp_path: Path) -> None:
    first = training_pki(tmp_path, now=NOW)
    later = training_pki(tmp_path, now=NOW + 70 * DAY)
    assert later.csca.encoded == first.csca.encoded
    assert later.signer.encoded != first.signer.encoded
    old, new = read_crl(first.crl), read_crl(later.crl)
    assert new.number > old.number
    assert old.serials < new.serials, "what was revoked stays revoked"
    assert read_certificate(later.revoked_signer.encoded).serial in new.serials
    assert read_certificate(later.signer.encoded).serial not in new.serials


def test_unknown_signer_has_no_anchor(tmp_path: Path) -> None:
    pki = training_pki(tmp_path, now=NOW)
    anchor = Anchor(certificate=read_certificate(pki.csca.encoded), scope="identity-card")
    with pytest.raises(NoTrustAnchorError):
        require_issuer(read_certificate(pki.unknown_signer.encoded), [anchor])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    training_pki(tmp_path, now=NOW)
    keys = list(tmp_path.glob("*.key"))
    assert len(keys) == 7
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)


def test_broken_files(tmp_path: Path) -> None:
    training_pki(tmp_path, now=NOW)
    (tmp_path / "signer.key").write_bytes((tmp_path / "csca.key").read_bytes())
    with pytest.raises(TrainingPkiError):
        training_pki(tmp_path, now=NOW)
    (tmp_path / "signer.key").write_bytes(b"nonsense")
    with pytest.raises(TrainingPkiError):
        training_pki(tmp_path, now=NOW)


def test_signer_of_another_csca_and_foreign_crl_are_made_anew(tmp_path: Path) -> None:
    first = training_pki(tmp_path / "a", now=NOW)
    training_pki(tmp_path / "b", now=NOW)
    for name in ("signer.key", "signer.der", "crl.der"):
        (tmp_path / "a" / name).write_bytes((tmp_path / "b" / name).read_bytes())
    healed = training_pki(tmp_path / "a", now=NOW)
    anchor = Anchor(certificate=read_certificate(first.csca.encoded), scope="identity-card")
    assert require_issuer(read_certificate(healed.signer.encoded), [anchor]) == anchor
    assert read_crl(healed.crl).issuer.key == anchor.certificate.subject.key


def test_a_pki_made_anew_is_no_rollback(tmp_path: Path) -> None:
    store = trust_store(tmp_path / "store", training_pki(tmp_path / "a", now=NOW))
    anew = training_pki(tmp_path / "b", now=NOW + DAY)
    store.import_certificate(anew.csca.encoded, by="u1", second="u2", at=NOW, sign=sign)
    assert store.import_crl(anew.crl, by="u1", at=NOW, sign=sign)


def test_several_programs_at_once_get_one_pki(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: training_pki(tmp_path, now=NOW), range(4)))
    assert len({(pki.csca.encoded, pki.signer.encoded, pki.crl) for pki in made}) == 1
    assert not (tmp_path / ".lock").exists()


def test_a_lock_left_behind_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_LOCK_S", 0.1)
    (tmp_path / ".lock").touch()
    assert training_pki(tmp_path, now=NOW).crl


def test_the_text_file_cannot_drop_the_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_spec()["marker"]["organization"] == TRAINING_ORGANIZATION
    monkeypatch.setattr(training, "TRAINING_MARKER", "2.25.1")
    with pytest.raises(TrainingPkiError):
        load_spec()


def test_no_key_shows(tmp_path: Path) -> None:
    pki = training_pki(tmp_path, now=NOW)
    secret = pki.signer.key.private_numbers().private_value
    assert str(secret) not in repr(pki)
    assert f"{secret:x}" not in repr(pki)
