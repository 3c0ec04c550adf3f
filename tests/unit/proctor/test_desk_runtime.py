"""The station at work, without a window: software cards, a recorded camera, the table of states, real entries."""

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import cv2
import psutil
import pytest

if sys.platform != "win32":
    import tty

from biometrics.recorded import vary
from biometrics.worker import FaceWorker
from proctor.config import Places
from proctor.desk.attempts import Attempts
from proctor.desk.cards import TRAINING_READER
from proctor.desk.events import (
    OPENING,
    CardUsed,
    CheckDone,
    Device,
    Ended,
    Event,
    Failed,
    Halted,
    Pictures,
    Pressed,
    Progress,
    Scanned,
)
from proctor.desk.machine import step
from proctor.desk.preview import PreviewFrame
from proctor.desk.runtime import StationRuntime, StationSetup
from proctor.desk.state import AskDecision, Effect, Skip, Sound, StartAttempt, State, TellCandidate
from proctor.errors import CommandError
from proctor.present import AccessText
from proctor.roots import OpenRoot, ensure_training_root, open_training
from proctor.softcards import CardWorkshop, MadeCard, open_workshop, specimen_faces
from proctor.texts import load_texts
from readers.cccd.qr import parse_qr
from readers.emrtd.pki.store import TrustStore
from readers.qr.serial import ScannerRuleError
from sessions.closing import close_session
from sessions.record import Verdict
from sessions.roster.csv_roster import read_roster
from sessions.session import Session, create_session
from sessions.vietnam import today
from tests.support.plain_rules import plain_rules

ROSTER = """SBD,Họ và tên,Ngày sinh,Số định danh,Hạng,Phòng
001,Nguyễn Văn Mẫu,15/01/1999,001099000001,B,P1
002,Trần Thị Mẫu,08/03/1999,001199000002,B,P1
003,Lê Văn Mẫu,09/04/1999,001099000003,B,P1
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a camera saw of the specimen whose portrait the cards have."""
    folder = tmp_path_factory.mktemp("film")
    image, face = specimen_faces(("hopper",))["hopper"]
    for number, frame in enumerate(vary(image, seed=3, face=face, frames=6, size=(640, 480))):
        cv2.imwrite(str(folder / f"{number:04d}.png"), frame)
    return folder


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenRoot]:
    home = tmp_path_factory.mktemp("home")
    with open_training(ensure_training_root(Places(home=home).training)) as root:
        yield root


@pytest.fixture(scope="module")
def shop(opened: OpenRoot) -> tuple[CardWorkshop, TrustStore]:
    return open_workshop(opened.root, opened.keys)


@pytest.fixture(scope="module")
def session(opened: OpenRoot) -> Session:
    return create_session(
        opened.store,
        root_kind="training",
        roster=read_roster(ROSTER.encode()),
        rules=plain_rules(),
        component="theory",
        components=(),
        place="Trung tâm Mẫu",
        day=today(),
        operator=opened.require_login().operator,
    )


class AtTheDesk:
    """Somebody at the desk: the table behind the runtime, as the window has it."""

    def __init__(self, runtime: StationRuntime) -> None:
        self.runtime = runtime
        self.state = State.first(str(uuid4()), training=True)
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.shown: list[PreviewFrame] = []

    def poll(self) -> None:
        for event in self.runtime.events():
            self.events.append(event)
            self.state, effects = step(self.state, event)
            for effect in effects:
                self.effects.append(effect)
                mine = self.runtime.perform(effect)
                assert mine is isinstance(
                    effect, StartAttempt | Skip | Sound | TellCandidate
                ) or not isinstance(effect, AskDecision)
        if (picture := self.runtime.preview) is not None:
            self.shown.append(picture)

    def wait(self, until: Callable[[], bool], limit_s: float = 60.0) -> None:
        end = time.monotonic() + limit_s
        while not until():
            assert time.monotonic() < end, self.events[-5:]
            self.poll()
            time.sleep(0.01)

    def forget(self) -> None:
        self.events.clear()
        self.effects.clear()
        self.shown.clear()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def scanner() -> Iterator[tuple[int, str]]:
    """The far end of a scanner's line, and the name of its port; no port where there are no pseudo-terminals."""
    if sys.platform == "win32":
        yield -1, ""
        return
    far, near = os.openpty()
    tty.setraw(near)
    yield far, os.ttyname(near)
    os.close(near)
    os.close(far)


@pytest.fixture(scope="module")
def own_worker() -> Iterator[None]:
    """The worker as it is outside tests: it ends with its desk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proctor.app.FaceWorker", FaceWorker)
        yield


@pytest.fixture(scope="module")
def runtime(
    own_worker: None,
    opened: OpenRoot,
    session: Session,
    shop: tuple[CardWorkshop, TrustStore],
    film: Path,
    scanner: tuple[int, str],
) -> Iterator[StationRuntime]:
    setup = StationSetup(
        camera=str(film), scanner=scanner[1], watch_readers=False, search_stops=False, sounds=False
    )
    made = StationRuntime(opened, session, shop[1], setup, workshop=shop[0])
    threads, files = set(threading.enumerate()), _files()
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    made.start()
    yield made
    began = time.monotonic()
    made.close()
    while not set(threading.enumerate()) <= threads and time.monotonic() - began < 2.0:
        time.sleep(0.005)
    assert set(threading.enumerate()) <= threads
    assert time.monotonic() - began < 2.0
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= children
    assert _files() <= files + 1
    assert gc.isenabled()
    made.close()


def _files() -> int:
    return psutil.Process().num_fds() if os.name == "posix" else 0


@pytest.fixture(scope="module")
def desk(runtime: StationRuntime) -> AtTheDesk:
    there = AtTheDesk(runtime)
    there.wait(lambda: runtime.ready)
    there.poll()
    return there


@pytest.fixture(scope="module")
def cards(shop: tuple[CardWorkshop, TrustStore], session: Session) -> dict[str, MadeCard]:
    return {seat.sbd: shop[0].of_seat(seat) for seat in session.seats}


def test_whoever_waits_for_the_desk_finds_it_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, bool]] = []
    means: Any = SimpleNamespace(opened=None, session=None, trust=None, room="", search_stops=True, scan=None)
    there: Any = SimpleNamespace(notice=None)
    monkeypatch.setattr("proctor.desk.attempts.open_desk", lambda *_given, **_more: nullcontext(there))
    attempts = Attempts(
        means,
        lambda _event: None,
        screen=there,
        preview=there,
        on_desk=lambda code: told.append((code, attempts.ready.is_set())),
    )
    attempts.start()
    assert attempts.ready.wait(10)
    assert told == [(OPENING, False), ("", False)]
    attempts.close()
    assert told == [(OPENING, False), ("", False)]


def test_the_desk_says_when_it_is_ready(desk: AtTheDesk) -> None:
    cameras = [event for event in desk.of(Device) if event.kind == "camera"]
    assert [(each.state, each.code) for each in cameras] in (
        [("fault", "desk-opening"), ("in", "")],
        [("in", "")],
    )
    assert desk.state.phase == "waiting"


def test_from_scan_and_card_to_the_verdict(
    desk: AtTheDesk, cards: dict[str, MadeCard], opened: OpenRoot, session: Session
) -> None:
    desk.forget()
    desk.runtime.post(Scanned(text=cards["001"].access_text, source="serial"))
    desk.runtime.lay_card(cards["001"])
    desk.wait(lambda: bool(desk.of(Ended)))
    (ended,) = desk.of(Ended)
    result = ended.result
    assert (result.verdict, result.recorded, result.reasons) == (Verdict.ADMIT, True, ())
    assert result.candidate is not None
    assert (result.candidate.sbd, result.candidate.by_chip) == ("001", True)
    rows = {row.field_name: row for row in result.differences}
    assert rows["name"].roster == rows["name"].chip == rows["name"].qr == "Nguyễn Văn Mẫu"
    assert [rows[name].same for name in ("name", "number", "birth")] == [True] * 3
    assert rows["birth"].chip == "15/01/1999"
    entry = next(each for each in opened.store.entries("attempt") if each.seq == result.entry)
    assert entry.body["attempt"] == ended.attempt_id
    names = [event.name for event in desk.of(CheckDone)]
    assert names[0] == "notice"
    assert len(names) == len(set(names)) == 19
    files = {event.step: event for event in desk.of(Progress)}
    assert files["DG2"].done == files["DG2"].total > 10_000
    chip, live = desk.of(Pictures)
    assert (chip.chip or b"")[:4] == b"\x89PNG"
    assert (live.live or b"")[:2] == b"\xff\xd8"
    assert desk.events.index(live) < desk.events.index(ended)
    assert {picture.attempt_id for picture in desk.shown} == {ended.attempt_id}
    assert len({picture.number for picture in desk.shown}) > 5
    assert desk.runtime.preview is None
    for event in desk.events:
        assert "001099000001" not in repr(event)
        assert "Mẫu" not in repr(event)
    assert session.session_id not in repr(ended)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_what_the_scanner_reads_comes_as_one_scan(desk: AtTheDesk, scanner: tuple[int, str]) -> None:
    desk.forget()
    (row,) = [row for row in desk.runtime.rows(load_texts("vi")) if row.kind == "scanner"]
    assert (row.sign, row.detail) == ("tick", scanner[1])
    for part in ("0010990", "00001|1|Nguyễn", " Văn Mẫu|15011999|Nam|Hà Nội|01012024\r\n"):
        os.write(scanner[0], part.encode())
        time.sleep(0.02)
    desk.wait(lambda: bool(desk.of(Scanned)))
    (scanned,) = desk.of(Scanned)
    assert scanned.source == "serial"
    assert parse_qr(scanned.text).full_name == "Nguyễn Văn Mẫu"
    desk.runtime.post(Pressed(action="drop-next"))
    desk.poll()


def test_the_card_that_was_left_there_starts_nothing(desk: AtTheDesk) -> None:
    desk.forget()
    desk.runtime.post(Pressed(action="next"))
    for _ in range(20):
        desk.poll()
        time.sleep(0.01)
    assert desk.state.phase == "waiting"
    assert not [effect for effect in desk.effects if isinstance(effect, StartAttempt)]


def test_a_card_that_is_lifted_early_ends_the_attempt_and_the_next_one_is_clean(
    desk: AtTheDesk, cards: dict[str, MadeCard]
) -> None:
    desk.forget()
    desk.runtime.lift_card()
    desk.runtime.lay_card(cards["002"])
    desk.runtime.post(Scanned(text="001199000002", source="typed"))
    desk.wait(lambda: any(event.name == "card-access" for event in desk.of(CheckDone)))
    desk.runtime.lift_card()
    desk.runtime.post(Scanned(text=cards["003"].access_text, source="serial"))  # the next one is quick
    desk.wait(lambda: bool(desk.of(Ended)))
    (ended,) = desk.of(Ended)
    assert ended.result.verdict is Verdict.REFER
    assert {reason.code for reason in ended.result.reasons} & {"card-lost", "no-card"}
    assert ended.result.candidate is not None
    assert (ended.result.candidate.sbd, ended.result.candidate.by_chip) == ("002", False)
    assert not [event for event in desk.of(Pictures) if event.chip]
    desk.wait(lambda: desk.state.phase in ("deciding", "verdict"))
    if desk.state.phase == "deciding":
        desk.runtime.post(Pressed(action="later"))
        desk.wait(lambda: desk.state.phase == "verdict")
    before = desk.state.attempt_id
    desk.runtime.post(Pressed(action="next"))
    desk.runtime.lay_card(cards["003"])
    desk.wait(lambda: len(desk.of(Ended)) == 2)
    second = desk.of(Ended)[1]
    assert second.attempt_id != before
    assert second.result.candidate is not None
    assert second.result.candidate.sbd == "003"


def test_each_start_has_one_end(desk: AtTheDesk, opened: OpenRoot) -> None:
    attempts = [entry.body["attempt"] for entry in opened.store.entries("attempt")]
    assert len(attempts) == len(set(attempts)) == 3
    assert desk.runtime.events() == ()


def test_garbage_is_collected_by_who_polls_and_by_nobody_else(desk: AtTheDesk) -> None:
    gc.enable()
    desk.poll()
    assert not gc.isenabled()


def test_a_desk_that_is_closed_in_the_middle_enters_what_it_had(
    desk: AtTheDesk, opened: OpenRoot, session: Session, shop: tuple[CardWorkshop, TrustStore], film: Path
) -> None:
    setup = StationSetup(camera=str(film), watch_readers=False, search_stops=False, sounds=False)
    other = StationRuntime(opened, session, shop[1], setup, workshop=shop[0])
    at_it = AtTheDesk(other)
    other.start()
    at_it.wait(lambda: other.ready)
    other.lay_card(shop[0].of_seat(session.seats[1]))
    start = StartAttempt(
        attempt_id=str(uuid4()), access=AccessText("number", "001199000002"), reader=TRAINING_READER
    )
    waiting = StartAttempt(
        attempt_id=str(uuid4()), access=AccessText("number", "001199000002"), reader=TRAINING_READER
    )
    other.perform(start)
    other.perform(waiting)
    at_it.wait(lambda: any(event.name == "chip-open" for event in at_it.of(CheckDone)))
    other.close()
    at_it.poll()
    (ended,) = at_it.of(Ended)
    assert ended.attempt_id == start.attempt_id
    assert ended.result.verdict is Verdict.REFER
    assert ended.result.recorded
    (failed,) = at_it.of(Failed)
    assert (failed.attempt_id, failed.code) == (waiting.attempt_id, "desk-closing")
    del desk


def test_a_session_that_was_closed_halts_the_desk(
    desk: AtTheDesk, opened: OpenRoot, session: Session, cards: dict[str, MadeCard]
) -> None:
    desk.forget()
    close_session(opened.store, session, operator=opened.require_login().operator)
    desk.runtime.perform(
        StartAttempt(
            attempt_id=str(uuid4()), access=AccessText("number", "001099000003"), reader=TRAINING_READER
        )
    )
    desk.wait(lambda: bool(desk.of(Failed)))
    assert [event.code for event in desk.of(Failed)] == ["session-closed"]
    assert [event.code for event in desk.of(Halted)] == ["session-closed"]
    del cards


def test_a_scanner_that_is_named_wrongly_is_said_before_anything_starts(
    opened: OpenRoot, session: Session, shop: tuple[CardWorkshop, TrustStore]
) -> None:
    with pytest.raises(ScannerRuleError):
        StationRuntime(opened, session, shop[1], StationSetup(camera="0", scanner="the grey one"))


def test_reader_and_camera_are_lent_to_a_second_person_and_the_card_then_has_to_be_lifted(
    desk: AtTheDesk,
) -> None:
    with desk.runtime.lend("Reader A") as (reader, camera):
        assert (reader, bool(camera)) == ("Reader A", True)
        assert desk.runtime._attempts._held._camera is None
    assert CardUsed(reader="Reader A") in desk.runtime.events()
    with pytest.raises(CommandError) as told, desk.runtime.lend():
        pass
    assert told.value.code == "reader-not-found"
