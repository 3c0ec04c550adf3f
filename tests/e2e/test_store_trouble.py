"""The database takes nothing while a candidate stands at the desk: nothing is shown, lost or doubled."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from tests.support.cli import Ran, proctor
from tests.support.schemas import require_valid


@contextmanager
def write_lock(root: Path) -> Iterator[None]:
    """Somebody else holds the database for writing."""
    key = (root / "keys" / "database.key").read_text().strip()
    connection = dbapi2.connect(str(root / "station.db"), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{key}'\"")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def check_in(session: str, frames: Path) -> Ran:
    return proctor(
        *("check-in", "--session", session, "--reader", "softcard", "--camera", frames, "--json"),
        *("--number", "-"),
        stdin="001099000001",
    )


def size_of_log() -> int:
    report = proctor("log", "verify", "--training", "--json")
    assert report.status == 0, report.out
    found: int = report.json["size"]
    return found


def test_an_attempt_that_cannot_be_recorded_is_kept_and_entered_once(
    home: Path, training_session: str, hopper_frames: Path
) -> None:
    before = size_of_log()
    with write_lock(home / "training"):
        ran = check_in(training_session, hopper_frames)
    require_valid("check-in", ran.json)
    assert (ran.status, ran.json["verdict"], ran.json["entry"]) == (1, "REFER", None)
    assert ran.json["reasons"][0]["code"] == "store-busy"
    assert "Traceback" not in ran.err
    shown = proctor("session", "show", training_session, "--json").json
    assert size_of_log() == before + 1  # entered when the log was opened next
    row = next(row for row in shown["roll"] if row["candidate"] == "001")
    assert (row["state"], row["reasons"]) == ("referred", ["record-late"])
    proctor("session", "show", training_session)
    assert size_of_log() == before + 1
    again = check_in(training_session, hopper_frames)
    assert again.json["verdict"] == "ADMIT"


def test_without_room_no_attempt_begins(
    home: Path, training_session: str, hopper_frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = size_of_log()
    (home / "training" / "reserve.bin").unlink(missing_ok=True)
    usage = type("usage", (), {"free": 0})
    monkeypatch.setattr("sessions.pending.shutil.disk_usage", lambda _path: usage)
    ran = check_in(training_session, hopper_frames)
    assert (ran.status, ran.json["code"]) == (1, "store-full")
    assert size_of_log() == before
