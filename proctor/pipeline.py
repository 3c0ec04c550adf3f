"""The check-in, on one page: straight down, no `if`, no `try`. What is proven so far is in the type.

A `None` input makes a check NOT_PERFORMED (`Recorder.run`). The roster, the genuineness proof and the face run on a
`ConsistentChip`: every hash good, the signer perhaps not known yet. Without PA_TRUSTED the decision is at best REFER.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from biometrics.evidence import Live, Match
from biometrics.notice import NoticeShown
from biometrics.pad.finding import PadPassed
from proctor.challenge import Challenge
from proctor.checks import CheckName
from proctor.checks import CheckName as C
from proctor.face_search import SearchedFace
from proctor.present import CaptureGround, PresentCard, Whose
from proctor.recorder import Recorder
from readers.cccd.cross_check import Agreement
from readers.cccd.id_number import IdNumber
from readers.emrtd.evidence import (
    ConsistentChip,
    ConsistentKeys,
    GenuineChip,
    OpenedChip,
    RawChip,
    VerifiedChip,
)
from sessions.session import FirstAttempt, Seat


class CardDesk(Protocol):
    """The card on the reader. `claimed`: the number that was typed or scanned, once read; it proves nothing."""

    @property
    def claimed(self) -> IdNumber | None: ...
    @property
    def challenges(self) -> tuple[Challenge, ...]: ...
    def require_present(self) -> PresentCard: ...
    def open(self, present: PresentCard) -> OpenedChip: ...
    def require_genuine(self, keys: ConsistentKeys) -> GenuineChip: ...
    def read(self, genuine: GenuineChip) -> RawChip: ...


class TrustDesk(Protocol):
    """Passive authentication against this station's trust store."""

    def require_consistent(self, opened: OpenedChip) -> ConsistentKeys: ...
    def require_hashes(self, raw: RawChip) -> ConsistentChip: ...
    def require_chain(self, holder: ConsistentChip) -> VerifiedChip: ...
    def require_agreement(
        self, present: PresentCard, opened: OpenedChip, holder: ConsistentChip
    ) -> Agreement: ...


class RosterDesk(Protocol):
    """The session's list."""

    def claimed_seat(self, number: IdNumber | None) -> Seat | None: ...
    def require_seat(self, holder: ConsistentChip) -> Seat: ...
    def require_first(self, seat: Seat) -> FirstAttempt: ...
    def whose(self, seat: Seat | None, number: IdNumber | None) -> Whose: ...
    def consenting(
        self, present: PresentCard | None, holder: ConsistentChip | None
    ) -> PresentCard | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PadStep:
    """One check for presentation attacks; `require` raises, or returns what was seen."""

    name: CheckName
    require: Callable[[Live], PadPassed]


class FaceDesk(Protocol):
    """The camera, the comparison, the challenges, the search."""

    def require_notice(self) -> NoticeShown: ...
    def look(self, notice: NoticeShown | None) -> None: ...
    def ground(self, present: PresentCard | None) -> CaptureGround | None: ...
    def capture_live(self, notice: NoticeShown, ground: CaptureGround) -> Live: ...
    def require_match(self, holder: ConsistentChip, live: Live) -> Match: ...
    def newest(self, live: Live | None) -> Live | None: ...
    def challenges(self) -> tuple[PadStep, ...]: ...
    def require_single(self, whose: Whose, live: Live) -> SearchedFace: ...
    def template(self, live: Live | None) -> bytes | None: ...
    def frames(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """The desks of one station, real or training; built by `app`. A desk that a job does not need is absent."""

    card: CardDesk
    trust: TrustDesk
    roster: RosterDesk
    faces: FaceDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What an attempt proved, as far as it came: kept as evidence, never used for the decision.

    `asked`: the card, where its holder does not refuse pictures; without it no picture is kept. `template`: what finds
    this face again; `frames`: what speaks for a failed or open challenge.
    """

    present: PresentCard | None
    opened: OpenedChip | None
    raw: RawChip | None
    holder: ConsistentChip | None
    seat: Seat | None = None
    live: Live | None = None
    asked: PresentCard | None = None
    template: bytes | None = field(default=None, repr=False)
    frames: bytes | None = field(default=None, repr=False)


def read_chip(card: CardDesk, trust: TrustDesk, rec: Recorder) -> Proven:
    """Open and verify one chip."""
    present = rec.run(C.CARD_ACCESS, card.require_present)
    opened = rec.run(C.CHIP_OPEN, card.open, present)
    keys = rec.run(C.PA_KEYS, trust.require_consistent, opened)
    genuine = rec.run(C.CHIP_GENUINE, card.require_genuine, keys)  # a clone is refused before DG2 is read
    raw = rec.run(C.CHIP_READ, card.read, genuine)
    holder = rec.run(C.PA_CONSISTENT, trust.require_hashes, raw)
    rec.run(C.PA_TRUSTED, trust.require_chain, holder)
    rec.run(C.CROSS_CHECK, trust.require_agreement, present, opened, holder)
    return Proven(present=present, opened=opened, raw=raw, holder=holder)


def check_in(st: Station, rec: Recorder) -> Proven:
    """One attempt of one candidate. No frame is taken before the notice's version is on record."""
    notice = rec.run(C.NOTICE, st.faces.require_notice)
    st.faces.look(notice)  # the camera starts up while the chip is read
    chip = read_chip(st.card, st.trust, rec)
    seat = rec.run(C.ROSTER, st.roster.require_seat, chip.holder)
    rec.run(C.DUPLICATE, st.roster.require_first, seat)
    asked = st.roster.consenting(chip.present, chip.holder)  # None: the person in the chip refuses a picture
    live = rec.run(C.FACE_CAPTURE, st.faces.capture_live, notice, st.faces.ground(asked))
    rec.run(C.FACE_MATCH, st.faces.require_match, chip.holder, live)
    shown = st.faces.newest(live)  # of the last try
    for step in st.faces.challenges():  # in an order that is drawn anew for each attempt
        rec.run(step.name, step.require, shown)
    whose = st.roster.whose(seat, st.card.claimed)
    rec.run(C.FACE_SEARCH, st.faces.require_single, whose, shown)
    template, frames = st.faces.template(shown), st.faces.frames()
    return replace(chip, seat=seat, live=shown, asked=asked, template=template, frames=frames)
