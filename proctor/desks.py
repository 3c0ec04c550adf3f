"""The desks of a station: thin adapters from the pipeline's steps to the packages that do the work."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import Any

from proctor.challenge import Challenge
from proctor.errors import (
    AdmittedElsewhereError,
    ChallengeTriesError,
    RosterPersonDiffersError,
    SimulatedReaderError,
)
from proctor.present import AccessText, PresentCard, Whose
from readers.cccd.access_plan import AccessPlan, AccessSource, number_of, plan_for, read_mrz
from readers.cccd.cross_check import Agreement, require_agreement
from readers.cccd.id_number import IdNumber, parse_id_number
from readers.cccd.names import same_name
from readers.cccd.qr import parse_qr
from readers.emrtd.access_key import Can
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import (
    ConsistentChip,
    ConsistentKeys,
    GenuineChip,
    OpenedChip,
    RawChip,
    VerifiedChip,
)
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.reader_memory import ReaderMemory
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.emrtd.steps import Step
from readers.errors import CardLostError
from readers.transport.base import Connection, is_virtual_reader
from sessions.course.board import Board
from sessions.course.consent import refuses
from sessions.course.gate import CHECK_IN, Gate
from sessions.errors import SessionsError
from sessions.record import Outcome
from sessions.rules.faces import PAD_CHECKS
from sessions.session import FirstAttempt, Seat, Session, load_session, require_seat
from sessions.store import Store

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSource:
    """How to reach a card: `connect` may raise every transport error; `kind` is "pcsc" or "software".

    `reconnect` waits, at most so many seconds, for a card that was lifted in the middle of a read."""

    kind: str
    connect: Callable[[], Connection]
    reconnect: Callable[[float], Connection] | None = None


class ChipDesk:
    """The card on the reader, for one attempt. `new_challenge` gives a fresh challenge each time it is called."""

    def __init__(
        self,
        *,
        access: AccessText,
        source: CardSource,
        new_challenge: Callable[[], Challenge],
        training: bool,
        limits: ReadLimits | None = None,
        memory: ReaderMemory | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._access = access
        self._source = source
        self._new_challenge = new_challenge
        self._training = training
        self._limits = limits or ReadLimits()
        self._memory = memory
        self._on_progress = on_progress
        self._connection: Connection | None = None
        self._reader: ChipReader | None = None
        self._claimed: IdNumber | None = None
        self._challenges: list[Challenge] = []

    @property
    def claimed(self) -> IdNumber | None:
        """The number that was typed or scanned, once it was read; it proves nothing."""
        return self._claimed

    @property
    def challenges(self) -> tuple[Challenge, ...]:
        """Every challenge of this attempt, in order: one, and one more for each time the card was put back."""
        return tuple(self._challenges)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done with the chip so far, step by step, each with its own time."""
        return () if self._reader is None else self._reader.steps

    def require_present(self) -> PresentCard:
        """Return the card with its keys.

        Raises QrError, IdNumberError, MrzError, SimulatedReaderError (outside training), and every transport error.
        """
        access, plan = read_access(self._access)
        self._claimed = None if access is None else number_of(access)
        self._take(self._source.connect())
        self._reader = ChipReader(
            self._held(),
            randbytes=os.urandom,
            monotonic=monotonic,
            limits=self._limits,
            on_progress=self._on_progress,
            reconnect=None if self._source.reconnect is None else self._reconnect,
            fresh_challenge=self._challenge,
            memory=self._memory,
        )
        return PresentCard(access=access, plan=plan, number=self._claimed, reader_kind=self._source.kind)

    def open(self, present: PresentCard) -> OpenedChip:
        """Open the chip with the first of its keys that fits."""
        return self._chip().open(*present.plan.keys)

    def require_genuine(self, keys: ConsistentKeys) -> GenuineChip:
        """Let the chip prove itself with this attempt's challenge."""
        return self._chip().require_genuine(keys, self._challenge())

    def read(self, genuine: GenuineChip) -> RawChip:
        """Read what the chip says of its holder."""
        return self._chip().read(genuine)

    def close(self) -> None:
        """Let the card go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _challenge(self) -> bytes:
        self._challenges.append(self._new_challenge())
        return self._challenges[-1].value

    def _take(self, connection: Connection) -> None:
        """Hold this connection, and refuse it if it leads to a simulated reader in a real session."""
        self._connection = connection
        if is_virtual_reader(connection.name) and not self._training:
            raise SimulatedReaderError(reader="virtual")

    def _held(self) -> Connection:
        if self._connection is None:
            raise CardLostError(why="not-connected")
        return self._connection

    def _reconnect(self) -> Connection:
        if self._source.reconnect is None:
            raise CardLostError(why="no-second-chance")
        self.close()
        self._take(self._source.reconnect(self._limits.resume_s))
        return self._held()

    def _chip(self) -> ChipReader:
        if self._reader is None:
            raise CardLostError(why="not-connected")
        return self._reader


def read_access(given: AccessText) -> tuple[AccessSource | None, AccessPlan]:
    """Read the text as what it was given as: a number under the name of a QR code is an error, not a number."""
    if given.kind == "can":
        return None, AccessPlan(keys=(Can(given.text.strip()),), labels=("can",))
    readers: Mapping[str, Callable[[str], AccessSource]] = {
        "qr": parse_qr,
        "number": lambda text: parse_id_number(text.strip()),
        "mrz": read_mrz,
    }
    access = readers[given.kind](given.text)
    return access, plan_for(access)


class PassiveAuthDesk:
    """Passive authentication against one trust store, and the cross-checks."""

    def __init__(self, store: TrustStore, *, now: Callable[[], datetime], today: Callable[[], date]) -> None:
        self._store = store
        self._now = now
        self._today = today

    def require_consistent(self, opened: OpenedChip) -> ConsistentKeys:
        """SOD signature, DG14, DG15."""
        return require_consistent(opened)

    def require_hashes(self, raw: RawChip) -> ConsistentChip:
        """Every hash, then parsing."""
        return require_hashes(raw)

    def require_chain(self, holder: ConsistentChip) -> VerifiedChip:
        """Chain, time, revocation."""
        return require_chain(holder, self._store, self._now())

    def require_agreement(
        self, present: PresentCard, opened: OpenedChip, holder: ConsistentChip
    ) -> Agreement:
        """What opened the chip, DG1, DG11, DG13, the number, the expiry rule."""
        index, tries = int(opened.facts.get("key_index", 0)), int(opened.facts.get("tries", 1))
        return require_agreement(
            present.access,
            holder,
            self._today(),
            opened_with=present.plan.label(index),
            refused_keys=tries - 1,
        )


def _attacked(body: Mapping[str, Any]) -> bool:
    """Whether a check for presentation attacks failed in an attempt."""
    checks = body.get("checks", {})
    return any(checks.get(name, {}).get("outcome") == Outcome.FAILED for name in PAD_CHECKS)


_SAME = {True: "same", False: "differs"}


class SessionDesk:
    """The session's list and what the log already says of it. `gate`: where this desk stands, and why it looks."""

    def __init__(self, store: Store, session: Session, gate: Gate | None = None) -> None:
        self._store = store
        self._session = session
        self._gate = gate or Gate(board=Board(store, session))

    def claimed_seat(self, number: IdNumber | None) -> Seat | None:
        """Return the seat of a number that only the QR code or the keyboard gave, or None."""
        if number is None:
            return None
        try:
            return require_seat(self._newest(), number.value)
        except SessionsError:
            return None

    def require_seat(self, holder: ConsistentChip) -> Seat:
        """The candidate's seat by the number in the chip, if the roster means the same person.

        Raises NotOnRosterError, ComponentNotListedError, RosterPersonDiffersError, and what the gate raises.
        """
        person = holder.holder
        seat = require_seat(self._newest(), person.id_number)
        name = same_name(seat.full_name, person.surname_given)
        birth = PartialDate(year=seat.birth.year, month=seat.birth.month, day=seat.birth.day).agrees_with(
            person.birth
        )
        if not (name and birth):
            raise RosterPersonDiffersError(name=_SAME[name], birth=_SAME[birth])
        return self._gate.require_seat(seat)

    def require_first(self, seat: Seat) -> FirstAttempt:
        """Not admitted before: not in this session, nor to this component on this day in another real one.

        Training repeats itself with the same few specimens. Raises AlreadyAdmittedError,
        AdmittedElsewhereError, ChallengeTriesError.
        """
        if self._gate.purpose == CHECK_IN:
            for body in (entry.body for entry in self._store.entries("open")):
                if self._is_twin(body):
                    self._require_not_admitted(load_session(self._store, body["session"]), seat.id_number)
        self._require_tries_left(seat.sbd)
        return self._gate.require_first(seat.sbd)

    def _require_tries_left(self, sbd: str) -> None:
        """Raise ChallengeTriesError for somebody whose earlier attempts showed signs of an attack too often."""
        limit = self._session.rules.face_tries
        failed = sum(
            entry.body.get("sbd") == sbd and _attacked(entry.body)
            for entry in self._gate.board.entries
            if entry.kind == "attempt" and entry.body.get("component") == self._session.component
        )
        if failed >= limit:
            raise ChallengeTriesError(failed=failed, limit=limit)

    def whose(self, seat: Seat | None, number: IdNumber | None) -> Whose:
        """Return whose attempt this is: the chip's word, else the claim's."""
        found = seat or self.claimed_seat(number)
        return Whose(None if found is None else found.sbd)

    def consenting(self, present: PresentCard | None, holder: ConsistentChip | None) -> PresentCard | None:
        """Return the card, unless the chip names a candidate who refuses a picture; a log that says nothing: None."""
        if holder is None:
            return present
        try:
            number = holder.holder.id_number
            refusing = any(refuses(self._gate.board.entries, seat.sbd) for seat in self._seats(number))
        except SessionsError:
            return None
        return None if refusing else present

    def _seats(self, number: str) -> list[Seat]:
        return [seat for seat in self._newest().seats if number and seat.id_number == number]

    def _newest(self) -> Session:
        """Return the session with the list as it is now: somebody may have been added to it."""
        self._gate.board.refresh()
        return self._gate.board.session

    def _is_twin(self, opened: Mapping[str, Any]) -> bool:
        here = self._session
        held = opened.get("components", [opened["component"]])
        same = opened["day"] == here.day.isoformat() and here.component in held
        return bool(same and here.kind == "real" and opened["session"] != here.session_id)

    def _sits(self, seat: Seat) -> bool:
        """Whether somebody of another session sits this component there."""
        return not seat.components or self._session.component in seat.components

    def _require_not_admitted(self, other: Session, id_number: str) -> None:
        for seat in other.seats:
            if not id_number or seat.id_number != id_number or not self._sits(seat):
                continue
            if Board(self._store, other).standing(seat.sbd, self._session.component).admitted:
                raise AdmittedElsewhereError(session=other.session_id)
