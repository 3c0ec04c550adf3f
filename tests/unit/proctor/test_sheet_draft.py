"""Looking at drafts and sheets: what somebody wrote with an incident is looked at by an entry only, and what is shown
as a sheet of the log is that sheet.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.config import Places
from proctor.desk.runner import Runner
from proctor.errors import CommandError
from proctor.roots import ensure_training_root, open_training
from proctor.screens.sheet_draft import make_draft
from proctor.screens.sheet_files import Files
from proctor.screens.sheet_look import look_at, read_made
from proctor.screens.sheets import shelf
from proctor.sheet_wish import Wish
from sessions.errors import RoleForbiddenError
from sessions.record import Operator
from sessions.roles import load_roles
from tests.support.exceptions import Sitting


def test_a_draft_with_somebodys_words_is_a_look_that_is_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    places = Places.of(None)
    with open_training(ensure_training_root(places.training)) as opened:
        session = Sitting(opened.store).session
        runner = Runner(places, opened, language="vi", ask=lambda _user: "")
        words = ("incident", "add", f"--session={session.session_id}", "--code=impersonation", "--note=-")
        incident = str(runner.run(*words, typed="Thí sinh 003 ngồi thay 004").data["incident"])

        size = opened.store.head().size
        make_draft(opened, session, Wish(kind="call-list"))
        assert opened.store.head().size == size
        draft = make_draft(opened, session, Wish(kind="incident", incident=incident))
        assert draft.copy == 0
        (view,) = opened.store.entries("view")
        assert (view.body["what"], view.body["session"]) == ("draft incident", session.session_id)

        login = opened.require_login()
        stranger = Operator(user_id=login.operator.user_id, role="overseer")
        assert "print" not in load_roles()["overseer"].may
        with pytest.raises(RoleForbiddenError):
            make_draft(
                replace(opened, login=replace(login, operator=stranger)), session, Wish(kind="call-list")
            )


def test_a_file_exchanged_under_its_size_and_time_is_not_shown_as_the_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path))
    places = Places.of(None)
    with open_training(ensure_training_root(places.training)) as opened:
        session = Sitting(opened.store).session
        runner = Runner(places, opened, language="vi", ask=lambda _user: "")
        runner.run(
            "sheets", "call-list", f"--session={session.session_id}", f"--out={tmp_path}", "--pdf-only"
        )
        (made,), files = shelf(opened, session).made, Files()
        path = files.look((tmp_path,))[made.newest]
        assert look_at(opened, session, made, path) == path.read_bytes()
        before = path.stat()
        path.write_bytes(path.read_bytes()[:-2] + b"\n ")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert files.look((tmp_path,))[made.newest] == path
        for shown in (lambda: look_at(opened, session, made, path), lambda: read_made(made, path)):
            with pytest.raises(CommandError) as refused:
                shown()
            assert refused.value.code == "sheets-page.file.altered"
        assert len(opened.store.entries("view")) == 1
