"""What each candidate owes, may take next and comes to."""

from dataclasses import replace
from datetime import date

import pytest

from sessions.course.calls import call_list
from sessions.course.errors import ComponentBlockedError, ComponentNotOwedError
from sessions.course.progress import Status
from sessions.course.result_errors import ResultExistsError, SbdUnknownError
from sessions.errors import ComponentNotListedError
from sessions.roster.model import ERASED
from sessions.rules import load_rules
from tests.support.course_results import DAY, OTHER, course, seat

EXAM = "written-exam"
PAPERS = ("mathematics", "literature")


def test_the_next_component_is_blocked_until_the_one_before_it_is_passed() -> None:
    day = course()
    with pytest.raises(ComponentBlockedError) as blocked:
        day.progress.require_may_take("001", "yard", DAY)
    assert blocked.value.facts["first"] == "theory"
    assert blocked.value.facts["why"] == "no-result"
    assert day.progress.next("001") == ("theory",)
    assert day.progress.status("001", "yard") is Status.WAITING
    day.sat("001", "theory")
    assert day.progress.next("001") == ("yard",)
    assert day.progress.require_may_take("001", "yard", DAY).component == "yard"


def test_a_failed_component_blocks_what_comes_after_it_for_good() -> None:
    day = course()
    day.sat("001", "theory", "failed")
    with pytest.raises(ComponentBlockedError) as blocked:
        day.progress.require_may_take("001", "yard", DAY)
    assert blocked.value.facts["why"] == "not-passed"
    assert day.progress.status("001", "yard") is Status.BLOCKED
    assert day.progress.code("001") == "RO"


def test_what_was_passed_today_is_not_owed_again() -> None:
    day = course()
    day.sat("001", "theory")
    with pytest.raises(ComponentNotOwedError):
        day.progress.require_may_take("001", "theory", DAY)


def test_whoever_has_a_result_that_is_no_pass_does_not_take_it_again() -> None:
    day = course()
    day.sat("001", "theory", "failed")
    with pytest.raises(ResultExistsError) as known:
        day.progress.require_may_take("001", "theory", DAY)
    assert known.value.facts["result"] == "RO"


def test_the_list_says_what_is_owed() -> None:
    day = course(seat(1, components=("yard", "road")))
    assert day.progress.owed("001") == ("yard", "road")
    with pytest.raises(ComponentNotListedError):
        day.progress.require_may_take("001", "theory", DAY)
    assert day.progress.require_may_take("001", "yard", DAY)


def test_the_class_says_what_there_is_to_take() -> None:
    day = course(seat(1, licence_class="hạng a1"))
    assert day.progress.owed("001") == ("theory", "yard")
    assert day.progress.licence_class("001") == "A1"
    listed = course(seat(1, licence_class="A1", components=("theory", "road")))
    assert listed.progress.owed("001") == ("theory",)
    assert listed.progress.warnings("001") == ("component-not-of-class",)


def test_a_component_passed_before_counts_for_a_year() -> None:
    day = course(seat(1, health_valid="yes"))
    day.prior("001", "theory", "2025-11-22")
    assert day.progress.owed("001") == ("yard", "road")
    assert day.progress.status("001", "theory") is Status.KEPT
    with pytest.raises(ComponentNotOwedError) as known:
        day.progress.require_may_take("001", "theory", DAY)
    assert known.value.facts["passed_on"] == "2025-11-22"
    assert day.progress.require_may_take("001", "yard", DAY).warnings == ()


def test_a_component_passed_too_long_ago_is_owed_again_and_says_so() -> None:
    day = course()
    day.prior("001", "theory", "2025-11-21")
    assert day.progress.owed("001") == ("theory", "yard", "road")
    expired = day.progress.expired("001", "theory")
    assert expired is not None
    assert expired.passed_on == date(2025, 11, 21)
    assert "prior-expired" in day.progress.warnings("001")
    listed = course(seat(1, components=("yard", "road")))
    listed.prior("001", "theory", "2025-11-21")
    with pytest.raises(ComponentBlockedError) as blocked:
        listed.progress.require_may_take("001", "yard", DAY)
    assert blocked.value.facts["why"] == "expired"


@pytest.mark.parametrize(("valid", "warning"), [("no", "health-invalid"), ("", "health-unknown")])
def test_what_is_kept_needs_a_health_certificate(valid: str, warning: str) -> None:
    day = course(seat(1, health_valid=valid))
    day.prior("001", "theory", "2026-11-01")
    assert day.progress.warnings("001") == (warning,)
    assert day.progress.require_may_take("001", "yard", DAY).warnings == (warning,)


def test_a_station_does_not_assume_that_an_earlier_component_was_passed() -> None:
    day = course(components=("yard",))
    with pytest.raises(ComponentBlockedError) as blocked:
        day.progress.require_may_take("001", "yard", DAY)
    assert blocked.value.facts["why"] == "unknown"
    day.prior("001", "theory", "2026-11-01")
    assert day.progress.require_may_take("001", "yard", DAY)


def test_a_component_passed_on_a_later_day_is_not_counted() -> None:
    day = course()
    day.prior("001", "theory", "2026-11-23")
    assert day.progress.owed("001") == ("theory", "yard", "road")
    assert [each.code for each in day.progress.conflicts] == ["prior-in-future"]


def test_papers_of_an_exam_have_no_order() -> None:
    day = course(rules=EXAM, components=PAPERS)
    assert day.progress.require_may_take("001", "literature", DAY)
    assert day.progress.next("001") == PAPERS


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ({"theory": "passed", "yard": "passed", "road": "passed"}, "DA"),
        ({"theory": "passed", "yard": "failed"}, "RO"),
        ({"theory": "absent"}, "VA"),
        ({"theory": "passed", "yard": "absent"}, "KH"),
        ({"theory": "incomplete"}, "KH"),
        ({"theory": "passed"}, None),
        ({}, None),
    ],
)
def test_codes_of_a_candidate(results: dict[str, str], code: str | None) -> None:
    day = course()
    for component, outcome in results.items():
        day.result("001", component, outcome)
    assert day.progress.code("001") == code


def test_a_paper_without_a_pass_mark_is_neither_passed_nor_failed() -> None:
    day = course(rules=EXAM, components=PAPERS)
    for paper in PAPERS:
        day.sat("001", paper, "taken", points_e2=725)
    assert day.progress.code("001") is None
    assert day.progress.totals().taken == 1
    assert day.progress.totals("mathematics").sat == 1
    day.result("002", PAPERS[0], "absent")
    day.sat("002", PAPERS[1], "taken", points_e1=70)
    assert day.progress.code("002") == "KH"


def test_nobody_is_absent_before_the_session_is_closed() -> None:
    day = course()
    day.sat("001", "theory")
    assert day.progress.code("002") is None
    assert day.progress.totals("theory").pending == 2
    day.close()
    assert day.progress.code("002") == "VA"
    assert day.progress.totals("theory").absent == 2
    assert day.progress.code("001") == "KH"


def test_whoever_came_and_was_not_let_in_is_counted_among_the_absent_and_by_themselves() -> None:
    day = course()
    day.sat("001", "theory")
    day.admit("002", "theory", "REFUSE")
    day.close()
    theory, whole = day.progress.totals("theory"), day.progress.totals()
    assert (theory.absent, theory.not_let_in) == (2, 1)
    assert (whole.absent, whole.not_let_in) == (2, 1)
    assert day.progress.code("002") == "VA"


def test_the_close_of_a_part_makes_nobody_absent() -> None:
    day = course()
    day.close(part={"number": 1, "of": 2, "group": "S"})
    assert day.progress.code("001") is None


def test_whoever_was_let_in_and_has_no_result_is_not_absent() -> None:
    day = course()
    day.admit("001", "theory")
    day.close()
    assert day.progress.status("001", "theory") is Status.OPEN
    assert day.progress.totals("theory").pending == 1


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    day = course()
    result = day.sat("001", "theory", "failed", points_e1=260)
    first = day.correct(result, "001", "theory", outcome="passed", points_e1=280)
    found = day.progress.outcome("001", "theory")
    assert found is not None
    assert (found.code, found.points_e2) == ("DA", 2800)
    day.correct(first, "001", "theory", outcome="failed", points_e1=250)
    again = day.progress.outcome("001", "theory")
    assert again is not None
    assert (again.code, again.points_e2, len(again.corrections)) == ("RO", 2500, 2)
    assert day.progress.conflicts == ()


def test_two_corrections_of_one_entry_are_told() -> None:
    day = course()
    result = day.sat("001", "theory", "failed", points_e1=260)
    for points in (280, 290):
        day.correct(result, "001", "theory", outcome="passed", points_e1=points)
    assert [each.code for each in day.progress.conflicts] == ["correction-twice"]
    found = day.progress.outcome("001", "theory")
    assert found is not None
    assert found.points_e2 == 2900


@pytest.mark.parametrize(
    ("sbd", "component"), [("002", "theory"), ("001", "yard"), ("001", "")], ids=["who", "what", "nothing"]
)
def test_a_correction_of_something_else_changes_nothing(sbd: str, component: str) -> None:
    day = course()
    result = day.sat("001", "theory", "failed", points_e1=260)
    day.correct(result, sbd, component, outcome="passed", points_e1=280)
    found = day.progress.outcome("001", "theory")
    assert found is not None
    assert found.code == "RO"
    assert [each.code for each in day.progress.conflicts] == ["correction-unknown"]


def test_a_result_taken_back_is_none() -> None:
    day = course()
    result = day.sat("001", "theory", "passed", points_e1=280)
    day.correct(result, "001", "theory", outcome="void")
    assert day.progress.outcome("001", "theory") is None
    day.result("001", "theory", "failed", points_e1=200)
    assert day.progress.code("001") == "RO"


def test_a_component_passed_before_can_be_corrected_and_taken_back() -> None:
    day = course()
    prior = day.prior("001", "theory", "2026-11-01")
    new = day.correct(prior, "001", "theory", passed_on="2025-01-01")
    assert day.progress.expired("001", "theory")
    day.correct(new, "001", "theory", outcome="void")
    assert not day.progress.log.kept


def test_two_results_that_differ_are_told_and_the_first_counts() -> None:
    day = course()
    day.sat("001", "theory", "passed", points_e1=280)
    day.result("001", "theory", "passed", points_e1=280)
    assert day.progress.conflicts == ()
    day.result("001", "theory", "failed", points_e1=200)
    assert [each.code for each in day.progress.conflicts] == ["result-twice"]
    assert day.progress.status("001", "theory") is Status.PASSED


def test_a_number_of_another_station_is_not_ours() -> None:
    day = course()
    result = day.sat("001", "theory", "failed", points_e1=260)
    day.entries[-1] = replace(day.entries[-1], origin=OTHER, part=2)
    day.correct(result, "001", "theory", outcome="passed", points_e1=280)
    assert [each.code for each in day.progress.conflicts] == ["correction-unknown"]
    named = day.correct(result, "001", "theory", outcome="passed", points_e1=280)
    day.entries[-1] = replace(
        day.entries[-1], body={**day.entries[-1].body, "of_station": OTHER, "of_seq": result}
    )
    assert day.progress.status("001", "theory") is Status.PASSED
    assert named == day.seq


def test_a_correction_in_a_later_epoch_finds_its_entry() -> None:
    day = course()
    result = day.sat("001", "theory", "failed", points_e1=260)
    day.correct(result, "001", "theory", outcome="passed", points_e1=280, origin=f"{day.origin}/2")
    assert day.progress.status("001", "theory") is Status.PASSED


def test_a_result_without_a_check_of_identity_is_told() -> None:
    day = course()
    day.result("001", "theory", "passed", points_e1=280)
    assert [each.code for each in day.progress.conflicts] == ["result-not-admitted"]


def test_absent_and_let_in_do_not_agree() -> None:
    day = course()
    day.sat("001", "theory", "absent")
    assert [each.code for each in day.progress.conflicts] == ["absent-but-admitted"]


def test_points_count_and_not_the_word_beside_them() -> None:
    day = course()
    day.sat("001", "theory", "passed", points_e1=260)
    assert day.progress.status("001", "theory") is Status.FAILED
    assert [each.code for each in day.progress.conflicts] == ["result-regraded"]


def test_a_failed_critical_question_fails() -> None:
    day = course()
    day.sat("001", "theory", "failed", points_e1=300, critical_failed=1)
    found = day.progress.outcome("001", "theory")
    assert found is not None
    assert found.code == "RO"
    assert found.critical_failed
    assert day.progress.conflicts == ()


def test_an_incident_that_cancels_a_result_fails_it() -> None:
    day = course()
    day.sat("001", "theory", "passed", points_e1=300)
    day.add("incident", code="impersonation", sbd="001", component="theory", consequence="cancelled")
    found = day.progress.outcome("001", "theory")
    assert found is not None
    assert found.cancelled
    assert found.code == "RO"


def test_a_result_where_the_component_was_kept_is_told() -> None:
    day = course()
    day.prior("001", "theory", "2026-11-01")
    day.sat("001", "theory", "failed", points_e1=200)
    assert [each.code for each in day.progress.conflicts] == ["result-and-prior"]
    assert day.progress.code("001") is None


def test_totals_of_a_class_and_a_component() -> None:
    day = course(seat(1), seat(2, licence_class="C"), seat(3), replace(ERASED, row=9))
    day.sat("001", "theory", "passed", points_e1=300)
    day.sat("002", "theory", "failed", points_e1=300)
    day.result("003", "theory", "absent")
    whole, theory = day.progress.totals(), day.progress.totals("theory")
    assert (whole.files, whole.owed, whole.erased, whole.sat, whole.absent) == (4, 3, 1, 2, 1)
    assert (theory.passed, theory.failed, theory.absent, theory.sat) == (1, 1, 1, 2)
    assert dict(whole.codes) == {"DA": 0, "RO": 1, "VA": 1, "KH": 0}
    assert day.progress.classes == ("B", "C")
    assert day.progress.totals("theory", "C").failed == 1
    assert day.progress.totals("yard").blocked == 2


def test_nothing_owed_is_said() -> None:
    day = course(seat(1, components=("theory",), health_valid="yes"))
    day.prior("001", "theory", "2026-11-01")
    assert day.progress.owed("001") == ()
    assert day.progress.warnings("001") == ("nothing-owed",)
    assert day.progress.code("001") is None
    assert day.progress.totals().exempt == 1


def test_nobody_of_this_number() -> None:
    with pytest.raises(SbdUnknownError):
        course().progress.require_may_take("999", "theory", DAY)


def test_rules_that_keep_nothing_keep_nothing() -> None:
    rules = replace(load_rules("driving-tt108-2026"), keep_years=None)
    day = course(rules=rules)
    day.prior("001", "theory", "2026-11-01")
    assert day.progress.owed("001") == ("theory", "yard", "road")


def test_called_is_who_owes_a_component_now_and_is_not_suspended() -> None:
    day = course(*(seat(at) for at in range(1, 5)), seat(5, components=("theory",)))
    day.sat("001", "theory", points_e1=270)
    day.sat("002", "theory", "failed", points_e1=200)
    day.sat("003", "theory", points_e1=280)
    day.add(kind="incident", sbd="003", incident="I-1", code="phone", consequence="suspended")
    called = [each.seat.sbd for each in call_list(day.session, day.entries, "yard", {})]
    assert called == ["001"]
    progress = day.progress
    assert progress.waiting("yard") == 1
    assert [sbd for sbd in progress.sbds if progress.to_call(sbd, "theory")] == ["001", "002", "004", "005"]


def test_who_came_and_was_not_let_in_is_told_from_who_never_came() -> None:
    day = course()
    day.admit("001", "theory", "REFUSE")
    day.add(kind="incident", sbd="003", incident="I-1", code="phone", consequence="suspended")
    day.add(kind="close")
    progress = day.progress
    assert [progress.status(sbd, "theory") for sbd in ("001", "002")] == [Status.ABSENT] * 2
    assert [progress.not_let_in(sbd, "theory") for sbd in ("001", "002", "003")] == [True, False, False]
    assert progress.totals("theory").not_let_in == 1
