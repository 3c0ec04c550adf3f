"""Power and disk against the store: what was acknowledged is there, once; what was not is not half there."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sessions.errors import StoreAlteredError, StoreFullError, StoreUnreadableError
from sessions.record import Verdict
from tests.support.sessions_station import OPERATOR, Bench, evidence, record

REPO = Path(__file__).parents[2]
ROUNDS = 8


def child_command(bench: Bench, first: int, mode: str) -> list[str]:
    keys = bench.bundle
    seeds = bench.path.with_name("seeds.txt")
    parts = (keys.database_key, keys.evidence_key, keys.signing_seed, keys.seal_pkcs8)
    if not seeds.exists():
        seeds.write_text(" ".join(part.hex() for part in parts), encoding="ascii")
    return [sys.executable, "-m", "tests.faults.store_child", str(bench.path), str(seeds), str(first), mode]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_kill_in_a_loop_loses_no_acknowledged_attempt(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db")
    rng = random.Random(1)
    acknowledged: dict[str, int] = {}
    for round_number in range(ROUNDS):
        command = child_command(bench, round_number * 10_000, "loop")
        with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            wanted = rng.randrange(1, 40)
            lines = []
            for line in child.stdout:
                lines.append(line)
                if len(lines) > wanted:
                    break
            child.kill()
            lines += child.stdout.read().splitlines()
        for line in lines:
            word, *rest = line.split()
            if word == "ack" and len(rest) == 2:
                acknowledged[rest[0]] = int(rest[1])
        assert bench.verify(evidence_key=bench.bundle.evidence_key).ok, round_number
    with bench.open() as store:
        kept = [(entry.body["attempt"], entry.seq) for entry in store.entries("attempt")]
    assert len(acknowledged) >= ROUNDS
    assert len(kept) == len({attempt for attempt, _ in kept})
    assert acknowledged.items() <= dict(kept).items()
    assert len(kept) <= len(acknowledged) + ROUNDS


def test_full_database_frees_nothing_it_cannot_keep(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").filled(2)
    with bench.open() as store:
        execute = store._db.conn.execute
        execute(f"PRAGMA max_page_count = {execute('PRAGMA page_count').fetchone()[0] + 2}")
        with pytest.raises(StoreFullError, match="pending=1"):
            store.append_attempt(record(9), evidence(9, 40_000))
        size = store.head().size
        execute("PRAGMA max_page_count = 1000000")
        receipt = store.append_attempt(record(10), evidence(10))
        assert receipt.seq == size
    with bench.open() as store:
        late = store.attempt("attempt-0009")
        assert late is not None
        assert late.body["verdict"] == Verdict.REFER
        assert [entry.body["attempt"] for entry in store.entries("attempt")].count("attempt-0009") == 1
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok


def test_the_reserve_carries_the_attempt_under_way(tmp_path: Path) -> None:
    """The first commit finds the disk full; freeing the reserve makes room for the second."""
    bench = Bench(path=tmp_path / "station.db").filled(1)
    with bench.open() as store:
        execute = store._db.conn.execute
        execute(f"PRAGMA max_page_count = {execute('PRAGMA page_count').fetchone()[0]}")
        free = store._reserve.free

        def free_and_make_room() -> bool:
            execute("PRAGMA max_page_count = 1000000")
            return free()

        store._reserve.free = free_and_make_room  # type: ignore[method-assign]
        store.append_attempt(record(9), evidence(9, 40_000))
        assert not (tmp_path / "reserve.bin").exists()
        assert not (tmp_path / "pending").exists()
    assert bench.verify().ok


def can_mount() -> bool:
    tool = shutil.which("unshare")
    if tool is None:
        return False
    probe = [tool, "-rm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(sys.platform != "linux" or not can_mount(), reason="needs a private mount namespace")
def test_a_disk_that_really_fills_up(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    bench = Bench(path=tmp_path / "station.db")
    command = child_command(bench, 0, "full")
    command[3] = str(disk / "station.db")
    script = 'mount -t tmpfs -o size=3m tmpfs "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(disk), *command],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    words = [line.split() for line in done.stdout.splitlines()]
    assert words[0] == ["ready"]
    assert words[-1] == ["ok"], done.stdout[-400:]
    assert words[-2][0] == "full"
    assert sum(line[0] == "ack" for line in words) > 5


def test_a_reader_with_another_key_and_a_corrupted_page(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").filled(20)
    with pytest.raises(StoreUnreadableError, match="why=key"):
        bench.open(database_key=bytes(32))
    data = bytearray(bench.path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 + 50] ^= 1
    bench.path.write_bytes(data)
    with pytest.raises(StoreAlteredError):
        bench.open()
    report = bench.verify()
    assert report.first_bad is not None
    assert (report.code, report.first_bad.page) == ("log-altered-page", 3)


def test_store_of_a_read_only_folder(tmp_path: Path) -> None:
    from sessions.errors import StoreError

    bench = Bench(path=tmp_path / "station.db").filled(1)
    with bench.open() as store:
        store._db.conn.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError) as caught:
            store.append_attempt(record(3), {})
        assert caught.value.code == "store-read-only"
        assert caught.value.facts["pending"] == 1
        store._db.conn.execute("PRAGMA query_only = OFF")
        store.append("incident", {}, operator=OPERATOR)
    with bench.open() as store:
        assert store.attempt("attempt-0003") is not None
