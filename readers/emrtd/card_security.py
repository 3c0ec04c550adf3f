"""EF.CardSecurity: the SecurityInfos of the master file, signed by a document signer (9303-11 9.2.11)."""

from __future__ import annotations

from typing import Final

from readers.emrtd.evidence import SignedSecurityInfos, freeze
from readers.emrtd.lds.security_infos import parse_security_infos
from readers.emrtd.pki.asn1 import parsing
from readers.emrtd.pki.cms import Kind, require_signed_content
from readers.emrtd.pki.errors import CardSecurityMalformedError, CardSecuritySignatureError

SECURITY_OBJECT: Final = "0.4.0.127.0.7.3.2.1"
MAX_CERTIFICATES: Final = 8
_KIND: Final = Kind(
    content_type=SECURITY_OBJECT,
    max_certificates=MAX_CERTIFICATES,
    malformed=CardSecurityMalformedError,
    refused=CardSecuritySignatureError,
)


def require_signed_infos(octets: bytes) -> SignedSecurityInfos:
    """Return the infos that the one signer of an EF.CardSecurity signed; its chain is checked with the SOD's.

    Raises CardSecurityMalformedError, CardSecuritySignatureError, WeakAlgorithmError, UnsupportedAlgorithmError,
    CurveParametersError, CertificateMalformedError."""
    signed = require_signed_content(octets, _KIND)
    with parsing(CardSecurityMalformedError):
        infos = parse_security_infos(signed.content)
    return SignedSecurityInfos(
        infos=infos,
        signer_certificate=signed.signer.encoded,
        signing_time=signed.signing_time,
        facts=freeze(signed.facts),
    )
