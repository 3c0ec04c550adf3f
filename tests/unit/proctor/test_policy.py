"""The decision: ADMIT only if every required check PASSED, whatever else is true."""

from datetime import UTC, datetime
from itertools import product

import pytest

from proctor.checks import CheckName as C
from proctor.checks import ChipVerdict
from proctor.policy import ALWAYS_REFUSED, ALWAYS_REQUIRED, Decision, chip_verdict, decide
from sessions.record import Check, Outcome, Verdict

REFUSING = frozenset({"pa-keys", "chip-genuine", "pa-consistent", "pa-trusted", "face-match"})
AT_BEST = {"genuine": Verdict.ADMIT, "altered": Verdict.REFUSE}
AT = datetime(2026, 11, 22, tzinfo=UTC)


def row(outcome: Outcome, code: str = "ok") -> Check:
    return Check(outcome=outcome, code=code, started_at=AT, duration_ms=1, facts={})


def checks(**changes: Check) -> dict[C, Check]:
    good = {name: row(Outcome.PASSED) for name in C}
    good[C.PAD] = row(Outcome.NOT_PERFORMED, "not-available")
    return good | {C[name]: check for name, check in changes.items()}


def decision_of(rows: dict[C, Check], required: frozenset[str] = frozenset(), refusing=REFUSING) -> Decision:
    return decide(rows, required=required, refuse_on_failed=refusing, chip_at_best=AT_BEST)


def verdict(rows: dict[C, Check], required: frozenset[str] = frozenset(), refusing=REFUSING) -> Verdict:
    return decision_of(rows, required, refusing).verdict


def test_all_passed_admits_without_pad() -> None:
    decision = decision_of(checks())
    assert decision.verdict is Verdict.ADMIT
    assert decision.reasons == ()
    assert decision.chip is ChipVerdict.GENUINE


def test_a_rule_that_requires_pad_refers_without_it() -> None:
    assert verdict(checks(), required=frozenset({"pad"})) is Verdict.REFER


@pytest.mark.parametrize("name", sorted(ALWAYS_REQUIRED))
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INDETERMINATE, Outcome.NOT_PERFORMED])
def test_no_single_check_can_be_missing_from_an_admit(name: C, outcome: Outcome) -> None:
    rows = checks() | {name: row(outcome, "any")}
    assert verdict(rows, refusing=frozenset()) is not Verdict.ADMIT


@pytest.mark.parametrize("name", sorted(REFUSING))
def test_evidence_against_refuses(name: str) -> None:
    rows = checks() | {C(name): row(Outcome.FAILED, "against")}
    decision = decision_of(rows)
    assert decision.verdict is Verdict.REFUSE
    assert "against" in decision.reasons


def test_no_pair_of_outcomes_admits() -> None:
    bad = [Outcome.FAILED, Outcome.INDETERMINATE, Outcome.NOT_PERFORMED]
    for one, two in product(ALWAYS_REQUIRED, repeat=2):
        for first, second in product(bad, repeat=2):
            rows = checks() | {one: row(first, "x"), two: row(second, "y")}
            assert verdict(rows) is not Verdict.ADMIT


def test_a_failed_pad_never_admits_even_when_not_required() -> None:
    assert verdict(checks(PAD=row(Outcome.FAILED, "pad-failed"))) is Verdict.REFER


def test_reasons_leave_out_what_was_only_not_reached() -> None:
    rows = checks(
        CHIP_OPEN=row(Outcome.INDETERMINATE, "access-wrong-key"),
        PA_KEYS=row(Outcome.NOT_PERFORMED, "not-reached"),
        FACE_MATCH=row(Outcome.NOT_PERFORMED, "not-reached"),
    )
    assert decision_of(rows).reasons == ("access-wrong-key",)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ChipVerdict.GENUINE),
        ({"PA_TRUSTED": (Outcome.INDETERMINATE, "pa-revocation-unknown")}, ChipVerdict.REVOCATION_UNKNOWN),
        ({"PA_TRUSTED": (Outcome.INDETERMINATE, "pa-no-trust-anchor")}, ChipVerdict.SIGNER_UNKNOWN),
        ({"PA_TRUSTED": (Outcome.INDETERMINATE, "internal-error")}, ChipVerdict.SIGNER_UNKNOWN),
        ({"CHIP_GENUINE": (Outcome.NOT_PERFORMED, "chip-not-proven")}, ChipVerdict.NOT_PROVEN),
        ({"CHIP_GENUINE": (Outcome.FAILED, "aa-failed")}, ChipVerdict.NOT_PROVEN),
        ({"PA_CONSISTENT": (Outcome.FAILED, "pa-dg-hash")}, ChipVerdict.ALTERED),
        ({"PA_KEYS": (Outcome.FAILED, "pa-sod-signature")}, ChipVerdict.ALTERED),
        ({"PA_TRUSTED": (Outcome.FAILED, "pa-revoked")}, ChipVerdict.ALTERED),
        ({"PA_CONSISTENT": (Outcome.NOT_PERFORMED, "not-reached")}, ChipVerdict.UNREADABLE),
        ({"CARD_ACCESS": (Outcome.INDETERMINATE, "no-card")}, ChipVerdict.NO_CHIP),
    ],
)
def test_chip_verdict(changes: dict[str, tuple[Outcome, str]], expected: ChipVerdict) -> None:
    rows = checks(**{name: row(*cell) for name, cell in changes.items()})
    assert chip_verdict(rows) is expected
    if expected is not ChipVerdict.GENUINE:
        assert verdict(rows) is not Verdict.ADMIT


@pytest.mark.parametrize("name", sorted(ALWAYS_REFUSED))
def test_a_simulated_part_refuses_whatever_the_rules_say(name: C) -> None:
    rows = checks() | {name: row(Outcome.FAILED, "reader-not-physical")}
    assert verdict(rows, refusing=frozenset()) is Verdict.REFUSE


@pytest.mark.parametrize("best", list(Verdict))
def test_rules_can_make_a_chip_verdict_worse_but_never_better(best: Verdict) -> None:
    rows = checks(PA_TRUSTED=row(Outcome.INDETERMINATE, "pa-no-trust-anchor"))
    found = decide(
        rows, required=frozenset(), refuse_on_failed=frozenset(), chip_at_best={"signer-unknown": best}
    )
    assert found.verdict is (Verdict.REFUSE if best is Verdict.REFUSE else Verdict.REFER)


def test_a_chip_verdict_the_rules_do_not_name_refers() -> None:
    found = decide(checks(), required=frozenset(), refuse_on_failed=frozenset(), chip_at_best={})
    assert found.verdict is Verdict.REFER


@pytest.mark.parametrize("name", ["PAD", "PAD_TURN", "PAD_EYES", "PAD_FLASH", "PAD_MODEL", "FACE_SEARCH"])
def test_an_open_sign_of_an_attack_goes_to_a_person_though_nobody_requires_it(name: str) -> None:
    assert verdict(checks(**{name: row(Outcome.INDETERMINATE, "unclear")})) is Verdict.REFER
    assert verdict(checks(**{name: row(Outcome.NOT_PERFORMED, "pad-not-asked")})) is Verdict.ADMIT


@pytest.mark.parametrize("name", ["PAD", "PAD_TURN", "PAD_EYES", "PAD_FLASH", "PAD_MODEL", "FACE_SEARCH"])
def test_a_sign_of_an_attack_never_refuses_whatever_a_file_says(name: str) -> None:
    found = checks(**{name: row(Outcome.FAILED, "failed")})
    everything = frozenset(str(each) for each in C)
    assert verdict(found, required=everything, refusing=everything) is Verdict.REFER
