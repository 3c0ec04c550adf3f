"""The retention schedule: templates first, every kind on its day, nothing of a session that was not closed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions import retention
from sessions.errors import EvidenceErasedError, RulesError
from sessions.holds import place_hold
from sessions.rules import list_rules, load_rules, parse_rules
from sessions.rules.terms import KINDS
from sessions.session import load_session
from sessions.store import Store
from tests.support.erasure import BOTH, Hall

DRIVING = load_rules("driving-tt108-2026")
TEXT = DRIVING.data.decode()
CLOSED = date(2026, 11, 22)


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall.filled(tmp_path, people=4)


@pytest.fixture
def store(hall: Hall) -> Iterator[Store]:
    with hall.bench.open() as opened:
        yield opened


def takes(plans: tuple[retention.SessionPlan, ...]) -> dict[str, dict[str, int]]:
    return {due.term.kind: due.selection.counts for each in plans for due in each.dues if due.takes}


def after(days: int) -> date:
    return CLOSED + timedelta(days=days)


def test_every_rules_file_has_a_schedule_with_templates_first() -> None:
    for rules in list_rules():
        assert list(rules.retention) == list(KINDS)
        assert rules.retention["template"].days == 30
        assert min(term.days for term in rules.retention.values()) == 30
        assert {term.status for term in rules.retention.values()} <= {"primary", "secondary", "unconfirmed"}
        assert all(term.source for term in rules.retention.values())


def test_what_goes_on_which_day(store: Store, hall: Hall) -> None:
    assert [each.state for each in retention.plan(store, after(9_999))] == ["not-closed"]
    hall.close(store)
    for days in (0, 29, 30, 729):
        assert takes(retention.plan(store, after(days))) == {}
    plans = retention.plan(store, after(30))
    assert [due.term.kind for due in plans[0].dues if due.is_due] == ["template"]
    assert (
        plans[0].dues[0].selection.pieces == ()
    )  # this session has no template: the rule is there and finds none
    pictures = {"chip-portrait": {"chip-portrait": 4}, "live-portrait": {"live-portrait": 4}}
    assert takes(retention.plan(store, after(730))) == pictures
    assert takes(retention.plan(store, after(1825))) == pictures
    assert takes(retention.plan(store, after(1826))) == pictures | {
        "identity": {"identity": 4},
        "roster": {"roster": 1},
    }


def test_a_run_does_what_the_plan_says_and_no_more(store: Store, hall: Hall) -> None:
    hall.close(store)
    other = hall.fill(store).session_id
    plans = retention.plan(store, after(730))
    assert [each.state for each in plans] == ["scheduled", "not-closed"]
    done = retention.run(store, plans, **BOTH)
    assert [due.term.kind for _, due, _ in done] == ["live-portrait", "chip-portrait"]
    shreds = store.entries("shred")
    assert [(entry.body["scope"], entry.body["reason"]) for entry in shreds] == [
        ("retention", "retention-live-portrait"),
        ("retention", "retention-chip-portrait"),
    ]
    for entry in store.entries("attempt", hall.session):
        assert store.evidence(entry.seq, "identity")
        with pytest.raises(EvidenceErasedError):
            store.evidence(entry.seq, "chip-portrait")
    assert all(store.evidence(entry.seq, "chip-portrait") for entry in store.entries("attempt", other))
    assert takes(retention.plan(store, after(730))) == {}
    assert retention.run(store, plans, **BOTH) == ()
    retention.run(store, retention.plan(store, after(1826)), **BOTH)
    assert all(seat.erased for seat in load_session(store, hall.session).seats)
    assert takes(retention.plan(store, after(99_999 // 10))) == {}


def test_holds_are_respected_also_those_placed_after_the_plan(store: Store, hall: Hall) -> None:
    hall.close(store)
    place_hold(store, hall.session, sbd="001", reason="dispute", **BOTH)
    plans = retention.plan(store, after(1826))
    assert takes(plans)["identity"] == {"identity": 3}
    assert sum(len(due.selection.held) for due in plans[0].dues) == 3
    place_hold(store, hall.session, sbd="002", reason="dispute", **BOTH)
    retention.run(store, plans, **BOTH)
    session = load_session(store, hall.session)
    assert [seat.erased for seat in session.seats] == [False, False, True, True]
    kept = [entry for entry in store.entries("attempt") if entry.body["sbd"] in {"001", "002"}]
    assert all(store.evidence(entry.seq, name) for entry in kept for name in entry.body["evidence"])


def test_a_held_session_is_listed_and_left(store: Store, hall: Hall) -> None:
    hall.close(store)
    plans = retention.plan(store, after(1826))
    place_hold(store, hall.session, reason="dispute", **BOTH)
    assert retention.run(store, plans, **BOTH) == ()
    assert takes(retention.plan(store, after(1826))) == {}


def test_rules_without_a_section_take_the_installed_ones() -> None:
    fields = tomllib.loads(TEXT)
    old = TEXT[: TEXT.index("[retention.template]")]
    rules = parse_rules(old.encode())
    assert rules.retention == {}
    source, terms = retention.terms_of(rules)
    assert source == "driving-tt108-2026 (installed)"
    assert terms == DRIVING.retention
    unknown = parse_rules(old.replace('id = "driving-tt108-2026"', 'id = "gone"').encode())
    assert retention.terms_of(unknown) == ("", {})
    assert retention.terms_of(DRIVING) == (DRIVING.rules_id, DRIVING.retention)
    assert set(fields["retention"]) == set(KINDS)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[retention.template]", "[retention.templates]", "retention.templates"),
        ("days = 30", "days = 31", "retention.template"),
        ("days = 30", "days = -1", "retention.template.days"),
        ("days = 30", "days = 30.0", "retention.template.days"),
        ("days = 30", "days = true", "retention.template.days"),
        ("days = 30", "days = 99999", "retention.template.days"),
        ("days = 30", "months = 1", "retention.template.months"),
        ("days = 730", "days = 29", "retention.template"),
        ("days = 730", "days = 1827", "retention.log"),
    ],
)
def test_an_impossible_schedule_names_its_key(old: str, new: str, key: str) -> None:
    assert old in TEXT
    with pytest.raises(RulesError) as caught:
        parse_rules(TEXT.replace(old, new, 1).encode())
    assert caught.value.facts["key"] == key


@pytest.mark.parametrize("change", [{"source": '""'}, {"source": "1"}, {"status": '"sure"'}])
def test_a_term_says_whose_it_is(change: dict[str, Any]) -> None:
    head, tail = TEXT.split("[retention.log]")
    lines = {"days": "1826", "source": '"x"', "status": '"secondary"', **change}
    text = head + "[retention.log]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())
    assert tail
    with pytest.raises(RulesError):
        parse_rules(text.encode())
