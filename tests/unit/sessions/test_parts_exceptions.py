"""What two persons and the chairman say at the main station of an attempt that another station made."""

from pathlib import Path

import pytest

from sessions.course.board import Board
from sessions.course.entries import session_entries
from sessions.course.incidents import add_incident
from sessions.course.manual import ManualCase, enter_manual
from sessions.course.merge import merge_parts
from sessions.course.overrides import decide, override
from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.record import Verdict
from sessions.rows_export import export_rows
from sessions.session import Session, load_session
from tests import second_verifier
from tests.support.exceptions import NOW, SECOND, TRAINEE
from tests.support.parts import ORIGINS, Shared
from tests.support.sessions_station import OPERATOR


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared.divided(tmp_path, "1-3,4-6")


def merged(shared: Shared, folder: Path) -> Session:
    merge_parts(shared.stores[0], shared.main, [shared.pack(2, folder)], operator=OPERATOR)
    return load_session(shared.stores[0], shared.main.session_id)


def altered(shared: Shared) -> set[str]:
    """Return the codes of what two verifiers find altered at the main station."""
    bench = shared.benches[0]
    slots = bench.path.parent / "keys" / "evidence.slots"
    report = bench.verify(evidence_key=bench.bundle.evidence_key, key_file=slots)
    with opened(bench.path, bench.bundle.database_key) as connection:
        rows = list(export_rows(connection, KeySlots(slots, None)))
    second = second_verifier.verify(rows, pins=[key.encode() for key in bench.pins.keys])["code"]
    assert second == report.code
    return {str(found.facts.get("why")) for found in report.findings if found.severity == "altered"}


def test_an_override_of_another_station_s_attempt_says_whose(shared: Shared, tmp_path: Path) -> None:
    sbd = shared.main.seats[3].sbd
    shared.attend(2, sbd, Verdict.REFER, ("face-unsure",))
    session, store = merged(shared, tmp_path), shared.stores[0]
    override(store, session, sbd=sbd, reason="face-compared", operator=TRAINEE, second=SECOND)
    assert store.entries("override")[-1].body["of_station"] == ORIGINS[1]
    assert Board(store, session).standing(sbd).how == "override"
    assert altered(shared) == set()
    of = session_entries(store, session.session_id)
    own = next(entry.body["attempt"] for entry in of if entry.kind == "attempt")
    body = {"session": session.session_id, "of": own, "sbd": sbd, "component": "theory", "verdict": "ADMIT"}
    body |= {"reason": "x", "of_station": ORIGINS[2]}
    store.append("override", body, operator=TRAINEE, second=SECOND)
    assert altered(shared) == {"of"}


def test_a_decision_about_another_station_s_refusal_says_whose(shared: Shared, tmp_path: Path) -> None:
    sbd = shared.main.seats[3].sbd
    shared.attend(2, sbd, Verdict.REFUSE, ("refused",))
    session, store = merged(shared, tmp_path), shared.stores[0]
    incident = add_incident(store, session, code="identity-refused", sbd=sbd, operator=TRAINEE, now=NOW)[0]
    why = {"reason": "identity-established", "note": "x", "incident": incident}
    decide(store, session, sbd=sbd, admit=True, operator=TRAINEE, second=SECOND, **why)
    assert Board(store, session).standing(sbd).how == "decision"
    assert altered(shared) == set()


def test_a_proof_owed_at_another_station_says_where(shared: Shared, tmp_path: Path) -> None:
    sbd = shared.main.seats[3].sbd
    shared.attend(2, sbd, Verdict.REFER, ("no-card",))
    part = shared.sessions[1].session_id
    owed = {"session": part, "sbd": sbd, "component": "theory", "document": "none", "reason": "x"}
    owed |= {"outcome": "admitted-provisionally", "rules_sha256": "00" * 32, "roster_hash": "00" * 32}
    shared.stores[1].append("manual", owed, operator=TRAINEE, second=SECOND)
    session, store = merged(shared, tmp_path), shared.stores[0]
    proof = ManualCase(sbd=sbd, document="cccd-chip", reason="chip-dead", later_proof=True)
    enter_manual(store, session, proof, operator=TRAINEE, second=SECOND)
    assert altered(shared) == set()
