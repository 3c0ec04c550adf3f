"""The same face under two candidate numbers, at a real desk: software cards, recorded faces, the face process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from biometrics.camera import RecordedCamera
from biometrics.recorded import portrait_jpeg, vary
from biometrics.template_code import decode
from biometrics.thresholds import Thresholds
from proctor.app import Desk, Transaction, open_desk
from proctor.desks import CardSource
from proctor.faces_in_use import FacesInUse
from proctor.present import AccessText
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.softcards import open_workshop, specimen_faces
from readers.softcard.chip import SoftCard
from readers.softcard.holder import qr_payload
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules, parse_rules
from sessions.session import Session, create_session
from sessions.vietnam import today
from tests.support.record_outcomes import holder_of, roster

SEARCH, SEARCH_FMR = 0.6, 1e-6
"""A threshold as a calibration of a site's own might support it; the program's own supports none."""


@pytest.fixture
def opened(home: Path) -> Iterator[OpenRoot]:
    with open_training(ensure_training_root(home / "training")) as root:
        yield root


@pytest.fixture
def session(opened: OpenRoot) -> Session:
    """Three candidates under rules that ask for no challenge."""
    text = load_rules("driving-tt108-2026").data.decode()
    quiet = text.replace('"pad", "pad-turn", "pad-eyes", "pad-flash",', "")
    assert quiet != text
    return create_session(
        opened.store,
        root_kind="training",
        roster=read_roster(roster(3)),
        rules=parse_rules(quiet.encode()),
        component="theory",
        place="Trung tâm Sát hạch Mẫu",
        day=today(),
        operator=opened.require_login().operator,
    )


def sit(desk: Desk, opened: OpenRoot, number: int, card: str, live: str) -> dict[str, Any]:
    """Somebody with this face on the card and this one before the camera; return what was committed."""
    workshop, _ = open_workshop(opened.root, opened.keys)
    (chip_image, chip_face), (live_image, live_face) = (
        specimen_faces((name,))[name] for name in (card, live)
    )
    chip = personalise(
        holder_of(number), portrait_jpeg(chip_image, face=chip_face), workshop.pki, now=datetime.now(UTC)
    )
    frames = vary(live_image, seed=number, face=live_face)
    done = desk.check_in(
        Transaction(
            access=AccessText("qr", qr_payload(holder_of(number))),
            source=CardSource(kind="software", connect=lambda: InProcessConnection(SoftCard(chip))),
            open_camera=lambda: RecordedCamera(frames),
        )
    )
    entry = opened.store.attempt(done.attempt_id)
    assert entry is not None
    return {**entry.body, "kept": decode(opened.store.evidence(entry.seq, "template"))}


def test_one_person_comes_under_two_names(
    opened: OpenRoot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = FacesInUse.thresholds

    def supported(used: FacesInUse, *options: Any, **named: Any) -> Thresholds:
        return replace(given(used, *options, **named), search=SEARCH, search_fmr=SEARCH_FMR)

    monkeypatch.setattr(FacesInUse, "thresholds", supported)
    _, trust = open_workshop(opened.root, opened.keys)
    with open_desk(opened, session, trust, show_notice=lambda _version, _text: None) as desk:
        first = sit(desk, opened, 1, "hopper", "hopper")
        again = sit(desk, opened, 2, "hopper", "hopper")
    alone = first["checks"]["face-search"]
    assert (first["verdict"], alone["outcome"], alone["facts"]["templates"]) == ("ADMIT", "passed", 0)
    assert list(first["kept"].vectors) == ["reference", "probe"]
    found = again["checks"]["face-search"]
    assert (found["outcome"], found["code"]) == ("failed", "face-elsewhere")
    assert (found["facts"]["other"], found["facts"]["templates"]) == ("001", 2)
    assert found["facts"]["expected_false_alarms_e4"] <= 1_000
    assert (again["verdict"], again["reasons"]) == ("REFER", ["face-elsewhere"])
