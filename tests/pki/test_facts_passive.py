"""What every reader must pass, given → must: the data groups and the chain, one test for each line.

PASSED, FAILED (evidence against) and INDETERMINATE (no decision) as the recorder would write them."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from readers.emrtd.evidence import Access, GenuineChip, OpenedChip, RawChip, freeze
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.errors import TrustStoreAlteredError
from readers.emrtd.pki.store import TrustStore
from readers.errors import ReaderError
from readers.iso7816 import der, tlv
from readers.softcard import sod_file
from readers.softcard.lds_files import encode_com
from readers.softcard.options import CCCD
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from readers.softcard.signing import pss_identifier
from tests.support.softcard import NOW, fake_jpeg, sign, verify
from tests.support.softcard_certificates import (
    Authority,
    Signer,
    algorithm_of,
    authority,
    issue,
    make_sod,
    sign_with,
)
from tests.support.trust_files import card_security, explicit_spki, in_ber

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = timedelta(days=1)
PACE = Access(protocol="pace-ecdh-gm-aes-128", password="can", card_access="file-id")
NUMBERS = {1: "DG1", 2: "DG2", 3: "DG3", 13: "DG13", 14: "DG14", 15: "DG15"}
KEYS = ("CardAccess", "CardSecurity", "COM", "SOD", "DG14", "DG15")


class Outcome(NamedTuple):
    """What the recorder would write: the outcome, the code and the facts."""

    outcome: str
    code: str
    facts: dict[str, Any]


class Bench:
    """One card's files, the CSCA that pins it, and a store in a folder."""

    def __init__(self, folder: Path, files: dict[str, bytes]) -> None:
        self.folder = folder
        self.files = {name: octets for name, octets in files.items() if name != "CardSecurity"}
        self.csca = authority()
        self.signer = self.csca.signer()
        self.scope = "identity-card"
        self.crl: bytes | None = self.csca.crl(0x9999, number=7)
        self.at = NOW
        self.access = PACE
        self.read = ("DG1", "DG13", "DG2")

    def content(self, algorithm: str = "sha256", *, without: tuple[int, ...] = ()) -> bytes:
        groups = {n: self.files[name] for n, name in NUMBERS.items() if n not in without}
        return sod_file.security_object(groups, algorithm)

    def sign(self, signer: Signer | None = None, **changes: Any) -> None:
        """Put a new SOD on the card."""
        content = changes.pop("content", None) or self.content()
        self.files["SOD"] = make_sod(signer or self.signer, content=content, **changes)

    def store(self) -> TrustStore:
        store = TrustStore.create(self.folder, training=False, sign=sign)
        who = {"by": "u1", "second": "u2", "at": NOW, "sign": sign}
        store.import_certificate(self.csca.encoded, scope=self.scope, **who)
        if self.crl is not None:
            store.import_crl(self.crl, by="u1", at=NOW, sign=sign)
        return store

    def consistent(self) -> Any:
        if "SOD" not in self.files:
            self.sign()
        keys = {name: self.files[name] for name in KEYS if name in self.files}
        opened = OpenedChip(files=keys, access=self.access, facts=freeze({}))
        genuine = GenuineChip(keys=require_consistent(opened), proven_by="aa", facts=freeze({}))
        read = {name: self.files[name] for name in self.read}
        return require_hashes(RawChip(genuine=genuine, files=read, facts=freeze({})))

    def verified(self) -> Any:
        return require_chain(self.consistent(), self.store(), self.at)


def outcome(call: Callable[[], Any]) -> Outcome:
    """Run one step as the recorder does; anything but a ReaderError is a bug and is let through."""
    try:
        return Outcome("PASSED", "ok", dict(call().facts))
    except ReaderError as error:
        return Outcome("FAILED" if error.conclusive else "INDETERMINATE", error.code, dict(error.facts))


@pytest.fixture(scope="module")
def image_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    pki = training_pki(tmp_path_factory.mktemp("pki"), now=NOW)
    made = personalise(sample_holder("mau", today=NOW.date()), fake_jpeg(), pki, now=NOW, options=CCCD)
    return {name: octets for name, octets in made.files.items() if name != "SOD"}


@pytest.fixture
def bench(tmp_path: Path, image_files: dict[str, bytes]) -> Bench:
    return Bench(tmp_path / "store", image_files)


def test_a_good_card_passes(bench: Bench) -> None:
    assert outcome(bench.verified)[:2] == ("PASSED", "ok")


# --- data groups -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["DG1", "DG2", "DG13", "DG14", "DG15"])
def test_one_byte_changed_in_any_data_group_fails_that_group(bench: Bench, name: str) -> None:
    bench.sign()
    octets = bench.files[name]
    bench.files[name] = octets[:-9] + bytes([octets[-9] ^ 1]) + octets[-8:]
    assert outcome(bench.consistent) == ("FAILED", "pa-dg-hash", {"data_group": name, "reason": "hash"})


def test_sod_over_other_bytes_fails(bench: Bench) -> None:
    attributes = sod_file.signed_attributes(bench.content(), NOW)
    bench.sign(content=bench.content(without=(13,)), attributes=attributes)
    assert outcome(bench.consistent)[:2] == ("FAILED", "pa-sod-signature")


def test_message_digest_that_is_not_of_the_content_fails(bench: Bench) -> None:
    bench.sign(attributes=sod_file.signed_attributes(b"other", NOW))
    assert outcome(bench.consistent) == ("FAILED", "pa-sod-signature", {"reason": "message-digest"})


@pytest.mark.parametrize("where", ["content", "attribute"])
def test_wrong_content_type_fails(bench: Bench, where: str) -> None:
    data = "1.2.840.113549.1.7.1"
    right = sod_file.LDS_SECURITY_OBJECT
    attributes = sod_file.signed_attributes(
        bench.content(), NOW, content_type=data if where == "attribute" else right
    )
    bench.sign(attributes=attributes, content_type=data if where == "content" else right)
    assert outcome(bench.consistent) == ("FAILED", "pa-sod-signature", {"reason": "content-type"})


def test_signature_over_the_content_instead_of_the_signed_attributes_fails(bench: Bench) -> None:
    bench.sign(signed=bench.content())
    assert outcome(bench.consistent) == ("FAILED", "pa-sod-signature", {"reason": "signature"})


def test_signature_over_the_content_without_any_signed_attributes_fails(bench: Bench) -> None:
    bench.sign(attributes=b"", signed=bench.content())
    assert outcome(bench.consistent) == ("FAILED", "pa-sod-signature", {"reason": "no-signed-attributes"})


def test_data_group_read_but_not_in_the_sod_fails(bench: Bench) -> None:
    bench.sign(content=bench.content(without=(13,)))
    found = outcome(bench.consistent)
    assert found == ("FAILED", "pa-dg-hash", {"data_group": "DG13", "reason": "not-in-sod"})


def test_data_group_in_the_sod_but_not_read_is_undecided_and_dg3_not_applicable(bench: Bench) -> None:
    bench.read = ("DG1", "DG2")
    facts = outcome(bench.consistent).facts
    assert (facts["not_read"], facts["undecided"]) == ("DG3 DG13", "DG13")


def test_com_that_lists_fewer_than_the_sod_is_recorded_and_the_sod_trusted(bench: Bench) -> None:
    bench.files["COM"] = encode_com([1, 2, 3, 14, 15])
    chip = bench.consistent()
    assert chip.holder.full_name, "DG13 was read and is believed"
    keys = require_consistent(
        OpenedChip(
            files={name: bench.files[name] for name in KEYS if name in bench.files},
            access=PACE,
            facts=freeze({}),
        )
    )
    assert keys.facts["com_lacks"] == "DG13"
    assert "chip_authentication" not in keys.facts


@pytest.mark.parametrize("hidden", [14, 15])
def test_dg14_or_dg15_hidden_from_com_is_chip_authentication_suppressed(bench: Bench, hidden: int) -> None:
    bench.files["COM"] = encode_com(number for number in NUMBERS if number != hidden)
    bench.sign()
    opened = OpenedChip(
        files={name: bench.files[name] for name in KEYS if name in bench.files}, access=PACE, facts=freeze({})
    )
    assert require_consistent(opened).facts["chip_authentication"] == "suppressed"


def test_sod_with_two_signers_is_a_defined_result(bench: Bench) -> None:
    attributes = sod_file.signed_attributes(bench.content(), NOW)
    signature = sign_with(bench.signer.key, attributes, "sha256")
    info = sod_file.signer_info(bench.signer.encoded, attributes, signature)
    bench.sign(infos=[info, info])
    assert outcome(bench.consistent) == ("INDETERMINATE", "sod-malformed", {"reason": "several-signers"})


def test_sod_without_a_signer_is_a_defined_result(bench: Bench) -> None:
    bench.sign(infos=[])
    assert outcome(bench.consistent) == ("FAILED", "pa-sod-signature", {"reason": "no-signer"})


def test_sod_without_the_signers_certificate_is_a_defined_result(bench: Bench) -> None:
    bench.sign(certificates=[])
    assert outcome(bench.consistent) == ("INDETERMINATE", "sod-malformed", {"reason": "certificate-missing"})


def test_sod_with_several_certificates_uses_the_signers(bench: Bench) -> None:
    bench.sign(certificates=[bench.csca.encoded, b"\x30\x00", bench.signer.encoded])
    assert outcome(bench.verified).outcome == "PASSED"


def test_sod_whose_signer_is_named_by_key_identifier(bench: Bench) -> None:
    signer = bench.csca.signer(key_id=b"0123456789abcdefghij")
    attributes = sod_file.signed_attributes(bench.content(), NOW - DAY)
    info = tlv.parse_one(
        sod_file.signer_info(signer.encoded, attributes, sign_with(signer.key, attributes, "sha256"))
    ).children()
    named = tlv.encode(0x80, b"0123456789abcdefghij")
    by_key = tlv.encode(der.SEQUENCE, der.encode_integer(3), named, *(item.raw for item in info[2:]))
    bench.sign(signer, infos=[by_key])
    assert outcome(bench.verified).outcome == "PASSED"


def test_sod_of_indefinite_length_inside_is_read_as_the_der_it_stands_for(bench: Bench) -> None:
    bench.sign()
    inner = tlv.parse_one(bench.files["SOD"]).value
    bench.files["SOD"] = tlv.encode(0x77, in_ber(inner))
    assert outcome(bench.verified).outcome == "PASSED"
    bench.files["SOD"] = b"\x77\x80" + inner + b"\0\0"
    assert outcome(bench.consistent) == ("INDETERMINATE", "sod-malformed", {"reason": "indefinite-length"})


# --- chain -------------------------------------------------------------------------------------------------


def test_self_made_csca_with_the_same_name_and_key_identifier_fails(bench: Bench) -> None:
    forged = authority(key_id=bench.csca.spec.key_id)
    bench.sign(forged.signer())
    assert outcome(bench.verified)[:2] == ("FAILED", "pa-chain-invalid")


def test_self_signed_document_signer_has_no_anchor(bench: Bench) -> None:
    key = ec.generate_private_key(ec.BrainpoolP384R1())
    name = {"country_name": "VN", "common_name": "Signer Test"}
    spec = bench.csca.signer_spec(key, subject=name, issuer=name, authority_key_id=None)
    bench.sign(Signer(encoded=issue(spec, key), key=key))
    assert outcome(bench.verified)[:2] == ("INDETERMINATE", "pa-no-trust-anchor")


def test_csca_shipped_inside_the_sod_is_no_anchor(bench: Bench) -> None:
    stranger = authority(name={"country_name": "VN", "common_name": "CSCA of nobody"})
    signer = stranger.signer()
    bench.sign(signer, certificates=[signer.encoded, stranger.encoded])
    found = outcome(bench.verified)
    assert found[:2] == ("INDETERMINATE", "pa-no-trust-anchor")


def test_passport_csca_that_signed_an_identity_card_fails_by_scope(bench: Bench) -> None:
    bench.scope = "passport"
    assert outcome(bench.verified)[:2] == ("FAILED", "pa-scope")


def test_signer_of_other_document_types_fails_by_scope(bench: Bench) -> None:
    bench.sign(bench.csca.signer(document_types=("P",)))
    assert outcome(bench.verified) == ("FAILED", "pa-scope", {"reason": "document-type"})


@pytest.mark.parametrize("which", ["signer", "both"])
def test_issuing_state_that_is_not_the_signers_or_the_cscas_country_fails(bench: Bench, which: str) -> None:
    if which == "both":
        bench.csca = authority(name={"country_name": "LA", "common_name": "CSCA"})
        bench.crl = None
    name = {"country_name": "LA", "common_name": "Signer"}
    bench.sign(bench.csca.signer(subject=name))
    assert outcome(bench.verified)[:2] == ("FAILED", "pa-country-mismatch")


def test_signature_algorithm_that_is_not_the_certificates_family_fails(bench: Bench) -> None:
    key = rsa.generate_private_key(65537, 2048)
    bench.sign(signature_algorithm=algorithm_of(key, "sha256").dump())
    assert outcome(bench.consistent) == ("FAILED", "pa-sod-signature", {"reason": "algorithm-family"})


def pss_parameters(*components: tuple[int, bytes]) -> bytes:
    oid = tlv.encode(der.OID, der.encode_oid("1.2.840.113549.1.1.10"))
    return tlv.encode(
        der.SEQUENCE, oid, tlv.encode(der.SEQUENCE, *(tlv.encode(tag, part) for tag, part in components))
    )


SHA256 = sod_file.hash_identifier("sha256")
MGF1 = tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid("1.2.840.113549.1.1.8")), SHA256)
MGF0 = tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid("1.2.840.113549.1.1.9")), SHA256)
SALT = der.encode_integer(32)


@pytest.mark.parametrize(
    "algorithm",
    [
        pss_identifier("sha256", 20),
        pss_identifier("sha256", 32, mgf_digest="sha384"),
        pss_identifier("sha512", 32),
        pss_parameters((0xA0, SHA256), (0xA1, MGF1), (0xA2, SALT), (0xA3, der.encode_integer(2))),
        pss_parameters((0xA0, SHA256), (0xA1, MGF0), (0xA2, SALT)),
        pss_parameters((0xA0, SHA256), (0xA1, MGF1), (0xA2, tlv.encode(der.INTEGER, b"\xff"))),
        pss_parameters((0xA0, SHA256), (0xA1, MGF1), (0xA2, der.encode_integer(4000))),
        pss_parameters((0xA0, SHA256), (0xA1, b"\x30\x00"), (0xA2, SALT)),
        pss_parameters((0xA1, MGF1), (0xA0, SHA256), (0xA2, SALT)),
        pss_parameters((0xA0, SHA256), (0xA1, MGF1), (0xA2, SALT), (0xA4, SALT)),
        tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid("1.2.840.113549.1.1.10")), b"\x05\x00"),
    ],
    ids=[
        "salt",
        "mask hash",
        "hash",
        "trailer",
        "mask",
        "negative salt",
        "huge salt",
        "broken",
        "order",
        "more",
        "null",
    ],
)
def test_bad_rsa_pss_parameters_fail(bench: Bench, algorithm: bytes) -> None:
    bench.sign(_pss_signer(bench), signature_algorithm=algorithm, signature=_PSS.pop())
    assert outcome(bench.consistent)[:2] == ("FAILED", "pa-sod-signature")


def test_good_rsa_pss_parameters_pass(bench: Bench) -> None:
    signer = _pss_signer(bench)
    bench.sign(signer, signature_algorithm=pss_identifier("sha256", 32), signature=_PSS.pop())
    assert outcome(bench.verified).outcome == "PASSED"


_RSA = rsa.generate_private_key(65537, 2048)
_PSS: list[bytes] = []


def _pss_signer(bench: Bench) -> Signer:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    attributes = sod_file.signed_attributes(bench.content(), NOW - DAY)
    mode = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    _PSS[:] = [_RSA.sign(attributes, mode, hashes.SHA256())]
    return bench.csca.signer(_RSA)


@pytest.mark.parametrize("name", ["generator", "p", "a", "b", "n"])
def test_explicit_curve_parameters_with_one_changed_fail_before_use(bench: Bench, name: str) -> None:
    def change(curve):
        if name == "generator":
            return dataclasses.replace(curve, generator=curve.multiply(2))
        return dataclasses.replace(curve, **{name: getattr(curve, name) - 2})

    key = ec.generate_private_key(ec.BrainpoolP384R1())
    bench.sign(bench.csca.signer(key, spki=explicit_spki(key, change)))
    assert outcome(bench.consistent)[:2] == ("FAILED", "pa-curve-parameters")


def test_explicit_curve_parameters_of_a_standard_curve_pass(bench: Bench) -> None:
    key = ec.generate_private_key(ec.BrainpoolP384R1())
    bench.sign(bench.csca.signer(key, spki=explicit_spki(key)))
    assert outcome(bench.verified).outcome == "PASSED"


def test_rsa_under_2048_bits_fails_by_policy(bench: Bench) -> None:
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the test
    bench.sign(bench.csca.signer(small))
    assert outcome(bench.consistent)[:2] == ("FAILED", "pa-weak-algorithm")


@pytest.mark.parametrize("weak", ["md5", "sha1"])
@pytest.mark.parametrize("where", ["data groups", "message digest", "signature"])
def test_md5_and_sha1_in_the_sod_fail_by_policy(bench: Bench, weak: str, where: str) -> None:
    signer = bench.csca.signer(_RSA)
    changes = {
        "data groups": {"content": bench.content(weak)},
        "message digest": {"digest_algorithm": weak},
        "signature": {"signature_algorithm": algorithm_of(_RSA, weak).dump()},
    }
    bench.sign(signer, **changes[where])
    assert outcome(bench.consistent)[:2] == ("FAILED", "pa-weak-algorithm")


def test_signing_time_outside_the_signers_validity_fails(bench: Bench) -> None:
    bench.sign(signing_time=NOW - 11 * DAY)
    assert outcome(bench.verified) == ("FAILED", "pa-chain-invalid", {"reason": "signing-time"})


def test_signing_time_outside_the_signers_key_usage_period_fails(bench: Bench) -> None:
    bench.at = NOW + 85 * DAY
    bench.sign(signing_time=NOW + 81 * DAY)
    assert outcome(bench.verified) == ("FAILED", "pa-chain-invalid", {"reason": "usage-period"})


def test_signer_expired_today_but_valid_at_signing_passes(bench: Bench) -> None:
    bench.csca = authority(start=NOW - 5000 * DAY)
    bench.crl = bench.csca.crl()
    old = bench.csca.signer(start=NOW - 4000 * DAY, end=NOW - 30 * DAY, used_until=NOW - 3900 * DAY)
    bench.sign(old, signing_time=NOW - 3950 * DAY)
    assert outcome(bench.verified).outcome == "PASSED"


def test_without_a_signing_time_an_expired_signer_is_undecided(bench: Bench) -> None:
    bench.csca = authority(start=NOW - 5000 * DAY)
    bench.crl = bench.csca.crl()
    bench.sign(bench.csca.signer(start=NOW - 4000 * DAY, end=NOW - 30 * DAY), signing_time=None)
    assert outcome(bench.verified)[:2] == ("INDETERMINATE", "pa-signing-time-unknown")


def test_revoked_signer_fails(bench: Bench) -> None:
    bench.crl = bench.csca.crl(0x1234)
    assert outcome(bench.verified) == ("FAILED", "pa-revoked", {"what": "signer"})


def test_absent_crl_is_undecided(bench: Bench) -> None:
    bench.crl = None
    found = outcome(bench.verified)
    assert (*found[:2], found.facts["reason"]) == ("INDETERMINATE", "pa-revocation-unknown", "no-crl")


def test_crl_older_than_90_days_is_undecided_and_its_age_recorded(bench: Bench) -> None:
    bench.crl = bench.csca.crl(this_update=NOW - 91 * DAY)
    found = outcome(bench.verified)
    assert found[:2] == ("INDETERMINATE", "pa-revocation-unknown")
    assert (found.facts["reason"], found.facts["age_days"]) == ("crl-stale", 91)


def test_crl_of_an_unknown_signer_never_comes_in_and_revocation_stays_undecided(bench: Bench) -> None:
    bench.crl = None
    store = bench.store()
    with pytest.raises(ReaderError) as caught:
        store.import_crl(authority().crl(0x1234), by="u1", at=NOW, sign=sign)
    assert (caught.value.code, caught.value.facts["reason"]) == ("crl-refused", "signer-unknown")
    found = outcome(partial(require_chain, bench.consistent(), store, NOW))
    assert found[:2] == ("INDETERMINATE", "pa-revocation-unknown")


def test_crl_signed_by_the_issuers_newer_key_decides(bench: Bench) -> None:
    newer = authority()
    bench.crl = None
    store = bench.store()
    store.import_certificate(newer.encoded, by="u1", second="u2", at=NOW, sign=sign)
    store.import_crl(newer.crl(0x1234), by="u1", at=NOW, sign=sign)
    assert outcome(partial(require_chain, bench.consistent(), store, NOW))[:2] == ("FAILED", "pa-revoked")


def test_crl_number_that_went_back_is_an_alarm(bench: Bench) -> None:
    store = bench.store()
    with pytest.raises(ReaderError) as caught:
        store.import_crl(bench.csca.crl(number=6), by="u1", at=NOW, sign=sign)
    assert caught.value.code == "crl-rolled-back"
    assert caught.value.facts == {"stored_number": "7", "offered_number": "6"}


@pytest.mark.parametrize("what", ["certificate", "crl", "manifest", "signature", "removed"])
def test_trust_store_altered_on_disk_refuses_the_start(bench: Bench, what: str) -> None:
    bench.store()
    manifest = bench.folder / "store.json"
    whole = json.loads(manifest.read_text())
    if what in ("certificate", "crl"):
        next((bench.folder / f"{what}s").iterdir()).write_bytes(authority().encoded)
    elif what == "removed":
        next((bench.folder / "certificates").iterdir()).unlink()
    elif what == "manifest":
        whole["manifest"]["items"][0]["scope"] = "passport"
        manifest.write_text(json.dumps(whole))
    else:
        manifest.write_text(json.dumps({**whole, "signature": "00" * 32}))
    with pytest.raises(TrustStoreAlteredError):
        TrustStore.open(bench.folder, training=False, verify=verify)


# --- access, as far as passive authentication sees it --------------------------------------------------------


def test_bac_although_dg14_offers_pace_is_the_downgrade_alarm(bench: Bench) -> None:
    del bench.files["CardAccess"]
    bench.access = dataclasses.replace(PACE, protocol="bac-3des", password="mrz", card_access="assumed")
    assert outcome(bench.consistent)[:2] == ("FAILED", "access-downgrade")


def infos_of(bench: Bench, *, pace: bool = True) -> bytes:
    """The SecurityInfos of the card's DG14, with or without those of PACE."""
    infos = tlv.parse_one(tlv.parse_one(bench.files["DG14"]).value).children()
    kept = (item.raw for item in infos if pace or b"\x04\x00\x7f\x00\x07\x02\x02\x04" not in item.raw)
    return tlv.encode(der.SET, *kept)


def test_bac_although_card_security_offers_pace_is_the_downgrade_alarm(bench: Bench) -> None:
    bench.files["CardSecurity"] = card_security(bench.signer, infos_of(bench))
    bench.files["DG14"] = tlv.encode(0x6E, infos_of(bench, pace=False))
    del bench.files["CardAccess"]
    bench.access = dataclasses.replace(PACE, protocol="bac-3des")
    assert outcome(bench.consistent)[:2] == ("FAILED", "access-downgrade")


BETTER = bytes.fromhex("3012060a04007f000702020402040201020201") + b"\x0d"
"""PACEInfo: ECDH, generic mapping, AES-256, version 2, brainpoolP256r1."""
UNKNOWN = BETTER.replace(bytes.fromhex("0204020402"), bytes.fromhex("0204020902"))
DOMAIN = bytes.fromhex("3019060904007f000702020402300c060704007f00070102020110")
"""PACEDomainParameterInfo of the generic mapping: brainpoolP384r1 by its number."""


@pytest.mark.parametrize("stripped", [BETTER, UNKNOWN, DOMAIN])
@pytest.mark.parametrize("signed_by", ["DG14", "CardSecurity"])
def test_signed_pace_info_that_card_access_lacks_is_the_downgrade_alarm(
    bench: Bench, stripped: bytes, signed_by: str
) -> None:
    infos = tlv.encode(der.SET, tlv.parse_one(infos_of(bench)).value, stripped)
    if signed_by == "DG14":
        bench.files["DG14"] = tlv.encode(0x6E, infos)
    else:
        bench.files["CardSecurity"] = card_security(bench.signer, infos)
    assert outcome(bench.consistent)[:2] == ("FAILED", "access-downgrade")


def test_signed_infos_about_anything_but_pace_need_not_stand_in_card_access(bench: Bench) -> None:
    (pace,) = (
        item.raw
        for item in tlv.parse_one(bench.files["CardAccess"]).children()
        if b"\x04\x00\x7f\x00\x07\x02\x02\x04" in item.raw
    )
    bench.files["CardAccess"] = tlv.encode(der.SET, pace)
    assert outcome(bench.consistent).outcome == "PASSED"


@pytest.mark.parametrize(
    ("info", "protocol", "expected"),
    [
        (BETTER, PACE.protocol, "access-downgrade"),
        (UNKNOWN, PACE.protocol, "ok"),
        (BETTER.replace(b"\x04\x02\x04\x02", b"\x04\x02\x01\x02"), PACE.protocol, "ok"),
        (UNKNOWN, "pace-of-no-kind", "access-downgrade"),
    ],
)
def test_assumed_card_access_and_what_dg14_signs(
    bench: Bench, info: bytes, protocol: str, expected: str
) -> None:
    del bench.files["CardAccess"]
    bench.access = dataclasses.replace(PACE, protocol=protocol, card_access="assumed")
    bench.files["DG14"] = tlv.encode(0x6E, tlv.encode(der.SET, tlv.parse_one(infos_of(bench)).value, info))
    found = outcome(bench.consistent)
    assert found[1] == expected


def test_info_of_card_access_missing_in_dg14_fails(bench: Bench) -> None:
    bench.files["CardAccess"] = bench.files["CardAccess"].replace(b"\x02\x01\x0d", b"\x02\x01\x0c")
    assert outcome(bench.consistent)[:2] == ("FAILED", "card-access-mismatch")


# --- EF.CardSecurity ---------------------------------------------------------------------------------------


def test_card_security_is_verified_and_its_signer_followed(bench: Bench) -> None:
    other = bench.csca.signer(serial=0x77)
    bench.files["CardSecurity"] = card_security(other, infos_of(bench))
    found = outcome(bench.verified)
    assert found.outcome == "PASSED"
    assert "card_security_signer_sha256" in found.facts


def test_card_security_of_an_unknown_signer_is_undecided(bench: Bench) -> None:
    stranger: Authority = authority(name={"country_name": "VN", "common_name": "CSCA of nobody"})
    bench.files["CardSecurity"] = card_security(stranger.signer(), infos_of(bench))
    found = outcome(bench.verified)
    assert (*found[:2], found.facts["file"]) == ("INDETERMINATE", "pa-no-trust-anchor", "CardSecurity")


def test_card_security_of_a_revoked_signer_fails(bench: Bench) -> None:
    other = bench.csca.signer(serial=0x9999)
    bench.files["CardSecurity"] = card_security(other, infos_of(bench))
    assert outcome(bench.verified) == ("FAILED", "pa-revoked", {"what": "signer", "file": "CardSecurity"})


def test_card_security_whose_content_was_changed_fails(bench: Bench) -> None:
    octets = card_security(bench.signer, infos_of(bench))
    bench.files["CardSecurity"] = octets.replace(b"\x02\x01\x0d", b"\x02\x01\x0c", 1)
    assert outcome(bench.consistent)[:2] == ("FAILED", "card-security-signature")


def test_card_security_of_another_content_type_fails(bench: Bench) -> None:
    octets = card_security(bench.signer, infos_of(bench), content_type=sod_file.LDS_SECURITY_OBJECT)
    bench.files["CardSecurity"] = octets
    assert outcome(bench.consistent) == ("FAILED", "card-security-signature", {"reason": "content-type"})


def test_card_security_that_lacks_the_pace_of_card_access_fails(bench: Bench) -> None:
    bench.files["CardSecurity"] = card_security(bench.signer, infos_of(bench, pace=False))
    assert outcome(bench.consistent)[:2] == ("FAILED", "card-access-mismatch")


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", b"\x30\x80", b"\x31\x03\x02\x01\x00"])
def test_broken_card_security_is_a_defined_result(bench: Bench, octets: bytes) -> None:
    bench.files["CardSecurity"] = octets
    assert outcome(bench.consistent)[:2] == ("INDETERMINATE", "card-security-malformed")
