"""What the check-in page shows, as values: every line a key of the texts with what fills its places. No tk, no names in
a repr."""

from dataclasses import dataclass, field
from typing import Literal

from proctor.desk.events import DeviceKind, Facts
from proctor.desk.state import Phase, SoundName, Tone
from proctor.texts import Texts

Sign = Literal["tick", "cross", "question", "arrow", "bang", "dots"]
"""Shapes, as `gui.look` draws them: colour is never the only sign."""
Colour = Literal["green", "amber", "red", "grey"]
StepState = Literal["waiting", "running", "passed", "failed", "unclear", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of text by its key; a language is chosen only when it is said."""

    key: str
    facts: Facts = field(default_factory=dict, repr=False)

    def said(self, texts: Texts) -> str:
        """Return the line in the language of `texts`."""
        return texts.say(self.key, **self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that can be asked for now. `key`: as Tk names it ("Return", "F5", "Escape"); `shown`: as people
    call it; `primary`: what Enter does."""

    name: str
    key: str
    shown: str
    words: Words
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step of the attempt. `detail`: why it is not passed; `done`, `total`: octets of the chip, 0 where none."""

    name: str
    words: Words
    state: StepState
    state_words: Words
    sign: Sign
    detail: Words | None = None
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceLine:
    """One field as list, chip and QR code have it, with a word and a sign for whether they agree. `prefix`: of the
    keys of what stands for a word ("M" of the sex); the rest stands as it is."""

    words: Words
    roster: str = field(repr=False)
    chip: str = field(repr=False)
    qr: str = field(repr=False)
    same: bool | None
    same_words: Words
    sign: Sign
    prefix: str = ""

    def values(self, texts: Texts) -> tuple[str, str, str]:
        """Return what list, chip and QR code say, in words."""
        roster, chip, qr = (
            texts.get(f"{self.prefix}{value}") or value if self.prefix and value else value
            for value in (self.roster, self.chip, self.qr)
        )
        return roster, chip, qr


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device that was told of: name, state in words, sign, and what to do about it."""

    kind: DeviceKind
    name: str
    words: Words
    state_words: Words
    sign: Sign
    fix: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPanel:
    """The large panel: one word, one line beneath, colour, shape, sound. `recorded`: its entry is committed."""

    word: Words
    line: Words
    colour: Colour
    sign: Sign
    sound: SoundName
    recorded: bool
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """What the desk says about the last thing that happened."""

    words: Words
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything the check-in page shows.

    `title`: what goes on, large; `next`: what to do now, always there; `claim`: whose card is awaited or read;
    `next_claim`: who is next, kept apart; `typing`: a number may be typed now (of the
    next candidate while one is at the desk); `decision`: the decision pane is open.
    `picture`s: JPEG or PNG of this attempt only.
    """

    phase: Phase
    attempt_id: str
    training: bool
    locked: bool
    title: Words
    next: Words
    typing: bool
    decision: bool
    actions: tuple[Action, ...]
    claim: Words | None = None
    next_claim: Words | None = None
    candidate: Words | None = None
    steps: tuple[StepLine, ...] = ()
    hint: Words | None = None
    prompt: Words | None = None
    verdict: VerdictPanel | None = None
    reasons: tuple[Words, ...] = ()
    warnings: tuple[Words, ...] = ()
    remarks: tuple[Words, ...] = ()
    differences: tuple[DifferenceLine, ...] = ()
    devices: tuple[DeviceLine, ...] = ()
    faults: tuple[DeviceLine, ...] = ()
    notice: NoticeLine | None = None
    chip_picture: bytes | None = field(default=None, repr=False)
    live_picture: bytes | None = field(default=None, repr=False)

    def action(self, key: str) -> str | None:
        """Return the name of the action behind a key, or None."""
        return next((action.name for action in self.actions if action.key == key), None)
