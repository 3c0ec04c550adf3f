"""`proctor keys …` and `proctor department …`: which keys there are, where they lie, and new ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from proctor.commands.context import Context
from proctor.commands.session import open_for
from proctor.commands.trust_import import require_compared
from proctor.errors import CommandError
from proctor.files import read_file, require_folder
from proctor.fingerprints import grouped
from proctor.key_report import key_report
from proctor.logins import guard_of
from proctor.roots import OpenRoot, keyring_of, memory_folder
from proctor.seconds import second_of
from proctor.tokens import take_token
from proctor.trusting import open_logged_trust
from sessions.department import MAX_FILE, PRIVATE_NAME, PUBLIC_NAME, DepartmentPrivate, DepartmentPublic
from sessions.department_pin import pin
from sessions.enrolment import change_password, enrol, require_another
from sessions.errors import WrongSecretError
from sessions.files import write_private
from sessions.keys import require_secret
from sessions.record import SystemClock
from sessions.roles import require_may
from sessions.rotation import By, rotate_secrets, rotate_station

DEPARTMENT = "department"
"""As whose secret the department's passphrase is asked for."""
NEW_PASSWORD = "new-password"  # noqa: S105 - the name under which it is asked for


def show(context: Context) -> int:
    """Say which keys there are, where they lie and since which entry; never a secret."""
    with open_for(context, training=context.options.training, login=False) as opened:
        data = key_report(opened)
    say = context.texts.say
    signing, department = data["signing"], data["department"]
    lines = [
        say("keys.station", origin=data["origin"], custody=data["custody"], generation=data["generation"]),
        say("keys.signing", custody=signing["custody"], since=signing["since"]),
        f"  {grouped(signing['fingerprint'])}",
        *(
            say("keys.earlier", until=each["until"], fingerprint=each["fingerprint"])
            for each in data["earlier"]
        ),
        say("keys.secrets", since=data["secrets"]["since"], used=data["evidence"]["used"]),
        say("keys.users", users=", ".join(f"{user['id']} ({user['role']})" for user in data["users"])),
    ]
    if department is None:
        lines.append(say("keys.no-department"))
    else:
        lines.append(say("keys.department", name=department["name"], since=department["since"]))
        lines.append(f"  {grouped(department['fingerprint'])}")
    context.result(data, tuple(lines))
    return 0


def rotate(context: Context) -> int:
    """Make new keys, by two persons: the signing key, or all that is secret."""
    context.require_closed()
    options = context.options
    token = (options.pkcs11, options.token, options.key)
    if any(token) != all(token) or (any(token) and options.what != "station"):
        raise CommandError("token-options", usage=True)
    if options.drop and options.what != "secrets":
        raise CommandError("drop-options", usage=True)
    _require_reason(context)
    return _rotate_station(context) if options.what == "station" else _rotate_secrets(context)


def _rotate_station(context: Context) -> int:
    options = context.options
    with ExitStack() as stack:
        opened = stack.enter_context(_open(context))
        by = _by(context, opened)
        open_logged_trust(
            opened.root, opened.keys, opened.store
        )  # an altered trust store is not signed again
        token = None
        if options.pkcs11 is not None:
            token = take_token(
                opened.root,
                library=options.pkcs11,
                token=options.token,
                label=options.key,
                ask=context.ask,
                stack=stack,
            )
        before = opened.root.station_key().fingerprint
        keys, receipt = rotate_station(opened.root, opened.store, opened.keys, by, token=token)
        open_logged_trust(opened.root, keys, opened.store)
        data = {
            "ok": True,
            "custody": keys.bundle.signing_custody,
            "fingerprint": opened.root.station_key().fingerprint,
            "before": before,
            "vkey": opened.root.station_key().encode(),
            "key_file": str(opened.root.path / "station.vkey"),
            "entry": receipt.seq,
        }
    said = context.texts.say(
        "result.rotated-station", entry=receipt.seq, file=str(opened.root.path / "station.vkey")
    )
    context.result(data, (said, grouped(str(data["fingerprint"]))))
    return 0


def _rotate_secrets(context: Context) -> int:
    with _open(context) as opened:
        by = _by(context, opened)
        done = rotate_secrets(
            opened.root,
            opened.store,
            opened.keys,
            by,
            clock=SystemClock(),
            outside=memory_folder(opened.root),
            keyring=keyring_of(opened.root),
            drop=tuple(dict.fromkeys(context.options.drop or ())),
        )
        custody, generation = opened.root.keys.custody, opened.root.keys.generation
    data = {
        "ok": True,
        "kinds": list(done.kinds),
        "left_out": list(done.left_out),
        "custody": custody,
        "generation": generation,
    }
    lines = [context.texts.say("result.rotated-secrets", kinds=", ".join(done.kinds))]
    if done.left_out:
        lines.append(context.texts.say("result.left-out", users=", ".join(done.left_out)))
    if "evidence" not in done.kinds:
        lines.append(context.texts.say("result.evidence-kept"))
    context.result(data, tuple(lines))
    return 0


def passwd(context: Context) -> int:
    """Give oneself another password."""
    with _open(context, action=None) as opened:
        login = opened.require_login()
        user, guard = login.operator.user_id, guard_of(opened.root, memory_folder(opened.root))
        guard.require(
            user, datetime.now(UTC)
        )  # whoever sits at an open window guesses no faster than at the log-in
        old = context.ask(user)
        new = _new_secret(context, NEW_PASSWORD, require_secret)
        try:
            receipt = change_password(opened.root, opened.store, login, old, new)
        except WrongSecretError as error:
            if "why" not in error.facts:
                guard.failed(user, datetime.now(UTC))
            raise
    context.result(
        {"ok": True, "user": user, "entry": receipt.seq}, (context.texts.say("result.passwd", user=user),)
    )
    return 0


def enrol_user(context: Context) -> int:
    """Give a user of the log a new password, by two others."""
    options = context.options
    with _open(context) as opened:
        login = opened.require_login()
        require_another(login, options.second, options.user)
        second = second_of(context, opened, "keys")
        secret = _new_secret(context, options.user, require_secret)
        receipt = enrol(opened.root, opened.store, login, second=second, user_id=options.user, secret=secret)
        guard_of(opened.root, memory_folder(opened.root)).clear(options.user)
    said = context.texts.say("result.enrolled", user=options.user)
    context.result({"ok": True, "user": options.user, "entry": receipt.seq}, (said,))
    return 0


def department_key(context: Context) -> int:
    """Believe a department key from now on, by two persons who compared it with paper."""
    options = context.options
    key = DepartmentPublic.parse(read_file(options.file, MAX_FILE))
    require_compared(options.compared, key.fingerprint, options.file)
    with _open(context) as opened:
        operator = opened.require_login().operator
        context.say("department.compare", name=key.name, fingerprint=grouped(key.fingerprint))
        second = second_of(context, opened, "keys")
        receipt = pin(opened.root, opened.store, key, operator=operator, second=second)
    data = {
        "ok": True,
        "name": key.name,
        "fingerprint": key.fingerprint,
        "entry": None if receipt is None else receipt.seq,
    }
    word = "result.department-known" if receipt is None else "result.department-pinned"
    context.result(data, (context.texts.say(word, name=key.name), grouped(key.fingerprint)))
    return 0


def department_init(context: Context) -> int:
    """Make a department's key pair, on a machine of the department that is never online."""
    folder = require_folder(Path(context.options.out))
    private, public = folder / PRIVATE_NAME, folder / PUBLIC_NAME
    for path in (private, public):
        if path.exists():
            raise CommandError("file-exists", file=str(path))
    key = DepartmentPrivate.generate(context.options.name)
    sealed = key.seal(_new_secret(context, DEPARTMENT, require_secret))
    write_private(private, sealed)
    write_private(public, f"{key.public.encode()}\n".encode())
    data = {
        "ok": True,
        "name": key.public.name,
        "fingerprint": key.public.fingerprint,
        "public": str(public),
        "private": str(private),
    }
    said = context.texts.say("result.department", public=str(public), private=str(private))
    context.result(data, (said, grouped(key.public.fingerprint)))
    return 0


def department_show(context: Context) -> int:
    """Say whose public key a file holds, for comparing."""
    key = DepartmentPublic.parse(read_file(context.options.file, MAX_FILE))
    data = {"ok": True, "name": key.name, "fingerprint": key.fingerprint}
    context.result(data, (key.name, grouped(key.fingerprint)))
    return 0


@contextmanager
def _open(context: Context, action: str | None = "keys") -> Iterator[OpenRoot]:
    """Open the real root as a person whose role permits this."""
    with context.open_real(login=True) as opened:
        if action is not None:
            require_may(opened.require_login().operator, action)
        yield opened


def _by(context: Context, opened: OpenRoot) -> By:
    second = second_of(context, opened, "keys")
    reason = " ".join(context.options.reason.split())
    return By(operator=opened.require_login().operator, second=second, reason=reason)


def _require_reason(context: Context) -> None:
    if not context.options.reason.strip():
        raise CommandError("reason-needed", usage=True)


def _new_secret(context: Context, name: str, check: Callable[[str], str]) -> str:
    asked = (f"{name}: mật khẩu mới / new password: ", f"{name}: nhập lại / again: ")
    return check(context.secrets.new_secret_of(name, *asked))
