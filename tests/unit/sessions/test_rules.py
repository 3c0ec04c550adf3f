from __future__ import annotations

import hashlib
from datetime import date

import pytest

from sessions.errors import RulesError, UnknownComponentError, UnknownRulesError
from sessions.record import Verdict
from sessions.rules import list_rules, load_rules, parse_rules

DRIVING = load_rules("driving-tt108-2026")
TEXT = DRIVING.data.decode()


def test_the_two_files_of_the_start() -> None:
    rules = {each.rules_id: each for each in list_rules()}
    assert {"driving-tt108-2026", "written-exam"} <= set(rules)
    assert (rules["driving-tt108-2026"].source.status, rules["written-exam"].source.status) == (
        "secondary",
        "unconfirmed",
    )
    assert list(DRIVING.components) == ["theory", "yard", "road"]
    assert "exam" in rules["written-exam"].components
    assert DRIVING.sha256 == hashlib.sha256(DRIVING.data).hexdigest()
    assert {"pad", "pad-turn", "pad-eyes", "pad-flash"} <= DRIVING.required
    assert "pad-model" not in DRIVING.required
    assert DRIVING.chip_at_best["signer-unknown"] is Verdict.REFER


def test_bac_only_where_the_file_says_so() -> None:
    assert not DRIVING.bac_allowed
    assert parse_rules(TEXT.replace("bac = false", "bac = true").encode()).bac_allowed


def test_in_force() -> None:
    assert not DRIVING.in_force(date(2026, 6, 30))
    assert DRIVING.in_force(date(2026, 7, 1))
    assert not DRIVING.in_force(date(2027, 3, 1))


@pytest.mark.parametrize("name", ["theory", "Lý thuyết", "LÝ  THUYẾT", "lt"])
def test_component_by_any_name(name: str) -> None:
    assert DRIVING.require_component(name).component_id == "theory"


def test_unknown_names() -> None:
    with pytest.raises(UnknownComponentError):
        DRIVING.require_component("mô phỏng")
    for name in ("absent", "../roles", ""):
        with pytest.raises(UnknownRulesError):
            load_rules(name)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[access]\n", "[access]\ncolour = 1\n", "access.colour"),
        ("[access]\n", "[lights]\nx = 1\n[access]\n", "lights"),
        ("pace_tries = 4", "", "access.pace_tries"),
        ("pace_tries = 4", "pace_tries = 5", "access.pace_tries"),
        ("bac = false", "", "access.bac"),
        ("bac = false", 'bac = "no"', "access.bac"),
        ('signer-unknown = "REFER"', 'signer-unknown = "ADMIT"', "chip"),
        ('altered = "REFUSE"', 'altered = "REFER"', "chip.altered"),
        ('no-chip = "REFER"', 'no-chip = "MAYBE"', "chip.no-chip"),
        ('"pa-trusted", "cross-check"', '"cross-check"', "checks.required"),
        ('"notice", "card-access"', '"notice", "smell"', "checks.required"),
        ("fmr_accept = 1.0e-4", "fmr_accept = 1.0e-3\nfmr_x = 1", "face.fmr_x"),
        ("fmr_refer = 1.1e-3", "fmr_refer = 1.0e-5", "face"),
        ("fmr_accept = 1.0e-4", "fmr_accept = 1.1e-3", "face.fmr_accept"),
        ("fmr_refer = 1.1e-3", "fmr_refer = 1.1e-2", "face.fmr_refer"),
        ("tries = 3", "tries = 6", "face.tries"),
        ('failed = ["chip-open", ', "failed = [", "checks.refuse_on_failed"),
        (
            '"pa-keys", "chip-genuine", "pa-consistent", "pa-',
            '"pa-consistent", "pa-',
            "checks.refuse_on_failed",
        ),
        (', "face-match"]\n\n', "]\n\n", "checks.refuse_on_failed"),
        ('status = "secondary"', 'status = "sure"', "source.status"),
        ('kind = "driving-test"', 'kind = "party"', "kind"),
        ("until = 2026-12-31", "until = 2020-01-01", "valid.until"),
        ("order = 1", 'order = "1"', "components.theory.order"),
        ("order = 1", "order = 1\nweight = 2", "components.theory.weight"),
        ('version = "2026-11-22-2"', 'version = ""', "notice.version"),
        ("apdu_s = 5.0", "apdu_s = 0.0", "deadlines.apdu_s"),
        ("[access]", "[access", "(toml)"),
    ],
)
def test_an_impossible_file_names_its_key(old: str, new: str, key: str) -> None:
    assert old in TEXT
    with pytest.raises(RulesError) as caught:
        parse_rules(TEXT.replace(old, new, 1).encode())
    assert caught.value.facts["key"] == key
