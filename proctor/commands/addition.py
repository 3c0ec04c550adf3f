"""`proctor session add-candidate`: later additions to a session's list, by two persons."""

import csv
import io

from proctor.commands.context import Context
from proctor.commands.exceptions import acting, entered, read_words, said
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.seconds import second_of
from sessions.course.additions import add_candidates, namesakes, next_addition, next_sbd, require_addable
from sessions.course.exception_errors import AdditionRefusedError
from sessions.course.reasons import note_of, require_reason
from sessions.roster.model import Roster
from sessions.roster.reading import read_roster
from sessions.session import Session

MAX_FILE = 8_000_000
_HEADINGS = {
    "sbd": "SBD",
    "name": "Họ và tên",
    "birth": "Ngày sinh",
    "number": "Số định danh",
    "licence_class": "Hạng",
    "room": "Phòng",
    "components": "Nội dung",
}


def add(context: Context) -> int:
    """Add rows of a file, or one person; every row is held against the list's own checks first."""
    options = context.options
    why = require_reason("addition", options.reason)
    words = read_words(context, "note", "number") | {"name": _name(context, options.name or "")}
    note_of(why, words["note"])
    with acting(context, "roster-add") as (opened, session, operator):
        roster = _roster(context, session, words)
        try:
            require_addable(session, roster)
        except AdditionRefusedError as error:
            if options.file is not None:
                raise
            facts = error.facts
            reason = context.texts.say(str(facts["why"]), **facts)
            raise CommandError("addition-field", column=facts["column"], reason=reason) from None
        for row in namesakes(session, roster.rows):
            context.say("addition-namesake", row=row)
        number = next_addition(opened.store, session)
        second = second_of(context, opened, "roster-add", session)
        seats, receipt = add_candidates(
            opened.store,
            session,
            roster,
            reason=why.code,
            note=words["note"],
            operator=operator,
            second=second,
        )
        body = opened.store.entry(receipt.seq).body
    data = entered(session, receipt, kind="roster", operator=operator, second=second)
    sbds = [seat.sbd for seat in seats]
    data |= {
        "added": sbds,
        "addition": number,
        "reason": why.recorded,
        "roster_hash": body["roster_hash"],
        "roster_before": body["roster_before"],
    }
    line = context.texts.say(
        "exception.addition",
        count=len(sbds),
        addition=number,
        entry=receipt.seq,
        sbds=" ".join(sbds),
        hash=body["roster_hash"][:16],
    )
    return said(context, data, line)


def _name(context: Context, given: str) -> str:
    """Return a name as it was given, or read where it was given as "-" or "@FILE"."""
    return context.read_argument(given) if given == "-" or given.startswith("@") else given


def _roster(context: Context, session: Session, words: dict[str, str]) -> Roster:
    options = context.options
    if options.file is not None:
        return read_roster(read_file(options.file, MAX_FILE))
    row = {
        "sbd": options.sbd or next_sbd(session),
        "name": words["name"].strip(),
        "birth": options.birth or "",
        "number": words["number"].strip(),
        "licence_class": options.licence_class,
        "room": options.room,
        "components": options.components,
    }
    if not (row["name"] and row["birth"] and row["number"]):
        raise CommandError("addition-fields-missing", usage=True)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(_HEADINGS.values())
    writer.writerow([row[name] for name in _HEADINGS])
    return read_roster(table.getvalue().encode(), encoding="utf-8")
