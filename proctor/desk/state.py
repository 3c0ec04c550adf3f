"""Where the desk stands: one frozen value. What is asked of the world: effects."""

from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID, uuid5

from proctor.desk.claim import Claim
from proctor.desk.events import (
    OPENING,
    CheckDone,
    Decided,
    Device,
    DeviceKind,
    Ending,
    Facts,
    Failed,
    Progress,
    Reason,
)
from proctor.present import AccessText
from sessions.record import Verdict

Phase = Literal["waiting", "ready", "working", "deciding", "verdict", "closed"]
Tone = Literal["quiet", "warning"]
SoundName = Literal["admit", "refer", "refuse", "attention", "scan", "fault"]
Told = Literal["idle", "admitted", "wait"]
REMEMBERED: Final = 8
"""So many persons back, beside whoever is here, a code that the camera sees is taken for a glance at who was here, not
for the next one."""
NOTHING_ASKED: Final = frozenset({"", "done"})
"""Prompts that ask the candidate for nothing."""

NEEDED: Final[tuple[DeviceKind, ...]] = ("reader", "disk", "camera", "scanner")
"""Devices that the invitation speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the desk says about the last thing that happened, by the key of its text."""

    key: str
    facts: Facts = field(default_factory=dict, repr=False)
    tone: Tone = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt as far as it was told: whose claim, which reader, what came of it so far.

    `result` XOR `failure` once it is over; `decided`: what two persons decided after it. Without a claim it is one of
    the log that was opened again for its decision: neither code nor card of it is here.
    """

    attempt_id: str
    claim: Claim | None
    reader: str
    checks: tuple[CheckDone, ...] = ()
    files: tuple[Progress, ...] = ()
    hint: str = ""
    prompt: str = ""
    skip_asked: bool = False
    chip: bytes | None = field(default=None, repr=False)
    live: bytes | None = field(default=None, repr=False)
    result: Ending | None = None
    failure: Failed | None = None
    decided: Decided | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that may be shown: of an attempt that is over and whose entry is committed."""
        return self.result.verdict if self.result is not None and self.result.recorded else None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The desk between two events. Begin with `State.first`.

    `claim`: whose card is awaited; `next_claim`: the next candidate's, kept while an attempt or its verdict is there;
    `cards`: readers with a card, in order; `spent`: those among them whose card was already used, was laid there while
    an attempt ran, or lay there with another: it must be lifted first; `run`: the attempt that runs or whose verdict is
    shown; `last`: the claim of the newest attempt; `last_reader`: where its card still lies; `recent`: the
    last few persons, whose codes the camera may still see; `claimed_s`: when `claim` came; `number`: attempts begun;
    `held`: something is typed beside the desk, and nothing begins meanwhile; `paused`: the session is, and the same
    holds; `awaited`: a form asks for a second person's card; `lent`: reader and camera serve for that person's proof.
    """

    seed: str
    training: bool = False
    claim_s: float = 120.0
    phase: Phase = "waiting"
    number: int = 0
    claim: Claim | None = None
    next_claim: Claim | None = None
    cards: tuple[str, ...] = ()
    spent: frozenset[str] = frozenset()
    run: Run | None = None
    last: Claim | None = None
    last_reader: str = ""
    recent: tuple[str, ...] = field(default=(), repr=False)
    devices: tuple[Device, ...] = ()
    notice: Notice | None = None
    halted: Reason | None = None
    locked: bool = False
    held: bool = False
    paused: bool = False
    awaited: bool = False
    lent: bool = False
    now_s: float = 0.0
    claimed_s: float = 0.0

    @classmethod
    def first(cls, seed: str, *, training: bool = False, claim_s: float = 120.0) -> "State":
        """Return a desk at which nothing happened yet.

        `seed`: a fresh random UUID: ids of attempts are made of it; `claim_s`: how long a claim waits for its card.
        """
        UUID(seed)
        return cls(seed=seed, training=training, claim_s=claim_s)

    @property
    def attempt_id(self) -> str:
        """The id of the attempt that runs or whose verdict is shown; "" without one."""
        return "" if self.run is None else self.run.attempt_id

    @property
    def next_id(self) -> str:
        """The id of the attempt that comes next: never the same twice."""
        return str(uuid5(UUID(self.seed), str(self.number + 1)))

    @property
    def fresh_card(self) -> str | None:
        """The reader with the one card that an attempt may use; None with no card, several, or a used one.

        A used card that was not lifted since serves only its own person, asked for again on purpose.
        """
        if len(self.cards) != 1:
            return None
        (reader,) = self.cards
        again = self.claim is not None and self.claim.again and self.claim.same_person(self.last)
        return reader if reader not in self.spent or (again and reader == self.last_reader) else None

    def left(self, claim: Claim) -> bool:
        """Whether its owner is at the desk or was here a short while ago."""
        return claim.person in self.recent

    @property
    def proving(self) -> bool:
        """Whether what is scanned and laid now is a second person's, and no candidate's."""
        return self.awaited or self.lent

    @property
    def missing(self) -> tuple[DeviceKind, ...]:
        """Devices that an attempt needs and that are told to be out: it waits for them."""
        good = {device.kind for device in self.devices if device.state == "in"}
        told = {device.kind: None for device in self.devices}
        return tuple(kind for kind in told if kind in ("camera", "disk") and kind not in good)

    @property
    def lacking(self) -> DeviceKind | None:
        """The first device, in the order in which they matter, without which nobody is invited to the desk as usual: it
        is told to be out or faulty, and is not just being opened."""
        told = {device.kind for device in self.devices if device.code != OPENING}
        good = {device.kind for device in self.devices if device.state == "in"}
        return next((kind for kind in NEEDED if kind in told and kind not in good), None)

    @property
    def opening(self) -> bool:
        """Whether the one thing that an attempt still waits for is the desk being opened."""
        wrong = [device for device in self.devices if device.kind in self.missing and device.state != "in"]
        return bool(wrong) and all(device.code == OPENING for device in wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAttempt:
    """Run an attempt under this id, with the card on this reader."""

    attempt_id: str
    access: AccessText
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Go on without the challenge that is shown."""

    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDecision:
    """Two persons decide on this attempt: open the pane, or bring it to the front."""

    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellCandidate:
    """What the candidate's screen shows: nobody there, "come in", "please wait for the supervisor"."""

    what: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Play a sound."""

    name: SoundName


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Say a text aloud, by its key: no names, no reasons."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForSecond:
    """This was scanned while a second person's card was awaited, or proved their presence: it is no candidate's.
    `by_camera`: the camera saw it by itself."""

    text: str = field(repr=False)
    by_camera: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Ask who is there before anything goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Leave the check-in page: nothing is open."""


Effect = StartAttempt | Skip | AskDecision | TellCandidate | Sound | Speak | ForSecond | Lock | Leave
