"""A session of many candidates with evidence whose bytes the tests can look for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sessions.record import Operator, Second
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.sessions_station import Bench, record

CHIEF = Operator(user_id="nv01", role="site-head", name="NGUYỄN VĂN MẪU")
SECOND = Second(user_id="nv02", role="chairman")
BOTH = {"operator": CHIEF, "second": SECOND}
RULES = load_rules("driving-tt108-2026")
DAY = date(2026, 11, 22)
FAMILIES = ("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HOÀNG", "ĐỖ", "VŨ", "BÙI")


@dataclass(frozen=True, kw_only=True)
class Person:
    """A specimen candidate: everything about them is made from a number."""

    index: int

    @property
    def sbd(self) -> str:
        return f"{self.index + 1:03d}"

    @property
    def name(self) -> str:
        return f"{FAMILIES[self.index % len(FAMILIES)]} VĂN MẪU {'ABCDEGHIKL'[self.index // 8 % 10]}{self.sbd_letters}"

    @property
    def sbd_letters(self) -> str:
        return "".join("ABCDEGHIKL"[int(digit)] for digit in self.sbd)

    @property
    def number(self) -> str:
        return f"001099{self.index:06d}"

    @property
    def birth(self) -> str:
        return f"1999-{self.index % 12 + 1:02d}-{self.index % 28 + 1:02d}"

    @property
    def row(self) -> str:
        year, month, day = self.birth.split("-")
        return f"{self.sbd},{self.name},{day}/{month}/{year},{self.number},B\n"

    def picture(self, name: str, size: int) -> bytes:
        """Return the person's specimen image: bytes that no other one has."""
        seed = f"{name} {self.index}".encode()
        return b"".join(hashlib.sha256(seed + bytes([n % 256, n // 256])).digest() for n in range(size // 32))

    def evidence(self, size: int = 6_400) -> dict[str, bytes]:
        identity = {"number": self.number, "name": self.name, "birth": self.birth, "sex": "M"}
        return {
            "identity": json.dumps(identity, ensure_ascii=False).encode(),
            "chip-portrait": self.picture("chip", size),
            "live-portrait": self.picture("live", size // 2),
        }


def roster_of(people: int) -> bytes:
    rows = "".join(Person(index=index).row for index in range(people))
    return f"SBD,Họ và tên,Ngày sinh,Số định danh,Hạng\n{rows}".encode()


@dataclass
class Hall:
    """A station with one session in which everybody was seen once."""

    bench: Bench
    people: list[Person] = field(default_factory=list)
    session: str = ""
    operator: Operator = CHIEF

    @classmethod
    def filled(cls, folder: Path, people: int = 6, size: int = 6_400) -> Hall:
        hall = cls(bench=Bench(path=folder / "station.db"), people=[Person(index=i) for i in range(people)])
        with hall.bench.create() as store:
            hall.session = hall.fill(store, size).session_id
        return hall

    def fill(self, store: Store, size: int = 6_400) -> Session:
        """Open a session and let everybody be seen."""
        session = create_session(
            store,
            root_kind="training",
            roster=read_roster(roster_of(len(self.people))),
            rules=RULES,
            component="theory",
            place="Sân 1",
            day=DAY,
            operator=self.operator,
        )
        for person in self.people:
            attempt = record(
                len(store.entries("attempt")),
                session_id=session.session_id,
                sbd=person.sbd,
                roster_hash=session.roster_hash,
                operator=self.operator,
            )
            store.append_attempt(attempt, person.evidence(size))
        return session

    def close(self, store: Store, session_id: str | None = None) -> None:
        """Enter that the session is closed, with counts of a hall where all were admitted."""
        count = len(self.people)
        body = {
            "session": session_id or self.session,
            "reason": "ended",
            "candidates": count,
            "admitted": count,
            "referred": 0,
            "refused": 0,
            "absent": 0,
            "attempts": count,
        }
        store.append("close", body, operator=self.operator)
