"""CSCA master lists (9303-12 8): what one country's authority found to be the CSCAs of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd.pki.asn1 import parsing
from readers.emrtd.pki.certificate import Certificate
from readers.emrtd.pki.chain import issued_by
from readers.emrtd.pki.cms import Kind, require_signed_content
from readers.emrtd.pki.errors import MasterListRefusedError
from readers.errors import ReaderError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MASTER_LIST: Final = "2.23.136.1.1.2"
MASTER_LIST_SIGNING: Final = "2.23.136.1.1.3"
MAX_CERTIFICATES: Final = 64
_KIND: Final = Kind(
    content_type=MASTER_LIST,
    max_certificates=MAX_CERTIFICATES,
    malformed=MasterListRefusedError,
    refused=MasterListRefusedError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterList:
    """A list whose signature holds under the certificate that came with it. Who its signer is, is still open."""

    signer: Certificate
    signing_time: datetime | None
    certificates: tuple[bytes, ...] = field(repr=False)


def read_master_list(octets: bytes) -> MasterList:
    """Read a list and check its signature. Raises MasterListRefusedError."""
    try:
        signed = require_signed_content(octets, _KIND)
    except MasterListRefusedError:
        raise
    except ReaderError as error:
        raise MasterListRefusedError(reason=error.code) from None
    with parsing(MasterListRefusedError):
        certificates = _read_list(signed.content)
    return MasterList(signer=signed.signer, signing_time=signed.signing_time, certificates=certificates)


def _read_list(octets: bytes) -> tuple[bytes, ...]:
    """CscaMasterList: version 0 and a SET OF Certificate, which holds as many as fit the octets."""
    version, entries = tlv.parse_one(octets, der.SEQUENCE).children()
    if der.decode_integer(version) != 0:
        raise MasterListRefusedError(reason="version")
    found: list[bytes] = []
    data = tlv.require([entries], der.SET).value
    offset = 0
    while offset < len(data):
        item, offset = tlv.read_tlv(data, offset)
        found.append(item.raw)
    return tuple(found)


def require_list_signer(signed: MasterList, authorities: Iterable[Certificate], at: datetime) -> Certificate:
    """Return the CSCA of the list's own country that issued its signer's certificate; `authorities` are the known
    ones, in the order of preference.

    Raises MasterListRefusedError."""
    signer = signed.signer
    reason = _defect(signer)
    if reason:
        raise MasterListRefusedError(reason=reason)
    moment = at if signed.signing_time is None else signed.signing_time
    if not signer.validity.covers(moment):
        raise MasterListRefusedError(reason="signing-time")
    for authority in authorities:
        if authority.subject.key != signer.issuer.key or authority.subject.country != signer.subject.country:
            continue
        try:
            if issued_by(signer, authority):
                return authority
        except ReaderError:
            continue
    raise MasterListRefusedError(reason="signer-unknown")


def _defect(signer: Certificate) -> str:
    """What is wrong with the role of a master list signer (9303-12 7.1.2)."""
    if signer.is_authority or signer.self_issued:
        return "signer-is-authority"
    if signer.key_usage is None or "digital_signature" not in signer.key_usage:
        return "key-usage"
    if signer.extended_usages is None or MASTER_LIST_SIGNING not in signer.extended_usages:
        return "extended-key-usage"
    return "critical-extension" if signer.unknown_critical else ""
