"""People at the station: the first one, further ones, and who is at the keyboard now.

Every addition is an entry of the log; the role that a slot file claims counts only if the log has it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sessions.checkpoint import Signer, VerifierKey
from sessions.errors import (
    KeysDamagedError,
    RoleForbiddenError,
    UserExistsError,
    UserIdError,
    WrongSecretError,
)
from sessions.events import STATION_ID, USER_ID
from sessions.instance import Instance
from sessions.keys import Argon2, KeyringBackend, Unlocked, require_secret
from sessions.mark import MEMORY, has_begun
from sessions.people_errors import AddingAloneError, SharedAccountError, UserDisabledError
from sessions.record import Clock, Operator, Second
from sessions.roles import load_roles, require_may, require_role
from sessions.root import DataRoot
from sessions.store import Store

FUNCTIONS: Final = frozenset(
    [
        "admin",
        "root",
        "user",
        "users",
        "guest",
        "test",
        "demo",
        "operator",
        "supervisor",
        "proctor",
        "desk",
        "exam",
        "may",
        "tram",
        "phong",
        "phongthi",
        "ban",
        "canbo",
        "canbocoithi",
        "coithi",
        "giamthi",
        "giamsat",
        "togiamsat",
        "thuky",
        "chutich",
        "phochutich",
        "quantri",
        "quantrivien",
        "thanhtra",
        "kiemtoan",
        "kiemtoanvien",
        "sathach",
        "sathachvien",
        "truongdiem",
        "truongdiemthi",
        "hoidong",
        "hocvien",
        "thisinh",
    ]
)
"""Ids, without digits and hyphens, that several people would share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What is asked of a new user. The name is for paper; bodies hold id and role.

    `signing_seed`: 32 random bytes, the user's own Ed25519 key.
    """

    user_id: str
    role: str
    name: str = field(repr=False)
    secret: str = field(repr=False)
    signing_seed: bytes = field(repr=False, default_factory=lambda: secrets.token_bytes(32))

    @property
    def signer(self) -> Signer:
        """The user's own key; nobody else has it."""
        return Signer(self.user_id, self.signing_seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user at the keyboard and the keys that the password opened."""

    operator: Operator
    keys: Unlocked = field(repr=False)


def open_store(
    root: DataRoot,
    keys: Unlocked,
    clock: Clock,
    *,
    outside: Path | None = None,
    for_epoch: bool = False,
    former: VerifierKey | None = None,
) -> Store:
    """Return the root's open log; raises StoreError, InstanceChangedError.

    `outside`: a folder outside the root that remembers it too; `for_epoch`, `former` as in `Store.open`.
    """
    return Store.open(
        root.database, for_epoch=for_epoch, former=former, **store_parts(root, keys, clock, outside)
    )


def instance_of(root: DataRoot, keys: Unlocked, outside: Path | None = None) -> Instance:
    """Return this machine's memory of a root's log: beside the log, and in `outside`."""
    places = [root.path / MEMORY]
    if outside is not None:
        places.append(outside / f"{root.origin.replace('/', '_')}.bin")
    return Instance.of_machine(places, station=root.origin, evidence_key=keys.bundle.evidence_key)


def add_first(
    root: DataRoot,
    user: NewUser,
    *,
    clock: Clock,
    keyring: KeyringBackend | None = None,
    cost: Argon2 | None = None,
    outside: Path | None = None,
) -> Login:
    """Make the station's keys (real roots), its log and its first user, once per data root.

    `keyring` is a backend that was probed, or None; it only ever serves a real root. Raises UserExistsError,
    UserIdError, SecretTooShortError, UnknownRoleError.
    """
    checked = _require_new(root, user)
    if root.database.exists():
        raise UserExistsError(user=user.user_id)
    keys = _first_keys(root, user, keyring)
    signer = _add_slot(root, keys, user, checked, cost)
    operator = Operator(user_id=user.user_id, role=user.role, name=checked["name"], signer=signer)
    with Store.create(root.database, **store_parts(root, keys, clock, outside)) as store:
        _log(store, user, operator, signer)
    return Login(operator=operator, keys=keys)


def add(
    root: DataRoot,
    store: Store,
    by: Login,
    user: NewUser,
    *,
    second: Second | None = None,
    cost: Argon2 | None = None,
) -> Operator:
    """Add a user and log who did: as soon as two others could, two persons.

    Raises RoleForbiddenError, UserExistsError, AddingAloneError, and the errors of `add_first`.
    """
    require_may(by.operator, "add-user")
    checked = _require_new(root, user)
    if user.user_id in root.keys.slot_ids() or user.user_id in store.people().people:
        raise UserExistsError(user=user.user_id)
    if root.kind == "real" and second is None and store.people().add_takes_two(user.user_id):
        raise AddingAloneError(user=user.user_id)
    signer = _add_slot(root, by.keys, user, checked, cost)
    _log(store, user, by.operator, signer, second)
    return Operator(user_id=user.user_id, role=user.role, name=checked["name"], signer=signer)


def authenticate(root: DataRoot, user_id: str, secret: str) -> Login:
    """Return who this is, by password; raises WrongSecretError for unknown user or wrong password.

    Follow with `require_logged` once the log is open.
    """
    if not USER_ID.fullmatch(user_id):
        raise WrongSecretError
    keys = root.keys.open_with_secret(user_id, secret)
    user = keys.user
    operator = Operator(
        user_id=user_id,
        role=user.get("role", ""),
        name=user.get("name", ""),
        signer=signer_of(user_id, keys.personal),
    )
    return Login(operator=operator, keys=keys)


def signer_of(user_id: str, personal: Mapping[str, str]) -> Signer | None:
    """Return the user's own key of what a password opened, or None; raises KeysDamagedError."""
    seed = personal.get("signing")
    try:
        return None if seed is None else Signer(user_id, bytes.fromhex(seed))
    except ValueError:
        raise KeysDamagedError(file="slot", user=user_id) from None


def require_logged(store: Store, login: Login) -> Operator:
    """Return the operator in the role that the log gives, where the slot says this one or one of before.

    Raises UserDisabledError, RoleForbiddenError.
    """
    people, user_id = store.people(), login.operator.user_id
    if user_id in people.disabled:
        raise UserDisabledError(user=user_id)
    role = people.roles.get(user_id)
    if role is not None and login.operator.role in people.former.get(user_id, ()):
        return replace(login.operator, role=role)
    if role != login.operator.role:
        raise RoleForbiddenError(user=user_id, role=login.operator.role)
    return login.operator


def list_users(root: DataRoot, keys: Unlocked) -> tuple[Operator, ...]:
    """Return everyone with a slot, by id; raises KeysDamagedError for an altered slot."""
    return tuple(
        Operator(user_id=user_id, role=user.get("role", ""), name=user.get("name", ""))
        for user_id, user in root.keys.users(keys.master).items()
    )


def logged_users(store: Store) -> dict[str, str]:
    """Return user id → role as the log has them, of those who may act."""
    return dict(store.people().roles)


def is_function(user_id: str) -> bool:
    """Whether an id names a function or a machine, and so nobody: "admin", "can-bo-2", "thuky"."""
    word = "".join(letter for letter in user_id if letter.isalpha())
    return word in FUNCTIONS or word in {role.replace("-", "") for role in load_roles()}


def _require_new(root: DataRoot, user: NewUser) -> Mapping[str, str]:
    """Return what the slot will hold; raises for an impossible id, role or password."""
    if not USER_ID.fullmatch(user.user_id) or user.user_id == STATION_ID:
        raise UserIdError
    if root.kind == "real" and is_function(user.user_id):
        raise SharedAccountError(user=user.user_id)
    require_secret(user.secret)
    require_role(user.role, training=root.kind == "training")
    return {"role": user.role, "name": " ".join(user.name.split())}


def _first_keys(root: DataRoot, user: NewUser, keyring: KeyringBackend | None) -> Unlocked:
    """Return the keys of a root without a log: fresh ones, or those of a first addition cut short.

    Keys that nothing was written with, and that this password does not open, are made anew: nobody may have one that
    does.
    """
    real, begun = root.kind == "real", has_begun(root.path)
    if real and root.keys.exists and user.user_id in root.keys.slot_ids():
        try:
            return root.keys.open_with_secret(user.user_id, user.secret)
        except WrongSecretError:
            if begun:
                raise
    if real and root.keys.exists and not begun:
        root.forget_keys()
    if not root.keys.exists:
        return root.create_keys(custody="sealed" if keyring is None else "keyring", keyring=keyring)
    return root.unlock(keyring)


def _add_slot(
    root: DataRoot, keys: Unlocked, user: NewUser, checked: Mapping[str, str], cost: Argon2 | None
) -> Signer | None:
    """Write a new user's slot, and return the user's own key, which only the password opens; training has none:
    nobody logs in there.
    """
    signer = None if root.kind == "training" else user.signer
    personal = {} if signer is None else {"signing": user.signing_seed.hex()}
    root.keys.add_slot(keys.master, user.user_id, user.secret, checked, cost or Argon2(), personal=personal)
    return signer


def _log(
    store: Store, user: NewUser, by: Operator, signer: Signer | None, second: Second | None = None
) -> None:
    body: dict[str, Any] = {"event": "user-added", "user": user.user_id, "role": user.role}
    if signer is not None:
        body["vkey"] = signer.key.encode()
    name = json.dumps({"name": user.name}, ensure_ascii=False).encode()
    store.append("key", body, {"identity": name}, operator=by, second=second)


def store_parts(root: DataRoot, keys: Unlocked, clock: Clock, outside: Path | None = None) -> dict[str, Any]:
    """Return what `Store.open` needs of a root and its keys."""
    return {
        "database_key": keys.bundle.database_key,
        "evidence_key": keys.bundle.evidence_key,
        "signer": keys.bundle.signer(root.origin),
        "clock": clock,
        "instance": instance_of(root, keys, outside),
    }
