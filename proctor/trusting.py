"""The trust store of a data root: made, opened and signed with the station's own key."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from readers.emrtd.pki.errors import TrustStoreMissingError
from readers.emrtd.pki.store import TrustStore
from sessions.checkpoint import VerifierKey
from sessions.errors import NoteSignatureError
from sessions.keys import Unlocked
from sessions.root import DataRoot

FOLDER = "anchors"


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
