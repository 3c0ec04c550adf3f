"""What the panes of exceptions offer: who it is about, which documents and reasons fit, whether it may be done here.

Pure, but for `manual_offer` and `refused_offer`, which read the log and belong beside the window's thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from proctor.errors import CommandError
from proctor.names import role_name
from proctor.roots import OpenRoot
from proctor.screens.second import Seconds, seconds_of
from proctor.texts import Texts
from sessions.course.case import Case, case_of, looks_again, refusal_of
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.exception_errors import IncidentUnknownError
from sessions.course.incidents import Incident, incidents_of
from sessions.course.manual import DOCUMENTS, RE_ENTRY, ManualCase, require_manual
from sessions.course.numbers import written_sbd
from sessions.course.overrides import require_decision
from sessions.course.reasons import Reason, reasons
from sessions.errors import SessionsError
from sessions.roles import load_roles
from sessions.rules import Rules
from sessions.session import Session

CHECK_IN: Final = "check-in"
LATER: Final = "later-proof"
COMPARED: Final = ("photo", "name", "birth", "number")
USUAL: Final[Mapping[str, str]] = {
    "vneid": "vneid",
    "none": "no-card",
    "passport": "passport",
    "passport-chip": "passport",
    "cmnd-9": "old-card",
    "cccd-barcode": "no-chip",
}
"""The reason that a kind of document is by itself, as `proctor manual` takes it."""
OF_ONE_DOCUMENT: Final = frozenset({*USUAL.values(), LATER})
NOT_YET: Final = "I-"
"""An incident that there is not: what is asked is whether everything else would do."""
REFUSED_CODE: Final = "identity-refused"
ADMITTING: Final = frozenset({"identity-established", "appearance-changed", "card-error", "other"})
NOT_ADMITTING: Final = frozenset({"identity-not-established", "fraud-suspected", "other"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A candidate as a pane names them."""

    sbd: str
    name: str = field(repr=False)
    birth: str = field(repr=False)
    place: str = ""

    @property
    def words(self) -> str:
        """One line: number, name, birth date, room."""
        return " · ".join(text for text in (self.sbd, self.name, self.birth, self.place) if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why something is not done here: the code of a text and what fills it."""

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualOffer:
    """What the manual path offers for one candidate. `purpose`: "check-in", "re-entry", or "later-proof" where an
    undertaking is to be redeemed; `documents`: those the rules take that day; `undertaking`: "none" is among them.
    """

    person: Person
    purpose: str = CHECK_IN
    documents: tuple[str, ...] = ()
    seconds: Seconds = field(default_factory=Seconds)
    blocked: Blocked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOffer:
    """What may be decided about a refused attempt. `incidents`: those it can rest on; `incident_first`: who is here may
    only enter the incident; `heads`: who decides, in the law's words.
    """

    person: Person
    attempt_id: str = ""
    incidents: tuple[Incident, ...] = ()
    seconds: Seconds = field(default_factory=Seconds)
    incident_first: bool = False
    heads: str = ""
    blocked: Blocked | None = None


def own_text(code: str, texts: Texts) -> str:
    """Return the key of what a page says of an error: its own, where the command line's names options."""
    own = f"exception-pane.error.{code}"
    return own if own in texts else code


def person_of(session: Session, text: str) -> Person | None:
    """Return the candidate that a number means ("7" is 007), or None."""
    seats = {seat.sbd: seat for seat in session.seats if not seat.erased}
    found = written_sbd(seats, text)
    if found is None:
        return None
    seat = seats[found]
    return Person(sbd=found, name=seat.full_name, birth=seat.birth.display, place=seat.room)


def accepted_documents(rules: Rules, session: Session) -> tuple[str, ...]:
    """Return the kinds of documents that two persons may take on the session's day; without one, "none"."""
    return tuple(kind for kind in DOCUMENTS if rules.document(kind, session.day) != "refuse")


def manual_reasons(document: str, purpose: str) -> tuple[Reason, ...]:
    """Return the reasons that fit a document: its own where it is one by itself, first."""
    known = reasons("manual")
    if purpose == LATER:
        return (known[LATER],)
    own = USUAL.get(document)
    if own is not None:
        rest = [each for code, each in known.items() if code not in OF_ONE_DOCUMENT]
        return (known[own], *rest) if document not in {"vneid", "none"} else (known[own],)
    return tuple(each for code, each in known.items() if code not in OF_ONE_DOCUMENT)


def manual_words(
    session: Session, offer: ManualOffer, values: Mapping[str, str], compared: Sequence[str]
) -> tuple[str, ...]:
    """Return the command `proctor manual` for what was typed. `values`: document, reason, result; `compared`: of
    COMPARED; a number and a note go apart.
    """
    words = [
        "manual",
        f"--session={session.session_id}",
        f"--component={session.component}",
        f"--sbd={offer.person.sbd}",
        f"--document={values['document']}",
        f"--reason={values['reason']}",
    ]
    words.append("--compared=" + ",".join(name for name in COMPARED if name in compared))
    if offer.purpose == LATER:
        words.append("--later-proof")
    elif offer.purpose == RE_ENTRY:
        words.append("--purpose=re-entry")
    if values["document"] == "none":
        words.append("--undertaking")
    if values.get("result") == "not":
        words.append("--not-established")
    return tuple(words)


def manual_offer(opened: OpenRoot, session: Session, text: str) -> ManualOffer:
    """Return what two persons may do for a candidate by documents.

    Raises StoreError; CommandError "exception-candidate-unknown".
    """
    person = person_of(session, text)
    if person is None:
        raise CommandError("exception-candidate-unknown", session=session.session_id)
    entries = session_entries(opened.store, session.session_id)
    documents = accepted_documents(session.rules, session)
    purpose, blocked = _manual_purpose(opened, session, entries, person.sbd, documents)
    return ManualOffer(
        person=person,
        purpose=purpose,
        documents=documents,
        seconds=seconds_of(opened, session, "manual"),
        blocked=blocked,
    )


def _manual_purpose(
    opened: OpenRoot,
    session: Session,
    entries: Sequence[SessionEntry],
    sbd: str,
    documents: tuple[str, ...],
) -> tuple[str, Blocked | None]:
    """Return what the entry would be for, and why it cannot be made."""
    try:
        session.rules.require_may(opened.require_login().operator, "manual")
        case = case_of(entries, sbd, session.component)
        purpose = _purpose(case)
        document = next((each for each in documents if each != "none"), "none")
        asked = ManualCase(
            sbd=sbd,
            document=document,
            reason="other",
            undertaking=document == "none",
            later_proof=purpose == LATER,
            purpose=RE_ENTRY if purpose == RE_ENTRY else CHECK_IN,
        )
        require_manual(session, entries, asked)
    except (SessionsError, CommandError) as error:
        return CHECK_IN, Blocked(code=error.code, facts=error.facts)
    return purpose, None


def _purpose(case: Case) -> str:
    if case.out is not None:
        return RE_ENTRY
    return LATER if case.provisional is not None else CHECK_IN


# -- after the machine refused ---------------------------------------------------------------------------


def refused_offer(
    opened: OpenRoot, session: Session, text: str, attempt_id: str, texts: Texts
) -> RefusedOffer:
    """Return what may be decided about somebody whom the machine refused. Raises StoreError; CommandError
    "exception-candidate-unknown".
    """
    person = person_of(session, text)
    if person is None:
        raise CommandError("exception-candidate-unknown", session=session.session_id)
    entries = session_entries(opened.store, session.session_id)
    case = case_of(entries, person.sbd, session.component)
    meant = attempt_id or _refused_attempt(case)
    found = tuple(each for each in incidents_of(entries) if _about(each, person.sbd, meant))
    blocked, heads = _refused_blocked(session, entries, person.sbd, meant), heads_of(session, texts)
    role, first = opened.require_login().operator.role, False
    if blocked is None and not session.rules.may(role, "decide"):
        first = session.rules.may(role, "incident") and not found
        blocked = None if first else Blocked(code="exception-pane.decision.head", facts={"role": heads})
    return RefusedOffer(
        person=person,
        attempt_id=meant,
        incidents=found,
        seconds=seconds_of(opened, session, "decide"),
        incident_first=first,
        heads=heads,
        blocked=blocked,
    )


def waiting_refusals(opened: OpenRoot, session: Session) -> tuple[Person, ...]:
    """Return whom the machine refused at the session's component and nobody decided about yet, in the list's order."""
    entries = session_entries(opened.store, session.session_id)
    seen = {
        str(entry.body["sbd"])
        for entry in entries
        if entry.kind == "attempt"
        and entry.body.get("sbd")
        and entry.body["verdict"] == "REFUSE"
        and not looks_again(entry.body)
    }
    found = (person_of(session, sbd) for sbd in sorted(seen))
    return tuple(
        person
        for person in found
        if person is not None
        and (refusal := refusal_of(case_of(entries, person.sbd, session.component))) is not None
        and refusal.body["attempt"] not in case_of(entries, person.sbd, session.component).decided
    )


def decision_reasons(admit: bool) -> tuple[Reason, ...]:
    """Return the reasons of a decision to let in, or not to."""
    fitting = ADMITTING if admit else NOT_ADMITTING
    return tuple(each for code, each in reasons("decision").items() if code in fitting)


def decision_words(
    session: Session, offer: RefusedOffer, values: Mapping[str, str], incident: str
) -> tuple[str, ...]:
    """Return the command `proctor decision`. `values`: decided ("admit" or "not"), reason."""
    words = [
        "decision",
        f"--session={session.session_id}",
        f"--component={session.component}",
        f"--sbd={offer.person.sbd}",
        f"--incident={incident}",
        f"--reason={values['reason']}",
        "--admit" if values["decided"] == "admit" else "--not-admit",
    ]
    if offer.attempt_id:
        words.append(f"--attempt={offer.attempt_id}")
    return tuple(words)


def _refused_attempt(case: Case) -> str:
    """Return the refusal that stands; "" where there is none, or it stands in another station's log: an incident of
    this one names the candidate alone."""
    standing = refusal_of(case)
    return "" if standing is None or standing.part is not None else str(standing.body["attempt"])


def _about(incident: Incident, sbd: str, attempt_id: str) -> bool:
    """Whether an incident is about this candidate, or this attempt: one about nobody is no ground for a decision."""
    return incident.sbd == sbd or (
        incident.sbd is None and bool(attempt_id) and incident.attempt_id == attempt_id
    )


def _refused_blocked(
    session: Session, entries: Sequence[SessionEntry], sbd: str, attempt_id: str
) -> Blocked | None:
    """Return why nothing is decided: everything but a missing incident, which the pane enters itself."""
    try:
        require_decision(session, entries, sbd=sbd, incident=NOT_YET, attempt_id=attempt_id or None)
    except IncidentUnknownError:
        return None
    except (SessionsError, CommandError) as error:
        return Blocked(code=error.code, facts=error.facts)
    return None


def heads_of(session: Session, texts: Texts) -> str:
    """Return who may decide after a refusal."""
    known = load_roles()
    heads = [role for role in known if not known[role].training_only and session.rules.may(role, "decide")]
    return ", ".join(role_name(role, texts) for role in heads)


def incident_code(rules: Rules) -> str:
    """Return the kind of incident that a refusal is by the rules."""
    return next((code for code in (REFUSED_CODE, "other") if code in rules.incidents), REFUSED_CODE)
