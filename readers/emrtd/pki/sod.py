"""EF.SOD: CMS signed data over the LDS security object (9303-10 4.6.2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd.evidence import SecurityObject, freeze
from readers.emrtd.files import EF_SOD
from readers.emrtd.pki.algorithms import read_hash, require_strong_hash
from readers.emrtd.pki.asn1 import Fields, parsing, require_der
from readers.emrtd.pki.cms import Kind, require_signed_content
from readers.emrtd.pki.errors import SodMalformedError, SodSignatureError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Mapping

LDS_SECURITY_OBJECT: Final = "2.23.136.1.1.1"
MAX_CERTIFICATES: Final = 8
MAX_VERSION_CHARACTERS: Final = 16
_KIND: Final = Kind(
    content_type=LDS_SECURITY_OBJECT,
    max_certificates=MAX_CERTIFICATES,
    malformed=SodMalformedError,
    refused=SodSignatureError,
)
_PRINTABLE_STRING: Final = 0x13


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hashes:
    """`lds`: the version of the logical data structure that version 1 states, such as 0108; "" if none."""

    algorithm: str
    values: Mapping[int, bytes] = field(repr=False)
    version: int
    lds: str


def require_signed(octets: bytes) -> SecurityObject:
    """Return what the one signer of the EF.SOD signed.

    Raises SodMalformedError, SodSignatureError, WeakAlgorithmError, UnsupportedAlgorithmError,
    CurveParametersError, CertificateMalformedError."""
    with parsing(SodMalformedError):
        inner = tlv.parse_one(octets, EF_SOD.tag).value
    signed = require_signed_content(inner, _KIND)
    with parsing(SodMalformedError):
        hashes = _read_security_object(signed.content)
    require_strong_hash(hashes.algorithm, what="data-groups")
    facts: dict[str, str | int] = {
        "hash_algorithm": hashes.algorithm,
        "lds_version": hashes.version,
        **({"lds": hashes.lds} if hashes.lds else {}),
        **signed.facts,
        "data_groups": " ".join(f"DG{number}" for number in sorted(hashes.values)),
    }
    return SecurityObject(
        raw=octets,
        hash_algorithm=hashes.algorithm,
        data_group_hashes=hashes.values,
        signer_certificate=signed.signer.encoded,
        signing_time=signed.signing_time,
        facts=freeze(facts),
    )


def _read_security_object(octets: bytes) -> _Hashes:
    """LDSSecurityObject, version 0 or 1 (9303-10 4.6.2.3)."""
    require_der(octets)
    fields = Fields(tlv.parse_one(octets))
    version = der.decode_integer(fields.take(der.INTEGER))
    algorithm = read_hash(fields.take(der.SEQUENCE))
    listed = fields.take(der.SEQUENCE).children()
    info = fields.take_optional(der.SEQUENCE)
    fields.end()
    if version not in (0, 1) or (version == 0 and info is not None):
        raise SodMalformedError(reason="security-object-version")
    values: dict[int, bytes] = {}
    for item in listed:
        number, value = _read_data_group_hash(item, hashlib.new(algorithm).digest_size)
        if number in values:
            raise SodMalformedError(reason="data-group-twice")
        values[number] = value
    return _Hashes(
        algorithm=algorithm,
        values=MappingProxyType(values),
        version=version,
        lds="" if info is None else _read_version_info(info),
    )


def _read_version_info(info: tlv.Tlv) -> str:
    """LDSVersionInfo: version of the data structure, then of Unicode, both in digits (0108, 040000)."""
    fields = Fields(info)
    versions = [fields.take(_PRINTABLE_STRING).value for _ in range(2)]
    fields.end()
    if not all(value.isdigit() and len(value) <= MAX_VERSION_CHARACTERS for value in versions):
        raise SodMalformedError(reason="security-object-version")
    return versions[0].decode("ascii")


def _read_data_group_hash(item: tlv.Tlv, octets: int) -> tuple[int, bytes]:
    fields = Fields(item)
    number = der.decode_integer(fields.take(der.INTEGER))
    value = fields.take(der.OCTET_STRING).value
    fields.end()
    if not 1 <= number <= 16 or len(value) != octets:
        raise SodMalformedError(reason="data-group-hash")
    return number, value
