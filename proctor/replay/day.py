"""One session of the replay, from its list to its close: the calls of a real day, chip and face as recorded."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from proctor.attempt import new_attempt_id
from proctor.checks import CheckName
from proctor.commands.day_places import draw_for
from proctor.policy import decide as verdict_of
from proctor.recorder import Recorder
from proctor.replay.outcomes import RIGHT, recorded
from proctor.replay.plan import PASS_E4, Person, Sitting
from proctor.roots import TRAINING_ROLE, OpenRoot
from sessions.closing import close_session
from sessions.course.additions import add_candidates
from sessions.course.board import Board
from sessions.course.calls import commit_end, commit_start
from sessions.course.consent import AGREED, enter_consent
from sessions.course.day import pause_session, record_self_test, resume_session, start_session
from sessions.course.gate import Gate
from sessions.course.grading import Outcome, points_body
from sessions.course.incidents import add_incident, decide_incident
from sessions.course.manual import ManualCase, enter_manual
from sessions.course.movement import come_back, enter_spot_check, leave
from sessions.course.overrides import decide, override
from sessions.course.progress import Progress, Status
from sessions.course.result_log import Recorded
from sessions.course.results import (
    Given,
    correct,
    enter,
    read_progress,
    require_correction,
    require_result,
    require_target,
)
from sessions.record import AttemptRecord, Operator, Second, SystemClock
from sessions.roster.model import Roster, Seat
from sessions.roster.reading import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session, require_seat
from sessions.vietnam import today

ROOM = "P1"
OTHER_ROOM = "P2"
PLACE = "Trung tâm Sát hạch Mẫu"
SECOND = Second(user_id="nguoi-thu-hai", role=TRAINING_ROLE, proof="training")
SPOT_CHECKS = 3
SELF_TEST = ("readers", "cameras", "models", "fonts", "sqlite", "disk", "clock", "keys")
SOURCE = "máy chấm của phát lại"
_OUTSIDER = "099199999999"


def roster_of(sitting: Sitting, people: tuple[Person, ...]) -> Roster:
    """Return the list of these candidates, read from the bytes of a file as an operator would bring it."""
    lines = ["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng"]
    lines += [
        f"{person.sbd},{person.name},{person.birth},{person.id_number},{sitting.licence_class},{ROOM}"
        for person in people
    ]
    return read_roster(("\n".join(lines) + "\n").encode(), name="roster.csv")


class Day:
    """Plays one sitting into the log of an open training root. `notice`: the text that candidates agree to."""

    def __init__(self, opened: OpenRoot, sitting: Sitting, *, notice: str) -> None:
        self._opened = opened
        self._store = opened.store
        self._sitting = sitting
        self._notice = notice
        self._clock = SystemClock()
        self.session = self._create()
        self._board = Board(self._store, self.session)
        self._people = {person.sbd: person for person in sitting.people}

    @property
    def _operator(self) -> Operator:
        return self._opened.require_login().operator

    def play(self) -> Session:
        """Play the whole day; return the session as it was closed."""
        self._open()
        for component in self._sitting.components:
            self._component(self.session.at(component))
        close_session(self._store, self.session, operator=self._operator)
        return self.session

    # -- before and between -----------------------------------------------------------------------

    def _create(self) -> Session:
        components = self._sitting.components
        return create_session(
            self._store,
            root_kind=self._opened.root.kind,
            roster=roster_of(self._sitting, self._sitting.people),
            rules=load_rules(self._sitting.rules),
            component=components[0],
            components=components,
            place=PLACE,
            day=today(),
            operator=self._operator,
        )

    def _open(self) -> None:
        """Self-test, start, a pause, and whoever is added to the list."""
        store, session, operator = self._store, self.session, self._operator
        checks = {name: {"ok": 1, "needed": 1} for name in SELF_TEST}
        record_self_test(store, checks, note=b"", session=session.session_id, operator=operator)
        start_session(
            store, session, operator=operator, now=datetime.now(UTC), roster_hash=session.roster_hash
        )
        pause_session(store, session, operator=operator, reason="break")
        resume_session(store, session, operator=operator)
        for person in self._sitting.added:
            add_candidates(
                store,
                session,
                roster_of(self._sitting, (person,)),
                reason="late-decision",
                operator=operator,
                second=SECOND,
            )
            self._people[person.sbd] = person
            self._board.refresh()
            self.session = session = self._board.session

    def _component(self, session: Session) -> None:
        """One component: everybody who may comes, then marks, corrections, a draw, the end."""
        operator, component = self._operator, session.component
        commit_start(self._store, session, component, datetime.now(UTC), room="", operator=operator)
        progress = read_progress(self._store, session)
        first = component == self._sitting.components[0]
        for sbd, person in self._people.items():
            if progress.status(sbd, component) is Status.OPEN:
                self._come(session, person, first=first)
        for _ in range(self._sitting.outsiders):
            self._attempt(session, _OUTSIDER, RIGHT, sbd=None)
        self._draw(session)
        commit_end(self._store, session, component, room="", operator=operator)
        self._mark(session)

    # -- one candidate ----------------------------------------------------------------------------

    def _come(self, session: Session, person: Person, *, first: bool) -> None:
        way = person.way if first else _later(person, session.component)
        if way == "absent":
            return
        if first:
            enter_consent(
                self._store,
                session,
                sbd=person.sbd,
                outcome=AGREED,
                notice=self._notice,
                operator=self._operator,
            )
        _WAYS[way](self, session, person)

    def _right(self, session: Session, person: Person) -> None:
        self._attempt(session, person.id_number, RIGHT, sbd=person.sbd)

    def _overridden(self, session: Session, person: Person) -> None:
        self._attempt(session, person.id_number, "unknown-signer", sbd=person.sbd)
        override(
            self._store,
            session,
            sbd=person.sbd,
            reason="signer-unknown",
            note="Đã đối chiếu thẻ, ảnh và người.",
            operator=self._operator,
            second=SECOND,
        )

    def _not_decided(self, session: Session, person: Person) -> None:
        self._attempt(session, person.id_number, "unknown-signer", sbd=person.sbd)

    def _refused(self, session: Session, person: Person) -> None:
        self._attempt(session, person.id_number, "altered-chip", sbd=person.sbd)

    def _decided(self, session: Session, person: Person) -> None:
        """A cloned chip: an incident, and the chairman lets the candidate in all the same."""
        self._attempt(session, person.id_number, "cloned-chip", sbd=person.sbd)
        incident = self._incident(session, person, "identity-refused", "none")
        decide(
            self._store,
            session,
            sbd=person.sbd,
            admit=True,
            incident=incident,
            reason="identity-established",
            note="Đã xem giấy tờ khác và hồ sơ.",
            operator=self._operator,
            second=SECOND,
        )

    def _impostor(self, session: Session, person: Person) -> None:
        """Somebody else's face, as often as the rules allow; then an incident."""
        for _ in range(session.rules.face_tries):
            self._attempt(session, person.id_number, "impostor", sbd=person.sbd)
        self._incident(session, person, "impersonation", "suspended")

    def _manual(self, session: Session, person: Person) -> None:
        self._attempt(session, person.id_number, "no-card", sbd=person.sbd)
        enter_manual(
            self._store,
            session,
            ManualCase(sbd=person.sbd, document="passport", reason="passport"),
            operator=self._operator,
            second=SECOND,
        )

    def _no_paper(self, session: Session, person: Person) -> None:
        """Two persons looked, and could not establish who it is."""
        enter_manual(
            self._store,
            session,
            ManualCase(sbd=person.sbd, document="passport", reason="passport", established=False),
            operator=self._operator,
            second=SECOND,
        )

    def _again(self, session: Session, person: Person, first: str) -> None:
        self._attempt(session, person.id_number, first, sbd=person.sbd)
        self._right(session, person)

    def _face_again(self, session: Session, person: Person) -> None:
        self._again(session, person, "no-face")

    def _card_again(self, session: Session, person: Person) -> None:
        self._again(session, person, "card-pulled")

    def _wrong_room(self, session: Session, person: Person) -> None:
        self._attempt(session, person.id_number, RIGHT, sbd=person.sbd, room=OTHER_ROOM)
        if person.dice % 2:
            self._right(session, person)

    def _twice(self, session: Session, person: Person) -> None:
        self._right(session, person)
        self._right(session, person)

    def _out_and_back(self, session: Session, person: Person) -> None:
        self._right(session, person)
        leave(self._store, session, sbd=person.sbd, reason="toilet", operator=self._operator)
        self._attempt(session, person.id_number, RIGHT, sbd=person.sbd, purpose="re-entry")
        come_back(self._store, session, sbd=person.sbd, operator=self._operator)

    def _suspended(self, session: Session, person: Person) -> None:
        """A phone in the room: reminded first, then suspended by whoever may."""
        self._right(session, person)
        incident = self._incident(session, person, "phone", "reminded")
        decide_incident(
            self._store,
            session,
            incident_id=incident,
            consequence="suspended",
            operator=self._operator,
            second=SECOND,
        )

    def _incident(self, session: Session, person: Person, code: str, consequence: str) -> str:
        number, _ = add_incident(
            self._store,
            session,
            code=code,
            sbd=person.sbd,
            component=session.component,
            place=ROOM,
            consequence=consequence,
            note="Ghi nhận khi phát lại tải của đợt thí điểm.",
            operator=self._operator,
            second=SECOND,
        )
        return number

    # -- one attempt ------------------------------------------------------------------------------

    def _attempt(
        self,
        session: Session,
        id_number: str,
        name: str,
        *,
        sbd: str | None,
        room: str = ROOM,
        purpose: str = "check-in",
    ) -> None:
        """Enter one attempt: chip and face as recorded, list and duplicates as they are, the verdict by the rules."""
        store, operator = self._store, self._operator
        attempt_id = new_attempt_id()
        begun = self._clock.now()
        head = store.begin_attempt(
            attempt_id,
            session=session.session_id,
            component=session.component,
            operator=operator,
            sbd=sbd,
            purpose=purpose,
        )
        checks = recorded()[name].at(begun.at)
        if recorded()[name].holder_read:
            gate = Gate(board=self._board_at(session), room=room, purpose=purpose)
            asked = Recorder(now=lambda: datetime.now(UTC))
            seat: Seat | None = asked.run(
                CheckName.ROSTER, lambda: gate.require_seat(require_seat(session, id_number))
            )
            asked.run(CheckName.DUPLICATE, lambda found: gate.require_first(found.sbd), seat)
            checks |= {each: asked.checks[each] for each in (CheckName.ROSTER, CheckName.DUPLICATE)}
        rules = session.rules
        decision = verdict_of(
            checks,
            required=rules.required,
            refuse_on_failed=rules.refuse_on_failed,
            chip_at_best=rules.chip_at_best,
        )
        record = AttemptRecord(
            attempt_id=attempt_id,
            session_id=session.session_id,
            component=session.component,
            verdict=decision.verdict,
            reasons=decision.reasons,
            checks={str(each): check for each, check in checks.items()},
            chip_verdict=decision.chip.value,
            method="chip-face",
            operator=operator,
            moment=begun,
            rules_sha256=rules.sha256,
            roster_hash=session.roster_hash,
            sbd=sbd,
            trust={"replay": 1},
            facts={"sbd_source": "none" if sbd is None else "chip", "aa_checkpoint_size": head.size},
            purpose=purpose,
            place=room,
        )
        store.append_attempt(record)

    def _board_at(self, session: Session) -> Board:
        if self._board.session.component != session.component:
            self._board = Board(self._store, session)
        return self._board

    # -- after ------------------------------------------------------------------------------------

    def _draw(self, session: Session) -> None:
        """Draw a few of those who are in, and look at them again."""
        board = Board(self._store, session)
        inside = sum(row.admitted for row in board.standings(session.component))
        if inside < 2 * SPOT_CHECKS:
            return
        draw = draw_for(self._opened, session, count=SPOT_CHECKS, share=None)
        body = {"session": session.session_id, "component": session.component, **draw.as_body()}
        self._store.append("draw", body, operator=self._operator)
        for sbd in draw.drawn:
            enter_spot_check(self._store, session, sbd=sbd, outcome="same-person", operator=self._operator)

    def _mark(self, session: Session) -> None:
        """Enter the results of everybody who was let in and not sent away; correct what was entered wrongly."""
        progress = read_progress(self._store, session)
        wanted = list(self._givens(session, progress))
        for given in wanted:
            ready = require_result(progress, given)
            enter(self._store, session, ready, source=SOURCE, operator=self._operator)
        first = session.component == session.components[0]
        wrong = [given for given in wanted if first and self._people[given.sbd].way == "corrected"]
        for given in wrong:
            self._correct(session, given, read_progress(self._store, session))

    def _givens(self, session: Session, progress: Progress) -> Iterator[Given]:
        board = Board(self._store, session)
        for row in board.standings(session.component):
            kept_out = any(consequence == "suspended" for consequence in row.incidents.values())
            if row.admitted and not kept_out:
                yield _given(self._people[row.sbd], session, progress)

    def _correct(self, session: Session, given: Given, progress: Progress) -> None:
        """Two persons put a result right that was entered wrongly: passed becomes failed, and the other way."""
        known = progress.log.results[given.sbd, given.component]
        _, target = require_target(progress, self._store, known.newest.seq)
        correct(
            self._store,
            session,
            require_correction(progress, target, _turned(known, progress)),
            reason="typing",
            note={"note": "Nhập nhầm dòng.".encode()},
            operator=self._operator,
            second=SECOND,
        )


_WAYS = {
    "right": Day._right,
    "overridden": Day._overridden,
    "not-decided": Day._not_decided,
    "refused": Day._refused,
    "decided": Day._decided,
    "impostor": Day._impostor,
    "manual": Day._manual,
    "no-paper": Day._no_paper,
    "face-again": Day._face_again,
    "card-again": Day._card_again,
    "wrong-room": Day._wrong_room,
    "twice": Day._twice,
    "out-and-back": Day._out_and_back,
    "suspended": Day._suspended,
    "corrected": Day._right,
}


def _later(person: Person, component: str) -> str:
    """Return how somebody turns up at a later component: nearly always as they should."""
    drawn = person.random(component).random()
    return "absent" if drawn < 0.01 else "overridden" if drawn < 0.02 else "right"


def _given(person: Person, session: Session, progress: Progress) -> Given:
    """Return a result by the candidate's dice: points where the rules have a pass mark, else in a word."""
    component = session.component
    dice = person.random(f"{component}/result")
    passed = dice.randrange(10_000) < PASS_E4[component]
    marks = progress.marks(person.sbd, component)
    if marks.pass_e2 is None or marks.maximum_e2 is None:
        return Given(
            sbd=person.sbd, component=component, outcome=Outcome.PASSED if passed else Outcome.FAILED
        )
    top, line = marks.maximum_e2 // 100, marks.pass_e2 // 100
    points = dice.randint(line, top) if passed else dice.randint(line // 2, line - 1)
    return Given(sbd=person.sbd, component=component, points_e2=points * 100)


def _turned(known: Recorded, progress: Progress) -> dict[str, Any]:
    """Return the values of a correction that makes the opposite of a result: just enough points, or just too few."""
    marks = progress.marks(known.sbd, known.component)
    passed = known.values["outcome"] == Outcome.PASSED
    outcome = Outcome.FAILED if passed else Outcome.PASSED
    if marks.pass_e2 is None:
        return {"outcome": outcome.value}
    return {"outcome": outcome.value, **points_body(marks.pass_e2 - (100 if passed else 0))}
