"""The trust store: who may come in, and that nothing in it changes unnoticed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from asn1crypto import crl, pem
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from readers.emrtd.pki.certificate import TRAINING_MARKER, read_certificate
from readers.emrtd.pki.chain import require_issuer, require_not_revoked
from readers.emrtd.pki.crl import read_crl
from readers.emrtd.pki.errors import (
    CertificateRefusedError,
    CrlRefusedError,
    CrlRolledBackError,
    RevokedError,
    SecondPersonError,
    TrainingAnchorError,
    TrustStoreAlteredError,
    TrustStoreMissingError,
)
from readers.emrtd.pki.profile import csca_deviations
from readers.emrtd.pki.store import PlannedImport, TrustStore
from readers.emrtd.pki.trust_file import TrustFile
from readers.iso7816 import der, tlv
from readers.softcard.pki import training_pki
from tests.support.softcard import NOW, sign, trust_store, verify
from tests.support.softcard_certificates import Authority, authority, spki_of

if TYPE_CHECKING:
    from pathlib import Path

CSCA = authority()


def real_store(directory: Path) -> TrustStore:
    return TrustStore.create(directory, training=False, sign=sign)


def pin(store: TrustStore, data: bytes, *, by: str = "u1", second: str = "u2", scope="identity-card") -> str:
    return store.import_certificate(data, by=by, second=second, at=NOW, sign=sign, scope=scope)


def reopen(directory: Path, *, training: bool = False) -> TrustStore:
    return TrustStore.open(directory, training=training, verify=verify)


def refused(store: TrustStore, data: bytes) -> str:
    with pytest.raises(CertificateRefusedError) as caught:
        pin(store, data)
    return str(caught.value.facts["reason"])


def test_round_trip(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    fingerprint = pin(store, CSCA.encoded)
    store.import_crl(CSCA.crl(9, number=4), by="u1", at=NOW, sign=sign)
    again = reopen(tmp_path)
    anchor_row, crl_row = again.list()
    assert (anchor_row.sha256, anchor_row.by, anchor_row.second) == (fingerprint, "u1", "u2")
    assert (crl_row.kind, crl_row.number) == ("crl", 4)
    (anchor,) = again.anchors_named(anchor_row.subject)
    assert anchor.certificate.encoded == CSCA.encoded
    assert again.crl_of(anchor_row.subject).serials == {9}
    assert again.facts == store.facts
    assert again.facts["store_version"] == 3


def test_pem_is_accepted_and_importing_twice_changes_nothing(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    fingerprint = pin(store, pem.armor("CERTIFICATE", CSCA.encoded))
    before = store.facts
    assert pin(store, CSCA.encoded) == fingerprint
    assert store.facts == before
    assert "wrong-label" not in refused(store, pem.armor("PUBLIC KEY", CSCA.encoded))


def test_missing_and_second_creation(tmp_path: Path) -> None:
    with pytest.raises(TrustStoreMissingError):
        reopen(tmp_path)
    real_store(tmp_path)
    with pytest.raises(FileExistsError):
        real_store(tmp_path)


@pytest.mark.parametrize(("by", "second"), [("u1", "u1"), ("u1", ""), ("", "u2")])
def test_two_persons(tmp_path: Path, by: str, second: str) -> None:
    with pytest.raises(SecondPersonError):
        pin(real_store(tmp_path), CSCA.encoded, by=by, second=second)


def test_training_csca_never_enters_a_real_store(tmp_path: Path) -> None:
    pki = training_pki(tmp_path / "pki", now=NOW)
    store = real_store(tmp_path / "store")
    for certificate in (pki.csca.encoded, pki.unknown_csca.encoded):
        with pytest.raises(TrainingAnchorError):
            pin(store, certificate)
    assert store.list() == ()


def test_marker_or_organization_alone_is_enough(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    name = {"country_name": "VN", "organization_name": "proctor  training", "common_name": "CSCA"}
    extension = {"extn_id": TRAINING_MARKER, "critical": False, "extn_value": b"\x05\x00"}
    for made in (authority(name=name), authority(extra=[extension])):
        with pytest.raises(TrainingAnchorError):
            pin(store, made.encoded)


def test_a_training_store_is_no_real_store(tmp_path: Path) -> None:
    trust_store(tmp_path / "store", training_pki(tmp_path / "pki", now=NOW))
    assert reopen(tmp_path / "store", training=True).training
    with pytest.raises(TrustStoreAlteredError) as caught:
        reopen(tmp_path / "store")
    assert caught.value.facts["reason"] == "kind"


def test_what_is_no_csca(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the test
    assert refused(store, b"") == "pa-certificate-malformed"
    assert refused(store, b"nonsense") == "pa-certificate-malformed"
    assert refused(store, CSCA.encoded + b"\0") == "pa-certificate-malformed"
    assert refused(store, bytes(20_000)) == "pa-certificate-malformed"
    assert refused(store, CSCA.signer().encoded) == "not-self-signed"
    assert refused(store, authority(is_ca=False).encoded) == "not-an-authority"
    assert refused(store, authority(usage=frozenset({"crl_sign"})).encoded) == "key-usage"
    assert refused(store, authority(critical="2.25.1").encoded) == "critical-extension"
    assert refused(store, authority(name={"common_name": "x"}).encoded) == "no-country"
    assert refused(store, authority(small, hash_name="sha256").encoded) == "pa-weak-algorithm"
    assert (
        refused(store, authority(spki=spki_of(ec.generate_private_key(ec.SECP384R1()))).encoded)
        == "self-signature"
    )
    with pytest.raises(CertificateRefusedError):
        pin(store, CSCA.encoded, scope="anything")


def test_a_self_signature_with_sha1_is_a_deviation_and_no_obstacle(tmp_path: Path) -> None:
    """It shows that the maker had the key; what is believed is the fingerprint two persons compared."""
    store = real_store(tmp_path)
    pin(store, authority(hash_name="sha1").encoded)
    (anchor,) = store.anchors_of("VN")
    assert "csca-sha1-self-signature" in csca_deviations(anchor.certificate)


@pytest.mark.parametrize("name", ["store.json", "certificates", "crls"])
def test_every_flipped_octet_on_disk_is_noticed(tmp_path: Path, name: str) -> None:
    store = real_store(tmp_path)
    pin(store, CSCA.encoded)
    store.import_crl(CSCA.crl(9), by="u1", at=NOW, sign=sign)
    path = tmp_path / name
    path = path if path.is_file() else next(path.iterdir())
    good = path.read_bytes()
    before = reopen(tmp_path).list()
    for position in range(0, len(good), 7):
        path.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
        try:
            again = reopen(tmp_path).list()
        except TrustStoreAlteredError:
            continue
        assert again == before, "only white space between the values may differ"
    path.write_bytes(good)
    assert reopen(tmp_path).list() == before


def test_file_removed_or_signature_of_another_station(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    pin(store, CSCA.encoded)

    def other(octets: bytes, signature: bytes) -> None:
        raise ValueError

    with pytest.raises(TrustStoreAlteredError):
        TrustStore.open(tmp_path, training=False, verify=other)
    next((tmp_path / "certificates").iterdir()).unlink()
    with pytest.raises(TrustStoreAlteredError) as caught:
        reopen(tmp_path)
    assert caught.value.facts["reason"] == "file-missing"


def test_manifest_that_is_no_manifest(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", json.dumps({"manifest": [], "signature": "zz"})):
        (tmp_path / "store.json").write_text(text)
        with pytest.raises(TrustStoreAlteredError):
            reopen(tmp_path)


def test_anchor_slipped_in_beside_the_manifest_is_not_used(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    pin(store, CSCA.encoded)
    intruder = authority()
    (tmp_path / "certificates" / "intruder.der").write_bytes(intruder.encoded)
    assert len(reopen(tmp_path).list()) == 1


def test_failed_signing_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = real_store(tmp_path)
    before = store.facts

    def broken(_: bytes) -> bytes:
        raise OSError("no key")

    with pytest.raises(OSError, match="no key"):
        store.import_certificate(CSCA.encoded, by="u1", second="u2", at=NOW, sign=broken)
    assert store.facts == before
    assert reopen(tmp_path).list() == store.list() == ()


# --- CRL ---------------------------------------------------------------------------------------------------


def with_csca(directory: Path) -> TrustStore:
    store = real_store(directory)
    pin(store, CSCA.encoded)
    return store


def take(store: TrustStore, octets: bytes) -> str:
    return store.import_crl(octets, by="u1", at=NOW, sign=sign)


def test_newer_crl_replaces_the_older(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    take(store, CSCA.crl(1, number=1))
    take(store, CSCA.crl(1, 2, number=2))
    again = reopen(tmp_path)
    assert again.crl_of(again.list()[0].subject).number == 2
    assert [row.kind for row in again.list()] == ["csca", "crl"]


def test_same_crl_again_is_no_change(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    octets = CSCA.crl(number=1)
    take(store, octets)
    before = store.facts
    take(store, octets)
    assert store.facts == before


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 4},
        {"number": 5},
        {"number": 6, "this_update": NOW - timedelta(days=3)},
        {"number": None, "this_update": NOW - timedelta(days=3)},
    ],
)
def test_rolled_back_crl_is_an_alarm(tmp_path: Path, changes) -> None:
    store = with_csca(tmp_path)
    take(store, CSCA.crl(9, number=5))
    with pytest.raises(CrlRolledBackError):
        take(store, CSCA.crl(**changes))
    assert reopen(tmp_path).list()[1].number == 5


def test_crl_of_a_stranger(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    with pytest.raises(CrlRefusedError) as caught:
        take(store, authority(name={"country_name": "VN", "common_name": "Other"}).crl())
    assert caught.value.facts["reason"] == "signer-unknown"
    with pytest.raises(CrlRefusedError):
        take(store, CSCA.crl(key=authority().key))
    with pytest.raises(CrlRefusedError) as caught:
        take(store, authority().crl())
    assert caught.value.facts["reason"] == "signer-unknown"


def test_crl_signed_by_the_newest_csca_for_its_predecessor(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    newest = authority(name={"country_name": "VN", "common_name": "CSCA Test 2"})
    pin(store, newest.encoded)
    take(store, CSCA.crl(key=newest.key, authority_key_id=newest.spec.key_id))
    assert [item.kind for item in store.list()] == ["csca", "csca", "crl"]


def test_malformed_crls(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    issuer = {"extn_id": "certificate_issuer", "critical": True, "extn_value": [_directory_name()]}
    for data in (
        b"",
        b"nonsense",
        CSCA.encoded,
        CSCA.crl() + b"\0",
        pem.armor("CERTIFICATE", CSCA.crl()),
        CSCA.crl(critical="2.25.1"),
        CSCA.crl(5, entry_extensions=[issuer]),
    ):
        with pytest.raises(CrlRefusedError):
            take(store, data)
    take(store, pem.armor("X509 CRL", CSCA.crl()))


def _directory_name():
    from asn1crypto import x509

    return x509.GeneralName("directory_name", x509.Name.build({"country_name": "VN"}))


def test_crl_with_many_entries(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    take(store, CSCA.crl(*range(1, 3000)))
    assert len(store.crl_of(store.list()[0].subject).serials) == 2999


@pytest.mark.parametrize("bits", [0, 159, 8000, 20_000])
def test_crl_number_longer_than_the_standard_allows(tmp_path: Path, bits: int) -> None:
    """RFC 5280 5.2.3: 20 octets. A number of 4,301 digits cannot even be written down."""
    store = with_csca(tmp_path)
    with pytest.raises(CrlRefusedError):
        take(store, CSCA.crl(number=1 << bits if bits else -1))
    take(store, CSCA.crl(number=(1 << 159) - 1))


def test_entries_of_a_crl_are_read_whatever_follows_them() -> None:
    reason = {"extn_id": "crl_reason", "extn_value": crl.CRLReason("key_compromise")}
    serials = (1, 0x80, 1 << 152, 1 << 2000)
    for extensions in (None, [reason], [{**reason, "critical": True}]):
        octets = CSCA.crl(*serials, entry_extensions=extensions)
        if extensions and "critical" in extensions[0]:
            with pytest.raises(CrlRefusedError):
                read_crl(octets)
        else:
            assert read_crl(octets).serials == set(serials)
    assert read_crl(CSCA.crl()).next_update == NOW - timedelta(hours=1) + timedelta(days=90)


@pytest.mark.parametrize(
    "entry",
    ["3000", "3002020a", "30030201", "300302017f05", "300f0200170d3236313132323030303030305a", "0500"],
)
def test_a_broken_entry_of_a_crl(entry: str) -> None:
    """Put in the place of a whole one, with every length around it right."""
    signed_part, algorithm, signature = tlv.parse_one(CSCA.crl(7)).children()
    parts = list(signed_part.children())
    place = next(index for index, part in enumerate(parts) if part.tag == der.SEQUENCE and index > 3)
    raw = [part.raw for part in parts]
    raw[place] = tlv.encode(der.SEQUENCE, bytes.fromhex(entry))
    with pytest.raises(CrlRefusedError):
        read_crl(tlv.encode(der.SEQUENCE, tlv.encode(der.SEQUENCE, *raw), algorithm.raw, signature.raw))


# --- once revoked, always revoked --------------------------------------------------------------------------

REVOKED = 0x666
PASSPORTS = authority(name={"country_name": "VN", "common_name": "CSCA ePassport Test"})


def still_revoked(store: TrustStore, made: Authority = CSCA) -> bool:
    """What a document's chain would say of the signer with that number."""
    signer = read_certificate(made.signer(serial=REVOKED).encoded)
    found = require_issuer(signer, store.anchors_named(signer.issuer.key))
    try:
        require_not_revoked(signer, found.certificate, store.crl_of(signer.issuer.key, found.scope), NOW)
    except RevokedError:
        return True
    return False


def refused_list(store: TrustStore, octets: bytes) -> str:
    with pytest.raises(CrlRefusedError) as caught:
        take(store, octets)
    return str(caught.value.facts["reason"])


def test_a_list_by_another_key_of_the_same_name_unsays_nothing(tmp_path: Path) -> None:
    """Roll-over: one list for each key, or one for all of them by the newest."""
    store, newer = with_csca(tmp_path), authority()
    pin(store, newer.encoded)
    take(store, CSCA.crl(REVOKED, number=5))
    take(store, newer.crl(number=6))
    for seen in (store, reopen(tmp_path)):
        assert still_revoked(seen)
        assert len(seen.crls_of(seen.list()[0].subject)) == 2
    take(store, CSCA.crl(REVOKED, number=6))
    with pytest.raises(CrlRolledBackError):
        take(store, CSCA.crl(REVOKED, number=5))
    with pytest.raises(CrlRolledBackError):
        take(store, newer.crl(number=5))
    take(store, newer.crl(number=7))
    assert still_revoked(store)
    assert len(store.crls_of(store.list()[0].subject)) == 2


def test_a_serial_that_disappears_is_an_alarm_and_stays_revoked(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    take(store, CSCA.crl(1, REVOKED, number=1))
    planned = plan_list(store, CSCA.crl(1, number=2))
    assert [alarm.count for alarm in planned.plan.unlisted] == [1]
    store.carry_out(planned, sign)
    for number in (3, 4, 5):
        planned = plan_list(store, CSCA.crl(1, 2, number=number))
        assert planned.plan.unlisted == ()
        store.carry_out(planned, sign)
    again = reopen(tmp_path)
    assert still_revoked(again)
    name = again.list()[0].subject
    assert [crl.number for crl in again.crls_of(name)] == [1, 5], "the last, and the one that revokes"
    assert (again.crl_of(name).number, again.crl_of(name).earlier) == (5, {REVOKED})
    take(store, CSCA.crl(1, 2, REVOKED, number=6))
    assert [crl.number for crl in store.crls_of(name)] == [6]


def plan_list(store: TrustStore, octets: bytes) -> PlannedImport:
    file = TrustFile(form="crl", crls=(octets,))
    return store.plan_import(file, by="u1", second="", at=NOW, scope="identity-card")


def test_two_lists_in_one_file_lose_nothing_between_them(tmp_path: Path) -> None:
    """Each of two keys drops a serial, and each old list would do as the proof of it."""
    store, newer = with_csca(tmp_path), authority()
    pin(store, newer.encoded)
    take(store, CSCA.crl(REVOKED, number=1))
    take(store, newer.crl(REVOKED, number=1))
    file = TrustFile(form="pem", crls=(CSCA.crl(number=2), newer.crl(number=2)))
    planned = store.plan_import(file, by="u1", second="", at=NOW, scope="identity-card")
    assert len(planned.plan.unlisted) == 2
    store.carry_out(planned, sign)
    assert still_revoked(reopen(tmp_path))


def test_the_newest_list_decides_about_age_whoever_signed_it(tmp_path: Path) -> None:
    store, newer = with_csca(tmp_path), authority()
    pin(store, newer.encoded)
    take(store, newer.crl(2, number=9))
    take(store, CSCA.crl(1, number=4, this_update=NOW - timedelta(days=100)))
    deciding = store.crl_of(store.list()[0].subject)
    assert (deciding.number, deciding.earlier) == (9, {1})


def test_a_csca_for_passports_signs_no_list_of_one_for_cards(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    pin(store, PASSPORTS.encoded, scope="passport")
    foreign = {"key": PASSPORTS.key, "authority_key_id": PASSPORTS.spec.key_id}
    assert refused_list(store, CSCA.crl(**foreign)) == "signer-scope"
    take(store, PASSPORTS.crl())


def test_one_name_for_both_kinds_of_document_has_lists_for_each(tmp_path: Path) -> None:
    """A list by the key for passports does not make the one for cards any fresher."""
    store, passports = with_csca(tmp_path), authority()
    pin(store, passports.encoded, scope="passport")
    take(store, CSCA.crl(REVOKED, number=1, this_update=NOW - timedelta(days=100)))
    take(store, passports.crl(number=2))
    name = store.list()[0].subject
    assert store.crl_of(name, "identity-card").number == 1
    assert store.crl_of(name, "passport").number == 2
    assert store.crl_of(name, "passport").revokes(REVOKED)


def test_a_csca_that_must_not_sign_lists_signs_none(tmp_path: Path) -> None:
    store, mute = with_csca(tmp_path), authority(usage=frozenset({"key_cert_sign"}))
    pin(store, mute.encoded)
    silent = authority(usage=None)
    pin(store, silent.encoded)
    assert refused_list(store, CSCA.crl(key=mute.key, authority_key_id=mute.spec.key_id)) == "key-usage"
    take(store, silent.crl())


def test_a_number_once_given_is_not_given_up(tmp_path: Path) -> None:
    store = with_csca(tmp_path)
    take(store, CSCA.crl(REVOKED, number=None, this_update=NOW - timedelta(hours=3)))
    take(store, CSCA.crl(REVOKED, number=11, this_update=NOW - timedelta(hours=2)))
    with pytest.raises(CrlRolledBackError):
        take(store, CSCA.crl(number=None))
    with pytest.raises(CrlRolledBackError):
        take(store, CSCA.crl(number=3))
    assert still_revoked(store)
