"""The fields of each task's form on the session page, by what is known of the session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from proctor.gui.station.forms import Field
from proctor.gui.station.second_person import SECOND, second_fields
from proctor.screens.second import Seconds
from proctor.screens.session import TESTED, Overview
from proctor.screens.session_parts import typed_again, ways
from proctor.screens.session_tasks import PAUSES
from proctor.texts import Texts
from sessions.course.movement import OUTCOMES
from sessions.course.parts import EVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a form is made from. `component`: the one that was chosen last; `lends`: whether an open desk lends its
    reader and camera to a second person."""

    seen: Overview
    texts: Texts
    component: str = ""
    lends: bool = False

    def choices(self, kind: str, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return names with their words: `session-page.<kind>.<name>`."""
        return tuple((name, self.texts[f"session-page.{kind}.{name}"]) for name in names)


def _components(known: Known) -> Field:
    names = tuple((line.component, line.label) for line in known.seen.components)
    value = known.component if known.component in dict(names) else names[0][0]
    return Field(
        name="component", text="session-page.field.component", kind="choice", choices=names, value=value
    )


def _second(known: Known, seconds: Seconds) -> tuple[Field, ...]:
    """Who the second person is, and how presence is proven; the only one there is is chosen beforehand."""
    value = seconds.people[0][0] if len(seconds.people) == 1 else ""
    return second_fields(seconds, known.texts, lends=known.lends, labels="session-page.field", value=value)


# -- the day ---------------------------------------------------------------------------------------------


def _start(known: Known) -> tuple[Field, ...]:
    """In training nothing; else the hash, and what two persons answer for without a sound test of the equipment."""
    if known.seen.training:
        return ()
    typed = Field(name="hash", text="session-page.field.hash", help="session-page.help.hash")
    if known.seen.self_test == TESTED:
        return (typed,)
    return (
        typed,
        Field(name="untested", text="session-page.field.untested", kind="tick", needed=False),
        Field(name="why", text="session-page.field.why"),
        *_second(known, known.seen.second),
    )


def _pause(known: Known) -> tuple[Field, ...]:
    return (
        Field(
            name="reason",
            text="session-page.field.reason",
            kind="open-choice",
            choices=known.choices("pause", PAUSES),
            value="break",
            help="session-page.help.reason",
        ),
    )


def _resume(_known: Known) -> tuple[Field, ...]:
    return (Field(name="reason", text="session-page.field.remark", needed=False),)


def _times(known: Known) -> tuple[Field, ...]:
    every = known.texts["window.station.start.every-room"]
    rooms = dict.fromkeys(line.room for line in known.seen.rooms if line.room)
    what = known.choices("times", ("start", "end"))
    return (
        _components(known),
        Field(
            name="room",
            text="session-page.field.room",
            kind="choice",
            choices=(("", every), *((room, room) for room in rooms)),
            needed=False,
        ),
        Field(name="what", text="session-page.field.what", kind="choice", choices=what, value="start"),
        Field(name="time", text="session-page.field.time", help="session-page.help.time"),
    )


def _allocate(known: Known) -> tuple[Field, ...]:
    what = known.choices("allocate", ("rooms", "cars"))
    again = known.seen.component(known.component).allocated is not None
    return (
        _components(known),
        Field(name="what", text="session-page.field.what", kind="choice", choices=what, value="rooms"),
        Field(name="names", text="session-page.field.names", help="session-page.help.names"),
        Field(
            name="capacity",
            text="session-page.field.capacity",
            needed=False,
            help="session-page.help.capacity",
        ),
        Field(name="reason", text="session-page.field.reason", needed=again),
    )


def _draw(known: Known) -> tuple[Field, ...]:
    what = known.choices("draw", ("count", "share"))
    return (
        _components(known),
        Field(name="what", text="session-page.field.how-many", kind="choice", choices=what, value="count"),
        Field(name="number", text="session-page.field.number"),
    )


def _spot_check(known: Known) -> tuple[Field, ...]:
    people = tuple(
        (
            f"{line.component}/{line.sbd}",
            " · ".join(filter(None, (line.sbd, line.name, line.label, line.where))),
        )
        for line in known.seen.people.get("drawn", ())
    )
    outcomes = (
        ("", known.texts["session-page.outcome.machine"]),
        *((name, known.texts[f"spot-check.{name}"]) for name in OUTCOMES),
    )
    return (
        Field(name="who", text="session-page.field.who", kind="choice", choices=people),
        Field(
            name="outcome", text="session-page.field.outcome", kind="choice", choices=outcomes, needed=False
        ),
        Field(name="note", text="session-page.field.note", needed=False),
    )


def _close(_known: Known) -> tuple[Field, ...]:
    return (
        Field(
            name="reason",
            text="session-page.field.close-reason",
            needed=False,
            help="session-page.help.close",
        ),
    )


# -- several stations --------------------------------------------------------------------------------------


def _split(known: Known) -> tuple[Field, ...]:
    """Where it is divided already the form says how: only the files are wanted again."""
    seats, divided = known.seen.session.seats, known.seen.sharing.assignment
    filled = {} if divided is None else typed_again(seats, divided)
    rooms = ", ".join(sorted({seat.room for seat in seats} - {""}))
    return (
        Field(
            name="way",
            text="session-page.field.way",
            kind="choice",
            choices=known.choices("way", ways(seats)),
            value=filled.get("way", EVEN),
        ),
        Field(name="parts", text="session-page.field.parts", value=filled.get("parts", "2")),
        Field(
            name="ranges",
            text="session-page.field.ranges",
            value=filled.get("ranges", ""),
            help="session-page.help.ranges",
        ),
        Field(
            name="rooms",
            text="session-page.field.rooms",
            value=filled.get("rooms", ""),
            said=known.texts.say("session-page.help.rooms", rooms=rooms),
        ),
        Field(name="folder", text="session-page.field.folder", help="session-page.help.folder"),
        *(() if known.seen.training else _PASSPHRASE),
    )


_PASSPHRASE: Final = (
    Field(
        name="passphrase",
        text="session-page.field.passphrase",
        kind="secret",
        help="session-page.help.passphrase",
    ),
    Field(name="again", text="session-page.field.again", kind="secret"),
)
_KEY: Final = Field(name="key", text="session-page.field.key", needed=False, help="session-page.help.key")
"""The other station's key; none is typed where it is pinned on this machine."""


def join_fields(*, training: bool) -> tuple[Field, ...]:
    """Return what a part of another station's session asks for; files of training are not sealed."""
    file = Field(name="file", text="session-page.field.part-file", help="session-page.help.part-file")
    secret = Field(name="passphrase", text="session-page.field.part-passphrase", kind="secret")
    return (file, _KEY, *(() if training else (secret,)))


def _hand_over(known: Known) -> tuple[Field, ...]:
    """In training a second person is named only where somebody wants to."""
    seconds = known.seen.sharing.seconds
    second = tuple(
        replace(each, needed=False) if seconds.training and each.name == SECOND else each
        for each in _second(known, seconds)
    )
    return (
        Field(name="folder", text="session-page.field.folder", help="session-page.help.folder"),
        Field(name="sheets", text="session-page.field.sheets", needed=False, help="session-page.help.sheets"),
        *second,
    )


def _merge(_known: Known) -> tuple[Field, ...]:
    return (Field(name="file", text="session-page.field.pack", help="session-page.help.pack"), _KEY)


FIELDS: Final[Mapping[str, Callable[[Known], tuple[Field, ...]]]] = {
    "start": _start,
    "pause": _pause,
    "resume": _resume,
    "times": _times,
    "allocate": _allocate,
    "draw": _draw,
    "spot-check": _spot_check,
    "close": _close,
    "split": _split,
    "hand-over": _hand_over,
    "merge": _merge,
}
