"""The station's talk with witnesses over TLS on loopback: cosignatures, pins, alarms, rotations, shreds, worker."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from proctor.witness.client import WitnessClient
from proctor.witness.cosigning import CosignWorker, Exchange, left_entry, push
from proctor.witness.errors import (
    WitnessAheadError,
    WitnessAnswerError,
    WitnessForkError,
    WitnessKeyRefusedError,
    WitnessPinError,
    WitnessUnknownLogError,
    WitnessUnreachableError,
)
from sessions.checkpoint import Signer, parse_note
from sessions.cosignature import Kind, verify_line
from sessions.errors import NoteFormatError
from sessions.record import Second
from sessions.store import Store
from sessions.witnesses import Witness, cosigners_of
from tests.support.sessions_station import OPERATOR, ORIGIN, Bench
from tests.support.witness import NOW, Host, hosted, make_folder, wait_for

SECOND = Second(user_id="nv02", role="chairman")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "station").mkdir()
    return Bench(path=tmp_path / "station" / "station.db")


@pytest.fixture
def store(bench: Bench) -> Iterator[Store]:
    with bench.create() as opened:
        yield more(opened, 5)


@pytest.fixture
def host(tmp_path: Path, bench: Bench) -> Iterator[Host]:
    with hosted(make_folder(tmp_path / "w1")) as found:
        yield found.trust(bench.bundle.signer(ORIGIN))


def more(store: Store, count: int = 1) -> Store:
    for _ in range(count):
        store.append("view", {"what": "list"}, operator=OPERATOR)
    return store


@pytest.fixture
def exchange() -> Iterator[Callable[..., Exchange]]:
    """Makes an exchange whose connection is closed when the test ends."""
    with ExitStack() as stack:

        def make(store: Store, witness: Witness, deadline_s: float = 5.0) -> Exchange:
            return Exchange(store, stack.enter_context(WitnessClient(witness, deadline_s=deadline_s)))

        yield make


def test_a_witness_signs_every_head_it_is_asked_for(store: Store, host: Host, exchange) -> None:
    talk = exchange(store, host.witness())
    for _ in range(4):
        head = store.head()
        found = talk.cosign(head)
        assert verify_line(found.line, head.text, host.folder.key) == found
        more(store, 3)
    with host.memory() as memory:
        assert [found.head.size for found in memory.all_signed()] == [6, 9, 12, 15]


def test_a_new_connection_asks_how_far_the_witness_is(store: Store, host: Host, exchange) -> None:
    exchange(store, host.witness()).cosign(store.head())
    more(store, 2)
    exchange(store, host.witness()).cosign(store.head())
    with host.memory() as memory:
        assert memory.last(ORIGIN).head == store.head()
        assert memory.notices() == ()


def test_push_keeps_what_is_good(tmp_path: Path, store: Store, bench: Bench, host: Host) -> None:
    pq = make_folder(tmp_path / "w2", kind=Kind.ML_DSA_44, name="witness.example/w2")
    with hosted(pq) as second:
        second.trust(bench.bundle.signer(ORIGIN))
        witnesses = (host.witness(required=True), second.witness())
        outcomes = push(store, witnesses)
        push(store, witnesses)
    assert [found.error for found in outcomes] == [None, None]
    assert len(store.cosignatures(store.head().size)) == 2
    note = parse_note(store.note())
    assert len(note.signatures) == 3
    found = cosigners_of(store.head(), store.cosignatures(store.head().size), witnesses)
    assert {signed.name for signed in found.signed} == {host.folder.key.name, pq.key.name}
    assert found.complete
    assert push(store, ()) == ()


def test_push_ends_in_time_whatever_witnesses_do(store: Store, host: Host) -> None:
    """One is not there, one takes the connection and says nothing, one is good."""
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as gone:
        gone_port = gone.getsockname()[1]
        gone.close()
        dead = [_at(host, mute.getsockname()[1]), _at(host, gone_port)]
        begun = time.monotonic()
        outcomes = push(store, (*dead, host.witness()), deadline_s=1.0)
        assert time.monotonic() - begun < 4
    assert [type(found.error) for found in outcomes[:2]] == [WitnessUnreachableError] * 2
    assert outcomes[2].error is None
    assert len(store.cosignatures(store.head().size)) == 1


def _at(host: Host, port: int) -> Witness:
    return Witness(key=host.folder.key, address=f"https://127.0.0.1:{port}", tls_pin=host.folder.tls_pin)


def test_another_certificate_gets_nothing(store: Store, host: Host, exchange) -> None:
    with pytest.raises(WitnessPinError) as caught:
        exchange(store, host.witness(pin="00" * 32)).cosign(store.head())
    assert caught.value.conclusive
    with host.memory() as memory:
        assert memory.heads() == ()


def test_an_unknown_station_and_an_unknown_key(tmp_path: Path, store: Store, exchange) -> None:
    with hosted(make_folder(tmp_path / "w3")) as host:
        with pytest.raises(WitnessUnknownLogError):
            exchange(store, host.witness()).cosign(store.head())
        host.trust(Signer(ORIGIN, bytes(32)))
        with pytest.raises(WitnessKeyRefusedError):
            exchange(store, host.witness()).cosign(store.head())


def test_a_database_put_back_is_found_by_the_witness(tmp_path: Path, bench: Bench, host: Host) -> None:
    with bench.create() as store:
        more(store, 4)
    before = {path: path.read_bytes() for path in bench.path.parent.rglob("*") if path.is_file()}
    with bench.open() as store:
        push(more(store, 3), [host.witness()])
    for path, data in before.items():
        path.write_bytes(data)
    (bench.path.parent / "station.db-wal").unlink(missing_ok=True)
    with bench.open() as store:
        (outcome,) = push(store, [host.witness()])
        assert isinstance(outcome.error, WitnessAheadError)
        assert outcome.alarm
        assert (outcome.error.facts["theirs"], outcome.error.facts["ours"]) == (8, 5)
        (outcome,) = push(more(store, 3), [host.witness()])
        assert isinstance(outcome.error, WitnessForkError)
        (outcome,) = push(more(store, 3), [host.witness()])
        assert isinstance(outcome.error, WitnessForkError)
    with host.memory() as memory:
        kinds = [notice.kind for notice in memory.notices()]
        assert sorted(kinds) == ["behind", "fork", "inconsistent"]
        assert memory.last(ORIGIN).head.size == 8


def test_a_rotated_key_is_told_to_the_witness(store: Store, host: Host, exchange) -> None:
    exchange(store, host.witness()).cosign(store.head())
    more(store, 2)
    for seed in (bytes([1]) * 32, bytes([2]) * 32):
        body = {"custody": "file", "reason": "x"}
        store.rotate_key(Signer(ORIGIN, seed), body, operator=OPERATOR, second=SECOND)
        more(store, 2)
    talk = exchange(store, host.witness())
    talk.cosign(store.head())
    more(store)
    talk.cosign(store.head())
    with host.memory() as memory:
        assert [row.how for row in memory.key_rows(ORIGIN)] == ["pinned", "rotated", "rotated"]
        assert memory.last(ORIGIN).head == store.head()
        assert memory.notices() == ()


def test_a_rotation_of_an_epoch_that_was_left_is_told_too(
    bench: Bench, store: Store, host: Host, exchange
) -> None:
    """The witness was away at the rotation, and sees the station again in its next epoch, under the new key."""
    exchange(store, host.witness()).cosign(store.head())
    body = {"custody": "file", "reason": "x"}
    store.rotate_key(Signer(ORIGIN, bytes([1]) * 32), body, operator=OPERATOR, second=SECOND)
    more(store, 2)
    store.begin_epoch(reason="x", operator=OPERATOR, second=SECOND, path=bench.path)
    talk = exchange(more(store), host.witness())
    talk.cosign(store.head())
    with host.memory() as memory:
        assert memory.last(f"{ORIGIN}/2").head == store.head()
        assert [notice.kind for notice in memory.notices()] == ["epoch"]


def begin_epoch(store: Store, bench: Bench) -> None:
    store.begin_epoch(reason="x", operator=OPERATOR, second=SECOND, path=bench.path)


def kinds(host: Host) -> list[tuple[str, bool]]:
    with host.memory() as memory:
        return [(notice.kind, notice.alarm) for notice in memory.notices()]


def test_epochs_the_witness_missed_are_shown_one_after_the_other(
    bench: Bench, store: Store, host: Host, exchange
) -> None:
    exchange(store, host.witness()).cosign(store.head())
    for _ in range(3):
        begin_epoch(more(store, 2), bench)
    exchange(more(store), host.witness()).cosign(store.head())
    with host.memory() as memory:
        assert memory.last(f"{ORIGIN}/4").head == store.head()
    assert sorted(kinds(host)) == [*[("epoch", False)] * 3, ("epoch-skipped", False)]


def test_a_new_connection_tells_rotations_of_long_ago_without_an_alarm(
    bench: Bench, store: Store, host: Host, exchange
) -> None:
    """Whatever a witness has seen is not shown to it again: it would look like an older copy."""
    body = {"custody": "file", "reason": "x"}
    store.rotate_key(Signer(ORIGIN, bytes([1]) * 32), body, operator=OPERATOR, second=SECOND)
    exchange(more(store), host.witness()).cosign(store.head())
    store.rotate_key(Signer(ORIGIN, bytes([2]) * 32), body, operator=OPERATOR, second=SECOND)
    exchange(more(store), host.witness()).cosign(store.head())
    begin_epoch(store, bench)
    exchange(more(store), host.witness()).cosign(store.head())
    store.rotate_key(Signer(f"{ORIGIN}/2", bytes([3]) * 32), body, operator=OPERATOR, second=SECOND)
    exchange(more(store), host.witness()).cosign(store.head())
    assert kinds(host) == [("epoch", False)]


@pytest.mark.parametrize(("lost", "kind"), [(3, "epoch-unproven"), (8, "epoch-behind")])
def test_a_station_put_back_goes_on_in_a_new_epoch_under_an_alarm(
    bench: Bench, host: Host, exchange, lost: int, kind: str
) -> None:
    with bench.create() as store:
        more(store, 4)
    before = {path: path.read_bytes() for path in bench.path.parent.rglob("*") if path.is_file()}
    with bench.open() as store:
        push(more(store, lost), [host.witness()])
    for path, data in before.items():
        path.write_bytes(data)
    (bench.path.parent / "station.db-wal").unlink(missing_ok=True)
    with bench.open() as store:
        begin_epoch(store, bench)
        if lost == 3:
            more(store, 6)
        exchange(store, host.witness()).cosign(store.head())
        exchange(more(store, 5), host.witness()).cosign(store.head())
        with host.memory() as memory:
            assert memory.last(f"{ORIGIN}/2").head == store.head()
    assert kinds(host) == [(kind, True)]


def test_two_histories_of_a_later_epoch_are_a_fork(bench: Bench, host: Host) -> None:
    with bench.create() as store:
        begin_epoch(more(store, 4), bench)
    before = {path: path.read_bytes() for path in bench.path.parent.rglob("*") if path.is_file()}
    with bench.open() as store:
        push(more(store, 3), [host.witness()])
    for path, data in before.items():
        path.write_bytes(data)
    (bench.path.parent / "station.db-wal").unlink(missing_ok=True)
    with bench.open() as store:
        (outcome,) = push(store, [host.witness()])
        assert isinstance(outcome.error, WitnessAheadError)
        for _ in range(2):
            (outcome,) = push(more(store, 3), [host.witness()])
            assert isinstance(outcome.error, WitnessForkError)


def test_shreds_are_left_with_the_witness(store: Store, host: Host, exchange) -> None:
    targets = {"scope": "session", "reason": "x", "targets": []}
    store.append("shred", targets, operator=OPERATOR, second=SECOND)
    (outcome,) = push(more(store), [host.witness()])
    assert outcome.unleft is None
    talk = exchange(store, host.witness())
    talk.leave_shreds(store.head())
    store.append("shred", targets, operator=OPERATOR, second=SECOND)
    talk.cosign(store.head())
    talk.leave_shreds(store.head())
    client = WitnessClient(host.witness())
    left = client.left(store.station)
    assert [entry.seq for entry in left] == [6, 8]
    for entry in left:
        assert entry.body == store.body(entry.seq)
        assert entry.verify(_key(store))["kind"] == "shred"
    note = client.last_note(store.origin)
    assert note is not None
    assert verify_line(note.rstrip("\n").split("\n")[-1], store.head().text, host.folder.key)
    assert client.last_note("proctor.real/00000000") is None
    assert left_entry(store, 6, store.head()).verify(_key(store))["seq"] == 6
    client.close()


def _key(store: Store):
    return store._signer.key


# -- a witness that plays tricks -------------------------------------------------------------------


def scripted(folder, replies: list[bytes], **other):
    """A TLS server with a witness's own certificate that answers each connection with raw octets."""
    context = folder.server_context(folder.unlock(None))
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for reply in replies:
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as sock:
                    asked = b""
                    while not asked.endswith(b"=\n"):
                        asked += sock.recv(65_536)
                    for start in range(0, len(reply), other.get("step", 65_536)):
                        sock.sendall(reply[start : start + other.get("step", 65_536)])
                        time.sleep(other.get("pause", 0))
            except OSError:
                continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return listener


def http(status: int, body: bytes, kind: str = "text/plain") -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (http(200, b""), WitnessAnswerError),
        (http(200, b"\xff\xfe\n"), WitnessAnswerError),
        (http(200, "— witness.example/other AAAAAAAA\n".encode()), WitnessAnswerError),
        (http(200, "— witness.example/w1 AAAAAAAA\n".encode()), WitnessAnswerError),
        (http(200, b"no line\n" * 1000), WitnessAnswerError),
        (http(500, b"x"), WitnessAnswerError),
        (http(301, b"x"), WitnessAnswerError),
        (http(409, b"-1\n", "text/x.tlog.size"), WitnessAnswerError),
        (http(409, b"9" * 40 + b"\n", "text/x.tlog.size"), WitnessAnswerError),
        (http(409, b"0\n", "text/x.tlog.size"), WitnessAnswerError),
        (http(409, b"x"), WitnessForkError),
        (http(422, b"x"), WitnessForkError),
        (b"HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n", WitnessUnreachableError),
        (b"\x00" * 50, WitnessUnreachableError),
        (b"", WitnessUnreachableError),
        (b"HTTP/1.1 200 X\r\n" + b"X: " + b"a" * 100_000, WitnessUnreachableError),
    ],
    ids=range(16),
)
def test_answers_that_are_none(
    tmp_path: Path, store: Store, reply: bytes, error: type[Exception], exchange
) -> None:
    folder = make_folder(tmp_path / "trick")
    with scripted(folder, [reply] * 4) as listener:
        witness = Witness(
            key=folder.key, address=f"https://127.0.0.1:{listener.getsockname()[1]}", tls_pin=folder.tls_pin
        )
        with pytest.raises(error):
            exchange(store, witness, 2.0).cosign(store.head())
    assert store.cosignatures(store.head().size) == ()


def test_erasures_that_cannot_be_left_do_not_cost_the_cosignature(
    store: Store, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.witness_store.MAX_LEFT", 0)
    targets = {"scope": "session", "reason": "x", "targets": []}
    store.append("shred", targets, operator=OPERATOR, second=SECOND)
    (outcome,) = push(store, [host.witness()])
    assert outcome.error is None
    assert outcome.unleft is not None
    assert len(store.cosignatures(store.head().size)) == 1


def test_another_witnesss_cosignature_is_not_taken(
    tmp_path: Path, store: Store, host: Host, exchange
) -> None:
    """The right name, another key: the answer of somebody who copied the certificate's key only."""
    folder = make_folder(tmp_path / "trick")
    line = exchange(store, host.witness()).cosign(store.head()).line
    with scripted(folder, [http(200, line.encode() + b"\n")] * 4) as listener:
        witness = Witness(
            key=folder.key, address=f"https://127.0.0.1:{listener.getsockname()[1]}", tls_pin=folder.tls_pin
        )
        with pytest.raises(WitnessAnswerError, match="no-line"):
            exchange(store, witness, 2.0).cosign(store.head())


def test_a_witness_that_drips_ends_at_the_deadline(tmp_path: Path, store: Store, exchange) -> None:
    folder = make_folder(tmp_path / "slow")
    with scripted(folder, [http(200, b"x" * 5_000)], step=1, pause=0.05) as listener:
        witness = Witness(
            key=folder.key, address=f"https://127.0.0.1:{listener.getsockname()[1]}", tls_pin=folder.tls_pin
        )
        begun = time.monotonic()
        with pytest.raises(WitnessUnreachableError):
            exchange(store, witness, 0.6).cosign(store.head())
        assert time.monotonic() - begun < 3


# -- in the background -----------------------------------------------------------------------------


def test_the_worker_follows_the_log(store: Store, host: Host) -> None:
    with CosignWorker(store, [host.witness()]) as worker:
        for _ in range(10):
            more(store)
            worker.kick()
        wait_for(lambda: store.cosignatures(store.head().size))
        (outcome,) = worker.outcomes
        assert outcome.size == store.head().size
        assert outcome.error is None
    with host.memory() as memory:
        assert memory.last(ORIGIN).head == store.head()


def test_the_worker_outlives_a_witness_that_comes_back(tmp_path: Path, store: Store, bench: Bench) -> None:
    folder = make_folder(tmp_path / "w9")
    seen = []
    with ExitStack() as stack:
        with hosted(folder) as first:
            first.trust(bench.bundle.signer(ORIGIN))
            worker = stack.enter_context(CosignWorker(store, [first.witness()], on_outcome=seen.append))
            wait_for(lambda: store.cosignatures(store.head().size))
            port = first.port
        more(store)
        worker.kick()
        wait_for(lambda: any(found.error is not None for found in seen))
        assert worker.outcomes[0].error.code == "witness-unreachable"
        with hosted(folder, port=port):
            wait_for(lambda: store.cosignatures(store.head().size), 15)


def test_the_worker_never_waits_long_to_close(store: Store, host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        worker = CosignWorker(store, [_at(host, mute.getsockname()[1])]).start()
        time.sleep(0.3)
        begun = time.monotonic()
        worker.close()
        assert time.monotonic() - begun < 4
        assert not worker._thread.is_alive()


def test_no_witnesses_no_thread(store: Store) -> None:
    worker = CosignWorker(store, []).start()
    worker.kick()
    assert not worker._thread.is_alive()
    worker.close()
    assert worker.outcomes == ()


@pytest.mark.parametrize(
    "address",
    [
        "http://a",
        "https://",
        "https://a:0",
        "https://a:x",
        "https://u@a",
        "https://a?b",
        "https://a#b",
        "a",
        "https://é",
    ],
)
def test_no_address(host: Host, address: str) -> None:
    with pytest.raises(NoteFormatError):
        Witness(key=host.folder.key, address=address, tls_pin=host.folder.tls_pin)


def test_time_of_the_memory_is_the_witnesss_own(store: Store, host: Host, exchange) -> None:
    found = exchange(store, host.witness()).cosign(store.head())
    assert abs(found.at - time.time()) < 60
    assert NOW > 0
