"""A real data root with two persons and some evidence, cheap to make, and what must hold of it whatever happened."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sessions import users
from sessions.department import DepartmentPrivate
from sessions.department_pin import pin
from sessions.keys import Unlocked
from sessions.record import Operator, Second
from sessions.root import DataRoot
from sessions.rotation import By, settle
from sessions.store import Store
from sessions.users import NewUser, instance_of
from sessions.verify import LogReport, verify_log
from tests.support.sessions_station import CHEAP, START, TestClock, evidence, record

AN = NewUser(
    user_id="an", role="administrator", name="NGUYỄN VĂN MẪU", secret="mật khẩu mẫu 1", signing_seed=b"1" * 32
)
BINH = NewUser(
    user_id="binh", role="administrator", name="TRẦN THỊ MẪU", secret="mật khẩu mẫu 2", signing_seed=b"2" * 32
)
SECOND = Second(user_id="binh", role="administrator", signer=BINH.signer)
BY_AN = Operator(user_id="an", role="administrator", signer=AN.signer)
BY = By(operator=BY_AN, second=SECOND, reason="thử")
ATTEMPTS = 4


@dataclass
class House:
    """A station on disk. `moved` when it was copied: the machine's memory is written anew then."""

    root: DataRoot
    clock: TestClock = field(default_factory=TestClock)

    @classmethod
    def build(cls, path: Path, *, attempts: int = ATTEMPTS) -> House:
        """Make the root, its people and its log."""
        house = cls(DataRoot.create(path, "real", now=START))
        login = users.add_first(house.root, AN, clock=house.clock, cost=CHEAP)
        with house.open(login.keys) as store:
            users.add(house.root, store, login, BINH, cost=CHEAP)
            for number in range(attempts):
                store.append_attempt(
                    record(number, session_id="S-20261122-01", operator=BY_AN), evidence(number)
                )
        return house

    def copied(self, path: Path) -> House:
        """Return a copy of this house that its machine remembers."""
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.root.path, path)
        house = House(DataRoot.open(path), clock=self.clock)
        keys = users.authenticate(house.root, AN.user_id, AN.secret).keys
        head = self.head()
        memory = instance_of(house.root, keys)
        memory.bind(house.root.database, *head)
        memory.close()
        return house

    def head(self) -> tuple[int, bytes]:
        """Return size and root of the log, read without opening it."""
        report = self.verify(users.authenticate(self.root, AN.user_id, AN.secret).keys)
        return report.size, bytes.fromhex(report.root)

    def log_in(self, user: NewUser = AN) -> Unlocked:
        """Return the keys in force, a rotation that was cut short finished."""
        keys = users.authenticate(self.root, user.user_id, user.secret).keys
        return settle(self.root, keys, clock=self.clock)

    def open(self, keys: Unlocked) -> Store:
        """Open the log."""
        return users.open_store(self.root, keys, self.clock)

    def verify(self, keys: Unlocked) -> LogReport:
        """Verify the log and its evidence."""
        return verify_log(
            self.root.database,
            database_key=keys.bundle.database_key,
            evidence_key=keys.bundle.evidence_key,
            pins=self.root.pins,
            origin=self.root.origin,
        )

    def pin_department(self) -> DepartmentPrivate:
        """Make a department key, let the station believe it, and return its private half."""
        key = DepartmentPrivate.generate("Sở Mẫu")
        with self.open(self.log_in()) as store:
            pin(self.root, store, key.public, operator=BY_AN, second=SECOND)
        return key


def require_whole(house: House, *, attempts: int = ATTEMPTS) -> Unlocked:
    """Fail unless both persons log in, the log verifies, every piece opens, and it can be written to."""
    other = house.log_in(BINH)
    keys = house.log_in()
    assert keys.bundle == other.bundle
    assert keys.bundle.work is None
    report = house.verify(keys)
    assert report.ok, report
    with house.open(keys) as store:
        for number in range(attempts):
            entry = store.attempt(f"attempt-{number:04d}")
            assert entry is not None
            for name, data in evidence(number).items():
                assert store.evidence(entry.seq, name) == data
        store.append("key", {"event": "password-changed", "user": "an"}, operator=BY_AN)
    assert house.verify(keys).ok
    return keys
