"""What a session comes to when it is closed: who was present and absent at each component and class, who is still out.

Only a whole session is reconciled: a part of one knows of nobody whether they are absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sessions.course.board import Board
from sessions.course.progress import Progress, Status
from sessions.course.states import Standing, State

_UNSETTLED: Final = (State.OUT, State.IN_CHECK)
_EXCUSED: Final = frozenset({Status.NOT_LISTED, Status.KEPT, Status.BLOCKED, Status.WAITING})
_NOT_COME: Final = frozenset({State.NOT_SEEN, State.ABSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many of a component, of a class or ("") of all of them: listed = present + not let in + absent + excused."""

    component: str
    licence_class: str
    listed: int
    present: int
    not_let_in: int
    absent: int
    excused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Somebody of whom the record ends in the middle: out and not back, or an attempt without its end."""

    sbd: str
    component: str
    state: State


def totals(board: Board, progress: Progress | None = None) -> tuple[Total, ...]:
    """Return the totals by component in the rules' order; of each first everybody, then by class, if there are any.

    `progress`: of the board's entries, where somebody has it already.
    """
    progress = progress or Progress.of(board.session, board.entries)
    found = []
    for component in board.session.components:
        rows = [row for row in board.standings(component) if not row.seat.erased]
        classes = sorted({row.seat.licence_class for row in rows} - {""})
        found.append(_total(progress, component, "", rows))
        for name in classes if len(classes) > 1 else ():
            of_class = [row for row in rows if row.seat.licence_class == name]
            found.append(_total(progress, component, name, of_class))
    return tuple(found)


def unsettled(board: Board) -> tuple[Unsettled, ...]:
    """Return everybody whose record ends in the middle: a close states them."""
    return tuple(
        Unsettled(sbd=row.sbd, component=component, state=row.state)
        for component in board.session.components
        for row in board.standings(component)
        if row.state in _UNSETTLED
    )


def _total(progress: Progress, component: str, name: str, rows: Iterable[Standing]) -> Total:
    listed = present = excused = absent = 0
    for row in rows:
        listed += 1
        if row.admitted:
            present += 1
        elif row.state in _NOT_COME:
            away = progress.status(row.sbd, component) in _EXCUSED
            excused += away
            absent += not away
    return Total(
        component=component,
        licence_class=name,
        listed=listed,
        present=present,
        not_let_in=listed - present - excused - absent,
        absent=absent,
        excused=excused,
    )
