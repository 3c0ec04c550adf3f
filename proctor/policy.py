"""Checks → verdict. Pure; ADMIT only if every required check PASSED, whatever a rules file says."""

from collections.abc import Mapping
from dataclasses import dataclass

from proctor.checks import CheckName, ChipVerdict
from sessions.record import Check, Outcome, Verdict

C = CheckName

CHIP_CHECKS = (
    C.CARD_ACCESS,
    C.CHIP_OPEN,
    C.PA_KEYS,
    C.CHIP_GENUINE,
    C.CHIP_READ,
    C.PA_CONSISTENT,
    C.PA_TRUSTED,
    C.CROSS_CHECK,
)
# No rules file can take one of these away: without them an ADMIT would rest on nothing.
ALWAYS_REQUIRED = frozenset({C.NOTICE, *CHIP_CHECKS, C.ROSTER, C.DUPLICATE, C.FACE_CAPTURE, C.FACE_MATCH})
# A software card or a camera that shows a recording says that the station itself is not what it should be.
ALWAYS_REFUSED = frozenset({C.CARD_ACCESS, C.FACE_CAPTURE})
# Signs of a presentation attack and a resemblance to others are advice to people: nobody is refused by them.
NEVER_REFUSED = frozenset({C.PAD, C.PAD_TURN, C.PAD_EYES, C.PAD_FLASH, C.PAD_MODEL, C.FACE_SEARCH})
_SEVERITY = (Verdict.ADMIT, Verdict.REFER, Verdict.REFUSE)
NO_CHIP_CODES = frozenset({"no-card", "reader-not-found", "pcsc-unavailable", "reader-gone", "reader-busy"})
SIGNER_UNKNOWN_CODE = "pa-no-trust-anchor"
REVOCATION_UNKNOWN_CODE = "pa-revocation-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict and why: `reasons` are the codes of the checks that kept it from ADMIT, in pipeline order."""

    verdict: Verdict
    reasons: tuple[str, ...]
    chip: ChipVerdict


def decide(
    checks: Mapping[CheckName, Check],
    *,
    required: frozenset[str],
    refuse_on_failed: frozenset[str],
    chip_at_best: Mapping[str, Verdict],
) -> Decision:
    """Return the decision.

    `required` is added to `ALWAYS_REQUIRED`, `refuse_on_failed` to `ALWAYS_REFUSED`: a FAILED check among them REFUSEs,
    unless it is one of `NEVER_REFUSED`. Any other FAILED check, an INDETERMINATE or a NOT_PERFORMED required check, and
    one of `NEVER_REFUSED` that stayed INDETERMINATE though nobody required it, REFERs: a person decides. `chip_at_best`
    (chip verdict → verdict) can only make it worse; a chip verdict it does not name REFERs.
    """
    chip = chip_verdict(checks)
    failed = frozenset(name for name in CheckName if checks[name].outcome is Outcome.FAILED)
    unclear = frozenset(name for name in NEVER_REFUSED if checks[name].outcome is Outcome.INDETERMINATE)
    needed = ALWAYS_REQUIRED | required | failed | unclear
    unmet = [name for name in CheckName if name in needed and checks[name].outcome is not Outcome.PASSED]
    bounds = [chip_at_best.get(chip, Verdict.REFER)]
    if unmet or chip is not ChipVerdict.GENUINE:
        bounds.append(Verdict.REFER)
    if failed & ((ALWAYS_REFUSED | refuse_on_failed) - NEVER_REFUSED):
        bounds.append(Verdict.REFUSE)
    return Decision(verdict=max(bounds, key=_SEVERITY.index), reasons=_reasons(checks, unmet), chip=chip)


def _reasons(checks: Mapping[CheckName, Check], names: list[CheckName]) -> tuple[str, ...]:
    """The codes that tell a person why; what was merely not reached is a consequence, not a reason."""
    spoken = [checks[name].code for name in names if checks[name].code != "not-reached"]
    return tuple(dict.fromkeys(spoken))


def chip_reasons(checks: Mapping[CheckName, Check]) -> tuple[str, ...]:
    """The codes of the chip's own checks that were not passed."""
    return _reasons(checks, [name for name in CHIP_CHECKS if checks[name].outcome is not Outcome.PASSED])


def chip_verdict(checks: Mapping[CheckName, Check]) -> ChipVerdict:
    """Return what the chip's evidence says, in the words of `ChipVerdict`."""
    access = checks[C.CARD_ACCESS]
    if access.outcome is not Outcome.PASSED and access.code in NO_CHIP_CODES:
        return ChipVerdict.NO_CHIP
    if any(
        checks[name].outcome is Outcome.FAILED
        for name in (C.CHIP_OPEN, C.PA_KEYS, C.PA_CONSISTENT, C.PA_TRUSTED)
    ):
        return ChipVerdict.ALTERED
    if checks[C.CHIP_GENUINE].outcome is Outcome.FAILED:
        return ChipVerdict.NOT_PROVEN
    if checks[C.PA_CONSISTENT].outcome is not Outcome.PASSED:
        return ChipVerdict.UNREADABLE
    return _verdict_of_consistent(checks)


def _verdict_of_consistent(checks: Mapping[CheckName, Check]) -> ChipVerdict:
    trust = checks[C.PA_TRUSTED]
    if trust.outcome is Outcome.INDETERMINATE and trust.code == SIGNER_UNKNOWN_CODE:
        return ChipVerdict.SIGNER_UNKNOWN
    if checks[C.CHIP_GENUINE].outcome is not Outcome.PASSED:
        return ChipVerdict.NOT_PROVEN
    if trust.outcome is Outcome.PASSED:
        return ChipVerdict.GENUINE
    if trust.outcome is Outcome.INDETERMINATE and trust.code == REVOCATION_UNKNOWN_CODE:
        return ChipVerdict.REVOCATION_UNKNOWN
    return ChipVerdict.SIGNER_UNKNOWN
