"""Files for the trust store: what they are, what is in them, and what may come in."""

from __future__ import annotations

import dataclasses
import json
import time
import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from asn1crypto import pem
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.emrtd.pki.certificate import Certificate, read_certificate
from readers.emrtd.pki.chain import MAX_TRIES, issued_by
from readers.emrtd.pki.errors import (
    CertificateRefusedError,
    CrlRefusedError,
    CrlRolledBackError,
    MasterListRefusedError,
    TrainingAnchorError,
    TrustFileUnknownError,
    TrustStoreAlteredError,
)
from readers.emrtd.pki.ldif import read_ldif
from readers.emrtd.pki.store import PlannedImport, TrustStore
from readers.emrtd.pki.store_check import check_store
from readers.emrtd.pki.trust_file import read_trust_file
from readers.errors import ReaderError
from readers.iso7816 import der, tlv
from readers.softcard.pki import training_pki
from tests.support.softcard import NOW, sign, verify
from tests.support.softcard_certificates import authority, issue
from tests.support.trust_files import (
    country_authority,
    explicit_authority,
    in_ber,
    ldif_entry,
    link,
    list_signer,
    many,
    master_list,
    signed,
)

if TYPE_CHECKING:
    from pathlib import Path

GERMAN = country_authority("DE")
OTHERS = [country_authority(country) for country in ("FR", "NL", "VN")]
LIST = [GERMAN.encoded, *(made.encoded for made in OTHERS)]
SIGNER = list_signer(GERMAN)
MASTER = master_list(SIGNER, LIST)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore.create(tmp_path / "store", training=False, sign=sign)


def plan(store: TrustStore, data: bytes, *, scope="passport", at=NOW) -> PlannedImport:
    return store.plan_import(read_trust_file(data), by="u1", second="u2", at=at, scope=scope, source="e" * 64)


def take(store: TrustStore, data: bytes, **changes) -> PlannedImport:
    planned = plan(store, data, **changes)
    store.carry_out(planned, sign)
    assert store.facts == planned.facts
    return planned


def reasons(planned: PlannedImport) -> list[tuple[str, str]]:
    return [(skipped.what, skipped.reason) for skipped in planned.plan.skipped]


# --- what a file is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (GERMAN.encoded, "certificate"),
        (GERMAN.crl(), "crl"),
        (MASTER, "master-list"),
        (pem.armor("CERTIFICATE", GERMAN.encoded), "pem"),
        (pem.armor("CMS", MASTER), "pem"),
        (b"# comment\n\nversion: 1\n" + ldif_entry("o=x", cACertificate=b"1").encode(), "ldif"),
        (b"\xef\xbb\xbfdn: o=x\nuserCertificate;binary:: MAA=\n", "ldif"),
    ],
)
def test_forms(data: bytes, form: str) -> None:
    assert read_trust_file(data).form == form


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"<!DOCTYPE html>", "HTML or XML"),
        (b"hello", "text"),
        (bytes([0xFF, 0xFE, 0x00]), "binary"),
        (b"\x30\x03\x02\x01\x05", "ASN.1"),
        (GERMAN.encoded[:-1], "ASN.1"),
        (pem.armor("PRIVATE KEY", b"1234"), "PEM PRIVATE KEY"),
        (b"-----BEGIN CERTIFICATE-----\nMII=A\n-----END CERTIFICATE-----\n", "PEM with broken base64"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB", "PEM without a whole block"),
        (b"version: 1\n\ndn: o=x\ncn: y\n", "LDIF without certificates"),
        (signed(b"1234", "1.2.840.113549.1.7.1", SIGNER), "CMS 1.2.840.113549.1.7.1"),
    ],
)
def test_junk_is_named(data: bytes, found: str) -> None:
    with pytest.raises(TrustFileUnknownError) as caught:
        read_trust_file(data)
    assert caught.value.facts["found"] == found


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(MASTER) - 1), st.binary(min_size=1, max_size=6))
def test_a_spoilt_master_list_is_refused_or_the_same(tmp_path_factory, position: int, patch: bytes) -> None:
    spoilt = MASTER[:position] + patch + MASTER[position + len(patch) :]
    store = TrustStore.create(tmp_path_factory.mktemp("s"), training=False, sign=sign)
    try:
        planned = plan(store, spoilt)
    except ReaderError:
        return
    assert [made.encoded for made in planned.plan.new] == LIST


# --- certificates ------------------------------------------------------------------------------------------


def test_several_certificates_in_one_pem_file_are_one_commit(store: TrustStore, tmp_path: Path) -> None:
    version = store.facts["store_version"]
    take(store, b"".join(pem.armor("CERTIFICATE", made.encoded) for made in (GERMAN, *OTHERS)))
    assert len(store.list()) == 4
    assert store.facts["store_version"] == version + 1
    again = TrustStore.open(tmp_path / "store", training=False, verify=verify)
    assert again.list() == store.list()
    assert {item.source for item in again.list()} == {"e" * 64}


def test_one_bad_certificate_of_a_few_refuses_them_all(store: TrustStore) -> None:
    data = b"".join(pem.armor("CERTIFICATE", octets) for octets in (GERMAN.encoded, SIGNER.encoded))
    with pytest.raises(CertificateRefusedError):
        take(store, data)
    assert store.list() == ()


def test_planning_writes_nothing(store: TrustStore, tmp_path: Path) -> None:
    before = sorted(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    plan(store, MASTER)
    assert before == sorted(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())


def test_explicit_curve_parameters_of_a_csca(store: TrustStore) -> None:
    made = explicit_authority()
    take(store, made.encoded)
    (anchor,) = store.anchors_of("VN")
    assert anchor.certificate.encoded == made.encoded


def test_explicit_curve_parameters_with_a_changed_generator(store: TrustStore) -> None:
    def other(curve):
        return dataclasses.replace(curve, generator=curve.multiply(2))

    with pytest.raises(CertificateRefusedError) as caught:
        take(store, explicit_authority(change=other).encoded)
    assert caught.value.facts["reason"] == "pa-curve-parameters"


def test_pinned_for_another_kind_of_document(store: TrustStore) -> None:
    take(store, GERMAN.encoded)
    with pytest.raises(CertificateRefusedError) as caught:
        take(store, GERMAN.encoded, scope="identity-card")
    assert caught.value.facts == {"reason": "scope-differs", "pinned_for": "passport"}


def test_an_expired_csca_may_come_in_and_is_marked(store: TrustStore) -> None:
    old = country_authority("DE", end=NOW - DAY)
    (made,) = take(store, old.encoded).plan.new
    assert made.expired


# --- links -------------------------------------------------------------------------------------------------


def test_link_to_the_next_key_under_the_same_or_a_new_name(store: TrustStore) -> None:
    take(store, GERMAN.encoded)
    same, renamed = country_authority("DE"), country_authority("DE", "CSCA 2")
    for new in (same, renamed):
        (made,) = take(store, link(GERMAN, new)).plan.new
        assert made.item.link == read_certificate(GERMAN.encoded).fingerprint
    assert check_store(store, NOW) == ()


def test_link_and_its_root_in_one_file_in_any_order(store: TrustStore) -> None:
    new = country_authority("DE", "CSCA 2")
    data = b"".join(pem.armor("CERTIFICATE", octets) for octets in (link(GERMAN, new), GERMAN.encoded))
    assert len(take(store, data).plan.new) == 2


@pytest.mark.parametrize("country", ["DE", "FR"])
def test_link_of_a_stranger(store: TrustStore, country: str) -> None:
    take(store, GERMAN.encoded)
    old = country_authority("DE") if country == "DE" else GERMAN
    with pytest.raises(CertificateRefusedError) as caught:
        take(store, link(old, country_authority(country)))
    assert caught.value.facts["reason"] == "link-issuer-unknown"


def crowd(count: int, **changes) -> list[bytes]:
    """Certificates of one name with as many keys, and as many links of the name that nobody signed."""
    name = {"country_name": "DE", "common_name": "Crowd"}
    made = [authority(name=name, serial=number + 1, **changes) for number in range(count)]
    forged = authority()
    spec = dataclasses.replace(made[0].spec, **{"authority_key_id": b"\1" * 20, **changes})
    links = [issue(dataclasses.replace(spec, serial=1000 + number), forged.key) for number in range(count)]
    return [*(one.encoded for one in made), *links]


@pytest.mark.parametrize("changes", [{}, {"key_id": b"\2" * 20}])
def test_a_crowd_of_one_name_is_not_tried_key_by_key(store: TrustStore, monkeypatch, changes) -> None:
    """Names and key identifiers are free; every link would be tried with every key before anybody is asked."""
    tries: list[None] = []

    def counted(*arguments) -> bool:
        tries.append(None)
        return issued_by(*arguments)

    monkeypatch.setattr("readers.emrtd.pki.csca.issued_by", counted)
    planned = plan(store, master_list(SIGNER, [GERMAN.encoded, *crowd(20, **changes)]))
    assert (len(planned.plan.new), reasons(planned)) == (
        21,
        [("certificate", "link-issuer-unknown")] * 20,
    )
    assert len(tries) == 20 * MAX_TRIES
    monkeypatch.setattr("readers.emrtd.pki.importing.MAX_TRIES_OF_FILE", 30)
    planned = plan(store, master_list(SIGNER, [GERMAN.encoded, *crowd(6)]))
    assert reasons(planned) == [("certificate", "link-issuer-unknown")] * 5 + [
        ("certificate", "too-many-tries")
    ]


def test_the_key_a_link_points_at_is_tried_first(store: TrustStore, monkeypatch) -> None:
    """However many others of the name were pinned before it."""
    for made in [authority(name=GERMAN.spec.subject) for _ in range(MAX_TRIES)]:
        take(store, made.encoded)
    take(store, GERMAN.encoded)
    (made,) = take(store, link(GERMAN, country_authority("DE"))).plan.new
    assert made.item.link == read_certificate(GERMAN.encoded).fingerprint


def test_more_certificates_or_lists_than_any_country_has(store: TrustStore, monkeypatch) -> None:
    monkeypatch.setattr("readers.emrtd.pki.importing.MAX_CERTIFICATES", 3)
    assert reasons(plan(store, MASTER)) == [("certificate", "too-many")]
    monkeypatch.setattr("readers.emrtd.pki.importing.MAX_LISTS", 1)
    with pytest.raises(CertificateRefusedError):
        plan(store, b"".join(pem.armor("X509 CRL", GERMAN.crl(number=n)) for n in (1, 2)))


# --- master lists ------------------------------------------------------------------------------------------


def test_master_list_of_a_pinned_country(store: TrustStore) -> None:
    take(store, GERMAN.encoded)
    planned = take(store, MASTER)
    (voucher,) = planned.plan.vouchers
    assert (voucher.country, voucher.pinned, voucher.certificates) == ("DE", True, 4)
    assert (len(planned.plan.new), planned.plan.known) == (3, 1)
    assert {item.scope for item in store.list()} == {"passport"}


def test_master_list_that_brings_its_own_authority(store: TrustStore) -> None:
    (voucher,) = take(store, MASTER).plan.vouchers
    assert not voucher.pinned
    assert voucher.csca_sha256 == read_certificate(GERMAN.encoded).fingerprint


def test_master_list_in_ber(store: TrustStore) -> None:
    assert len(take(store, in_ber(MASTER)).plan.new) == 4


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (master_list(SIGNER, LIST[1:]), "signer-unknown"),
        (master_list(list_signer(country_authority("DE")), LIST), "signer-unknown"),
        (
            master_list(list_signer(GERMAN, subject={"country_name": "FR", "common_name": "x"}), LIST),
            "signer-unknown",
        ),
        (master_list(list_signer(GERMAN, usages=None), LIST), "extended-key-usage"),
        (master_list(list_signer(GERMAN, usages=["1.3.6.1.5.5.7.3.1"]), LIST), "extended-key-usage"),
        (master_list(list_signer(GERMAN, usage=frozenset({"key_agreement"})), LIST), "key-usage"),
        (master_list(list_signer(GERMAN, is_ca=True), LIST), "signer-is-authority"),
        (master_list(list_signer(GERMAN, critical="2.25.1"), LIST), "critical-extension"),
        (master_list(SIGNER, LIST, signing_time=NOW - 100 * DAY), "signing-time"),
        (master_list(SIGNER, LIST, version=1), "version"),
        (MASTER.replace(LIST[1], LIST[1][:-1] + bytes([LIST[1][-1] ^ 1])), "message-digest"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_master_lists_that_nobody_vouches_for(store: TrustStore, data: bytes, reason: str) -> None:
    with pytest.raises(MasterListRefusedError) as caught:
        take(store, data)
    assert caught.value.facts["reason"] == reason
    assert store.list() == ()


def test_master_list_signer_that_was_revoked(store: TrustStore) -> None:
    take(store, GERMAN.encoded)
    take(store, GERMAN.crl(0x1234))
    with pytest.raises(MasterListRefusedError) as caught:
        take(store, MASTER)
    assert caught.value.facts["reason"] == "signer-revoked"


def test_bad_entries_of_a_list_are_named_and_left_out(store: TrustStore) -> None:
    spoilt = bytearray(OTHERS[0].encoded)
    spoilt[-1] ^= 1
    entries = [
        *LIST,
        LIST[1],
        b"\x30\x00",
        SIGNER.encoded,
        bytes(spoilt),
        link(country_authority("IT"), GERMAN),
    ]
    planned = take(store, master_list(SIGNER, entries))
    assert reasons(planned) == [
        ("certificate", "pa-certificate-malformed"),
        ("certificate", "not-self-signed"),
        ("certificate", "self-signature"),
        ("certificate", "link-issuer-unknown"),
    ]
    assert (len(planned.plan.new), planned.plan.known) == (4, 1), "one stands there twice"


def test_a_training_certificate_in_a_list_refuses_the_list(store: TrustStore, tmp_path: Path) -> None:
    training = training_pki(tmp_path / "pki", now=NOW).csca.encoded
    with pytest.raises(TrainingAnchorError):
        take(store, master_list(SIGNER, [*LIST, training]))
    assert store.list() == ()


# --- LDIF --------------------------------------------------------------------------------------------------


def directory(*entries: str) -> bytes:
    return ("version: 1\r\n\r\n" + "".join(entries)).encode()


def test_ldif_of_the_directory(store: TrustStore) -> None:
    italian = country_authority("IT")
    data = directory(
        ldif_entry("cn=1,o=ml,c=DE", CscaMasterListData=MASTER),
        ldif_entry("cn=2,o=ml,c=XX", pkdMasterListContent=MASTER[:-40]),
        ldif_entry("cn=3,o=csca,c=IT", cACertificate__binary=italian.encoded),
        ldif_entry("cn=4,o=dsc,c=DE", userCertificate__binary=SIGNER.encoded),
        ldif_entry("cn=5,o=dsc,c=DE", userCertificate__binary=b"anything"),
        ldif_entry("cn=6,o=crl,c=DE", certificateRevocationList__binary=GERMAN.crl(7)),
        ldif_entry("cn=7,o=crl,c=AT", certificateRevocationList__binary=country_authority("AT").crl()),
        "dn: cn=8\r\ncACertificate;binary:: !!!\r\n\r\n",
        "dn: cn=9\r\ncACertificate;binary:< file:///etc/passwd\r\n\r\n",
    )
    planned = take(store, data)
    assert [made.item.kind for made in planned.plan.new] == ["csca"] * 5 + ["crl"]
    assert planned.plan.signers == 2
    assert reasons(planned) == [
        ("attribute", "cacertificate"),
        ("attribute", "cacertificate"),
        ("master-list", "value-truncated"),
        ("crl", "signer-unknown"),
    ]
    assert all(item.sha256 != read_certificate(SIGNER.encoded).fingerprint for item in store.list())


def test_folded_and_foreign_lines_of_ldif() -> None:
    read = read_ldif(
        b"#c\n folded comment\ndn:: bz14\ncACertificate:: MA\n\tA=\nx\n: y\ncACertificate:: MA\n AA\n"
    )
    assert read.authorities == (b"0\x00\x00",)
    assert read.broken == ("cacertificate",)


@pytest.mark.parametrize("attribute", [b"cACertificate::", b"description:", b"#"])
def test_lines_of_one_octet_take_no_more_room_than_others(attribute: bytes) -> None:
    octets = b"dn: x\n" + attribute + b" MA\n" + b" A\r\n" * 300_002
    tracemalloc.start()
    try:
        read = read_ldif(octets)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(octets)
    assert [len(found) for found in read.authorities] == ([225_003] if b"::" in attribute else [])


def test_an_attribute_longer_than_anything_known_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readers.emrtd.pki.ldif.MAX_LINE_OCTETS", 40)
    octets = b"dn: x\ncACertificate:: " + b"MAAA\n " * 10 + b"\n\ncACertificate:: MAA=\n"
    read = read_ldif(octets)
    assert (read.authorities, read.broken) == ((b"0\0",), ("cacertificate",))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_ldif_never_raises(octets: bytes) -> None:
    """And gives no certificate that the octets do not hold."""
    read = read_ldif(b"version: 1\n" + octets)
    assert sum(map(len, read.authorities)) <= len(octets)


# --- revocation lists --------------------------------------------------------------------------------------


def test_an_older_list_in_the_middle_of_many_refuses_them_all(store: TrustStore) -> None:
    take(store, GERMAN.encoded)
    take(store, GERMAN.crl(number=5))
    data = directory(
        ldif_entry("cn=1", cACertificate__binary=OTHERS[0].encoded),
        ldif_entry("cn=2", certificateRevocationList__binary=GERMAN.crl(9, number=4)),
    )
    with pytest.raises(CrlRolledBackError) as caught:
        take(store, data)
    assert caught.value.facts == {"stored_number": "5", "offered_number": "4"}
    assert len(store.list()) == 2


def test_two_lists_of_one_issuer_in_one_file(store: TrustStore) -> None:
    data = b"".join(
        (
            pem.armor("CERTIFICATE", GERMAN.encoded),
            *(pem.armor("X509 CRL", GERMAN.crl(number=n)) for n in (1, 2)),
        )
    )
    with pytest.raises(CrlRefusedError) as caught:
        take(store, data)
    assert caught.value.facts["reason"] == "two-lists-of-one-issuer"


# --- many --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_list_of_many_is_one_commit_however_long(store: TrustStore, tmp_path: Path) -> None:
    """More entries than any structure of a chip may have."""
    entries = many(1100)
    planned = take(store, master_list(SIGNER, [GERMAN.encoded, *entries]))
    assert len(planned.plan.new) == 1101
    assert store.facts["store_version"] == 2
    again = TrustStore.open(tmp_path / "store", training=False, verify=verify)
    name = read_certificate(entries[300]).subject.key
    assert [anchor.certificate.encoded for anchor in again.anchors_named(name)] == [entries[300]]


def test_of_many_with_one_name_only_those_pointed_at_are_parsed(
    store: TrustStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issuer may have any number of keys under one name, and a name is anybody's to choose."""
    crowd = [authority(name={"country_name": "DE", "common_name": "CSCA"}) for _ in range(20)]
    for each in crowd:
        take(store, each.encoded)
    again = TrustStore.open(tmp_path / "store", training=False, verify=verify)
    parsed: list[bytes] = []

    def counting(octets: bytes) -> Certificate:
        parsed.append(octets)
        return read_certificate(octets)

    monkeypatch.setattr("readers.emrtd.pki.store.read_certificate", counting)
    signer = read_certificate(crowd[7].signer().encoded)
    assert [anchor.certificate.encoded for anchor in again.anchors_for(signer)] == [crowd[7].encoded]
    assert len(parsed) == 1
    stranger = dataclasses.replace(signer, authority_key_id=b"nobody's")
    assert len(again.anchors_for(stranger)) == len(crowd), "a pointer that fits none is no obstacle"


def test_opening_parses_no_certificate(
    store: TrustStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, MASTER)

    def never(_: bytes) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("readers.emrtd.pki.store.read_certificate", never)
    again = TrustStore.open(tmp_path / "store", training=False, verify=verify)
    with pytest.raises(AssertionError):
        again.anchors_named(read_certificate(GERMAN.encoded).subject.key)


def test_a_file_changed_after_the_start_is_found_when_it_is_used(store: TrustStore, tmp_path: Path) -> None:
    take(store, MASTER)
    for path in (tmp_path / "store" / "certificates").iterdir():
        path.write_bytes(country_authority("DE").encoded)
    again = read_certificate(GERMAN.encoded).subject.key
    with pytest.raises(TrustStoreAlteredError):
        store.anchors_named(again)


def test_a_store_of_the_first_version_still_opens(store: TrustStore, tmp_path: Path) -> None:
    """Its lines lack the fields that came later."""
    take(store, MASTER)
    path = tmp_path / "store" / "store.json"
    whole = json.loads(path.read_text())
    for item in whole["manifest"]["items"]:
        for name in ("country", "name", "link", "source"):
            del item[name]
    octets = (
        b"proctor-trust-store-1\n"
        + json.dumps(whole["manifest"], sort_keys=True, separators=(",", ":")).encode()
    )
    path.write_text(json.dumps({**whole, "signature": sign(octets).hex()}))
    again = TrustStore.open(tmp_path / "store", training=False, verify=verify)
    assert len(again.anchors_of("DE")) == 1


# --- check -------------------------------------------------------------------------------------------------


def test_check_of_a_sound_store_and_of_a_stale_list(store: TrustStore) -> None:
    take(store, MASTER)
    take(store, GERMAN.crl())
    assert check_store(store, NOW) == ()
    (finding,) = check_store(store, NOW + 91 * DAY)
    assert finding.code == "trust-crl-stale"


def test_check_finds_what_no_import_would_have_let_in(
    store: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a former version had been less careful."""
    monkeypatch.setattr("readers.emrtd.pki.importing.require_self_signature", lambda _: None)
    monkeypatch.setattr("readers.emrtd.pki.revocation.signed_by", lambda *_: True)
    spoilt = bytearray(GERMAN.encoded)
    spoilt[-1] ^= 1
    take(store, bytes(spoilt))
    take(store, GERMAN.crl(key=authority().key))
    monkeypatch.undo()
    assert [finding.code for finding in check_store(store, NOW)] == [
        "trust-self-signature",
        "trust-crl-signature",
    ]


def test_work_is_bounded_by_the_file() -> None:
    began = time.process_time()
    for data in (
        b"dn: x\n" + b" a\n" * 200_000,
        b"-----BEGIN " * 50_000,
        tlv.encode(der.SEQUENCE, b"\x30\x80" * 50_000),
    ):
        try:
            read_trust_file(data)
        except TrustFileUnknownError:
            continue
    assert time.process_time() - began < 5
