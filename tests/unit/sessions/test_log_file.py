"""The copies that verifying makes: private, and gone with the next run after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sessions.log_file import readable, remove_leftovers

_HOLD = """
import sys, time
from pathlib import Path
from sessions.log_file import readable
with readable(Path(sys.argv[1])) as copy:
    print(copy, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "station.db"
    path.write_bytes(b"database")
    path.with_name("station.db-wal").write_bytes(b"log")
    return path


@contextmanager
def verifying(log: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that holds a copy; yields it and the copy's folder."""
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(log)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip()).parent
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()


def aged(folder: Path, seconds: float) -> Path:
    """Make a folder, and what lies in it, look older."""
    at = time.time() - seconds
    for path in (*folder.iterdir(), folder):
        os.utime(path, (at, at))
    return folder


def test_a_copy_is_private_and_goes(log: Path, temporary: Path) -> None:
    with readable(log) as copy:
        assert copy.parent.parent == temporary
        assert copy.parent.stat().st_mode & 0o077 == 0
        assert copy.read_bytes() == b"database"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("wal", [True, False])
def test_what_a_killed_run_left_goes_with_the_next_run(log: Path, temporary: Path, wal: bool) -> None:
    with verifying(log) as (_, folder):
        pass
    assert (folder / "log.db").exists()
    aged(folder, 1)
    if not wal:
        log.with_name("station.db-wal").unlink()
    with readable(log):
        assert not folder.exists()
    assert list(temporary.iterdir()) == []


def test_a_copy_that_is_in_use_stays_however_old(log: Path, temporary: Path) -> None:
    with verifying(log) as (_, folder):
        aged(folder, 100_000)
        remove_leftovers(temporary, now=time.time())
        assert (folder / "log.db").exists()


def test_only_folders_of_this_program_and_user_go(
    log: Path, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, old, other = (temporary / name for name in ("proctor-verify-a", "proctor-verify-b", "other"))
    for folder in (fresh, old, other):
        folder.mkdir()
        (folder / "log.db").write_bytes(b"")
    aged(old, 3_700)
    aged(other, 3_700)
    (temporary / "proctor-verify-c").write_bytes(b"")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").write_bytes(b"")
    aged(elsewhere, 3_700)
    (temporary / "proctor-verify-d").symlink_to(elsewhere)
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: 12_345)
        remove_leftovers(temporary, now=time.time())
        assert old.exists()
    remove_leftovers(temporary, now=time.time())
    assert not old.exists()  # of a version that took no lock
    assert all(path.exists() for path in (fresh, other, temporary / "proctor-verify-c", elsewhere / "lock"))
