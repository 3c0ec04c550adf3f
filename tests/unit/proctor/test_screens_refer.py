"""What the window offers to decide about attempts that another station made."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proctor.screens.exceptions import refused_offer
from proctor.screens.refer import refer_offer
from proctor.texts import load_texts
from sessions.course.incidents import add_incident
from sessions.course.overrides import decide, override
from sessions.record import Verdict
from tests.support.exceptions import NOW, SECOND, TRAINEE
from tests.support.parts import ORIGINS, Shared
from tests.unit.sessions.test_parts_exceptions import altered, merged


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared.divided(tmp_path, "1-3,4-6")


def opened(shared: Shared) -> Any:
    """The open root of the main station, in training."""
    login = SimpleNamespace(operator=TRAINEE)
    return SimpleNamespace(store=shared.stores[0], training=True, require_login=lambda: login)


def test_a_referral_of_another_station_is_entered_as_it_is_offered(shared: Shared, tmp_path: Path) -> None:
    sbd = shared.main.seats[3].sbd
    shared.attend(2, sbd, Verdict.REFER, ("face-unsure",))
    session, store = merged(shared, tmp_path), shared.stores[0]
    offer = refer_offer(opened(shared), session, sbd)
    assert (offer.blocked, offer.pictures) == (None, False)
    override(
        store,
        session,
        sbd=sbd,
        attempt_id=offer.attempt_id or None,
        reason=offer.given[0].code,
        note="x",
        operator=TRAINEE,
        second=SECOND,
    )
    assert store.entries("override")[-1].body["of_station"] == ORIGINS[1]
    assert altered(shared) == set()


def test_a_refusal_of_another_station_is_decided_as_it_is_offered(shared: Shared, tmp_path: Path) -> None:
    sbd = shared.main.seats[3].sbd
    shared.attend(2, sbd, Verdict.REFUSE, ("refused",))
    session, store = merged(shared, tmp_path), shared.stores[0]
    offer = refused_offer(opened(shared), session, sbd, "", load_texts("vi"))
    assert offer.blocked is None
    of = offer.attempt_id or None
    incident, _ = add_incident(
        store, session, code="identity-refused", sbd=sbd, attempt_id=of, operator=TRAINEE, now=NOW
    )
    why = {"reason": "identity-established", "note": "x", "incident": incident}
    decide(store, session, sbd=sbd, admit=True, attempt_id=of, operator=TRAINEE, second=SECOND, **why)
    assert store.entries("decision")[-1].body["of_station"] == ORIGINS[1]
    assert altered(shared) == set()
