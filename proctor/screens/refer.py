"""What two persons may decide about somebody whom the machine referred and nobody decided about yet: looked up in the
log for a page, whichever station of the session looked at them. Reads the log: beside the window's thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from proctor.commands.candidate import PICTURES
from proctor.errors import CommandError
from proctor.roots import OpenRoot
from proctor.screens.exceptions import Blocked, Person, person_of
from proctor.screens.second import Seconds, seconds_of
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import NoAttemptError
from sessions.course.overrides import CONFIRMED, require_named, require_override
from sessions.course.reasons import Reason, reasons
from sessions.errors import SessionsError
from sessions.session import Session

ACT = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferOffer:
    """One REFER that waits. `attempt_id`: "" for one in another station's log, the candidate's last; `entry`: of its
    attempt; `why`: codes of its reasons with what fills their texts; `given`: what two persons may give as their
    reason; `pictures`: some were kept of it, and who is here may look.
    """

    person: Person
    attempt_id: str = ""
    entry: int = 0
    why: tuple[Blocked, ...] = ()
    given: tuple[Reason, ...] = ()
    seconds: Seconds = field(default_factory=Seconds)
    pictures: bool = False
    blocked: Blocked | None = None


def refer_offer(opened: OpenRoot, session: Session, sbd: str) -> ReferOffer:
    """Return what waits for two persons about a candidate at the session's component. Raises StoreError; CommandError
    "exception-candidate-unknown"."""
    person = person_of(session, sbd)
    if person is None:
        raise CommandError("exception-candidate-unknown", session=session.session_id)
    try:
        operator = session.rules.require_may(opened.require_login().operator, ACT)
        attempt = _waiting(opened, session, session_entries(opened.store, session.session_id), person.sbd)
    except (SessionsError, CommandError) as error:
        return ReferOffer(person=person, blocked=Blocked(code=error.code, facts=error.facts))
    named, body = "sbd" in attempt.body, attempt.body
    held = body.get("evidence", {}) if attempt.part is None else {}
    return ReferOffer(
        person=person,
        attempt_id=str(body["attempt"]) if attempt.part is None else "",
        entry=attempt.seq,
        why=tuple(_why(attempt, code) for code in map(str, body["reasons"])),
        given=tuple(each for code, each in reasons(ACT).items() if named is (code != CONFIRMED)),
        seconds=seconds_of(opened, session, ACT),
        pictures=session.rules.may(operator.role, "view") and any(name in held for name in PICTURES),
    )


def _waiting(opened: OpenRoot, session: Session, entries: Sequence[SessionEntry], sbd: str) -> SessionEntry:
    """Return the attempt: the candidate's last one; without any, the newest that names nobody and may mean them."""
    try:
        return require_override(session, entries, sbd=sbd)
    except NoAttemptError as error:
        for entry in reversed(entries):
            unnamed = entry.kind == "attempt" and "sbd" not in entry.body
            if unnamed and entry.body["component"] == session.component:
                try:
                    found = require_override(session, entries, sbd=sbd, attempt_id=entry.body["attempt"])
                    require_named(opened.store, session, found, sbd=sbd, reason=CONFIRMED)
                except SessionsError:
                    continue
                return found
        raise error from None


def _why(attempt: SessionEntry, code: str) -> Blocked:
    """Return a reason with the facts of the check that gave it."""
    rows = (row["facts"] for row in attempt.body["checks"].values() if row["code"] == code)
    return Blocked(code=code, facts=dict(next(rows, {})))
