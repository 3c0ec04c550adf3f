"""One candidate's history: what it says, to whom, and that the log says who looked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.commands.candidate import MAX_REASON
from proctor.config import Places
from proctor.desk.runner import Runner
from proctor.errors import CommandError
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.texts import load_texts
from sessions.course.calls import commit_call
from sessions.course.consent import OUTCOMES as CONSENTS
from sessions.course.grading import Outcome
from sessions.course.history import history_of
from sessions.course.manual import OUTCOMES as MANUALS
from sessions.course.movement import ADMITTED, OTHER_PERSON, REFERRED, REFUSED, leave
from sessions.course.states import RECHECKS
from tests.support.exceptions import ADMIT, FACE_FAILED, REFER, TRAINEE, Sitting
from tests.support.schemas import require_valid


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(tmp_path / "training")) as root:
        yield root


def looked(opened: OpenRoot, session: str, *words: str) -> dict[str, object]:
    places = Places(home=opened.root.path.parent, root=None)
    runner = Runner(places, opened, language="vi", ask=lambda _user: "")
    done = runner.run("session", "candidate", "--session", session, *words)
    assert done.status == 0
    return dict(done.data)


def test_what_happened_to_one_candidate_in_words_and_who_looked(opened: OpenRoot) -> None:
    sitting = Sitting(opened.store)
    session = sitting.session
    commit_call(opened.store, session, "theory", ["001", "002"], room="", operator=TRAINEE)
    sitting.attempt(REFER, "face-refer")
    sitting.override()
    sitting.attempt(ADMIT, sbd="002")
    leave(opened.store, session, sbd="001", reason="toilet", operator=TRAINEE)
    data = looked(opened, session.session_id, "--sbd=1", "--reason=  thí sinh hỏi ")
    require_valid("session-candidate", data)
    assert (data["candidate"], data["number"], data["state"]) == ("001", "001•••••0001", "out")
    told = [row["vi"] for row in data["history"]]
    assert told[0] == "Đã gọi vào"
    assert told[1].startswith("Kiểm tra tại bàn, máy: chưa chắc (")
    assert told[2].startswith("Hai người cho vào: hai cán bộ đối chiếu ảnh")
    assert told[3:] == ["Ra ngoài: đi vệ sinh", "Có người xem hồ sơ: thí sinh hỏi"]
    entry = opened.store.entry(int(str(data["view_entry"])))
    assert entry.kind == "view"
    wanted = {"what": "candidate", "session": session.session_id, "sbd": "001", "reason": "thí sinh hỏi"}
    assert {name: entry.body[name] for name in wanted} == wanted


@pytest.mark.parametrize("reason", ["", "   ", "x" * (MAX_REASON + 1)])
def test_without_a_reason_nobody_looks(opened: OpenRoot, reason: str) -> None:
    session = Sitting(opened.store).session.session_id
    before = len(opened.store.entries())
    with pytest.raises(CommandError) as refused:
        looked(opened, session, "--sbd=001", f"--reason={reason}")
    assert refused.value.code == "view-reason"
    with pytest.raises(CommandError):
        looked(opened, session, "--sbd=999", "--reason=hỏi")
    assert len(opened.store.entries()) == before


def test_an_attempt_of_nobody_is_theirs_once_two_persons_said_so(opened: OpenRoot) -> None:
    sitting = Sitting(opened.store)
    unnamed = sitting.attempt(REFER, "not-on-roster", sbd=None)
    sitting.refused(FACE_FAILED, sbd="002")
    fields = {"of": unnamed, "sbd": "001", "verdict": "ADMIT", "reason": "suggestion-confirmed"}
    sitting.entry("override", fields | {"component": "theory"}, two=True)
    assert [each.kind for each in history_of(sitting.entries, "001", "theory")] == ["attempt", "override"]
    assert [each.kind for each in history_of(sitting.entries, "002", "theory")] == ["attempt"]
    assert history_of(sitting.entries, "001", "yard") == ()


def test_every_outcome_that_an_entry_may_have_has_words() -> None:
    keys = [f"history.consent.{each}" for each in CONSENTS] + [f"history.manual.{each}" for each in MANUALS]
    keys += [f"history.re-entry.{each}" for each in (ADMITTED, REFERRED, REFUSED, OTHER_PERSON)]
    keys += [f"history.result.{each}" for each in Outcome]
    keys += [f"history.purpose.{each}" for each in (*RECHECKS, "check-in")]
    for language in ("vi", "en"):
        texts = load_texts(language)
        assert [key for key in keys if key not in texts] == []
