"""Keys of certificates: the curves the crypto library lacks, keys for RSA-PSS alone, exponents that prove nothing."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from readers.emrtd.curves import Curve, curve_by_name
from readers.emrtd.pki.algorithms import SignatureAlgorithm, read_signature_algorithm
from readers.emrtd.pki.errors import CertificateMalformedError, WeakAlgorithmError
from readers.emrtd.pki.public_key import SignatureRefusedError, load_public_key
from readers.iso7816 import der, tlv
from readers.softcard.security_files import explicit_parameters
from readers.softcard.signing import OddCurveKey, pss_identifier
from tests.support.trust_files import EC_PUBLIC_KEY

NAMES = {"brainpoolP224r1": "1.3.36.3.3.2.8.1.1.5", "brainpoolP320r1": "1.3.36.3.3.2.8.1.1.9"}
DATA = b"signed"
RSA_KEY = rsa.generate_private_key(65537, 2048)
ECDSA = SignatureAlgorithm(family="ecdsa", hash_name="sha256")


def oid(dotted: str) -> bytes:
    return tlv.encode(der.OID, der.encode_oid(dotted))


def ec_spki(curve: Curve, point: bytes, parameters: bytes) -> bytes:
    algorithm = tlv.encode(der.SEQUENCE, oid(EC_PUBLIC_KEY), parameters)
    return tlv.encode(der.SEQUENCE, algorithm, tlv.encode(der.BIT_STRING, b"\0", point))


def rsa_spki(identifier: bytes, numbers: rsa.RSAPublicNumbers) -> bytes:
    key = tlv.encode(der.SEQUENCE, der.encode_integer(numbers.n), der.encode_integer(numbers.e))
    return tlv.encode(der.SEQUENCE, identifier, tlv.encode(der.BIT_STRING, b"\0", key))


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("explicit", [False, True], ids=["named", "explicit"])
@pytest.mark.parametrize("hash_name", ["sha224", "sha256", "sha512"])
def test_signatures_on_curves_the_library_lacks(name: str, explicit: bool, hash_name: str) -> None:
    curve = curve_by_name(name)
    private = OddCurveKey(curve=curve, private=0x1234567890ABCDEF)
    parameters = explicit_parameters(curve) if explicit else oid(NAMES[name])
    point = curve.encode(curve.multiply(private.private))
    key = load_public_key(ec_spki(curve, point, parameters))
    algorithm = SignatureAlgorithm(family="ecdsa", hash_name=hash_name)
    assert (key.label, key.explicit) == (f"ecdsa-{name}", explicit)
    signature = private.sign(DATA, hash_name)
    key.verify(signature, DATA, algorithm)  # raises nothing
    r, s = (der.decode_integer(item) for item in tlv.parse_one(signature).children())
    for wrong in (
        private.sign(b"other", hash_name),
        tlv.encode(der.SEQUENCE, der.encode_integer(r), der.encode_integer(s + curve.n)),
        tlv.encode(der.SEQUENCE, der.encode_integer(0), der.encode_integer(s)),
        tlv.encode(der.SEQUENCE, der.encode_integer(r), der.encode_integer(0)),
        tlv.encode(der.SEQUENCE, der.encode_integer(r)),
        signature + b"\0",
        b"",
    ):
        with pytest.raises(SignatureRefusedError):
            key.verify(wrong, DATA, algorithm)


def test_a_point_off_such_a_curve_is_malformed() -> None:
    curve = curve_by_name("brainpoolP320r1")
    with pytest.raises(CertificateMalformedError):
        load_public_key(ec_spki(curve, b"\x04" + bytes(79) + b"\x01", oid(NAMES[curve.name])))


def test_a_hash_that_sums_to_nothing_is_still_a_sum() -> None:
    """The first scalar is zero where the hash is a multiple of the order."""
    from readers.emrtd.pki.ecdsa import PointKey, ecdsa_holds

    curve = curve_by_name("brainpoolP224r1")
    key = PointKey(curve=curve, point=curve.multiply(7))
    secret, private = 11, 7
    r = curve.multiply(secret).x % curve.n
    s = pow(secret, -1, curve.n) * (r * private) % curve.n
    signature = tlv.encode(der.SEQUENCE, der.encode_integer(r), der.encode_integer(s))
    assert ecdsa_holds(key, signature, bytes(28))
    assert not ecdsa_holds(key, signature, hashlib.sha224(b"x").digest())


def sign_pss(salt: int = 32) -> bytes:
    mode = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    return RSA_KEY.sign(DATA, mode, hashes.SHA256())


def algorithm(identifier: bytes) -> SignatureAlgorithm:
    return read_signature_algorithm(tlv.parse_one(identifier))


def test_a_key_for_pss_without_parameters_takes_any_sound_ones() -> None:
    bare = tlv.encode(der.SEQUENCE, oid("1.2.840.113549.1.1.10"))
    key = load_public_key(rsa_spki(bare, RSA_KEY.public_key().public_numbers()))
    key.verify(sign_pss(), DATA, algorithm(pss_identifier("sha256", 32)))  # raises nothing
    plain = RSA_KEY.sign(DATA, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(SignatureRefusedError) as caught:
        key.verify(plain, DATA, SignatureAlgorithm(family="rsa", hash_name="sha256"))
    assert caught.value.reason == "algorithm-family"


@pytest.mark.parametrize(
    ("restriction", "holds"),
    [
        (pss_identifier("sha256", 20), True),
        (pss_identifier("sha256", 33), False),
        (pss_identifier("sha384", 32), False),
        (tlv.encode(der.SEQUENCE, oid("1.2.840.113549.1.1.10"), b"\x30\x02\xa0\x00"), False),
    ],
)
def test_a_key_for_pss_with_parameters_takes_only_those(restriction: bytes, holds: bool) -> None:
    key = load_public_key(rsa_spki(restriction, RSA_KEY.public_key().public_numbers()))
    if holds:
        key.verify(sign_pss(), DATA, algorithm(pss_identifier("sha256", 32)))
        return
    with pytest.raises(SignatureRefusedError) as caught:
        key.verify(sign_pss(), DATA, algorithm(pss_identifier("sha256", 32)))
    assert caught.value.reason == "pss-parameters"


@pytest.mark.parametrize("exponent", [1, 2, 65536])
def test_exponents_that_prove_nothing(exponent: int) -> None:
    numbers = rsa.RSAPublicNumbers(exponent, RSA_KEY.public_key().public_numbers().n)
    plain = tlv.encode(der.SEQUENCE, oid("1.2.840.113549.1.1.1"), b"\x05\x00")
    with pytest.raises(WeakAlgorithmError) as caught:
        load_public_key(rsa_spki(plain, numbers))
    assert caught.value.conclusive


def test_sha1_is_taken_for_a_self_signature_alone() -> None:
    plain = tlv.encode(der.SEQUENCE, oid("1.2.840.113549.1.1.1"), b"\x05\x00")
    key = load_public_key(rsa_spki(plain, RSA_KEY.public_key().public_numbers()))
    signature = RSA_KEY.sign(DATA, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - that is the test
    weak = SignatureAlgorithm(family="rsa", hash_name="sha1")
    key.verify(signature, DATA, weak, sha1=True)
    with pytest.raises(WeakAlgorithmError):
        key.verify(signature, DATA, weak)
    with pytest.raises(WeakAlgorithmError):
        key.verify(signature, DATA, SignatureAlgorithm(family="rsa", hash_name="md5"), sha1=True)
