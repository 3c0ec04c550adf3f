"""What the station's window has done beside it: log in, look at the sessions, open a desk. No window in here.

These functions run in a worker; heavy parts of the program are loaded there, so that the window is up at once.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date

from proctor.config import Places
from proctor.desk.events import Resumed
from proctor.desk.runner import Done, Runner, first_user
from proctor.errors import CommandError
from proctor.logins import enter_refused, guard_of, log_in
from proctor.names import role_name
from proctor.roots import (
    OpenRoot,
    ensure_training_root,
    memory_folder,
    open_real,
    open_training,
    settled_login,
)
from proctor.texts import window_texts
from sessions.course.board import Board
from sessions.course.day import needs_start, resume_session, state_of, where_we_were
from sessions.errors import RoleForbiddenError, SessionsError
from sessions.record import Operator
from sessions.roles import require_may
from sessions.session import Session, create_session, list_sessions, load_session
from sessions.vietnam import today

Ask = Callable[[str], str]
REHEARSAL = 8


class Held:
    """A data root that stays open while somebody works at the station."""

    def __init__(self, stack: ExitStack, opened: OpenRoot) -> None:
        self._stack = stack
        self.opened = opened

    def close(self) -> None:
        """Close the log and let the root go. Nothing happens the second time."""
        self._stack.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """One open session as the start page shows it.

    `state`: running, ready, paused or not-started; `inside` of `listed` candidates were let in; `at`: who was at the
    desk when it was cut short; `broken`: something was; `may`: whether who logged in may check in there, `may_start`:
    whether they may start, pause and resume it.
    """

    session: Session = field(repr=False)
    state: str
    listed: int
    inside: int
    at: str = ""
    broken: bool = False
    may: bool = True
    may_start: bool = False
    today: bool = True

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self.session.session_id

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms of its list."""
        return tuple(sorted({seat.room for seat in self.session.seats if seat.room}))


def runner_of(places: Places, held: Held) -> Runner:
    """Return what runs commands in an open root."""
    return Runner(places, held.opened, language="vi", ask=_nobody)


def _nobody(user_id: str) -> str:
    raise CommandError("secret-missing", user=user_id)


def make_station(places: Places, user: str, name: str, ask: Ask, language: str) -> Done:
    """Make the station with its first administrator: `proctor user add --first`. Raises CommandError."""
    return first_user(places, user, name=name, ask=ask, language=language)


def log_in_real(places: Places, user: str, ask: Ask) -> Held:
    """Open the real root as a person. Raises CommandError, SessionsError."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_real(places.real, by=user, ask=ask, login=True))
        return Held(stack.pop_all(), opened)


def enter_training(places: Places) -> Held:
    """Open the training root, made when absent. Raises CommandError, SessionsError."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_training(ensure_training_root(places.training)))
        return Held(stack.pop_all(), opened)


def unlock(opened: OpenRoot, ask: Ask) -> str:
    """Return the id of who is logged in, who just proved to be there. Raises WrongSecretError, LoginLockedError."""
    operator = opened.require_login().operator
    guard = guard_of(opened.root, memory_folder(opened.root))
    try:
        settled_login(opened, log_in(opened.root, operator.user_id, ask, guard))
    finally:
        enter_refused(opened.store, guard)
    return operator.user_id


def sessions_of(opened: OpenRoot) -> tuple[SessionLine, ...]:
    """Return the open sessions: of today first, then the newest."""
    lines = [line for line in (_line(opened, session) for session in list_sessions(opened.store)) if line]
    return tuple(
        sorted(lines, key=lambda line: (not line.today, -line.session.day.toordinal(), -line.session.seq))
    )


def session_now(opened: OpenRoot, session_id: str) -> Session:
    """Return a session as it is now: somebody may have been added to its list. Raises SessionsError."""
    return load_session(opened.store, session_id)


def _line(opened: OpenRoot, session: Session) -> SessionLine | None:
    state = state_of(opened.store, session)
    if state.closed is not None:
        return None
    stood = where_we_were(opened.store, session)
    board = Board(opened.store, session)
    began = not needs_start(session) or state.started is not None
    return SessionLine(
        session=session,
        state=_state(began=began, paused=state.paused is not None, seen=stood.last_seq is not None),
        listed=len(session.seats),
        inside=sum(1 for row in board.standings() if row.admitted),
        at=stood.at if stood.interrupted else "",
        broken=stood.broken,
        may=may(opened.require_login().operator, "check-in", session),
        may_start=may(opened.require_login().operator, "start", session),
        today=session.day == today(),
    )


def _state(*, began: bool, paused: bool, seen: bool) -> str:
    if not began:
        return "not-started"
    if paused:
        return "paused"
    return "running" if seen else "ready"


def may(operator: Operator, action: str, session: Session | None) -> bool:
    """Whether somebody may do this: by the session's own rules where one is chosen."""
    try:
        if session is None:
            require_may(operator, action)
        else:
            session.rules.require_may(operator, action)
    except SessionsError:
        return False
    return True


def role_label(role: str, language: str) -> str:
    """Return a role as people say it: the law's term in Vietnamese."""
    return role_name(role, window_texts(language))


def come_back(
    opened: OpenRoot, line: SessionLine, *, cut: bool = False, component: str = "", reason: str = ""
) -> Resumed | None:
    """Return who was at the desk when the station was cut short, None where it was not; going on is an entry where an
    attempt was cut. `cut`: the desk was open then, so that whoever was there last is said in any case, and a REFER that
    nobody decided about is opened again at this component, for this reason in words.

    Raises SessionsError.
    """
    stood = where_we_were(opened.store, line.session)
    if line.broken and line.state not in {"paused", "not-started"}:
        operator = opened.require_login().operator
        with suppress(RoleForbiddenError):
            line.session.rules.require_may(operator, "start")
            stood, _ = resume_session(opened.store, line.session, operator=operator)
    if stood.interrupted:
        return Resumed(sbd=next((each.sbd for each in reversed(stood.interrupted) if each.sbd), ""))
    if not cut:
        return None
    from proctor.desk.undecided import last_refer, reopened  # noqa: PLC0415 - it loads what unpacks pictures

    session = line.session.at(component) if component else line.session
    waits = last_refer(opened, session)
    if waits is not None:
        undecided = reopened(opened, session, waits, reason=reason)
        sbd = str(waits.body.get("sbd", ""))
        return Resumed(sbd=sbd, entry=waits.seq, verdict=waits.body["verdict"], undecided=undecided)
    if stood.last_seq is not None:
        return Resumed(sbd=stood.last_sbd, entry=stood.last_seq, verdict=stood.last_verdict)
    return None


def rehearse(opened: OpenRoot, day: date) -> Session:
    """Open a training session with plainly invented people. Raises CommandError outside training, SessionsError."""
    from proctor.training import DRIVING, candidates, roster_csv  # noqa: PLC0415 - it loads what draws candidates
    from sessions.roster.csv_roster import read_roster  # noqa: PLC0415
    from sessions.rules import load_rules  # noqa: PLC0415

    if not opened.training:
        raise CommandError("folder-not-training", root=str(opened.root.path))
    people = tuple(candidates(REHEARSAL, day, group=len(opened.store.entries("open"))))
    return create_session(
        opened.store,
        root_kind="training",
        roster=read_roster(roster_csv(people, DRIVING.rooms)),
        rules=load_rules(DRIVING.rules),
        component=DRIVING.components[0],
        components=DRIVING.components[1:],
        place=DRIVING.place,
        day=day,
        operator=opened.require_login().operator,
    )
