"""May a certificate sign: chain, validity, key usage, every list and answer."""

import random
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from reports.signing_errors import SigningCertificateError
from reports.signing_status import Judged, SignatureStatus, judge, name_of, read_certificate
from tests.support.signing_pki import CRL_URL, Authority, Holder, new_root, now, pki

NOW = now()
PKI = pki()
VALID, UNKNOWN, REVOKED = SignatureStatus.VALID, SignatureStatus.UNKNOWN, SignatureStatus.REVOKED
EXPIRED, UNTRUSTED = SignatureStatus.EXPIRED, SignatureStatus.UNTRUSTED


def judged(holder: Holder = PKI.official, **given: object) -> Judged:
    """The holder as the issuing authority, pinned, with a clean list, has it; `given` otherwise."""
    asked: dict[str, object] = {
        "others": holder.chain_der,
        "authorities": [PKI.issuing.der],
        "crls": [PKI.issuing.crl()],
        "ocsps": [],
        "at": NOW,
        **given,
    }
    return judge(holder.der, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("holder", [PKI.official, PKI.other], ids=["ec", "rsa"])
def test_a_good_certificate_is_valid_and_says_by_what(holder: Holder) -> None:
    found = judged(holder)
    assert (found.status, found.why, found.authority) == (VALID, "", PKI.issuing.fingerprint)
    assert found.chain == (holder.der, PKI.issuing.der)
    assert len(found.crls) == 1


def test_below_a_pinned_root_both_lists_are_needed() -> None:
    root = {"authorities": [PKI.root.der]}
    both = judged(**root, crls=[PKI.issuing.crl(), PKI.root.crl()])
    assert (both.status, both.chain[-1]) == (VALID, PKI.root.der)
    assert judged(**root).status is UNKNOWN
    assert judged(**root, crls=[PKI.root.crl()]).status is UNKNOWN
    gone = judged(**root, crls=[PKI.issuing.crl(), PKI.root.crl(PKI.issuing)])
    assert (gone.status, gone.why) == (REVOKED, "authority")


OLD = NOW - timedelta(days=30)
FOREIGN = new_root("TEST Issuing (proctor)")  # the same name, another key


@pytest.mark.parametrize(
    ("given", "status", "why"),
    [
        ({"crls": []}, UNKNOWN, "no-revocation-data"),
        ({"crls": [PKI.issuing.crl(at=OLD)]}, UNKNOWN, "no-revocation-data"),
        ({"crls": [PKI.issuing.crl(at=NOW + timedelta(days=1))]}, UNKNOWN, "no-revocation-data"),
        ({"crls": [FOREIGN.crl()]}, UNKNOWN, "no-revocation-data"),
        ({"crls": [FOREIGN.crl(PKI.official), PKI.issuing.crl()]}, VALID, ""),
        ({"crls": [PKI.issuing.crl()[:-1]]}, UNKNOWN, "no-revocation-data"),
        ({"crls": [b"", b"\x30\x80", b"%PDF"], "ocsps": [b"", b"\x30\x03\x0a\x01\x06"]}, UNKNOWN, None),
        ({"crls": [PKI.issuing.crl(PKI.official)]}, REVOKED, "holder"),
        ({"crls": [PKI.issuing.crl(PKI.official, at=OLD), PKI.issuing.crl()]}, REVOKED, "holder"),
        ({"crls": [PKI.issuing.crl(PKI.other)]}, VALID, ""),
        ({"crls": [], "ocsps": [PKI.issuing.ocsp(PKI.official)]}, VALID, ""),
        ({"crls": [], "ocsps": [PKI.issuing.ocsp(PKI.official, status="unknown")]}, UNKNOWN, None),
        ({"crls": [], "ocsps": [PKI.issuing.ocsp(PKI.official, at=OLD)]}, UNKNOWN, None),
        ({"crls": [], "ocsps": [PKI.issuing.ocsp(PKI.other)]}, UNKNOWN, None),
        ({"crls": [], "ocsps": [FOREIGN.ocsp(PKI.official)]}, UNKNOWN, None),
        ({"ocsps": [PKI.issuing.ocsp(PKI.official, status="revoked")]}, REVOKED, "holder"),
        ({"authorities": []}, UNTRUSTED, "no-chain"),
        ({"authorities": [FOREIGN.der]}, UNTRUSTED, "no-chain"),
        ({"authorities": [PKI.root.der], "others": []}, UNTRUSTED, "no-chain"),
        ({"at": NOW + timedelta(days=800)}, EXPIRED, "expired"),
        ({"at": NOW - timedelta(days=31)}, EXPIRED, "not-yet-valid"),
        ({"others": [b"junk"] * 40}, VALID, ""),
    ],
)
def test_status(given: dict[str, object], status: SignatureStatus, why: str | None) -> None:
    found = judged(**given)
    assert found.status is status
    assert why is None or found.why == why


def test_a_pinned_certificate_that_has_expired_counts_no_more() -> None:
    short = new_root("TEST short", start=NOW - timedelta(days=40), days=39)
    holder = short.issue("TEST holder", days=400)
    found = judged(holder, authorities=[short.der], crls=[short.crl()])
    assert found.status is EXPIRED


@pytest.mark.parametrize("usage", [(), ("key_encipherment",), ("data_encipherment", "key_agreement")])
def test_a_certificate_for_something_else_does_not_sign(usage: tuple[str, ...]) -> None:
    found = judged(PKI.issuing.issue("TEST other use", usage=usage))
    assert (found.status, found.why) == (UNTRUSTED, "key-usage")


@pytest.mark.parametrize("usage", ["digital_signature", "content_commitment"])
def test_one_of_the_two_usages_is_enough(usage: str) -> None:
    assert judged(PKI.issuing.issue("TEST one use", usage=(usage,))).status is VALID


def test_an_authority_signs_no_sheet() -> None:
    assert judged(PKI.issuing, authorities=[PKI.root.der]).why == "key-usage"


def test_a_responder_that_the_authority_certified_answers_and_another_does_not() -> None:
    answering = (ExtendedKeyUsageOID.OCSP_SIGNING,)
    responder = PKI.issuing.issue("TEST responder", extended=answering)
    holder, issuer = PKI.official, PKI.issuing
    for signer, expected in ((responder, VALID), (PKI.other, UNKNOWN), (FOREIGN.issue("x"), UNKNOWN)):
        builder = x509.ocsp.OCSPResponseBuilder().add_response(
            cert=holder.certificate,
            issuer=issuer.certificate,
            algorithm=hashes.SHA256(),
            cert_status=x509.ocsp.OCSPCertStatus.GOOD,
            this_update=NOW,
            next_update=NOW + timedelta(hours=1),
            revocation_time=None,
            revocation_reason=None,
        )
        answer = (
            builder.responder_id(x509.ocsp.OCSPResponderEncoding.NAME, signer.certificate)
            .certificates([signer.certificate])
            .sign(signer.key, hashes.SHA256())
        )
        der = answer.public_bytes(serialization.Encoding.DER)
        assert judged(crls=[], ocsps=[der]).status is expected


def with_part(authority: Authority, part: x509.IssuingDistributionPoint | x509.DeltaCRLIndicator) -> bytes:
    """A revocation list that speaks of a part of the certificates only."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .add_extension(x509.CRLNumber(9), critical=False)
        .add_extension(part, critical=True)
    )
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def part_of(**given: object) -> x509.IssuingDistributionPoint:
    whole: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
        **given,
    }
    return x509.IssuingDistributionPoint(**whole)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "status"),
    [
        (part_of(only_contains_user_certs=True), VALID),
        (part_of(full_name=[x509.UniformResourceIdentifier(CRL_URL)]), VALID),
        (part_of(full_name=[x509.UniformResourceIdentifier("http://other.test.invalid/2.crl")]), UNKNOWN),
        (part_of(only_contains_ca_certs=True), UNKNOWN),
        (part_of(indirect_crl=True), UNKNOWN),
        (part_of(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), UNKNOWN),
        (x509.DeltaCRLIndicator(3), UNKNOWN),
    ],
)
def test_a_list_of_a_part_clears_only_whom_it_speaks_of(part: x509.ExtensionType, status: str) -> None:
    holder = PKI.issuing.issue("TEST with addresses", urls=True)
    assert judged(holder, crls=[with_part(PKI.issuing, part)]).status is status  # type: ignore[arg-type]


def test_weak_and_unknown_keys_and_junk_are_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - the case
    weak = PKI.issuing.issue("TEST weak", key=short)
    for der, why in ((weak.der, "key-kind"), (b"", "unreadable"), (b"0" * 200_000, "unreadable")):
        with pytest.raises(SigningCertificateError) as caught:
            read_certificate(der)
        assert caught.value.facts == {"why": why}
    odd = PKI.issuing.issue("TEST odd", key=ed25519.Ed25519PrivateKey.generate())  # type: ignore[arg-type]
    with pytest.raises(SigningCertificateError):
        judged(odd)


def test_the_holders_name_is_the_common_name_and_nothing_else_of_it() -> None:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, "CCCD:001099000001"),
            x509.NameAttribute(NameOID.COMMON_NAME, "NGUYỄN VĂN\u202e MẪU\x07"),
        ]
    )
    assert name_of(name) == "NGUYỄN VĂN MẪU"
    assert name_of(x509.Name([])) == "—"


def test_no_mutation_of_what_is_read_breaks_anything_or_makes_it_good() -> None:
    """A flipped bit in a certificate, a list or an answer: a status or a coded error, and never valid for it."""
    rng = random.Random(20261122)
    pieces = {
        "certificate": PKI.official.der,
        "crls": PKI.issuing.crl(PKI.other),
        "ocsps": PKI.issuing.ocsp(PKI.official),
    }
    for _ in range(40):
        for name, whole in pieces.items():
            changed = bytearray(whole)
            changed[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
            given: dict[str, object] = {"crls": [], "ocsps": []}
            holder = bytes(changed) if name == "certificate" else PKI.official.der
            given |= {"crls": [PKI.issuing.crl()]} if name == "certificate" else {name: [bytes(changed)]}
            try:
                found = judge(
                    holder,
                    others=(),
                    authorities=[PKI.issuing.der],
                    at=NOW,
                    **given,  # type: ignore[arg-type]
                )
            except SigningCertificateError:
                continue
            assert found.status is not VALID, name
