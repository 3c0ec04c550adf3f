"""A clock that is far ahead of the log erases nothing before somebody looked at another clock."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import proctor.commands.retention as command
from tests.support.cli import Ran, proctor


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = proctor("training", "--headless", "--candidates", "1", "--out", tmp_path / "day", "--json")
    assert made.status == 0, made.err
    return tmp_path / "day"


class Later(datetime):
    """The machine's clock, set forward while it was off."""

    @classmethod
    def now(cls, tz: object = None) -> "Later":
        return cls(2031, 11, 22, tzinfo=UTC)


def run(root: Path, *more: str) -> Ran:
    return proctor(
        *("retention", "run", "--training", "--root", root, "--second", "binh", "--yes", "--json", *more)
    )


@pytest.mark.slow
def test_a_clock_set_forward_erases_nothing_by_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(root).json["entries"] == []
    assert list((root / "packs").iterdir())
    monkeypatch.setattr(command, "datetime", Later)
    stopped = run(root)
    assert stopped.status == 1
    assert stopped.json["code"] == "retention-clock"
    assert stopped.json["facts"]["days"] > 1_000
    checked = run(root, "--clock-checked")
    assert checked.status == 0, checked.err
    assert checked.json["entries"]
    assert not list((root / "packs").iterdir())  # the station's own pack held what went
