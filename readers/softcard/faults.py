"""What can be wrong with a software card: the hostile and broken cards of training and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PaceFault = Literal["", "wrong-token", "no-token", "reflected-key", "bad-point", "zero-nonce", "malformed"]
AnswerFault = Literal["", "wrong-mac", "no-mac", "no-status", "status-mismatch", "bad-padding", "unprotected"]
ReadFault = Literal["", "short", "empty", "repeated", "too-much", "status"]
ProofFault = Literal["", "replayed", "truncated", "refused"]


class CardPulledError(Exception):
    """The card has left the reader: no answer, no power."""


class CardSilentError(Exception):
    """The card keeps its power and never answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Deviations from an honest card; the default is none.

    altered: data groups changed after EF.SOD was signed. hidden: files that SELECT denies although EF.SOD
    lists them; unlisted: data groups left out of EF.COM. foreign_active_key: the chip signs with another key
    than DG15's. announced_octets: length in DG2's own header. pulled_at, mute_at: octets of DG2 handed out
    before the card is pulled or falls silent, 0 for the first command of all. answer: what is wrong with
    protected answers after the first `answer_after`. dead: every command fails.
    """

    altered: frozenset[int] = frozenset()
    hidden: frozenset[str] = frozenset()
    unlisted: frozenset[int] = frozenset()
    foreign_active_key: bool = False
    announced_octets: int | None = None
    pulled_at: int | None = None
    mute_at: int | None = None
    pace: PaceFault = ""
    answer: AnswerFault = ""
    answer_after: int = 0
    read: ReadFault = ""
    proof: ProofFault = ""
    dead: bool = False


NO_FAULTS = Faults()
