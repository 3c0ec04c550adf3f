"""The roster's rows, the search while it is typed, filters and counts. No window, nothing but values."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reports.posting import mask_number
from sessions.course.allocation import placed, places_of
from sessions.course.board import Board
from sessions.course.calls import CALLED
from sessions.course.states import Standing, State
from sessions.record import parse_utc
from sessions.vietnam import VIETNAM

CALLED_STATE: Final = "called"
"""Not seen yet, but called: shown apart, since somebody has to look for them."""
SIGNS: Final[Mapping[str, str]] = {
    State.NOT_SEEN: "",
    CALLED_STATE: "arrow",
    State.IN_CHECK: "dots",
    State.ADMITTED: "tick",
    State.MANUAL: "tick",
    State.DECIDED: "tick",
    State.BACK: "tick",
    State.OUT: "arrow",
    State.REFERRED: "question",
    State.WRONG_ROOM: "question",
    State.LATE: "bang",
    State.DUPLICATE: "bang",
    State.REFUSED: "cross",
    State.SUSPENDED: "cross",
    State.ABSENT: "bang",
    State.ERASED: "",
}
"""The sign beside each state's word."""
STATES: Final = tuple(SIGNS)
"""Every state a row may have, in the order in which they are offered."""
LEAST_DIGITS: Final = 4
"""So many last digits of a number find it; fewer would find half the list."""
_D: Final = str.maketrans({"đ": "d", "ð": "d", "ɖ": "d"})
_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One candidate at one component, as the table shows it. `number` is masked; `time` HH:MM of what decided."""

    sbd: str
    name: str = field(repr=False)
    birth: str = field(repr=False)
    number: str = field(repr=False)
    licence_class: str
    room: str
    seat: str
    state: str
    admitted: bool
    out: bool
    time: str
    attempts: int = 0
    digits: tuple[str, ...] = field(default=(), repr=False)
    plain: str = field(default="", repr=False)

    @property
    def sign(self) -> str:
        """The sign of the state."""
        return SIGNS.get(self.state, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Everybody at one component, and what the filters offer. `size`: entries of the session when it was read."""

    component: str
    rows: tuple[Row, ...] = field(repr=False)
    rooms: tuple[str, ...]
    closed: bool
    size: int

    @property
    def counts(self) -> Mapping[str, int]:
        """How many stand where."""
        return Counter(row.state for row in self.rows)

    @property
    def inside(self) -> int:
        """How many were let in."""
        return sum(row.admitted for row in self.rows)

    def row(self, sbd: str) -> Row | None:
        """Return a candidate's row."""
        return next((row for row in self.rows if row.sbd == sbd), None)


def roll_of(board: Board, component: str) -> Roll:
    """Return the rows of a component as the board has them, in the list's order."""
    entries = board.entries
    places = places_of(entries, component)
    called = {
        sbd
        for each in entries
        if each.kind == "component" and each.body["component"] == component and each.body["event"] == CALLED
        for sbd in each.body["called"]
    }
    rows = []
    for standing in board.standings(component):
        if not standing.seat.erased:
            room, seat = placed(standing.seat, places)
            rows.append(_row(standing, room, seat, called=standing.sbd in called))
    rooms = tuple(sorted({row.room for row in rows if row.room}))
    return Roll(component=component, rows=tuple(rows), rooms=rooms, closed=board.closed, size=len(entries))


def _row(standing: Standing, room: str, place: str, *, called: bool) -> Row:
    seat = standing.seat
    state = str(standing.state)
    if standing.state is State.NOT_SEEN and called:
        state = CALLED_STATE
    number = seat.id_number or seat.old_number
    return Row(
        sbd=seat.sbd,
        name=seat.full_name,
        birth=seat.birth.display,
        number=mask_number(number) if number else "",
        licence_class=seat.licence_class,
        room=room,
        seat=place,
        state=state,
        admitted=standing.admitted,
        out=standing.out,
        time="" if standing.at is None else f"{parse_utc(standing.at).astimezone(VIETNAM):%H:%M}",
        attempts=standing.attempts,
        digits=tuple(each for each in (seat.id_number, seat.old_number) if each),
        plain=f" {plain(seat.full_name)}",
    )


# --- the search ---------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return letters without case and marks, đ as d, one space between words."""
    decomposed = unicodedata.normalize("NFD", text.casefold()).translate(_D)
    kept = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(kept.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: typed words, one state ("" for all), one room ("" for all)."""

    text: str = field(default="", repr=False)
    state: str = ""
    room: str = ""


def found(rows: Sequence[Row], wanted: Wanted) -> list[int]:
    """Return the places of the rows that fit, in their order.

    Digits are a candidate number's beginning (0 in front does not matter), a whole number of 9 or 12 digits, or its
    last four and more. Words are the beginnings of words of a name, following one another; with marks they fit only
    names that have these marks. Several kinds at once must all fit.
    """
    digits, words = _split(wanted.text)
    name = f" {plain(words)}" if words else ""
    marked = words if any(map(_marked, words)) else ""
    return [
        place
        for place, row in enumerate(rows)
        if (not wanted.state or row.state == wanted.state)
        and (not wanted.room or row.room == wanted.room)
        and (not name or name in row.plain)
        and all(_has_digits(row, each) for each in digits)
        and (not marked or _marks_fit(row.name, marked))
    ]


def _split(text: str) -> tuple[list[str], str]:
    """Return the words of digits, and the other words as one text."""
    tokens = text.replace(".", " ").split()
    digits = [each for each in tokens if each.isascii() and each.isdigit()]
    if len(digits) > 1 and len("".join(digits)) in {9, 12}:
        digits = ["".join(digits)]  # a number typed in groups
    return digits, " ".join(each for each in tokens if not (each.isascii() and each.isdigit()))


def _has_digits(row: Row, digits: str) -> bool:
    if len(digits) >= LEAST_DIGITS and any(each.endswith(digits) for each in row.digits):
        return True
    if row.sbd.startswith(digits) or (digits[0] != "0" and row.sbd.lstrip("0").startswith(digits)):
        return True
    return row.sbd.lstrip("0") == digits.lstrip("0")


def _marked(char: str) -> bool:
    return char in "đĐ" or unicodedata.normalize("NFD", char) != char or bool(unicodedata.combining(char))


def _marks_fit(name: str, typed: str) -> bool:
    """Whether the typed words, beginnings of words, are those of a name with at least the marks that were typed."""
    have, want = [_letters(word) for word in name.split()], [_letters(word) for word in typed.split()]
    return any(
        all(_begins(one, other) for one, other in zip(have[start:], want, strict=False))
        for start in range(len(have) - len(want) + 1)
    )


_Letters = tuple[list[tuple[str, frozenset[str]]], frozenset[str]]


def _letters(word: str) -> _Letters:
    """Return the letters of a syllable with their own marks, and its tone, wherever that is placed."""
    letters: list[tuple[str, frozenset[str]]] = []
    tones: set[str] = set()
    for char in unicodedata.normalize("NFD", word.casefold()):
        if char in _TONES:
            tones.add(char)
        elif unicodedata.combining(char) and letters:
            base, marks = letters[-1]
            letters[-1] = (base, marks | {char})
        else:
            letters.append(
                (char.translate(_D), frozenset({"đ"}) if char.translate(_D) != char else frozenset())
            )
    return letters, frozenset(tones)


def _begins(have: _Letters, want: _Letters) -> bool:
    if len(want[0]) > len(have[0]) or not want[1] <= have[1]:
        return False
    return all(
        base == other and marks <= more
        for (base, marks), (other, more) in zip(want[0], have[0], strict=False)
    )


def state_key(state: str) -> str:
    """Return the key of a state's words."""
    return "roster-page.state.called" if state == CALLED_STATE else f"state.{state}"


def in_order(states: Iterable[str]) -> tuple[str, ...]:
    """Return these states in the order in which they are offered."""
    known = set(states)
    return tuple(state for state in STATES if state in known)
