"""The forgetful disk itself: what it must keep, what it may lose, and the control that shows that it does lose."""

from __future__ import annotations

import os
import random
import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sessions.engine import connect
from sessions.files import make_private_dir, write_private
from sessions.opening import configure, create_schema
from tests.faults.cut_vfs import Library
from tests.faults.disk import DIRECTORY, Record, State, Sync, SyncNames, Write
from tests.faults.recorder import Recorder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the recorder looks into /proc")
KEY = bytes(range(32))
CUTS = 40


def cut_states(record: Record, tmp_path: Path, count: int = CUTS) -> list[tuple[int, Path]]:
    """Return moments and the directories that a cut at each of them leaves."""
    rng = random.Random(5)
    found = []
    for number in range(count):
        moment = rng.randrange(len(record.events) + 1)
        folder = tmp_path / f"cut-{number}"
        record.cut(moment, rng).write(folder)
        found.append((moment, folder))
    return found


def kept_rows(path: Path) -> set[int]:
    """Return the rows that are there after the restart; without so much as the table, none."""
    with closing(connect(path, KEY).conn) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert conn.execute("PRAGMA cipher_integrity_check").fetchall() == []
        if not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'entries'").fetchall():
            return set()
        return {row[0] for row in conn.execute("SELECT seq FROM entries").fetchall()}


def test_what_was_synced_stays_and_the_rest_is_chance() -> None:
    start = State(names={"a": 0}, contents={0: bytearray(b"old" * 600)})
    events = [Write(0, 0, b"new" * 600), Sync(0), Write(0, 0, b"odd" * 600)]
    record = Record(start=start, events=list(events))
    rng = random.Random(1)
    ends = {bytes(record.cut(3, rng).contents[0]) for _ in range(200)}
    assert b"new" * 600 in ends
    assert b"odd" * 600 in ends
    assert len(ends) > 20
    assert not any(b"old" in end for end in ends)
    assert {bytes(record.cut(2, rng).contents[0]) for _ in range(50)} == {b"new" * 600}


def test_a_name_without_a_synced_directory_may_be_gone(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with recorder.active():
        make_private_dir(tmp_path / "inner")
        write_private(tmp_path / "inner" / "file", b"x" * 2000)
        recorder.mark("written")
    record = recorder.record
    assert record.marks(len(record.events)) == [("written",)]
    rng = random.Random(2)
    states = [record.cut(len(record.events), rng) for _ in range(60)]
    assert {dict(state.reachable()).get("inner") for state in states} == {DIRECTORY}
    for state in states:
        assert bytes(state.contents[state.names["inner/file"]]) == b"x" * 2000


def test_a_replaced_file_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    write_private(tmp_path / "file", b"old" * 700)
    recorder = Recorder(tmp_path)
    with recorder.active():
        write_private(tmp_path / "file", b"new" * 700)
    record, rng = recorder.record, random.Random(3)
    seen = set()
    for _ in range(300):
        moment = rng.randrange(len(record.events) + 1)
        state = record.cut(moment, rng)
        seen.add(bytes(state.contents[state.names["file"]]))
    assert seen == {b"old" * 700, b"new" * 700}


def test_a_file_that_nobody_synced_is_torn(tmp_path: Path) -> None:
    """A positive control: the same without fsync is neither the old file nor the new one."""
    recorder = Recorder(tmp_path)
    with recorder.active():
        (tmp_path / "draft").write_bytes(b"new" * 700)
        (tmp_path / "draft").replace(tmp_path / "file")
        descriptor = os.open(tmp_path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    assert any(isinstance(event, SyncNames) for event in recorder.record.events)
    states = [recorder.record.cut(len(recorder.record.events), random.Random(n)) for n in range(60)]
    assert len({bytes(state.contents.get(state.names["file"], b"")) for state in states}) > 5


@pytest.mark.parametrize(("synchronous", "loses"), [("FULL", False), ("NORMAL", True)])
def test_rows_of_the_plain_schema(tmp_path: Path, synchronous: str, loses: bool) -> None:
    """The control: with synchronous=NORMAL acknowledged rows are lost, or this harness proves nothing."""
    root = tmp_path / "live"
    root.mkdir()
    recorder = Recorder(root)
    library = Library(
        recorder=recorder, replace={"PRAGMA synchronous = FULL": f"PRAGMA synchronous = {synchronous}"}
    )
    with library.installed(), recorder.active():
        with closing(connect(root / "station.db", KEY).conn) as _:
            pass
        db = connect(root / "station.db", KEY)
        with closing(db.conn):
            configure(db)
            create_schema(db)
            recorder.mark("made")
            for seq in range(30):
                row = (seq, "incident", None, None, bytes([seq]) * 3000)
                db.conn.execute(
                    "INSERT INTO entries (seq, kind, session, attempt, body) VALUES (?, ?, ?, ?, ?)", row
                )
                recorder.mark("row", seq)
    lost = 0
    for moment, folder in cut_states(recorder.record, tmp_path):
        said = recorder.record.marks(moment)
        if ("made",) not in said:
            shutil.rmtree(folder)
            continue
        lost_here = {what[1] for what in said if what[0] == "row"} - kept_rows(folder / "station.db")
        lost += len(lost_here)
    assert (lost > 0) == loses
