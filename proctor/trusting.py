"""The trust store of a data root: made, opened and signed with the station's own key."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from readers.emrtd.pki.errors import TrustStoreAlteredError, TrustStoreMissingError
from readers.emrtd.pki.store import MANIFEST, TrustStore
from sessions.checkpoint import VerifierKey
from sessions.errors import NoteSignatureError
from sessions.keys import Unlocked
from sessions.root import DataRoot
from sessions.store import Store

FOLDER = "anchors"
IMPORT_BEGUN = "trust-import-begun"
EMPTY_VERSION = 1
"""Of a store that was just made."""


def signer_of(root: DataRoot, keys: Unlocked) -> Callable[[bytes], bytes]:
    """Return what signs this root's trust store; the octets carry their own domain prefix."""
    return keys.bundle.signer(root.origin).sign


def open_trust(root: DataRoot, keys: Unlocked) -> TrustStore:
    """Return the root's trust store, made when absent. Raises TrustStoreAlteredError: then nothing starts."""
    folder = root.trust_dir / FOLDER
    signer = keys.bundle.signer(root.origin)
    try:
        return TrustStore.open(folder, training=root.kind == "training", verify=_verifier(signer.key))
    except TrustStoreMissingError:
        return TrustStore.create(folder, training=root.kind == "training", sign=signer.sign)


def open_logged_trust(root: DataRoot, keys: Unlocked, log: Store) -> TrustStore:
    """Return a real root's trust store, if it is the one the log's last import left behind.

    A store that was deleted, or put back to an older state that the station once signed, is found by this: what a
    revocation list once said cannot be unsaid. An import whose end never reached the log is taken as far as it came.
    Raises TrustStoreAlteredError.
    """
    events = [entry.body for entry in log.entries("key")]
    ended = [body for body in events if "store_version" in body]
    version, digest = (
        (ended[-1]["store_version"], ended[-1]["store_sha256"]) if ended else (EMPTY_VERSION, "")
    )
    if ended and not (root.trust_dir / FOLDER / MANIFEST).exists():
        raise TrustStoreAlteredError(reason="missing")
    trust = open_trust(root, keys)
    if trust.facts["store_sha256"] == digest or (not ended and not trust.list()):
        return trust
    begun = events[-1] if events and events[-1]["event"] == IMPORT_BEGUN else None
    known = {item.sha256 for item in trust.list()}
    if begun and trust.facts["store_version"] == version + 1 and begun["fingerprint"] in known:
        return trust
    raise TrustStoreAlteredError(reason="other-than-logged")


def open_trust_read_only(root: DataRoot) -> TrustStore:
    """Return the trust store without the station's secrets, checked with its pinned public key.

    Raises TrustStoreMissingError, TrustStoreAlteredError.
    """
    return TrustStore.open(
        root.trust_dir / FOLDER, training=root.kind == "training", verify=_verifier(root.station_key())
    )


def empty_trust() -> TrustStore:
    """Return a store that trusts nobody: for a chip read on a machine that has no station yet."""
    with tempfile.TemporaryDirectory() as folder:
        return TrustStore.create(Path(folder), training=False, sign=lambda _octets: b"")


def _verifier(key: VerifierKey) -> Callable[[bytes, bytes], None]:
    def verify(octets: bytes, signature: bytes) -> None:
        try:
            key.verify(signature, octets)
        except NoteSignatureError as error:
            raise ValueError(error.code) from None

    return verify
