"""What a part wrote of what is not its own is named by the merge and has no effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions.checkpoint import station_of
from sessions.course.board import Board
from sessions.course.entries import session_entries
from sessions.course.merge import merge_parts
from sessions.course.results import read_progress
from sessions.errors import StoreAlteredError
from sessions.record import Second, Verdict
from sessions.session import load_session
from sessions.store import Receipt
from tests.support.parts import Shared
from tests.support.sessions_station import OPERATOR

SECOND = Second(user_id="giam-sat", role="trainee", proof="training")
RESULT = {"component": "theory", "source": "x"}
FAILED = RESULT | {"outcome": "failed", "points_e1": 3}
PASSED = RESULT | {"outcome": "passed", "points_e1": 35}


def enter(shared: Shared, station: int, kind: str, body: dict[str, Any], *, two: bool = False) -> Receipt:
    fields = {"session": shared.sessions[station - 1].session_id, **body}
    return shared.stores[station - 1].append(kind, fields, operator=OPERATOR, second=SECOND if two else None)


def result_of_another(shared: Shared) -> None:
    enter(shared, 2, "result", {"sbd": "001", **PASSED})


def correction_of_another(shared: Shared) -> None:
    enter(shared, 2, "result", {"sbd": "004", **FAILED})
    values = {"outcome": "passed", "points_e1": 35}
    body = {"reason": "entry-mistake", "sbd": "001", "component": "theory", "values": values}
    there = {"of_station": station_of(shared.stores[0].origin), "of_seq": shared.stores[0].head().size - 1}
    enter(shared, 2, "correction", {"corrects": shared.stores[1].head().size - 1, **there, **body}, two=True)


def correction_of_the_main_stations_entry(shared: Shared) -> None:
    own = enter(shared, 2, "result", {"sbd": "004", **FAILED})
    there = {"of_station": station_of(shared.stores[0].origin), "of_seq": own.seq}
    body = {"reason": "entry-mistake", "sbd": "004", "component": "theory", "values": {"outcome": "passed"}}
    enter(shared, 2, "correction", {"corrects": own.seq, **there, **body}, two=True)


def lifted(shared: Shared) -> None:
    incident = f"I-{shared.main.session_id}-01"
    enter(shared, 2, "incident", {"incident": incident, "code": "impersonation", "consequence": "none"})


def by_hand(shared: Shared) -> None:
    papers = {"document": "cccd-chip", "outcome": "admitted", "reason": "x"}
    hashes = {"rules_sha256": "00" * 32, "roster_hash": "00" * 32}
    enter(shared, 2, "manual", {"sbd": "002", "component": "theory", **papers, **hashes}, two=True)


@pytest.mark.parametrize(
    "forged",
    [
        result_of_another,
        correction_of_another,
        correction_of_the_main_stations_entry,
        lifted,
        by_hand,
    ],
)
def test_a_part_writes_of_its_own_candidates_only(tmp_path: Path, forged: Callable[[Shared], None]) -> None:
    shared = Shared.divided(tmp_path, "001-003,004-006")
    shared.attend(1, "001")
    shared.attend(1, "002", Verdict.REFUSE, ("refused",))
    shared.attend(2, "004")
    incident = {"incident": f"I-{shared.main.session_id}-01", "code": "impersonation", "sbd": "001"}
    enter(shared, 1, "incident", {**incident, "consequence": "suspended"}, two=True)
    enter(shared, 1, "result", {"sbd": "001", **FAILED})
    forged(shared)
    store = shared.stores[0]
    merged = merge_parts(store, shared.main, [shared.pack(2, tmp_path)], operator=OPERATOR)
    assert "other-part" in [row.what for row in merged.conflicts]
    session = load_session(store, shared.main.session_id)
    board, results = Board(store, session), read_progress(store, session).log.results
    assert [str(board.standing(sbd).state) for sbd in ("001", "002", "004")] == [
        "suspended",
        "refused",
        "admitted",
    ]
    assert all(found.values["outcome"] == "failed" for found in results.values())
    assert ("001", "theory") in results


@pytest.mark.parametrize(
    "line", [b"not json", b"[]", b"{}", b"{", b"\xff", b'{"kind":"attempt"}', b"[" * 9_999]
)
def test_evidence_that_is_no_part_is_a_coded_error(tmp_path: Path, line: bytes) -> None:
    shared = Shared.divided(tmp_path, "001-003,004-006")
    store, name = shared.stores[0], shared.main.session_id
    body = {"session": name, "part": 2, "part_origin": "x", "size": 1, "root": "00" * 32, "entries": 1}
    body |= {"pack_sha256": "00" * 32, "double": [], "conflicts": []}
    store.append("merge", body, {"part": line + b"\n"}, operator=OPERATOR)
    with pytest.raises(StoreAlteredError):
        session_entries(store, name)
