"""Commands run by the window: the same functions in the root that is open, by who is logged in."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.desk.runner import Runner
from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_real, open_training
from sessions.course.entries import session_entries
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.exceptions import Sitting

SECRETS = {"an": PASSWORD, "binh": SECOND_PASSWORD}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    monkeypatch.setattr("proctor.roots.working_keyring", lambda: None)
    return Places.of(None)


@pytest.fixture
def training(places: Places) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(places.training)) as opened:
        yield opened


def runner(places: Places, held: OpenRoot, asked: list[str] | None = None) -> Runner:
    def ask(user: str) -> str:
        if asked is not None:
            asked.append(user)
        return SECRETS.get(user.partition("/")[0], "mật khẩu mới đủ dài 9")

    return Runner(places, held, language="vi", ask=ask)


def test_a_command_works_in_the_root_that_is_open(places: Places, training: OpenRoot) -> None:
    done = runner(places, training).run("session", "list")
    assert done.status == 0
    assert done.data["sessions"] == []


def test_a_command_for_the_other_kind_of_data_is_refused(places: Places, training: OpenRoot) -> None:
    with pytest.raises(CommandError) as refused:
        runner(places, training).run("user", "list")
    assert refused.value.code == "held-other"


def test_wrong_words_are_an_error_not_an_end(places: Places, training: OpenRoot) -> None:
    with pytest.raises(CommandError) as refused:
        runner(places, training).run("session", "show")
    assert refused.value.code == "usage-wrong"
    assert "S" in str(refused.value.facts["what"])


def test_a_refusal_keeps_its_own_code(places: Places, training: OpenRoot) -> None:
    with pytest.raises(CommandError) as refused:
        runner(places, training).run("session", "show", "HL-20261122-01")
    assert refused.value.code == "session-unknown"


def test_what_was_typed_stands_for_standard_input(places: Places, training: OpenRoot) -> None:
    session = Sitting(training.store).session.session_id
    words = ("incident", "add", "--session", session, "--code", "impersonation", "--note", "-")
    with pytest.raises(CommandError) as refused:
        runner(places, training).run(*words)
    assert refused.value.code == "stdin-empty"
    runner(places, training).run(*words, typed="Mất điện lúc 8 giờ 05")
    entry = session_entries(training.store, session)[-1]
    assert entry.kind == "incident"
    assert "Mất điện lúc 8 giờ 05" in training.store.evidence(entry.held, "note").decode()


def test_several_typed_values_of_one_command_have_names(places: Places, training: OpenRoot) -> None:
    session = Sitting(training.store).session.session_id
    words = ("session", "add-candidate", "--session", session, "--name=-", "--birth=05/06/2001")
    words = (*words, "--number=-number", "--class=B", "--reason=other", "--note=-note", "--second=giam-sat")
    with pytest.raises(CommandError) as refused:
        runner(places, training).run(*words, typed={"-number": "001201000077", "-note": " "})
    assert refused.value.code == "stdin-empty"
    typed = {"-": "Thử Thêm", "-number": "001201000077", "-note": "đến tại chỗ"}
    done = runner(places, training).run(*words, typed=typed)
    entry = session_entries(training.store, session)[-1]
    assert (entry.kind, entry.body["sbds"]) == ("roster", done.data["added"])
    assert "đến tại chỗ" in training.store.evidence(entry.held, "note").decode()


@pytest.mark.slow
def test_a_person_of_the_real_root_acts_without_a_second_log_in(places: Places) -> None:
    for words in (("user", "add", "--first", "an", "--name", "Người Mẫu"),):
        assert proctor(*words, secrets=SECRETS).status == 0
    asked: list[str] = []
    with ExitStack() as stack:
        held = stack.enter_context(open_real(places.real, by="an", ask=lambda _user: PASSWORD, login=True))
        entries = len(held.store.entries())
        run = runner(places, held, asked)
        assert [row["id"] for row in run.run("user", "list").data["users"]] == ["an"]
        added = run.run("user", "add", "binh", "--role", "administrator", "--name=Người Thứ Hai")
        assert added.data["id"] == "binh"
        assert asked == ["binh/new", "binh/again"]
        assert len(held.store.entries()) == entries + 1
