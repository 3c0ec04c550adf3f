"""One session at several stations, as its page does it: how the list is divided, what each form's command is, and what
the next form begins with. No window in here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from proctor.fingerprints import grouped
from proctor.roots import OpenRoot
from proctor.screens.second import Seconds, second_words, seconds_of
from proctor.texts import Texts
from sessions.course.day_errors import NotSplitError, SplitCountError
from sessions.course.parts import (
    BY_LIST,
    BY_RANGE,
    BY_ROOM,
    EVEN,
    Assignment,
    assignment_of,
    by_list,
    by_ranges,
    by_rooms,
    evenly,
)
from sessions.roster.model import Seat
from sessions.session import Session

WAYS: Final = (EVEN, BY_RANGE, BY_ROOM, BY_LIST)
JOIN: Final = "join"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How a session stands among several stations. `assignment`: who is whose, None while it is whole; `seconds`: who
    may be the second person of a hand-over; `key`: this station's fingerprint in groups, to be read aloud."""

    assignment: Assignment | None = None
    seconds: Seconds = field(default_factory=Seconds)
    key: str = ""


def sharing_of(opened: OpenRoot, session: Session) -> Sharing:
    """Return how a session is shared. Raises SessionsError."""
    if session.part is None:
        return Sharing()
    try:
        assignment: Assignment | None = assignment_of(opened.store, session)
    except NotSplitError:  # a join that was cut short: its entry comes with the next try
        assignment = None
    seconds = seconds_of(opened, session, "export") if session.part.number > 1 else Seconds()
    key = opened.keys.bundle.signer(opened.store.origin).key.fingerprint
    return Sharing(assignment=assignment, seconds=seconds, key=grouped(key))


# -- dividing ------------------------------------------------------------------------------------------


def division(seats: Sequence[Seat], values: Mapping[str, str]) -> Assignment:
    """Return the parts that a filled-in form makes. Raises SplitCountError and what dividing raises."""
    way = values["way"]
    if way == BY_RANGE:
        return by_ranges(seats, values.get("ranges", ""))
    if way == BY_ROOM:
        return by_rooms(seats, values.get("rooms", ""))
    if way == BY_LIST:
        return by_list(seats)
    count = values.get("parts", "").strip()
    if not (count.isascii() and count.isdigit()) or not 2 <= int(count[:4]) <= len(seats):
        raise SplitCountError(parts=count[:12] or "–", given=len(seats))
    return evenly(seats, int(count[:4]))


def division_lines(assignment: Assignment, texts: Texts, *, here: int = 1) -> tuple[str, ...]:
    """Return one line for each part; `here`: this station's."""
    return tuple(
        texts.say(
            "session-page.part.here" if number == here else "session-page.part",
            part=number,
            candidates=len(sbds),
            first=sbds[0],
            last=sbds[-1],
        )
        for number, sbds in assignment.parts.items()
    )


def ways(seats: Sequence[Seat]) -> tuple[str, ...]:
    """Return the ways to divide a list: by rooms or by its own column only where it has them."""
    without = {
        *((BY_ROOM,) if len({seat.room for seat in seats} - {""}) < 2 else ()),
        *((BY_LIST,) if len({seat.part for seat in seats} - {""}) < 2 else ()),
    }
    return tuple(way for way in WAYS if way not in without)


def typed_again(seats: Sequence[Seat], assignment: Assignment) -> dict[str, str]:
    """Return what a form has to say for the division there is: a stick was lost, its files are wanted again."""
    way = assignment.method
    found = {"way": way, "parts": str(assignment.of)}
    if way == BY_RANGE:
        found["ranges"] = ",".join(_ranges(seats, sbds) for sbds in assignment.parts.values())
    elif way == BY_ROOM:
        rooms = [
            dict.fromkeys(seat.room for seat in seats if seat.sbd in set(sbds))
            for sbds in assignment.parts.values()
        ]
        found["rooms"] = ":".join(",".join(each) for each in rooms)
    return found


def _ranges(seats: Sequence[Seat], sbds: Sequence[str]) -> str:
    """Return "001-100+201-250": who stands beneath one another in the list, as one range."""
    own = set(sbds)
    runs = [[seat.sbd for seat in run] for mine, run in groupby(seats, lambda seat: seat.sbd in own) if mine]
    return "+".join(f"{run[0]}-{run[-1]}" for run in runs)


# -- the commands --------------------------------------------------------------------------------------


def split_words(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of `proctor session split`."""
    how = {
        BY_RANGE: ("--by-range=" + values.get("ranges", ""),),
        BY_ROOM: ("--by-room=" + values.get("rooms", ""),),
        BY_LIST: ("--by-list",),
        EVEN: ("--even", "--parts=" + values.get("parts", "").strip()),
    }[values["way"]]
    return ("session", "split", session_id, *how, f"--out={_place(values['folder'])}")


def join_words(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of `proctor session join`."""
    return ("session", "join", *_key(values), "--", _place(values["file"]))


def hand_over_words(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of `proctor session hand-over`."""
    sheets = values.get("sheets", "")
    return (
        *("session", "hand-over", session_id, f"--out={_place(values['folder'])}"),
        *((f"--sheets={_place(sheets)}",) if sheets else ()),
        *second_words(values),
    )


def merge_words(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of `proctor session merge`."""
    return ("session", "merge", *_key(values), "--", session_id, _place(values["file"]))


def _key(values: Mapping[str, str]) -> tuple[str, ...]:
    key = values.get("key", "")
    return (f"--station-key={key}",) if key else ()


def _place(typed: str) -> str:
    """Return a path as it was typed; "~" is the user's own folder."""
    return str(Path(typed).expanduser())
