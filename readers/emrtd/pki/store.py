"""The pinned CSCAs and their CRLs: a directory that its station signed as a whole.

`store.json` holds the manifest and the signature over it; the manifest names every file by its SHA-256 and is the
index: a certificate is parsed only when a document names its issuer. A store that was changed in any other way
than through here is refused whole. Nothing is trusted because a card brought it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

from cryptography.exceptions import InvalidSignature

from readers.emrtd.evidence import Facts, freeze
from readers.emrtd.pki.asn1 import parsing
from readers.emrtd.pki.certificate import Certificate, read_certificate
from readers.emrtd.pki.chain import Anchor, Scope
from readers.emrtd.pki.crl import Crl, read_crl
from readers.emrtd.pki.errors import TrustStoreAlteredError, TrustStoreMissingError
from readers.emrtd.pki.importing import Importer, ImportPlan, NewItem
from readers.emrtd.pki.revocation import superseded
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
        self._listed: dict[str, list[StoredItem]] = {}
        self._anchors: dict[str, tuple[Anchor, ...]] = {}
        self._crls: dict[str, tuple[Crl, ...]] = {}
        self._deciding: dict[tuple[str, Scope | None], Crl | None] = {}
        for item in items:
            if item.kind == "csca":
                self._named.setdefault(item.subject, []).append(item)
            else:
                self._listed.setdefault(item.subject, []).append(item)

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

    def anchors_for(self, signer: Certificate) -> tuple[Anchor, ...]:
        """The pinned CSCAs that may have issued this certificate: those whose key it points at, where there are any,
        else all that bear its issuer's name. Raises TrustStoreAlteredError when a file changed since."""
        name, pointer = signer.issuer.key, signer.authority_key_id
        if name not in self._anchors and pointer is not None:
            pointed = [item for item in self._named.get(name, ()) if item.key_id in ("", pointer.hex())]
            if any(item.key_id for item in pointed):
                return tuple(map(self.anchor, pointed))
        return self.anchors_named(name)

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

    def crl_of(self, issuer_key: str, scope: Scope | None = None) -> Crl | None:
        """The newest CRL of the issuer with this name, signed for this kind of document when one is given; it knows
        what every other list of the name revokes."""
        if (issuer_key, scope) not in self._deciding:
            self._deciding[issuer_key, scope] = self._decide(issuer_key, scope)
        return self._deciding[issuer_key, scope]

    def _decide(self, issuer_key: str, scope: Scope | None) -> Crl | None:
        lists = list(zip(self._listed.get(issuer_key, ()), self.crls_of(issuer_key), strict=True))
        counting = [crl for item, crl in lists if scope is None or item.scope in ("", scope)]
        if not counting:
            return None
        newest = max(reversed(counting), key=lambda crl: crl.this_update)
        every: frozenset[int] = frozenset().union(*(crl.serials for _, crl in lists))
        return replace(newest, earlier=every - newest.serials)

    def crls_of(self, issuer_key: str) -> tuple[Crl, ...]:
        """Every CRL of the issuer with this name, in the order of import: the newest of each of its keys, and older
        ones that name what newer ones do not."""
        if issuer_key not in self._crls:
            items = self._listed.get(issuer_key, ())
            self._crls[issuer_key] = tuple(read_crl(self.read_item(item)) for item in items)
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
        gone = self._superseded(plan.new)
        kept = (item for item in self._items if item.sha256 not in gone)
        items = (*kept, *(made.item for made in plan.new))
        return PlannedImport(plan=plan, items=items, facts=self._facts_of(self._version + 1, items))

    def _superseded(self, new: Iterable[NewItem]) -> set[str]:
        """The SHA-256 of the CRLs that nothing is lost without."""
        gone: set[str] = set()
        for made in new:
            stored = self.crls_of(made.item.subject) if made.replaces else ()
            left = [crl for crl in stored if crl.fingerprint not in gone]
            replaced = [crl for crl in left if crl.fingerprint in made.replaces]
            others = [crl for crl in left if crl.fingerprint not in made.replaces]
            gone |= superseded(read_crl(made.encoded), replaced, others) if replaced else set()
        return gone

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

    def sign_again(self, sign: Callable[[bytes], bytes]) -> None:
        """Sign the store as it is, under the same version, by a station key that took the place of another."""
        manifest = self._manifest(self._version, self._items)
        whole = {"manifest": manifest, "signature": sign(_signed_octets(manifest)).hex()}
        replace_file(self._directory / MANIFEST, json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n")

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
