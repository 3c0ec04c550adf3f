"""A desk learns of what is entered about its session elsewhere: each change once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.desk.events import Event, Halted, Paused
from proctor.desk.following import SessionFollower
from proctor.roots import OpenRoot, ensure_training_root, open_training
from sessions.closing import close_session
from sessions.course.day import pause_session, resume_session
from tests.support.exceptions import REFER, TRAINEE, Sitting


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRoot]:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "home"))
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        yield opened


def test_pause_resume_and_close_are_told_once_each(root: OpenRoot) -> None:
    sitting, other = Sitting(root.store), Sitting(root.store)
    told: list[Event] = []
    follower = SessionFollower(root.store, sitting.session, told.append)
    follower.look()
    pause_session(root.store, other.session, operator=TRAINEE, reason="break")
    sitting.attempt(REFER, "face-refer")
    follower.look()
    assert told == []  # another session's pause is not this one's
    pause_session(root.store, sitting.session, operator=TRAINEE, reason="break")
    follower.look()
    follower.look()
    assert told == [Paused(paused=True)]
    resume_session(root.store, sitting.session, operator=TRAINEE)
    follower.look()
    close_session(root.store, sitting.session, operator=TRAINEE)
    follower.look()
    assert told[1:] == [Paused(paused=False), Halted(code="session-closed")]


def test_a_desk_of_a_session_that_is_paused_already_knows_it_at_the_first_look(root: OpenRoot) -> None:
    sitting = Sitting(root.store)
    pause_session(root.store, sitting.session, operator=TRAINEE, reason="break")
    told: list[Event] = []
    SessionFollower(root.store, sitting.session, told.append).look()
    assert told == [Paused(paused=True)]
