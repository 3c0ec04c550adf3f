"""Incidents as a page shows and offers them: kinds by one key, whom they concern, what follows, the minutes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from proctor.errors import CommandError
from proctor.names import kind_name
from proctor.screens.exceptions import Person, person_of
from proctor.texts import Texts
from sessions.course.entries import SessionEntry
from sessions.course.incidents import LIGHT, NONE, Incident, incidents_of, may_decide
from sessions.record import parse_utc
from sessions.rules import IncidentKind
from sessions.session import Session
from sessions.vietnam import VIETNAM

KEYS: Final = "1234567890abcdefghijklmnopqrstuvwxyz"
"""The key of each kind, in the order of the rules."""
MAX_CONCERNED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRow:
    """One kind of incident. `key` chooses it; `minutes`: minutes are written of it."""

    key: str
    code: str
    label: str
    minutes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One incident as the table shows it. `open`: a consequence was proposed and nobody decided."""

    incident_id: str
    code: str
    number: str
    hour: str
    label: str
    sbd: str
    consequence: str
    open: bool = False
    minutes: bool = True
    attempt_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody typed of an incident, as the form has it."""

    code: str
    concerned: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    witnesses: str = field(default="", repr=False)
    consequence: str = NONE
    place: str = field(default="", repr=False)
    hour: str = ""
    component: str = ""


def kinds_of(session: Session, texts: Texts) -> tuple[KindRow, ...]:
    """Return the kinds of the session's rules with the key of each; more than there are keys have none."""
    rows = session.rules.incidents.items()
    return tuple(
        KindRow(
            key=KEYS[at] if at < len(KEYS) else "",
            code=code,
            label=kind_name(session.rules.incidents, code, texts),
            minutes=kind.minutes,
        )
        for at, (code, kind) in enumerate(rows)
    )


def consequences_of(session: Session, code: str, role: str, texts: Texts) -> tuple[tuple[str, str], ...]:
    """Return what may follow from a kind, none first: value and words, which say where it is only proposed."""
    kind = session.rules.incidents.get(code)
    known = () if kind is None else kind.consequences
    decides = bool(code) and kind is not None and may_decide(session, code, role)
    offered = []
    for each in dict.fromkeys((NONE, *known)):
        words = texts[f"consequence.{each}"]
        proposed = each not in LIGHT and not decides
        offered.append((each, texts.say("incident-page.proposed", words=words) if proposed else words))
    return tuple(offered)


def concerned(session: Session, text: str) -> tuple[Person, ...]:
    """Return the candidates that are named, each once: "12, 15", "12 15". Raises CommandError."""
    found: dict[str, Person] = {}
    for each in text.replace(",", " ").replace(";", " ").split():
        person = person_of(session, each)
        if person is None:
            raise CommandError("incident-page-nobody", sbd=each[:16])
        found[person.sbd] = person
    if len(found) > MAX_CONCERNED:
        raise CommandError("incident-page-many", limit=MAX_CONCERNED)
    return tuple(found.values())


def note_of(typed: Typed, texts: Texts, others: Iterable[Person] = ()) -> str:
    """Return the text of the minutes: what happened, who else it concerns, who saw it. It is kept encrypted."""
    lines = [typed.text.strip()]
    also = ", ".join(person.sbd for person in others)
    if also:
        lines.append(texts.say("incident-page.note.others", sbds=also))
    if typed.witnesses.strip():
        lines.append(texts.say("incident-page.note.witnesses", names=" ".join(typed.witnesses.split())))
    return "\n".join(line for line in lines if line)


def add_words(session: Session, typed: Typed, sbd: str, attempt_id: str = "") -> tuple[str, ...]:
    """Return the command `proctor incident add` for one candidate, "" for nobody; the note goes apart, as "-"."""
    said = {
        "sbd": sbd,
        "attempt": attempt_id,
        "component": typed.component,
        "place": " ".join(typed.place.split()),
        "at": typed.hour.strip(),
        "consequence": "" if typed.consequence == NONE else typed.consequence,
    }
    return (
        "incident",
        "add",
        f"--session={session.session_id}",
        f"--code={typed.code}",
        *(f"--{name}={value}" for name, value in said.items() if value),
    )


def decide_words(session: Session, incident_id: str, consequence: str) -> tuple[str, ...]:
    """Return the command `proctor incident decide`."""
    return (
        "incident",
        "decide",
        f"--session={session.session_id}",
        f"--incident={incident_id}",
        f"--consequence={consequence}",
    )


def minutes_words(session: Session, incident_id: str, folder: str, reason: str = "") -> tuple[str, ...]:
    """Return the command `proctor sheets incident`; `reason`: why they are made again."""
    again = (f"--reason={reason}",) if reason else ()
    return (
        "sheets",
        "incident",
        f"--session={session.session_id}",
        f"--incident={incident_id}",
        f"--out={folder}",
        *again,
    )


def rows_of(session: Session, entries: Sequence[SessionEntry], texts: Texts) -> tuple[IncidentRow, ...]:
    """Return the session's incidents, the newest first."""
    return tuple(_row(session, each, texts) for each in reversed(incidents_of(entries)))


def may_lay_down(session: Session, code: str, role: str) -> bool:
    """Whether a role may say what follows from an incident of this kind."""
    return code in session.rules.incidents and may_decide(session, code, role)


def deciders(session: Session, code: str, labels: Mapping[str, str]) -> str:
    """Return who may say what follows, by the names of roles."""
    kind = session.rules.incidents.get(code)
    roles = [role for role in labels if kind is not None and may_decide(session, code, role)]
    return ", ".join(labels[role] for role in roles)


def number_of(incident: Incident) -> str:
    """Return the number of an incident within its session."""
    return incident.incident_id.rpartition("-")[2]


def hour_of(incident: Incident) -> str:
    """Return when it happened, as people here say it."""
    return parse_utc(incident.at).astimezone(VIETNAM).strftime("%H:%M")


def label_of(incident: Incident, kinds: Mapping[str, IncidentKind], texts: Texts) -> str:
    """Return what it is called; its code where the rules do not know it."""
    return kind_name(kinds, incident.code, texts)


def _row(session: Session, incident: Incident, texts: Texts) -> IncidentRow:
    kind = session.rules.incidents.get(incident.code)
    words = texts[f"consequence.{incident.consequence}"]
    if incident.proposed:
        words = texts.say("incident-page.proposed", words=texts[f"consequence.{incident.proposed}"])
    return IncidentRow(
        incident_id=incident.incident_id,
        code=incident.code,
        number=number_of(incident),
        hour=hour_of(incident),
        label=label_of(incident, session.rules.incidents, texts),
        sbd=incident.sbd or "–",
        consequence=words,
        open=bool(incident.proposed),
        minutes=kind is None or kind.minutes,
        attempt_id=incident.attempt_id or "",
    )
