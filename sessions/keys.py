"""The station's keys and how they lie on a disk: sealed under a master key, or bare (training only).

A *bundle* is the keys of a station. It is sealed with AES-256-GCM under a 32-byte *master key*. Each user's *slot*
opens that master key by the user's own password. Where the operating system's keyring works, it holds the master
key too. Bundle and slots of one master key are a *generation*: `keys.toml` names the one in force, so that a new
master key takes over in one step. Form: docs/log-format.md, "Keys on disk".
"""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, cast

from cryptography.exceptions import InvalidTag

from sessions.bundle import KeyBundle
from sessions.errors import KeysDamagedError, KeysMissingError, SecretTooShortError, WrongSecretError
from sessions.files import make_private_dir, sync_dir, write_private
from sessions.mark import KEY_SETTINGS, read_key_settings, slot_ids, slots_of
from sessions.slots import (
    MAX_SLOT,
    Argon2,
    make_slot,
    open_slot,
    open_user,
    parse_slot,
    rewrap,
    seal,
    slot_cost,
    unseal,
)

__all__ = ["Argon2", "KeyBundle", "KeyFolder", "KeyringBackend", "Unlocked", "require_secret"]

MIN_SECRET: Final = 8
_BUNDLE_AAD: Final = b"proctor key bundle 1\n"
_SERVICE: Final = "proctor"
_BARE: Final = ("database", "evidence", "log-signing", "seal", "master")
_GENERATED: Final = re.compile(r"bundle(?:\.([0-9]+))?\.sealed|slots(?:\.([0-9]+))?")


class KeyringBackend(Protocol):
    """The part of the `keyring` package's backends that we use."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def require_secret(secret: str) -> str:
    """Return a password of at least MIN_SECRET characters; raises SecretTooShortError."""
    if len(unicodedata.normalize("NFC", secret)) < MIN_SECRET:
        raise SecretTooShortError(minimum=MIN_SECRET)
    return secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """Keys in memory: the bundle, the master key, what the slot that opened them says of its user, and what is the
    user's alone.
    """

    bundle: KeyBundle = field(repr=False)
    master: bytes = field(repr=False)
    user: Mapping[str, str] = field(repr=False, default_factory=dict)
    personal: Mapping[str, str] = field(repr=False, default_factory=dict)


class KeyFolder:
    """The directory keys/ of a data root. `origin` binds sealed files to their root."""

    def __init__(self, directory: Path, *, origin: str) -> None:
        self.directory = directory
        self._origin = origin

    @property
    def exists(self) -> bool:
        """Whether the keys have been made."""
        return (self.directory / KEY_SETTINGS).is_file()

    @property
    def custody(self) -> str:
        """Where the master key is: "bare" (training), "sealed" (user slots only) or "keyring" (and slots)."""
        return self._settings()[0]

    @property
    def generation(self) -> int:
        """The number of the master key in force, from 1."""
        return self._settings()[1]

    @property
    def bundle_file(self) -> Path:
        """The sealed bundle in force."""
        return self._bundle_of(self.generation)

    @property
    def slots_dir(self) -> Path:
        """The users' slots in force."""
        return self._slots_of(self.generation)

    def create(self, bundle: KeyBundle, *, custody: str, keyring: KeyringBackend | None = None) -> Unlocked:
        """Write a new station's keys and return them with their new master key.

        Nothing is written bare unless custody is "bare". The file keys.toml comes last: without it the keys
        were never made.
        """
        make_private_dir(self.directory)
        make_private_dir(self._slots_of(1))
        master = secrets.token_bytes(32)
        if custody == "bare":
            for name, key in {**bundle.as_fields(), "master": master}.items():
                write_private(self.directory / f"{name}.key", key.hex().encode() + b"\n")
        else:
            write_private(self._bundle_of(1), self._sealed(master, bundle))
        if custody == "keyring" and keyring is not None:
            keyring.set_password(_SERVICE, self._keyring_name(1), master.hex())
        self._settle_on(custody, 1)
        return Unlocked(bundle=bundle, master=master)

    # -- opening ----------------------------------------------------------------------------------

    def open_bare(self) -> Unlocked:
        """Return the keys of a training root; raises KeysMissingError where they do not lie bare."""
        if self.custody != "bare":
            raise KeysMissingError(custody=self.custody)
        parts = {name: self._read_hex(f"{name}.key") for name in _BARE}
        bundle = KeyBundle.of_fields(parts)
        if len(bundle.signing_seed) != 32:
            raise KeysDamagedError(why="length")
        return Unlocked(bundle=bundle, master=parts["master"])

    def open_with_keyring(self, keyring: KeyringBackend) -> Unlocked:
        """Return the keys by the operating system's keyring; raises KeysMissingError when it has none."""
        custody, generation = self._settings()
        held = (
            keyring.get_password(_SERVICE, self._keyring_name(generation)) if custody == "keyring" else None
        )
        if held is None:
            raise KeysMissingError(custody=custody)
        try:
            master = bytes.fromhex(held)
        except ValueError:
            raise KeysDamagedError(file="keyring") from None
        return Unlocked(bundle=self.open_bundle(master), master=master)

    def open_with_secret(self, user_id: str, secret: str) -> Unlocked:
        """Return the keys by a user's password; raises WrongSecretError for unknown user or wrong
        password.
        """
        custody = self.custody
        slot = self._read_slot(user_id)
        if slot is None:
            raise WrongSecretError
        opened = open_slot(slot, user_id, secret)
        master = opened.master
        bundle = self.open_bare().bundle if custody == "bare" else self.open_bundle(master)
        user = open_user(slot, user_id, master)
        if slot["schema"] == 1:
            with suppress(OSError):  # at the next login, then
                self.add_slot(master, user_id, secret, user, slot_cost(slot))
        return Unlocked(bundle=bundle, master=master, user=user, personal=opened.personal)

    def open_bundle(self, master: bytes) -> KeyBundle:
        """Return the sealed bundle in force; raises KeysDamagedError."""
        try:
            sealed = self.bundle_file.read_bytes()
            data = unseal(master, sealed, _BUNDLE_AAD + self._origin.encode())
        except (OSError, ValueError, InvalidTag):
            raise KeysDamagedError(file="bundle.sealed") from None
        return KeyBundle.decode(data)

    # -- changing ---------------------------------------------------------------------------------

    def write_bundle(self, master: bytes, bundle: KeyBundle) -> None:
        """Replace the sealed bundle in force: the old one or the new one is there, whole. Raises OSError."""
        if self.custody == "bare":
            raise KeysMissingError(custody="bare")
        write_private(self.bundle_file, self._sealed(master, bundle))

    def next_generation(
        self,
        old: bytes,
        bundle: KeyBundle,
        *,
        keyring: KeyringBackend | None = None,
        leave_out: Collection[str] = (),
    ) -> bytes:
        """Write bundle and slots under a fresh master key, beside those in force, and let them take over.

        Return the master key. Slots of schema 1 must be in `leave_out`. Raises KeysDamagedError, OSError.
        """
        custody, present = self._settings()
        if custody == "bare":
            raise KeysMissingError(custody="bare")
        number, master = present + 1, secrets.token_bytes(32)
        self._remove(number)
        folder = make_private_dir(self._slots_of(number))
        for user_id in self.slot_ids():
            slot = None if user_id in leave_out else self._read_slot(user_id)
            if slot is not None:
                write_private(folder / f"{user_id}.slot", rewrap(slot, user_id, old, master))
        write_private(self._bundle_of(number), self._sealed(master, bundle))
        if custody == "keyring" and keyring is not None:
            keyring.set_password(_SERVICE, self._keyring_name(number), master.hex())
        sync_dir(self.directory)
        self._settle_on("keyring" if custody == "keyring" and keyring is not None else "sealed", number)
        return master

    def sweep(self, keyring: KeyringBackend | None = None) -> int:
        """Overwrite and remove what is left of generations not in force, and drafts that a crash left; return how many
        generations there were. Hold the root: a draft may be a copy of keys that are erased one day.
        """
        for draft in (*self.directory.glob(".*"), *self.slots_dir.glob(".*")):
            _wipe(draft)
        present = self.generation
        found = {self._number(path) for path in self.directory.iterdir()} - {None, present}
        for number in sorted(cast("set[int]", found)):
            self._remove(number)
            if keyring is not None and keyring.get_password(_SERVICE, self._keyring_name(number)) is not None:
                keyring.delete_password(_SERVICE, self._keyring_name(number))
        sync_dir(self.directory)
        return len(found)

    def forget(self) -> None:
        """Overwrite and remove every key, as if none had been made."""
        for draft in self.directory.glob(".*"):
            _wipe(draft)
        for number in {self._number(path) for path in self.directory.iterdir()} - {None}:
            self._remove(cast("int", number))
        (self.directory / KEY_SETTINGS).unlink(missing_ok=True)
        sync_dir(self.directory)

    # -- slots ------------------------------------------------------------------------------------

    def add_slot(
        self,
        master: bytes,
        user_id: str,
        secret: str,
        user: Mapping[str, str],
        cost: Argon2,
        *,
        personal: Mapping[str, str] | None = None,
    ) -> None:
        """Write the slot of a user, whole or not at all; one that was there is replaced."""
        slot = make_slot(master, user_id, secret, user, cost, personal=personal)
        write_private(self.slots_dir / f"{user_id}.slot", slot)

    def cost_of(self, user_id: str) -> Argon2:
        """Return the cost of a user's password. Raises KeysDamagedError, WrongSecretError without a slot."""
        slot = self._read_slot(user_id)
        if slot is None:
            raise WrongSecretError
        return slot_cost(slot)

    def remove_slot(self, user_id: str) -> None:
        """Overwrite and remove a user's slot; that password opens nothing any more."""
        _wipe(self.slots_dir / f"{user_id}.slot")
        sync_dir(self.slots_dir)

    def slot_ids(self) -> tuple[str, ...]:
        """Return the ids of the users that have a slot, sorted."""
        return slot_ids(self.slots_dir)

    def is_old_slot(self, user_id: str) -> bool:
        """Whether a user's slot is of schema 1, which only its password carries over to another master key."""
        slot = self._read_slot(user_id)
        return slot is not None and slot["schema"] == 1

    def users(self, master: bytes) -> dict[str, dict[str, str]]:
        """Return what the slots say of their users, by id; raises KeysDamagedError for an altered slot."""
        found = {}
        for user_id in self.slot_ids():
            slot = self._read_slot(user_id)
            if slot is not None:
                found[user_id] = open_user(slot, user_id, master)
        return found

    def _read_slot(self, user_id: str) -> dict[str, Any] | None:
        if user_id not in self.slot_ids():
            return None
        try:
            with (self.slots_dir / f"{user_id}.slot").open("rb") as stream:
                return parse_slot(stream.read(MAX_SLOT))
        except OSError:
            raise KeysDamagedError(file="slot") from None

    # -- inside -----------------------------------------------------------------------------------

    def _settings(self) -> tuple[str, int]:
        """Return custody and generation."""
        return read_key_settings(self.directory)

    def _settle_on(self, custody: str, generation: int) -> None:
        lines = ["schema = 1", f'custody = "{custody}"']
        if generation > 1:
            lines.append(f"generation = {generation}")
        write_private(self.directory / KEY_SETTINGS, ("\n".join(lines) + "\n").encode())

    def _sealed(self, master: bytes, bundle: KeyBundle) -> bytes:
        return seal(master, bundle.encode(), _BUNDLE_AAD + self._origin.encode())

    def _bundle_of(self, generation: int) -> Path:
        return self.directory / ("bundle.sealed" if generation == 1 else f"bundle.{generation}.sealed")

    def _slots_of(self, generation: int) -> Path:
        return slots_of(self.directory, generation)

    def _keyring_name(self, generation: int) -> str:
        return self._origin if generation == 1 else f"{self._origin}#{generation}"

    def _number(self, path: Path) -> int | None:
        found = _GENERATED.fullmatch(path.name)
        return None if found is None else int(found[1] or found[2] or 1)

    def _remove(self, generation: int) -> None:
        folder = self._slots_of(generation)
        for path in (*folder.glob("*"), self._bundle_of(generation)):
            _wipe(path)
        if folder.is_dir():
            folder.rmdir()

    def _read_hex(self, name: str) -> bytes:
        try:
            return bytes.fromhex((self.directory / name).read_text(encoding="ascii"))
        except FileNotFoundError:
            raise KeysMissingError(file=name) from None
        except (OSError, ValueError):
            raise KeysDamagedError(file=name) from None


def _wipe(path: Path) -> None:
    """Overwrite a small file with zeros and remove it; one that is absent stays so."""
    try:
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return
    try:
        os.write(descriptor, bytes(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()
