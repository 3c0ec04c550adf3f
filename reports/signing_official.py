"""An official's own signature in a sheet's field: PAdES B-B by whatever holds the key, made by a callable.

The file was checked before: nothing here is asked about bytes of unknown origin.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata

from reports.signature import FIELD_NAME, MAX_OFFICIALS, fill_field, no_others, official_field
from reports.signing_ecdsa import with_low_s
from reports.signing_errors import (
    SigningFieldError,
    SigningFieldTakenError,
    SigningFileError,
    SigningKeyError,
)
from reports.signing_look import Box, Shown, official_look
from reports.signing_paths import issued
from reports.signing_status import name_of, read_certificate
from reports.wording import Texts, clean, say
from sessions.roster.names import comparison_key

_MAX_REVISIONS: Final = 256
_TAILS: Final = (b"%%EOF", b"%%EOF\n", b"%%EOF\r\n", b"%%EOF\r")
_MAX_SIGNATURE: Final = 1_024
_ROOM: Final = 6_000
"""Octets of the CMS beside certificates and signature, with much to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialField:
    """A field in which an official signs: its name, the role it is for, its box in points, whether it is signed."""

    name: str
    role: str
    box: Box
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Official:
    """Who signs: DER certificate, those above it (nearest first), and what signs a message with its key.

    `sign` gets the octets to be signed, hashes them with SHA-256, and returns a DER ECDSA-Sig-Value or a PKCS #1
    v1.5 signature; its errors pass through.
    """

    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signed field says of itself: DER certificate, the others it carries, and the time it claims (UTC)."""

    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    at: datetime


def official_fields(pdf: bytes) -> tuple[OfficialField, ...]:
    """Return the officials' fields of a sealed sheet, in order. Raises SigningFileError."""
    names = [official_field(number) for number in range(1, MAX_OFFICIALS + 1)]
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = {name: ref.get_object() for name, _, ref in enumerate_sig_fields(reader)}
        if FIELD_NAME not in found:
            raise SigningFileError(why="no-fields")
        return tuple(_field(name, found[name]) for name in names if name in found)
    except (PdfError, SigningError, ValueError, KeyError, TypeError, AttributeError):
        raise SigningFileError(why="damaged") from None


def _field(name: str, item: DictionaryObject) -> OfficialField:
    left, bottom, right, top = (round(float(edge)) for edge in item["/Rect"])
    return OfficialField(
        name=name,
        role=clean(str(item.get("/TU", ""))),
        box=(left, bottom, right, top),
        signed="/V" in item,
    )


def choose_field(fields: Sequence[OfficialField], *, name: str | None, roles: Sequence[str]) -> OfficialField:
    """Return the field of a name, of a role, or of both where they agree.

    `roles`: the ways to write the role that is meant; empty: any. A role that several fields are for is settled by
    the only empty one among them. Raises SigningFieldError, SigningFieldTakenError.
    """
    known = ", ".join(f"{each.name}: {each.role}" for each in fields)
    keys = {comparison_key(role) for role in roles}
    named = [
        each
        for each in fields
        if (name is None or each.name.casefold() == name.casefold())
        and (not keys or comparison_key(each.role) in keys)
    ]
    free = [each for each in named if not each.signed]
    if len(free) == 1:
        return free[0]
    if named and not free:
        raise SigningFieldTakenError(field=named[0].name)
    raise SigningFieldError(known=known, found=len(free))


def reserved_digits(certificate: bytes, chain: Sequence[bytes]) -> int:
    """Return how many hexadecimal digits are kept for a CMS with these certificates.

    The signature covers where they stand, so that no certificate of another length can be added or taken away.
    """
    return 2 * (len(certificate) + sum(map(len, chain)) + _ROOM)


def sign_field(
    pdf: bytes, place: OfficialField, official: Official, *, at: datetime, unknown: bool, texts: Texts
) -> bytes:
    """Return the file with one empty field signed and shown; it begins with `pdf`.

    `unknown`: the certificate's status could not be found out, and the page says so. Raises SigningFileError,
    SigningFieldTakenError, SigningCertificateError, SigningKeyError, and what `official.sign` raises.
    """
    certificate = read_certificate(official.certificate)
    shown = Shown(
        role=place.role,
        holder=name_of(certificate.subject),
        issuer=name_of(certificate.issuer),
        at=at,
        unknown=unknown,
    )
    meta = PdfSignatureMetadata(
        field_name=place.name,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=say(texts, "signing.reason", role=place.role),
        name=shown.holder,
    )
    chain = tuple(der for der in official.chain if not issued(der, der))
    official = replace(official, chain=chain)  # a root is known or it is not: it is never carried along
    try:
        return fill_field(
            IncrementalPdfFileWriter(io.BytesIO(pdf)),
            meta,
            _HeldKey(certificate, official),
            at=at,
            look=official_look(place.box, shown, texts),
            reserved=reserved_digits(official.certificate, chain),
        )
    except SigningError as error:
        if "filled already" in str(error):
            raise SigningFieldTakenError(field=place.name) from None
        raise SigningFileError(why="refused") from None
    except PdfError:
        raise SigningFileError(why="damaged") from None


class _HeldKey(Signer):
    """pyHanko's view of a key that a callable uses; every signature is checked before it is believed."""

    def __init__(self, certificate: x509.Certificate, official: Official) -> None:
        registry = no_others()
        for der in official.chain:
            registry.register(asn1_x509.Certificate.load(der))
        signing = asn1_x509.Certificate.load(official.certificate)
        super().__init__(signing_cert=signing, cert_registry=registry, embed_roots=False)
        self._public = certificate.public_key()
        self._sign = official.sign

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Return the signature of `data`."""
        if dry_run:
            return bytes(_MAX_SIGNATURE)
        signature = self._sign(data)
        try:
            if isinstance(self._public, ec.EllipticCurvePublicKey):
                signature = with_low_s(signature, self._public)
                self._public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
            elif isinstance(self._public, rsa.RSAPublicKey):
                self._public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            raise SigningKeyError from None
        return signature


def signed_by(pdf: bytes, field_name: str) -> Signed:
    """Return who signed a field, as its CMS says; nothing is judged here. Raises SigningFileError."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = next(each for each in reader.embedded_signatures if each.field_name == field_name)
        signer = found.signer_cert.dump()
        others = tuple(each.dump() for each in found.other_embedded_certs)
        at = found.self_reported_timestamp
    except (PdfError, SigningError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise SigningFileError(why="damaged") from None
    if at is None or at.tzinfo is None:
        raise SigningFileError(why="damaged")
    return Signed(certificate=signer, chain=others, at=at.astimezone(UTC))


def revisions(pdf: bytes) -> tuple[int, ...]:
    """Return where each state of a file ended before it was added to, in bytes, the whole file last."""
    ends: list[int] = []
    start = pdf.find(b"%%EOF")
    while start >= 0 and len(ends) < _MAX_REVISIONS:
        ends.extend(start + len(tail) for tail in _TAILS if pdf.startswith(tail, start))
        start = pdf.find(b"%%EOF", start + 1)
    return (*(end for end in ends if end < len(pdf)), len(pdf))


def digest(pdf: bytes) -> str:
    """Return the SHA-256 of a file, hexadecimal: how the log names it."""
    return hashlib.sha256(pdf).hexdigest()
