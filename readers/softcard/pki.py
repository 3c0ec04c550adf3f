"""The training PKI: CSCA, document signers and CRL, made from `pki.toml` and kept in one directory.

Created when absent; a signer whose usage period runs out and a CRL that ages are replaced on loading. The
keys lie there unencrypted (0600) and protect nothing: every certificate carries the training marker.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from readers.emrtd.pki.certificate import TRAINING_MARKER, TRAINING_ORGANIZATION
from readers.errors import ReaderError
from readers.iso7816 import tlv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

_CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
_SERIAL_OCTETS: Final = 16
_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
_SKEW: Final = timedelta(minutes=5)
_CRL_FILE: Final = "crl.der"
_LOCK_FILE: Final = ".lock"
_LOCK_S: Final = 5.0
_LOCK_POLL_S: Final = 0.02


class TrainingPkiError(ReaderError):
    """The training PKI cannot be made or read; fact `reason`."""

    code = "training-pki-broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A certificate (DER) and its private key, which shows in no repr."""

    encoded: bytes = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate, parsed."""
        return x509.load_der_x509_certificate(self.encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPki:
    """csca is the anchor to import, crl its list (DER); revoked_signer is on it; unknown_* are never
    imported."""

    csca: Credential
    signer: Credential
    revoked_signer: Credential
    unknown_csca: Credential
    unknown_signer: Credential
    crl: bytes = field(repr=False)


def load_spec() -> dict[str, Any]:
    """The text file, checked: it must keep the marker by which real stations refuse it."""
    text = resources.files("readers.softcard").joinpath("pki.toml").read_text(encoding="utf-8")
    spec = tomllib.loads(text)
    marker = (spec["marker"]["oid"], spec["marker"]["organization"])
    if marker != (TRAINING_MARKER, TRAINING_ORGANIZATION):
        raise TrainingPkiError(reason="marker")
    return spec


def training_pki(directory: Path, *, now: datetime, seed: bytes | None = None) -> TrainingPki:
    """Create or load the PKI in the directory. `now`: UTC. `seed`: the same keys and serials each time, for
    tests.

    Raises TrainingPkiError."""
    directory.mkdir(parents=True, exist_ok=True)
    maker = _Maker(directory, spec=load_spec(), now=now, seed=seed)
    with _alone(directory / _LOCK_FILE):
        csca = maker.authority("csca")
        unknown_csca = maker.authority("unknown_csca")
        revoked = maker.signer("revoked_signer", csca)
        return TrainingPki(
            csca=csca,
            signer=maker.signer("signer", csca),
            revoked_signer=revoked,
            unknown_csca=unknown_csca,
            unknown_signer=maker.signer("unknown_signer", unknown_csca),
            crl=maker.crl(csca, revoked),
        )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep two programs from making the same PKI at once; a lock left behind by a killed one is broken."""
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                lock.unlink(missing_ok=True)
            time.sleep(_LOCK_POLL_S)
        except OSError:
            raise TrainingPkiError(reason="unwritable") from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


class _Maker:
    """Loads each part of the PKI, or makes it where it is absent or has run out."""

    def __init__(self, directory: Path, *, spec: dict[str, Any], now: datetime, seed: bytes | None) -> None:
        self._directory = directory
        self._spec = spec
        self._now = now.replace(microsecond=0)
        self._seed = seed

    def authority(self, name: str) -> Credential:
        """A self-signed CSCA."""
        row = self._spec[name]
        old = self._load(name)
        if old is not None:
            return old
        key, subject = self._key(name, row["curve"]), self._name(row)
        start = self._now - timedelta(days=row["age_days"])
        builder = self._builder(name, row, subject=subject, issuer=subject, key=key, start=start)
        return self._keep(name, builder.sign(key, hashes.SHA384()), key)

    def signer(self, name: str, csca: Credential) -> Credential:
        """A document signer of the CSCA, whose key is in use for 90 days."""
        row = self._spec["signer"]
        old = self._load(name)
        if old is not None and _issued_by(old, csca) and self._still_used(old, row["renew_days"]):
            return old
        start = self._now - timedelta(days=row["age_days"])
        label = f"{name} {start.isoformat()}"
        key, issuer = self._key(label, row["curve"]), csca.certificate
        builder = self._builder(
            label, row, subject=self._name(row), issuer=issuer.subject, key=key, start=start
        )
        locality = x509.Name([x509.NameAttribute(NameOID.LOCALITY_NAME, row["locality"])])
        alternative = x509.SubjectAlternativeName([x509.DirectoryName(locality)])
        builder = builder.add_extension(alternative, critical=False).add_extension(
            _authority_key(issuer), critical=False
        )
        return self._keep(name, builder.sign(csca.key, hashes.SHA384()), key)

    def crl(self, csca: Credential, revoked: Credential) -> bytes:
        """The CRL of the CSCA; a new one keeps every serial of the old. Its number is the time, so that a PKI made
        anew is never taken for a list rolled back."""
        path = self._directory / _CRL_FILE
        old = _load_crl(path, csca)
        serial = revoked.certificate.serial_number
        serials = {entry.serial_number for entry in old or ()}
        row = self._spec["crl"]
        if old is not None and serial in serials:
            age = self._now - old.last_update_utc
            if -_SKEW <= age <= timedelta(days=row["renew_days"]):
                return path.read_bytes()
        number = max(int(self._now.timestamp()), 0 if old is None else _crl_number(old) + 1)
        lists = x509.CertificateRevocationListBuilder(
            issuer_name=csca.certificate.subject,
            last_update=self._now,
            next_update=self._now + timedelta(days=row["valid_days"]),
        )
        for listed in sorted(serials | {serial}):
            entry = x509.RevokedCertificateBuilder(serial_number=listed, revocation_date=self._now)
            lists = lists.add_revoked_certificate(entry.build())
        lists = lists.add_extension(x509.CRLNumber(number), critical=False)
        lists = lists.add_extension(_authority_key(csca.certificate), critical=False)
        octets = lists.sign(csca.key, hashes.SHA384()).public_bytes(serialization.Encoding.DER)
        _write(path, octets, mode=0o644)
        return octets

    def _still_used(self, credential: Credential, days: int) -> bool:
        start = credential.certificate.not_valid_before_utc
        return start <= self._now <= start + timedelta(days=days)

    def _name(self, row: Mapping[str, Any]) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, row["country"]),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._spec["marker"]["organization"]),
                x509.NameAttribute(NameOID.COMMON_NAME, row["common_name"]),
            ]
        )

    def _builder(
        self,
        label: str,
        row: Mapping[str, Any],
        *,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        start: datetime,
    ) -> x509.CertificateBuilder:
        """What all certificates have: names, serial, validity, key, usage, usage period, marker."""
        is_authority = subject == issuer
        usage_end = start + timedelta(days=row["usage_days"])
        marker = x509.UnrecognizedExtension(
            x509.ObjectIdentifier(self._spec["marker"]["oid"]),
            tlv.encode(0x0C, self._spec["marker"]["text"].encode("utf-8")),
        )
        builder = x509.CertificateBuilder(
            subject_name=subject,
            issuer_name=issuer,
            public_key=key.public_key(),
            serial_number=self._serial(label),
            not_valid_before=start,
            not_valid_after=start + timedelta(days=row["valid_days"]),
        )
        builder = builder.add_extension(_key_usage(is_authority=is_authority), critical=True)
        builder = builder.add_extension(
            x509.PrivateKeyUsagePeriod(not_before=start, not_after=usage_end), critical=False
        )
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        if is_authority:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return builder.add_extension(marker, critical=False)

    def _material(self, label: str, octets: int) -> bytes:
        if self._seed is None:
            return secrets.token_bytes(octets)
        return hashlib.shake_256(self._seed + label.encode("utf-8")).digest(octets)

    def _serial(self, label: str) -> int:
        octets = self._material(f"serial {label}", _SERIAL_OCTETS)
        return int.from_bytes(bytes([0x40 | octets[0] & 0x3F]) + octets[1:], "big")

    def _key(self, label: str, curve_name: str) -> ec.EllipticCurvePrivateKey:
        curve = _CURVES[curve_name]()
        if self._seed is None:
            return ec.generate_private_key(curve)
        octets = (curve.key_size - 1) // 8
        return ec.derive_private_key(int.from_bytes(self._material(f"key {label}", octets), "big"), curve)

    def _load(self, name: str) -> Credential | None:
        certificate, key = self._directory / f"{name}.der", self._directory / f"{name}.key"
        if not (certificate.exists() and key.exists()):
            return None
        try:
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
            encoded = certificate.read_bytes()
            matches = x509.load_der_x509_certificate(encoded).public_key() == private.public_key()
        except (ValueError, OSError):
            raise TrainingPkiError(reason="unreadable", file=name) from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not matches:
            raise TrainingPkiError(reason="key", file=name)
        return Credential(encoded=encoded, key=private)

    def _keep(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Credential:
        encoded = certificate.public_bytes(serialization.Encoding.DER)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(self._directory / f"{name}.key", pem, mode=0o600)
        _write(self._directory / f"{name}.der", encoded, mode=0o644)
        return Credential(encoded=encoded, key=key)


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _issued_by(credential: Credential, csca: Credential) -> bool:
    try:
        credential.certificate.verify_directly_issued_by(csca.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _load_crl(path: Path, csca: Credential) -> x509.CertificateRevocationList | None:
    """The CRL on disk if it is this CSCA's."""
    try:
        old = x509.load_der_x509_crl(path.read_bytes())
    except (OSError, ValueError):
        return None
    return old if old.is_signature_valid(csca.key.public_key()) else None


def _crl_number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _write(path: Path, octets: bytes, *, mode: int) -> None:
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, mode), "wb") as file:
        file.write(octets)
    draft.replace(path)
