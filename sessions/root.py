"""The data root: the directory that holds one station.

Real or training: decided when it is made, for ever.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sessions.checkpoint import VerifierKey, epoch_of, station_of
from sessions.errors import (
    KeysDamagedError,
    KeysMissingError,
    RootBusyError,
    RootDamagedError,
    RootExistsError,
    RootKindError,
)
from sessions.files import make_private_dir, write_private
from sessions.keys import KeyBundle, KeyFolder, KeyringBackend, Unlocked
from sessions.mark import KEY_SETTINGS, LOG, ORIGIN, ROOT_MARK, Kind, keys_of, read_mark
from sessions.pins import StationPins
from sessions.record import format_utc, parse_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRoot:
    """The paths and the identity of one station on disk."""

    path: Path
    kind: Kind
    origin: str
    created: datetime

    @classmethod
    def create(cls, path: Path, kind: Kind, *, now: datetime, origin: str | None = None) -> Self:
        """Make a data root in an absent or empty directory; a training root gets its keys at once.

        A real root gets its keys with its first user. Raises RootExistsError, RootKindError.
        """
        name = origin or f"proctor.{kind}/{secrets.token_hex(4)}"
        found = ORIGIN.fullmatch(name)
        if found is None or found[1] != kind:
            raise RootKindError(origin=name)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RootExistsError
        make_private_dir(path)
        root = cls(path=path, kind=kind, origin=name, created=parse_utc(format_utc(now)))
        for directory in (root.keys_dir, root.trust_dir, root.stations_dir, root.sheets_dir):
            make_private_dir(directory)
        if kind == "training":
            root.create_keys(custody="bare")
        mark = f'schema = 1\nkind = "{kind}"\norigin = "{name}"\ncreated = "{format_utc(now)}"\n'
        write_private(path / ROOT_MARK, mark.encode())
        return root

    @classmethod
    def open(cls, path: Path, *, kind: Kind | None = None) -> Self:
        """Return the data root at a path; with `kind`, raises RootKindError for one of the other kind.

        Raises RootMissingError, RootDamagedError.
        """
        found, origin, at = read_mark(path)
        try:
            created = parse_utc(at)
        except ValueError:
            raise RootDamagedError(file=ROOT_MARK) from None
        root = cls(path=path, kind=found, origin=origin, created=created)
        if kind is not None and root.kind != kind:
            raise RootKindError(found=root.kind, wanted=kind)
        return root

    # -- paths ------------------------------------------------------------------------------------

    @property
    def database(self) -> Path:
        """The log."""
        return self.path / LOG

    @property
    def keys_dir(self) -> Path:
        """Keys, sealed or bare, and the users' slots."""
        return keys_of(self.path)

    @property
    def trust_dir(self) -> Path:
        """What this station believes: certificates, and the station keys below."""
        return self.path / "trust"

    @property
    def stations_dir(self) -> Path:
        """Pinned station keys."""
        return self.trust_dir / "stations"

    @property
    def sheets_dir(self) -> Path:
        """Where sheets are written unless told otherwise."""
        return self.path / "sheets"

    # -- keys -------------------------------------------------------------------------------------

    @property
    def keys(self) -> KeyFolder:
        """The directory of keys."""
        return KeyFolder(self.keys_dir, origin=self.origin)

    @property
    def pins(self) -> StationPins:
        """The station keys this root believes; its own is among them once it has keys."""
        return StationPins.load(self.stations_dir)

    def create_keys(self, *, custody: str, keyring: KeyringBackend | None = None) -> Unlocked:
        """Make this station's keys and pin its own public key.

        Raises RootKindError for bare keys in a real root or any other custody in a training root,
        RootExistsError when keys were made before, KeysDamagedError when they were and keys.toml is gone.
        """
        if (custody == "bare") != (self.kind == "training"):
            raise RootKindError(custody=custody)
        if self.keys.exists:
            raise RootExistsError(what="keys")
        if self._own_pins():
            raise KeysDamagedError(file=KEY_SETTINGS)
        bundle = KeyBundle.generate()
        unlocked = self.keys.create(bundle, custody=custody, keyring=keyring)
        self.pins.add(bundle.signer(self.origin).key.encode())
        return unlocked

    def forget_keys(self) -> None:
        """Overwrite and remove keys that nothing was ever written with, and their pin: their making was cut short."""
        for key in self._own_pins():
            self.pins.remove(key)
        self.keys.forget()

    def _own_pins(self) -> list[VerifierKey]:
        return [key for key in self.pins.keys if station_of(key.name) == self.origin]

    def unlock(self, keyring: KeyringBackend | None = None) -> Unlocked:
        """Return the keys without a password: bare ones of a training root, or by the system's keyring.

        Raises KeysMissingError where only a user's password opens them.
        """
        if self.keys.custody == "bare":
            if self.kind != "training":
                raise RootKindError(custody="bare")
            return self.keys.open_bare()
        if keyring is None:
            raise KeysMissingError(custody=self.keys.custody)
        return self.keys.open_with_keyring(keyring)

    def station_key(self) -> VerifierKey:
        """Return this station's own public key, from its pin, of the newest epoch that has one of its own.

        Raises KeysMissingError before it has one.
        """
        own = self._own_pins()
        if not own:
            raise KeysMissingError(what="station-key")
        return max(own, key=lambda key: epoch_of(key.name))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this root for this process; raises RootBusyError while another process holds it."""
        with lock_file(self.path / ".lock"):
            yield


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold a lock file for this process, made if absent; raises RootBusyError while another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the exclusive lock of an open file, or raise RootBusyError; closing the file lets go."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists elsewhere only

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RootBusyError from None
