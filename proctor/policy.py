"""Checks → verdict. Pure; ADMIT only if every required check PASSED, whatever a rules file says."""

from collections.abc import Mapping
from dataclasses import dataclass

from proctor.checks import CheckName, ChipVerdict
from sessions.record import Check, Outcome, Verdict

C = CheckName

# No rules file can take one of these away: without them an ADMIT would rest on nothing.
ALWAYS_REQUIRED = frozenset(
    {
        C.NOTICE,
        C.CARD_ACCESS,
        C.CHIP_OPEN,
        C.PA_KEYS,
        C.CHIP_GENUINE,
        C.CHIP_READ,
        C.PA_CONSISTENT,
        C.PA_TRUSTED,
        C.CROSS_CHECK,
        C.ROSTER,
        C.DUPLICATE,
        C.FACE_CAPTURE,
        C.FACE_MATCH,
    }
)
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
    checks: Mapping[CheckName, Check], *, required: frozenset[str], refuse_on_failed: frozenset[str]
) -> Decision:
    """Return the decision. `required` is added to `ALWAYS_REQUIRED`; a FAILED check in `refuse_on_failed` REFUSEs.

    A FAILED check outside that set, an INDETERMINATE or a NOT_PERFORMED required check REFERs: a person decides.
    """
    chip = chip_verdict(checks)
    failed = [name for name in CheckName if checks[name].outcome is Outcome.FAILED]
    open_checks = [
        name
        for name in CheckName
        if (name in ALWAYS_REQUIRED or name in required or name in failed)
        and checks[name].outcome is not Outcome.PASSED
    ]
    if any(name in refuse_on_failed for name in failed):
        verdict = Verdict.REFUSE
    elif open_checks or chip is not ChipVerdict.GENUINE:
        verdict = Verdict.REFER
    else:
        verdict = Verdict.ADMIT
    return Decision(verdict=verdict, reasons=_reasons(checks, open_checks), chip=chip)


def _reasons(checks: Mapping[CheckName, Check], names: list[CheckName]) -> tuple[str, ...]:
    """The codes that tell a person why; what was merely not reached is a consequence, not a reason."""
    spoken = [checks[name].code for name in names if checks[name].code != "not-reached"]
    return tuple(dict.fromkeys(spoken))


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
