"""What two persons may do about a REFER at the desk: looked up, and committed by the functions the command uses.

No window: the pane shows `Referred` and hands back a `Wish`.
"""

import argparse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console

from biometrics.errors import BiometricsError
from proctor.commands.context import Context
from proctor.config import Places
from proctor.errors import CommandError
from proctor.roots import AskSecret, OpenRoot
from proctor.seconds import CARD_FACE, PASSWORD, PROOFS, TRAINING, second_of
from proctor.secret_input import SecretSource
from proctor.texts import load_texts
from readers.errors import ReaderError
from sessions.course.entries import SessionEntry, session_entries
from sessions.course.overrides import (
    CONFIRMED,
    override,
    require_named,
    require_override,
    suggested,
)
from sessions.course.reasons import Reason, note_of, reasons, require_reason
from sessions.errors import EvidenceMissingError, SessionsError
from sessions.record import Second
from sessions.session import Session
from sessions.store import Receipt
from sessions.users import list_users

ACT: Final = "override"
EVIDENCE: Final = "frames"
"""The sheet of frames that speak for a failed or open challenge."""

Lend = Callable[[], AbstractContextManager[tuple[str, str]]]
"""Gives the desk's reader and camera away, as long as a second person proves to be there with card and face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody whom an attempt that names nobody may mean, as the list has them. `why`: what suggests it."""

    sbd: str
    name: str = field(repr=False)
    birth: str = field(repr=False)
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """A REFER that waits for two persons.

    `sbd`: whom the attempt names, "" for nobody; `known`: whom it may mean then; `framed`: a sheet of pictures that
    speak for a failed or open challenge is kept, and who decides may look at it; `blocked`: the code and facts of why
    two persons may not let in here; `people`: who may be the second person: id, name and role; `proofs`: how they may
    prove to be present, weakest first; empty where the rules take none that can be given here.
    """

    attempt_id: str
    sbd: str
    reasons: tuple[Reason, ...]
    people: tuple[tuple[str, str, str], ...] = field(repr=False)
    proofs: tuple[str, ...]
    known: tuple[Known, ...] = ()
    framed: bool = False
    blocked: str = ""
    blocked_facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What two persons want entered: that this candidate is let in, and why. `card`: what opens the second person's
    card, its QR code or number, where that is the proof."""

    sbd: str
    reason: str
    second: str
    proof: str = PASSWORD
    note: str = field(default="", repr=False)
    card: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The sheet of frames, JPEG, and the entry that says who looked at it."""

    frames: bytes = field(repr=False)
    entry: int


class Decisions:
    """Looks up and commits for one desk. All of it may wait for the log, and belongs beside the window's thread."""

    def __init__(self, opened: OpenRoot, session: Session, lend: Lend | None = None) -> None:
        """`lend`: the desk's reader and camera; None: nobody proves with card and face here."""
        self._opened, self._session, self._lend = opened, session, lend

    def referred(self, attempt_id: str, sbd: str) -> Referred:
        """Return what can be done about an attempt. `sbd`: whom it names, "" for nobody. Raises StoreError."""
        entries = session_entries(self._opened.store, self._session.session_id)
        attempt = self._attempt(entries, attempt_id)
        blocked, facts = self._blocked(entries, attempt_id, sbd)
        known = () if attempt is None or sbd else self._known(attempt)
        return Referred(
            attempt_id=attempt_id,
            sbd=sbd,
            known=known,
            reasons=tuple(
                reason for code, reason in reasons(ACT).items() if bool(sbd) is (code != CONFIRMED)
            ),
            people=self._people(),
            proofs=self._proofs(),
            framed=attempt is not None and self._may_look(attempt),
            blocked=blocked if sbd or known or blocked else "checkin.decision.nobody",
            blocked_facts=facts,
        )

    def admit(self, attempt_id: str, wish: Wish, ask: AskSecret) -> Receipt:
        """Commit that two persons let a candidate in; `ask` gives the second person's password or PIN.

        Raises the errors of `override` and of `second_of`.
        """
        opened, session = self._opened, self._session
        operator = session.rules.require_may(opened.require_login().operator, ACT)
        why = require_reason(ACT, wish.reason)
        note_of(why, wish.note)
        entries = session_entries(opened.store, session.session_id)
        attempt = require_override(session, entries, sbd=wish.sbd, attempt_id=attempt_id)
        require_named(opened.store, session, attempt, sbd=wish.sbd, reason=why.code)
        second = self._second(wish, ask)
        return override(
            opened.store,
            session,
            sbd=wish.sbd,
            attempt_id=attempt_id,
            reason=why.code,
            note=wish.note,
            operator=operator,
            second=second,
        )

    def look(self, attempt_id: str, reason: str) -> Seen:
        """Return the frames of an attempt's challenge; that they are looked at is entered first. `reason`: why, in
        words. Raises RoleForbiddenError, EvidenceMissingError, StoreError."""
        opened, session = self._opened, self._session
        operator = session.rules.require_may(opened.require_login().operator, "view")
        attempt = self._attempt(session_entries(opened.store, session.session_id), attempt_id)
        if attempt is None:
            raise EvidenceMissingError(seq=0)
        body = {"what": f"evidence {attempt.seq}", "reason": reason, "session": session.session_id}
        body |= {name: attempt.body[name] for name in ("sbd",) if name in attempt.body}
        receipt = opened.store.append("view", body, operator=operator)
        return Seen(frames=opened.store.evidence(attempt.held, EVIDENCE), entry=receipt.seq)

    def _second(self, wish: Wish, ask: AskSecret) -> Second:
        """Return the second person, proven present. With card and face the desk's own devices serve for it."""
        if wish.proof != CARD_FACE or self._lend is None:
            return second_of(_context(wish, ask), self._opened, ACT, self._session)
        try:
            with self._lend() as (reader, camera):
                context = _context(wish, ask, reader=reader, camera=camera)
                return second_of(context, self._opened, ACT, self._session)
        except (ReaderError, BiometricsError) as error:
            raise CommandError.of(error.code, error.facts) from None

    @staticmethod
    def _attempt(entries: "tuple[SessionEntry, ...]", attempt_id: str) -> SessionEntry | None:
        found = (each for each in entries if each.kind == "attempt" and each.body["attempt"] == attempt_id)
        return next(found, None)

    def _blocked(
        self, entries: "tuple[SessionEntry, ...]", attempt_id: str, sbd: str
    ) -> tuple[str, Mapping[str, str | int]]:
        """Return why two persons may not let in here: by the rules, the role, or what the attempt found."""
        try:
            self._session.rules.require_may(self._opened.require_login().operator, ACT)
            if sbd:
                require_override(self._session, entries, sbd=sbd, attempt_id=attempt_id)
        except (SessionsError, CommandError) as error:
            return error.code, error.facts
        if not self._proofs():
            return "checkin.decision.proof.none", {}
        return "", {}

    def _known(self, attempt: SessionEntry) -> tuple[Known, ...]:
        return tuple(
            Known(sbd=each.seat.sbd, name=each.seat.full_name, birth=each.seat.birth.display, why=each.why)
            for each in suggested(self._opened.store, self._session, attempt)
        )

    def _may_look(self, attempt: SessionEntry) -> bool:
        """Whether frames were kept of an attempt, and whoever is here may look at them."""
        if EVIDENCE not in attempt.body.get("evidence", {}):
            return False
        try:
            self._session.rules.require_may(self._opened.require_login().operator, "view")
        except SessionsError:
            return False
        return True

    def _people(self) -> tuple[tuple[str, str, str], ...]:
        """Return who may be the second person. In training anybody named may."""
        if self._opened.training:
            return ()
        known, own = self._opened.store.people(), self._opened.require_login().operator.user_id
        roles = self._session.rules.second(ACT).roles
        names = {each.user_id: each.name for each in list_users(self._opened.root, self._opened.keys)}
        return tuple(
            (user, names.get(user, ""), role)
            for user, role in sorted(known.roles.items())
            if role in roles and user != own
        )

    def _proofs(self) -> tuple[str, ...]:
        if self._opened.training:
            return (TRAINING,)
        enough = self._session.rules.second(ACT).proofs
        return tuple(
            proof for proof in PROOFS if proof in enough and (proof != CARD_FACE or self._lend is not None)
        )


class _Asked(SecretSource):
    """Secrets that the window asks for."""

    def __init__(self, ask: AskSecret) -> None:
        super().__init__(None)
        self._window = ask

    def secret_of(self, user_id: str, prompt: str) -> str:
        """Return the password of `user_id`; the window's dialog says what it is for."""
        return self._window(user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PaneContext(Context):
    """A call by the pane. `card`: what was typed for the second person's card, in place of standard input."""

    card: str = field(default="", repr=False)

    def read_argument(self, value: str) -> str:
        """Return what was typed. Raises CommandError "second-card-options"."""
        if not self.card.strip():
            raise CommandError("second-card-options", usage=True)
        return self.card


def _context(wish: Wish, ask: AskSecret, *, reader: str = "", camera: str = "") -> Context:
    """Return what `second_of` reads a command's options from."""
    proof = PASSWORD if wish.proof == TRAINING else wish.proof
    coded = "|" in wish.card
    return _PaneContext(
        card=wish.card,
        options=argparse.Namespace(
            second=wish.second,
            second_proof=proof,
            second_qr="-" if coded else None,
            second_number=None if coded else "-",
            second_reader=reader,
            second_camera=camera,
        ),
        texts=load_texts(),
        places=Places.of(None),
        secrets=_Asked(ask),
        console=Console(quiet=True),
    )
