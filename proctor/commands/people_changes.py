"""`proctor user …`: what changes about people, and what proves that they are here."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import segno

from proctor.commands.context import Context
from proctor.desks import read_access
from proctor.errors import CommandError
from proctor.logins import CODE, guard_of
from proctor.present import AccessText
from proctor.roots import OpenRoot, memory_folder
from proctor.seconds import second_of
from proctor.tokens import USER_PIN
from readers.cccd.access_plan import number_of
from sessions.checkpoint import VerifierKey
from sessions.people_changes import (
    enter_totp,
    register_card,
    register_token,
    set_active,
    set_role,
)
from sessions.people_changes import unlock as unlock_user
from sessions.people_errors import TotpStateError
from sessions.people_keys import renew_key, with_personal
from sessions.people_totp import as_address, as_text, new_secret, require_code
from sessions.pkcs11 import find_or_make_key
from sessions.roles import require_may
from sessions.store import Receipt

STEP_UP = "keys"
ADMINISTRATOR = "administrator"
ENOUGH = 2
WAITING = "totp-new"


@contextmanager
def _open(context: Context, action: str | None = STEP_UP) -> Iterator[OpenRoot]:
    """Open the real root as a person whose role permits this."""
    with context.open_real(login=True) as opened:
        if action is not None:
            require_may(opened.require_login().operator, action)
        yield opened


def _tell(context: Context, user: str, receipt: Receipt) -> int:
    data = {"ok": True, "user": user, "entry": receipt.seq}
    context.result(data, (context.texts.say("result.user-changed", user=user, seq=receipt.seq),))
    return 0


def _warn_of_few(context: Context, opened: OpenRoot) -> None:
    """Say so where fewer than two administrators are left: alone, nobody undoes this any more."""
    left = sum(role == ADMINISTRATOR for role in opened.store.people().roles.values())
    if left < ENOUGH:
        context.say("user-few-administrators", count=left)


# -- two others ----------------------------------------------------------------------------------------


def role(context: Context) -> int:
    """Give a user another role."""
    options = context.options
    with _open(context) as opened:
        operator, second = opened.require_login().operator, second_of(context, opened, STEP_UP)
        receipt = set_role(opened.store, options.user, options.role, operator=operator, second=second)
        _warn_of_few(context, opened)
    return _tell(context, options.user, receipt)


def disable(context: Context) -> int:
    """Deactivate a user."""
    return _activate(context, active=False)


def enable(context: Context) -> int:
    """Let a deactivated user act again."""
    return _activate(context, active=True)


def _activate(context: Context, *, active: bool) -> int:
    options = context.options
    reason = " ".join(options.reason.split())
    if not reason:
        raise CommandError("reason-needed", usage=True)
    with _open(context) as opened:
        operator, second = opened.require_login().operator, second_of(context, opened, STEP_UP)
        receipt = set_active(
            opened.store, options.user, active=active, reason=reason, operator=operator, second=second
        )
        _warn_of_few(context, opened)
    return _tell(context, options.user, receipt)


def unlock(context: Context) -> int:
    """Let somebody try again at once."""
    user = context.options.user
    with _open(context) as opened:
        operator, second = opened.require_login().operator, second_of(context, opened, STEP_UP)
        guard = guard_of(opened.root, memory_folder(opened.root))
        receipt = unlock_user(opened.store, guard, user, operator=operator, second=second)
    return _tell(context, user, receipt)


# -- one's own -----------------------------------------------------------------------------------------


def key(context: Context) -> int:
    """Renew one's own signing key."""
    context.require_closed()
    with _open(context, None) as opened:
        login = opened.require_login()
        user = login.operator.user_id
        _, receipt = renew_key(opened.root, opened.store, login, context.ask(user))
    return _tell(context, user, receipt)


def token(context: Context) -> int:
    """Register one's own token, before a second person."""
    options = context.options
    if not options.off and not (options.pkcs11 and options.token and options.key):
        raise CommandError("user-token-options", usage=True)
    with _open(context, None) as opened:
        login = opened.require_login()
        user = login.operator.user_id
        second = second_of(context, opened, STEP_UP)
        if options.off:
            receipt = register_token(opened.store, None, operator=login.operator, second=second)
            with_personal(opened.root, login, context.ask(user), {"token": None})
            return _off(context, user, "token", receipt)
        found = find_or_make_key(options.pkcs11, options.token, options.key, context.ask(f"{user}{USER_PIN}"))
        own = VerifierKey(name=user, public=found.public)
        with_personal(opened.root, login, context.ask(user), {"token": json.dumps(found.as_fields())})
        receipt = register_token(opened.store, own, operator=login.operator, second=second)
    data = {"ok": True, "user": user, "entry": receipt.seq, "fingerprint": own.fingerprint}
    said = context.texts.say("result.token-on", user=user, fingerprint=own.fingerprint)
    context.result(data, (said,))
    return 0


def card(context: Context) -> int:
    """Register one's own chip card, before a second person."""
    options = context.options
    number = None if options.off else _number(context)
    with _open(context, None) as opened:
        login = opened.require_login()
        user = login.operator.user_id
        second = second_of(context, opened, STEP_UP)
        receipt = register_card(opened.store, number, operator=login.operator, second=second)
    if number is None:
        return _off(context, user, "card-face", receipt)
    said = context.texts.say("result.card-on", user=user)
    context.result({"ok": True, "user": user, "entry": receipt.seq}, (said,))
    return 0


def _number(context: Context) -> str:
    """Return the 12-digit number of one's own card. Raises CommandError, ReaderError."""
    options = context.options
    given = (
        AccessText("qr", options.qr) if options.qr is not None else AccessText("number", options.number or "")
    )
    if not given.text:
        raise CommandError("user-card-options", usage=True)
    source, _ = read_access(AccessText(given.kind, context.read_argument(given.text)))
    found = None if source is None else number_of(source)
    if found is None:
        raise CommandError("user-card-options", usage=True)
    return found.value


def _off(context: Context, user: str, proof: str, receipt: Receipt) -> int:
    data = {"ok": True, "user": user, "entry": receipt.seq}
    context.result(data, (context.texts.say("result.proof-off", user=user, proof=proof),))
    return 0


# -- six-digit codes -----------------------------------------------------------------------------------


def totp(context: Context) -> int:
    """Show a new code key once, confirm it with the first code, or turn codes off."""
    context.require_closed()
    options = context.options
    with _open(context, None) as opened:
        if options.off:
            return _totp_off(context, opened)
        return _totp_confirm(context, opened) if options.confirm else _totp_begin(context, opened)


def _totp_begin(context: Context, opened: OpenRoot) -> int:
    """Keep a new key in the slot, beside the one in force, until a code of it was given."""
    login = opened.require_login()
    user = login.operator.user_id
    if user in opened.store.people().totp:
        raise TotpStateError(user=user, why="on")
    secret = new_secret()
    with_personal(opened.root, login, context.ask(user), {WAITING: secret.hex()})
    address = as_address(secret, user=user, station=opened.root.origin)
    data = {"ok": True, "user": user, "secret": as_text(secret), "address": address, "confirmed": False}
    lines = [context.texts.say("result.totp-secret", secret=as_text(secret))]
    lines += [_picture(address), context.texts.say("result.totp-next", user=user)]
    context.result(data, tuple(lines))
    return 0


def _totp_confirm(context: Context, opened: OpenRoot) -> int:
    login = opened.require_login()
    user = login.operator.user_id
    waiting = login.keys.personal.get(WAITING)
    if waiting is None:
        raise CommandError("totp-not-begun")
    secret = bytes.fromhex(waiting)
    guard = guard_of(opened.root, memory_folder(opened.root))
    code = context.ask(f"{user}{CODE}")
    step = require_code(secret, code, seconds=int(time.time()), last=guard.step_of(user), user=user)
    with_personal(opened.root, login, context.ask(user), {WAITING: None, "totp": waiting})
    receipt = enter_totp(opened.store, on=True, operator=login.operator)
    guard.passed(user, step)
    context.result(
        {"ok": True, "user": user, "entry": receipt.seq, "confirmed": True},
        (context.texts.say("result.totp-on", user=user),),
    )
    return 0


def _totp_off(context: Context, opened: OpenRoot) -> int:
    login = opened.require_login()
    user = login.operator.user_id
    seq = None
    if (
        user in opened.store.people().totp or "totp" not in login.keys.personal
    ):  # else a crash left it half done
        seq = enter_totp(opened.store, on=False, operator=login.operator).seq
    with_personal(opened.root, login, context.ask(user), {"totp": None, WAITING: None})
    context.result(
        {"ok": True, "user": user, "entry": seq}, (context.texts.say("result.totp-off", user=user),)
    )
    return 0


def _picture(address: str) -> str:
    """Return a QR code made of half blocks, as a terminal shows it."""
    rows = [[bool(cell) for cell in row] for row in segno.make(address, micro=False).matrix_iter(border=2)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    blocks = {(False, False): "█", (True, True): " ", (True, False): "▄", (False, True): "▀"}
    return "\n".join(
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
