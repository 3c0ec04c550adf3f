"""`proctor backup` and `proctor restore`."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.commands.keys import DEPARTMENT
from proctor.commands.session import open_for
from proctor.config import Places
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.keeping import BackupPlaces, back_up, backup_json, read_known
from proctor.logins import guard_of, log_in
from proctor.roots import (
    TRAINING_ROLE,
    TRAINING_USER,
    OpenRoot,
    machine_pins,
    pinned_keys,
    second_person,
)
from proctor.tokens import with_token
from sessions.checkpoint import VerifierKey
from sessions.department import MAX_FILE, DepartmentPrivate, is_bare, read_private
from sessions.errors import NoteFormatError, WrongSecretError
from sessions.keys import Unlocked
from sessions.pins import StationPins
from sessions.record import Operator, Second, SystemClock
from sessions.restore import Job, Restored, restore
from sessions.roles import require_may
from sessions.root import DataRoot
from sessions.store import Store
from sessions.users import Login, require_logged

MAX_VKEY = 1_024


def backup(context: Context) -> int:
    """Write a backup, or with --set remember where every session's backup goes. Exit 0 only with both parts."""
    options = context.options
    if (options.set is None) == (options.to is None) and options.set is not None:
        raise CommandError("backup-options", usage=True)
    with open_for(context, training=options.training, login=True) as opened:
        require_may(opened.require_login().operator, "export")
        if options.set is not None:
            return _set(context, opened)
        done = back_up(opened, _places(context, opened.root))
    data = backup_json(done)
    say = context.texts.say
    lines = [say("result.backup", file=str(done.data.path), size=done.size)]
    if done.keys is not None:
        lines.append(say("result.backup-keys", file=str(done.keys.path)))
    lines += [say("result.backup-removed", file=str(path)) for path in done.removed]
    if done.same_device:
        lines.append(say("result.backup-same-device"))
    context.result(data, tuple(lines))
    if done.keys_error is not None:
        why = context.texts.say(done.keys_error.code, **done.keys_error.facts)
        context.say("backup-without-keys", why=why)
        return 1
    return 0


def _set(context: Context, opened: OpenRoot) -> int:
    options = context.options
    keys = None if options.keys_to is None else Path(options.keys_to)
    places = BackupPlaces.choose(opened.root, Path(options.set), keys)
    places.save(opened.root)
    data = {
        "ok": True,
        "to": str(places.to),
        "keys_to": None if places.keys_to is None else str(places.keys_to),
        "apart": places.apart,
    }
    context.result(data, (context.texts.say("result.backup-set", folder=str(places.to)),))
    return 0


def _places(context: Context, root: DataRoot) -> BackupPlaces:
    options = context.options
    if options.to is not None:
        keys = None if options.keys_to is None else Path(options.keys_to)
        return BackupPlaces(to=Path(options.to), keys_to=keys, apart=False)
    places = BackupPlaces.load(root)
    if places is None or options.keys_to is not None:
        raise CommandError("backup-options", usage=True)
    return places


# -- restore -------------------------------------------------------------------------------------------


def bring_back(context: Context) -> int:
    """Restore a station into a new folder, proving what is restored."""
    context.require_closed()
    options = context.options
    if not options.reason.strip():
        raise CommandError("reason-needed", usage=True)
    if options.root is None:
        raise CommandError("restore-root-needed", usage=True)
    if (options.keys is None) != (options.department_key is None) or (
        (options.keys is None) != options.without_evidence
    ):
        raise CommandError("restore-options", usage=True)
    target = Path(options.root).expanduser().absolute()
    with ExitStack() as stack:
        people, (pins, signers) = _People(context, stack), _pins(context)
        job = Job(
            data=_existing(options.data),
            keys_file=None if options.keys is None else _existing(options.keys),
            department=_department(context),
            target=target,
            pins=pins,
            signers=signers,
            known=read_known(tuple(options.anchor or ())),
            reason=" ".join(options.reason.split()),
            clock=SystemClock(),
            outside=people.memory,
            new_signing_key=options.new_signing_key,
        )
        done = restore(job, unlock=people.unlock, persons=people.persons)
    data = _restored_json(done)
    say = context.texts.say
    lines = [
        say("result.restored", folder=str(target), size=done.size, root=done.root_hash, at=done.made_at),
        say("result.restored-erased", left_out=done.left_out, shreds=done.shreds),
        *(
            say("result.restored-ahead", anchor=anchor.label, size=anchor.size, lost=anchor.size - done.size)
            for anchor in done.ahead
        ),
    ]
    if done.without_keys:
        lines.append(say("result.restored-closed", count=done.without_keys))
    context.result(data, tuple(lines))
    return 0


class _People:
    """Who restores: asked for once the backup's log has been proven, since it says who may."""

    def __init__(self, context: Context, stack: ExitStack) -> None:
        self._context, self._stack = context, stack
        self._login: Login | None = None

    @property
    def memory(self) -> Path | None:
        """The folder outside the root that remembers a real station's log; training has none."""
        return None if self._context.options.training else self._context.places.home / "memory"

    def unlock(self, root: DataRoot) -> Unlocked:
        """Return the keys of the restored root, by the password of --by; training's lie bare."""
        context = self._context
        if root.kind == "training":
            return root.unlock()
        user = context.options.by
        if user is None:
            raise CommandError("user-needed", usage=True)
        login = log_in(root, user, context.ask, guard_of(root, self.memory))
        if context.options.new_signing_key:
            self._login = login
            return login.keys
        keys = with_token(root, login.keys, context.ask, self._stack)
        self._login = Login(operator=login.operator, keys=keys)
        return keys

    def persons(self, root: DataRoot, store: Store) -> tuple[Operator, Second]:
        """Return both persons, whose roles are those of the restored log."""
        context, login = self._context, self._login
        if login is None:
            operator = Operator(user_id=TRAINING_USER, role=TRAINING_ROLE)
            second = Second(
                user_id=context.options.second or f"{TRAINING_USER}-2", role=TRAINING_ROLE, proof="training"
            )
            return operator, second
        operator = require_may(require_logged(store, login), "keys")
        opened = OpenRoot(root=root, keys=login.keys, store=store, login=login, settled=False)
        return operator, second_person(opened, context.options.second, context.ask)


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise CommandError("file-missing", file=name)
    return path


def _department(context: Context) -> DepartmentPrivate | None:
    """Return the department's private key, its passphrase asked for; one that lies bare is training's."""
    name = context.options.department_key
    if name is None:
        return None
    data = read_file(name, MAX_FILE)
    bare = is_bare(read_private(data))
    if bare and not context.options.training:
        return DepartmentPrivate.open(data, None)
    try:
        return DepartmentPrivate.open(data, None if bare else context.ask(DEPARTMENT), training=bare)
    except WrongSecretError:
        raise CommandError("department-passphrase", file=name) from None


def _pins(context: Context) -> tuple[StationPins, tuple[VerifierKey, ...]]:
    """Return whom to believe about the backup's log, and every key that may have signed an anchor: given or pinned."""
    places, given = Places(home=context.places.home), context.options.station_key or ()
    files = {value: _vkey(value) for value in given if Path(value).is_file()}
    signers = (*files.values(), *pinned_keys(places))
    if not given:
        return machine_pins(places), signers
    fingerprints = [files[value].fingerprint if value in files else value for value in given]
    try:
        return StationPins.of_fingerprint(*fingerprints), signers
    except NoteFormatError:
        raise CommandError("bad-fingerprint", usage=True, value=" ".join(given)) from None


def _vkey(name: str) -> VerifierKey:
    try:
        return VerifierKey.parse(read_file(name, MAX_VKEY).decode("utf-8", errors="replace").strip())
    except NoteFormatError:
        raise CommandError("bad-fingerprint", usage=True, value=name) from None


def _restored_json(done: Restored) -> dict[str, Any]:
    return {
        "ok": True,
        "folder": str(done.root.path),
        "origin": done.root.origin,
        "made_at": done.made_at,
        "size": done.size,
        "root": done.root_hash,
        "ahead": [
            {"anchor": anchor.label, "size": anchor.size, "lost": anchor.size - done.size}
            for anchor in done.ahead
        ],
        "erased_keys_left_out": done.left_out,
        "erased_again": done.shreds,
        "evidence_without_keys": done.without_keys,
        "entry": done.entry,
    }
