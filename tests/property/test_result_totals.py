"""Figures of results add up, whatever the log has; and somebody else's count of the same entries is the same."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.course.progress import Progress, Status
from sessions.roster.model import ERASED
from tests.support.course_results import Course, course, replace, seat

PARTS = ("theory", "yard", "road")
CLASSES = ("B", "C", "A1", "", "Z9")
SBDS = st.integers(1, 6).map(lambda number: f"{number:03d}")
PART = st.sampled_from(PARTS)
OUTCOMES = st.sampled_from(("passed", "failed", "absent", "incomplete", "taken", "nonsense"))
DAYS = st.sampled_from(("2025-01-01", "2025-11-21", "2025-11-22", "2026-11-22", "2027-01-01", "no day"))
STEPS = st.one_of(
    st.tuples(st.just("admit"), SBDS, PART, st.sampled_from(("ADMIT", "REFER", "REFUSE"))),
    st.tuples(st.just("result"), SBDS, PART, OUTCOMES, st.one_of(st.none(), st.integers(-10, 1100))),
    st.tuples(st.just("correct"), st.integers(0, 12), SBDS, PART, OUTCOMES),
    st.tuples(st.just("void"), st.integers(0, 12), SBDS, PART),
    st.tuples(st.just("prior"), SBDS, PART, DAYS),
    st.tuples(st.just("cancel"), SBDS, PART),
    st.tuples(st.just("close")),
)


def walk(steps: list[tuple[Any, ...]], classes: list[str], owed: list[tuple[str, ...]]) -> Course:
    """A log with these steps, as a station or a liar would write it."""
    seats = [seat(number + 1, licence_class=classes[number], components=owed[number]) for number in range(5)]
    day = course(*seats, replace(ERASED, row=9))
    for step in steps:
        match step:
            case ("admit", sbd, part, verdict):
                day.admit(sbd, part, verdict)
            case ("result", sbd, part, outcome, None):
                day.result(sbd, part, outcome)
            case ("result", sbd, part, outcome, points):
                day.result(sbd, part, outcome, points_e1=points)
            case ("correct", back, sbd, part, outcome):
                day.correct(day.seq - back, sbd, part, outcome=outcome)
            case ("void", back, sbd, part):
                day.correct(day.seq - back, sbd, part, outcome="void")
            case ("prior", sbd, part, passed_on):
                day.prior(sbd, part, passed_on)
            case ("cancel", sbd, part):
                day.add("incident", code="cheating", sbd=sbd, component=part, consequence="cancelled")
            case _:
                day.close()
    return day


LOGS = st.builds(
    walk,
    st.lists(STEPS, max_size=40),
    st.lists(st.sampled_from(CLASSES), min_size=5, max_size=5),
    st.lists(st.sampled_from(((), PARTS, ("yard", "road"), ("theory",))), min_size=5, max_size=5),
)


def recount(progress: Progress, component: str, licence_class: str | None) -> Counter[str]:
    """Count one component again, candidate by candidate."""
    return Counter(
        progress.status(sbd, component).value
        for sbd in progress.sbds
        if licence_class is None or progress.licence_class(sbd) == licence_class
    )


@settings(max_examples=150, deadline=None)
@given(LOGS)
def test_every_total_adds_up_and_is_the_sum_of_its_candidates(day: Course) -> None:
    progress = day.progress
    for licence_class in (None, *progress.classes):
        for component in PARTS:
            found = progress.totals(component, licence_class)
            assert found.files == found.owed + found.exempt + found.erased
            assert found.owed == found.sat + found.absent + found.blocked + found.pending
            assert found.sat == found.passed + found.failed + found.taken + found.incomplete
            assert 0 <= found.not_let_in <= found.absent
            states = recount(progress, component, licence_class)
            for name in ("passed", "failed", "taken", "incomplete", "absent", "blocked", "kept"):
                assert getattr(found, name) == states[name]
            assert found.pending == states["open"] + states["waiting"]
        whole = progress.totals(None, licence_class)
        assert whole.files == whole.owed + whole.exempt + whole.erased
        settled = whole.passed + whole.failed + whole.taken + whole.incomplete + whole.absent
        assert whole.owed == settled + whole.pending
        assert whole.sat + whole.absent <= whole.owed
        if whole.pending == 0:
            assert whole.sat + whole.absent == whole.owed
        chosen = [
            sbd
            for sbd in progress.sbds
            if licence_class is None or progress.licence_class(sbd) == licence_class
        ]
        assert dict(whole.codes) == {
            code: sum(progress.code(sbd) == code for sbd in chosen) for code in ("DA", "RO", "VA", "KH")
        }


@settings(max_examples=80, deadline=None)
@given(LOGS)
def test_classes_make_up_the_whole(day: Course) -> None:
    progress = day.progress
    listed = {sbd: progress.licence_class(sbd) for sbd in progress.sbds}
    for component in (None, *PARTS):
        whole = progress.totals(component)
        parts = [progress.totals(component, name) for name in {*listed.values()}]
        for name in (
            "owed",
            "sat",
            "absent",
            "blocked",
            "pending",
            "passed",
            "failed",
            "taken",
            "incomplete",
        ):
            assert getattr(whole, name) == sum(getattr(part, name) for part in parts)


@settings(max_examples=80, deadline=None)
@given(LOGS)
def test_nobody_passes_everything_without_passing_each_and_nothing_is_open_that_is_blocked(
    day: Course,
) -> None:
    progress = day.progress
    for sbd in progress.sbds:
        states = [progress.status(sbd, name) for name in progress.owed(sbd)]
        assert (progress.code(sbd) == "DA") == (bool(states) and set(states) == {Status.PASSED})
        assert (progress.code(sbd) == "RO") == (Status.FAILED in states)
        for name in progress.next(sbd):
            assert progress.missing(sbd, name) is None
            assert progress.require_may_take(sbd, name, day.session.day)


@settings(max_examples=60, deadline=None)
@given(LOGS)
def test_an_entry_taken_away_or_added_moves_nothing_by_itself(day: Course) -> None:
    first, again = day.progress, Progress.of(day.session, list(day.entries))
    assert first.conflicts == again.conflicts
    assert [first.totals(name) for name in PARTS] == [again.totals(name) for name in PARTS]
