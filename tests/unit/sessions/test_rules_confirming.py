"""Confirmations: by an administrator, with a reference, of exactly these bytes; and files side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sessions.course.rules_confirmation import confirm_rules
from sessions.errors import RoleForbiddenError, RulesError, UnknownRulesError
from sessions.record import Operator
from sessions.rules import confirmations, confirmed, find_rules, load_rules, open_keys, parse_rules
from sessions.rules.errors import (
    NoRulesInForceError,
    RulesFileError,
    RulesIdTakenError,
    RulesKeyError,
    RulesReferenceError,
    RulesSettledError,
)
from sessions.rules.families import differences, seams
from sessions.session import load_session
from sessions.store import Store
from tests.support.erasure import Hall

EXAM = load_rules("written-exam")
DRIVING = load_rules("driving-tt108-2026")
ADMIN = Operator(user_id="qt01", role="administrator")
TEXT = "Quy chế thi, Điều 14 khoản 2"


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall.filled(tmp_path, people=2)


@pytest.fixture
def store(hall: Hall) -> Iterator[Store]:
    with hall.bench.open() as opened:
        yield opened


def test_one_key_then_a_table_then_the_rest(store: Store) -> None:
    assert confirmed(store, EXAM) is None
    assert open_keys(store, EXAM) == EXAM.unconfirmed_keys
    receipt, keys = confirm_rules(store, EXAM, reference=TEXT, operator=ADMIN, keys=["late"])
    assert keys == ("late",)
    assert "late" not in open_keys(store, EXAM)
    assert "rooms" in open_keys(store, EXAM)
    assert confirmed(store, EXAM) is None
    _, keys = confirm_rules(store, EXAM, reference=TEXT, operator=ADMIN, keys=["retention", "incidents"])
    assert {key.partition(".")[0] for key in keys} == {"retention", "incidents"}
    assert len(keys) > 8
    _, rest = confirm_rules(store, EXAM, reference="  Quy chế \n thi  ", operator=ADMIN)
    assert "source" in rest
    assert open_keys(store, EXAM) == ()
    found = confirmed(store, EXAM)
    assert found is not None
    assert (found.by, found.role, found.reference) == ("qt01", "administrator", "Quy chế thi")
    assert (found.sha256, found.rules_id) == (EXAM.sha256, "written-exam")
    first, *_ = confirmations(store, EXAM)
    assert (first.seq, first.keys) == (receipt.seq, ("late",))
    with pytest.raises(RulesSettledError):
        confirm_rules(store, EXAM, reference=TEXT, operator=ADMIN)


def test_another_hash_is_another_file(store: Store) -> None:
    confirm_rules(store, EXAM, reference=TEXT, operator=ADMIN)
    assert confirmed(store, EXAM)
    other = parse_rules(EXAM.data + b"# one more line\n")
    assert confirmed(store, other) is None
    assert open_keys(store, other) == other.unconfirmed_keys
    assert open_keys(store, DRIVING) == DRIVING.unconfirmed_keys


def test_a_session_carries_its_open_keys_until_they_are_confirmed(store: Store, hall: Hall) -> None:
    before = load_session(store, hall.session)
    assert before.unconfirmed == DRIVING.unconfirmed_keys
    confirm_rules(store, before.rules, reference=TEXT, operator=ADMIN)
    assert load_session(store, hall.session).unconfirmed == ()


@pytest.mark.parametrize(
    "role", ["chairman", "site-head", "identity-examiner", "overseer", "auditor", "nobody"]
)
def test_only_an_administrator_confirms(store: Store, role: str) -> None:
    size = store.head().size
    with pytest.raises(RoleForbiddenError):
        confirm_rules(store, EXAM, reference=TEXT, operator=Operator(user_id="x", role=role))
    assert store.head().size == size


def test_an_entry_of_a_role_that_may_not_confirms_nothing(store: Store) -> None:
    body = {"rules": EXAM.rules_id, "rules_sha256": EXAM.sha256, "reference": "x", "keys": ["late"]}
    store.append("rules-confirmed", body, operator=Operator(user_id="x", role="overseer"))
    assert confirmations(store, EXAM) == ()


@pytest.mark.parametrize("reference", ["", " \n ", "x" * 301, "theo 001099000001", "số 012345678 cũ"])
def test_a_reference_is_words_and_nobodys_number(store: Store, reference: str) -> None:
    with pytest.raises(RulesReferenceError) as caught:
        confirm_rules(store, EXAM, reference=reference, operator=ADMIN)
    assert "001099000001" not in str(caught.value)


@pytest.mark.parametrize("key", ["chip", "lat", "incidents.nothing", "", "late.minutes"])
def test_only_open_keys_can_be_confirmed(store: Store, key: str) -> None:
    with pytest.raises(RulesKeyError):
        confirm_rules(store, EXAM, reference=TEXT, operator=ADMIN, keys=[key])


def test_a_file_that_vouches_for_itself_is_open_until_an_administrator_confirms_it(store: Store) -> None:
    sure = EXAM.data.replace(b'status = "unconfirmed"', b'status = "primary"')
    rules = parse_rules(sure)
    assert rules.unconfirmed_keys == ("source",)
    assert confirmed(store, rules) is None
    confirm_rules(store, rules, reference=TEXT, operator=ADMIN)
    assert open_keys(store, rules) == ()
    with pytest.raises(RulesSettledError):
        confirm_rules(store, rules, reference=TEXT, operator=ADMIN)


def test_rules_are_found_by_id_or_file(tmp_path: Path) -> None:
    assert find_rules("written-exam") == EXAM
    own = tmp_path / "cua-toi.toml"
    changed = EXAM.data.replace(b"minutes = 15", b"minutes = 5")
    own.write_bytes(changed)
    with pytest.raises(RulesIdTakenError):
        find_rules(str(own))
    own.write_bytes(changed.replace(b'id = "written-exam"', b'id = "thi-viet-truong-toi"'))
    assert find_rules(str(own)).late_minutes == 5
    assert find_rules("driving-test", day=date(2026, 6, 30)).rules_id == "driving-tt12-2025"
    assert find_rules("driving-test", day=date(2026, 7, 1)) == DRIVING
    assert find_rules("driving-tt108-2026", day=date(2020, 1, 1)) == DRIVING
    with pytest.raises(NoRulesInForceError):
        find_rules("driving-test", day=date(2020, 1, 1))
    for unknown in ("absent", "driving-test"):
        with pytest.raises(UnknownRulesError):
            find_rules(unknown)
    for missing in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(RulesFileError) as caught:
            find_rules(str(missing))
        assert str(tmp_path.parent) not in str(caught.value)
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(RulesError) as big:
        find_rules(str(tmp_path / "big.toml"))
    assert big.value.facts["key"] == "(size)"
    with pytest.raises(RulesFileError):
        find_rules("a\0.toml")


def test_gaps_and_overlaps_of_a_family() -> None:
    def made(name: str, since: str, until: str | None) -> bytes:
        text = DRIVING.data.decode().replace('id = "driving-tt108-2026"', f'id = "{name}"')
        text = text.replace("from = 2026-07-01", f"from = {since}", 1)
        return text.replace("until = 2026-12-31", f"until = {until}" if until else "", 1).encode()

    first = parse_rules(made("a", "2026-01-01", "2026-06-30"))
    later = parse_rules(made("b", "2026-07-03", "2026-12-31"))
    across = parse_rules(made("c", "2026-12-01", None))
    assert seams([first]) == ()
    (gap,) = seams([later, first])
    assert (gap.kind, gap.first, gap.second) == ("gap", "a", "b")
    assert (gap.since, gap.until) == (date(2026, 7, 1), date(2026, 7, 2))
    overlap = seams([across, later, first])[-1]
    assert (overlap.kind, overlap.since, overlap.until) == ("overlap", date(2026, 12, 1), date(2026, 12, 31))
    endless = seams([across, parse_rules(made("d", "2027-01-01", None))])
    assert [(seam.kind, seam.until) for seam in endless] == [("overlap", None)]
    assert seams([first, EXAM]) == ()
    year = parse_rules(made("y", "2026-01-01", "2026-12-31"))
    spring = parse_rules(made("s", "2026-02-01", "2026-03-31"))
    autumn = parse_rules(made("t", "2026-10-01", "2026-11-30"))
    next_year = parse_rules(made("n", "2027-01-01", "2027-12-31"))
    assert [(seam.kind, seam.first, seam.second) for seam in seams([year, spring, autumn, next_year])] == [
        ("overlap", "y", "s"),
        ("overlap", "y", "t"),
    ]


def test_what_a_file_changes_is_named_key_by_key() -> None:
    other = (
        EXAM.data.replace(b"minutes = 15", b"minutes = 20")
        .replace(b"[fees]", b"[fees]\n#")
        .replace(b"enabled = false\n", b"enabled = true\n")
    )
    assert differences(EXAM.data, EXAM.data) == ()
    assert [(each.key, each.ours, each.theirs) for each in differences(EXAM.data, other)] == [
        ("fees.enabled", "false", "true"),
        ("late.minutes", "15", "20"),
    ]
    without = EXAM.data.replace(b"capacity = 24\n", b"")
    assert [(each.key, each.theirs) for each in differences(EXAM.data, without)] == [("rooms.capacity", None)]
