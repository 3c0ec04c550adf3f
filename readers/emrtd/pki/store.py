"""The pinned CSCAs and their CRLs: a directory that its station signed as a whole.

`store.json` holds the manifest and the signature over it; the manifest names every file by its SHA-256 and is the
index: a certificate is parsed only when a document names its issuer. A store that was changed in any other way
than through here is refused whole. Nothing is trusted because a card brought it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from cryptography.exceptions import InvalidSignature

from readers.emrtd.evidence import Facts, freeze
from readers.emrtd.pki.asn1 import parsing
from readers.emrtd.pki.certificate import read_certificate
from readers.emrtd.pki.chain import Anchor, Scope
from readers.emrtd.pki.crl import Crl, read_crl
from readers.emrtd.pki.errors import TrustStoreAlteredError, TrustStoreMissingError
from readers.emrtd.pki.importing import Importer, ImportPlan
from readers.emrtd.pki.store_files import replace_all, replace_file
from readers.emrtd.pki.stored_item import StoredItem
from readers.emrtd.pki.trust_file import TrustFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

FORMAT: Final = 1
MANIFEST: Final = "store.json"
_DOMAIN: Final = b"proctor-trust-store-1\n"
_FOLDERS: Final = {"csca": "certificates", "crl": "crls"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedImport:
    """What an import would change, and the facts of the store it would leave behind. Nothing is written yet."""

    plan: ImportPlan
    items: tuple[StoredItem, ...]
    facts: Facts


class TrustStore:
    """Anchors and CRLs, as verified when opened. Imports rewrite and re-sign the manifest."""

    def __init__(
        self, directory: Path, *, training: bool, version: int, items: tuple[StoredItem, ...]
    ) -> None:
        self._directory = directory
        self._training = training
        self._take(version, items)

    def _take(self, version: int, items: tuple[StoredItem, ...]) -> None:
        """Make these the items of the store: index them by name, forget what was parsed."""
        self._version = version
        self._items = items
        self._facts = self._facts_of(version, items)
        self._named: dict[str, list[StoredItem]] = {}
        self._listed: dict[str, StoredItem] = {}
        self._anchors: dict[str, tuple[Anchor, ...]] = {}
        self._crls: dict[str, Crl] = {}
        for item in items:
            if item.kind == "csca":
                self._named.setdefault(item.subject, []).append(item)
            else:
                self._listed[item.subject] = item

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
        """Read a store: its signature and the SHA-256 of every file. `verify(octets, signature)` raises
        InvalidSignature (of `cryptography`) or ValueError when the signature is not the station's.

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
            store = cls(directory, training=training, version=manifest["version"], items=items)
        for item in items:
            store.read_item(item)
        return store

    @property
    def training(self) -> bool:
        """Whether this is the store of a training root."""
        return self._training

    @property
    def facts(self) -> Facts:
        """Version and SHA-256 of the manifest, for every attempt's record."""
        return self._facts

    def list(self) -> tuple[StoredItem, ...]:
        """Every anchor and CRL, in the order of import."""
        return self._items

    def anchors_named(self, subject_key: str) -> tuple[Anchor, ...]:
        """The pinned CSCAs that bear this name. Raises TrustStoreAlteredError when a file changed since."""
        if subject_key not in self._anchors:
            self._anchors[subject_key] = tuple(map(self.anchor, self._named.get(subject_key, ())))
        return self._anchors[subject_key]

    def anchors_of(self, country: str) -> tuple[Anchor, ...]:
        """The pinned CSCAs of a country, two letters in upper case."""
        names = dict.fromkeys(
            item.subject for item in self._items if item.kind == "csca" and item.country in ("", country)
        )
        anchors = (anchor for name in names for anchor in self.anchors_named(name))
        return tuple(anchor for anchor in anchors if anchor.certificate.subject.country == country)

    def anchor(self, item: StoredItem) -> Anchor:
        """Parse one pinned CSCA. Raises TrustStoreAlteredError."""
        certificate = read_certificate(self.read_item(item))
        if certificate.training and not self._training:
            raise TrustStoreAlteredError(reason="training-anchor")
        scope: Scope = "passport" if item.scope == "passport" else "identity-card"
        return Anchor(certificate=certificate, scope=scope)

    def crl_of(self, issuer_key: str) -> Crl | None:
        """The newest CRL of the issuer with this name."""
        if issuer_key not in self._listed:
            return None
        if issuer_key not in self._crls:
            self._crls[issuer_key] = read_crl(self.read_item(self._listed[issuer_key]))
        return self._crls[issuer_key]

    def read_item(self, item: StoredItem) -> bytes:
        """The octets of one item, which must still be the signed ones. Raises TrustStoreAlteredError."""
        try:
            octets = self._path(item).read_bytes()
        except OSError:
            raise TrustStoreAlteredError(reason="file-missing") from None
        if hashlib.sha256(octets).hexdigest() != item.sha256:
            raise TrustStoreAlteredError(reason="file-changed")
        return octets

    # --- imports ---------------------------------------------------------------------------------------------

    def plan_import(
        self, file: TrustFile, *, by: str, second: str, at: datetime, scope: Scope, source: str = ""
    ) -> PlannedImport:
        """Check everything a file holds and say what would change; write nothing.

        `source`: SHA-256 of the file. Raises what `Importer.plan` raises."""
        importer = Importer(self, by=by, second=second, at=at, scope=scope, source=source)
        plan = importer.plan(file)
        if not plan.new:
            return PlannedImport(plan=plan, items=self._items, facts=self._facts)
        replaced = {("crl", made.item.subject) for made in plan.new if made.item.kind == "crl"}
        kept = (item for item in self._items if (item.kind, item.subject) not in replaced)
        items = (*kept, *(made.item for made in plan.new))
        return PlannedImport(plan=plan, items=items, facts=self._facts_of(self._version + 1, items))

    def carry_out(self, planned: PlannedImport, sign: Callable[[bytes], bytes]) -> None:
        """Write what was planned: every file, then one manifest. A power cut leaves the old store or the new."""
        if not planned.plan.new:
            return
        replace_all({self._path(made.item): made.encoded for made in planned.plan.new})
        self._commit(planned.items, sign)

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
        """Pin one CSCA, DER or PEM, on the word of two persons; return its SHA-256.

        Raises TrainingAnchorError, SecondPersonError, CertificateRefusedError."""
        file = TrustFile(form="certificate", certificates=(data,))
        planned = self.plan_import(file, by=by, second=second, at=at, scope=scope)
        self.carry_out(planned, sign)
        return planned.plan.fingerprints[0]

    def import_crl(self, data: bytes, *, by: str, at: datetime, sign: Callable[[bytes], bytes]) -> str:
        """Take in a CRL that a pinned CSCA of the same country signed; return its SHA-256.

        Raises CrlRefusedError, CrlRolledBackError."""
        file = TrustFile(form="crl", crls=(data,))
        planned = self.plan_import(file, by=by, second="", at=at, scope="identity-card")
        self.carry_out(planned, sign)
        return planned.plan.fingerprints[0]

    def _commit(self, items: tuple[StoredItem, ...], sign: Callable[[bytes], bytes]) -> None:
        manifest = self._manifest(self._version + 1, items)
        whole = {"manifest": manifest, "signature": sign(_signed_octets(manifest)).hex()}
        replace_file(self._directory / MANIFEST, json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n")
        self._take(self._version + 1, items)

    def _manifest(self, version: int, items: Iterable[StoredItem]) -> dict[str, Any]:
        lines = [asdict(item) for item in items]
        return {"format": FORMAT, "training": self._training, "version": version, "items": lines}

    def _facts_of(self, version: int, items: tuple[StoredItem, ...]) -> Facts:
        digest = hashlib.sha256(_signed_octets(self._manifest(version, items))).hexdigest()
        return freeze({"store_version": version, "store_sha256": digest})

    def _path(self, item: StoredItem) -> Path:
        return self._directory / _FOLDERS[item.kind] / f"{item.sha256}.der"


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
