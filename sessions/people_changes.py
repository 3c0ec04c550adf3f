"""What changes about a user of the log: role, active or not, what proves presence. Two persons, and the log first.

Nothing here needs the user's password but what the user does alone (`with_personal` in people_keys).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any, Final

from sessions.checkpoint import VerifierKey
from sessions.errors import EvidenceErasedError, EvidenceMissingError, UnknownUserError
from sessions.people_errors import TotpStateError, UserStateError
from sessions.people_guard import LoginGuard
from sessions.record import Operator, Second
from sessions.roles import require_may, require_role
from sessions.store import Receipt, Store

_CARD: Final = b"proctor user card 1\n"
_SALT: Final = 32


def set_role(store: Store, user: str, role: str, *, operator: Operator, second: Second) -> Receipt:
    """Give a user another role. Raises RoleForbiddenError, UnknownRoleError, UnknownUserError, UserStateError."""
    _require_others(store, user, operator, second)
    require_role(role, training=False)
    if store.people().roles.get(user) == role:
        raise UserStateError(user=user, why="same-role")
    body = {"event": "user-role", "user": user, "role": role}
    return store.append("key", body, operator=operator, second=second)


def set_active(
    store: Store, user: str, *, active: bool, reason: str, operator: Operator, second: Second
) -> Receipt:
    """Let a user act no more, or again; past entries stay. Raises as `set_role`."""
    _require_others(store, user, operator, second)
    if (user in store.people().roles) == active:
        raise UserStateError(user=user, why="active" if active else "disabled")
    body = {"event": "user-enabled" if active else "user-disabled", "user": user, "reason": reason}
    return store.append("key", body, operator=operator, second=second)


def unlock(store: Store, guard: LoginGuard, user: str, *, operator: Operator, second: Second) -> Receipt:
    """Let a user who gave too many wrong passwords try again at once. Raises as `set_role`."""
    _require_others(store, user, operator, second)
    receipt = store.append("key", {"event": "user-unlocked", "user": user}, operator=operator, second=second)
    guard.clear(user)
    return receipt


def _require_others(store: Store, user: str, operator: Operator, second: Second) -> None:
    require_may(operator, "keys")
    if user not in store.people().people:
        raise UnknownUserError(user=user[:32])
    if user in {operator.user_id, second.user_id}:
        raise UserStateError(user=user, why="own")


# -- what proves presence ------------------------------------------------------------------------------


def register_token(store: Store, key: VerifierKey | None, *, operator: Operator, second: Second) -> Receipt:
    """Enter the key in the operator's own token, or that there is none any more. Raises StoreError."""
    body: dict[str, Any] = {"event": "user-token", "user": operator.user_id, "state": "off"}
    if key is not None:
        body |= {"state": "on", "vkey": key.encode()}
    return store.append("key", body, operator=operator, second=second)


def register_card(store: Store, number: str | None, *, operator: Operator, second: Second) -> Receipt:
    """Enter the operator's own card, by a salted hash of its number that lies in the encrypted evidence; or that there
    is none any more. Raises StoreError.
    """
    body: dict[str, Any] = {"event": "user-card", "user": operator.user_id, "state": "off"}
    if number is None:
        return store.append("key", body, operator=operator, second=second)
    salt = secrets.token_bytes(_SALT)
    card = {"salt": salt.hex(), "sha256": _card_hash(salt, number)}
    identity = json.dumps({"card": card}).encode()
    return store.append(
        "key", {**body, "state": "on"}, {"identity": identity}, operator=operator, second=second
    )


def is_card_of(store: Store, seq: int, number: str) -> bool:
    """Whether a number is that of the card that an entry registered; an erased one is nobody's."""
    try:
        card = json.loads(store.evidence(seq, "identity"))["card"]
        salt = bytes.fromhex(card["salt"])
    except (EvidenceMissingError, EvidenceErasedError, ValueError, KeyError, TypeError):
        return False
    return bool(_card_hash(salt, number) == card["sha256"])


def _card_hash(salt: bytes, number: str) -> str:
    return hashlib.sha256(_CARD + salt + number.encode()).hexdigest()


def enter_totp(store: Store, *, on: bool, operator: Operator) -> Receipt:
    """Enter that the operator logs in with a six-digit code from now on, or no more. Raises TotpStateError."""
    if (operator.user_id in store.people().totp) == on:
        raise TotpStateError(user=operator.user_id, why="on" if on else "off")
    body = {"event": "user-totp", "user": operator.user_id, "state": "on" if on else "off"}
    return store.append("key", body, operator=operator)
