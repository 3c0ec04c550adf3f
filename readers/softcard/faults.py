"""What can be wrong with a software card: the hostile and broken cards of training and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Self

from readers.softcard.tables import TableError, read_record

PaceFault = Literal[
    "",
    "wrong-token",
    "no-token",
    "reflected-key",
    "identical-keys",
    "bad-point",
    "zero-key",
    "zero-nonce",
    "malformed",
    "no-mapping-proof",
    "wrong-mapping-proof",
]
AnswerFault = Literal[
    "",
    "wrong-mac",
    "no-mac",
    "no-status",
    "status-mismatch",
    "bad-padding",
    "unprotected",
    "ssc-off-by-one",
    "bare-refusal",
]
ReadFault = Literal["", "short", "empty", "repeated", "too-much", "status"]
ProofFault = Literal["", "replayed", "truncated", "refused", "zeros", "unknown-trailer"]
ChipAuthFault = Literal["", "foreign-key", "off-curve-key", "infinity-key", "old-keys", "refused"]
CardAccessFault = Literal["", "stripped", "weaker", "extra", "nested", "zero-length"]
SodFault = Literal[
    "",
    "no-signer",
    "two-signers",
    "no-certificate",
    "indefinite",
    "wrong-content-type",
    "wrong-digest",
    "signature-over-content",
    "csca-inside",
    "algorithm-mismatch",
    "bad-pss",
    "sha1",
    "md5",
    "zero-length",
    "huge-length",
    "nested",
    "trailing",
]
MrzFault = Literal["", "number-check", "birth-check", "expiry-check", "composite-check", "letter-for-digit"]
PortraitFault = Literal["", "not-a-picture", "huge-pixels", "two-faces", "no-face", "trailing-archive"]
DetailsFault = Literal[
    "",
    "unknown-field",
    "missing-field",
    "duplicate-field",
    "long-residence",
    "not-utf8",
    "bidi-control",
    "empty-set",
    "nested",
    "zero-length",
]
Disagreement = Literal["", "name", "number", "sex", "birth"]
IncidentKind = Literal["drop", "flip", "truncate", "status", "delay", "mute", "pull"]

KINDS: Final = ("drop", "flip", "truncate", "status", "delay", "mute", "pull")
_MOST_OCTETS: Final = 65535
_NO_DIAGNOSIS: Final = 0x6F00


class CardPulledError(Exception):
    """The card has left the reader: no answer, no power. `back_after_s` None: nobody puts it back."""

    def __init__(self, back_after_s: float | None = None) -> None:
        super().__init__()
        self.back_after_s = back_after_s


class CardSilentError(Exception):
    """The card keeps its power and never answers."""


class AnswerLostError(Exception):
    """The card answered and nothing arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that happens to one answer, once in the life of the card.

    kind: "drop" it is lost; "flip" one bit of its middle octet; "truncate" it to half; "status": this status word
    instead; "delay" by `seconds`; "mute" from here on; "pull" the card, put back after `seconds` (0: never).
    at_command: the n-th command since the card was made, from 1. at_octet: the first command after so many
    octets of DG2 went out. Exactly one of the two."""

    kind: IncidentKind
    at_command: int | None = None
    at_octet: int | None = None
    sw: int = _NO_DIAGNOSIS
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Raises TableError."""
        if (self.at_command is None) is (self.at_octet is None):
            raise TableError("at_command", "one-of-two")
        if self.at_command is not None and self.at_command < 1:
            raise TableError("at_command", "out-of-range")
        if self.at_octet is not None and not 0 < self.at_octet <= _MOST_OCTETS:
            raise TableError("at_octet", "out-of-range")
        if not 0x6000 <= self.sw <= 0x9FFF:
            raise TableError("sw", "not-a-status-word")
        if not 0 <= self.seconds <= 3600:
            raise TableError("seconds", "out-of-range")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read KIND@N or KIND@dg2:OCTETS, with =SECONDS or =SW behind where the kind has one: "flip@12",
        "pull@dg2:4096=2", "status@9=6F00", "delay@5=0.5". Raises ValueError."""
        kind, _, rest = text.partition("@")
        where, _, value = rest.partition("=")
        table: dict[str, object] = {"kind": kind}
        on_dg2 = where.removeprefix("dg2:")
        table["at_octet" if on_dg2 != where else "at_command"] = int(on_dg2)
        if value:
            table["sw" if kind == "status" else "seconds"] = (
                int(value, 16) if kind == "status" else float(value)
            )
        return read_record(cls, table, "fault")

    def is_due(self, command: int, octets: int) -> bool:
        """Whether this is the command; `octets`: of DG2, handed out before it."""
        if self.at_command is not None:
            return command >= self.at_command
        return octets >= (self.at_octet or 0) and octets > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Deviations from an honest card; the default is none.

    Changed after signing: altered data groups; hidden: files that SELECT denies although EF.SOD lists them;
    unlisted: data groups left out of EF.COM; unsigned: data groups left out of EF.SOD; announced_octets:
    length in DG2's own header; reissued: DG14 or DG15 with a key that the chip does own, unsigned.

    Signed as they are: mrz, portrait, details (DG13), disagree (DG13 against DG1), sod.

    card_access: what stands there against DG14; "weaker" lacks the last of several PACE variants. no_pace: PACE is
    unknown to the chip although DG14 offers it. foreign_active_key, chip_auth, pace, proof: the protocols.
    foreign_can, foreign_mrz: the secrets of another card.

    answer: what is wrong with protected answers after the first `answer_after`. read: with the blocks of
    DG2. pulled_at, mute_at: octets of DG2 handed out before the card is pulled or falls silent on every
    insertion, 0 for the first command of all. dead: every command fails. incidents: each once."""

    altered: frozenset[int] = frozenset()
    hidden: frozenset[str] = frozenset()
    unlisted: frozenset[int] = frozenset()
    unsigned: frozenset[int] = frozenset()
    reissued: frozenset[Literal[14, 15]] = frozenset()
    foreign_active_key: bool = False
    foreign_can: bool = False
    foreign_mrz: bool = False
    no_pace: bool = False
    announced_octets: int | None = None
    pulled_at: int | None = None
    mute_at: int | None = None
    pace: PaceFault = ""
    answer: AnswerFault = ""
    answer_after: int = 0
    read: ReadFault = ""
    proof: ProofFault = ""
    chip_auth: ChipAuthFault = ""
    card_access: CardAccessFault = ""
    sod: SodFault = ""
    mrz: MrzFault = ""
    portrait: PortraitFault = ""
    details: DetailsFault = ""
    disagree: Disagreement = ""
    dead: bool = False
    incidents: tuple[Incident, ...] = ()


NO_FAULTS = Faults()
