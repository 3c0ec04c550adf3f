"""A disk that refuses: each refusal has its code, nothing acknowledged is lost, and the station goes on afterwards."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from sessions.engine import connect
from sessions.errors import (
    KeyFileError,
    StoreAlteredError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreUnreadableError,
)
from sessions.record import Verdict
from sessions.store import Store
from tests.faults.cut_vfs import Library, no_trouble
from tests.faults.desk import Desk
from tests.support.sessions_station import OPERATOR, Bench, evidence, record

REPO = Path(__file__).parents[2]
INCIDENT = {"session": "HL-20261122-01", "code": "noise"}
IO_WRITE, IO_FSYNC, IO_READ = 778, 1034, 266


def trouble_after(
    count: int, operations: set[str], error: Callable[[], Exception]
) -> Callable[[str, str, int], None]:
    """Return a disk that fails from the given operation on, until it is mended."""
    left = count

    def trouble(operation: str, name: str, _amount: int) -> None:
        nonlocal left
        if operation not in operations or name.endswith("-shm"):
            return
        left -= 1
        if left < 0:
            raise error()

    return trouble


def failure(kind: type[apsw.Error], extended: int) -> Callable[[], Exception]:
    """Return what makes such an error, with the code that SQLite's own VFS gives."""

    def made() -> Exception:
        error = kind()
        error.result, error.extendedresult = extended & 0xFF, extended
        return error

    return made


TROUBLES: dict[str, tuple[set[str], Callable[[], Exception], str]] = {
    "full": ({"write"}, failure(apsw.FullError, 13), "store-full"),
    "write error": ({"write"}, failure(apsw.IOError, IO_WRITE), "store-io"),
    "sync error": ({"sync"}, failure(apsw.IOError, IO_FSYNC), "store-io"),
    "read-only": ({"write"}, failure(apsw.ReadOnlyError, 8), "store-read-only"),
}


@pytest.fixture
def library() -> Iterator[Library]:
    if sys.platform == "win32":
        pytest.skip("the VFS is built on POSIX files")
    found = Library()
    with found.installed():
        yield found


@pytest.mark.parametrize("name", sorted(TROUBLES))
@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_a_disk_that_fails_and_is_mended(tmp_path: Path, library: Library, name: str, after: int) -> None:
    """The attempt is set aside while the disk is ill, committed late at the next opening, and nothing else changed."""
    operations, error, code = TROUBLES[name]
    bench = Bench(path=tmp_path / "station.db").filled(2)
    with bench.open() as store:
        size = store.head().size
        library.trouble = trouble_after(after, operations, error)
        problems, made = [], 0
        try:
            for number in range(10, 22):
                try:
                    store.append_attempt(record(number), evidence(number))
                    made += 1
                except StoreError as problem:
                    problems.append((problem.code, problem.facts["pending"]))
        finally:
            library.trouble = no_trouble
        assert set(problems) == {(code, 1)}
        store.append("incident", INCIDENT, operator=OPERATOR)
        assert store.head().size == size + made + 1
    with bench.open() as store:
        entries = store.entries("attempt")
        kept = [entry.body["attempt"] for entry in entries]
        assert sorted(kept) == ["attempt-0000", "attempt-0001", *(f"attempt-{n:04d}" for n in range(10, 22))]
        late = [entry for entry in entries if "late" in entry.body]
        assert len(late) == len(problems)
        assert {entry.body["verdict"] for entry in late} == {Verdict.REFER}
        for entry in entries:
            number = int(entry.body["attempt"][-4:])
            assert store.evidence(entry.seq, "identity") == evidence(number)["identity"]
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok


def test_a_disk_that_cannot_be_read(tmp_path: Path, library: Library) -> None:
    bench = Bench(path=tmp_path / "station.db").filled(3)
    library.trouble = trouble_after(0, {"read"}, failure(apsw.IOError, IO_READ))
    with pytest.raises(StoreError) as caught:
        bench.open()
    assert caught.value.code in {"store-io", "store-cannot-open"}
    library.trouble = no_trouble
    with bench.open() as store:
        assert len(store.entries("attempt")) == 3


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


mounts = pytest.mark.skipif(
    sys.platform != "linux" or not can_mount(), reason="needs a private mount namespace"
)


@mounts
def test_a_disk_that_really_fills_up(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [sys.executable, "-m", "tests.faults.store_child", "full", str(disk)]
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


@mounts
def test_a_file_system_that_becomes_read_only(tmp_path: Path) -> None:
    """Opening says so by a code, writes nothing, and works again when the disk is writable again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    bench = Bench(path=disk / "station.db").filled(2)
    code = (
        "import sys; from pathlib import Path; from sessions.errors import StoreError\n"
        "from tests.support.sessions_station import Bench; from tests.faults.store_child import bundle_of\n"
        "try: Bench(path=Path(sys.argv[1]), bundle=bundle_of(Path(sys.argv[2]))).open()\n"
        "except StoreError as error: print(error.code)\n"
    )
    seeds = tmp_path / "seeds.txt"
    write_seeds(seeds, bench)
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    done = subprocess.run(
        [
            "unshare",
            "-rm",
            "sh",
            "-c",
            script,
            "sh",
            str(disk),
            sys.executable,
            "-c",
            code,
            str(bench.path),
            str(seeds),
        ],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "store-read-only", done
    with bench.open() as store:
        store.append("incident", INCIDENT, operator=OPERATOR)
    assert bench.verify().ok


@mounts
def test_a_disk_without_a_byte_left(tmp_path: Path) -> None:
    """Even opening needs room; it says so, and the log is as it was."""
    disk = tmp_path / "disk"
    disk.mkdir()
    code = (
        "import sys; from pathlib import Path; from sessions.errors import StoreError\n"
        "from tests.support.sessions_station import Bench\n"
        "bench = Bench(path=Path(sys.argv[1]) / 'station.db').filled(2)\n"
        "fill = Path(sys.argv[1]) / 'fill'\n"
        "try:\n"
        "    with fill.open('wb', buffering=0) as out:\n"
        "        while True: out.write(bytes(4096))\n"
        "except OSError: pass\n"
        "try: bench.open()\n"
        "except StoreError as error: print(error.code)\n"
        "fill.unlink()\n"
        "bench.open().close(); print(bench.verify().code)\n"
    )
    script = 'mount -t tmpfs -o size=3m tmpfs "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(disk), sys.executable, "-c", code, str(disk)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == ["store-full", "ok"], done


def write_seeds(path: Path, bench: Bench) -> None:
    from tests.faults.store_child import write_bundle

    write_bundle(path, bench.bundle)


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


def test_each_corrupted_page_stops_the_station_and_a_good_one_lets_it_go_on(tmp_path: Path) -> None:
    """Whatever page is bad: opening works as before or says that the store was altered; restored bytes open again."""
    bench = Bench(path=tmp_path / "station.db").filled(6)
    good = bench.path.read_bytes()
    stopped = 0
    for page in range(len(good) // 4096):
        data = bytearray(good)
        data[page * 4096 + 2_000] ^= 0x40
        bench.path.write_bytes(data)
        assert bench.verify().code == "log-altered-page"
        try:
            Store.open(bench.path, **bench.keys).close()
        except StoreAlteredError:
            stopped += 1
        bench.path.write_bytes(good)
        Path(f"{bench.path}-wal").unlink(missing_ok=True)
    assert stopped >= 3
    with bench.open() as store:
        store.append_attempt(record(7), evidence(7))
    assert bench.verify().ok


@pytest.mark.skipif(sys.platform == "win32", reason="another process's lock, by fcntl")
def test_a_locked_file(tmp_path: Path) -> None:
    """Another writer holds the database: the attempt is set aside by a code, and committed later."""
    bench = Bench(path=tmp_path / "station.db").filled(1)
    other = connect(bench.path, bench.bundle.database_key).conn
    with bench.open(wait_s=0.1) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError) as caught:
            store.append_attempt(record(5), evidence(5))
        assert caught.value.facts["pending"] == 1
        other.execute("ROLLBACK")
        store.append_attempt(record(6), evidence(6))
        other.close()
    with bench.open() as store:
        assert store.attempt("attempt-0005") is not None
    assert bench.verify().ok


def test_a_store_that_may_only_be_queried(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").filled(1)
    with bench.open() as store:
        store._db.conn.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError) as caught:
            store.append_attempt(record(3), {})
        assert caught.value.code == "store-read-only"
        assert caught.value.facts["pending"] == 1
        store._db.conn.execute("PRAGMA query_only = OFF")
        store.append("incident", INCIDENT, operator=OPERATOR)
    with bench.open() as store:
        assert store.attempt("attempt-0003") is not None


def test_a_key_file_that_is_gone_cut_or_another_stations(tmp_path: Path) -> None:
    """Without its keys the station does not write on as if nothing were; put back, it goes on."""
    bench = Bench(path=tmp_path / "station.db").filled(3)
    slots = tmp_path / "keys" / "evidence.slots"
    good = slots.read_bytes()
    for bad in (None, b"", good[:64], good[:100], b"x" + good[1:]):
        if bad is None:
            slots.unlink()
        else:
            slots.write_bytes(bad)
        with pytest.raises(KeyFileError):
            bench.open()
    slots.write_bytes(good)
    with bench.open() as store:
        store.append_attempt(record(8), evidence(8))
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok


def test_the_key_file_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where fresh keys do not reach the disk, an attempt with evidence is refused by a code, and not half made."""
    bench = Bench(path=tmp_path / "station.db").filled(1)
    with bench.open() as store:
        size, real = store.head().size, os.fsync

        def failing(descriptor: int) -> None:
            if "evidence.slots" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
                raise OSError(28, "No space left on device")
            real(descriptor)

        if sys.platform != "linux":
            pytest.skip("looks into /proc")
        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(StoreFullError) as caught:
            store.append_attempt(record(3), evidence(3))
        assert caught.value.facts["pending"] == 1
        assert store.head().size == size
        monkeypatch.setattr(os, "fsync", real)
        store.append_attempt(record(4), evidence(4))
    with bench.open() as store:
        assert store.attempt("attempt-0003") is not None
    assert bench.verify(evidence_key=bench.bundle.evidence_key).ok


def test_the_stdlibs_sqlite_cannot_read_it(tmp_path: Path) -> None:
    bench = Bench(path=tmp_path / "station.db").filled(1)
    plain = sqlite3.connect(bench.path)
    with pytest.raises(sqlite3.DatabaseError):
        plain.execute("SELECT * FROM entries")
    plain.close()


def test_a_torn_memory_demands_no_new_epoch(tmp_path: Path) -> None:
    """What is written to it without a sync may all be torn: the record of the last opening is left."""
    desk = Desk(tmp_path)
    with desk.create() as store:
        for number in range(5):
            desk.check_in(store, number, random.Random(number))
    for place in ("memory/one", "elsewhere/two"):
        with (tmp_path / place).open("r+b") as stream:
            stream.write(b"torn" * 256)
    with desk.open() as store:
        assert len(store.entries("attempt")) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders are POSIX")
def test_a_pending_file_that_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt in it is committed, once, however often the file is met again."""
    bench = Bench(path=tmp_path / "station.db").filled(1)
    with bench.open() as store:
        store._db.conn.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError):
            store.append_attempt(record(3), evidence(3))

    def refused(_path: Path, **_options: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        bench.open().close()
    assert (tmp_path / "pending" / "attempt-0003").exists()
    with bench.open() as store:
        assert [entry.body["attempt"] for entry in store.entries("attempt")] == [
            "attempt-0000",
            "attempt-0003",
        ]
    assert not list((tmp_path / "pending").iterdir())
