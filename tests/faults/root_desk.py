"""A whole training root whose power fails while it makes backups and packs: what has its name is whole."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proctor.keeping import BackupPlaces, back_up
from proctor.packing import export_pack
from proctor.roots import OpenRoot, ensure_training_root, open_training
from sessions.backup_file import BackupFile
from sessions.closing import close_session
from sessions.department_pin import ensure_training
from sessions.keys import KeyBundle
from sessions.pack_verify import Outside, verify_pack
from sessions.record import SystemClock
from sessions.root import DataRoot
from sessions.store import Store
from sessions.users import open_store
from tests.faults.desk import Desk, Proof, Said
from tests.support.sessions_station import OPERATOR, Bench, add_user


class RootDesk(Desk):
    """A data root in `station/`, backups in `stick/` and `keys-stick/`, packs in `packs/`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Bench(path=folder / "station" / "station.db"))

    @property
    def path(self) -> Path:
        return self.root / "station" / "station.db"

    @property
    def data(self) -> DataRoot:
        return DataRoot.open(self.root / "station", kind="training")

    def adopt(self, keys: KeyBundle) -> None:
        self.bench = Bench(
            path=self.path,
            bundle=keys,
            origin=self.data.origin,
            clock=SystemClock(),  # type: ignore[arg-type]
        )

    def create(self) -> Store:
        """Make the root, with one closed session of a few attempts, and return its open log."""
        for name in ("stick", "keys-stick", "packs"):
            (self.root / name).mkdir()
        root = ensure_training_root(self.root / "station")
        self.adopt(root.unlock().bundle)
        with self.opened() as opened:
            add_user(opened.store, OPERATOR, by=opened.require_login().operator)
            ensure_training(root, opened.store, opened.require_login().operator)
            for number in range(9_000, 9_004):
                self.check_in(opened.store, number, random.Random(number))
            close_session(opened.store, self.session(opened.store), operator=OPERATOR)
        return self.open()

    def open(self) -> Store:
        keys = self.data.unlock()
        return open_store(self.data, keys, SystemClock())

    @contextmanager
    def opened(self) -> Iterator[OpenRoot]:
        """Open the root as a command does."""
        with open_training(self.data) as opened:
            yield opened

    def prove(self, said: Said) -> Proof:
        """As of any station; and every backup and pack that has its name is whole, those acknowledged are there."""
        proof = super().prove(said)
        found = {
            path.name
            for folder in ("stick", "keys-stick", "packs")
            for path in (self.root / folder).iterdir()
        }
        for what, *names in said.other:
            assert what != "made" or set(names) <= found, f"{names} was acknowledged and is lost"
        for path in (self.root / "stick").glob("*.backup"):
            with BackupFile.open(path) as backup:
                for name in backup.names:
                    backup.read(name)
        for path in (self.root / "packs").glob("*.pack"):
            report = verify_pack(path, Outside(pins=self.bench.pins))
            assert report.ok, report
        return proof


def prepare_root(desk: Desk) -> None:
    """A root with a closed session."""
    desk.create().close()


def backup(desk: Desk, rng: random.Random, first: int) -> None:
    """Attempts and a backup, twice."""
    if not isinstance(desk, RootDesk):
        raise TypeError("needs a root")
    with desk.opened() as opened:
        places = BackupPlaces.choose(opened.root, desk.root / "stick", desk.root / "keys-stick")
        for number in range(first, first + 2):
            desk.check_in(opened.store, number, rng)
            made = back_up(opened, places)
            desk.say("entry", made.entry, opened.store.node(0, made.entry))
            if number == first + 1 and made.keys is not None:  # the pair before it may have been removed
                desk.say("made", made.data.path.name, made.keys.path.name)


def pack(desk: Desk, rng: random.Random, first: int) -> None:
    """A session is closed and its pack exported, twice."""
    if not isinstance(desk, RootDesk):
        raise TypeError("needs a root")
    with desk.opened() as opened:
        for number in range(first, first + 2):
            desk.check_in(opened.store, number, rng)
            session = desk.session(opened.store)
            desk.entry(opened.store, close_session(opened.store, session, operator=OPERATOR))
            made = export_pack(opened, session, desk.root / "packs")
            desk.say("entry", made.entry, opened.store.node(0, made.entry))
            desk.say("made", made.path.name)
