"""A CMS as a judge reads it: one signer, every byte signed, fixed, or of a certificate; by our own verification.

RFC 5652 (CMS), RFC 5035 (signing certificate), RFC 3161 (time stamps). The station's seal has a stricter judge, which
rebuilds the whole envelope, as this one does for officials' signatures; what time-stamp authorities make is taken as
it comes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from reports.errors import PdfAlteredError
from reports.signing_ecdsa import has_low_s
from reports.signing_errors import UNREADABLE
from reports.verify_station import build_cms

MAX_CERTIFICATES: Final = 16
MAX_NAMESAKES: Final = 4
MAX_DEPTH: Final = 40
MIN_RSA_BITS: Final = 2048
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

Digest = Callable[[str], bytes]
"""Gives the digest of what is signed by a hash algorithm's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a CMS proves: who signed (DER), beside which certificates (DER), and for a time stamp its time and serial.

    `stamp`: the time stamp over the signature itself, where the CMS has one among its unsigned attributes.
    """

    certificate: bytes = field(repr=False)
    others: tuple[bytes, ...] = field(default=(), repr=False)
    at: datetime | None = None
    stamp: Signed | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signer's certificate, hexadecimal."""
        return hashlib.sha256(self.certificate).hexdigest()


def digest_of(data: bytes) -> Digest:
    """Return what gives the digests of `data`."""

    def digest(name: str) -> bytes:
        if name not in _HASHES:
            raise PdfAlteredError(why="algorithm")
        return hashlib.new(name, data).digest()

    return digest


def judge_cms(envelope: bytes, digest: Digest) -> Signed:
    """Return what a CMS proves about content of this digest; one with a time is an RFC 3161 token.

    Whether its certificates are to be believed is not asked here. Raises PdfAlteredError.
    """
    try:
        return _judge(envelope, digest)
    except UNREADABLE:
        raise PdfAlteredError(why="envelope") from None


def _judge(envelope: bytes, digest: Digest) -> Signed:
    require_der(envelope)
    message = cms.ContentInfo.load(envelope, strict=True)
    content = message["content"]
    _require_forms(message, content)
    (info,) = content["signer_infos"]
    certificates = [choice.chosen for choice in content["certificates"]]
    if len(certificates) > MAX_CERTIFICATES or not few_namesakes(certificates):
        raise PdfAlteredError(why="certificates")
    signer = _signer_of(info, certificates)
    name = info["digest_algorithm"]["algorithm"].native
    if [each["algorithm"].native for each in content["digest_algorithms"]] != [name]:
        raise PdfAlteredError(why="envelope")
    at = _require_content(content, info, digest, name)
    _require_signer(info, signer)
    signature = info["signature"].native
    _require_signature(info, signer, name, signature, info["signed_attrs"].untag().dump())
    if at is None:
        _require_own_form(envelope, signer, certificates, digest, signature)
    return Signed(
        certificate=signer.dump(),
        others=tuple(each.dump() for each in certificates if each is not signer),
        at=at,
        stamp=_stamp_over(info, signature),
    )


def few_namesakes(certificates: Sequence[asn1_x509.Certificate], most: int = MAX_NAMESAKES) -> bool:
    """Whether no name is that of more than `most` certificates: who looks for issuers by name finds few."""
    names = Counter(each.subject.dump() for each in certificates)
    return not names or max(names.values()) <= most


def _require_own_form(
    envelope: bytes,
    signer: asn1_x509.Certificate,
    certificates: Sequence[asn1_x509.Certificate],
    digest: Digest,
    signature: bytes,
) -> None:
    """Raise unless an official's CMS is, octet by octet, the one that this program writes around its signature."""
    key = x509.load_der_x509_certificate(signer.dump()).public_key()
    elliptic = isinstance(key, ec.EllipticCurvePublicKey)
    if isinstance(key, ec.EllipticCurvePublicKey) and not has_low_s(signature, key):
        raise PdfAlteredError(why="signature")
    others = [each for each in certificates if each is not signer]
    algorithm = "sha256_ecdsa" if elliptic else "sha256_rsa"
    if build_cms(signer, others, _own_attributes(signer, digest("sha256")), signature, algorithm) != envelope:
        raise PdfAlteredError(why="envelope")


def _own_attributes(signer: asn1_x509.Certificate, digest: bytes) -> cms.CMSAttributes:
    """Return what this program has an official sign: kind, digest, certificate (RFC 5652, 11; RFC 5035, 4)."""
    issuer = asn1_x509.GeneralName(name="directory_name", value=signer.issuer)
    named = tsp.ESSCertIDv2(
        {
            "cert_hash": hashlib.sha256(signer.dump()).digest(),
            "issuer_serial": {"issuer": [issuer], "serial_number": signer.serial_number},
        }
    )
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
            cms.CMSAttribute(
                {
                    "type": "signing_certificate_v2",
                    "values": [tsp.SigningCertificateV2({"certs": [named]})],
                }
            ),
        ]
    )


def _require_forms(message: Any, content: Any) -> None:
    if message["content_type"].native != "signed_data":
        raise PdfAlteredError(why="envelope")
    if content["version"].native not in {"v1", "v3"} or not content["certificates"] or content["crls"]:
        raise PdfAlteredError(why="envelope")


def require_der(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> None:
    """Raise PdfAlteredError unless all of `data` is DER elements with definite, shortest lengths (X.690, 10.1)."""
    end = len(data) if end is None else end
    place = start
    while place < end:
        tag = data[place]
        body, length = _length(data, place + 1, end)
        if tag & 0x1F == 0x1F or depth > MAX_DEPTH or body + length > end:
            raise PdfAlteredError(why="envelope")
        if tag & 0x20:
            require_der(data, body, body + length, depth + 1)
        place = body + length


def _length(data: bytes, place: int, end: int) -> tuple[int, int]:
    """Return where an element's contents begin, and their length."""
    if place >= end:
        raise PdfAlteredError(why="envelope")
    first = data[place]
    if first < 0x80:
        return place + 1, first
    octets = first & 0x7F
    length = int.from_bytes(data[place + 1 : place + 1 + octets], "big")
    if not 1 <= octets <= 4 or length < (0x80 if octets == 1 else 1 << 8 * (octets - 1)):
        raise PdfAlteredError(why="envelope")
    return place + 1 + octets, length


def _signer_of(info: Any, certificates: list[Any]) -> asn1_x509.Certificate:
    """Return the one certificate that the signer's identifier names."""
    if info["sid"].name != "issuer_and_serial_number" or info["version"].native != "v1":
        raise PdfAlteredError(why="envelope")
    named = info["sid"].chosen
    found = [
        each
        for each in certificates
        if each.serial_number == named["serial_number"].native
        and each.issuer.dump() == named["issuer"].dump()
    ]
    if len(found) != 1:
        raise PdfAlteredError(why="envelope")
    return found[0]


def _require_content(content: Any, info: Any, digest: Digest, name: str) -> datetime | None:
    """Return a token's time if the signed attributes are about this content."""
    inner = content["encap_content_info"]
    kind = inner["content_type"].native
    if kind not in {"tst_info", "data"} or _attribute(info, "content_type") != kind:
        raise PdfAlteredError(why="envelope")
    if kind == "data":
        if inner["content"].native is not None:
            raise PdfAlteredError(why="envelope")
        if _attribute(info, "message_digest") != digest(name):
            raise PdfAlteredError(why="content")
        return None
    token = inner["content"].parsed
    if _attribute(info, "message_digest") != digest_of(inner["content"].contents)(name):
        raise PdfAlteredError(why="envelope")
    imprint = token["message_imprint"]
    if imprint["hashed_message"].native != digest(imprint["hash_algorithm"]["algorithm"].native):
        raise PdfAlteredError(why="content")
    at: datetime = token["gen_time"].native
    return at


def _require_signer(info: Any, signer: asn1_x509.Certificate) -> None:
    """Raise unless the signed attributes name the signer's certificate by its hash (RFC 5035)."""
    der = signer.dump()
    attributes = {attribute["type"].native for attribute in info["signed_attrs"]}
    if "signing_certificate_v2" in attributes:
        (first, *_) = _attribute_value(info, "signing_certificate_v2")["certs"]
        algorithm = first["hash_algorithm"]["algorithm"].native
        expected = hashlib.new(algorithm, der).digest() if algorithm in _HASHES else b""
    else:  # RFC 2634, which time-stamp authorities still use
        (first, *_) = _attribute_value(info, "signing_certificate")["certs"]
        expected = hashlib.sha1(der, usedforsecurity=False).digest()
    if first["cert_hash"].native != expected:
        raise PdfAlteredError(why="envelope")


def _attribute(info: Any, name: str) -> Any:
    return _attribute_value(info, name).native


def _attribute_value(info: Any, name: str) -> Any:
    """Return the single value of a signed attribute that occurs once."""
    (values,) = [item["values"] for item in info["signed_attrs"] if item["type"].native == name]
    (value,) = values
    return value


def _require_signature(
    info: Any, signer: asn1_x509.Certificate, name: str, signature: bytes, message: bytes
) -> None:
    key = x509.load_der_x509_certificate(signer.dump()).public_key()
    algorithm = info["signature_algorithm"]
    scheme = algorithm.signature_algo
    chosen = _HASHES[name]
    if algorithm["algorithm"].native != "rsassa_pkcs1v15" and algorithm.hash_algo != name:
        raise PdfAlteredError(why="algorithm")
    try:
        if scheme == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(chosen))
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
            key.verify(signature, message, _rsa_padding(algorithm, chosen), chosen)
        else:
            raise PdfAlteredError(why="key")
    except InvalidSignature:
        raise PdfAlteredError(why="signature") from None


def _rsa_padding(algorithm: Any, chosen: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.signature_algo == "rsassa_pkcs1v15":
        return padding.PKCS1v15()
    if algorithm.signature_algo != "rsassa_pss":
        raise PdfAlteredError(why="algorithm")
    salt = algorithm["parameters"]["salt_length"].native
    mask = algorithm["parameters"]["mask_gen_algorithm"]["parameters"]["algorithm"].native
    return padding.PSS(mgf=padding.MGF1(_HASHES[mask]), salt_length=salt)


def _stamp_over(info: Any, signature: bytes) -> Signed | None:
    """Return the time stamp over the signature value; nothing else may stand among what is not signed."""
    attributes = info["unsigned_attrs"]
    if isinstance(attributes, core.Void) or not attributes:
        return None
    (attribute,) = attributes
    if attribute["type"].native != "signature_time_stamp_token":
        raise PdfAlteredError(why="envelope")
    (token,) = attribute["values"]
    stamp = _judge(token.dump(), digest_of(signature))
    if stamp.at is None:
        raise PdfAlteredError(why="envelope")
    return stamp
