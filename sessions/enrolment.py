"""Passwords of people who are users already: changed by themselves, or given anew by two others."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import Final

from sessions.checkpoint import Signer
from sessions.errors import EnrolRefusedError, EvidenceMissingError, UnknownUserError, WrongSecretError
from sessions.keys import Argon2, require_secret
from sessions.record import Second
from sessions.roles import require_may
from sessions.root import DataRoot
from sessions.store import Receipt, Store
from sessions.users import Login

CHANGED: Final = "password-changed"
ENROLLED: Final = "user-enrolled"


def change_password(
    root: DataRoot, store: Store, login: Login, old: str, new: str, *, cost: Argon2 | None = None
) -> Receipt:
    """Give the user at the keyboard another password; the old one opens nothing any more.

    Raises WrongSecretError, SecretTooShortError, StoreError, OSError.
    """
    user_id = login.operator.user_id
    opened = root.keys.open_with_secret(user_id, old)
    if require_secret(new) == old:
        raise WrongSecretError(why="same")
    body = {"event": CHANGED, "user": user_id}
    receipt = store.append("key", body, operator=login.operator)
    root.keys.add_slot(
        login.keys.master, user_id, new, opened.user, cost or Argon2(), personal=opened.personal
    )
    return receipt


def enrol(
    root: DataRoot,
    store: Store,
    login: Login,
    *,
    second: Second,
    user_id: str,
    secret: str,
    cost: Argon2 | None = None,
) -> Receipt:
    """Give a user of the log a new password: one who forgot it, or whom new secrets left out.

    Role and name are those of the log. What the old password alone opened is gone: there is a new key, that two
    others put in the log, and no codes any more. Raises EnrolRefusedError for one of the two,
    UnknownUserError, RoleForbiddenError, SecretTooShortError, StoreError.
    """
    require_may(login.operator, "keys")
    require_another(login, second.user_id, user_id)
    people = store.people()
    role = people.roles.get(user_id, people.disabled.get(user_id))
    if role is None:
        raise UnknownUserError(user=user_id[:32])
    user = {"role": role, "name": _name(store, user_id)}
    require_secret(secret)
    seed = secrets.token_bytes(32)
    body = {"event": ENROLLED, "user": user_id, "role": role, "vkey": Signer(user_id, seed).key.encode()}
    receipt = store.append("key", body, operator=login.operator, second=second)
    personal = {"signing": seed.hex()}
    root.keys.add_slot(login.keys.master, user_id, secret, user, cost or Argon2(), personal=personal)
    return receipt


def require_another(login: Login, second: str | None, user_id: str) -> None:
    """Raise EnrolRefusedError for one of the two persons: they change their own by `change_password`."""
    if user_id in {login.operator.user_id, second}:
        raise EnrolRefusedError(user=user_id[:32])


def _name(store: Store, user_id: str) -> str:
    """Return the name that a user was added with; the id where it was erased."""
    for entry in store.entries("key"):
        if entry.body["event"] == "user-added" and entry.body["user"] == user_id:
            with suppress(EvidenceMissingError, ValueError, KeyError):
                return str(json.loads(store.evidence(entry.seq, "identity"))["name"])
    return user_id
