"""The database takes nothing while a candidate stands at the desk: nothing is shown, lost or doubled."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from sessions.store import Store
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


def test_an_attempt_whose_beginning_cannot_be_recorded_does_not_begin(
    home: Path, training_session: str, hopper_frames: Path
) -> None:
    before = size_of_log()
    with write_lock(home / "training"):
        ran = check_in(training_session, hopper_frames)
    require_valid("check-in", ran.json)
    assert (ran.status, ran.json["verdict"], ran.json["entry"]) == (1, "REFER", None)
    assert ran.json["reasons"][0]["code"] == "store-busy"
    assert {check["outcome"] for check in ran.json["checks"].values()} == {"not-performed"}
    assert "Traceback" not in ran.err
    proctor("session", "show", training_session)
    assert size_of_log() == before
    assert check_in(training_session, hopper_frames).json["verdict"] == "ADMIT"


def test_an_attempt_that_cannot_be_recorded_is_kept_and_entered_once(
    home: Path, training_session: str, hopper_frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = size_of_log()
    begin = Store.begin_attempt
    with ExitStack() as stack:

        def begin_and_lock(store: Store, *arguments: Any, **named: Any) -> Any:
            receipt = begin(store, *arguments, **named)
            stack.enter_context(write_lock(home / "training"))
            return receipt

        monkeypatch.setattr(Store, "begin_attempt", begin_and_lock)
        ran = check_in(training_session, hopper_frames)
    monkeypatch.undo()
    monkeypatch.setenv("PROCTOR_HOME", str(home))
    require_valid("check-in", ran.json)
    assert (ran.status, ran.json["verdict"], ran.json["entry"]) == (1, "REFER", None)
    assert ran.json["reasons"][0]["code"] == "store-busy"
    assert "Traceback" not in ran.err
    shown = proctor("session", "show", training_session, "--json").json
    assert size_of_log() == before + 2  # begun, and entered when the log was opened next
    row = next(row for row in shown["roll"] if row["candidate"] == "001")
    assert (row["state"], row["reasons"]) == ("referred", ["record-late"])
    proctor("session", "show", training_session)
    assert size_of_log() == before + 2
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
