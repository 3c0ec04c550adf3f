"""Records what the checks of software cards and faces come to: `proctor/replay/outcomes.toml`, which the replay uses.

usage: python -m tests.support.record_outcomes

Real software cards, the real pipeline, a rendered face, in a training session of its own; the rows are those of the
committed entries. Durations are kept as measured: a second recording differs in them and in scores of faces.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from biometrics.camera import RecordedCamera
from biometrics.recorded import portrait_jpeg
from biometrics.scenes.camera import SceneCamera
from proctor.app import Desk, Transaction, open_desk
from proctor.desks import CardSource
from proctor.present import AccessText
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.scenes import scene_of
from proctor.softcards import CardWorkshop, open_workshop, specimen_faces
from readers.emrtd.dates import PartialDate
from readers.errors import NoCardError
from readers.softcard.chip import SoftCard
from readers.softcard.faults import Faults
from readers.softcard.holder import HolderRecord, qr_payload
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from readers.transport.base import Connection
from sessions.roster.csv_roster import read_roster
from sessions.rules import load_rules
from sessions.session import create_session
from sessions.vietnam import today

FILE = Path(__file__).parents[2] / "proctor" / "replay" / "outcomes.toml"
SEEDS = (3, 13, 23)
HEAD = """\
# What the checks of software cards and recorded faces come to, one table for each way a candidate turns up.
# Made by `python -m tests.support.record_outcomes`; each table is one committed attempt. `roster` and `duplicate` stand
# as recorded; the replay runs those two itself.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to turn up: whose face is on the chip, what is wrong with the card, whether there is one, and a face."""

    name: str
    chip_face: str = "astronaut"
    faults: Faults = field(default_factory=Faults)
    known_signer: bool = True
    card: bool = True
    face: bool = True


WAYS = (
    Way(name="right-person"),
    Way(name="impostor", chip_face="hopper"),
    Way(name="altered-chip", faults=Faults(altered=frozenset({2}))),
    Way(name="cloned-chip", faults=Faults(foreign_active_key=True)),
    Way(name="unknown-signer", known_signer=False),
    Way(name="card-pulled", faults=Faults(pulled_at=2_000)),
    Way(name="no-card", card=False),
    Way(name="no-face", face=False),
)


def holder_of(number: int) -> HolderRecord:
    """A specimen holder; `number` from 1."""
    return HolderRecord(
        id_number=f"001099{number:06d}",
        full_name=f"Nguyễn Văn Mẫu {'ABCDEFGHIJ'[number - 1]}",
        birth=PartialDate.of(date(1999, 1, number)),
        sex="Nam",
        issued=date(2026, 1, 1),
    )


def roster(count: int) -> bytes:
    """The list of these holders."""
    rows = [
        f"{number:03d},{holder_of(number).full_name},{number:02d}/01/1999,{holder_of(number).id_number},B"
        for number in range(1, count + 1)
    ]
    return "\n".join(["SBD,Họ và tên,Ngày sinh,Số định danh,Hạng", *rows, ""]).encode()


def record(names: frozenset[str] | None = None) -> dict[str, Mapping[str, Any]]:
    """Return the committed bodies by name of the way; `names`: only those."""
    ways = [way for way in WAYS if names is None or way.name in names]
    with tempfile.TemporaryDirectory(prefix="proctor-record-") as folder:
        root = ensure_training_root(Path(folder) / "training")
        with open_training(root) as opened:
            workshop, trust = open_workshop(opened.root, opened.keys)
            session = create_session(
                opened.store,
                root_kind="training",
                roster=read_roster(roster(len(ways))),
                rules=load_rules("driving-tt108-2026"),
                component="theory",
                place="Trung tâm Sát hạch Mẫu",
                day=today(),
                operator=opened.require_login().operator,
            )
            with open_desk(opened, session, trust, show_notice=lambda version, text: None) as desk:
                return {
                    way.name: _body(opened, desk, holder_of(number), way, workshop)
                    for number, way in enumerate(ways, start=1)
                }


def _body(
    opened: OpenRoot, desk: Desk, holder: HolderRecord, way: Way, workshop: CardWorkshop
) -> Mapping[str, Any]:
    """The committed body of one way. A candidate who slips at a challenge does it again, as at a desk."""
    for seed in SEEDS:
        made = desk.check_in(_work(holder, way, workshop, seed))
        if not any(code.startswith("pad-") for code in made.decision.reasons):
            break
    entry = opened.store.attempt(made.attempt_id)
    assert entry is not None
    return entry.body


def _work(holder: HolderRecord, way: Way, workshop: CardWorkshop, seed: int) -> Transaction:
    faces = specimen_faces(("hopper", "astronaut"))
    image, face = faces[way.chip_face]
    pki = workshop.pki
    card = personalise(
        holder,
        portrait_jpeg(image, face=face),
        pki,
        now=datetime.now(UTC),
        faults=way.faults,
        signer=pki.signer if way.known_signer else pki.unknown_signer,
    )
    nobody = [np.full((480, 640, 3), 128, dtype=np.uint8)] * 5
    scene = scene_of("astronaut", seed=seed) if way.face else None

    def connect() -> Connection:
        if not way.card:
            raise NoCardError
        return InProcessConnection(SoftCard(card))

    return Transaction(
        access=AccessText("qr", qr_payload(holder)),
        source=CardSource(kind="software", connect=connect),
        open_camera=lambda: RecordedCamera(nobody) if scene is None else SceneCamera(scene),
        screen=scene,
    )


def as_toml(bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the file's text."""
    lines = [HEAD]
    for name, body in bodies.items():
        lines.append(f"[{name}]")
        lines.append(f'verdict = "{body["verdict"]}"')
        lines.append(f'chip_verdict = "{body["chip_verdict"]}"')
        lines.append(f"reasons = [{', '.join(_value(code) for code in body['reasons'])}]")
        for check, row in body["checks"].items():
            facts = ", ".join(f"{_key(key)} = {_value(value)}" for key, value in row["facts"].items())
            lines.append(
                f'checks.{check} = {{ outcome = "{row["outcome"]}", code = "{row["code"]}", '
                f"duration_ms = {row['duration_ms']}, facts = {{ {facts} }} }}".replace("{  }", "{}")
            )
        lines.append("")
    return "\n".join(lines)


def _key(text: str) -> str:
    return text if text.replace("_", "").replace("-", "").isalnum() else f'"{text}"'


def _value(value: str | int) -> str:
    return (
        str(value) if isinstance(value, int) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )


if __name__ == "__main__":
    found = record()
    FILE.write_text(as_toml(found), encoding="utf-8")
    print(*(f"{name}: {body['verdict']} {body['reasons']}" for name, body in found.items()), sep="\n")
    print(datetime.now(UTC).date())
