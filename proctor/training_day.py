"""What a training session goes through beside its check-ins: two persons, results, the next component, the end.

The same calls as the commands'; second persons need no password in training.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from proctor.app import Desk
from proctor.attempt import AttemptResult
from proctor.commands.day_places import draw_for
from proctor.roots import TRAINING_ROLE, OpenRoot
from proctor.sheet_kinds import write_kind
from proctor.sheet_wish import Wish
from proctor.sheets import WrittenSheet
from sessions.closing import close_session
from sessions.course.calls import commit_start
from sessions.course.consent import AGREED, enter_consent
from sessions.course.incidents import add_incident, decide_incident
from sessions.course.manual import ManualCase, enter_manual
from sessions.course.movement import come_back, enter_spot_check, leave
from sessions.course.overrides import decide, override
from sessions.course.results import Given, enter, read_progress, require_result
from sessions.record import Operator, Second, Verdict
from sessions.session import Session

SECOND = "giam-sat"
SOURCE = "máy chấm luyện tập"

Say = Callable[[str, Mapping[str, str | int]], None]
Look = Callable[[Desk, str, str], AttemptResult]
"""Check somebody in at a desk: which desk, candidate number, purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDay:
    """One training session from its first component to its sheets. `say`: tells the operator what happens."""

    opened: OpenRoot
    session: Session
    say: Say
    second: Second = field(default=Second(user_id=SECOND, role=TRAINING_ROLE, proof="training"))

    @property
    def operator(self) -> Operator:
        """Who acts."""
        return self.opened.require_login().operator

    def agree(self, sbd: str, notice: str) -> None:
        """A candidate agrees to the picture."""
        enter_consent(
            self.opened.store, self.session, sbd=sbd, outcome=AGREED, notice=notice, operator=self.operator
        )

    def let_in(self, sbd: str, result: AttemptResult, reason: str) -> bool:
        """Two persons let in somebody whom the machine referred; whether there was anything to decide."""
        if result.verdict is not Verdict.REFER:
            return False
        override(
            self.opened.store,
            self.session,
            sbd=sbd,
            reason=reason,
            operator=self.operator,
            second=self.second,
            attempt_id=result.attempt_id,
        )
        self.say("training.override", {"sbd": sbd, "second": SECOND})
        return True

    def keep_out(self, sbd: str, result: AttemptResult) -> None:
        """An incident, and the chairman's decision about somebody whom the machine refused: not admitted."""
        incident, _ = add_incident(
            self.opened.store,
            self.session,
            code="identity-refused",
            operator=self.operator,
            sbd=sbd,
            component=self.session.component,
            note="Chíp của thẻ không còn đúng như nơi cấp đã ký.",
        )
        decide(
            self.opened.store,
            self.session,
            sbd=sbd,
            admit=False,
            incident=incident,
            reason="fraud-suspected",
            operator=self.operator,
            second=self.second,
            attempt_id=result.attempt_id,
        )
        self.say("training.decision", {"sbd": sbd, "incident": incident})

    def by_hand(self, sbd: str) -> None:
        """Two persons establish by a passport who somebody is."""
        asked = ManualCase(sbd=sbd, document="passport", reason="no-chip")
        enter_manual(self.opened.store, self.session, asked, operator=self.operator, second=self.second)
        self.say("training.manual", {"sbd": sbd, "second": SECOND})

    def suspend(self, sbd: str) -> None:
        """Somebody had a telephone: minutes, then the consequence by who may say so."""
        store, session = self.opened.store, self.session
        incident, _ = add_incident(
            store,
            session,
            code="phone",
            operator=self.operator,
            sbd=sbd,
            note="Có điện thoại trong túi áo trong giờ làm bài.",
        )
        decide_incident(
            store,
            session,
            incident_id=incident,
            consequence="suspended",
            operator=self.operator,
            second=self.second,
        )
        self.say("training.suspended", {"sbd": sbd, "incident": incident})

    def started(self, component: str, *, minutes_ago: int) -> None:
        """A component is running for so many minutes."""
        begun = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        commit_start(self.opened.store, self.session, component, begun, room="", operator=self.operator)

    def result(self, sbd: str, component: str, points: int) -> None:
        """The points of a component."""
        progress = read_progress(self.opened.store, self.session)
        ready = require_result(progress, Given(sbd=sbd, component=component, points_e2=points * 100))
        enter(self.opened.store, self.session, ready, source=SOURCE, operator=self.operator)
        self.say("training.result", {"sbd": sbd, "points": points, "why": ready.outcome.value})

    def out_and_in(self, desk: Desk, session: Session, sbd: str, look: Look) -> None:
        """Somebody leaves the room, and is looked at again before coming back."""
        leave(self.opened.store, session, sbd=sbd, reason="toilet", operator=self.operator)
        attempt = look(desk, sbd, "re-entry").attempt_id
        outcome, _ = come_back(
            self.opened.store, session, sbd=sbd, operator=self.operator, attempt_id=attempt
        )
        self.say("training.re-entry", {"sbd": sbd, "why": outcome})

    def spot_check(self, desk: Desk, session: Session, look: Look) -> None:
        """One of those who are in, drawn by lot, is looked at again."""
        drawn = draw_for(self.opened, session, count=1, share=None)
        body = {"session": session.session_id, "component": session.component, **drawn.as_body()}
        self.opened.store.append("draw", body, operator=self.operator)
        for sbd in drawn.drawn:
            attempt = look(desk, sbd, "spot-check").attempt_id
            outcome, _ = enter_spot_check(
                self.opened.store, session, sbd=sbd, operator=self.operator, attempt_id=attempt
            )
            self.say("training.spot-check", {"sbd": sbd, "why": outcome})

    def end(self, *, results: bool) -> tuple[WrittenSheet, ...]:
        """Close the session and write its sheets, the attendance of each component first."""
        close_session(self.opened.store, self.session, operator=self.operator)
        folder = self.opened.root.sheets_dir
        wishes = [Wish(kind="attendance", component=component) for component in self.session.components]
        kinds = ("exceptions", "results", "summary", "seal") if results else ("exceptions", "summary", "seal")
        wishes += [Wish(kind=kind) for kind in kinds]
        written = [write_kind(self.opened, self.session, wish, folder) for wish in wishes]
        return tuple(sheet for each in written for sheet in each)
