"""What the session page is told, offers and runs: without a window."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proctor.roots import ensure_training_root, open_training
from proctor.screens.session import FIGURES, Overview, overview
from proctor.screens.session_parts import division, division_lines, typed_again, ways
from proctor.screens.session_tasks import (
    TASKS,
    command_of,
    first_difference,
    in_groups,
    next_task,
    offered,
)
from proctor.texts import load_texts
from sessions.course.allocation import ROOMS, allocate, groups_of
from sessions.course.calls import commit_start
from sessions.course.day import pause_session, start_session
from sessions.course.day_errors import SplitCountError
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import create_session

HASH = "3f9a02bc11d09e7f" + "0" * 48


def seen(state: str, **more: Any) -> Any:
    """An overview with what `offered` looks at."""
    session = SimpleNamespace(part=None, seats=("001", "002"))
    known = {"started": True, "people": {}, "components": (), "session": session}
    known |= {"begun": True, "missing_parts": ()}
    return SimpleNamespace(state=state, **(known | more))


def everything(_action: str) -> bool:
    return True


def test_a_session_is_offered_what_its_state_and_the_role_let_one_do() -> None:
    waiting = seen("not-started", started=False)
    last = ("join", "new")
    assert offered(waiting, everything) == ("start", "self-test", "times", "allocate", "close", *last)
    assert next_task(waiting, offered(waiting, everything)) == "start"
    assert offered(seen("paused"), everything)[0] == "resume"
    assert next_task(seen("paused"), ("resume",)) == "resume"
    assert next_task(seen("paused"), ("self-test",)) == ""
    assert offered(seen("closed"), everything) == last
    assert offered(seen("closed"), lambda _action: False) == ()
    assert offered(None, everything) == last
    inside = SimpleNamespace(figures={"inside": 1, "out": 0})
    running = seen("running", components=(inside,), people={"drawn": ("001",)})
    assert offered(running, everything) == (
        *("self-test", "times", "allocate", "draw", "spot-check", "pause", "close", *last),
    )
    assert offered(running, lambda action: action == "spot-check") == ("spot-check",)
    assert "split" in offered(seen("ready", begun=False), everything)
    assert "split" not in offered(seen("ready", begun=True), everything)  # somebody came to the desk


def test_parts_are_divided_handed_over_and_merged_where_they_are() -> None:
    def of(number: int) -> Any:
        return SimpleNamespace(part=SimpleNamespace(number=number, of=2), seats=("001", "002"))

    main = offered(seen("running", session=of(1), missing_parts=(2,)), everything)
    assert {"split", "merge"} <= set(main)  # the files once more: a stick was lost
    assert {"allocate", "close", "hand-over"}.isdisjoint(main)
    merged = offered(seen("running", session=of(1)), everything)
    assert "close" in merged
    assert {"split", "merge", "hand-over"}.isdisjoint(merged)
    part = offered(seen("running", session=of(2)), everything)
    assert "hand-over" in part
    assert {"split", "merge", "close"}.isdisjoint(part)
    assert "hand-over" in offered(seen("closed", session=of(2)), everything)
    assert "hand-over" not in offered(seen("running", session=of(2)), lambda action: action == "close")


@pytest.mark.parametrize("task", [task.name for task in TASKS])
def test_every_task_has_its_texts_in_both_languages(task: str) -> None:
    for language in ("vi", "en"):
        texts = load_texts(language)
        for kind in ("task", "do", "main"):
            assert f"session-page.{kind}.{task}" in texts


@pytest.mark.parametrize(
    ("task", "values", "words"),
    [
        ("self-test", {}, ("doctor", "--record", "--session=S")),
        (
            "start",
            {"hash": "3F9A 02bc:11d0 9e7f", "untested": "", "why": "x"},
            ("session", "start", "S", "--roster-hash=3f9a02bc11d09e7f"),
        ),
        (
            "start",
            {"hash": "", "untested": "1", "why": "-mất điện", "second": "binh", "proof": "token"},
            (
                *("session", "start", "S", "--without-self-test=-mất điện"),
                *("--second=binh", "--second-proof=token"),
            ),
        ),
        ("pause", {"reason": "break"}, ("session", "pause", "S", "--reason=break")),
        ("resume", {"reason": ""}, ("session", "resume", "S")),
        (
            "times",
            {"component": "yard", "room": "P1", "what": "start", "time": "7h30"},
            ("session", "call", "S", "--component=yard", "--room=P1", "--start-at=7h30"),
        ),
        (
            "times",
            {"component": "yard", "what": "end"},
            ("session", "call", "S", "--component=yard", "--end"),
        ),
        (
            "allocate",
            {"component": "theory", "what": "cars", "names": "X1,X2", "capacity": "", "reason": "lại"},
            ("session", "allocate", "S", "--component=theory", "--cars=X1,X2", "--reason=lại"),
        ),
        (
            "draw",
            {"component": "theory", "what": "share", "number": "10"},
            ("session", "draw", "S", "--component=theory", "--share=10"),
        ),
        (
            "spot-check",
            {"who": "theory/007", "outcome": "same-person", "note": "nhìn lại"},
            (
                *("spot-check", "--session=S", "--sbd=007", "--component=theory"),
                *("--outcome=same-person", "--note=-"),
            ),
        ),
        ("close", {"reason": ""}, ("session", "close", "S")),
        (
            "split",
            {"way": "even", "parts": " 3 ", "folder": "/usb", "passphrase": "never among the words"},
            ("session", "split", "S", "--even", "--parts=3", "--out=/usb"),
        ),
        (
            "split",
            {"way": "by-room", "rooms": "P1:P2", "folder": "/usb"},
            ("session", "split", "S", "--by-room=P1:P2", "--out=/usb"),
        ),
        (
            "join",
            {"file": "-strange.part", "key": "ab cd", "passphrase": "never among the words"},
            ("session", "join", "--station-key=ab cd", "--", "-strange.part"),
        ),
        (
            "hand-over",
            {"folder": "/usb", "sheets": "", "second": "binh", "proof": "password"},
            ("session", "hand-over", "S", "--out=/usb", "--second=binh", "--second-proof=password"),
        ),
        ("merge", {"file": "p.pack", "key": ""}, ("session", "merge", "--", "S", "p.pack")),
    ],
)
def test_a_form_is_one_command_line(task: str, values: Mapping[str, str], words: tuple[str, ...]) -> None:
    assert command_of(task, "S", values) == words


LISTED = tuple(SimpleNamespace(sbd=f"{at:03d}", room=f"P{1 + at % 2}", part="") for at in range(1, 8))


@pytest.mark.parametrize(
    "values",
    [
        {"way": "even", "parts": "3"},
        {"way": "by-range", "ranges": "1-2+6-7,3-5"},
        {"way": "by-room", "rooms": "P2:P1"},
    ],
)
def test_a_division_is_typed_again_as_it_was(values: dict[str, str]) -> None:
    seats: Any = LISTED
    made = division(seats, values)
    again = typed_again(seats, made)
    assert division(seats, again) == made
    texts = load_texts("vi")
    lines = division_lines(made, texts)
    assert len(lines) == made.of
    assert "trạm này" in lines[0]
    assert "trạm này" not in lines[1]


@pytest.mark.parametrize("parts", ["", "1", "8", "hai", "-2"])
def test_a_number_of_stations_that_cannot_be_is_refused(parts: str) -> None:
    seats: Any = LISTED
    with pytest.raises(SplitCountError):
        division(seats, {"way": "even", "parts": parts})


def test_rooms_and_the_lists_own_column_divide_only_where_there_are_two() -> None:
    seats: Any = LISTED
    assert ways(seats) == ("even", "by-range", "by-room")
    assert ways(seats[:1]) == ("even", "by-range")


def test_a_hash_is_compared_in_groups_of_four() -> None:
    assert in_groups("3f9A 02") == "3f9a 02·· ···· ····"
    assert in_groups("") == "···· ···· ···· ····"
    assert first_difference("3f9a 02bc 11d0 9e7f", HASH) == 0
    assert first_difference("3f9a02bc11d1 9e7f", HASH) == 3
    assert first_difference("3f9a 02bc", HASH) == 3


def test_figures_add_up_and_lists_name_who_is_late_or_not_there(tmp_path: Path) -> None:
    """Each candidate counts once; after the start and the rules' minutes whoever is not there is overdue."""

    now = datetime.now(UTC)
    rows = "".join(f"{at:03d},Trần Thị Mẫu,15/01/1999,001099{at:06d},P{1 + at % 2}\n" for at in range(1, 8))
    texts = load_texts("vi")
    with open_training(ensure_training_root(tmp_path / "training")) as opened:
        operator = opened.require_login().operator
        session = create_session(
            opened.store,
            root_kind="training",
            roster=read_roster(f"SBD,Họ và tên,Ngày sinh,Số định danh,Phòng\n{rows}".encode()),
            rules=load_rules("written-exam"),
            component=next(iter(load_rules("written-exam").components)),
            place="Điểm thi Mẫu",
            day=now.date(),
            operator=operator,
        )

        def look() -> Overview:
            return overview(opened, session, texts, now)

        first = look()
        line = first.components[0]
        assert (first.state, first.must_start, first.started) == ("ready", False, False)
        assert sum(line.figures[name] for name in FIGURES[1:]) == line.figures["listed"] == 7
        assert [(room.room, room.listed, room.away) for room in first.rooms] == [("P1", 3, 3), ("P2", 4, 4)]
        assert [each.sbd for each in first.people["away"]] == [f"{at:03d}" for at in range(1, 8)]
        assert "bảy" in " ".join(first.closing)
        limit = session.rules.late_minutes
        assert limit is not None
        start_session(opened.store, session, operator=operator, now=now)
        starts = now - timedelta(minutes=limit + 1)
        commit_start(opened.store, session, session.component, starts, room="P1", operator=operator)
        late = look().people["late"]
        assert {(each.sbd, each.state, each.where) for each in late} == {
            (sbd, "overdue", "P1") for sbd in ("002", "004", "006")
        }
        lot = allocate(
            groups_of(session.seats, session.component), ("A", "B"), 4, seed=b"7" * 32, method=ROOMS
        )
        body = {"session": session.session_id, "component": session.component, **lot.as_body()}
        opened.store.append("allocation", body | {"seed_source": "given"}, operator=operator)
        pause_session(opened.store, session, operator=operator, reason="break")
        last = look()
        assert (last.state, last.started) == ("paused", True)
        assert [(room.room, room.listed) for room in last.rooms] == [("A", 4), ("B", 3)]
        assert last.components[0].allocated is not None
