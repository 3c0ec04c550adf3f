"""What the administration page offers: sections, what is done in each, to whom it is offered, and its words.

A task is a form and a command: `words` makes the command's words from what the form has. No window in here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from proctor.desk.runner import Done
from proctor.errors import CommandError
from proctor.names import role_name
from proctor.roots import OpenRoot
from proctor.texts import Texts
from sessions.record import parse_utc
from sessions.roles import load_roles
from sessions.users import list_users
from sessions.vietnam import VIETNAM

Kind = Literal["entry", "choice", "open-choice", "text", "tick", "file", "folder"]
Order = Mapping[str, str]
"""What a form has, by field; "row" is the key of the chosen row, "second" the second person."""
Read = Done | CommandError
Choices = tuple[tuple[str, str], ...]
SECOND: Final = "second"
COMPARED: Final = "compared"
"""In the order of a second run: the SHA-256 of what was compared, a file's or a key's."""
PROOF: Final = "proof"
LOOK: Final = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One field of a task. Its label is `admin-page.field.<text or name>`.

    `source`: what its choices come from (see `Found.choices`); `begins`: what it begins with, by the chosen row and
    what was read; `help`: whether `admin-page.help.<name>` says what belongs here.
    """

    name: str
    kind: Kind = "entry"
    text: str = ""
    source: str = ""
    needed: bool = True
    help: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do. Its texts are `admin-page.task.<name>` and `admin-page.lead.<name>`.

    `action`: of the roles' table, "" for everybody; `second`: what the second person's role has to permit, "" where one
    person is enough; `row`: it is about the chosen row; `rows`: only about rows for which this holds; `proves`: who is
    here gives the own password first; `real`: not in training; `typed`: the field that stands for standard input;
    `shows`: its result is to be read, nothing is entered; `tells`: every line of its result is said, the files that it
    wrote among them; `ways`: its command takes every proof of a second person's presence, not the password alone;
    `compares`: a first run enters nothing, these are the rows of what it found, which two persons compare with paper
    before the second run.
    """

    name: str
    words: Callable[[Order], tuple[str, ...]]
    action: str = ""
    fields: tuple[Wanted, ...] = ()
    second: str = ""
    row: bool = False
    rows: Callable[["Row"], bool] = lambda _row: True
    proves: bool = False
    real: bool = False
    typed: str = ""
    shows: bool = False
    ways: bool = False
    tells: bool = False
    compares: Callable[[Mapping[str, Any], "Setting"], tuple["Row", ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a section's table. `sign`: a fault or an open thing, beside its words; `fills`: what forms about it
    begin with, by field."""

    key: str
    cells: tuple[str, ...] = field(repr=False)
    detail: str = field(default="", repr=False)
    fills: Order = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a section shows: rows, and lines with their signs beneath; `choices` for forms, by source; `fills` as a
    row's, for tasks about no row; `without`: tasks for which there is nothing now."""

    rows: tuple[Row, ...] = field(default=(), repr=False)
    lines: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    choices: Mapping[str, Choices] = field(default_factory=dict, repr=False)
    fills: Order = field(default_factory=dict, repr=False)
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the page. Its texts are `admin-page.section.<name>` and `admin-page.about.<name>`; a column's heading
    is `admin-page.column.<column>`.

    `reads`: commands whose results `found` makes rows and lines of; `real`: training has none of it.
    """

    name: str
    found: Callable[[Sequence[Read], "Setting"], Found]
    reads: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = ()
    wide: str = ""
    tasks: tuple[Task, ...] = ()
    real: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a section is shown: texts, the open root."""

    texts: Texts
    opened: OpenRoot = field(repr=False)

    @property
    def me(self) -> str:
        """The id of who is here."""
        return self.opened.require_login().operator.user_id

    def role(self, role: str) -> str:
        """Return a role as people say it."""
        return role_name(role, self.texts)


def words_of(task: Task, order: Order) -> tuple[str, ...]:
    """Return the words of a task's command; how the second person proves to be there is among them where one does."""
    words, proof = task.words(order), order.get(PROOF, "")
    named = any(word.startswith(f"--{SECOND}=") for word in words)  # a run that only looks names nobody
    return (*words, *((f"--second-proof={proof}",) if named and proof else ()))


def by_two(name: str, words: Callable[[Order], tuple[str, ...]], action: str = "", **more: Any) -> Task:
    """Return a task of two persons who both prove to be there: `second` is "confirm" unless `more` says otherwise."""
    return Task(name=name, words=words, action=action, **{"second": "confirm", "proves": True, **more})


def day_of(text: str) -> str:
    """Return a moment of the log (UTC) as the day it was here, or the text where it is none."""
    try:
        return parse_utc(text).astimezone(VIETNAM).strftime("%d/%m/%Y")
    except ValueError:
        return text


def looked_at(order: Order) -> tuple[str, ...]:
    """Return what the second run of a task that compares is told: what was compared, and the second person; the first
    one only looks."""
    if not order.get(COMPARED):
        return ("--dry-run",)
    return (f"--second={order[SECOND]}", f"--compared={order[COMPARED]}")


def read_of(
    reads: Sequence[Read], at: int, setting: Setting
) -> tuple[Mapping[str, Any], tuple[tuple[str, str], ...]]:
    """Return the data of what was read, or none and why it could not be."""
    read = reads[at] if at < len(reads) else CommandError("internal-error", error="—", place="—")
    if isinstance(read, CommandError):
        return {}, ((setting.texts.say(read.code, **read.facts), "cross"),)
    return read.data, ()


def offered(
    section: Section, row: Row | None, may: Callable[[str], bool], *, training: bool
) -> tuple[Task, ...]:
    """Return what somebody may do in a section, about the chosen row."""
    if training and section.real:
        return ()
    return tuple(
        task
        for task in section.tasks
        if (not task.action or may(task.action))
        and not (training and task.real)
        and (not task.row or (row is not None and task.rows(row)))
    )


def visible(sections: Iterable[Section], may: Callable[[str], bool]) -> tuple[Section, ...]:
    """Return the sections for somebody: where there is something to do, or nothing but to look."""
    return tuple(
        section
        for section in sections
        if not section.tasks or any(not task.action or may(task.action) for task in section.tasks)
    )


def seconds(opened: OpenRoot, action: str) -> Choices:
    """Return who may be the second person of a station's own affairs: id, and name with id. Takes the log."""
    own = opened.require_login().operator.user_id
    roles = {role for role, known in load_roles().items() if action in known.may}
    names = {each.user_id: each.name for each in list_users(opened.root, opened.keys)}
    return tuple(
        (user, " · ".join(dict.fromkeys(text for text in (names.get(user, ""), user) if text)))
        for user, role in sorted(opened.store.people().roles.items())
        if role in roles and user != own
    )
