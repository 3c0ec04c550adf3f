"""What the session page is told, offers and runs: without a window."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proctor.roots import ensure_training_root, open_training
from proctor.screens.session import FIGURES, Overview, overview
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
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import create_session

HASH = "3f9a02bc11d09e7f" + "0" * 48


def seen(state: str, **more: Any) -> Any:
    """An overview with what `offered` looks at."""
    known = {"started": True, "people": {}, "components": (), "session": SimpleNamespace(part=None)}
    return SimpleNamespace(state=state, **(known | more))


def everything(_action: str) -> bool:
    return True


def test_a_session_is_offered_what_its_state_and_the_role_let_one_do() -> None:
    waiting = seen("not-started", started=False)
    assert offered(waiting, everything) == ("start", "self-test", "times", "allocate", "close", "new")
    assert next_task(waiting, offered(waiting, everything)) == "start"
    assert offered(seen("paused"), everything)[0] == "resume"
    assert next_task(seen("paused"), ("resume",)) == "resume"
    assert next_task(seen("paused"), ("self-test",)) == ""
    assert offered(seen("closed"), everything) == ("new",)
    assert offered(seen("closed"), lambda _action: False) == ()
    assert offered(None, everything) == ("new",)
    inside = SimpleNamespace(figures={"inside": 1, "out": 0})
    running = seen("running", components=(inside,), people={"drawn": ("001",)})
    assert offered(running, everything) == (
        *("self-test", "times", "allocate", "draw", "spot-check", "pause", "close", "new"),
    )
    assert offered(running, lambda action: action == "spot-check") == ("spot-check",)
    divided = seen("running", session=SimpleNamespace(part=object()))
    assert "allocate" not in offered(divided, everything)


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
    ],
)
def test_a_form_is_one_command_line(task: str, values: Mapping[str, str], words: tuple[str, ...]) -> None:
    assert command_of(task, "S", values) == words


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
