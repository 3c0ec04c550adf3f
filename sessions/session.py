"""A session: one sitting with its roster and rules; who may sit."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from sessions.errors import (
    ComponentNotHeldError,
    ComponentNotListedError,
    EvidenceErasedError,
    EvidenceMissingError,
    NotOnRosterError,
    RosterDocumentError,
    RosterEmptyError,
    RulesExpiredError,
    StoreAlteredError,
    UnknownSessionError,
)
from sessions.reader import Entry, LogReader
from sessions.record import Operator, parse_utc
from sessions.roster.document import RosterDocument, make_document, parse_document
from sessions.roster.model import ERASED, Roster, Seat
from sessions.rules import Rules, open_keys, parse_rules
from sessions.store import Store

__all__ = [
    "FirstAttempt",
    "Part",
    "Seat",
    "Session",
    "create_session",
    "list_sessions",
    "load_session",
    "newest_roster",
    "require_seat",
]

_PREFIX: Final = {"real": "S", "training": "HL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a session that several stations share is this station's: `number` of `of`.

    `group` is the session's id at the station that divided it; a seat says in its own `part` whose it is.
    """

    number: int
    of: int
    group: str

    def as_body(self) -> dict[str, str | int]:
        """Return the part as it stands in the open entry."""
        return {"number": self.number, "of": self.of, "group": self.group}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sitting as opened in the log.

    `kind` is "real" or "training". `roster_hash` is salted (hexadecimal, SHA-256) and stands in the open
    entry, whose number is `seq`, or in the last roster entry. `component` is an identifier of the rules; the label
    is the law's term; `components` are all that the session holds, in the rules' order, and `component` the
    one that is meant (the one it was opened with; `at` gives the others). `rules` are those kept with the open
    entry, whatever files the program has now; `unconfirmed` are its keys that no administrator has confirmed. A row
    that was erased keeps its place in `seats`, as the seat `ERASED`.
    """

    session_id: str
    kind: str
    day: date
    place: str
    component: str
    component_label: str
    rules_id: str
    rules_sha256: str
    roster_hash: str
    opened_at: datetime
    seq: int
    seats: tuple[Seat, ...] = field(repr=False)
    rules: Rules = field(repr=False)
    components: tuple[str, ...]
    part: Part | None = None
    unconfirmed: tuple[str, ...] = ()

    def at(self, component: str) -> Session:
        """Return the session as it stands at another of its components.

        `component`: an identifier, a label or an alias. Raises UnknownComponentError, ComponentNotHeldError.
        """
        part = self.rules.require_component(component)
        if part.component_id not in self.components:
            raise ComponentNotHeldError(component=part.component_id, held=" ".join(self.components))
        return replace(self, component=part.component_id, component_label=part.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAttempt:
    """Evidence that a candidate was not admitted before in this session."""

    sbd: str
    earlier_attempts: int

    @property
    def facts(self) -> dict[str, str | int]:
        """How often the candidate was at the desk before."""
        return {"earlier_attempts": self.earlier_attempts}


def create_session(
    store: Store,
    *,
    root_kind: str,
    roster: Roster,
    rules: Rules,
    component: str,
    place: str,
    day: date,
    operator: Operator,
    components: Sequence[str] = (),
    part: Part | None = None,
) -> Session:
    """Open a session in the log, with its roster and rules as evidence, and return it.

    `component` is an identifier, a label or an alias of the rules; `components` all that the session holds (empty: that
    one alone). Raises RosterEmptyError,
    UnknownComponentError, RulesExpiredError (real sessions only), StoreError.
    """
    if not roster.rows:
        raise RosterEmptyError(refused=len({defect.row for defect in roster.refused}))
    if root_kind == "real" and not rules.in_force(day):
        raise RulesExpiredError(rules=rules.rules_id, day=day.isoformat())
    first = rules.require_component(component)
    held = _held(rules, (component, *components))
    document, file_hash = make_document(_resolved(roster.rows, rules), roster.data)
    session_id = _next_id(store, root_kind, day) if part is None else f"{part.group}-p{part.number}"
    body = {
        "session": session_id,
        "root_kind": root_kind,
        "day": day.isoformat(),
        "place": " ".join(place.split()),
        "component": first.component_id,
        "component_label": first.label,
        "components": list(held),
        "rules": rules.rules_id,
        "rules_sha256": rules.sha256,
        "roster_hash": document.roster_hash,
        "roster_file": file_hash,
        "required": sorted(rules.required),
        "candidates": len(roster.rows),
        "refused_rows": len({defect.row for defect in roster.refused}),
        **({} if part is None else {"part": part.as_body()}),
    }
    store.append("open", body, {"roster": document.data, "rules": rules.data}, operator=operator)
    return load_session(store, session_id)


def load_session(store: LogReader, session_id: str) -> Session:
    """Return a session as it was opened; raises UnknownSessionError, StoreAlteredError."""
    opened = store.entries("open", session_id)
    if not opened:
        raise UnknownSessionError
    return _session(store, opened[0])


def list_sessions(store: LogReader) -> tuple[Session, ...]:
    """Return every session of the log, the first opened first."""
    return tuple(_session(store, entry) for entry in store.entries("open"))


def require_seat(session: Session, id_number: str) -> Seat:
    """Return the seat of a 12-digit number; raises NotOnRosterError, ComponentNotListedError."""
    for seat in session.seats:
        if not seat.erased and secrets.compare_digest(seat.id_number.encode(), id_number.encode()):
            if seat.components and session.component not in seat.components:
                raise ComponentNotListedError(sbd=seat.sbd, component=session.component)
            return seat
    raise NotOnRosterError


def _session(store: LogReader, entry: Entry) -> Session:
    body = entry.body
    rules = parse_rules(_rules_file(store, entry))
    if rules.sha256 != body["rules_sha256"]:
        raise StoreAlteredError(seq=entry.seq, why="rules")
    bound, seats = _roster(store, entry)
    part, seats = _divided(store, body, _resolved(seats, rules))
    return Session(
        session_id=body["session"],
        kind=body["root_kind"],
        day=date.fromisoformat(body["day"]),
        place=body["place"],
        component=body["component"],
        component_label=body["component_label"],
        rules_id=body["rules"],
        rules_sha256=body["rules_sha256"],
        roster_hash=bound,
        opened_at=parse_utc(body["at"]),
        seq=entry.seq,
        seats=seats,
        rules=rules,
        components=tuple(body.get("components", (body["component"],))),
        part=part,
        unconfirmed=open_keys(store, rules),
    )


def _divided(
    store: LogReader, opened: Mapping[str, Any], seats: tuple[Seat, ...]
) -> tuple[Part | None, tuple[Seat, ...]]:
    """Return this station's part of a session that was divided, and the seats, each with the part it belongs to.

    Who was added to the list after that belongs to the station that added them.
    """
    part = Part(**opened["part"]) if "part" in opened else None
    found = store.entries("split", opened["session"])
    if not found:
        return part, seats if part is None else tuple(replace(seat, part="") for seat in seats)
    body = found[-1].body
    part = Part(number=body["number"], of=len(body["parts"]), group=body["group"])
    whose = {sbd: number for number, sbds in body["parts"].items() for sbd in sbds}
    own = str(part.number)
    return part, tuple(
        seat if seat.erased else replace(seat, part=whose.get(seat.sbd, own)) for seat in seats
    )


def _held(rules: Rules, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the identifiers of components in the rules' order, each once; raises UnknownComponentError."""
    found = {rules.require_component(text).component_id for text in texts}
    return tuple(name for name in rules.components if name in found)


def _resolved(seats: tuple[Seat, ...], rules: Rules) -> tuple[Seat, ...]:
    """Return the seats with the rules' identifiers for their components; raises UnknownComponentError."""
    known: dict[str, str] = {}
    for text in {text for seat in seats for text in seat.components}:
        known[text] = rules.require_component(text).component_id
    return tuple(replace(seat, components=tuple(known[text] for text in seat.components)) for seat in seats)


def _rules_file(store: LogReader, opened: Entry) -> bytes:
    """Return a session's rules file: of the open entry, or of the erasure that had to state it again."""
    try:
        return store.evidence(opened.seq, "rules")
    except EvidenceErasedError:
        for entry in store.entries("shred", opened.body["session"]):
            if "rules" in entry.body.get("evidence", {}):
                return store.evidence(entry.seq, "rules")
        raise


def newest_roster(store: LogReader, session_id: str) -> tuple[int, RosterDocument] | None:
    """Return the last roster of a session that is there and the entry it belongs to; None when all were erased.

    Raises UnknownSessionError, StoreAlteredError when it does not give the session's roster hash.
    """
    opened = store.entries("open", session_id)
    if not opened:
        raise UnknownSessionError
    bound, carriers = _carriers(store, opened[0])
    for entry in reversed(carriers):
        try:
            data = store.evidence(entry.seq, "roster")
        except EvidenceMissingError:
            continue
        try:
            document = parse_document(data)
        except RosterDocumentError:
            raise StoreAlteredError(seq=entry.seq, why="roster") from None
        if document.roster_hash != bound:
            raise StoreAlteredError(seq=entry.seq, why="roster")
        return entry.seq, document
    return None


def _roster(store: LogReader, opened: Entry) -> tuple[str, tuple[Seat, ...]]:
    """Return a session's roster hash and its seats; where the whole roster was erased, as many erased ones."""
    bound, carriers = _carriers(store, opened)
    found = newest_roster(store, opened.body["session"])
    if found is not None:
        return bound, found[1].seats
    added = sum(entry.body["added"] for entry in carriers if entry.kind == "roster")
    return bound, (ERASED,) * (opened.body["candidates"] + added)


def _carriers(store: LogReader, opened: Entry) -> tuple[str, list[Entry]]:
    """Return the session's roster hash, and every entry that has or had its roster, in order.

    That is the open entry, each roster entry (later additions, with a hash of their own), and each erasure that
    stated the roster again without somebody.
    """
    session_id = opened.body["session"]
    added = store.entries("roster", session_id)
    shreds = [
        entry for entry in store.entries("shred", session_id) if "roster" in entry.body.get("evidence", {})
    ]
    newest = added[-1] if added else opened
    later = [entry for entry in (*added, *shreds) if entry.seq >= newest.seq]
    carriers = sorted({entry.seq: entry for entry in (newest, *later)}.values(), key=lambda entry: entry.seq)
    return newest.body["roster_hash"], carriers


def _next_id(store: Store, root_kind: str, day: date) -> str:
    prefix = f"{_PREFIX[root_kind]}-{day:%Y%m%d}-"
    taken = sum(1 for entry in store.entries("open") if str(entry.body["session"]).startswith(prefix))
    return f"{prefix}{taken + 1:02d}"
