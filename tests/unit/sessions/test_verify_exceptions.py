"""The verifier judges exceptions by itself: what another program might write is found, with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions.audit_course import Course
from sessions.closing import close_session
from sessions.course.board import Board
from sessions.course.case import HARD
from sessions.course.draw import make_draw
from sessions.course.states import State
from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.roster.csv_roster import read_roster
from sessions.roster.document import make_document
from sessions.rows_export import export_rows
from tests import second_verifier
from tests.support.exceptions import ADMIT, ALTERED, FACE_FAILED, REFER, REFUSE, SECOND, TRAINEE, Sitting
from tests.support.sessions_station import ROSTER, Bench

Write = Callable[[Sitting], None]


def override(sitting: Sitting, of: str, sbd: str = "001", **changes: Any) -> None:
    fields = {"of": of, "sbd": sbd, "verdict": "ADMIT", "reason": "x", "component": "theory"}
    sitting.entry("override", fields | changes, two=True)


def decision(sitting: Sitting, of: str, incident: str, sbd: str = "001") -> None:
    fields = {"of": of, "sbd": sbd, "component": "theory", "decided": "admitted", "reason": "x"}
    sitting.entry("decision", fields | {"incident": incident}, two=True)


def manual(sitting: Sitting, **changes: Any) -> None:
    fields: dict[str, Any] = {"sbd": "001", "component": "theory", "document": "cccd-chip", "reason": "x"}
    fields |= {"outcome": "admitted", "rules_sha256": "00" * 32, "roster_hash": "00" * 32}
    sitting.entry("manual", fields | changes, two=True)


def twice(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    of = sitting.attempt(REFER, "x", purpose="re-entry")
    override(sitting, of)
    override(sitting, of)


def in_already(sitting: Sitting) -> None:
    of = sitting.attempt(REFER, "x")
    sitting.attempt(ADMIT)
    override(sitting, of)


def after_another_card(sitting: Sitting) -> None:
    sitting.refused(ALTERED)
    override(sitting, sitting.attempt(REFER, "no-card"))


def by_hand_after_refusal(sitting: Sitting) -> None:
    sitting.refused(FACE_FAILED)
    manual(sitting)


def by_hand_twice(sitting: Sitting) -> None:
    manual(sitting)
    manual(sitting)


def without_incident(sitting: Sitting) -> None:
    decision(sitting, sitting.refused(ALTERED), "I-none-01")


def decided_a_referral(sitting: Sitting) -> None:
    of = sitting.attempt(REFER, "x")
    decision(sitting, of, sitting.incident())


def back_unseen(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    of = sitting.attempt(REFER, "x", purpose="re-entry")
    sitting.entry("re-entry", {"sbd": "001", "outcome": "admitted", "of": of})


def roster_of_nothing(sitting: Sitting) -> None:
    """Rows put in the place of others, called an addition."""
    document, _ = make_document(read_roster(ROSTER.replace(b"001,", b"009,")).rows, b"")
    body = {"session": sitting.session.session_id, "reason": "x", "added": 1}
    body |= {"roster_hash": document.roster_hash, "sbds": ["009"]}
    sitting.store.append("roster", body, {"roster": document.data}, operator=TRAINEE, second=SECOND)


def roster_before(sitting: Sitting) -> None:
    document, _ = make_document(sitting.session.seats, b"")
    body = {"session": sitting.session.session_id, "reason": "x", "added": 2, "roster_before": "00" * 32}
    body |= {"roster_hash": document.roster_hash, "sbds": ["009"]}
    sitting.store.append("roster", body, {"roster": document.data}, operator=TRAINEE, second=SECOND)


def hidden_refusal(sitting: Sitting) -> None:
    """A refusal with the purpose of looking again at somebody who was never let in."""
    sitting.refused(ALTERED, purpose="re-entry")
    manual(sitting, purpose="spot-check")


def in_by_looking_again(sitting: Sitting) -> None:
    sitting.attempt(ADMIT, purpose="re-entry")
    manual(sitting)


def back_after_refusal(sitting: Sitting) -> None:
    out(sitting)
    sitting.refused(ALTERED, purpose="re-entry")
    manual(sitting, purpose="re-entry")
    sitting.entry("re-entry", {"sbd": "001", "component": "theory", "outcome": "admitted"})


def back_by_the_way_in(sitting: Sitting) -> None:
    of = out(sitting)
    sitting.attempt(REFER, "x", purpose="re-entry")
    sitting.entry("re-entry", {"sbd": "001", "component": "theory", "outcome": "admitted", "of": of})


def out(sitting: Sitting) -> str:
    of = sitting.attempt(ADMIT)
    sitting.entry("exit", {"sbd": "001", "component": "theory", "reason": "toilet"})
    return of


def drawn(sitting: Sitting) -> str:
    head = sitting.store.head()
    draw = make_draw(["001"], 1, size=head.size, root=head.root, random_bytes=bytes, component="theory")
    return str(sitting.entry("draw", {"component": "theory", **draw.as_body()}).seq)


def spot(sitting: Sitting, outcome: str, **fields: Any) -> None:
    sitting.entry("spot-check", {"sbd": "001", "component": "theory", "outcome": outcome, **fields})


def spot_by_the_way_in(sitting: Sitting) -> None:
    of = sitting.attempt(ADMIT)
    spot(sitting, "same-person", draw=drawn(sitting), of=of)


def spot_in_a_word(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    draw = drawn(sitting)
    sitting.refused(ALTERED, purpose="spot-check")
    spot(sitting, "same-person", draw=draw)


def spot_otherwise(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    draw = drawn(sitting)
    spot(sitting, "same-person", draw=draw, of=sitting.refused(ALTERED, purpose="spot-check"))


def under_another_s_incident(sitting: Sitting) -> None:
    incident = sitting.incident(sbd="002")
    decision(sitting, sitting.refused(ALTERED), incident)


def lifted_alone(sitting: Sitting) -> None:
    fields = {"incident": sitting.incident(), "code": "identity-refused", "sbd": "001"}
    sitting.entry("incident", fields | {"consequence": "suspended"}, two=True)
    sitting.entry("incident", fields | {"consequence": "none"})
    assert sitting.session.component == "theory"
    assert Board(sitting.store, sitting.session).standing("001").state is State.SUSPENDED


def nobody_s_refusal(sitting: Sitting) -> None:
    of = sitting.attempt(REFUSE, "refused", sbd=None, checks=ALTERED)
    sitting.incident(attempt_id=of)
    manual(sitting)


def of_a_part_that_is_none(sitting: Sitting) -> None:
    sitting.refused(ALTERED)
    override(sitting, "elsewhere", of_station="proctor.training/11111111")


CASES: dict[str, tuple[Write, set[str]]] = {
    "an ADMIT": (lambda s: override(s, s.attempt(ADMIT)), {"override-of", "admitted-twice"}),
    "a REFUSE": (lambda s: override(s, s.attempt(REFUSE)), {"override-of", "override-after-refuse"}),
    "a late REFUSE": (
        lambda s: override(s, s.attempt(REFER, late=REFUSE)),
        {"override-of", "override-after-refuse"},
    ),
    "another's": (lambda s: override(s, s.attempt(REFER, "x", sbd="002")), {"override-sbd"}),
    "another component's": (lambda s: override(s, s.attempt(REFER, "x"), component="yard"), {"override-sbd"}),
    "to a REFUSE": (lambda s: override(s, s.attempt(REFER, "x"), verdict="REFUSE"), {"override-verdict"}),
    "twice": (twice, {"override-twice"}),
    "of somebody in": (in_already, {"admitted-twice"}),
    "after a refused card": (after_another_card, {"override-after-refuse"}),
    "by hand after a refusal": (by_hand_after_refusal, {"manual-after-refuse"}),
    "by hand twice": (by_hand_twice, {"admitted-twice"}),
    "proof of nothing": (lambda s: manual(s, facts={"closes": 3}), {"manual-closes"}),
    "proof of a list": (lambda s: manual(s, facts={"closes": [3]}), {"manual-closes"}),
    "a decision without incident": (without_incident, {"decision-incident"}),
    "a decision on a referral": (decided_a_referral, {"decision-of"}),
    "back unseen": (back_unseen, {"re-entry-of"}),
    "a refusal hidden by its purpose": (hidden_refusal, {"manual-after-refuse"}),
    "an admission by a look": (in_by_looking_again, set()),
    "back after a refusal": (back_after_refusal, {"manual-after-refuse", "re-entry-after-refuse"}),
    "back by the attempt that let in": (back_by_the_way_in, {"re-entry-of"}),
    "a random check answered by the attempt that let in": (spot_by_the_way_in, {"spot-check-of"}),
    "a word where a machine looked": (spot_in_a_word, {"spot-check-of"}),
    "another outcome than the machine's": (spot_otherwise, {"spot-check-outcome"}),
    "a random check of nobody drawn": (lambda s: spot(s, "same-person", draw="1"), {"spot-check-draw"}),
    "a decision under another's incident": (under_another_s_incident, {"decision-incident"}),
    "a suspension lifted by one": (lifted_alone, {"incident-alone"}),
    "a refusal that named nobody": (nobody_s_refusal, {"manual-after-refuse"}),
    "an attempt of no part": (of_a_part_that_is_none, {"of"}),
    "an addition to another list": (roster_before, {"roster-before", "roster-sbds"}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_machine_s_verdict_does_not_allow(tmp_path: Path, name: str) -> None:
    write, expected = CASES[name]
    bench = Bench(path=tmp_path / "station.db").made()
    with bench.create() as store:
        write(Sitting(store))
    report = bench.verify()
    found = {found.facts.get("why") for found in report.findings if found.code == "log-altered-order"}
    assert found == expected
    with opened(bench.path, bench.bundle.database_key) as connection:
        slots = KeySlots(bench.path.parent / "keys" / "evidence.slots", None)
        rows = list(export_rows(connection, slots))
    pins = [key.encode() for key in bench.pins.keys]
    assert second_verifier.verify(rows, pins=pins)["code"] == report.code


def test_an_addition_that_is_none_is_found_in_the_list_itself(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").made()
    with bench.create() as store:
        roster_of_nothing(Sitting(store))
    keys = {
        "evidence_key": bench.bundle.evidence_key,
        "key_file": bench.path.parent / "keys" / "evidence.slots",
    }
    codes = {found.code for found in bench.verify(**keys).findings}
    assert "log-altered-roster" in codes


def test_everything_that_is_written_as_it_should_be_is_found_whole(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").made()
    with bench.create() as store:
        sitting = Sitting(store)
        sitting.attempt(REFER, "x")
        sitting.override()
        sitting.refused(FACE_FAILED, 3, sbd="002")
        sitting.decide(sitting.incident(sbd="002"), sbd="002")
        sitting.manual("003")
        sitting.entry("exit", {"sbd": "003", "component": "theory", "reason": "toilet"})
        of = sitting.attempt(REFER, "x", sbd="003", purpose="re-entry")
        sitting.override("003", of)
        sitting.entry("re-entry", {"sbd": "003", "component": "theory", "outcome": "admitted", "of": of})
    assert [found for found in bench.verify().findings if found.severity == "altered"] == []


def test_a_proof_that_was_undertaken_may_come_after_the_close(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").made()
    with bench.create() as store:
        sitting = Sitting(store, rules="written-exam", component="exam", components=())
        sitting.manual(document="none", reason="no-card", undertaking=True)
        close_session(store, sitting.session, operator=TRAINEE)
        sitting.manual(later_proof=True, document="passport", reason="later-proof")
    assert [found for found in bench.verify().findings if found.severity == "altered"] == []
    with bench.open() as store:
        body = store.entries("manual")[0].body
        fields = ("session", "sbd", "component", "document", "reason", "rules_sha256", "roster_hash")
        late = {name: body[name] for name in fields} | {"sbd": "002", "outcome": "admitted"}
        store.append("manual", late, operator=TRAINEE, second=SECOND)
    assert {found.facts.get("why") for found in bench.verify().findings} >= {"after-close"}


def test_a_decision_in_a_real_log_needs_a_head() -> None:
    course = Course()
    real: dict[str, Any] = {
        "origin": "proctor.real/0a1b2c3d",
        "session": "S-1",
        "at": "2026-11-22T01:00:00.000Z",
    }
    people = {"operator": {"id": "a", "role": "secretary"}, "second": _second("overseer")}
    course._attempts["t"] = type(_attempt())("S-1", "001", "theory", "REFUSE", again=False)
    course._incidents["S-1"] = {"I-1": ("001", None)}
    body = {"kind": "decision", "of": "t", "sbd": "001", "component": "theory", "decided": "not-admitted"}
    body |= {"reason": "x", "incident": "I-1", **real}
    assert tuple(course.faults(9, body | people)) == ("decision-head",)
    course._done.clear()
    people["operator"] = {"id": "a", "role": "chairman"}
    assert tuple(course.faults(9, body | people)) == ()


def _second(role: str) -> dict[str, str]:
    return {"id": "b", "role": role, "proof": "token"}


def _attempt() -> Any:
    course = Course()
    body = {"kind": "attempt", "session": "s", "attempt": "t", "component": "c", "verdict": "REFER"}
    course._attempts.clear()
    list(course._attempt(0, body | {"checks": {}}))
    return course._attempts["t"]


def test_writer_and_verifier_mean_the_same_checks() -> None:
    from sessions import audit_course

    assert frozenset(audit_course._HARD) == HARD
