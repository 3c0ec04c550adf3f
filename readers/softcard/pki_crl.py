"""Revocation lists of the training PKI, and how its files are written."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from readers.softcard.signing import Credential

_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
_SKEW: Final = timedelta(minutes=5)


def renewed_crl(
    path: Path, csca: Credential, revoked: set[int], *, now: datetime, row: Mapping[str, Any]
) -> bytes:
    """The CRL on disk while it is fresh and lists what is revoked, else a new one, which keeps every serial of
    the old. Its number is the time, so that a PKI made anew is never taken for a list rolled back."""
    old = _load_crl(path, csca)
    serials = {entry.serial_number for entry in old or ()}
    if old is not None and revoked <= serials:
        age = now - old.last_update_utc
        if -_SKEW <= age <= timedelta(days=row["renew_days"]):
            return path.read_bytes()
    number = max(int(now.timestamp()), 0 if old is None else _crl_number(old) + 1)
    lists = x509.CertificateRevocationListBuilder(
        issuer_name=csca.certificate.subject,
        last_update=now,
        next_update=now + timedelta(days=row["valid_days"]),
    )
    for listed in sorted(serials | revoked):
        entry = x509.RevokedCertificateBuilder(serial_number=listed, revocation_date=now)
        lists = lists.add_revoked_certificate(entry.build())
    lists = lists.add_extension(x509.CRLNumber(number), critical=False)
    lists = lists.add_extension(authority_key(csca.certificate), critical=False)
    octets = lists.sign(csca.key, hashes.SHA384()).public_bytes(serialization.Encoding.DER)
    write_file(path, octets, mode=0o644)
    return octets


def authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """What a certificate or list says about its issuer's key."""
    key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _load_crl(path: Path, csca: Credential) -> x509.CertificateRevocationList | None:
    """The CRL on disk if it is this CSCA's."""
    try:
        old = x509.load_der_x509_crl(path.read_bytes())
    except (OSError, ValueError):
        return None
    return old if old.is_signature_valid(csca.key.public_key()) else None


def _crl_number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def write_file(path: Path, octets: bytes, *, mode: int) -> None:
    """Replace a file whole."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, mode), "wb") as file:
        file.write(octets)
    draft.replace(path)
