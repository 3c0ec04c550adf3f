"""What crosses threads at the desk: what devices, attempts and people tell the one table of states.

Events of an attempt carry its `attempt_id`; whoever gets one of another attempt drops it. Nothing that identifies
somebody stands in a repr.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from proctor.desk import device_kinds
from sessions.record import Outcome, Verdict

Facts = Mapping[str, str | int]
DeviceKind = device_kinds.DeviceKind
Source = Literal["serial", "camera", "typed"]
DeviceState = Literal["in", "out", "fault"]
Choice = Literal["admitted", "not-admitted", "left"]
How = Literal["two-persons", "manual", "head"]
OPENING: Final = "desk-opening"
"""The code of a camera whose desk is being opened: it is not there yet, and no fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A QR code was read or a number typed: `text` as it came."""

    text: str = field(repr=False)
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIn:
    """A card lies on a reader."""

    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOut:
    """No card lies on that reader any more, or the reader itself is gone."""

    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device came ("in"), went ("out") or is there and does not work ("fault"). `code`: the text of what to do."""

    kind: DeviceKind
    state: DeviceState
    name: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDone:
    """One check of the attempt has its row. `name`: of `CheckName`."""

    attempt_id: str
    name: str
    outcome: Outcome
    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Octets of one file of the chip: `step` its name ("DG2"), `done` of `total`."""

    attempt_id: str
    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What hinders the picture, by the code of the error ("face-too-small"); "" takes it away."""

    attempt_id: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """What the candidate is asked to do now (`candidate_screen.Prompt`); "done" and "": nothing."""

    attempt_id: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The chip's portrait and the live one, as JPEG or PNG; None: not there yet, what was told before stays."""

    attempt_id: str
    chip: bytes | None = field(default=None, repr=False)
    live: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A code with a text of its own, and what fills the places of that text."""

    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field as the list, the chip and the QR code have it; "" where one does not say. `same`: None when fewer
    than two say anything. `field_name`: "name", "birth", "number", "sex", "expiry" …"""

    field_name: str
    roster: str = field(default="", repr=False)
    chip: str = field(default="", repr=False)
    qr: str = field(default="", repr=False)
    same: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Whose attempt it was, as the list has it. `by_chip`: the chip says so; otherwise only the number given did."""

    sbd: str
    name: str = field(default="", repr=False)
    place: str = ""
    by_chip: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What an attempt came to, as the screen needs it.

    `recorded`: its entry is committed; without it no verdict is shown. `verdict`: of `AttemptResult.verdict`.
    `reasons`: why it is no ADMIT; `warnings`: what did not agree and decides nothing; `remarks`: codes of what a
    person should know; `owed`: labels of the components still owed; `decidable`: two persons may decide at this
    desk now, as the session's rules have it.
    """

    verdict: Verdict
    recorded: bool
    entry: int | None = None
    store_error: str = ""
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    remarks: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = field(default=(), repr=False)
    candidate: Candidate | None = None
    chip: str = ""
    decidable: bool = True
    interrupted: bool = False
    total_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The attempt is over, its entry committed or refused. Exactly one `Ended` or `Failed` for each StartAttempt."""

    attempt_id: str
    result: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The attempt could not be made (session paused, consent refused, a bug): there is no verdict."""

    attempt_id: str
    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Two persons decided what the machine referred; told only after that entry is committed, as `entry`.

    "left": nobody decides now, the candidate waits aside; nothing is entered, the attempt stays REFER. `how`: two
    persons over a REFER, by documents ("manual"), or who heads the council after a refusal ("head").
    """

    attempt_id: str
    choice: Choice
    entry: int | None = None
    how: How = "two-persons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Somebody asked for an action of the screen, by its name (`machine.ACTIONS`)."""

    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The station asks who is there (`locked`), or somebody proved it."""

    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something is typed beside the desk, about somebody: nobody is looked at meanwhile (`held`), or it is done."""

    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondAwaited:
    """A form asks for the card of a second person (`awaited`), or does not any more: what is scanned and laid meanwhile
    is that person's."""

    awaited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """Reader and camera serve for a second person's proof (`lent`), or are back."""

    lent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUsed:
    """The card on that reader served for something else, a second person's proof: it has to be lifted first."""

    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """A REFER of the log that nobody decided about is to be decided now. `of`: its attempt; `result`, `checks` and the
    portraits as far as the log holds them: what the page shows of any attempt that is over."""

    of: str
    result: Ending
    checks: tuple[CheckDone, ...] = ()
    chip: bytes | None = field(default=None, repr=False)
    live: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The station comes back after a cut: who was at the desk then, "" when nobody knows. `entry`: of an attempt that
    was over by then, with its `verdict`; None: it was cut short. `undecided`: it still waits for two persons."""

    sbd: str = ""
    entry: int | None = None
    verdict: str = ""
    undecided: Reopened | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The session was paused, or goes on: nobody begins meanwhile."""

    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """Nobody is checked in any more at this desk: the session was closed, or the desk ends. `code`: the text why."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Time went on: seconds of a clock that never goes back."""

    now_s: float


AttemptEvent = CheckDone | Progress | Hint | Prompted | Pictures | Ended | Failed | Decided
Event = (
    Scanned
    | CardIn
    | CardOut
    | Device
    | CheckDone
    | Progress
    | Hint
    | Prompted
    | Pictures
    | Ended
    | Failed
    | Decided
    | Pressed
    | Locked
    | Held
    | SecondAwaited
    | Lent
    | CardUsed
    | Reopened
    | Resumed
    | Paused
    | Halted
    | Ticked
)
