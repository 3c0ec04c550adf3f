"""The witnesses of a data root: its list, held against its log; adding and removing, which takes two persons."""

from pathlib import Path

from proctor.roots import OpenRoot
from sessions.record import Second
from sessions.root import DataRoot
from sessions.store import Store
from sessions.witnesses import (
    FILE,
    REMOVED,
    Witness,
    find,
    logged,
    read_file,
    require_new,
    require_same,
    write_file,
)


def settings_file(root: DataRoot) -> Path:
    """Return where a root's list of witnesses lies."""
    return root.trust_dir / FILE


def load_witnesses(root: DataRoot, store: Store) -> tuple[Witness, ...]:
    """Return the witnesses of a station, as its list and its log agree on them. Raises WitnessSettingsError."""
    return require_same(read_file(settings_file(root)), logged_witnesses(store))


def logged_witnesses(store: Store) -> tuple[Witness, ...]:
    """Return the witnesses that the log names. Raises WitnessSettingsError for an entry that names none."""
    return logged(entry.body for entry in store.entries("key"))


def add_witness(opened: OpenRoot, witness: Witness, second: Second) -> None:
    """Enter a witness, then write the list. Asked again after a crash in between, it only writes the list.

    Raises WitnessNameError, WitnessSettingsError, StoreError.
    """
    present = logged_witnesses(opened.store)
    if witness not in present:
        require_same(read_file(settings_file(opened.root)), present)
        require_new(witness, present)
        operator = opened.require_login().operator
        opened.store.append("key", witness.as_body(), operator=operator, second=second)
    write_file(settings_file(opened.root), logged_witnesses(opened.store))


def remove_witness(opened: OpenRoot, name: str, second: Second) -> Witness:
    """Enter that a witness is none any more, then write the list, and return it. Raises WitnessNameError."""
    witness = find(name, logged_witnesses(opened.store))
    body = {"event": REMOVED, "vkey": witness.key.encode()}
    opened.store.append("key", body, operator=opened.require_login().operator, second=second)
    write_file(settings_file(opened.root), logged_witnesses(opened.store))
    return witness
