"""The roster's search, filters, counts and offers; and the thread that follows the log."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.screens.roster import STATES, Roll, Row, Wanted, found, in_order, plain, roll_of, state_key
from proctor.screens.roster_feed import RosterFeed
from proctor.screens.roster_offers import ACTS, why_not
from proctor.texts import load_texts
from sessions.course.board import Board
from sessions.course.calls import commit_call
from sessions.course.states import State
from tests.support.exceptions import ADMIT, TRAINEE, Sitting

NAMES = (
    ("001", "Nguyễn Văn Mẫu", "001099000001"),
    ("002", "NGUYỄN VÂN ANH", "001199000002"),
    ("010", "Đặng Thị Ân", "034099120001"),
    ("100", "Lê Hoà", "024099004567"),
    ("101", "Trần Đức An", ""),
)


def row(sbd: str, name: str, number: str, state: str = "not-seen", room: str = "P1") -> Row:
    """One row."""
    return Row(
        sbd=sbd,
        name=name,
        birth="15/01/1999",
        number="",
        licence_class="B",
        room=room,
        seat="1",
        state=state,
        admitted=state == "admitted",
        out=False,
        time="",
        digits=(number,) if number else (),
        plain=f" {plain(name)}",
    )


ROWS = tuple(row(*each) for each in NAMES)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(tmp_path / "training")) as root:
        yield root


@pytest.mark.parametrize(
    ("text", "sbds"),
    [
        ("", "001 002 010 100 101"),
        ("1", "001 010 100 101"),
        ("001", "001"),
        ("10", "010 100 101"),
        ("0001", "001 010"),
        ("20001", "010"),
        ("001099000001", "001"),
        ("001 099 000 001", "001"),
        ("4567", "100"),
        ("567", ""),
        ("nguyen van", "001 002"),
        ("NGUYEN  van m", "001"),
        ("van", "001 002"),
        ("guyen", ""),
        ("dang thi an", "010"),
        ("an", "002 010 101"),
        ("ân", "010"),
        ("nguyễn văn", "001"),
        ("nguyê", "001 002"),
        ("hòa", "100"),
        ("hoà", "100"),
        ("hoa", "100"),
        ("hóa", ""),
        ("duc", "101"),
        ("đuc", "101"),
        ("ðức", "101"),
        ("nguyen 002", "002"),
        ("nguyen 010", ""),
        ("không có ai", ""),
    ],
)
def test_search_by_number_or_by_name_with_and_without_marks(text: str, sbds: str) -> None:
    assert " ".join(ROWS[at].sbd for at in found(ROWS, Wanted(text=text))) == sbds


def test_state_room_and_words_all_have_to_fit() -> None:
    rows = (*ROWS, row("200", "Nguyễn Ví", "", "admitted", "P2"), row("201", "Nguyễn Dụ", "", "late", "P2"))
    assert found(rows, Wanted(state="admitted")) == [5]
    assert found(rows, Wanted(room="P2")) == [5, 6]
    assert found(rows, Wanted(room="P2", state="late", text="nguyen")) == [6]
    assert found(rows, Wanted(room="P1", state="late")) == []


def test_the_rows_of_a_session_their_states_and_counts(opened: OpenRoot) -> None:
    sitting = Sitting(opened.store)
    sitting.attempt(ADMIT, sbd="002")
    commit_call(opened.store, sitting.session, "theory", ["001", "002"], room="", operator=TRAINEE)
    board = Board(opened.store, sitting.session)
    roll = roll_of(board, "theory")
    assert [(each.sbd, each.state) for each in roll.rows] == [
        ("001", "called"),
        ("002", "admitted"),
        ("003", "not-seen"),
    ]
    assert (roll.inside, dict(roll.counts)) == (1, {"called": 1, "admitted": 1, "not-seen": 1})
    assert roll.rows[0].number == "001•••••0001"
    assert "001099000001" not in repr(roll)
    assert "NGUYỄN" not in repr(roll)
    assert [each.state for each in roll_of(board, "yard").rows] == ["not-seen"] * 3


def test_every_state_has_a_sign_a_place_and_words() -> None:
    assert {str(state) for state in State} <= set(STATES)
    for language in ("vi", "en"):
        assert [state for state in STATES if state_key(state) not in load_texts(language)] == []
    assert in_order(["refused", "called"]) == ("called", "refused")


def test_what_is_offered_depends_on_role_candidate_and_session() -> None:
    roll = Roll(component="theory", rows=ROWS, rooms=("P1",), closed=False, size=1)
    closed = Roll(component="theory", rows=ROWS, rooms=("P1",), closed=True, size=1)
    inside = row("300", "Lê Thử", "", "admitted")

    def all_may(_action: str) -> bool:
        return True

    assert {why_not(act, lambda _action: False, roll, inside) for act in ACTS} == {"roster-page.not.role"}
    assert {why_not(act, all_may, roll, inside) for act in ACTS} == {""}
    assert why_not("move", all_may, roll, ROWS[0]) == "roster-page.not.inside"
    assert why_not("details", all_may, roll, None) == "roster-page.not.chosen"
    assert why_not("details", all_may, closed, inside) == ""
    assert why_not("add", all_may, closed, inside) == "roster-page.not.closed"
    assert why_not("call", all_may, None, None) == "roster-page.not.reading"


def test_the_feed_tells_of_new_entries_of_another_component_and_ends(opened: OpenRoot) -> None:
    sitting = Sitting(opened.store)
    feed = RosterFeed(lambda: Board(opened.store, sitting.session), "theory", every_s=0.02)

    def next_roll() -> Roll:
        for _ in range(500):
            news = feed.newest()
            if news is not None:
                assert isinstance(news, Roll)
                return news
            time.sleep(0.01)
        raise AssertionError

    try:
        first = next_roll()
        assert first.counts["not-seen"] == 3
        sitting.attempt(ADMIT, sbd="002")
        assert next_roll().counts["admitted"] == 1
        time.sleep(0.1)
        assert feed.newest() is None
        feed.look_at("yard")
        assert next_roll().component == "yard"
    finally:
        feed.close()
        feed.close()
    sitting.attempt(ADMIT, sbd="003")
    time.sleep(0.1)
    assert feed.newest() is None


def test_what_ends_the_reading_is_told_not_lost(opened: OpenRoot) -> None:
    def fails() -> Board:
        raise OSError(5, "gone")

    feed = RosterFeed(fails, "theory")
    feed.close()
    assert isinstance(feed.newest(), OSError)
