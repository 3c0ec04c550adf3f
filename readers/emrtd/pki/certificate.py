"""X.509 certificates of the travel-document PKI, read once into plain values (9303-12 7)."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from asn1crypto import pem, x509

from readers.emrtd.lds.texts import escape
from readers.emrtd.pki.algorithms import SignatureAlgorithm, read_signature_algorithm
from readers.emrtd.pki.asn1 import in_utc, parsing, require_der
from readers.emrtd.pki.errors import CertificateMalformedError
from readers.iso7816 import der, tlv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_CERTIFICATE_OCTETS: Final = 16 * 1024
MAX_NAME_OCTETS: Final = 1024
MAX_NAME_CHARACTERS: Final = 512
"""Of all values together, after the compatibility mapping that makes eighteen characters of one: preparing a character
for comparison takes microseconds, and a chip brings several names."""
MAX_SHOWN: Final = 60
"""Four less than a common name may have, and a SHA-256 has: no name shows one."""
_NAMES_KEPT: Final = 256
DOCUMENT_TYPE_LIST: Final = "2.23.136.1.1.6.2"
NAME_CHANGE: Final = "2.23.136.1.1.6.1"
TRAINING_MARKER: Final = "2.25.96210049037610217746590790296878123737"
TRAINING_ORGANIZATION: Final = "PROCTOR TRAINING"

_KEY_USAGE: Final = "2.5.29.15"
_PERIOD: Final = "2.5.29.16"
_SUBJECT_ALT_NAME: Final = "2.5.29.17"
_ISSUER_ALT_NAME: Final = "2.5.29.18"
_BASIC_CONSTRAINTS: Final = "2.5.29.19"
_SUBJECT_KEY: Final = "2.5.29.14"
_AUTHORITY_KEY: Final = "2.5.29.35"
_EXTENDED_KEY_USAGE: Final = "2.5.29.37"
_UNDERSTOOD: Final = frozenset(
    {
        _KEY_USAGE,
        _PERIOD,
        _SUBJECT_ALT_NAME,
        _ISSUER_ALT_NAME,
        _BASIC_CONSTRAINTS,
        _SUBJECT_KEY,
        _AUTHORITY_KEY,
        _EXTENDED_KEY_USAGE,
    }
    | {DOCUMENT_TYPE_LIST, NAME_CHANGE, TRAINING_MARKER, "2.5.29.31", "2.5.29.32"}
)


def shown(text: str, most: int = MAX_SHOWN) -> str:
    """A text of a certificate on one line for people: what would move the cursor or turn the line around is escaped,
    runs of spaces become one, and it ends after `most` characters."""
    safe = " ".join(escape(text[: most + 1]).split())
    return safe if max(len(text), len(safe)) <= most else f"{safe[:most]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A distinguished name. `key` compares names as RFC 5280 7.1 prescribes; country upper case, "" if absent;
    `odd_country`: it was written otherwise."""

    key: str
    country: str
    odd_country: bool = False
    organization: str
    common_name: str

    @property
    def display(self) -> str:
        """For people: country, organization and common name, each as `shown`."""
        parts = {"C": self.country, "O": self.organization, "CN": self.common_name}
        return ", ".join(f"{name}={shown(value)}" for name, value in parts.items() if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """An interval of time, either end possibly open."""

    start: datetime | None
    end: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Whether the moment lies in the interval, ends included."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate; `usage_period` is the private key's. Nothing in it is verified by reading it."""

    encoded: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    algorithm: SignatureAlgorithm
    spki: bytes = field(repr=False)
    issuer: Name
    subject: Name
    serial: int
    validity: Period
    usage_period: Period | None
    key_id: bytes
    authority_key_id: bytes | None
    authority_serial: int | None
    is_authority: bool
    key_usage: frozenset[str] | None
    subject_localities: tuple[str, ...]
    has_subject_alt_name: bool
    has_issuer_alt_name: bool
    document_types: tuple[str, ...] | None
    unknown_critical: tuple[str, ...]
    extended_usages: tuple[str, ...] | None
    training: bool

    @property
    def has_extended_usage(self) -> bool:
        """Whether the certificate is for one purpose only, which signers of documents are not."""
        return self.extended_usages is not None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole certificate, lower-case hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()

    @property
    def self_issued(self) -> bool:
        """Whether issuer and subject carry the same name."""
        return self.issuer.key == self.subject.key


def read_certificate(octets: bytes) -> Certificate:
    """Read one DER certificate. Raises CertificateMalformedError, UnsupportedAlgorithmError."""
    if len(octets) > MAX_CERTIFICATE_OCTETS:
        raise CertificateMalformedError(reason="too-large")
    with parsing(CertificateMalformedError):
        require_der(octets)
        parts = tlv.parse_one(octets, der.SEQUENCE).children()
        signed_part, algorithm, signature = parts
        body = x509.TbsCertificate.load(signed_part.raw, strict=True)
        if body["signature"].dump() != algorithm.raw:
            raise CertificateMalformedError(reason="two-algorithms")
        return _certificate(octets, signed_part.raw, body, algorithm, der.decode_bit_string(signature))


def _certificate(
    octets: bytes, signed_part: bytes, body: x509.TbsCertificate, algorithm: tlv.Tlv, signature: bytes
) -> Certificate:
    extensions = _extensions(body)
    spki = body["subject_public_key_info"]
    authority = _value(extensions, _AUTHORITY_KEY)
    basic = _value(extensions, _BASIC_CONSTRAINTS)
    usage = _value(extensions, _KEY_USAGE)
    subject, alternative = read_name(body["subject"]), _value(extensions, _SUBJECT_ALT_NAME)
    return Certificate(
        encoded=octets,
        signed_part=signed_part,
        signature=signature,
        algorithm=read_signature_algorithm(algorithm),
        spki=spki.dump(),
        issuer=read_name(body["issuer"]),
        subject=subject,
        serial=body["serial_number"].native,
        validity=_period(body["validity"]),
        usage_period=_usage_period(extensions),
        key_id=_key_id(extensions, spki),
        authority_key_id=None if authority is None else authority["key_identifier"].native,
        authority_serial=None if authority is None else authority["authority_cert_serial_number"].native,
        is_authority=basic is not None and bool(basic["ca"].native),
        key_usage=None if usage is None else frozenset(usage.native),
        subject_localities=() if alternative is None else _localities(alternative),
        has_subject_alt_name=alternative is not None,
        has_issuer_alt_name=_ISSUER_ALT_NAME in extensions,
        document_types=_document_types(extensions),
        unknown_critical=_unknown_critical(extensions),
        extended_usages=_extended_usages(extensions),
        training=TRAINING_MARKER in extensions or TRAINING_ORGANIZATION in _organizations(body["subject"]),
    )


def read_pem_or_der(data: bytes) -> Certificate:
    """Read the one certificate of a file. Raises CertificateMalformedError."""
    with parsing(CertificateMalformedError):
        if pem.detect(data):
            label, _, data = pem.unarmor(data)
            if label != "CERTIFICATE":
                raise CertificateMalformedError(reason="not-a-certificate")
    return read_certificate(data)


def read_name(name: x509.Name) -> Name:
    """Read a name; ValueError, TypeError or KeyError when it is broken."""
    return _name_of(name.dump())


@lru_cache(maxsize=_NAMES_KEPT)
def _name_of(octets: bytes) -> Name:
    """The same octets are always the same name, and preparing one for comparison takes a millisecond."""
    if len(octets) > MAX_NAME_OCTETS:
        raise ValueError("name")
    name = x509.Name.load(octets, strict=True)
    values: dict[str, str] = {}
    characters = 0
    for attribute in (pair for rdn in name.chosen for pair in rdn):
        value = str(attribute["value"].native)
        values.setdefault(attribute["type"].native, value)
        characters += len(unicodedata.normalize("NFKC", value))
    if characters > MAX_NAME_CHARACTERS:
        raise ValueError("name")
    return Name(
        key=name.hashable,
        country=values.get("country_name", "").upper(),
        odd_country=not values.get("country_name", "").isupper(),
        organization=values.get("organization_name", ""),
        common_name=values.get("common_name", ""),
    )


def _organizations(name: x509.Name) -> set[str]:
    """Every organization of the name, folded, so that spacing and case do not hide the training one."""
    pairs = (pair for rdn in name.chosen for pair in rdn)
    return {
        " ".join(str(pair["value"].native).upper().split())
        for pair in pairs
        if pair["type"].native == "organization_name"
    }


def _extensions(body: x509.TbsCertificate) -> Mapping[str, x509.Extension]:
    found: dict[str, x509.Extension] = {}
    for extension in body["extensions"]:
        oid = extension["extn_id"].dotted
        if oid in found:
            raise CertificateMalformedError(reason="duplicate-extension")
        found[oid] = extension
    return found


def _value(extensions: Mapping[str, x509.Extension], oid: str) -> x509.Asn1Value | None:
    return extensions[oid]["extn_value"].parsed if oid in extensions else None


def _usage_period(extensions: Mapping[str, x509.Extension]) -> Period | None:
    period = _value(extensions, _PERIOD)
    return None if period is None else _period(period)


def _period(bounds: x509.Asn1Value) -> Period:
    start, end = (bounds[name].native for name in ("not_before", "not_after"))
    return Period(start=start and in_utc(start), end=end and in_utc(end))


def _key_id(extensions: Mapping[str, x509.Extension], spki: x509.PublicKeyInfo) -> bytes:
    """The subject key identifier, or the SHA-1 of the key that RFC 5280 4.2.1.2 (1) makes of it."""
    stated = _value(extensions, _SUBJECT_KEY)
    return bytes(spki.sha1 if stated is None else stated.native)


def _localities(alternative: x509.GeneralNames) -> tuple[str, ...]:
    """The localities of the directory names: 9303-12 7.1.1 puts the issuing state's three letters there."""
    names = (name.chosen for name in alternative if name.name == "directory_name")
    pairs = (pair for name in names for rdn in name.chosen for pair in rdn)
    return tuple(str(pair["value"].native) for pair in pairs if pair["type"].native == "locality_name")


def _document_types(extensions: Mapping[str, x509.Extension]) -> tuple[str, ...] | None:
    """DocumentTypeListSyntax (9303-12 7.1.1.6): version, then a SET of document codes."""
    if DOCUMENT_TYPE_LIST not in extensions:
        return None
    value = tlv.parse_one(extensions[DOCUMENT_TYPE_LIST]["extn_value"].native, der.SEQUENCE)
    return tuple(item.value.decode("ascii") for item in value.child(der.SET).children())


def _extended_usages(extensions: Mapping[str, x509.Extension]) -> tuple[str, ...] | None:
    usages = _value(extensions, _EXTENDED_KEY_USAGE)
    return None if usages is None else tuple(usage.dotted for usage in usages)


def _unknown_critical(extensions: Mapping[str, x509.Extension]) -> tuple[str, ...]:
    return tuple(
        oid
        for oid, extension in extensions.items()
        if extension["critical"].native and oid not in _UNDERSTOOD
    )
