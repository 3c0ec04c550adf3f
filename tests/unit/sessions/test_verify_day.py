"""What a day's entries say of each other: lots, places, ways in and out. Both verifiers find it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sessions.course.allocation import allocate
from sessions.course.draw import make_draw
from sessions.key_slots import KeySlots
from sessions.log_file import opened
from sessions.rows_export import export_rows
from tests import second_verifier
from tests.support.exceptions import ADMIT, Sitting
from tests.support.sessions_station import Bench


def drawn(sitting: Sitting, *among: str) -> None:
    head = sitting.store.head()
    body = make_draw(
        among, 1, size=head.size, root=head.root, random_bytes=bytes, component="theory"
    ).as_body()
    sitting.entry("draw", {"component": "theory", **body})


def placed(sitting: Sitting, *sbds: str) -> None:
    body = allocate(((sbds,),), ("P1", "P2"), 24, seed=bytes(32)).as_body()
    sitting.entry("allocation", {"component": "theory", **body})


def by_hand_left_out(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    sitting.manual("002")
    drawn(sitting, "001")


def excused_elsewhere(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    sitting.attempt(ADMIT, sbd="002")
    sitting.entry("incident", {"code": "health", "sbd": "002", "component": "road"})
    drawn(sitting, "001")


def placed_late(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    placed(sitting, "001", "002", "003")


def not_placed(sitting: Sitting) -> None:
    placed(sitting, "002", "003")
    sitting.attempt(ADMIT)


def too_many(sitting: Sitting) -> None:
    placed(sitting, *(f"{number:03d}" for number in range(1, 40)))


def back_without_out(sitting: Sitting) -> None:
    sitting.attempt(ADMIT)
    sitting.entry("re-entry", {"sbd": "001", "outcome": "admitted", "component": "theory"})


def let_in_with_a_failed_check(sitting: Sitting) -> None:
    sitting.attempt(ADMIT, sbd="002")
    sitting.attempt(ADMIT, checks={"pa-trusted": "failed"})


def let_in_without_what_the_session_asks_for(sitting: Sitting) -> None:
    sitting.attempt(ADMIT, sbd="002")
    sitting.attempt(ADMIT, checks={"pad-turn": "not-performed"})


def honest(sitting: Sitting) -> None:
    placed(sitting, "001", "002", "003")
    sitting.attempt(ADMIT, checks={"pad-model": "not-performed", "face-search": "not-performed"})
    sitting.entry("exit", {"sbd": "001", "reason": "toilet", "component": "theory"})
    sitting.entry("re-entry", {"sbd": "001", "outcome": "admitted", "component": "theory"})
    sitting.manual("002")
    drawn(sitting, "001", "002")


CASES: dict[Callable[[Sitting], None], str | None] = {
    by_hand_left_out: "among",
    excused_elsewhere: "among",
    placed_late: "component",
    not_placed: "sbd",
    too_many: "groups",
    back_without_out: "sbd",
    let_in_without_what_the_session_asks_for: "checks",
    let_in_with_a_failed_check: "checks",
    honest: None,
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_day_cannot_have_been(tmp_path: Path, case: Callable[[Sitting], None]) -> None:
    bench = Bench(path=tmp_path / "station.db").made()
    with bench.create() as store:
        case(Sitting(store))
    reports = [bench.verify(full=full) for full in (True, False)]
    with opened(bench.path, bench.bundle.database_key) as connection:
        lines = list(export_rows(connection, KeySlots(bench.path.parent / "keys" / "evidence.slots", None)))
    second = second_verifier.verify(lines, pins=[key.encode() for key in bench.pins.keys])
    for report in reports:
        fields = [found.facts["field"] for found in report.findings if found.code == "log-altered-event"]
        assert fields == ([] if CASES[case] is None else [CASES[case]]), report.findings
        assert second["code"] == report.code
