"""The files that come with the program: the figures of the law, day by day, role by role, document by document."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from proctor.texts import load_texts
from sessions.errors import RoleForbiddenError
from sessions.record import Operator
from sessions.roles import STATION_ACTIONS, load_roles
from sessions.rules import Grading, Rules, list_rules, load_rules, parse_rules, sections_of
from sessions.rules.errors import NoRulesInForceError
from sessions.rules.families import family_of, in_force, seams
from sessions.rules.sections import CHECKING_IN, CONSEQUENCES, DOCUMENTS, SECOND_ACTIONS, SHEETS

ALL = {rules.rules_id: rules for rules in list_rules()}
VECTORS = Path(__file__).parents[2] / "vectors"
MOTORCYCLES = ("A1", "A", "B1")
TRAILERS = ("BE", "C1E", "CE", "D1E", "D2E", "DE")
# class: questions, minutes, pass of the theory; minutes in the yard; pass and all points on the road
TABLE = {
    "A1": (25, 19, 21, 10, None),
    "A": (25, 19, 23, 10, None),
    "B1": (25, 19, 23, 10, None),
    "B": (30, 20, 27, 18, (80, 100)),
    "C1": (35, 22, 32, 20, (80, 100)),
    "C": (40, 24, 36, 20, (80, 100)),
    "D1": (45, 26, 41, 15, (80, 100)),
    "D2": (45, 26, 41, 15, (80, 100)),
    "D": (45, 26, 41, 20, (80, 100)),
    **dict.fromkeys(TRAILERS, (45, 26, 41, 5, (15, 20))),
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_shipped_file_has_every_section(name: str) -> None:
    rules = ALL[name]
    assert rules.family
    assert set(rules.documents) == set(DOCUMENTS)
    assert set(rules.seconds) == set(SECOND_ACTIONS) - {"incident"}
    assert set(rules.signatories) == set(SHEETS)
    assert {"phone", "cheating", "impersonation", "equipment", "health"} <= set(rules.incidents)
    assert all(set(each.consequences) <= set(CONSEQUENCES) for each in rules.incidents.values())
    assert rules.result_codes == {"passed": "DA", "failed": "RO", "absent": "VA", "incomplete": "KH"}
    assert (rules.room_capacity, rules.face_tries) == (24, 3)
    assert (rules.fees.enabled, rules.consent_required, rules.session_start_required) == (False, True, True)
    assert rules.reverify.spot_check_e4 == 500
    assert rules.retention


@pytest.mark.parametrize("name", ["driving-tt12-2025", "driving-tt108-2026", "driving-tt108-2027-01"])
@pytest.mark.parametrize("licence", TABLE)
def test_the_pass_marks_of_every_class(name: str, licence: str) -> None:
    rules = ALL[name]
    questions, minutes, passing, yard, road = TABLE[licence]
    assert rules.grading("theory", licence) == Grading(
        questions=questions, minutes=minutes, max_e1=questions * 10, pass_e1=passing * 10, critical=True
    )
    in_yard = rules.grading("yard", licence)
    assert in_yard == Grading(questions=None, minutes=yard, max_e1=1000, pass_e1=800, critical=False)
    simulated = rules.grading("simulation", licence)
    if name == "driving-tt12-2025" and licence not in MOTORCYCLES:
        assert simulated == Grading(questions=10, minutes=None, max_e1=500, pass_e1=350, critical=False)
    else:
        assert simulated is None
    on_road = rules.grading("road", licence)
    assert (on_road and (on_road.pass_e1, on_road.max_e1)) == (road and (road[0] * 10, road[1] * 10))


def test_the_classes_are_those_of_the_law_and_of_a_rosters_spelling() -> None:
    for rules in ALL.values():
        if rules.classes:
            assert list(rules.classes) == list(TABLE)
            for text in ("B", "b", " Hạng B ", "hạng b", "HA\u0323NG B"):
                assert rules.licence_class(text) is rules.classes["B"]
            assert rules.licence_class("FE") is None
            assert rules.grading("theory", "FE") is None
    assert ALL["driving-tt108-2026"].components_of("A1") == ("theory", "yard")
    assert ALL["driving-tt108-2026"].components_of("D2E") == ("theory", "yard", "road")
    assert ALL["driving-tt12-2025"].components_of("C") == ("theory", "simulation", "yard", "road")
    assert ALL["driving-tt108-2028"].components_of("A") == ("theory", "yard", "road")
    assert ALL["driving-tt108-2028"].components_of("B1") == ("theory", "yard")
    assert ALL["written-exam"].components_of("") == tuple(ALL["written-exam"].components)


def test_what_nobody_knows_has_no_pass_mark_and_is_marked() -> None:
    later = ALL["driving-tt108-2027-03"]
    assert later.grading("theory", "A1") is None
    assert later.classes["A1"].ungraded["theory"].questions == 40
    found = later.grading("theory", "B")
    assert found is not None
    assert (found.questions, found.minutes, found.pass_e1) == (50, 33, 450)
    assert later.grading("theory", "C") is None
    road = later.grading("road", "B")
    assert road is not None
    assert road.questions == 12
    assert {"classes.A1.theory", "classes.B.theory", "classes.C.theory", "source"} <= set(
        later.unconfirmed_keys
    )
    assert ALL["driving-tt108-2028"].grading("road", "A1") is None
    assert "classes.A1.road" in ALL["driving-tt108-2028"].unconfirmed_keys
    for licence in ALL["driving-graduation"].classes.values():
        assert not licence.parts
    for name, rules in ALL.items():
        for licence in rules.classes.values():
            for component in licence.ungraded:
                assert f"classes.{licence.class_id}.{component}" in rules.unconfirmed_keys, name


def test_the_order_and_the_keeping_of_components() -> None:
    assert not ALL["driving-tt12-2025"].sequential
    assert list(ALL["driving-tt12-2025"].components) == ["theory", "simulation", "yard", "road"]
    for name, rules in ALL.items():
        if name.startswith("driving-tt108"):
            assert rules.sequential
            assert list(rules.components) == ["theory", "yard", "road"]
        if rules.kind == "driving-test":
            assert (rules.keep_years, rules.keep_needs_health) == (1, True)
            assert rules.kept_until(date(2026, 7, 15)) == date(2027, 7, 15)
            assert rules.kept_until(date(2028, 2, 29)) == date(2029, 2, 28)
            assert rules.late_minutes is None
        else:
            assert rules.kept_until(date(2026, 7, 15)) is None
            assert not rules.sequential
    assert ALL["written-exam"].late_minutes == 15
    assert "late" in ALL["written-exam"].unconfirmed_keys


def test_the_days_of_the_driving_test_have_neither_gap_nor_overlap() -> None:
    assert seams(ALL.values()) == ()
    day, seen = date(2025, 3, 1), []
    while day < date(2028, 3, 1):
        held = [rules for rules in ALL.values() if family_of(rules) == "driving-test" and rules.in_force(day)]
        assert len(held) == 1, day
        if not seen or seen[-1][0] != held[0].rules_id:
            seen.append((held[0].rules_id, day))
        day += timedelta(days=1)
    assert [first for _, first in seen] == [
        date(2025, 3, 1),
        date(2026, 7, 1),
        date(2027, 1, 1),
        date(2027, 3, 1),
        date(2027, 7, 1),
        date(2028, 1, 1),
    ]
    for rules_id, first in seen[::3]:
        assert in_force(first, family="driving-test").rules_id == rules_id
    assert ALL["driving-tt12-2025"].valid_until == date(2026, 6, 30)
    with pytest.raises(NoRulesInForceError):
        in_force(date(2025, 2, 28), family="driving-test")


@pytest.mark.parametrize("name", sorted(ALL))
def test_only_the_identity_check_checks_in_and_overseers_only_confirm(name: str) -> None:
    rules = ALL[name]
    checking = {role for role in load_roles() if rules.may(role, "check-in")}
    assert checking == {CHECKING_IN[rules.kind], "trainee"}
    assert rules.role_table["overseer"] == {"view", "confirm"}
    for action, second in rules.seconds.items():
        assert second.roles <= {role for role in load_roles() if rules.may(role, "confirm")}, action
        assert not second.roles & {"identity-examiner", "invigilator", "component-examiner", "auditor"}
        assert {"token", "card-face", "training"} <= second.proofs
    assert not rules.second("correct").weak_suffices
    assert rules.second("manual").weak_suffices
    deciding = {role for role in load_roles() if rules.may(role, "decide")}
    assert "chairman" in deciding
    assert not deciding & {"identity-examiner", "invigilator", "overseer", "administrator", "secretary"}
    with pytest.raises(RoleForbiddenError):
        rules.require_may(Operator(user_id="gs", role="overseer"), "check-in")
    trainee = Operator(user_id="th", role="trainee")
    assert rules.require_may(trainee, "decide") is trainee


def test_the_stations_own_affairs_are_not_the_sessions() -> None:
    driving = ALL["driving-tt108-2026"]
    for action in STATION_ACTIONS:
        assert {role for role in load_roles() if driving.may(role, action)} == {
            role for role, found in load_roles().items() if action in found.may
        }
    assert {role for role in load_roles() if driving.may(role, "confirm-rules")} == {
        "administrator",
        "trainee",
    }
    assert not driving.may("invigilator", "check-in")
    assert not driving.may("nobody", "view")


@pytest.mark.parametrize(
    ("kind", "day", "verdict"),
    [
        ("cccd-chip", date(2026, 11, 22), "accept"),
        ("can-cuoc-2024", date(2026, 11, 22), "accept"),
        ("can-cuoc-2024", date(2024, 6, 30), "refuse"),
        ("cccd-barcode", date(2026, 11, 22), "manual"),
        ("cmnd-9", date(2024, 12, 31), "manual"),
        ("cmnd-9", date(2025, 1, 1), "refuse"),
        ("passport", date(2026, 11, 22), "manual"),
        ("passport-chip", date(2026, 11, 22), "manual"),
        ("vneid", date(2026, 11, 22), "manual"),
        ("none", date(2026, 11, 22), "refuse"),
        ("other", date(2026, 11, 22), "refuse"),
        ("driving licence", date(2026, 11, 22), "refuse"),
    ],
)
def test_documents_by_day(kind: str, day: date, verdict: str) -> None:
    assert ALL["driving-tt108-2026"].document(kind, day) == verdict


def test_a_written_exam_lets_two_persons_see_to_who_has_no_card() -> None:
    assert ALL["written-exam"].document("none", date(2026, 11, 22)) == "manual"
    assert "documents.none[1]" in ALL["written-exam"].unconfirmed_keys


def test_the_serious_consequences_have_somebody_who_decides_them() -> None:
    for rules in ALL.values():
        for code, incident in rules.incidents.items():
            if {"suspended", "cancelled"} & set(incident.consequences):
                assert incident.decides, code
                assert all(rules.may(role, "consequence") for role in incident.decides)
                assert f"incidents.{code}" in rules.unconfirmed_keys


@pytest.mark.parametrize(
    ("name", "kind"), [("rules-1-driving.toml", "driving-test"), ("rules-1-exam.toml", "exam")]
)
def test_files_that_old_sessions_pinned_still_parse_and_hold_what_held_then(name: str, kind: str) -> None:
    rules = parse_rules((VECTORS / name).read_bytes())
    assert rules.kind == kind
    assert (rules.classes, rules.role_table, rules.documents, rules.incidents) == ({}, {}, {}, {})
    assert (rules.sequential, rules.session_start_required, rules.consent_required) == (False, False, False)
    assert rules.room_capacity == 24
    assert rules.late_minutes is None
    assert rules.grading("theory", "B") is None
    assert rules.may("identity-examiner", "check-in")
    assert not rules.may("overseer", "check-in")
    assert rules.second("override").weak_suffices
    assert "overseer" in rules.second("override").roles
    assert rules.document("cccd-chip", date(2026, 11, 22)) == "accept"
    assert rules.document("passport", date(2026, 11, 22)) == "manual"
    assert rules.unconfirmed


def test_each_phase_has_bytes_of_its_own() -> None:
    assert len({rules.sha256 for rules in ALL.values()}) == len(ALL)
    assert all(isinstance(load_rules(name), Rules) for name in ALL)


def test_every_section_that_may_be_unconfirmed_has_a_name_in_both_languages() -> None:
    sections = {name for rules in list_rules() for name in sections_of(rules.unconfirmed_keys)}
    assert {"rooms", "incidents", "retention"} <= sections
    for language in ("vi", "en"):
        assert {f"rules.section.{name}" for name in sections} <= set(load_texts(language))
