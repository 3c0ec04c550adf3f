"""Opening a data root: which one, by whom, with which keys. A training root opens by itself, a real one by a person."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from proctor.config import Places, default_home
from proctor.errors import CommandError
from proctor.logins import enter_refused, greet, guard_of, log_in
from proctor.tokens import with_token
from proctor.tpm import require_not_ahead
from sessions.checkpoint import VerifierKey
from sessions.errors import (
    KeysDamagedError,
    KeysMissingError,
    RootBusyError,
    RootExistsError,
    RootMissingError,
)
from sessions.keys import KeyringBackend, Unlocked
from sessions.mark import KEY_SETTINGS, has_begun
from sessions.os_keyring import working_keyring
from sessions.pins import StationPins
from sessions.record import Operator, Second, SystemClock
from sessions.roles import require_may
from sessions.root import DataRoot
from sessions.rotation import settle
from sessions.store import Store
from sessions.users import Login, NewUser, add_first, list_users, open_store, require_logged

TRAINING_USER = "tap-huan"
TRAINING_NAME = "Người tập huấn"
TRAINING_ROLE = "trainee"

LOCK_WAIT_S = 5.0

AskSecret = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoot:
    """A data root with its log open; `login` is who acts, or None where a command only reads.

    `settled` False: the log waits for a new epoch, and takes no entry before that one.
    """

    root: DataRoot
    keys: Unlocked = field(repr=False)
    store: Store = field(repr=False)
    login: Login | None
    settled: bool = True

    @property
    def operator(self) -> Operator | None:
        """Who acts."""
        return None if self.login is None else self.login.operator

    @property
    def training(self) -> bool:
        """Whether this is training data."""
        return self.root.kind == "training"

    def require_login(self) -> Login:
        """Return who acts. Raises CommandError "user-needed"."""
        if self.login is None:
            raise CommandError("user-needed", usage=True)
        return self.login


def ensure_training_root(path: Path) -> DataRoot:
    """Return the training root at `path`, made with its bare keys, log and user when absent.

    Raises CommandError "folder-not-training" when something else is there, SessionsError for a damaged root.
    """
    try:
        root = DataRoot.open(path)
    except RootMissingError:
        try:
            root = DataRoot.create(path, "training", now=datetime.now(UTC))
        except RootExistsError:
            raise CommandError("folder-not-training", root=str(path)) from None
    if root.kind != "training":
        raise CommandError("folder-not-training", root=str(path))
    if not root.database.exists():  # a new root, or one whose making was cut short
        user = NewUser(
            user_id=TRAINING_USER,
            role=TRAINING_ROLE,
            name=TRAINING_NAME,
            secret=secrets.token_urlsafe(24),  # nobody logs in to training: its keys lie bare
        )
        add_first(root, user, clock=SystemClock(), outside=memory_folder(root))
    return root


@contextmanager
def open_training(root: DataRoot, *, for_epoch: bool = False) -> Iterator[OpenRoot]:
    """Open a training root for writing. `for_epoch` as in `open_real`."""
    with ExitStack() as stack:
        stack.enter_context(locked(root))
        keys = root.unlock()
        store = stack.enter_context(open_log(root, keys, for_epoch=for_epoch))
        login = Login(operator=list_users(root, keys)[0], keys=keys)
        yield OpenRoot(root=root, keys=keys, store=store, login=login)


@contextmanager
def open_real(
    path: Path,
    *,
    by: str | None,
    ask: AskSecret,
    login: bool,
    for_epoch: bool = False,
    with_pin: bool = True,
) -> Iterator[OpenRoot]:
    """Open a real root. With `login` a person opens it; without, the keyring may, where it holds the key.

    `for_epoch`: also a log that is not the one this machine remembers; `with_pin` False: the token of the signing
    key is lost, and nobody is asked for its PIN.

    Raises CommandError "no-station", "user-needed", and SessionsError.
    """
    root = require_real_root(path)
    keys = None if login or by is not None else unlock_by_keyring(root)
    entry: Login | None = None
    if keys is None:
        entry = _log_in(root, by, ask)
        keys = entry.keys
    with ExitStack() as stack:
        stack.enter_context(locked(root))
        if login and with_pin:
            keys = with_token(root, keys, ask, stack)
        keys = settle_keys(root, keys, for_epoch=for_epoch)
        if entry is not None:
            entry = replace(entry, keys=keys)
        store = stack.enter_context(open_log(root, keys, for_epoch=for_epoch))
        if not for_epoch:
            enter_refused(store, guard_of(root, memory_folder(root)))
        if entry is not None:
            entry = replace(entry, operator=_known(store, entry, settled=not for_epoch))
        yield OpenRoot(root=root, keys=keys, store=store, login=entry, settled=not for_epoch)


def settle_keys(root: DataRoot, keys: Unlocked, *, for_epoch: bool = False) -> Unlocked:
    """Return the keys in force, a rotation that was cut short finished first. Hold the root. Raises StoreError."""
    return settle(
        root,
        keys,
        clock=SystemClock(),
        outside=memory_folder(root),
        keyring=keyring_of(root),
        for_epoch=for_epoch,
    )


def keyring_of(root: DataRoot) -> KeyringBackend | None:
    """Return the system's keyring where it holds this root's master key and works, else None."""
    return working_keyring() if root.keys.custody == "keyring" else None


def memory_folder(root: DataRoot) -> Path | None:
    """Return the folder outside a real root that remembers how far its log had come; training has none."""
    return None if root.kind == "training" else default_home(os.environ) / "memory"


def open_log(root: DataRoot, keys: Unlocked, *, for_epoch: bool = False) -> Store:
    """Return the open log of a root on this machine. Raises StoreError, InstanceChangedError."""
    former = root.station_key() if for_epoch else None
    store = open_store(
        root, keys, SystemClock(), outside=memory_folder(root), for_epoch=for_epoch, former=former
    )
    try:
        if not for_epoch:
            require_not_ahead(store)
    except CommandError:
        store.close()
        raise
    return store


def second_person(
    opened: OpenRoot, user_id: str | None, ask: AskSecret, *, action: str = "confirm"
) -> Second:
    """Return the second person of an entry, whose password is asked for and whose role may confirm.

    In training nobody is asked. Raises CommandError "second-missing", "same-person", RoleForbiddenError,
    WrongSecretError.
    """
    another = require_another_user(opened, user_id)
    if opened.training:
        return Second(user_id=another, role=TRAINING_ROLE, proof="training")
    guard = guard_of(opened.root, memory_folder(opened.root))
    login = settled_login(opened, log_in(opened.root, another, ask, guard))
    operator = require_may(login.operator, action)
    return Second(user_id=operator.user_id, role=operator.role, signer=operator.signer)


def require_another_user(opened: OpenRoot, user_id: str | None) -> str:
    """Return the id of a second person. Raises CommandError "second-missing", "same-person"."""
    if not user_id:
        raise CommandError("second-missing", usage=True)
    if user_id == opened.require_login().operator.user_id:
        raise CommandError("same-person", usage=True)
    return user_id


def settled_login(opened: OpenRoot, login: Login) -> Login:
    """Return the log-in of another person at a station that is open, as the log knows them. Raises RoleForbiddenError,
    UserDisabledError, TotpLostError.
    """
    return replace(login, operator=_known(opened.store, login, settled=opened.settled))


def _known(store: Store, entry: Login, *, settled: bool) -> Operator:
    """Return who logged in as the log knows them."""
    return greet(store, entry) if settled else require_logged(store, entry)


def unlock_real(root: DataRoot, *, by: str | None, ask: AskSecret) -> Unlocked:
    """Return a real root's keys without opening its log: by the keyring, else by a person's password."""
    keys = None if by is not None else unlock_by_keyring(root)
    keys = _log_in(root, by, ask).keys if keys is None else keys
    if keys.bundle.work is None:
        return keys
    with locked(root):
        return settle_keys(root, keys)


def _log_in(root: DataRoot, by: str | None, ask: AskSecret) -> Login:
    user_id = _who(root, by)
    return log_in(root, user_id, ask, guard_of(root, memory_folder(root)))


def require_real_root(path: Path) -> DataRoot:
    """Return the real root at `path`. Raises CommandError "no-station"."""
    try:
        root = DataRoot.open(path, kind="real")
    except RootMissingError:
        raise CommandError("no-station", root=str(path)) from None
    if not root.keys.exists:
        if has_begun(path):
            raise KeysDamagedError(file=KEY_SETTINGS)
        raise CommandError("no-station", root=str(path))
    return root


def kind_at(path: Path) -> str | None:
    """Return the kind of the data root at `path`, or None where there is none."""
    try:
        return DataRoot.open(path).kind
    except RootMissingError:
        return None


def machine_pins(places: Places) -> StationPins:
    """Return the station keys this machine believes: imported ones, and those of its own data roots.

    With `--root` it is that root's alone.
    """
    folders = [places.pins]
    if places.root is None:
        folders += [path / "trust" / "stations" for path in (places.real, places.training)]
    keys: dict[str, VerifierKey] = {}
    for folder in folders:
        for key in StationPins.load(folder).keys:
            keys.setdefault(key.name, key)
    return StationPins(keys=tuple(keys.values()), directory=places.pins)


def pinned_keys(places: Places) -> tuple[VerifierKey, ...]:
    """Return every station key that any pin of this machine names, several of one station too."""
    folders = (places.pins, *(path / "trust" / "stations" for path in (places.real, places.training)))
    return tuple(dict.fromkeys(key for folder in folders for key in StationPins.load(folder).keys))


def _who(root: DataRoot, by: str | None) -> str:
    if by is not None:
        return by
    known = root.keys.slot_ids()
    if len(known) != 1:
        raise CommandError("user-needed", usage=True)
    return known[0]


def unlock_by_keyring(root: DataRoot) -> Unlocked | None:
    """Return a root's keys where the system's keyring holds them, else None: nobody is asked."""
    if root.keys.custody != "keyring":
        return None
    try:
        return root.unlock(working_keyring())
    except KeysMissingError:
        return None


@contextmanager
def locked(root: DataRoot, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Hold the root, waiting a little for another command to end. Raises RootBusyError."""
    end = time.monotonic() + wait_s
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(root.lock())
                break
            except RootBusyError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.1)
        yield
