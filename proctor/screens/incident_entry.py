"""What a page has done about incidents beside the window: entered, one for each candidate, and their minutes made."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from proctor.desk.runner import Done, Runner
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.page_pictures import MAX_BYTES, page_count, page_png
from proctor.screens.exceptions import Person
from proctor.screens.incidents import Typed, add_words, minutes_words, note_of
from proctor.texts import Texts
from sessions.session import Session

SHOWN: Final = 6
"""Pages of minutes that are drawn: they have one or two."""
_DPI: Final = 110
_NOBODY: Final = (None,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of it, everything in one `Done`. `pages`: of the first minutes, as PNG; `file`: theirs."""

    done: Done
    pages: tuple[bytes, ...] = field(default=(), repr=False)
    file: str = ""


def enter_all(
    runner: Runner,
    session: Session,
    typed: Typed,
    people: Sequence[Person],
    texts: Texts,
    *,
    attempt_id: str = "",
    folder: str = "",
    shown: bool = True,
) -> Entered:
    """Enter an incident for each candidate concerned, or one for nobody; with a `folder` make the minutes there.

    What follows is laid down for each candidate apart, so each has an incident. Raises CommandError as long as nothing
    was entered; what goes wrong after that is told beside what was entered.
    """
    dones: list[Done] = []
    troubles: list[CommandError] = []
    for person in people or _NOBODY:
        others = [each for each in people if each is not person]
        note = note_of(typed, texts, others)
        words = add_words(session, typed, "" if person is None else person.sbd, attempt_id)
        try:
            dones.append(runner.run(*words, *(("--note=-",) if note else ()), typed=note))
        except CommandError as error:
            if not dones:
                raise
            troubles.append(error)
            break
    return _with_minutes(runner, session, dones, troubles, texts, folder=folder, shown=shown)


def make_minutes(runner: Runner, session: Session, incident_id: str, folder: str, texts: Texts) -> Entered:
    """Make the minutes of an incident, again where they were made before. Raises CommandError."""
    made = runner.run(*minutes_words(session, incident_id, folder))
    file = str(made.data["file"])
    return Entered(done=replace(made, lines=made_lines([made], texts)), pages=pictures_of(file), file=file)


def made_lines(made: Sequence[Done], texts: Texts) -> tuple[str, ...]:
    """Return in words what minutes were made: how many and where they are printed, not every file's path."""
    return (texts.say("incident-page.minutes.made", count=len(made)),) if made else ()


def _with_minutes(
    runner: Runner,
    session: Session,
    dones: list[Done],
    troubles: list[CommandError],
    texts: Texts,
    *,
    folder: str,
    shown: bool,
) -> Entered:
    pages: tuple[bytes, ...] = ()
    file = ""
    made: list[Done] = []
    for done in dones if folder else ():
        try:
            sheet = runner.run(*minutes_words(session, str(done.data["incident"]), folder))
            made.append(sheet)
            if shown and not file:
                file = str(sheet.data["file"])
                pages = pictures_of(file)
        except CommandError as error:
            troubles.append(error)
            break
    said = [texts.say(error.code, **error.facts) for error in troubles]
    lines = [*(line for done in dones for line in done.lines), *made_lines(made, texts)]
    together = Done(
        status=1 if troubles else 0,
        lines=tuple(lines),
        data=dones[0].data,
        said=tuple(said),
    )
    return Entered(done=together, pages=pages, file=file)


def pictures_of(path: str) -> tuple[bytes, ...]:
    """Return the first pages of a file as PNG. Raises CommandError."""
    pdf = read_file(path, MAX_BYTES)
    return tuple(page_png(pdf, page, _DPI) for page in range(min(page_count(pdf), SHOWN)))
