"""Certificate revocation lists of a CSCA (9303-12 7.1.4), read once into plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from asn1crypto import crl, pem

from readers.emrtd.pki.algorithms import SignatureAlgorithm, read_signature_algorithm
from readers.emrtd.pki.asn1 import in_utc, parsing
from readers.emrtd.pki.certificate import Name, read_name
from readers.emrtd.pki.errors import CrlRefusedError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from datetime import datetime

MAX_CRL_OCTETS: Final = 16 * 1024 * 1024
MAX_AGE_DAYS: Final = 90
_UNDERSTOOD: Final = frozenset({"2.5.29.20", "2.5.29.35"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """One CRL. `number` is None where the issuer gives none. Nothing in it is verified by reading it."""

    encoded: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    algorithm: SignatureAlgorithm
    issuer: Name
    authority_key_id: bytes | None
    number: int | None
    this_update: datetime
    serials: frozenset[int] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole list, lower-case hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()

    def age_days(self, at: datetime) -> int:
        """Whole days since the list was issued; negative when it comes from the future."""
        return (at - self.this_update).days


def read_crl(data: bytes) -> Crl:
    """Read one CRL, DER or PEM. Raises CrlRefusedError, UnsupportedAlgorithmError."""
    if len(data) > MAX_CRL_OCTETS:
        raise CrlRefusedError(reason="too-large")
    with parsing(CrlRefusedError):
        if pem.detect(data):
            label, _, data = pem.unarmor(data)
            if label != "X509 CRL":
                raise CrlRefusedError(reason="not-a-crl")
        signed_part, algorithm, signature = tlv.parse_one(data, der.SEQUENCE).children()
        body = crl.TbsCertList.load(signed_part.raw, strict=True)
        if body["signature"].dump() != algorithm.raw:
            raise CrlRefusedError(reason="two-algorithms")
        return _crl(data, signed_part.raw, body, algorithm, der.decode_bit_string(signature))


def _crl(
    octets: bytes, signed_part: bytes, body: crl.TbsCertList, algorithm: tlv.Tlv, signature: bytes
) -> Crl:
    extensions = {extension["extn_id"].dotted: extension for extension in body["crl_extensions"]}
    unknown = [
        oid
        for oid, extension in extensions.items()
        if extension["critical"].native and oid not in _UNDERSTOOD
    ]
    if unknown:
        raise CrlRefusedError(reason="critical-extension")
    number, authority = extensions.get("2.5.29.20"), extensions.get("2.5.29.35")
    return Crl(
        encoded=octets,
        signed_part=signed_part,
        signature=signature,
        algorithm=read_signature_algorithm(algorithm),
        issuer=read_name(body["issuer"]),
        authority_key_id=None
        if authority is None
        else authority["extn_value"].parsed["key_identifier"].native,
        number=None if number is None else number["extn_value"].parsed.native,
        this_update=in_utc(body["this_update"].native),
        serials=frozenset(_serial(entry) for entry in body["revoked_certificates"]),
    )


def _serial(entry: crl.RevokedCertificate) -> int:
    """The revoked serial. A critical entry extension would say that the serial is another issuer's:
    refused."""
    if any(extension["critical"].native for extension in entry["crl_entry_extensions"]):
        raise CrlRefusedError(reason="critical-extension")
    serial: int = entry["user_certificate"].native
    return serial
