"""The witness's listener: what it answers, and that no client can make it hang or grow."""

from __future__ import annotations

import gc
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.witness.folder import KEY_FILE, SETTINGS, WitnessFolder, spki_pin
from proctor.witness.server import Limits
from sessions.cosignature import Kind, verify_line
from sessions.errors import (
    NoteFormatError,
    RootBusyError,
    SecretTooShortError,
    WitnessFolderError,
    WrongSecretError,
)
from tests.support.sessions_station import CHEAP
from tests.support.witness import NAME, ORIGIN, START, Host, PaperLog, hosted, make_folder, wait_for

QUICK = Limits(
    connections=6, per_address=6, handshake_s=0.5, request_s=0.7, idle_s=30.0, request_bytes=70_000
)


@pytest.fixture
def folder(tmp_path: Path) -> WitnessFolder:
    return make_folder(tmp_path / "witness")


@pytest.fixture
def host(folder: WitnessFolder) -> Iterator[Host]:
    with hosted(folder, limits=QUICK) as found:
        yield found.trust(PaperLog().signer)


def connected(host: Host) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", host.port), timeout=10))


def until_closed(sock: socket.socket, seconds: float = 10.0) -> tuple[bytes, float]:
    """Read until the witness hangs up; return what came and after how long."""
    sock.settimeout(seconds)
    begun, data = time.monotonic(), b""
    try:
        while part := sock.recv(65_536):
            data += part
    except TimeoutError:
        raise AssertionError("the witness keeps the connection") from None
    except OSError:
        pass
    return data, time.monotonic() - begun


def alive(host: Host) -> None:
    assert host.ask("GET", f"/checkpoint?origin={ORIGIN}")[0] in {200, 404}


# -- the protocol ----------------------------------------------------------------------------------


def test_the_statuses_of_tlog_witness(host: Host) -> None:
    log = PaperLog().grown(12)
    status, kind, body = host.ask("POST", "/add-checkpoint", log.request(0, 5))
    assert (status, kind) == (200, "text/plain")
    assert body.endswith(b"\n")
    assert verify_line(body.decode(), log.head(5).text, host.folder.key).name == NAME
    assert host.ask("POST", "/add-checkpoint", log.request(0, 9)) == (409, "text/x.tlog.size", b"5\n")
    fork = log.forked(2, 12)
    assert host.ask("POST", "/add-checkpoint", fork.request(5, 5))[:2] == (409, "text/plain")
    assert host.ask("POST", "/add-checkpoint", fork.request(5, 12))[0] == 422
    assert host.ask("POST", "/add-checkpoint", log.request(13, 12))[0] == 400
    assert host.ask("POST", "/add-checkpoint", b"nonsense")[0] == 400
    stranger = PaperLog(origin="proctor.real/00000000").grown(2)
    assert host.ask("POST", "/add-checkpoint", stranger.request(0))[0] == 404
    forged = PaperLog(seed=bytes(32)).grown(12)
    assert host.ask("POST", "/add-checkpoint", forged.request(5))[0] == 403
    assert host.ask("POST", "/add-checkpoint", log.request(5, 12))[0] == 200
    with host.memory() as memory:
        assert [notice.kind for notice in memory.notices()] == ["fork", "inconsistent"]


def test_places_and_methods(host: Host) -> None:
    assert host.ask("GET", "/")[0] == 404
    assert host.ask("GET", "/add-checkpoint")[0] == 405
    assert host.ask("DELETE", "/entries")[0] == 405
    assert host.ask("POST", "/checkpoint", b"")[0] == 405
    for query in ("", "?x", "?station=a&after=x", "?station=a&after=" + "9" * 30, "?station=" + "a" * 600):
        assert host.ask("GET", f"/entries{query}")[0] == 400, query
    assert host.ask("GET", "/checkpoint?origin=nobody")[0] == 404


def test_what_was_signed_can_be_asked_for(host: Host) -> None:
    log = PaperLog().grown(3)
    host.ask("POST", "/add-checkpoint", log.request(0))
    status, _, body = host.ask("GET", f"/checkpoint?origin={ORIGIN}")
    assert status == 200
    assert body.decode().startswith(log.head().note)
    assert body.decode().count("\u2014") == 2


def test_entries_are_left_and_fetched(host: Host) -> None:
    log = PaperLog().grown(2)
    log.add(json.dumps({"kind": "shred", "origin": ORIGIN, "seq": 2}).encode())
    assert host.ask("POST", "/entries", log.left(2).encode().encode())[0] == 409
    host.ask("POST", "/add-checkpoint", log.request(0))
    assert host.ask("POST", "/entries", log.left(2).encode().encode())[::2] == (200, b"shred\n")
    assert host.ask("POST", "/entries", log.left(1).encode().encode())[0] == 422
    status, kind, body = host.ask("GET", f"/entries?station={ORIGIN}%2F7&after=-1")
    assert (status, kind) == (200, "application/json")
    document = json.loads(body)
    assert document["station"] == ORIGIN
    assert [row["seq"] for row in document["entries"]] == [2]


def test_a_connection_is_kept(host: Host) -> None:
    log = PaperLog().grown(8)
    with connected(host) as sock:
        for size in (2, 4, 8):
            body = log.request(size // 2 if size > 2 else 0, size)
            head = f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            sock.sendall(head + body)
            assert sock.recv(4096).startswith(b"HTTP/1.1 200")


def test_requests_sent_ahead_and_a_client_that_asks_whether_to_go_on(host: Host) -> None:
    one = b"GET /checkpoint?origin=a HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(host) as sock:
        sock.sendall(one * 3)
        data = b""
        while data.count(b"HTTP/1.1 404") < 3:
            data += sock.recv(4096)
        body = PaperLog().grown(1).request(0)
        head = f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        sock.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 100")
        sock.sendall(body)
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")


# -- hostile clients -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
        b"A" * 100_000,
    ],
    ids=range(8),
)
def test_what_is_no_http_ends_the_connection(host: Host, sent: bytes) -> None:
    with connected(host) as sock:
        try:
            sock.sendall(sent)
        except OSError:
            return
        data, seconds = until_closed(sock)
    assert not data or data.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert seconds < 5
    alive(host)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HEAD /checkpoint?origin=a HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 80000\r\n\r\n" + b"x" * 80_000, 413),
        (b"HEAD / HTTP/1.0\r\n\r\n", 404),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /entries HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 400),
    ],
    ids=range(7),
)
def test_no_method_ends_in_a_traceback(
    host: Host, sent: bytes, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with connected(host) as sock:
        sock.sendall(sent)
        sock.settimeout(5)
        data = sock.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d" % status)
    assert not (sent.startswith(b"HEAD") and body)
    gc.collect()  # a task's exception that nobody asked for is told when it is collected
    alive(host)
    assert not [record for record in caplog.records if record.name == "asyncio"]
    assert capfd.readouterr().err == ""


def test_a_kept_connection_outlives_a_head_request(host: Host) -> None:
    with connected(host) as sock:
        for start in (b"HEAD /a", b"GET /a", b"HEAD /a"):
            sock.sendall(start + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(4096).startswith(b"HTTP/1.1 404")


def test_a_fault_of_our_own_is_one_line_and_the_witness_goes_on(
    folder: WitnessFolder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    with hosted(folder, limits=QUICK) as host:
        with monkeypatch.context() as patched:
            patched.setattr("proctor.witness.service.Service.answer", broken)
            with connected(host) as sock:
                sock.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                until_closed(sock)
        alive(host)
    assert capfd.readouterr().err == "internal-error ZeroDivisionError\n"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_too_large_is_cut_off(host: Host, chunked: bool) -> None:
    with connected(host) as sock:
        size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 999999999"
        sock.sendall(b"POST /entries HTTP/1.1\r\nHost: x\r\n" + size + b"\r\n\r\n")
        part = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if chunked else b"x" * 65_536
        try:
            for _ in range(20):
                sock.sendall(part)
        except OSError:
            pass
        data, _ = until_closed(sock)
    assert not data or b" 413 " in data.split(b"\r\n")[0]
    alive(host)


def test_a_client_that_drips_is_cut_off(host: Host) -> None:
    with connected(host) as sock:
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 8:
                sock.sendall(b"G")
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - begun < 5
    alive(host)


def test_a_client_that_never_reads_is_cut_off(folder: WitnessFolder) -> None:
    log = PaperLog()
    for seq in range(40):
        log.add(json.dumps({"kind": "shred", "origin": ORIGIN, "seq": seq, "x": "y" * 60_000}).encode())
    with hosted(folder, limits=QUICK) as host:
        host.trust(log.signer)
        assert host.ask("POST", "/add-checkpoint", log.request(0))[0] == 200
        with host.memory() as memory:
            for seq in range(40):
                memory.keep(log.left(seq), at=1)
        with connected(host) as sock:
            sock.sendall(f"GET /entries?station={ORIGIN} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 20)
            time.sleep(1.5)
            data, _ = until_closed(sock)
            assert len(data) < 20 * 40 * 60_000
        alive(host)


def test_half_open_connections_make_room(host: Host) -> None:
    """Sockets that never speak TLS go after the handshake's deadline; idle ones give way to who comes new."""
    mute = [socket.create_connection(("127.0.0.1", host.port)) for _ in range(QUICK.connections)]
    try:
        wait_for(lambda: _answers(host))
    finally:
        for sock in mute:
            sock.close()
    idle = [connected(host) for _ in range(QUICK.connections)]
    try:
        begun = time.monotonic()
        alive(host)
        assert time.monotonic() - begun < 5
    finally:
        for sock in idle:
            sock.close()


def _answers(host: Host) -> bool:
    try:
        alive(host)
    except OSError:
        return False
    return True


def test_many_at_once_are_served_one_after_the_other(host: Host) -> None:
    """Twenty threads offer two histories: one wins, whole."""
    log = PaperLog().grown(20)
    fork = log.forked(0, 20)
    won: list[tuple[int, bytes]] = []

    def offer(which: PaperLog, size: int) -> None:
        try:
            status, _, _ = host.ask("POST", "/add-checkpoint", which.request(0, size))
        except OSError:
            return
        if status == 200:
            won.append((size, which.head(size).root))

    threads = [
        threading.Thread(target=offer, args=(which, size)) for size in range(1, 11) for which in (log, fork)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


# -- the folder ------------------------------------------------------------------------------------


def test_the_key_is_sealed_by_a_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "w"
    made = WitnessFolder.create(
        path, NAME, kind=Kind.ML_DSA_44, passphrase="mật khẩu mẫu", now=START, cost=CHEAP
    )
    found = WitnessFolder.open(path)
    assert found == made
    assert found.custody == "sealed"
    keys = found.unlock("mật khẩu mẫu")
    assert keys.cosigner.key == found.key
    for wrong in ("another one", None):
        with pytest.raises(WrongSecretError):
            found.unlock(wrong)
    text = (path / KEY_FILE).read_text(encoding="utf-8")
    assert keys.cosigner.seed.hex() not in text
    assert keys.cosigner.seed.hex() not in repr(keys)
    for name in (KEY_FILE, SETTINGS, "witness.db"):
        assert (path / name).stat().st_mode & 0o077 == 0


def test_the_certificate_is_the_pinned_one(folder: WitnessFolder, host: Host) -> None:
    with connected(host) as sock:
        assert spki_pin(sock.getpeercert(binary_form=True)) == folder.tls_pin
        assert sock.version() == "TLSv1.3"
    assert not list(folder.path.glob("tmp*"))  # the key's passing file is gone


def test_what_is_no_folder(tmp_path: Path, folder: WitnessFolder) -> None:
    with pytest.raises(WitnessFolderError, match="not-empty"):
        make_folder(folder.path)
    with pytest.raises(WitnessFolderError):
        WitnessFolder.open(tmp_path)
    with pytest.raises(SecretTooShortError):
        WitnessFolder.create(tmp_path / "short", NAME, kind=Kind.ED25519, passphrase="kurz", now=START)
    with pytest.raises(NoteFormatError):
        make_folder(tmp_path / "named", name="two words")
    assert not (tmp_path / "named").exists()
    other = make_folder(tmp_path / "other")
    (folder.path / KEY_FILE).write_bytes((other.path / KEY_FILE).read_bytes())
    with pytest.raises(WitnessFolderError, match=KEY_FILE):
        folder.unlock(None)


@pytest.mark.parametrize("place", [SETTINGS, KEY_FILE])
def test_every_cut_and_many_changes_of_its_files_are_errors_with_a_code(
    folder: WitnessFolder, place: str
) -> None:
    file = folder.path / place
    data = file.read_bytes()
    for cut in range(0, len(data), 7):
        file.write_bytes(data[:cut])
        with pytest.raises((WitnessFolderError, WrongSecretError)):
            WitnessFolder.open(folder.path).unlock(None)


def test_one_process_serves_a_witness(folder: WitnessFolder) -> None:
    with folder.lock(), pytest.raises(RootBusyError), folder.lock():
        raise AssertionError
