"""A session in which exceptions happen: attempts of every verdict, two persons, and what the log says afterwards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sessions.course.entries import SessionEntry, session_entries
from sessions.course.incidents import add_incident
from sessions.course.manual import ManualCase, enter_manual
from sessions.course.overrides import decide, override
from sessions.record import CHECK_NAMES, Operator, Outcome, Second, Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session, load_session
from sessions.store import Receipt, Store
from tests.support.sessions_station import ROSTER, check, record

ADMIT, REFER, REFUSE = Verdict.ADMIT, Verdict.REFER, Verdict.REFUSE
TRAINEE = Operator(user_id="tap-huan", role="trainee")
EXAMINER = Operator(user_id="nv01", role="identity-examiner")
CHAIRMAN = Operator(user_id="chu-tich", role="chairman")
SECOND = Second(user_id="giam-sat", role="trainee", proof="training")
OVERSEER = Second(user_id="giam-sat", role="overseer", proof="training")
NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
FACE_FAILED = {"face-match": "failed"}
ALTERED = {"pa-consistent": "failed"}


class Sitting:
    """One training session, at the theory unless said otherwise."""

    def __init__(
        self,
        store: Store,
        *,
        rules: str = "driving-tt108-2026",
        component: str = "theory",
        components: Sequence[str] = ("yard", "road"),
        roster: bytes = ROSTER,
    ) -> None:
        self.store = store
        self._id = create_session(
            store,
            root_kind="training",
            roster=read_roster(roster),
            rules=load_rules(rules),
            component=component,
            components=components,
            place="Sân Mẫu",
            day=date(2026, 11, 22),
            operator=TRAINEE,
        ).session_id

    @property
    def session(self) -> Session:
        return load_session(self.store, self._id)

    @property
    def entries(self) -> tuple[SessionEntry, ...]:
        return session_entries(self.store, self._id)

    def attempt(
        self,
        verdict: Verdict,
        *reasons: str,
        sbd: str | None = "001",
        checks: dict[str, str] | None = None,
        identity: dict[str, str] | None = None,
        late: Verdict | None = None,
        frames: bytes | None = None,
        **changes: Any,
    ) -> str:
        """Commit an attempt whose checks passed but for those given; return its id."""
        name = str(uuid.uuid4())
        rows = {each: check(Outcome((checks or {}).get(each, "passed"))) for each in CHECK_NAMES}
        fields: dict[str, Any] = {
            "attempt_id": name,
            "session_id": self._id,
            "component": self.session.component,
            "verdict": verdict,
            "reasons": reasons,
            "checks": rows,
            "sbd": sbd,
            "operator": TRAINEE,
        }
        made = record(1, **(fields | changes))
        evidence = {} if identity is None else {"identity": json.dumps(identity).encode()}
        evidence |= {} if frames is None else {"frames": frames}
        if late is None:
            self.store.append_attempt(made, evidence)
            return name
        body = made.as_body() | {"reasons": ["record-late", *reasons]}
        body["late"] = {"verdict": late.value, "operator": {"id": "nv01", "role": "x"}}
        self.store.append("attempt", body, evidence, operator=Operator(user_id="station", role="station"))
        return name

    def refused(self, checks: dict[str, str], times: int = 1, **changes: Any) -> str:
        return [self.attempt(REFUSE, "refused", checks=checks, **changes) for _ in range(times)][-1]

    def override(self, sbd: str = "001", attempt: str | None = None, **changes: Any) -> Receipt:
        fields: dict[str, Any] = {"reason": "face-compared", "operator": TRAINEE, "second": SECOND}
        return override(self.store, self.session, sbd=sbd, attempt_id=attempt, **(fields | changes))

    def incident(self, code: str = "identity-refused", sbd: str | None = "001", **changes: Any) -> str:
        fields: dict[str, Any] = {"operator": TRAINEE, "now": NOW}
        return add_incident(self.store, self.session, code=code, sbd=sbd, **(fields | changes))[0]

    def decide(self, incident: str, sbd: str = "001", admit: bool = True, **changes: Any) -> Receipt:
        fields: dict[str, Any] = {
            "reason": "identity-established",
            "note": "giấy tờ gốc",
            "operator": TRAINEE,
            "second": SECOND,
        }
        return decide(self.store, self.session, sbd=sbd, admit=admit, incident=incident, **(fields | changes))

    def manual(self, sbd: str = "001", **changes: Any) -> tuple[str, Receipt]:
        people: dict[str, Any] = {"operator": TRAINEE, "second": SECOND, "now": NOW}
        people |= {name: changes.pop(name) for name in tuple(changes) if name in people}
        fields: dict[str, Any] = {"document": "cccd-chip", "reason": "chip-dead"}
        asked = ManualCase(sbd=sbd, **(fields | changes))
        return enter_manual(self.store, self.session, asked, **people)

    def entry(self, kind: str, fields: dict[str, Any], *, two: bool = False) -> Receipt:
        """Commit an entry past every check but the form."""
        body = {"session": self._id, **fields}
        second = SECOND if two else None
        return self.store.append(kind, body, operator=TRAINEE, second=second)
