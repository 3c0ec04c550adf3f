"""Who acts in a log is somebody that the log names: operators, second persons, the first user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.record import Operator, Second
from sessions.rows_export import export_rows
from sessions.store import Store
from sessions.verify import LogReport
from tests import second_verifier
from tests.support.sessions_station import OPERATOR, ORIGIN, Bench, add_user

REAL = "proctor.real/0a1b2c3d"
CHAIR = Operator(user_id="nv02", role="chairman", name="TRẦN THỊ MẪU")
ADMIN = Operator(user_id="nv00", role="administrator", name="LÊ VĂN MẪU")
SECOND = Second(user_id=CHAIR.user_id, role=CHAIR.role)
Write = Callable[[Store], Any]


def hold(store: Store, by: Operator = OPERATOR, second: Second = SECOND) -> None:
    body = {"session": "S-1", "event": "placed", "reason": "specimen"}
    store.append("hold", body, operator=by, second=second)


def judged(path: Path, write: Write, *, origin: str = REAL, users: tuple[Operator, ...] = ()) -> LogReport:
    """What both verifiers say of a log in which somebody wrote something; they must agree."""
    bench = Bench(path=path / "station.db", origin=origin)
    with bench.create() as store:
        if users:
            add_user(store, ADMIN, by=ADMIN)
        for user in users:
            add_user(store, user, by=ADMIN)
        write(store)
    report = bench.verify(key_file=None)
    with opened(bench.path, bench.bundle.database_key) as connection:
        lines = list(export_rows(connection, KeySlots(path / "keys" / "evidence.slots", None)))
    second = second_verifier.verify(lines, pins=[key.encode() for key in bench.pins.keys])
    first = None if report.first_bad is None else report.first_bad.seq
    assert (second["code"], second["first_bad"]) == (report.code, first)
    return report


def test_users_of_the_log_are_good(tmp_path: Path) -> None:
    assert judged(tmp_path, hold, users=(OPERATOR, CHAIR)).ok


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda store: hold(store, by=replace(OPERATOR, user_id="ghost")), "operator"),
        (lambda store: hold(store, by=replace(OPERATOR, role="chairman")), "operator"),
        (lambda store: hold(store, second=replace(SECOND, user_id="nobody")), "second"),
        (lambda store: hold(store, second=replace(SECOND, role="overseer")), "second"),
        (
            lambda store: store.append("view", {"what": "x"}, operator=replace(OPERATOR, user_id="x")),
            "operator",
        ),
    ],
)
def test_strangers_are_not(tmp_path: Path, write: Write, why: str) -> None:
    report = judged(tmp_path, write, users=(OPERATOR, CHAIR))
    assert report.first_bad is not None
    assert (report.code, report.first_bad.seq) == ("log-altered-order", 4)
    assert report.first_bad.facts["why"] == why


def test_a_user_is_one_only_afterwards(tmp_path: Path) -> None:
    def early(store: Store) -> None:
        add_user(store, ADMIN, by=ADMIN)
        add_user(store, OPERATOR, by=ADMIN)
        hold(store)
        add_user(store, CHAIR, by=ADMIN)
        hold(store)

    report = judged(tmp_path, early)
    assert [(each.code, each.seq) for each in report.findings if each.severity == "altered"] == [
        ("log-altered-order", 3)
    ]


def test_whom_a_stranger_adds_is_a_stranger(tmp_path: Path) -> None:
    ghost = Operator(user_id="ghost", role="chairman", name="")

    def smuggle(store: Store) -> None:
        add_user(store, replace(ghost, user_id="other"), by=ghost)
        hold(store, second=Second(user_id="other", role="chairman"))

    report = judged(tmp_path, smuggle, users=(OPERATOR,))
    altered = [(each.seq, each.facts["why"]) for each in report.findings if each.code == "log-altered-order"]
    assert altered == [(3, "operator"), (4, "second")]


def test_the_first_user_is_added_by_himself(tmp_path: Path) -> None:
    report = judged(tmp_path, lambda store: add_user(store, CHAIR, by=OPERATOR))
    assert report.code == "log-altered-order"


def test_training_knows_its_operators_and_takes_any_second_person(tmp_path: Path) -> None:
    second = Second(user_id="anybody", role="trainee", proof="training")
    fine = judged(tmp_path / "a", lambda store: hold(store, second=second), origin=ORIGIN, users=(OPERATOR,))
    assert fine.ok
    ghost = replace(OPERATOR, user_id="ghost")
    wrong = judged(tmp_path / "b", lambda store: hold(store, by=ghost), origin=ORIGIN, users=(OPERATOR,))
    assert wrong.code == "log-altered-order"


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
