"""The roster's way into a session, for the window: read a file, read it again under another encoding, create.

No window in here: these functions run in a worker and know nothing of what is on the screen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from proctor.commands.roster import visible
from proctor.config import Places
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.roots import OpenRoot, ensure_training_root, open_real, open_training, require_real_root
from proctor.softcards import open_workshop
from proctor.trusting import open_logged_trust
from sessions.errors import RosterUnreadableError
from sessions.roles import require_may
from sessions.roster.by_rules import by_rules
from sessions.roster.model import Roster
from sessions.roster.reading import read_roster
from sessions.roster.workbook import read_workbook
from sessions.rules import load_rules
from sessions.session import create_session

MAX_ROSTER = 8_000_000
_NAMED = 20

Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A roster as read, and from where. `sheet_open`: several sheets have a list, and nobody has said which."""

    path: Path
    roster: Roster = field(repr=False)
    sheet_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a session is to be: rules, its components in order, place, day; `user` who creates it (real roots)."""

    rules_id: str
    components: tuple[str, ...]
    place: str
    day: date
    training: bool
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The session that was opened. `refused`: the rows left out.

    `roster_hash` is the salted one that every sheet bears (hexadecimal).
    """

    session_id: str
    roster_hash: str
    candidates: int
    refused: tuple[int, ...]
    place: str
    day: date
    components: tuple[str, ...]
    rules_id: str = ""
    unconfirmed: tuple[str, ...] = ()


def load(path: Path, encoding: str | None, sheet: str | None, today: date) -> Loaded:
    """Return the roster of a file, under `encoding` and of `sheet` where a person chose; `today` as in `read_roster`.

    Raises CommandError, SessionsError.
    """
    data = read_file(str(path), MAX_ROSTER)
    reading = partial(read_roster, data, encoding=encoding, name=path.name, today=today)
    try:
        return Loaded(path=path, roster=reading(sheet=sheet))
    except RosterUnreadableError as error:
        if error.facts.get("why") != "sheet-choose":
            raise
        return Loaded(path=path, roster=_first_sheet(data, reading), sheet_open=True)


def _first_sheet(data: bytes, reading: Callable[..., Roster]) -> Roster:
    """Return the first sheet of several that has a list in it, to be looked at until a person has chosen."""
    found: RosterUnreadableError | None = None
    for sheet in read_workbook(data).sheets:
        try:
            return reading(sheet=sheet.name)
        except RosterUnreadableError as error:
            found = found or error
    raise found or RosterUnreadableError(why="empty")


def save_template(path: Path) -> Path:
    """Write the template to be filled in, as CSV where the name ends so, else as XLSX. Raises OSError."""
    from sessions.roster.template import template_csv, template_xlsx  # noqa: PLC0415 - only who wants one waits for it

    made = template_csv() if path.suffix.casefold() == ".csv" else template_xlsx()
    target = path if path.suffix else path.with_suffix(".xlsx")
    target.write_bytes(made)
    return target


def users_of(places: Places, *, training: bool) -> tuple[str, ...]:
    """Return the ids of those who can log in at the real root; none in training. Raises CommandError "no-station"."""
    return () if training else tuple(require_real_root(places.real).keys.slot_ids())


def create(places: Places, loaded: Loaded, wanted: Wanted, ask: Ask) -> Created:
    """Open a session in the log with this roster, as `proctor session create` does. Raises as that does."""
    if wanted.training:
        with open_training(ensure_training_root(places.training)) as opened:
            return _create(opened, loaded, wanted)
    with open_real(places.real, by=wanted.user, ask=ask, login=True) as opened:
        return _create(opened, loaded, wanted)


def require_fit(loaded: Loaded, rules_id: str) -> Loaded:
    """Return a list whose file is still what was shown, and whose rows these rules take as they were shown.

    Raises CommandError "roster-changed", "roster-not-of-rules", SessionsError.
    """
    if read_file(str(loaded.path), MAX_ROSTER) != loaded.roster.data:
        raise CommandError("roster-changed", file=loaded.path.name)
    _require_same(loaded.roster, by_rules(loaded.roster, load_rules(rules_id)))
    return loaded


def _create(opened: OpenRoot, loaded: Loaded, wanted: Wanted) -> Created:
    operator = require_may(opened.require_login().operator, "create-session")
    rules = load_rules(wanted.rules_id)
    roster = by_rules(loaded.roster, rules)
    _require_same(loaded.roster, roster)
    if opened.training:
        open_workshop(opened.root, opened.keys)
    else:  # an altered trust store stops the day before it begins, not at the first card
        open_logged_trust(opened.root, opened.keys, opened.store)
    session = create_session(
        opened.store,
        root_kind=opened.root.kind,
        roster=roster,
        rules=rules,
        component=wanted.components[0],
        components=wanted.components,
        place=wanted.place,
        day=wanted.day,
        operator=operator,
    )
    return Created(
        session_id=session.session_id,
        roster_hash=session.roster_hash,
        candidates=len(session.seats),
        refused=tuple(sorted({defect.row for defect in roster.refused})),
        place=session.place,
        day=session.day,
        components=tuple(session.rules.components[name].label for name in session.components),
        rules_id=session.rules_id,
        unconfirmed=session.unconfirmed,
    )


def _require_same(shown: Roster, roster: Roster) -> None:
    """Refuse a list whose classes or components the rules do not have: nobody has seen these rows as refused.

    Raises CommandError.
    """
    new = [defect for defect in roster.refused if defect not in shown.refused]
    if new:
        named = ", ".join(f"{defect.row} “{visible(defect.value)}”" for defect in new[:_NAMED])
        more = f" … ({len(new)})" if len(new) > _NAMED else ""
        raise CommandError("roster-not-of-rules", rows=named + more, known=new[0].after)
