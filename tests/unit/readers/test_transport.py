"""Recording, strict replay, and the PC/SC child with a stand-in for pyscard's scard layer."""

import io
import json
import sys
import time

import pytest

from readers.errors import (
    CardLostError,
    CardMuteError,
    NoCardError,
    PcscUnavailableError,
    ReaderBusyError,
    ReaderError,
    ReaderGoneError,
    ReaderNotFoundError,
)
from readers.transport import pcsc, pcsc_framing, pcsc_process
from readers.transport.base import interface_of, is_virtual_reader
from readers.transport.pcsc_framing import Kind
from readers.transport.recording import RecordingConnection, Transcript
from readers.transport.replay import ReplayConnection
from tests.support.readers_fakes import ScriptedConnection

TEXT = "# a comment\n\n> 00A4020C02011E\n< 9000\n> 00B0000004\n! card-lost\n"


def test_replay_and_recording_agree():
    replayed = ReplayConnection(Transcript.load(TEXT), name="r", atr=b"\x3b")
    recording = RecordingConnection(replayed, specimen=True)
    assert recording.transceive(bytes.fromhex("00A4020C02011E")) == b"\x90\x00"
    with pytest.raises(CardLostError):
        recording.transceive(bytes.fromhex("00B0000004"))
    replayed.require_finished()
    assert recording.transcript.dump() == "\n".join(TEXT.splitlines()[2:]) + "\n"
    assert (recording.name, recording.atr) == ("r", b"\x3b")
    recording.close()


def test_replay_is_strict():
    replayed = ReplayConnection(Transcript.load(TEXT))
    with pytest.raises(AssertionError, match="command 1 differs"):
        replayed.transceive(b"\x00\xb0\x00\x00\x04")
    with pytest.raises(AssertionError, match="1 exchanges"):
        replayed.require_finished()
    with pytest.raises(CardLostError):
        replayed.transceive(bytes.fromhex("00B0000004"))
    with pytest.raises(AssertionError, match="beyond"):
        replayed.transceive(b"\x00")


@pytest.mark.parametrize("text", ["< 9000", "> 00\n> 00", "> 00", "> 00\n! boom", "> 00\n? 00"])
def test_broken_transcripts(text):
    with pytest.raises(ValueError, match="transcript"):
        Transcript.load(text)


@pytest.mark.parametrize(
    ("name", "virtual"),
    [
        ("Virtual PCD 00 00", True),
        ("Alcor Micro AU9540 00 00", False),
        ("ACS ACR1252 1S CL Reader PICC 0", False),
        ("VICC Reader 0", True),
    ],
)
def test_virtual_readers(name, virtual):
    assert is_virtual_reader(name) is virtual


def test_frames():
    stream = io.BytesIO()
    pcsc_framing.write(stream, Kind.TRANSMIT, b"\x00\xa4")
    stream.seek(0)
    assert pcsc_framing.read(stream) == (Kind.TRANSMIT, b"\x00\xa4")
    assert pcsc_framing.read(stream) is None
    for broken in (b"\x07\0\0\0\0", b"\x01\xff\xff\xff\xff", b"\x01\0\0\0\x05abc"):
        assert pcsc_framing.read(io.BytesIO(broken)) is None


def test_errors_cross_the_frame():
    error = pcsc_framing.unpack_error(pcsc_framing.pack_error(ReaderBusyError(step="connect")))
    assert isinstance(error, ReaderBusyError)
    assert error.facts == {"step": "connect"}
    assert isinstance(pcsc_framing.unpack_error(b'{"code": "odd", "facts": {}}'), ReaderGoneError)


class FakeScard:
    """Result codes in place of pyscard's C layer."""

    SCARD_SCOPE_USER, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 0, 1, 1, 2
    SCARD_STATE_UNAWARE, SCARD_STATE_UNKNOWN, SCARD_STATE_UNAVAILABLE = 0, 4, 8
    SCARD_STATE_PRESENT, SCARD_STATE_MUTE, SCARD_STATE_UNPOWERED = 0x20, 0x200, 0x400
    SCARD_STATE_EMPTY, SCARD_STATE_EXCLUSIVE, SCARD_STATE_INUSE = 0x10, 0x80, 0x100
    SCARD_LEAVE_CARD, SCARD_RESET_CARD = 0, 1

    def __init__(self, **results):
        self.results = {
            "state": self.SCARD_STATE_PRESENT,
            "names": ["A 00", "B 00"],
            "answer": [0x90, 0],
            **results,
        }
        self.calls = []

    def result(self, step):
        self.calls.append(step)
        return self.results.get(step, 0)

    def SCardEstablishContext(self, _):  # noqa: N802
        return self.result("context"), 1

    def SCardListReaders(self, _, __):  # noqa: N802
        return self.result("list"), self.results["names"]

    def SCardGetStatusChange(self, _, timeout, states):  # noqa: N802
        time.sleep(min(timeout, 20) / 1000)
        return self.result("wait"), [(states[0][0], self.results["state"], b"")]

    def SCardConnect(self, *_):  # noqa: N802
        return self.result("connect"), 7, 2

    def SCardReconnect(self, *_):  # noqa: N802
        return self.result("reset"), 2

    def SCardStatus(self, _):  # noqa: N802
        return self.result("status"), "A 00", 0, 2, [0x3B, 0x80]

    def SCardTransmit(self, *_):  # noqa: N802
        return self.result("transmit"), self.results["answer"]

    def SCardDisconnect(self, _, disposition):  # noqa: N802
        self.calls.append(f"disconnect-{disposition}")

    def SCardReleaseContext(self, _):  # noqa: N802
        self.calls.append("release")


def test_session_connects_resets_and_leaves_the_card():
    scard = FakeScard()
    session = pcsc_process.Session(scard)
    assert session.connect("A 00", 0.1) == ("A 00", b"\x3b\x80")
    assert session.transmit(b"\x00") == b"\x90\x00"
    session.close()
    assert "reset" in scard.calls
    assert scard.calls[-2:] == ["disconnect-0", "release"]


def test_a_card_without_power_needs_no_reset():
    scard = FakeScard(state=FakeScard.SCARD_STATE_PRESENT | FakeScard.SCARD_STATE_UNPOWERED)
    pcsc_process.Session(scard).connect("B 00", 0.1)
    assert "reset" not in scard.calls


def test_a_card_that_was_just_taken_away_is_waited_for():
    """The service still reports the old card: its reset fails, the next try finds the new one."""

    class Stale(FakeScard):
        def SCardReconnect(self, *_):  # noqa: N802
            return (0x8010000C if self.calls.count("connect") < 3 else 0), 2

    scard = Stale()
    assert pcsc_process.Session(scard).connect("A 00", 5.0) == ("A 00", b"\x3b\x80")
    assert scard.calls.count("disconnect-0") == 2


def signed(code):
    return code - (1 << 32)


@pytest.mark.parametrize(
    ("results", "error"),
    [
        ({"list": signed(0x8010002E)}, ReaderNotFoundError),
        ({"list": 0x8010001E}, ReaderGoneError),
        ({"wait": 0x8010000A}, NoCardError),
        ({"wait": 0x80100009}, ReaderNotFoundError),
        ({"state": 0x10}, NoCardError),
        ({"state": 8}, ReaderGoneError),
        ({"state": 0x220}, CardMuteError),
        ({"connect": signed(0x8010000B)}, ReaderBusyError),
        ({"connect": 0x80100066}, CardMuteError),
        ({"connect": 0x80100069}, CardLostError),
        ({"reset": 0x80100069}, CardLostError),
        ({"status": 0x80100017}, ReaderGoneError),
        ({"connect": 0x80109999}, ReaderGoneError),
    ],
)
def test_connect_failures(results, error):
    with pytest.raises(error):
        pcsc_process.Session(FakeScard(**results)).connect("A 00", 0.05)


@pytest.mark.parametrize(
    ("results", "error"),
    [
        ({"answer": []}, CardLostError),
        ({"answer": [0x90]}, CardLostError),
        ({"transmit": signed(0x80100016)}, CardLostError),
        ({"transmit": 0x80100069}, CardLostError),
        ({"transmit": 0x80100017}, ReaderGoneError),
        ({"transmit": 0x80100003}, CardLostError),
    ],
)
def test_transmit_failures(results, error):
    session = pcsc_process.Session(FakeScard(**results))
    with pytest.raises(CardLostError):
        session.transmit(b"\x00")
    session.connect("A 00", 0.1)
    with pytest.raises(error):
        session.transmit(b"\x00")


def test_no_service():
    with pytest.raises(PcscUnavailableError):
        pcsc_process.Session(FakeScard(context=0x8010001D))


@pytest.mark.parametrize(
    ("state", "card"),
    [
        (0x10, "empty"),
        (0x20, "present"),
        (0x120, "in-use"),
        (0xA0, "in-use"),
        (0x220, "mute"),
        (4, "unknown"),
    ],
)
def test_states_of_the_readers(state, card):
    rows = pcsc_process.Session(FakeScard(state=state)).states()
    assert rows == [{"name": name, "card": card, "atr": ""} for name in ("A 00", "B 00")]


def test_a_reader_that_goes_while_it_is_asked():
    rows = pcsc_process.Session(FakeScard(wait=0x80100009)).states()
    assert {row["card"] for row in rows} == {"unknown"}


@pytest.mark.parametrize(
    ("atr", "interface"),
    [
        ("3B8980014D4B6A434F532D333712", "contactless"),
        ("3B9F96C00A31FE45754A6176656C696E2D4F5320312E3051", "contact"),
        ("3B80800101", "contactless"),
        ("3B00", "contact"),
        ("3B898001FF", "contact"),
        ("", "unknown"),
        ("3B", "unknown"),
    ],
)
def test_interfaces(atr, interface):
    assert interface_of(bytes.fromhex(atr)) == interface


def test_busy_is_said_soon(monkeypatch):
    """Another program that holds the card is not waited for as long as a card would be."""
    monkeypatch.setattr(pcsc_process, "_BUSY_PATIENCE_S", 0.3)
    started = time.monotonic()
    with pytest.raises(ReaderBusyError):
        pcsc_process.Session(FakeScard(connect=signed(0x8010000B))).connect("A 00", 30.0)
    assert time.monotonic() - started < 5


def test_a_program_that_lets_go_is_waited_for():
    class Soon(FakeScard):
        def SCardConnect(self, *_):  # noqa: N802
            self.calls.append("connect")
            return (0x8010000B if self.calls.count("connect") < 3 else 0), 7, 2

    assert pcsc_process.Session(Soon()).connect("A 00", 30.0) == ("A 00", b"\x3b\x80")


class OnlyT0(FakeScard):
    """A card that speaks T=0 only: data first, the answer on GET RESPONSE."""

    def SCardConnect(self, _, __, ___, protocol):  # noqa: N802
        self.calls.append(f"connect-{protocol}")
        return (0x8010000F if protocol == self.SCARD_PROTOCOL_T1 else 0), 7, 1

    def SCardReconnect(self, _, __, protocol, ___):  # noqa: N802
        self.calls.append(f"reset-{protocol}")
        return 0, 1

    def SCardTransmit(self, _, protocol, command):  # noqa: N802
        self.calls.append(bytes(command).hex())
        return 0, [0x61, 0x02] if command[1] == 0xA4 else [1, 2, 0x90, 0]


def test_t1_is_asked_for_first_and_t0_taken():
    scard = OnlyT0()
    session = pcsc_process.Session(scard)
    session.connect("A 00", 0.1)
    assert [call for call in scard.calls if "connect-" in call or "reset-" in call] == [
        "connect-2",
        "connect-1",
        "reset-1",
    ]
    assert session.transmit(bytes.fromhex("00A4040C02011C00")) == bytes.fromhex("01029000")
    assert scard.calls[-2:] == ["00a4040c02011c", "00c0000002"]


def test_a_service_that_ends_is_no_lost_card():
    class Ended(FakeScard):
        def SCardTransmit(self, *_):  # noqa: N802
            self.results["list"] = 0x8010001D
            return 0x80100013, []

    session = pcsc_process.Session(Ended())
    session.connect("A 00", 0.1)
    with pytest.raises(ReaderGoneError):
        session.transmit(b"\x00")
    lost = pcsc_process.Session(FakeScard(transmit=0x80100013))
    lost.connect("A 00", 0.1)
    with pytest.raises(CardLostError):
        lost.transmit(b"\x00")


@pytest.mark.parametrize(("wanted", "found"), [("A 00", "A 00"), ("a", "A 00"), ("b 0", "B 00")])
def test_reader_names(wanted, found):
    assert pcsc_process.pick(["A 00", "B 00"], wanted) == found
    for unknown in ("", "C", "00"):
        with pytest.raises(ReaderNotFoundError):
            pcsc_process.pick(["A 00", "B 00"], unknown)


def test_serving_requests():
    requests, answers = io.BytesIO(), io.BytesIO()
    pcsc_framing.write(requests, Kind.LIST)
    pcsc_framing.write(requests, Kind.TRANSMIT, b"\x00")
    pcsc_framing.write(requests, Kind.CONNECT, json.dumps({"reader": "A 00", "wait_s": 0.1}).encode())
    pcsc_framing.write(requests, Kind.TRANSMIT, b"\x00")
    requests.seek(0)
    pcsc_process.serve(pcsc_process.Session(FakeScard()), lambda: pcsc_framing.read(requests), answers)
    answers.seek(0)
    kinds = [pcsc_framing.read(answers)[0] for _ in range(4)]
    assert kinds == [Kind.LISTED, Kind.FAILED, Kind.CONNECTED, Kind.RECEIVED]


def test_a_service_that_stalls_is_said_before_a_card_is_blamed(monkeypatch):
    stalled = (sys.executable, "-c", "import time; time.sleep(60)")
    monkeypatch.setattr(pcsc, "START_DEADLINE_S", 0.5)
    real = pcsc.PcscProcess
    monkeypatch.setattr(pcsc, "PcscProcess", lambda: real(stalled))
    with pytest.raises(PcscUnavailableError) as caught:
        pcsc.connect("any", wait_s=0.1, apdu_deadline_s=0.1)
    assert caught.value.facts == {"reason": "deadline"}


CHILD = """
import sys, time
from readers.transport import pcsc_framing as f
kind, payload = f.read(sys.stdin.buffer)
mode = payload.decode()
if mode == "echo":
    f.write(sys.stdout.buffer, f.Kind.RECEIVED, b"\\x90\\x00")
    f.read(sys.stdin.buffer)
if mode == "mute":
    time.sleep(60)
if mode == "stay":
    f.write(sys.stdout.buffer, f.Kind.RECEIVED, b"")
    time.sleep(60)
if mode == "confused":
    f.write(sys.stdout.buffer, f.Kind.LISTED, b"[]")
if mode == "nonsense":
    sys.stdout.write("hello")
"""


def ask(process, mode, deadline_s=10.0):
    return process.ask(Kind.TRANSMIT, mode.encode(), Kind.RECEIVED, deadline_s=deadline_s, late=CardMuteError)


def child():
    return pcsc.PcscProcess((sys.executable, "-c", CHILD))


def test_child_answers_and_ends():
    with child() as process:
        assert ask(process, "echo") == b"\x90\x00"
    assert process._child.poll() is not None


def test_mute_child_is_killed_at_its_deadline():
    process = child()
    started = time.monotonic()
    with pytest.raises(CardMuteError) as caught:
        ask(process, "mute", deadline_s=1.0)
    assert caught.value.facts == {"reason": "deadline"}
    assert time.monotonic() - started < 10
    assert process._child.poll() is not None
    with pytest.raises(ReaderError):
        ask(process, "echo")
    process.close()


@pytest.mark.parametrize("mode", ["die", "confused", "nonsense"])
def test_broken_child(mode):
    process = child()
    with pytest.raises(ReaderGoneError):
        ask(process, mode)
    process.close()


def test_child_that_does_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(pcsc, "_REAP_S", 0.2)
    process = child()
    assert ask(process, "stay") == b""
    process.close()
    assert process._child.poll() is not None


def test_no_interpreter():
    with pytest.raises(PcscUnavailableError):
        pcsc.PcscProcess(("/nonexistent/python",))


def test_connection_passes_octets_through(monkeypatch):
    class Answering:
        def ask(self, kind, payload, expected, **_):
            return payload[::-1]

        def close(self):
            self.closed = True

    process = Answering()
    with pcsc.PcscConnection(process, name="A", atr=b"\x3b", deadline_s=1) as connection:
        assert connection.transceive(b"\x01\x02") == b"\x02\x01"
    assert process.closed


def test_real_child_without_a_service(monkeypatch, tmp_path):
    """With no pcscd behind the socket both entry points say so, and no child is left behind."""
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "none"))
    if sys.platform != "linux":
        pytest.skip("the socket variable is pcsc-lite's")
    with pytest.raises(PcscUnavailableError):
        pcsc.list_readers()
    with pytest.raises(PcscUnavailableError):
        pcsc.connect("any", wait_s=0.1, apdu_deadline_s=0.1)


def test_recording_needs_no_real_card():
    recording = RecordingConnection(ScriptedConnection(b"\x90\x00"), specimen=True)
    recording.transceive(b"\x00\x01\x02\x03")
    assert recording.transcript.dump() == "> 00010203\n< 9000\n"
