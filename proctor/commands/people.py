"""`proctor user add` and `proctor user list`."""

import getpass
from datetime import UTC, datetime
from typing import Any

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.logins import guard_of
from proctor.roots import locked, memory_folder
from proctor.seconds import second_of
from sessions.errors import RootMissingError
from sessions.keys import require_secret
from sessions.os_keyring import working_keyring
from sessions.people_register import Register
from sessions.record import Operator, SystemClock
from sessions.roles import require_may, roles_for
from sessions.root import DataRoot
from sessions.users import NewUser, add_first, list_users
from sessions.users import add as add_user

FIRST_ROLE = "administrator"


def add(context: Context) -> int:
    """Add a user; with --first, make the station."""
    options = context.options
    if not options.id and not options.first:
        raise CommandError("user-id-needed", usage=True)
    return _add_first(context) if options.first else _add_next(context)


def _new_user(context: Context, role: str) -> NewUser:
    """Ask for the new user's password. The first user's id is by default that of the account this runs under."""
    options = context.options
    user_id = options.id or getpass.getuser().lower()
    if not options.name.strip():
        context.say("person-name-missing", user=user_id)
    asked = (f"{user_id}: mật khẩu mới / new password: ", f"{user_id}: nhập lại / again: ")
    secret = require_secret(context.secrets.new_secret_of(user_id, *asked))
    return NewUser(user_id=user_id, role=options.role or role, name=options.name or user_id, secret=secret)


def _add_first(context: Context) -> int:
    user = _new_user(context, FIRST_ROLE)
    path = context.places.real
    try:
        root = DataRoot.open(path, kind="real")
    except RootMissingError:
        root = DataRoot.create(path, "real", now=datetime.now(UTC))
    keyring, outside = working_keyring(), memory_folder(root)
    with locked(root):  # somebody else may be making it, or works with it
        login = add_first(root, user, clock=SystemClock(), keyring=keyring, outside=outside)
    key_file = root.path / "station.vkey"
    key_file.write_text(root.station_key().encode() + "\n", encoding="utf-8")
    data = {
        "id": login.operator.user_id,
        "role": login.operator.role,
        "root_folder": str(path),
        "origin": root.origin,
        "station_key": root.station_key().fingerprint,
        "station_key_file": str(key_file),
    }
    context.result(data, (_added(context, user), f"{root.origin} {data['station_key']}", str(key_file)))
    return 0


def _add_next(context: Context) -> int:
    options = context.options
    if not options.role:
        raise CommandError("role-needed", usage=True, known=" ".join(roles_for(training=False)))
    with context.open_real(login=True) as opened:
        login = opened.require_login()
        require_may(login.operator, "add-user")
        alone = not options.second and not opened.store.people().add_takes_two(options.id)
        second = None if alone else second_of(context, opened, "keys")
        user = _new_user(context, FIRST_ROLE)
        add_user(opened.root, opened.store, login, user, second=second)
    context.result({"id": user.user_id, "role": user.role}, (_added(context, user),))
    return 0


def _added(context: Context, user: NewUser) -> str:
    return context.texts.say("result.user", id=user.user_id, role=user.role)


def list_all(context: Context) -> int:
    """List the users: id, role, whether they may act, what they prove presence with. No secrets."""
    with context.open_real(login=False) as opened:
        people, users = opened.store.people(), list_users(opened.root, opened.keys)
        wrong = guard_of(opened.root, memory_folder(opened.root)).counts()
    rows = [_row(people, user, wrong.get(user.user_id, 0)) for user in users]
    states = {state: context.texts.say(f"users.{state}") for state in ("active", "disabled")}
    lines = tuple(
        f"{row['id']}  {row['role']}  {row['name']}  {states[row['state']]}  {' '.join(row['proofs'])}".rstrip()
        for row in rows
    )
    context.result({"users": rows}, lines)
    return 0


def _row(people: Register, user: Operator, wrong: int) -> dict[str, Any]:
    """One user as `user list` shows it; the role is the log's."""
    name = user.user_id
    key = people.keys.get(name)
    proofs = {"password": True, "totp": name in people.totp, "token": name in people.tokens}
    proofs["card-face"] = name in people.cards
    return {
        "id": name,
        "role": people.roles.get(name, people.disabled.get(name, user.role)),
        "name": user.name,
        "state": "disabled" if name in people.disabled else "active",
        "key": None if key is None else key.fingerprint,
        "proofs": [proof for proof, there in proofs.items() if there],
        "wrong_passwords": wrong,
    }
