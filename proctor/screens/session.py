"""A session as its page shows it: where it stands, figures that add up, rooms, and whoever somebody has to look after.

Read in one go beside the window's thread; no window in here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from proctor.day_totals import closing_lines
from proctor.names import component_name
from proctor.roots import OpenRoot
from proctor.screens.second import Seconds, seconds_of
from proctor.screens.session_parts import Sharing, sharing_of
from proctor.texts import Texts
from sessions.closing import is_closed
from sessions.course.allocation import Place, placed, places_of
from sessions.course.board import Board
from sessions.course.calls import ENDED, started_at
from sessions.course.day import DayState, Resume, needs_start, require_self_test, where_we_were
from sessions.course.day_errors import SelfTestNeededError
from sessions.course.draw import open_draws
from sessions.course.merge import missing_parts
from sessions.course.parts import AT_THE_DESK, own_parts
from sessions.course.progress import Progress, Status
from sessions.course.states import Standing, State
from sessions.record import parse_utc
from sessions.session import Session, load_session
from sessions.vietnam import VIETNAM

FIGURES: Final = ("listed", "inside", "out", "open", "check", "refused", "away", "excused")
"""Columns of the figures; the last seven add up to the first."""
LISTS: Final = ("late", "away", "drawn", "open")
_EXCUSED: Final = frozenset({Status.NOT_LISTED, Status.KEPT, Status.BLOCKED, Status.WAITING})
_NOT_COME: Final = frozenset({State.NOT_SEEN, State.ABSENT})
_KEPT_OUT: Final = frozenset({State.REFUSED, State.SUSPENDED})
_OPEN: Final = frozenset({State.REFERRED, State.WRONG_ROOM, State.LATE, State.DUPLICATE})
_UNFINISHED: Final = frozenset({State.OUT, State.IN_CHECK})
OVERDUE: Final = "overdue"
TESTED, UNTESTED, TEST_FAILED = "ok", "none", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLine:
    """One component: its figures by FIGURES, from when it runs ("07:30", "" not said) and whether it ended."""

    component: str
    label: str
    figures: Mapping[str, int]
    starts: str = ""
    ended: bool = False
    allocated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLine:
    """One room or car of a component: `listed` = `inside` + `away` + `rest`. `room` "": who has none."""

    component: str
    room: str
    listed: int
    inside: int
    away: int
    rest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """Somebody on one of LISTS. `state`: a State, or OVERDUE: not there although late by the rules."""

    sbd: str
    name: str = field(repr=False)
    component: str
    label: str
    where: str
    state: str
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything that the page shows of one session.

    `state`: not-started, ready, running, paused or closed; `must_start`: nobody is checked in before the start;
    `self_test`: TESTED, UNTESTED or TEST_FAILED; `since`: when it was started, paused or closed; `at`: who was at the
    desk when it was cut short; `closing`: what a close would come to now, in words; `missing_parts`: still at other
    stations; `begun`: somebody came to the desk; `candidates`: how many are listed. Figures, rooms and people are of
    whoever this station answers for: its own part, and those that were merged.
    """

    session: Session = field(repr=False)
    state: str
    must_start: bool
    started: bool
    self_test: str
    since: str = ""
    at: str = ""
    last: str = ""
    components: tuple[ComponentLine, ...] = ()
    rooms: tuple[RoomLine, ...] = ()
    people: Mapping[str, tuple[PersonLine, ...]] = field(default_factory=dict, repr=False)
    closing: tuple[str, ...] = field(default=(), repr=False)
    missing_parts: tuple[int, ...] = ()
    second: Seconds = field(default_factory=Seconds)
    sharing: Sharing = field(default_factory=Sharing)
    begun: bool = False
    candidates: int = 0

    def component(self, name: str) -> ComponentLine:
        """Return the line of a component; the first where there is none of that name."""
        return next((line for line in self.components if line.component == name), self.components[0])

    @property
    def training(self) -> bool:
        """Whether it is a rehearsal."""
        return self.session.kind == "training"


def overview(opened: OpenRoot, session: Session, texts: Texts, now: datetime) -> Overview:
    """Return where a session stands. Raises SessionsError."""
    return Looker(opened, session).look(texts, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the entries alone decide, whatever the time is."""

    session: Session = field(repr=False)
    progress: Progress = field(repr=False)
    stood: Resume
    closed: bool
    absent: tuple[int, ...]
    sharing: Sharing


class Looker:
    """Keeps what is read of one session: its board takes in only what is new, and where nothing is, nothing is computed
    anew that does not hang on the time. Any thread may look, one at a time. `last`: what was seen last.
    """

    def __init__(self, opened: OpenRoot, session: Session) -> None:
        self._opened, self._given = opened, session
        self._board: Board | None = None
        self._known = -1
        self._found: _Found | None = None
        self._lock = Lock()
        self.last: Overview | None = None

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self._given.session_id

    def grown(self) -> bool:
        """Whether there are entries that were not looked at. Raises SessionsError."""
        with self._lock:
            return len(self._refreshed().entries) != self._known

    def look(self, texts: Texts, now: datetime) -> Overview:
        """Return where the session stands. Raises SessionsError."""
        with self._lock:
            board = self._refreshed()
            if self._found is None or len(board.entries) != self._known:
                self._found = self._find(board)
                self._known = len(board.entries)
            self.last = self._overview(board, self._found, texts, now)
            return self.last

    def _refreshed(self) -> Board:
        if self._board is None:
            self._board = Board(self._opened.store, _newest(self._opened, self._given))
        else:
            self._board.refresh()
        return self._board

    def _find(self, board: Board) -> _Found:
        opened, session = self._opened, board.session
        closed = is_closed(opened.store, session.session_id)
        return _Found(
            session=session,
            progress=Progress.of(session, board.entries),
            stood=where_we_were(opened.store, session),
            closed=closed,
            absent=() if closed else missing_parts(session, board.entries),
            sharing=sharing_of(opened, session),
        )

    def _overview(self, board: Board, found: _Found, texts: Texts, now: datetime) -> Overview:
        session, progress, stood = found.session, found.progress, found.stood
        return Overview(
            session=session,
            state=_state(session, stood.state, seen=stood.last_seq is not None),
            must_start=needs_start(session),
            started=stood.state.started is not None,
            self_test=_self_test(self._opened, session, now),
            since=_since(stood.state),
            at=stood.at if stood.interrupted else "",
            last=stood.last_sbd,
            components=tuple(_component(board, progress, name, texts) for name in session.components),
            rooms=tuple(line for name in session.components for line in _rooms(board, progress, name)),
            people=_people(board, progress, now, texts),
            closing=() if found.absent else tuple(closing_lines(board, texts, progress)),
            missing_parts=found.absent if _is_main(session) else (),
            second=seconds_of(self._opened, session, "start"),
            sharing=found.sharing,
            begun=any(entry.kind in AT_THE_DESK for entry in board.entries),
            candidates=_candidates(board),
        )


def _newest(opened: OpenRoot, session: Session) -> Session:
    """Return the session as it stands: it may have been divided since it was read."""
    if session.part is not None or not opened.store.entries("split", session.session_id):
        return session
    return load_session(opened.store, session.session_id).at(session.component)


def _is_main(session: Session) -> bool:
    return session.part is not None and session.part.number == 1


def _state(session: Session, state: DayState, *, seen: bool) -> str:
    if state.closed is not None:
        return "closed"
    if state.paused is not None:
        return "paused"
    if needs_start(session) and state.started is None:
        return "not-started"
    return "running" if seen else "ready"


def _since(state: DayState) -> str:
    entry = state.closed or state.paused or state.started
    return "" if entry is None else clock(str(entry.body["at"]))


def _self_test(opened: OpenRoot, session: Session, now: datetime) -> str:
    try:
        require_self_test(opened.store, session, now)
    except SelfTestNeededError as error:
        return str(error.facts["why"])
    return TESTED


def _rows(board: Board, component: str) -> tuple[Standing, ...]:
    """Return everybody of a component whom this station answers for."""
    here = own_parts(board.session, board.entries)
    rows = (row for row in board.standings(component) if not row.seat.erased)
    return tuple(row for row in rows if here is None or row.seat.part in here)


def _candidates(board: Board) -> int:
    here = own_parts(board.session, board.entries)
    return sum(1 for seat in board.session.seats if here is None or (seat.part in here and not seat.erased))


def _figure(progress: Progress, row: Standing) -> str:
    """Return in which column of FIGURES somebody counts."""
    if row.state in _NOT_COME:
        return "excused" if progress.status(row.sbd, row.component) in _EXCUSED else "away"
    if row.state in _KEPT_OUT:
        return "refused"
    if row.state is State.OUT:
        return "out"
    if row.state is State.IN_CHECK:
        return "check"
    return "inside" if row.admitted else "open"


def _component(board: Board, progress: Progress, component: str, texts: Texts) -> ComponentLine:
    rows = _rows(board, component)
    found = Counter(_figure(progress, row) for row in rows)
    starts = started_at(board.entries, component)
    mine = [
        each for each in board.entries if each.kind == "component" and each.body["component"] == component
    ]
    events = [str(each.body["event"]) for each in mine if "room" not in each.body]
    lots = [
        each.seq
        for each in board.entries
        if each.kind == "allocation" and each.body["component"] == component
    ]
    return ComponentLine(
        component=component,
        label=component_name(board.session.rules, component, texts),
        figures={"listed": len(rows)} | {name: found[name] for name in FIGURES[1:]},
        starts="" if starts is None else f"{starts.astimezone(VIETNAM):%H:%M}",
        ended=bool(events) and [each for each in events if each != "called"][-1:] == [ENDED],
        allocated=lots[-1] if lots else None,
    )


def _rooms(board: Board, progress: Progress, component: str) -> Iterable[RoomLine]:
    places = places_of(board.entries, component)
    found: dict[str, Counter[str]] = {}
    for row in _rows(board, component):
        room = placed(row.seat, places)[0]
        figure = _figure(progress, row)
        found.setdefault(room, Counter())[figure if figure in {"inside", "away"} else "rest"] += 1
    for room, counts in sorted(found.items()):
        yield RoomLine(
            component=component,
            room=room,
            listed=counts.total(),
            inside=counts["inside"],
            away=counts["away"],
            rest=counts["rest"],
        )


def _people(
    board: Board, progress: Progress, now: datetime, texts: Texts
) -> Mapping[str, tuple[PersonLine, ...]]:
    found: dict[str, list[PersonLine]] = {name: [] for name in LISTS}
    for component in board.session.components:
        drawn = set(open_draws(board.entries, component))
        places = places_of(board.entries, component)
        overdue = _overdue_rooms(board, component, places, now)
        for row in _rows(board, component):
            room, seat = placed(row.seat, places)
            named = [row.sbd in drawn and "drawn", _list_of(progress, row, room, overdue)]
            for name in filter(None, named):
                late = name == "late" and row.state is not State.LATE
                line = _person(board, row, (room, seat), OVERDUE if late else str(row.state), texts)
                found[str(name)].append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def _list_of(progress: Progress, row: Standing, room: str, overdue: frozenset[str]) -> str:
    """Return on which of LISTS somebody is by where they stand; "" for none."""
    if row.state is State.LATE:
        return "late"
    if row.state in _NOT_COME and _figure(progress, row) == "away":
        return "late" if row.state is State.NOT_SEEN and room in overdue else "away"
    return "open" if row.state in _OPEN | _UNFINISHED else ""


def _person(board: Board, row: Standing, where: tuple[str, str], state: str, texts: Texts) -> PersonLine:
    return PersonLine(
        sbd=row.sbd,
        name=row.seat.full_name,
        component=row.component,
        label=component_name(board.session.rules, row.component, texts),
        where=" · ".join(part for part in where if part),
        state=state,
        at="" if row.at is None else clock(row.at),
    )


def _overdue_rooms(
    board: Board, component: str, places: Mapping[str, Place], now: datetime
) -> frozenset[str]:
    """Return the rooms where whoever comes now would be told late."""
    limit = board.session.rules.late_minutes
    if limit is None:
        return frozenset()
    rooms = {placed(row.seat, places)[0] for row in _rows(board, component)}
    starts = {room: started_at(board.entries, component, room) for room in rooms}
    return frozenset(
        room for room, at in starts.items() if at is not None and now - at > timedelta(minutes=limit)
    )


def clock(at: str) -> str:
    """Return a stored time as the clock on the wall in Vietnam shows it."""
    return f"{parse_utc(at).astimezone(VIETNAM):%H:%M}"
