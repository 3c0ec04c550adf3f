"""A training session in a root of its own whose candidates were let in, for tests that drive the command line."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from proctor.config import Places
from proctor.roots import OpenRoot, ensure_training_root, open_training
from sessions.record import CHECK_NAMES, AttemptRecord, Check, Outcome, SystemClock, Verdict
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import Session, create_session

HEADING = "SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Nội dung\n"
PEOPLE = ("NGUYỄN VĂN MẪU", "TRẦN THỊ MẪU", "LÊ VĂN MẪU", "PHẠM THỊ MẪU")


def roster_csv(count: int, *, licence_class: str = "B", components: str = "") -> bytes:
    """A list of specimens."""
    rows = [
        f"{number:03d},{PEOPLE[(number - 1) % 4]},15/01/1999,001099{number:06d},{licence_class},{components}"
        for number in range(1, count + 1)
    ]
    return (HEADING + "\n".join(rows) + "\n").encode()


def write_attempt(
    opened: OpenRoot,
    session: str,
    sbd: str,
    *,
    component: str = "theory",
    verdict: Verdict = Verdict.ADMIT,
) -> None:
    """Write an attempt as a desk would."""
    moment = SystemClock().now()
    check = Check(outcome=Outcome.PASSED, code="ok", started_at=moment.at, duration_ms=9)
    record = AttemptRecord(
        attempt_id=str(uuid.uuid4()),
        session_id=session,
        component=component,
        verdict=verdict,
        reasons=(),
        checks=dict.fromkeys(CHECK_NAMES, check),
        chip_verdict="genuine",
        method="chip-face",
        operator=opened.require_login().operator,
        moment=moment,
        rules_sha256="00" * 32,
        sbd=sbd,
    )
    opened.store.begin_attempt(
        record.attempt_id, session=session, component=component, operator=record.operator, sbd=sbd
    )
    opened.store.append_attempt(record, {})


@dataclass
class Sitting:
    """One session in the training root of a home folder."""

    home: Path
    session: str

    @contextlib.contextmanager
    def opened(self) -> Iterator[OpenRoot]:
        with open_training(ensure_training_root(Places(home=self.home, root=None).training)) as opened:
            yield opened

    def admit(self, *sbds: str, component: str = "theory", verdict: Verdict = Verdict.ADMIT) -> None:
        """Write attempts as a desk would."""
        with self.opened() as opened:
            for sbd in sbds:
                write_attempt(opened, self.session, sbd, component=component, verdict=verdict)

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        with self.opened() as opened:
            return [dict(entry.body) for entry in opened.store.entries(kind, self.session)]


def sitting(
    home: Path,
    *,
    count: int = 4,
    rules: str = "driving-tt108-2026",
    components: tuple[str, ...] = ("theory", "yard", "road"),
    day: date = date(2026, 11, 22),
    **roster: Any,
) -> Sitting:
    """Open a training session of specimens."""
    root = ensure_training_root(Places(home=home, root=None).training)
    with open_training(root) as opened:
        made: Session = create_session(
            opened.store,
            root_kind="training",
            roster=read_roster(roster_csv(count, **roster)),
            rules=load_rules(rules),
            component=components[0],
            components=components,
            place="Trung tâm Mẫu",
            day=day,
            operator=opened.require_login().operator,
        )
    return Sitting(home=home, session=made.session_id)
