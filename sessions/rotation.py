"""New keys for a station, so that a crash at any point leaves one that opens, and the old ones open nothing.

What is going to be done is written into the sealed bundle before anything is done; `settle`, at every opening,
finishes what a crash left. A signing key that the log does not name yet was never in force; new secrets, once their
bundle is in force, are carried through to the end and then entered.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sessions.bundle import KeyBundle, new_seal_key
from sessions.checkpoint import VerifierKey
from sessions.engine import DatabaseError, connect, translate
from sessions.errors import (
    KeysDamagedError,
    KeysTrainingError,
    RootBusyError,
    RotationRefusedError,
)
from sessions.evidence_keys import FILE_NAME
from sessions.files import write_private
from sessions.instance import Instance
from sessions.keys import KeyringBackend, Unlocked
from sessions.pkcs11 import TokenKey, TokenSigner
from sessions.record import STATION as BY_ITSELF
from sessions.record import Clock, Operator, Second
from sessions.rekeying import rekey, reseal
from sessions.root import DataRoot
from sessions.store import Receipt, Store
from sessions.users import instance_of, store_parts

STATION: Final = "station"
SECRETS: Final = "secrets"
_MAX_REASON: Final = 200
_ROOM: Final = 3
"""Free room that new secrets need, in sizes of the database: its pages go through the write-ahead log once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """The two persons of a rotation and why they do it."""

    operator: Operator
    second: Second
    reason: str
    signatures: Mapping[str, Any] | None = field(default=None, compare=False)
    """What both signed of an entry that is still to come: a crash may leave it to somebody else to write it."""

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > _MAX_REASON:
            raise RotationRefusedError(why="reason")

    def as_work(self) -> dict[str, Any]:
        """Return the fields as they wait in the bundle."""
        signatures = {} if self.signatures is None else {"signatures": dict(self.signatures)}
        return {
            "operator": self.operator.as_body(),
            "second": self.second.as_body(),
            "reason": self.reason,
            **signatures,
        }

    @classmethod
    def of_work(cls, work: Mapping[str, Any]) -> By:
        """Return the persons of `as_work`; raises KeysDamagedError."""
        try:
            operator, second = work["operator"], work["second"]
            return cls(
                operator=Operator(user_id=operator["id"], role=operator["role"]),
                second=Second(
                    user_id=second["id"],
                    role=second["role"],
                    proof=second["proof"],
                    presence=second.get("presence"),
                ),
                reason=work["reason"],
                signatures=work.get("signatures"),
            )
        except (KeyError, TypeError):
            raise KeysDamagedError(why="work") from None


# -- the signing key -----------------------------------------------------------------------------------


def rotate_station(
    root: DataRoot,
    store: Store,
    keys: Unlocked,
    by: By,
    *,
    token: tuple[TokenKey, TokenSigner] | None = None,
) -> tuple[Unlocked, Receipt]:
    """Give the station a new signing key, in the bundle or in a token, and return the keys and the entry's receipt.

    The old key signs the entry, the new one everything after it, first of all an entry that says so: until then a pin
    of the new key would prove nothing. Raises KeysTrainingError, RotationRefusedError, StoreError, OSError.
    """
    _require_real(root)
    seed = b"" if token is not None else secrets.token_bytes(32)
    bundle = replace(
        keys.bundle,
        signing_seed=seed,
        token=None if token is None else token[0],
        signing=None if token is None else token[1],
        work=None,
    )
    if bundle.verifier_key(root.origin) == keys.bundle.verifier_key(root.origin):
        raise RotationRefusedError(why="same-key")
    work = {"kind": STATION, **by.as_work(), "seed": seed.hex()}
    if token is not None:
        work["token"] = token[0].as_fields()
    root.keys.write_bundle(keys.master, replace(keys.bundle, work=work))
    body = {"custody": bundle.signing_custody, "reason": by.reason}
    receipt = store.rotate_key(bundle.signer(store.origin), body, operator=by.operator, second=by.second)
    _enter_in_force(store)
    return _take_over(root, keys, bundle, bundle.verifier_key(store.origin)), receipt


def begin_epoch_with_new_key(
    root: DataRoot, store: Store, keys: Unlocked, by: By, *, previous: str | None = None
) -> tuple[Unlocked, Receipt]:
    """Begin an epoch with a fresh signing key, the former one being lost; `store` was opened for that.

    Nobody signs for the change but the two persons: verifiers need a pin of the new key. `previous` as in
    `Store.begin_epoch`. Raises KeysTrainingError, StoreError, OSError.
    """
    _require_real(root)
    seed = secrets.token_bytes(32)
    bundle = replace(keys.bundle, signing_seed=seed, token=None, signing=None, work=None)
    work = {"kind": STATION, **by.as_work(), "seed": seed.hex()}
    root.keys.write_bundle(keys.master, replace(keys.bundle, work=work))
    receipt = store.begin_epoch(
        reason=by.reason,
        operator=by.operator,
        second=by.second,
        path=root.database,
        previous=previous,
        signer=bundle.signer(root.origin),
    )
    return _take_over(root, keys, bundle, bundle.verifier_key(store.origin)), receipt


def _enter_in_force(store: Store) -> None:
    """Let the new key sign, if it has not yet: its first entry, by the station itself."""
    last = store.entry(store.head().size - 1)
    if last.body.get("event") == "station-key-rotated":
        key = VerifierKey.parse(last.body["vkey"])
        body = {"event": "station-key-in-force", "fingerprint": key.fingerprint}
        store.append("key", body, operator=BY_ITSELF)


def _settle_station(
    root: DataRoot, keys: Unlocked, *, clock: Clock, outside: Path | None, for_epoch: bool
) -> Unlocked:
    """Take over the new signing key if the log names it as the last; else it was never in force."""
    work = keys.bundle.work or {}
    try:
        token = TokenKey.of_fields(work["token"]) if "token" in work else None
        seed = bytes.fromhex(work["seed"])
    except (KeyError, TypeError, ValueError):
        raise KeysDamagedError(why="work") from None
    new = replace(keys.bundle, signing_seed=seed, token=token, signing=None, work=None)
    named = _last_key(root.database, keys.bundle.database_key)
    if named is not None and named.public == new.verifier_key(root.origin).public:
        if not for_epoch:
            parts = store_parts(root, replace(keys, bundle=new), clock, outside)
            with Store.open(root.database, **parts) as store:
                _enter_in_force(store)
        return _take_over(root, keys, new, named)
    return _written(root, keys, replace(keys.bundle, work=None))


def _take_over(root: DataRoot, keys: Unlocked, bundle: KeyBundle, own: VerifierKey) -> Unlocked:
    repin(root, own)
    return _written(root, keys, bundle)


def repin(root: DataRoot, key: VerifierKey) -> None:
    """Let the root's own pin of this origin, and `station.vkey`, name the station's present key. Raises OSError."""
    line = f"{key.encode()}\n".encode()
    for path in sorted(root.stations_dir.glob("*.vkey")):
        if VerifierKey.parse(path.read_text(encoding="utf-8")).name == key.name:
            write_private(path, line)
            break
    else:
        root.pins.add(key.encode())
    write_private(root.path / "station.vkey", line)


def _last_key(path: Path, database_key: bytes) -> VerifierKey | None:
    """Return the signing key that a log's entries name last; what they say is proven when the log is opened."""
    sql = (
        "SELECT json_extract(CAST(body AS TEXT), '$.vkey') FROM entries WHERE kind IN ('key', 'epoch') "
        "AND coalesce(json_extract(CAST(body AS TEXT), '$.event'), 'epoch') "
        "IN ('station-key', 'station-key-rotated', 'epoch') ORDER BY seq DESC LIMIT 1"
    )
    try:
        with closing(connect(path, database_key).conn) as conn:
            row = conn.execute(sql).fetchone()
    except DatabaseError as error:
        raise translate(error) from None
    return None if row is None else VerifierKey.parse(str(row[0]))


# -- the secrets ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What came of new secrets: the keys, and the users whose passwords open nothing any more."""

    keys: Unlocked
    kinds: tuple[str, ...]
    left_out: tuple[str, ...]


def rotate_secrets(
    root: DataRoot,
    store: Store,
    keys: Unlocked,
    by: By,
    *,
    clock: Clock,
    outside: Path | None = None,
    keyring: KeyringBackend | None = None,
    drop: tuple[str, ...] = (),
) -> Rotated:
    """Make database, evidence, master and seal key anew; `store`, open until now, is closed.

    Every user keeps the password, except those in `drop` and those whose slot is of schema 1 (they must be enrolled
    again). Evidence of schema 1 keeps the evidence key: its keys lie wrapped in the log. Raises KeysTrainingError,
    RotationRefusedError, StoreError, OSError.
    """
    _require_real(root)
    kinds = _new_kinds(root, store)
    _require_users(root, by, drop)
    old, rotation = keys.bundle, secrets.token_hex(16)
    left_out = tuple(user for user in root.keys.slot_ids() if user in drop or root.keys.is_old_slot(user))
    entry = _secrets_entry(by, {"rotation": rotation, "keys": list(kinds), "left_out": list(left_out)})
    by = replace(by, signatures=store.sign("key", entry, operator=by.operator, second=by.second))
    store.close()
    work = {
        "kind": SECRETS,
        "id": rotation,
        **by.as_work(),
        "database": old.database_key.hex(),
        "evidence": old.evidence_key.hex(),
        "kinds": list(kinds),
        "left_out": list(left_out),
    }
    bundle = replace(
        old,
        database_key=secrets.token_bytes(32),
        evidence_key=secrets.token_bytes(32) if "evidence" in kinds else old.evidence_key,
        seal_pkcs8=new_seal_key(),
        work=work,
    )
    master = root.keys.next_generation(keys.master, bundle, keyring=keyring, leave_out=left_out)
    begun = replace(keys, bundle=bundle, master=master)
    done = settle(root, begun, clock=clock, outside=outside, keyring=keyring)
    return Rotated(keys=done, kinds=kinds, left_out=left_out)


def _new_kinds(root: DataRoot, store: Store) -> tuple[str, ...]:
    """Return which keys can be made anew; raises RotationRefusedError when it must not begin now."""
    waiting = root.path / "pending"
    if waiting.is_dir() and any(waiting.iterdir()):
        raise RotationRefusedError(why="pending")
    size = root.database.stat().st_size
    if shutil.disk_usage(root.path).free < _ROOM * size:
        raise RotationRefusedError(why="room", needed=_ROOM * size)
    with store.maintain() as conn:
        wrapped = conn.execute("SELECT 1 FROM evidence_keys WHERE wrapped IS NOT NULL LIMIT 1").fetchone()
    return ("database", *(() if wrapped else ("evidence",)), "master", "seal")


def _require_users(root: DataRoot, by: By, drop: tuple[str, ...]) -> None:
    for user in drop:
        if user not in root.keys.slot_ids() or user in {by.operator.user_id, by.second.user_id}:
            raise RotationRefusedError(why="drop", user=user)
    if any(root.keys.is_old_slot(person) for person in (by.operator.user_id, by.second.user_id)):
        raise RotationRefusedError(why="old-slot")


def settle(
    root: DataRoot,
    keys: Unlocked,
    *,
    clock: Clock,
    outside: Path | None = None,
    keyring: KeyringBackend | None = None,
    for_epoch: bool = False,
) -> Unlocked:
    """Finish the rotation that a crash left, and return the keys in force. Hold the root's lock.

    `for_epoch`: only so far that the log opens; the entry waits for the new epoch. Raises StoreError, OSError.
    """
    if root.keys.custody == "bare":
        return keys
    keys = _read_again(root, keys)
    root.keys.sweep(keyring)
    work = keys.bundle.work
    if work is None:
        return keys
    if work.get("kind") == STATION:
        return _settle_station(root, keys, clock=clock, outside=outside, for_epoch=for_epoch)
    if work.get("kind") != SECRETS:
        raise KeysDamagedError(why="work")
    try:
        database, evidence = bytes.fromhex(work["database"]), bytes.fromhex(work["evidence"])
        rotation, kinds, left_out = str(work["id"]), list(work["kinds"]), list(work["left_out"])
    except (KeyError, TypeError, ValueError):
        raise KeysDamagedError(why="work") from None
    rekey(root.database, database, keys.bundle.database_key)
    reseal(root.keys_dir / FILE_NAME, evidence, keys.bundle.evidence_key, root.origin)
    if for_epoch:
        return keys
    former = replace(keys, bundle=replace(keys.bundle, evidence_key=evidence))
    body = {"rotation": rotation, "keys": kinds, "left_out": left_out}
    _enter(root, keys, body, memory=instance_of(root, former, outside), clock=clock, outside=outside)
    return _written(root, keys, replace(keys.bundle, work=None))


def _read_again(root: DataRoot, keys: Unlocked) -> Unlocked:
    """Return the keys as they are now that nobody else holds the root: another process may have rotated meanwhile."""
    try:
        bundle = root.keys.open_bundle(keys.master)
    except KeysDamagedError:
        raise RootBusyError(why="keys-changed") from None
    same = bundle.token is not None and bundle.token == keys.bundle.token
    return replace(keys, bundle=replace(bundle, signing=keys.bundle.signing if same else None))


def _enter(
    root: DataRoot,
    keys: Unlocked,
    body: Mapping[str, Any],
    *,
    memory: Instance,
    clock: Clock,
    outside: Path | None,
) -> None:
    """Enter the rotation once, and let the machine's memory be written under the new evidence key."""
    by = By.of_work(keys.bundle.work or {})
    new = instance_of(root, keys, outside)
    parts = store_parts(root, keys, clock, outside)
    known = new if new.remembers else memory
    with Store.open(root.database, **{**parts, "instance": known}) as store:
        if not any(entry.body.get("rotation") == body["rotation"] for entry in store.entries("key")):
            whole = _secrets_entry(by, body)
            store.append("key", whole, operator=by.operator, second=by.second, signatures=by.signatures)
        head = store.head()
        if known is memory:
            new.bind(root.database, head.size, head.root)
            new.close()


def _secrets_entry(by: By, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"event": "secrets-rotated", "reason": by.reason, **body}


def _written(root: DataRoot, keys: Unlocked, bundle: KeyBundle) -> Unlocked:
    root.keys.write_bundle(keys.master, bundle)
    return replace(keys, bundle=bundle)


def _require_real(root: DataRoot) -> None:
    if root.kind == "training":
        raise KeysTrainingError
