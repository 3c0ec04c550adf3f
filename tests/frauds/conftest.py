"""A training desk that is the real one: pipeline, chip, camera frames, log. Each fraud has a candidate of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from biometrics.camera import RecordedCamera
from biometrics.recorded import portrait_jpeg, vary
from proctor.app import Desk, Transaction, open_desk
from proctor.attempt import AttemptResult
from proctor.config import Places
from proctor.desks import CardSource
from proctor.present import AccessText
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.softcards import CardWorkshop, open_workshop, specimen_faces
from proctor.training import TrainingCandidate, candidates, roster_csv
from readers.emrtd.pki.store import TrustStore
from readers.softcard.chip import SoftCard
from readers.softcard.faults import Faults
from readers.softcard.holder import qr_payload
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from sessions import vietnam
from sessions.reader import Entry
from sessions.record import Operator, Second
from sessions.roster.reading import read_roster
from sessions.session import Session, create_session, load_session
from tests.support.plain_rules import plain_rules

SECOND = Second(user_id="giam-sat", role="trainee", proof="training")


@dataclass
class FraudDesk:
    """One driving test; `sit` brings somebody to the desk of a component."""

    opened: OpenRoot
    workshop: CardWorkshop
    trust: TrustStore
    session_id: str
    people: Mapping[str, TrainingCandidate]
    stack: ExitStack
    desks: dict[str, Desk] = field(default_factory=dict)

    @property
    def operator(self) -> Operator:
        return self.opened.require_login().operator

    def session(self, component: str = "theory") -> Session:
        return load_session(self.opened.store, self.session_id).at(component)

    def sit(
        self,
        sbd: str,
        *,
        card: str = "hopper",
        live: str = "hopper",
        component: str = "theory",
        purpose: str = "check-in",
        faults: Faults | None = None,
        signer: str = "signer",
    ) -> AttemptResult:
        """Somebody with this face on the card and this one before the camera; returns what was committed."""
        faces = specimen_faces((card, live))
        pki = self.workshop.pki
        holder = self.people[sbd].holder
        image, face = faces[card]
        chip = personalise(
            holder,
            portrait_jpeg(image, face=face),
            pki,
            now=datetime.now(UTC),
            faults=faults or Faults(),
            signer=getattr(pki, signer),
        )
        image, face = faces[live]
        frames = vary(image, seed=int(sbd), face=face)
        work = Transaction(
            access=AccessText("qr", qr_payload(holder)),
            source=CardSource(kind="software", connect=lambda: InProcessConnection(SoftCard(chip))),
            open_camera=lambda: RecordedCamera(frames),
            purpose=purpose,
        )
        return self.desk(component).check_in(work)

    def desk(self, component: str) -> Desk:
        """The desk of a component; it stays open until the module ends."""
        if component not in self.desks:
            made = open_desk(
                self.opened, self.session(component), self.trust, show_notice=lambda version, text: None
            )
            self.desks[component] = self.stack.enter_context(made)
        return self.desks[component]

    def entry(self, result: AttemptResult) -> dict[str, Any]:
        """The entry that an attempt left in the log."""
        found = self.opened.store.attempt(result.attempt_id)
        assert found is not None
        return dict(found.body)

    def last(self, kind: str) -> Entry:
        """The newest entry of a kind."""
        return self.opened.store.entries(kind, self.session_id)[-1]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FraudDesk]:
    """One session for all frauds of a module: everybody on the list, nobody seen yet."""
    home: Path = tmp_path_factory.mktemp("frauds")
    with ExitStack() as stack:
        opened = stack.enter_context(open_training(ensure_training_root(Places(home=home).training)))
        workshop, trust = open_workshop(opened.root, opened.keys)
        today = vietnam.today()
        people = tuple(candidates(20, today))
        listed = tuple(person for person in people if person.scenario.listed)
        made = create_session(
            opened.store,
            root_kind="training",
            roster=read_roster(roster_csv(people)),
            rules=plain_rules(),
            component="theory",
            components=("yard", "road"),
            place="Sân Mẫu",
            day=today,
            operator=opened.require_login().operator,
        )
        by_sbd = {person.sbd: person for person in listed}
        yield FraudDesk(opened, workshop, trust, made.session_id, by_sbd, stack)
