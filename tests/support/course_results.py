"""A session in memory for tests of results: seats, rules that ship, and entries as a log would have them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sessions.course.entries import SessionEntry
from sessions.course.progress import Progress
from sessions.record import format_utc
from sessions.roster.model import PartialDate, Seat
from sessions.rules import Rules, load_rules
from sessions.session import Part, Session

DAY = date(2026, 11, 22)
START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
ORIGIN = "proctor.training/0a1b2c3d"
OTHER = "proctor.training/0a1b2c3e"
PERSON = {"id": "nv01", "role": "secretary"}
_ATTEMPT: dict[str, Any] = {
    **{name: {} for name in ("begun", "trust", "facts")},
    **dict.fromkeys(("rules_sha256", "roster_hash"), "00" * 32),
}


def seat(number: int, **changes: Any) -> Seat:
    """A candidate of class B; the people are plainly specimens."""
    fields: dict[str, Any] = {
        "row": number + 1,
        "sbd": f"{number:03d}",
        "full_name": "NGUYỄN VĂN MẪU",
        "birth": PartialDate(year=1999, month=1, day=15),
        "id_number": f"001099{number:06d}",
        "licence_class": "B",
    }
    return Seat(**{**fields, **changes})


def session_of(
    *seats: Seat, rules: str | Rules = "driving-tt108-2026", components: tuple[str, ...] = (), **changes: Any
) -> Session:
    """A session of these rules that holds all components, or those given."""
    found = load_rules(rules) if isinstance(rules, str) else rules
    held = components or tuple(found.components)
    fields: dict[str, Any] = {
        "session_id": "HL-20261122-01",
        "kind": "training",
        "day": DAY,
        "place": "Trung tâm Mẫu",
        "component": held[0],
        "component_label": found.components[held[0]].label,
        "rules_id": found.rules_id,
        "rules_sha256": found.sha256,
        "roster_hash": "00" * 32,
        "opened_at": START,
        "seq": 1,
        "seats": seats or tuple(seat(number) for number in (1, 2, 3)),
        "rules": found,
        "components": held,
    }
    return Session(**{**fields, **changes})


@dataclass
class Course:
    """Entries of one session as they would be in its log."""

    session: Session
    entries: list[SessionEntry] = field(default_factory=list)
    seq: int = 10
    origin: str = ORIGIN

    @property
    def progress(self) -> Progress:
        return Progress.of(self.session, self.entries)

    def add(self, kind: str, *, part: int | None = None, origin: str = "", **body: Any) -> int:
        """Add an entry and return its number."""
        self.seq += 1
        whole = {
            "kind": kind,
            "seq": self.seq,
            "origin": origin or self.origin,
            "at": format_utc(START + timedelta(seconds=self.seq)),
            "session": self.session.session_id,
            "operator": PERSON,
            **body,
        }
        entry = SessionEntry(
            seq=self.seq, kind=kind, body=whole, origin=whole["origin"], held=self.seq, part=part
        )
        self.entries.append(entry)
        return self.seq

    def admit(self, sbd: str, component: str, verdict: str = "ADMIT", **body: Any) -> int:
        return self.add(
            "attempt",
            attempt=f"a-{self.seq}",
            sbd=sbd,
            component=component,
            verdict=verdict,
            method="chip-face",
            reasons=[],
            checks={},
            chip_verdict="genuine",
            **_ATTEMPT,
            **body,
        )

    def result(self, sbd: str, component: str, outcome: str = "passed", **body: Any) -> int:
        return self.add("result", sbd=sbd, component=component, outcome=outcome, source="bảng điểm", **body)

    def sat(self, sbd: str, component: str, outcome: str = "passed", **body: Any) -> int:
        """Let in, and a result."""
        self.admit(sbd, component)
        return self.result(sbd, component, outcome, **body)

    def prior(self, sbd: str, component: str, passed_on: str, **body: Any) -> int:
        passes = [{"sbd": sbd, "component": component, "passed_on": passed_on}]
        return self.add("prior", source="Trung tâm Ví Dụ", reference="QĐ 01", passes=passes, **body)

    def correct(self, corrects: int, sbd: str, component: str, origin: str = "", **values: Any) -> int:
        second = {"id": "nv02", "role": "chairman", "proof": "training"}
        return self.add(
            "correction",
            origin=origin,
            corrects=corrects,
            sbd=sbd,
            component=component,
            reason="entry-mistake",
            values=values,
            second=second,
        )

    def close(self, **body: Any) -> int:
        return self.add("close", reason="finished", **body)


def course(*seats: Seat, **changes: Any) -> Course:
    """A session without entries."""
    return Course(session=session_of(*seats, **changes))


__all__ = ["DAY", "OTHER", "Course", "Part", "course", "replace", "seat", "session_of"]
