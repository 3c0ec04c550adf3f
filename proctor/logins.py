"""A person at the keyboard: password, six-digit code, waiting after wrong ones; and what the log is told of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sessions.errors import WrongSecretError
from sessions.people_errors import TotpCodeError, TotpLostError
from sessions.people_guard import LoginGuard
from sessions.people_keys import name_key, with_own_key
from sessions.people_totp import require_code
from sessions.record import STATION, Operator
from sessions.root import DataRoot
from sessions.store import Store
from sessions.users import Login, authenticate, require_logged

AskSecret = Callable[[str], str]
CODE = "/code"
"""A user's six-digit code is asked for as the secret of `USER/code`: the line `USER/code:123456` of --secrets-fd."""
FILE_NAME = "logins.json"


def guard_of(root: DataRoot, memory: Path | None) -> LoginGuard:
    """Return what counts wrong passwords of a root: in the root, and in the folder outside."""
    places = [root.path / FILE_NAME]
    if memory is not None:
        places.append(memory / f"{root.origin.replace('/', '_')}.logins.json")
    return LoginGuard(places)


def log_in(root: DataRoot, user_id: str, ask: AskSecret, guard: LoginGuard) -> Login:
    """Return who is at the keyboard, by password and, for those who have them, a six-digit code.

    Raises LoginLockedError, WrongSecretError, TotpCodeError. Go on with `greet` once the log is open.
    """
    known = root.keys.exists and user_id in root.keys.slot_ids()
    if known:
        guard.require(user_id, datetime.now(UTC))
    secret = ask(user_id)
    try:
        login = authenticate(root, user_id, secret)
        step = _require_code(login, ask, guard)
    except (WrongSecretError, TotpCodeError):
        if known:
            guard.failed(user_id, datetime.now(UTC))
        raise
    guard.passed(user_id, step)
    return with_own_key(root, login, secret)


def _require_code(login: Login, ask: AskSecret, guard: LoginGuard) -> int | None:
    """Return the step of the code that was asked for, or None for a user without codes."""
    secret, user_id = login.keys.personal.get("totp"), login.operator.user_id
    if secret is None:
        return None
    now = int(datetime.now(UTC).timestamp())
    last = guard.step_of(user_id)
    return require_code(bytes.fromhex(secret), ask(f"{user_id}{CODE}"), seconds=now, last=last, user=user_id)


def greet(store: Store, login: Login) -> Operator:
    """Return who logged in as the log knows them; their key is named in it if it is not yet.

    Raises RoleForbiddenError, UserDisabledError, TotpLostError, StoreError.
    """
    operator = require_logged(store, login)
    if operator.user_id in store.people().totp and "totp" not in login.keys.personal:
        raise TotpLostError(user=operator.user_id)
    name_key(store, operator)
    return operator


def enter_refused(store: Store, guard: LoginGuard) -> int:
    """Enter wrong passwords that are not in the log yet; return how many entries. Raises StoreError."""
    owed = guard.owed()
    people = store.people().people
    for each in owed:
        if each.user in people:
            body = {
                "event": "login-refused",
                "user": each.user,
                "count": each.count,
                "since": each.since,
                "counter": "lost" if each.lost else "kept",
            }
            store.append("key", body, operator=STATION)
    if owed:
        guard.entered()
    return len(owed)
