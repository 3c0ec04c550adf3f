"""The station at work: one queue of events, and the threads that fill it. Who holds the window polls the queue.

Attempts, card readers, scanner, preview, the candidate's screen, equipment and sounds each have a thread of their own;
none of them holds anything of the window. A device that goes and comes back resumes by itself.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event as Signal
from threading import Thread
from typing import Final

from proctor.candidate_window import CandidateWindow
from proctor.chip_means import card_source
from proctor.desk.attempts import AttemptMeans, Attempts
from proctor.desk.cards import NO_READER, TRAINING_READER, CardWatcher, TrainingReader
from proctor.desk.equipment import EquipmentRow, MachineWatch, Standing
from proctor.desk.events import CardUsed, Device, Event, Lent, Scanned
from proctor.desk.following import SessionFollower
from proctor.desk.garbage import Garbage
from proctor.desk.held_camera import scan_notice
from proctor.desk.mirror import Mirror
from proctor.desk.onlookers import DeskScreen
from proctor.desk.preview import Preview, PreviewFrame
from proctor.desk.printers import PrinterWatch
from proctor.desk.scanning import FrameScanner
from proctor.desk.sounds import Sounds
from proctor.desk.state import Effect, Skip, Sound, Speak, StartAttempt, TellCandidate
from proctor.desks import CardSource
from proctor.doctor import FREE_MB
from proctor.errors import CommandError
from proctor.printing.station import system_printer
from proctor.roots import OpenRoot
from proctor.softcards import CardWorkshop, MadeCard
from proctor.texts import Texts, load_texts, window_texts
from readers.emrtd.pki.store import TrustStore
from readers.qr.serial import Port, ScannerRule, SerialScanner, State
from sessions.session import Session

CARD_WAIT_S: Final = 3.0
MOST_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSetup:
    """What this station's desk has. `reader`: only readers with this in their name, "": any; `camera`: a specification
    as `biometrics.camera_info` takes it; `scanner`: "VID:PID", "VID:PID:SERIAL" or a port, "": none;
    `candidate_screen`: a place as `proctor.candidate_window` takes it, "": none; `room`: which one it serves;
    `scan_by_camera`: the camera looks for QR codes between attempts too, and a line on the candidate's screen says so
    (without that screen, a paper at the desk has to)."""

    camera: str
    reader: str = ""
    scanner: str = ""
    candidate_screen: str = ""
    room: str = ""
    language: str = "vi"
    sounds: bool = True
    speech: bool = True
    search_stops: bool = True
    watch_readers: bool = True
    scan_by_camera: bool = False


class StationRuntime:
    """Everything behind the check-in page. Used by one thread: `start`, `events`, `perform`, `preview`, `close`."""

    def __init__(
        self,
        opened: OpenRoot,
        session: Session,
        trust: TrustStore,
        setup: StationSetup,
        *,
        workshop: CardWorkshop | None = None,
    ) -> None:
        """Nothing runs yet. `trust`, `workshop`: as `proctor.commands.session.trust_of` gives them. Raises
        ScannerRuleError."""
        self._opened = opened
        self._session = session
        self._setup = setup
        self._workshop = workshop
        self._camera = setup.camera
        self._queue: SimpleQueue[Event] = SimpleQueue()
        self._texts = window_texts(setup.language)
        self._stop = Signal()
        self._garbage = Garbage()
        self._stack = ExitStack()
        self._notice = load_texts("vi")["equipment.scan-notice"] if setup.scan_by_camera else ""
        self.standing = Standing(self.post)
        self.sounds = Sounds(language=setup.language, on=setup.sounds, speech=setup.speech)
        self.window = self._new_window()
        self._mirror = None if self.window is None else Mirror(self.window)
        self._frames = FrameScanner(lambda text: self.post(Scanned(text=text, source="camera")))
        self._preview = Preview(on_picture=self._pictured, on_frame=self._frames.offer)
        self._screen = DeskScreen(self.post, self.window)
        self.training_reader = TrainingReader(self.post) if opened.training else None
        self._cards = CardWatcher(self._heard, named=setup.reader, training=opened.training)
        self._scanner = None if not setup.scanner else self._new_scanner(ScannerRule.parse(setup.scanner))
        self._attempts = self._new_attempts(trust)
        self._machine = MachineWatch(
            self.standing,
            camera=lambda: self._camera,
            training=opened.training,
            disk_ok=self._disk_ok,
            witnessed=self._attempts.witnessed,
            screen=None if self.window is None else self.window.mend,
            session=SessionFollower(opened.store, session, self.post).look,
        )
        self._printers = PrinterWatch(
            lambda device, names: self.standing.tell(device, detail=names),
            lambda: system_printer(opened.root.path),
        )

    def _new_window(self) -> CandidateWindow | None:
        place = self._setup.candidate_screen
        return CandidateWindow(place, self._screen_said, standing=self._notice) if place else None

    def _new_attempts(self, trust: TrustStore) -> Attempts:
        means = AttemptMeans(
            opened=self._opened,
            session=self._session,
            trust=trust,
            source=self._source,
            camera=lambda: self._camera,
            room=self._setup.room,
            search_stops=self._setup.search_stops,
            scan=scan_notice(self._notice) if self._notice else None,
            on_frame=self._frames.offer,
        )
        return Attempts(
            means, self.post, screen=self._screen, preview=self._preview, on_desk=self.standing.desk
        )

    # --- what the window uses ---

    def start(self) -> None:
        """Start every thread. The desk opens meanwhile: `standing` says when it is there."""
        self._garbage.take_over()
        self._stack.callback(self._garbage.give_back)
        self._begin(self.sounds.start, self.sounds.close)
        if self.window is not None and self._mirror is not None:
            self._begin(self.window.open, self.window.close)
            self._begin(self._mirror.start, self._mirror.close)
        self._begin(self._frames.start, self._frames.close)
        self._begin(self._preview.start, self._preview.close)
        self._begin(self._machine.start, self._machine.close)
        if self._setup.watch_readers:
            self._begin(self._cards.start, self._cards.close)
        elif self.training_reader is not None:
            self.standing.tell(Device(kind="reader", state="in"))
        self._begin(self._printers.start, self._printers.close)
        if self._scanner is not None:
            thread = Thread(target=self._scanner.run, args=(self._stop,), name="scanner", daemon=True)
            self._begin(thread.start, lambda: thread.join(2.0))
        self._begin(self._attempts.start, self._attempts.close)

    def close(self) -> None:
        """End every thread: within two seconds when nothing is being done. May be called twice."""
        self._stop.set()
        self._stack.close()

    def events(self) -> tuple[Event, ...]:
        """Return what happened since the last call, in its order; never waits. Called by the window's thread, every
        20 ms: it is also where garbage is collected, since pictures and variables of a window must die there."""
        self._garbage.tidy()
        found: list[Event] = []
        try:
            while len(found) < MOST_AT_ONCE:
                found.append(self._queue.get_nowait())
        except Empty:
            pass
        return tuple(found)

    def post(self, event: Event) -> None:
        """Put an event into the queue; any thread may."""
        self._queue.put(event)

    def perform(self, effect: Effect) -> bool:
        """Do what the table asks for; False for what is the window's own (AskDecision, ForSecond, Lock, Leave). Never
        waits."""
        match effect:
            case StartAttempt():
                self._attempts.begin(effect)
            case Skip():
                self._screen.skip(effect.attempt_id)
            case Sound():
                if self.ready or effect.name != "fault":  # a desk that is being opened is no fault
                    self.sounds.play(effect.name)
            case Speak():
                self._speak(effect.key)
            case TellCandidate():
                if self._mirror is not None:
                    self._mirror.tell(effect.what)
            case _:
                return False
        return True

    @property
    def preview(self) -> PreviewFrame | None:
        """The newest picture of the attempt that runs, None between attempts."""
        return self._preview.newest

    @property
    def ready(self) -> bool:
        """Whether the desk is open and attempts can run."""
        return self._attempts.ready.is_set()

    def rows(self, texts: Texts) -> tuple[EquipmentRow, ...]:
        """Return how the equipment stands now."""
        return self.standing.rows(texts, training=self._opened.training)

    def use_camera(self, spec: str) -> None:
        """Take this camera from the next attempt on: in training, who stands before it."""
        self._camera = spec

    @contextmanager
    def lend(self, reader: str = "") -> Iterator[tuple[str, str]]:
        """Give reader and camera to somebody who proves to be there with card and face. `reader`: where the last card
        lay, "" for the only one. The card that then lies there begins no attempt before it was lifted. Waits for an
        attempt that runs. Raises CommandError "reader-not-found"."""
        found = reader or next(iter(self._cards.names), "")
        if not found:
            raise CommandError(NO_READER)
        self.post(Lent(lent=True))
        try:
            with self._attempts.lent():
                yield found, self._camera
        finally:
            self.post(CardUsed(reader=found))
            self.post(Lent(lent=False))

    def speak_language(self, language: str) -> None:
        """Speak in this language from now on."""
        self._texts = window_texts(language)
        self.sounds.language = language

    def lay_card(self, made: MadeCard) -> None:
        """In training: lay a software card on the reader. Elsewhere: nothing."""
        if self.training_reader is not None:
            self.training_reader.put(made)

    def lift_card(self) -> None:
        """In training: lift it."""
        if self.training_reader is not None:
            self.training_reader.lift()

    # --- what the threads use ---

    def _begin(self, start: Callable[[], None], close: Callable[[], None]) -> None:
        start()
        self._stack.callback(close)

    def _speak(self, key: str) -> None:
        name = key.removeprefix("desk.speak.")
        self.sounds.speak(name, self._texts.get(key) or self._texts.get(f"screen.{name}", ""))

    def _source(self, reader: str) -> CardSource:
        if reader == TRAINING_READER and self.training_reader is not None:
            return self.training_reader.source()
        return card_source(
            reader,
            training=self._opened.training,
            workshop=self._workshop,
            apdu_deadline_s=self._session.rules.deadlines.apdu_s,
            wait_s=CARD_WAIT_S,
        )

    def _heard(self, event: Event) -> None:
        """Take what the card watcher tells."""
        if isinstance(event, Device):
            self.standing.tell(event, detail=", ".join(self._cards.names))
        else:
            self.post(event)

    def _new_scanner(self, rule: ScannerRule) -> SerialScanner:
        return SerialScanner(
            rule,
            on_line=lambda text: self.post(Scanned(text=text, source="serial")),
            on_state=self._scanner_stands,
        )

    def _scanner_stands(self, state: State, port: Port | None, code: str) -> None:
        detail = "" if port is None else " ".join(part for part in (port.name, port.device) if part)
        self.standing.tell(Device(kind="scanner", state=state, code=code), detail=detail)

    def _pictured(self, picture: PreviewFrame) -> None:
        if self._mirror is not None:
            self._mirror.offer(picture)

    def _screen_said(self, _key: str, _facts: object) -> None:
        """The candidate's window is gone: its prompts stand on the desk's screen anyway."""

    def _disk_ok(self) -> bool:
        try:
            return shutil.disk_usage(self._opened.root.path).free // 2**20 >= FREE_MB
        except OSError:
            return False
