"""Each user's own key: made where there is none, named in the log, renewed by its owner. Form: docs/log-format.md."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

from sessions.checkpoint import Signer
from sessions.people_errors import PersonKeyError
from sessions.record import Operator
from sessions.root import DataRoot
from sessions.store import Receipt, Store
from sessions.users import Login, signer_of

NAMED = "user-key"


def with_own_key(root: DataRoot, login: Login, secret: str) -> Login:
    """Return a log-in with a key of its own: one that has none (a user of before there were such) gets one in the
    slot, under the password just given. Training has none. Raises KeysDamagedError, OSError.
    """
    if root.kind == "training" or login.operator.signer is not None:
        return login
    return _with_seed(root, login, secret, secrets.token_bytes(32))


def name_key(store: Store, operator: Operator) -> Receipt | None:
    """Enter a user's key in the log if it names none yet; nothing to do otherwise. Raises StoreError."""
    signer = operator.signer
    if not isinstance(signer, Signer) or operator.user_id in store.people().keys:
        return None
    body = {"event": NAMED, "user": operator.user_id, "vkey": signer.key.encode()}
    return store.append("key", body, operator=operator)


def renew_key(root: DataRoot, store: Store, login: Login, secret: str) -> tuple[Login, Receipt]:
    """Give the user at the keyboard a new key, which the old one signs.

    The entry is first: a crash before the slot is written leaves the old key there, and two others give a new one.
    Raises PersonKeyError without the old key, WrongSecretError, StoreError, OSError.
    """
    user_id = login.operator.user_id
    if login.operator.signer is None:
        raise PersonKeyError(user=user_id, why="missing")
    root.keys.open_with_secret(user_id, secret)  # before the entry: the slot is written after it
    seed = secrets.token_bytes(32)
    body = {"event": NAMED, "user": user_id, "vkey": Signer(user_id, seed).key.encode()}
    receipt = store.append("key", body, operator=login.operator)
    return _with_seed(root, login, secret, seed), receipt


def with_personal(root: DataRoot, login: Login, secret: str, changes: Mapping[str, str | None]) -> Login:
    """Return the log-in with something else that is the user's alone, or without it (None), written to the slot.

    Raises WrongSecretError unless it is the user's password, OSError.
    """
    root.keys.open_with_secret(login.operator.user_id, secret)
    whole = {**login.keys.personal, **changes}
    personal = {name: value for name, value in whole.items() if value is not None}
    user_id = login.operator.user_id
    cost = root.keys.cost_of(user_id)
    root.keys.add_slot(login.keys.master, user_id, secret, login.keys.user, cost, personal=personal)
    return replace(login, keys=replace(login.keys, personal=personal))


def _with_seed(root: DataRoot, login: Login, secret: str, seed: bytes) -> Login:
    changed = with_personal(root, login, secret, {"signing": seed.hex()})
    signer = signer_of(login.operator.user_id, changed.keys.personal)
    return replace(changed, operator=replace(login.operator, signer=signer))
