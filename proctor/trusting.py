"""The trust store of a data root: made, opened and signed with the station's own key."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from proctor.config import Places
from proctor.roots import kind_at, locked, open_log, require_real_root, settle_keys, unlock_by_keyring
from readers.emrtd.pki.errors import TrustStoreAlteredError, TrustStoreMissingError
from readers.emrtd.pki.store import MANIFEST, PlannedImport, TrustStore
from sessions.checkpoint import VerifierKey
from sessions.errors import NoteSignatureError, RootBusyError, TokenNeededError
from sessions.keys import Unlocked
from sessions.record import Operator, Second
from sessions.root import DataRoot
from sessions.store import Store

FOLDER = "anchors"
IMPORT_BEGUN = "trust-import-begun"
CRL_ROLLED_BACK = "crl-rolled-back"
"""The alarm: somebody offered a revocation list older than the one in the store."""
CRL_UNLISTED = "crl-unlisted"
"""The alarm: a newer revocation list no longer names certificates that the one before it did. They stay revoked."""

AGREES, NOT_READ, NOT_KEPT, NO_STATION = "agrees", "not-read", "not-kept", "no-station"
"""What is known of a trust store and the log that must speak of it."""

Signing = Callable[[bytes], bytes]


def signer_of(root: DataRoot, keys: Unlocked) -> Signing:
    """Return what signs this root's trust store; the octets carry their own domain prefix."""
    return keys.bundle.signer(root.origin).sign


def open_trust(root: DataRoot, keys: Unlocked, *earlier: VerifierKey) -> TrustStore:
    """Return the root's trust store, made when absent. Raises TrustStoreAlteredError: then nothing starts.

    `earlier`: station keys of before, one of which may have signed it still."""
    folder = root.trust_dir / FOLDER
    signer = keys.bundle.signer(root.origin)
    verify = _verifier(signer.key, *earlier)
    try:
        return TrustStore.open(folder, training=root.kind == "training", verify=verify)
    except TrustStoreMissingError:
        return TrustStore.create(folder, training=root.kind == "training", sign=signer.sign)


def earlier_keys(log: Store) -> tuple[VerifierKey, ...]:
    """Return every key that signed this station's log, as its entries name them."""
    entries = (*log.entries("key"), *log.entries("epoch"))
    return tuple(VerifierKey.parse(entry.body["vkey"]) for entry in entries if _names_key(entry.body))


def _names_key(body: Mapping[str, object]) -> bool:
    return body["kind"] == "epoch" or body.get("event") in {"station-key", "station-key-rotated"}


def open_logged_trust(root: DataRoot, keys: Unlocked, log: Store) -> TrustStore:
    """Return a real root's trust store, if it is the one the log's last import left behind.

    A store that was deleted, or put back to an older state that the station once signed, is found by this: what a
    revocation list once said cannot be unsaid. An import whose end never reached the log is accepted if the store is
    exactly what its beginning announced. Raises TrustStoreAlteredError.
    """
    events = [entry.body for entry in log.entries("key")]
    ended = [number for number, body in enumerate(events) if "store_version" in body]
    last = events[ended[-1]] if ended else None
    if last is not None and not (root.trust_dir / FOLDER / MANIFEST).exists():
        raise TrustStoreAlteredError(reason="missing")
    trust = open_trust(root, keys, *earlier_keys(log))
    if last is None and not trust.list():
        return _signed_now(root, keys, trust)
    begun = [body for body in events[ended[-1] + 1 if ended else 0 :] if body["event"] == IMPORT_BEGUN]
    agreed = {body.get("planned_sha256") for body in begun} | ({last["store_sha256"]} if last else set())
    if trust.facts["store_sha256"] not in agreed:
        raise TrustStoreAlteredError(reason="other-than-logged")
    return _signed_now(root, keys, trust)


def _signed_now(root: DataRoot, keys: Unlocked, trust: TrustStore) -> TrustStore:
    """Return the store, which the log vouched for, signed by the key in force: the station's key was changed."""
    signer = keys.bundle.signer(root.origin)
    try:
        open_trust(root, keys)
    except TrustStoreAlteredError:
        with suppress(TokenNeededError):  # at the next login, then
            trust.sign_again(signer.sign)
    return trust


def carry_out_logged(
    trust: TrustStore,
    planned: PlannedImport,
    log: Store,
    *,
    sign: Signing,
    by: Operator,
    second: Second,
    file: str,
) -> None:
    """Write a planned import between two entries: what it is going to leave behind, and that it did.

    `file`: SHA-256 of the imported file; where the file brings one item alone, that item's is recorded."""
    new = planned.plan.new
    one = new[0].item.sha256 if len(new) == 1 else file
    cscas = sum(made.item.kind == "csca" for made in new)
    common = {"fingerprint": one, "cscas": cscas, "crls": len(new) - cscas}
    begun = {"event": IMPORT_BEGUN, **common, "planned_sha256": planned.facts["store_sha256"]}
    log.append("key", begun, operator=by, second=second)
    trust.carry_out(planned, sign)
    event = "csca-imported" if cscas else "crl-imported"
    ended = {"event": event, **common, "planned_sha256": begun["planned_sha256"], **trust.facts}
    log.append("key", ended, operator=by, second=second)


def open_trust_read_only(root: DataRoot) -> TrustStore:
    """Return the trust store without the station's secrets, checked with its pinned public key.

    Raises TrustStoreMissingError, TrustStoreAlteredError.
    """
    return TrustStore.open(
        root.trust_dir / FOLDER, training=root.kind == "training", verify=_verifier(root.station_key())
    )


def compared_trust(root: DataRoot) -> tuple[TrustStore, str]:
    """Return a real root's trust store and AGREES, compared with the log where the keyring opens it and nobody else
    holds it; else NOT_READ: then an older store that the station once signed would not be noticed.

    Raises TrustStoreMissingError, TrustStoreAlteredError, SessionsError for a damaged log."""
    keys = unlock_by_keyring(root)
    if keys is not None:
        try:
            with locked(root, wait_s=0):
                keys = settle_keys(root, keys)
                with open_log(root, keys) as log:
                    return open_logged_trust(root, keys, log), AGREES
        except RootBusyError:  # by a session, which compared them when it began
            pass
    return open_trust_read_only(root), NOT_READ


def real_trust(places: Places) -> tuple[TrustStore, str]:
    """Return the trust store of this machine's station as `compared_trust`, or one that trusts nobody and NO_STATION.

    Without a store the log was not read."""
    if kind_at(places.real) is None:
        return empty_trust(), NO_STATION
    try:
        return compared_trust(require_real_root(places.real))
    except TrustStoreMissingError:
        return empty_trust(), NOT_READ


def empty_trust() -> TrustStore:
    """Return a store that trusts nobody: for a chip read on a machine that has no station yet."""
    with tempfile.TemporaryDirectory() as folder:
        return TrustStore.create(Path(folder), training=False, sign=lambda _octets: b"")


def _verifier(*keys: VerifierKey) -> Callable[[bytes, bytes], None]:
    def verify(octets: bytes, signature: bytes) -> None:
        for key in keys:
            with suppress(NoteSignatureError):
                key.verify(signature, octets)
                return
        raise ValueError(NoteSignatureError.code)

    return verify
