"""The pinned CSCAs and their CRLs: a directory that its station signed as a whole.

`store.json` holds the manifest and the signature over it; the manifest names every file by its SHA-256. A
store that was changed in any other way than through here is refused whole. Nothing is trusted because a card
brought it.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Self

from cryptography.exceptions import InvalidSignature

from readers.emrtd.evidence import Facts, freeze
from readers.emrtd.pki.asn1 import parsing
from readers.emrtd.pki.certificate import Certificate, read_certificate, read_pem_or_der
from readers.emrtd.pki.chain import Anchor, Scope
from readers.emrtd.pki.crl import Crl, read_crl
from readers.emrtd.pki.errors import (
    CertificateMalformedError,
    CertificateRefusedError,
    CrlRefusedError,
    CrlRolledBackError,
    CurveParametersError,
    SecondPersonError,
    TrainingAnchorError,
    TrustStoreAlteredError,
    TrustStoreMissingError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from readers.emrtd.pki.public_key import SignatureRefusedError, load_public_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

FORMAT: Final = 1
MANIFEST: Final = "store.json"
_DOMAIN: Final = b"proctor-trust-store-1\n"
_FOLDERS: Final = {"csca": "certificates", "crl": "crls"}
_SCOPES: Final = ("identity-card", "passport")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """One line of the manifest. kind: "csca" or "crl"; number: of a CRL, -1 if it has none; at: ISO 8601,
    UTC."""

    kind: str
    sha256: str
    subject: str
    scope: str = ""
    number: int = -1
    by: str
    second: str
    at: str


class TrustStore:
    """Anchors and CRLs in memory, as verified when opened. Imports rewrite and re-sign the manifest."""

    def __init__(
        self, directory: Path, *, training: bool, version: int, items: tuple[StoredItem, ...]
    ) -> None:
        self._directory = directory
        self._training = training
        self._version = version
        self._items = items
        self._anchors: dict[str, list[Anchor]] = {}
        self._crls: dict[str, Crl] = {}
        self._load()

    @classmethod
    def create(cls, directory: Path, *, training: bool, sign: Callable[[bytes], bytes]) -> Self:
        """Make an empty store. `sign` gives the station's signature over octets. Raises FileExistsError."""
        directory.mkdir(parents=True, exist_ok=True)
        if (directory / MANIFEST).exists():
            raise FileExistsError(MANIFEST)
        for folder in _FOLDERS.values():
            (directory / folder).mkdir(exist_ok=True)
        store = cls(directory, training=training, version=0, items=())
        store._commit((), sign)
        return store

    @classmethod
    def open(cls, directory: Path, *, training: bool, verify: Callable[[bytes, bytes], None]) -> Self:
        """Read a store. `verify(octets, signature)` raises InvalidSignature (of `cryptography`) or
        ValueError when the signature is not the station's.

        Raises TrustStoreMissingError, TrustStoreAlteredError."""
        manifest, signature = _read_manifest(directory)
        try:
            verify(_signed_octets(manifest), signature)
        except (InvalidSignature, ValueError):
            raise TrustStoreAlteredError(reason="signature") from None
        if manifest.get("training") is not training or manifest.get("format") != FORMAT:
            raise TrustStoreAlteredError(reason="kind")
        with parsing(TrustStoreAlteredError):
            items = tuple(StoredItem(**item) for item in manifest["items"])
            return cls(directory, training=training, version=manifest["version"], items=items)

    @property
    def training(self) -> bool:
        """Whether this is the store of a training root."""
        return self._training

    @property
    def facts(self) -> Facts:
        """Version and SHA-256 of the manifest, for every attempt's record."""
        digest = hashlib.sha256(_signed_octets(self._manifest(self._version, self._items))).hexdigest()
        return freeze({"store_version": self._version, "store_sha256": digest})

    def list(self) -> tuple[StoredItem, ...]:
        """Every anchor and CRL, in the order of import."""
        return self._items

    def anchors_named(self, subject_key: str) -> tuple[Anchor, ...]:
        """The pinned CSCAs that bear this name."""
        return tuple(self._anchors.get(subject_key, ()))

    def crl_of(self, issuer_key: str) -> Crl | None:
        """The newest CRL of the issuer with this name."""
        return self._crls.get(issuer_key)

    def import_certificate(
        self,
        data: bytes,
        *,
        by: str,
        second: str,
        at: datetime,
        sign: Callable[[bytes], bytes],
        scope: Scope = "identity-card",
    ) -> str:
        """Pin a self-signed CSCA, DER or PEM, on the word of two persons; return its SHA-256.

        Raises TrainingAnchorError, SecondPersonError, CertificateRefusedError."""
        certificate = _require_csca(data)
        if certificate.training and not self._training:
            raise TrainingAnchorError()
        if not self._training and (not by or not second or by == second):
            raise SecondPersonError()
        if scope not in _SCOPES:
            raise CertificateRefusedError(reason="scope")
        fingerprint = certificate.fingerprint
        if any(item.sha256 == fingerprint for item in self._items):
            return fingerprint
        item = StoredItem(
            kind="csca",
            sha256=fingerprint,
            subject=certificate.subject.key,
            scope=scope,
            by=by,
            second=second,
            at=_stamp(at),
        )
        self._write(item, certificate.encoded)
        self._commit((*self._items, item), sign)
        self._anchors.setdefault(item.subject, []).append(Anchor(certificate=certificate, scope=scope))
        return fingerprint

    def import_crl(self, data: bytes, *, by: str, at: datetime, sign: Callable[[bytes], bytes]) -> str:
        """Take in a CRL that a pinned CSCA of the same country signed; return its SHA-256.

        Raises CrlRefusedError, CrlRolledBackError."""
        crl = _read_crl(data)
        self._require_signer(crl)
        old = self._crls.get(crl.issuer.key)
        if old is not None and old.fingerprint == crl.fingerprint:
            return crl.fingerprint
        if old is not None and _is_older(crl, old):
            raise CrlRolledBackError(stored_number=_number(old), offered_number=_number(crl))
        item = StoredItem(
            kind="crl",
            sha256=crl.fingerprint,
            subject=crl.issuer.key,
            number=_number(crl),
            by=by,
            second="",
            at=_stamp(at),
        )
        kept = tuple(i for i in self._items if (i.kind, i.subject) != ("crl", item.subject))
        self._write(item, crl.encoded)
        self._commit((*kept, item), sign)
        self._crls[item.subject] = crl
        return crl.fingerprint

    def _require_signer(self, crl: Crl) -> None:
        """Any pinned key of the issuer's country may have signed: the newest CSCA signs for its
        predecessors."""
        anchors = [anchor.certificate for named in self._anchors.values() for anchor in named]
        keys = [
            anchor
            for anchor in anchors
            if anchor.subject.country == crl.issuer.country
            and (crl.authority_key_id in (None, anchor.key_id))
        ]
        if crl.issuer.key not in self._anchors or not keys:
            raise CrlRefusedError(reason="signer-unknown")
        if not any(_signed(crl, anchor) for anchor in keys):
            raise CrlRefusedError(reason="signature")

    def _manifest(self, version: int, items: tuple[StoredItem, ...]) -> dict[str, Any]:
        lines = [asdict(item) for item in items]
        return {"format": FORMAT, "training": self._training, "version": version, "items": lines}

    def _commit(self, items: tuple[StoredItem, ...], sign: Callable[[bytes], bytes]) -> None:
        manifest = self._manifest(self._version + 1, items)
        whole = {"manifest": manifest, "signature": sign(_signed_octets(manifest)).hex()}
        _replace(self._directory / MANIFEST, json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n")
        self._items, self._version = items, self._version + 1

    def _write(self, item: StoredItem, octets: bytes) -> None:
        _replace(self._path(item), octets)

    def _path(self, item: StoredItem) -> Path:
        return self._directory / _FOLDERS[item.kind] / f"{item.sha256}.der"

    def _load(self) -> None:
        for item in self._items:
            octets = self._read(item)
            if item.kind == "csca":
                certificate = read_certificate(octets)
                if certificate.training and not self._training:
                    raise TrustStoreAlteredError(reason="training-anchor")
                scope: Scope = "passport" if item.scope == "passport" else "identity-card"
                self._anchors.setdefault(item.subject, []).append(
                    Anchor(certificate=certificate, scope=scope)
                )
            else:
                self._crls[item.subject] = read_crl(octets)

    def _read(self, item: StoredItem) -> bytes:
        try:
            octets = self._path(item).read_bytes()
        except OSError:
            raise TrustStoreAlteredError(reason="file-missing") from None
        if hashlib.sha256(octets).hexdigest() != item.sha256:
            raise TrustStoreAlteredError(reason="file-changed")
        return octets


def _require_csca(data: bytes) -> Certificate:
    """The certificate of a file if it is a sound self-signed CSCA (9303-12 7.1.1)."""
    try:
        certificate = read_pem_or_der(data)
        key = load_public_key(certificate.spki)
    except (
        CertificateMalformedError,
        WeakAlgorithmError,
        CurveParametersError,
        UnsupportedAlgorithmError,
    ) as refused:
        raise CertificateRefusedError(reason=refused.code) from None
    reason = _csca_defect(certificate)
    if reason:
        raise CertificateRefusedError(reason=reason)
    try:
        key.verify(certificate.signature, certificate.signed_part, certificate.algorithm)
    except (SignatureRefusedError, WeakAlgorithmError, UnsupportedAlgorithmError):
        raise CertificateRefusedError(reason="self-signature") from None
    return certificate


def _csca_defect(certificate: Certificate) -> str:
    if not certificate.self_issued:
        return "not-self-signed"
    if not certificate.is_authority:
        return "not-an-authority"
    if certificate.key_usage is not None and "key_cert_sign" not in certificate.key_usage:
        return "key-usage"
    if certificate.unknown_critical:
        return "critical-extension"
    return "" if certificate.subject.country else "no-country"


def _read_crl(data: bytes) -> Crl:
    try:
        return read_crl(data)
    except UnsupportedAlgorithmError:
        raise CrlRefusedError(reason="algorithm") from None


def _signed(crl: Crl, anchor: Certificate) -> bool:
    try:
        load_public_key(anchor.spki).verify(crl.signature, crl.signed_part, crl.algorithm)
    except (SignatureRefusedError, WeakAlgorithmError, UnsupportedAlgorithmError):
        return False
    return True


def _is_older(offered: Crl, stored: Crl) -> bool:
    if offered.number is not None and stored.number is not None and offered.number <= stored.number:
        return True
    return offered.this_update < stored.this_update


def _number(crl: Crl) -> int:
    return -1 if crl.number is None else crl.number


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _signed_octets(manifest: dict[str, Any]) -> bytes:
    return _DOMAIN + json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()


def _read_manifest(directory: Path) -> tuple[dict[str, Any], bytes]:
    try:
        octets = (directory / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise TrustStoreMissingError() from None
    except OSError:
        raise TrustStoreAlteredError(reason="unreadable") from None
    with parsing(TrustStoreAlteredError):
        whole = json.loads(octets)
        return dict(whole["manifest"]), bytes.fromhex(whole["signature"])


def _replace(path: Path, octets: bytes) -> None:
    """Write a whole file or leave the old one: no power cut leaves half a store."""
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
