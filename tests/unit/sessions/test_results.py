"""Results in a real log: entered, corrected, and corrected where another station's part brought them."""

from datetime import date
from pathlib import Path

import pytest

from sessions import codec
from sessions.course import results
from sessions.course.component_state import Status
from sessions.course.grading import Outcome
from sessions.course.result_errors import CorrectionTargetError, PointsNeededError, ResultExistsError
from sessions.course.result_log import place_of
from sessions.course.results import Given
from sessions.errors import EventFormError
from sessions.record import Second
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session
from sessions.store import Store
from tests.support.course_results import OTHER, Course
from tests.support.sessions_station import OPERATOR, ROSTER, Bench, record

SECOND = Second(user_id="nv02", role="chairman", proof="training")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "station.db").made()


def opened(store: Store) -> Session:
    return create_session(
        store,
        root_kind="training",
        roster=read_roster(ROSTER),
        rules=load_rules("driving-tt108-2026"),
        component="theory",
        components=("yard",),
        place="Trung tâm Mẫu",
        day=date(2026, 11, 22),
        operator=OPERATOR,
    )


def admit(store: Store, session: Session, sbd: str) -> None:
    store.append_attempt(record(int(sbd), session_id=session.session_id, sbd=sbd), {})


def enter(store: Store, session: Session, sbd: str, points_e2: int) -> int:
    progress = results.read_progress(store, session)
    ready = results.require_result(progress, Given(sbd=sbd, component="theory", points_e2=points_e2))
    return results.enter(store, session, ready, source="phiếu\n số 1", operator=OPERATOR).seq


def correct(store: Store, session: Session, seq: int, *, station: str = "") -> int:
    progress = results.read_progress(store, session)
    _, known = results.require_target(progress, store, seq, station=station)
    values = results.require_values(progress, Given(sbd=known.sbd, component="theory", points_e2=2900)).values
    correction = results.require_correction(progress, known, values)
    return results.correct(
        store, session, correction, reason="entry-mistake", note={}, operator=OPERATOR, second=SECOND
    ).seq


def part_of(session: Session) -> bytes:
    """The lines of another station's part: 002 was let in there, and failed."""
    part = Course(session=session, origin=OTHER)
    part.sat("002", "theory", "failed", points_e1=200)
    return b"".join(codec.encode(dict(entry.body)) + b"\n" for entry in part.entries)


def test_what_is_entered_says_what_it_comes_to_and_nothing_about_a_person(bench: Bench) -> None:
    with bench.create() as store:
        session = opened(store)
        admit(store, session, "001")
        seq = enter(store, session, "001", 2800)
        body = store.entry(seq).body
        assert (body["outcome"], body["points_e1"], body["code"], body["source"]) == (
            "passed",
            280,
            "DA",
            "phiếu số 1",
        )
        with pytest.raises(ResultExistsError):
            enter(store, session, "001", 2800)


def test_a_correction_without_a_second_person_is_no_entry(bench: Bench) -> None:
    with bench.create() as store:
        session = opened(store)
        admit(store, session, "001")
        seq = enter(store, session, "001", 2000)
        body = {"session": session.session_id, "corrects": seq, "reason": "other"}
        with pytest.raises(EventFormError):
            store.append("correction", body, operator=OPERATOR)


def test_the_same_values_are_no_correction(bench: Bench) -> None:
    with bench.create() as store:
        session = opened(store)
        admit(store, session, "001")
        seq = enter(store, session, "001", 2900)
        with pytest.raises(CorrectionTargetError) as error:
            correct(store, session, seq)
        assert error.value.facts["why"] == "same"


def test_what_another_stations_part_brought_is_corrected_here(bench: Bench) -> None:
    with bench.create() as store:
        session = opened(store)
        lines = part_of(session)
        body = {
            "session": session.session_id,
            "part": 2,
            "part_origin": OTHER,
            "size": 13,
            "root": "00" * 32,
            "pack_sha256": "00" * 32,
            "entries": 2,
            "double": [],
            "conflicts": [],
        }
        merged = store.append("merge", body, {"part": lines}, operator=OPERATOR)
        progress = results.read_progress(store, session)
        theirs = progress.log.results["002", "theory"]
        assert progress.status("002", "theory") is Status.FAILED
        station, number = place_of(theirs.entry)
        seq = correct(store, session, number, station=station)
        written = store.entry(seq).body
        assert (written["corrects"], written["of_station"], written["of_seq"]) == (
            merged.seq,
            station,
            number,
        )
        after = results.read_progress(store, session)
        found = after.outcome("002", "theory")
        assert found is not None
        assert (found.outcome, found.points_e2) == (Outcome.PASSED, 2900)
        assert after.conflicts == ()
        again = correct_points(store, session, seq)
        assert again.value.facts["why"] == "same"


def correct_points(store: Store, session: Session, seq: int) -> pytest.ExceptionInfo[CorrectionTargetError]:
    with pytest.raises(CorrectionTargetError) as error:
        correct(store, session, seq)
    return error


def test_a_word_alone_neither_grades_nor_undoes_a_grade_where_there_is_a_pass_mark(bench: Bench) -> None:
    with bench.create() as store:
        session = opened(store)
        admit(store, session, "001")
        failed = Given(sbd="001", component="theory", points_e2=2800, critical_failed=True)
        ready = results.require_result(results.read_progress(store, session), failed)
        results.enter(store, session, ready, source="phiếu", operator=OPERATOR)
        progress = results.read_progress(store, session)
        for word in (Outcome.PASSED, Outcome.FAILED):
            with pytest.raises(PointsNeededError):
                results.require_values(progress, Given(sbd="001", component="theory", outcome=word))
        assert progress.status("001", "theory") is Status.FAILED
