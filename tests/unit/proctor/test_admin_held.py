"""What the administration page runs while the window holds the root, and what needs the root to itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.desk.runner import Runner
from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_real, open_training
from proctor.screens.admin import Found, Read, Row, Setting, offered, visible
from proctor.screens.admin_sections import SECTIONS
from proctor.texts import load_texts
from sessions.people_guard import FREE_TRIES
from tests.support.cli import PASSWORD, proctor


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRoot]:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        yield opened


def nobody(user: str) -> str:
    raise AssertionError(user)


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "rotate", "station", "--reason=x", "--second=b"),
        ("keys", "rotate", "secrets", "--reason=x", "--second=b"),
        ("user", "key"),
        ("user", "totp"),
        ("restore", "data", "--reason=x"),
        ("log", "epoch", "--reason=x", "--second=b"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_what_needs_the_root_to_itself_says_so_at_once(held: OpenRoot, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        Runner(Places.of(None), held, language="vi", ask=nobody).run(*words)
    assert refused.value.code == "held-closed"


def test_every_section_is_read_in_a_held_root(held: OpenRoot) -> None:
    runner = Runner(Places.of(None), held, language="en", ask=nobody)
    setting = Setting(texts=load_texts("en"), opened=held)
    broken: set[str] = set()
    for section in SECTIONS:
        if section.real:
            continue
        reads: list[Read] = []
        for words in section.reads:
            try:
                reads.append(runner.run(*words))
            except CommandError as error:
                reads.append(error)
                broken.add(section.name)
        found = section.found(reads, setting)
        assert isinstance(found, Found)
        assert found.rows or found.lines, section.name
        assert all(len(row.cells) == len(section.columns) for row in found.rows), section.name
    assert broken <= {"printers"}


def test_who_may_nothing_sees_only_what_is_everybodys() -> None:
    names = {section.name for section in visible(SECTIONS, lambda _action: False)}
    assert names == {"own", "faces", "files"}
    people = next(section for section in SECTIONS if section.name == "people")
    own = Row(key="an", cells=("an",), fills={"own": "1", "state": "active"})
    other = Row(key="binh", cells=("binh",), fills={"own": "", "state": "active"})
    assert [task.name for task in offered(people, own, lambda _action: True, training=False)] == ["user-add"]
    assert "user-role" in {task.name for task in offered(people, other, lambda _a: True, training=False)}
    assert offered(people, other, lambda _action: True, training=True) == ()


def test_a_wrong_old_password_is_counted_at_the_window_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    for place in ("proctor.commands.people", "proctor.roots"):
        monkeypatch.setattr(f"{place}.working_keyring", lambda: None)
    assert proctor("user", "add", "an", "--first", "--name", "Mẫu Một", secrets={"an": PASSWORD}).status == 0
    places = Places.of(None)
    with open_real(places.real, by="an", ask=lambda _user: PASSWORD, login=True) as opened:
        answers = iter(("mật khẩu đoán", "mật khẩu mới 9", "mật khẩu mới 9") * (FREE_TRIES + 1))
        runner = Runner(places, opened, language="vi", ask=lambda _user: next(answers))
        codes = []
        for _ in range(FREE_TRIES + 1):
            with pytest.raises(CommandError) as refused:
                runner.run("user", "password")
            codes.append(refused.value.code)
    assert codes == ["login-failed"] * FREE_TRIES + ["login-locked"]
