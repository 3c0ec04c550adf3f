"""Only a session that is whole has a summary and a seal: one part of several knows nothing of the others' absences."""

from pathlib import Path

import pytest

from proctor.replay.day import roster_of
from proctor.replay.plan import SEED, Size, Without, plan
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.sheets import SheetDesk
from proctor.sheets_slip import seal_sheet, summary_sheet
from sessions.course.parts import evenly, split_session
from sessions.errors import SessionsError
from sessions.rules import load_rules
from sessions.session import Session, create_session, load_session


def opened_session(opened: OpenRoot) -> Session:
    (sitting,) = plan(SEED, Size(sessions=1, people=4), Without())
    return create_session(
        opened.store,
        root_kind="training",
        roster=roster_of(sitting, sitting.people),
        rules=load_rules(sitting.rules),
        component="theory",
        place="Trung tâm Sát hạch Mẫu",
        day=load_rules(sitting.rules).valid_from,
        operator=opened.require_login().operator,
    )


def test_a_divided_session_has_no_summary_and_no_seal_until_its_parts_are_merged(tmp_path: Path) -> None:
    with open_training(ensure_training_root(tmp_path / "root")) as opened:
        session = opened_session(opened)
        assert seal_sheet(SheetDesk(opened, session)).counts["theory:listed"] == len(session.seats)
        assert summary_sheet(SheetDesk(opened, session)).counts["files"] == len(session.seats)
        split_session(
            opened.store,
            session,
            evenly(session.seats, 2),
            operator=opened.require_login().operator,
        )
        divided = load_session(opened.store, session.session_id)
        for build in (seal_sheet, summary_sheet):
            with pytest.raises(SessionsError) as caught:
                build(SheetDesk(opened, divided))
            assert "merge" in caught.value.code
