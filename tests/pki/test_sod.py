"""EF.SOD: what its one signer signed, or the code that says what is wrong with it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.emrtd.pki.errors import (
    CertificateMalformedError,
    CurveParametersError,
    SodMalformedError,
    SodSignatureError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from readers.emrtd.pki.sod import require_signed
from readers.errors import ReaderError
from readers.iso7816 import der, tlv
from readers.softcard import sod_file
from tests.support.softcard import NOW
from tests.support.softcard_certificates import (
    algorithm_of,
    authority,
    data_groups,
    make_sod,
    sign_with,
)

CSCA = authority()
SIGNER = CSCA.signer()
RSA_KEY = rsa.generate_private_key(65537, 2048)
RSA_SIGNER = CSCA.signer(RSA_KEY)
GOOD = make_sod(SIGNER)


def pss(hash_name: str = "sha256", mask: str = "sha256", salt: int = 32, trailer: int = 1) -> bytes:
    parameters = {
        "hash_algorithm": {"algorithm": hash_name},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask}},
        "salt_length": salt,
    }
    encoded = algos.RSASSAPSSParams(parameters)
    if trailer != 1:
        extra = tlv.encode(0xA3, der.encode_integer(trailer))
        encoded = algos.RSASSAPSSParams.load(tlv.encode(der.SEQUENCE, encoded.contents + extra))
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": encoded}).dump()


def pss_sod(algorithm: bytes, *, salt: int = 32, digest_algorithm: str = "sha256") -> bytes:
    attributes = sod_file.signed_attributes(
        sod_file.security_object(data_groups()), NOW, algorithm=digest_algorithm
    )
    mode = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    return make_sod(
        RSA_SIGNER,
        attributes=attributes,
        signature=RSA_KEY.sign(attributes, mode, hashes.SHA256()),
        signature_algorithm=algorithm,
        digest_algorithm=digest_algorithm,
    )


def refused(octets: bytes) -> ReaderError:
    with pytest.raises(ReaderError) as caught:
        require_signed(octets)
    return caught.value


def test_good_sod_gives_what_was_signed() -> None:
    sod = require_signed(GOOD)
    assert sod.hash_algorithm == "sha256"
    assert sod.signing_time == NOW - timedelta(days=1)
    assert sod.signer_certificate == SIGNER.encoded
    assert sod.data_group_hashes == {
        number: hashlib.sha256(octets).digest() for number, octets in data_groups().items()
    }
    assert sod.facts["signature_algorithm"] == "ecdsa-sha256"
    assert sod.facts["data_groups"] == "DG1 DG2 DG15"


def test_no_digest_shows() -> None:
    sod = require_signed(GOOD)
    shown = repr(sod) + str(dict(sod.facts))
    for octets in data_groups().values():
        assert hashlib.sha256(octets).hexdigest() not in shown
        assert repr(hashlib.sha256(octets).digest()) not in shown


@pytest.mark.parametrize("hash_name", ["sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("signer", [SIGNER, RSA_SIGNER], ids=["ec", "rsa"])
def test_every_strong_hash_and_family(signer, hash_name: str) -> None:
    content = sod_file.security_object(data_groups(), hash_name)
    octets = make_sod(signer, content=content, digest_algorithm=hash_name, signature_hash=hash_name)
    assert require_signed(octets).hash_algorithm == hash_name


def test_rsa_pss() -> None:
    assert require_signed(pss_sod(pss())).facts["signature_algorithm"] == "rsa-pss-sha256"


@pytest.mark.parametrize(
    ("algorithm", "error", "reason"),
    [
        (pss(mask="sha384"), SodSignatureError, "pss-parameters"),
        (pss(trailer=2), SodSignatureError, "pss-parameters"),
        (pss(salt=20), SodSignatureError, "signature"),
        (pss(salt=4000), SodSignatureError, "pss-parameters"),
        (pss(hash_name="sha512"), SodSignatureError, "pss-parameters"),
        (pss(hash_name="sha1", mask="sha1"), SodSignatureError, "pss-parameters"),
    ],
)
def test_bad_pss_parameters(algorithm: bytes, error: type[ReaderError], reason: str) -> None:
    found = refused(pss_sod(algorithm))
    assert type(found) is error
    assert found.facts["reason"] == reason


def test_pss_without_parameters_means_sha1() -> None:
    bare = tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid("1.2.840.113549.1.1.10")))
    assert isinstance(refused(pss_sod(bare)), SodSignatureError)


def test_sod_over_other_bytes() -> None:
    other = sod_file.security_object({1: b"other"})
    attributes = sod_file.signed_attributes(sod_file.security_object(data_groups()), NOW)
    found = refused(make_sod(SIGNER, content=other, attributes=attributes))
    assert isinstance(found, SodSignatureError)
    assert found.facts["reason"] == "message-digest"


def test_signature_over_the_content_instead_of_the_attributes() -> None:
    content = sod_file.security_object(data_groups())
    found = refused(make_sod(SIGNER, signed=content))
    assert isinstance(found, SodSignatureError)
    assert found.facts["reason"] == "signature"


def test_no_signed_attributes() -> None:
    content = sod_file.security_object(data_groups())
    found = refused(make_sod(SIGNER, attributes=b"", signed=content))
    assert isinstance(found, SodSignatureError)
    assert found.facts["reason"] == "no-signed-attributes"


@pytest.mark.parametrize("where", ["content", "attribute"])
def test_wrong_content_type(where: str) -> None:
    content = sod_file.security_object(data_groups())
    data = "1.2.840.113549.1.7.1"
    attributes = sod_file.signed_attributes(
        content, NOW, content_type=data if where == "attribute" else sod_file.LDS_SECURITY_OBJECT
    )
    octets = make_sod(
        SIGNER,
        attributes=attributes,
        content_type=data if where == "content" else sod_file.LDS_SECURITY_OBJECT,
    )
    found = refused(octets)
    assert isinstance(found, SodSignatureError)
    assert found.facts["reason"] == "content-type"
    assert found.conclusive


def test_signature_of_another_key() -> None:
    other = CSCA.signer()
    attributes = sod_file.signed_attributes(sod_file.security_object(data_groups()), NOW)
    found = refused(
        make_sod(SIGNER, attributes=attributes, signature=sign_with(other.key, attributes, "sha256"))
    )
    assert isinstance(found, SodSignatureError)


def test_algorithm_of_another_family() -> None:
    found = refused(make_sod(SIGNER, signature_algorithm=algorithm_of(RSA_KEY, "sha256").dump()))
    assert isinstance(found, SodSignatureError)
    assert found.facts["reason"] == "algorithm-family"


def test_no_signer() -> None:
    found = refused(make_sod(SIGNER, infos=[]))
    assert isinstance(found, SodSignatureError)
    assert found.facts["reason"] == "no-signer"


def test_two_signers() -> None:
    content = sod_file.security_object(data_groups())
    attributes = sod_file.signed_attributes(content, NOW)
    info = sod_file.signer_info(SIGNER.encoded, attributes, sign_with(SIGNER.key, attributes, "sha256"))
    found = refused(make_sod(SIGNER, infos=[info, info]))
    assert isinstance(found, SodMalformedError)
    assert found.facts["reason"] == "several-signers"
    assert not found.conclusive


def test_certificate_missing() -> None:
    found = refused(make_sod(SIGNER, certificates=[]))
    assert found.facts["reason"] == "certificate-missing"
    other = refused(make_sod(SIGNER, certificates=[CSCA.signer(serial=99).encoded]))
    assert other.facts["reason"] == "certificate-missing"


def test_the_csca_beside_the_signer_is_ignored() -> None:
    sod = require_signed(make_sod(SIGNER, certificates=[CSCA.encoded, SIGNER.encoded]))
    assert sod.signer_certificate == SIGNER.encoded


def test_too_many_certificates() -> None:
    found = refused(make_sod(SIGNER, certificates=[SIGNER.encoded] * 9))
    assert found.facts["reason"] == "too-many-certificates"


def test_unsorted_attributes_are_accepted_over_their_der_order() -> None:
    content = sod_file.security_object(data_groups())
    attributes = sod_file.signed_attributes(content, NOW)
    items = tlv.parse_one(attributes, der.SET).children()
    backwards = tlv.encode(der.SET, *(item.raw for item in reversed(items)))
    assert require_signed(make_sod(SIGNER, attributes=backwards, signed=attributes))
    assert require_signed(make_sod(SIGNER, attributes=backwards))


def test_repeated_attribute() -> None:
    attributes = sod_file.signed_attributes(sod_file.security_object(data_groups()), NOW)
    items = tlv.parse_one(attributes, der.SET).children()
    twice = tlv.encode(der.SET, *(item.raw for item in (*items, items[0])))
    assert refused(make_sod(SIGNER, attributes=twice)).facts["reason"] == "signed-attributes"


@pytest.mark.parametrize("weak", ["sha1", "md5"])
def test_weak_hashes_are_refused_wherever_they_stand(weak: str) -> None:
    content = sod_file.security_object(data_groups(), weak)
    for octets in (
        make_sod(SIGNER, content=content),
        make_sod(SIGNER, digest_algorithm=weak),
        make_sod(RSA_SIGNER, signature_algorithm=algorithm_of(RSA_KEY, weak).dump()),
    ):
        found = refused(octets)
        assert isinstance(found, WeakAlgorithmError)
        assert found.facts["algorithm"] == weak
        assert found.conclusive


def test_rsa_under_2048_bits() -> None:
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the test
    found = refused(make_sod(CSCA.signer(small)))
    assert isinstance(found, WeakAlgorithmError)
    assert found.facts["algorithm"] == "rsa-1024"


def test_small_curve() -> None:
    small = ec.generate_private_key(ec.SECP192R1())
    assert isinstance(refused(make_sod(CSCA.signer(small))), WeakAlgorithmError)


def test_unknown_hash_is_not_evidence_against_the_card() -> None:
    content = sod_file.security_object(data_groups()).replace(
        der.encode_oid("2.16.840.1.101.3.4.2.1"), der.encode_oid("2.16.840.1.101.3.4.2.9")
    )
    found = refused(make_sod(SIGNER, content=content))
    assert isinstance(found, UnsupportedAlgorithmError)
    assert not found.conclusive


def explicit_signer(change) -> bytes:
    """A signer whose key names its curve by parameters, one of them changed; its SOD is signed correctly."""
    from readers.emrtd.curves import curve_by_name
    from readers.softcard.security_files import explicit_parameters

    key = ec.generate_private_key(ec.BrainpoolP384R1())
    numbers = key.public_key().public_numbers()
    curve = curve_by_name("brainpoolP384r1")
    point = b"\x04" + numbers.x.to_bytes(48, "big") + numbers.y.to_bytes(48, "big")
    parameters = explicit_parameters(change(curve))
    algorithm = tlv.encode(der.SEQUENCE, tlv.encode(der.OID, der.encode_oid("1.2.840.10045.2.1")), parameters)
    spki = tlv.encode(der.SEQUENCE, algorithm, tlv.encode(der.BIT_STRING, b"\0", point))
    return make_sod(CSCA.signer(key, spki=spki))


def test_explicit_parameters_of_a_standard_curve() -> None:
    assert require_signed(explicit_signer(lambda curve: curve))


@pytest.mark.parametrize("name", ["generator", "a", "b", "p", "n"])
def test_explicit_parameters_with_one_changed(name: str) -> None:
    from dataclasses import replace

    def change(curve):
        if name == "generator":
            return replace(curve, generator=curve.multiply(2))
        return replace(curve, **{name: getattr(curve, name) - 2})

    found = refused(explicit_signer(change))
    assert isinstance(found, CurveParametersError)
    assert found.conclusive


def test_indefinite_length() -> None:
    inner = GOOD[4:]
    found = refused(b"\x77\x80" + inner + b"\0\0")
    assert isinstance(found, SodMalformedError)
    assert found.facts["reason"] == "indefinite-length"


def test_content_in_pieces() -> None:
    content = sod_file.security_object(data_groups())
    pieces = tlv.encode(0x24, tlv.encode(0x04, content[:10]), tlv.encode(0x04, content[10:]))
    octets = GOOD.replace(tlv.encode(0x04, content), pieces)
    assert isinstance(refused(octets), SodMalformedError)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x77\x00",
        b"\x77\x84\xff\xff\xff\xff",
        GOOD + b"\0",
        GOOD[:-1],
        b"\x30" + GOOD[1:],
        tlv.encode(0x77, b"\x30\x00"),
        tlv.encode(0x77, *[b"\x30\x80"] * 4),
    ],
)
def test_malformed(octets: bytes) -> None:
    assert isinstance(refused(octets), SodMalformedError)


def test_deep_nesting_is_bounded() -> None:
    octets = b""
    for _ in range(1000):
        octets = tlv.encode(0x30, octets)
    assert isinstance(refused(tlv.encode(0x77, octets)), SodMalformedError)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_security_object_versions(version: int) -> None:
    body = tlv.parse_one(sod_file.security_object(data_groups())).children()
    info = tlv.encode(der.SEQUENCE, tlv.encode(0x13, b"0107"), tlv.encode(0x13, b"040000"))
    content = tlv.encode(der.SEQUENCE, der.encode_integer(version), body[1].raw, body[2].raw, info)
    octets = make_sod(SIGNER, content=content)
    if version == 1:
        assert require_signed(octets).facts["lds_version"] == 1
    else:
        assert refused(octets).facts["reason"] == "security-object-version"


@pytest.mark.parametrize(("number", "length"), [(0, 32), (17, 32), (1, 31)])
def test_impossible_data_group_hash(number: int, length: int) -> None:
    body = tlv.parse_one(sod_file.security_object(data_groups())).children()
    row = tlv.encode(der.SEQUENCE, der.encode_integer(number), tlv.encode(der.OCTET_STRING, bytes(length)))
    content = tlv.encode(der.SEQUENCE, body[0].raw, body[1].raw, tlv.encode(der.SEQUENCE, row))
    assert refused(make_sod(SIGNER, content=content)).facts["reason"] == "data-group-hash"


def test_data_group_listed_twice() -> None:
    body = tlv.parse_one(sod_file.security_object(data_groups())).children()
    rows = body[2].children()
    content = tlv.encode(
        der.SEQUENCE,
        body[0].raw,
        body[1].raw,
        tlv.encode(der.SEQUENCE, *(row.raw for row in rows), rows[0].raw),
    )
    assert refused(make_sod(SIGNER, content=content)).facts["reason"] == "data-group-twice"


def test_broken_certificate_inside() -> None:
    broken = SIGNER.encoded.replace(der.encode_oid("2.5.29.15"), b"\x55\x1d\x0e")
    assert isinstance(refused(make_sod(SIGNER, certificates=[broken])), CertificateMalformedError)


def test_flipped_bits_are_noticed_or_harmless() -> None:
    """A changed octet never changes what was signed: it is refused, or it stood where nothing is said."""
    expected = require_signed(GOOD)
    for position in range(0, len(GOOD), 3):
        octets = GOOD[:position] + bytes([GOOD[position] ^ 1 << position % 8]) + GOOD[position + 1 :]
        try:
            sod = require_signed(octets)
        except ReaderError:
            continue
        assert sod.data_group_hashes == expected.data_group_hashes
        assert sod.signing_time == expected.signing_time


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_octets_give_a_reader_error(octets: bytes) -> None:
    with pytest.raises(ReaderError):
        require_signed(tlv.encode(0x77, octets))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6))
def test_spoilt_sods_give_a_reader_error_or_the_truth(position: int, patch: bytes) -> None:
    octets = GOOD[:position] + patch + GOOD[position + len(patch) :]
    try:
        sod = require_signed(octets)
    except ReaderError:
        return
    assert sod.data_group_hashes == require_signed(GOOD).data_group_hashes
