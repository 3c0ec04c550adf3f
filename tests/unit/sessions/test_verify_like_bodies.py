"""Verification reads what decides of every body, though it parses only the first of each shape wholly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.exceptions import FACE_FAILED, REFER, Sitting
from tests.support.sessions_station import Bench


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("by", ["override", "manual"])
def test_an_honest_log_stays_one_after_bodies_of_equal_shape(tmp_path: Path, by: str, full: bool) -> None:
    bench = Bench(path=tmp_path / "station.db").made()
    with bench.create() as store:
        sitting = Sitting(store)
        sitting.refused(FACE_FAILED, times=1 if by == "override" else 2)
        grey = sitting.attempt(REFER, "face-unsure", checks={"face-match": "indeterminate"})
        if by == "override":
            sitting.override(attempt=grey)
        else:
            sitting.manual()
    found = bench.verify(full=full)
    assert found.ok, found.findings
