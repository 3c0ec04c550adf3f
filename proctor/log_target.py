"""Which log a command looks at, and with which keys: a file with a key file, or a data root of this machine."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import ensure_training_root, kind_at, unlock_real
from proctor.witness.settings import settings_file
from sessions.checkpoint import VerifierKey
from sessions.cosignature import CosignerKey
from sessions.errors import KeysMissingError, RootMissingError
from sessions.evidence_keys import FILE_NAME
from sessions.key_slots import KeySlots
from sessions.keys import Unlocked
from sessions.root import DataRoot
from sessions.witnesses import read_file as read_witnesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A log: file, the key that opens it, and, for a root of our own, evidence key, origin and witnesses."""

    path: Path
    database_key: bytes = field(repr=False)
    evidence_key: bytes | None = field(default=None, repr=False)
    origin: str | None = None
    own_key: VerifierKey | None = None
    witnesses: tuple[CosignerKey, ...] = ()
    key_file: Path | None = None

    def slots(self) -> KeySlots | None:
        """Return the file of evidence keys, where there is one, to see what is destroyed."""
        path = self.key_file or self.path.parent / "keys" / FILE_NAME
        return KeySlots(path, None) if path.is_file() else None


def find_target(context: Context) -> Target:
    """Find the log and its key: --key-file, a training root's bare key, or a log-in. Raises CommandError."""
    options, places = context.options, context.places
    if options.path is not None:
        path = Path(options.path)
    else:
        real = places.real if not options.training and kind_at(places.real) else places.training
        path = real
    database = path / "station.db" if path.is_dir() else path
    if options.path is None and not database.is_file():
        raise CommandError("no-station", root=str(places.real))
    if not database.is_file():
        raise CommandError("file-missing", file=str(database))
    key_file = None if options.evidence_keys is None else Path(options.evidence_keys)
    if options.key_file is not None:
        return Target(path=database, database_key=_key_of(options.key_file), key_file=key_file)
    return _own_target(context, database, key_file)


def _own_target(context: Context, database: Path, key_file: Path | None) -> Target:
    try:
        root = DataRoot.open(database.parent)
    except RootMissingError:
        raise CommandError("log-key-needed", usage=True, file=str(database)) from None
    keys: Unlocked
    if context.held is not None and context.held.root.path == root.path:
        keys = context.held.keys
    elif root.kind == "training":
        keys = ensure_training_root(root.path).unlock()
    else:
        keys = unlock_real(root, by=context.options.by, ask=context.ask)
    return Target(
        path=database,
        database_key=keys.bundle.database_key,
        evidence_key=keys.bundle.evidence_key,
        origin=root.origin,
        own_key=_own_key(keys, root),
        witnesses=tuple(witness.key for witness in read_witnesses(settings_file(root))),
        key_file=key_file,
    )


def _own_key(keys: Unlocked, root: DataRoot) -> VerifierKey:
    """Return the key that the root's own keys hold, under the name that its pin has in the present epoch."""
    try:
        name = root.station_key().name
    except KeysMissingError:
        name = root.origin
    return keys.bundle.signer(name).key


def _key_of(path: str) -> bytes:
    with suppress(ValueError):
        key = bytes.fromhex(read_file(path, 1024).decode("ascii", errors="replace").strip())
        if len(key) == 32:
            return key
    raise CommandError("bad-key-file", usage=True, file=path)
