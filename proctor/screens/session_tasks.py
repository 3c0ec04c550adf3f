"""What can be done with a session from its page, when, by whom; and the command each of it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from proctor.screens.second import second_words
from proctor.screens.session import Overview
from proctor.screens.session_parts import JOIN, hand_over_words, join_words, merge_words, split_words
from sessions.course.day import SHOWN

OPEN: Final = frozenset({"not-started", "ready", "running", "paused"})
RUNNING: Final = frozenset({"ready", "running"})
PAUSES: Final = ("break", "equipment", "power", "order", "change-over")
GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do. Its texts are `session-page.task.<name>` and `session-page.do.<name>`.

    `action`: of the roles' table, `also`: another that is needed; `states`: of the session in which it is offered;
    `when`: what else must hold.
    """

    name: str
    action: str
    states: frozenset[str]
    when: Callable[[Overview], bool] = lambda _seen: True
    also: str = ""


def _may_start(seen: Overview) -> bool:
    return not seen.started


def _is_whole(seen: Overview) -> bool:
    return seen.session.part is None


def _is_part(seen: Overview) -> bool:
    """Whether it is another station's session of which a part is here."""
    return seen.session.part is not None and seen.session.part.number > 1


def _is_complete(seen: Overview) -> bool:
    """Whether everything that a close counts is here."""
    return not (_is_part(seen) or seen.missing_parts)


def _may_divide(seen: Overview) -> bool:
    """Whether nobody came to the desk yet; a session that is divided already has its files written again."""
    if seen.session.part is not None:
        return bool(seen.missing_parts)
    return not seen.begun and len(seen.session.seats) > 1


def _somebody_inside(seen: Overview) -> bool:
    return any(line.figures["inside"] + line.figures["out"] for line in seen.components)


def _somebody_drawn(seen: Overview) -> bool:
    return bool(seen.people.get("drawn"))


TASKS: Final = (
    Task(name="start", action="start", states=OPEN - {"paused"}, when=_may_start),
    Task(name="resume", action="start", states=frozenset({"paused"})),
    Task(name="self-test", action="start", states=OPEN),
    Task(name="times", action="start", states=OPEN),
    Task(name="allocate", action="start", states=OPEN, when=_is_whole),
    Task(name="draw", action="start", states=RUNNING, when=_somebody_inside),
    Task(name="spot-check", action="spot-check", states=RUNNING, when=_somebody_drawn),
    Task(name="pause", action="start", states=RUNNING),
    Task(name="split", action="merge", states=OPEN, when=_may_divide),
    Task(name="merge", action="merge", states=OPEN, when=lambda seen: bool(seen.missing_parts)),
    Task(name="hand-over", action="close", also="export", states=OPEN | {"closed"}, when=_is_part),
    Task(name="close", action="close", states=OPEN, when=_is_complete),
)
NEW: Final = "new"
WITHOUT_SESSION: Final = (JOIN, NEW)
"""What is offered to whoever makes sessions, whatever stands there."""
_NEXT: Final = {"not-started": "start", "paused": "resume"}


def offered(seen: Overview | None, may: Callable[[str], bool]) -> tuple[str, ...]:
    """Return what is offered now to somebody who may do what `may` says; a part of another station's session, and a
    new one, are the last."""
    found = (
        ()
        if seen is None
        else tuple(
            task.name
            for task in TASKS
            if seen.state in task.states
            and all(may(action) for action in (task.action, task.also) if action)
            and task.when(seen)
        )
    )
    return (*found, *WITHOUT_SESSION) if may("create-session") else found


def next_task(seen: Overview | None, offers: tuple[str, ...]) -> str:
    """Return what Enter opens on the overview: what the session waits for; "" where it waits for nothing."""
    wanted = NEW if seen is None else _NEXT.get(seen.state, "")
    return wanted if wanted in offers else ""


def command_of(task: str, session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of the command that a filled-in form is. Raises KeyError for a task without a command."""
    return _COMMANDS[task](session_id, values)


def _option(name: str, value: str) -> tuple[str, ...]:
    return (f"--{name}={value}",) if value else ()


def _start(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    words = ("session", "start", session_id, *_option("roster-hash", cleaned_hash(values.get("hash", ""))))
    if not values.get("untested"):
        return words
    return (*words, *_option("without-self-test", values["why"]), *second_words(values))


def _times(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    what = ("--end",) if values["what"] == "end" else _option("start-at", values["time"])
    return (
        *("session", "call", session_id),
        *_option("component", values["component"]),
        *_option("room", values.get("room", "")),
        *what,
    )


def _allocate(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    return (
        *("session", "allocate", session_id),
        *_option("component", values["component"]),
        *_option(values["what"], values["names"]),
        *_option("capacity", values.get("capacity", "")),
        *_option("reason", values.get("reason", "")),
    )


def _draw(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    named = ("session", "draw", session_id, *_option("component", values["component"]))
    return (*named, *_option(values["what"], values["number"]))


def _spot_check(session_id: str, values: Mapping[str, str]) -> tuple[str, ...]:
    component, _, sbd = values["who"].partition("/")
    words = ("spot-check", *_option("session", session_id), *_option("sbd", sbd))
    return (
        *words,
        *_option("component", component),
        *_option("outcome", values.get("outcome", "")),
        *(("--note=-",) if values.get("note") else ()),
    )


_COMMANDS: Final[Mapping[str, Callable[[str, Mapping[str, str]], tuple[str, ...]]]] = {
    "self-test": lambda session_id, _values: ("doctor", "--record", f"--session={session_id}"),
    "start": _start,
    "pause": lambda session_id, values: (
        "session",
        "pause",
        session_id,
        *_option("reason", values["reason"]),
    ),
    "resume": lambda session_id, values: (
        *("session", "resume", session_id),
        *_option("reason", values.get("reason", "")),
    ),
    "times": _times,
    "allocate": _allocate,
    "draw": _draw,
    "spot-check": _spot_check,
    "split": split_words,
    JOIN: lambda _session_id, values: join_words(values),
    "hand-over": hand_over_words,
    "merge": merge_words,
    "close": lambda session_id, values: (
        *("session", "close", session_id),
        *_option("reason", values.get("reason", "")),
    ),
}


# -- the roster hash -----------------------------------------------------------------------------------


def cleaned_hash(text: str) -> str:
    """Return what was typed of a hash without spaces and colons, in small letters."""
    return "".join(text.split()).replace(":", "").lower()


def in_groups(text: str) -> str:
    """Return the first 16 digits in groups of four; a dot for each that is not typed yet: "3f9a 02·· ···· ····"."""
    digits = cleaned_hash(text)[:SHOWN].ljust(SHOWN, "·")
    return " ".join(digits[at : at + GROUP] for at in range(0, SHOWN, GROUP))


def first_difference(typed: str, roster_hash: str) -> int:
    """Return which group of four (from 1) differs first from the session's hash; 0: none of the first 16 digits."""
    ours = cleaned_hash(typed)[:SHOWN].ljust(SHOWN, "·")
    starts = range(0, SHOWN, GROUP)
    return next(
        (1 + at // GROUP for at in starts if ours[at : at + GROUP] != roster_hash[at : at + GROUP]), 0
    )
