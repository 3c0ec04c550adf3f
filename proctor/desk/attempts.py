"""The thread of the attempts: it opens the desk once, then runs one attempt after another, each to its committed entry.

For each StartAttempt exactly one `Ended` or `Failed` is posted, whatever happens.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event as Signal
from threading import Lock, Thread
from time import monotonic
from typing import Final

from biometrics.errors import BiometricsError
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Frame
from biometrics.notice import NoticeShown
from proctor.app import Desk, Transaction, open_desk
from proctor.checks import CheckName
from proctor.desk.ending import ending_of
from proctor.desk.events import OPENING, CheckDone, Ended, Event, Failed, Halted, Progress
from proctor.desk.held_camera import HeldCamera
from proctor.desk.onlookers import DeskScreen, Watcher
from proctor.desk.preview import LentCamera, Preview
from proctor.desk.state import StartAttempt
from proctor.desks import CardSource
from proctor.errors import CommandError
from proctor.recorder import INTERNAL_ERROR, place_of
from proctor.roots import OpenRoot
from proctor.scenes import is_scene, named_scene, open_scene
from proctor.witness.cosigning import Outcome as Witnessed
from readers.emrtd.pki.store import TrustStore
from readers.errors import ReaderError
from sessions.errors import SessionClosedError, SessionsError
from sessions.record import Check, Outcome
from sessions.session import Session

diagnostics = logging.getLogger("proctor")
CLOSING: Final = "desk-closing"
SCAN_S: Final = 0.15
RETRY_S: Final = 15.0
LENT_S: Final = 5.0
_OF_THE_FACE: Final = frozenset(
    {
        CheckName.FACE_CAPTURE,
        CheckName.FACE_MATCH,
        CheckName.PAD_TURN,
        CheckName.PAD_EYES,
        CheckName.PAD_FLASH,
    }
)
_TROUBLE = (CommandError, SessionsError, BiometricsError, ReaderError)

Post = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMeans:
    """What attempts are made with. `source`: how to reach the card on a reader; `camera`: which one, asked before each
    attempt; `search_stops` as in `open_desk`; `scan`: the notice under which QR codes are looked for between attempts,
    None: the camera reads nothing then; `on_frame`: given the frames for that."""

    opened: OpenRoot
    session: Session
    trust: TrustStore = field(repr=False)
    source: Callable[[str], CardSource] = field(repr=False)
    camera: Callable[[], str] = field(repr=False)
    room: str = ""
    search_stops: bool = True
    scan: NoticeShown | None = None
    on_frame: Callable[[Frame], None] = field(repr=False, default=lambda _frame: None)


@dataclass(frozen=True, slots=True)
class _Loan:
    """Somebody else uses reader and camera: from `given` on, until `back`."""

    given: Signal = field(default_factory=Signal)
    back: Signal = field(default_factory=Signal)


class Attempts:
    """Runs attempts on a thread of its own. `start` it once; `begin` gives it work; `close` ends it."""

    def __init__(
        self,
        means: AttemptMeans,
        post: Post,
        *,
        screen: DeskScreen,
        preview: Preview,
        on_desk: Callable[[str], None] = lambda _code: None,
    ) -> None:
        """`on_desk`: told why there is no desk yet, "" when it is open."""
        self._means = means
        self._on_desk = on_desk
        self._post = post
        self._screen = screen
        self._preview = preview
        self._orders: SimpleQueue[StartAttempt | _Loan | None] = SimpleQueue()
        self._lock = Lock()
        self._camera: LentCamera | None = None
        self._held = HeldCamera()
        self._scanning, self._scan_after_s = "", float("-inf")
        self._desk: Desk | None = None
        self._stopping = Signal()
        self.ready = Signal()
        self._thread = Thread(target=self._run, name="attempts", daemon=True)

    @property
    def running(self) -> bool:
        """Whether an attempt runs."""
        with self._lock:
            return self._camera is not None

    def witnessed(self) -> tuple[Witnessed, ...]:
        """Return what each witness of the log did last; nothing before the desk is open. Any thread may ask."""
        desk = self._desk
        return () if desk is None else desk.witnessed()

    def start(self) -> None:
        """Open the desk beside the window."""
        self._thread.start()

    def begin(self, start: StartAttempt) -> None:
        """Run an attempt as soon as the one before has ended."""
        self._orders.put(start)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let reader and camera go while somebody else uses them; no attempt begins meanwhile. Waits for that."""
        loan = _Loan()
        self._orders.put(loan)
        loan.given.wait(LENT_S)  # without an answer the camera itself says that it is in use
        try:
            yield
        finally:
            loan.back.set()

    def close(self, wait_s: float = 10.0) -> None:
        """End the thread. An attempt that runs is interrupted, and entered with what it had."""
        self._stopping.set()
        with self._lock:
            camera = self._camera
        if camera is not None:
            camera.cancel()
        self._orders.put(None)
        if self._thread.ident is not None:
            self._thread.join(wait_s)

    # --- the thread ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._on_desk(OPENING)
            code, facts = self._serve_open()
            if self._stopping.is_set():
                break
            self._on_desk(code)
            self._refuse(code, facts)
        self._refuse_rest()

    def _serve_open(self) -> tuple[str, dict[str, str | int]]:
        """Open the desk and serve it until told to stop; return why it cannot be open."""
        means = self._means
        try:
            with ExitStack() as stack:
                desk = stack.enter_context(
                    open_desk(
                        means.opened,
                        means.session,
                        means.trust,
                        show_notice=self._screen.notice,
                        room=means.room,
                        screen=self._screen,
                        search_stops=means.search_stops,
                    )
                )
                self._desk = desk
                self._on_desk("")
                self.ready.set()  # last: whoever waits for it finds everything told
                stack.callback(self._held.close)
                self._serve(desk)
        except _TROUBLE as error:
            return error.code, dict(error.facts)
        except Exception as error:  # noqa: BLE001  a thread's boundary: a bug is told, and the next order tries again
            return INTERNAL_ERROR, _bug("desk", error)
        finally:
            self._desk = None
        return CLOSING, {}

    def _serve(self, desk: Desk) -> None:
        """Run one attempt after another until told to stop; between them look for QR codes, where that is wished."""
        while not self._stopping.is_set():
            try:
                order = self._orders.get(timeout=None if self._means.scan is None else SCAN_S)
            except Empty:
                self._look(desk)
                continue
            if isinstance(order, _Loan):
                self._let_go(order)
            elif order is not None and not self._stopping.is_set():
                self._attempt(desk, order)
            elif order is not None:
                self._orders.put(order)

    def _let_go(self, loan: _Loan) -> None:
        """Switch the camera off, and wait until reader and camera are back."""
        self._held.close()
        loan.given.set()
        while not (loan.back.wait(SCAN_S) or self._stopping.is_set()):
            pass

    def _look(self, desk: Desk) -> None:
        """Look for a QR code; that this camera does so, and under which notice, is entered before its first look."""
        spec, scan = self._means.camera(), self._means.scan
        if scan is not None and not is_scene(spec):
            if self._scanning != spec and not self._enter_scanning(desk, spec, scan):
                return
            frame = self._held.look(desk.cameras, spec, scan)
            if frame is not None:
                self._means.on_frame(frame)

    def _enter_scanning(self, desk: Desk, spec: str, scan: NoticeShown) -> bool:
        """Enter that the camera looks for codes; False where the log takes nothing: then it does not look."""
        if monotonic() < self._scan_after_s:
            return False
        try:
            desk.cameras.scanning(spec, scan)
        except SessionsError:
            self._scan_after_s = monotonic() + RETRY_S
            return False
        self._scanning = spec
        return True

    def _refuse(self, code: str, facts: dict[str, str | int]) -> None:
        """Answer orders with why there is no desk, until it is time to try again."""
        end = monotonic() + RETRY_S
        while (left := end - monotonic()) > 0:
            try:
                order = self._orders.get(timeout=left)
            except Empty:
                return
            if order is None:
                return
            if isinstance(order, _Loan):
                order.given.set()
                continue
            self._post(Failed(attempt_id=order.attempt_id, code=code, facts=facts))

    def _refuse_rest(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            if isinstance(order, _Loan):
                order.given.set()
            elif order is not None:
                self._post(Failed(attempt_id=order.attempt_id, code=CLOSING))

    def _attempt(self, desk: Desk, start: StartAttempt) -> None:
        attempt_id = start.attempt_id
        try:
            told: Event = self._ended(desk, start)
        except SessionClosedError as error:
            told = Failed(attempt_id=attempt_id, code=error.code, facts=dict(error.facts))
            self._post(Halted(code=error.code))
        except _TROUBLE as error:
            told = Failed(attempt_id=attempt_id, code=error.code, facts=dict(error.facts))
        except Exception as error:  # noqa: BLE001  a thread's boundary: the candidate is told that there is no verdict
            told = Failed(attempt_id=attempt_id, code=INTERNAL_ERROR, facts=_bug("attempt", error))
        finally:
            self._preview.clear()
            self._screen.end()
            with self._lock:
                self._camera = None
        self._post(told)

    def _ended(self, desk: Desk, start: StartAttempt) -> Ended:
        means, attempt_id = self._means, start.attempt_id
        spec = means.camera()
        scene = named_scene(spec) if is_scene(spec) else None

        def camera() -> FrameCamera:
            training = means.opened.training
            lent = (
                self._held.lend(desk.cameras, spec)
                if scene is None
                else LentCamera(open_scene(scene, training=training))
            )
            return self._lend(lent, attempt_id)

        work = Transaction(
            access=start.access,
            source=means.source(start.reader),
            open_camera=camera,
            screen=None,
            attempt_id=attempt_id,
            purpose=desk.purpose_of(start.access),
        )
        watcher = Watcher(attempt_id, self._post, desk.decoder, desk.find_face)
        self._screen.begin(attempt_id, scene)
        result = desk.check_in(
            work,
            on_check=lambda name, check: self._checked(attempt_id, name, check),
            on_progress=lambda step, done, total: self._progress(attempt_id, step, done, total),
            around=watcher.around,
        )
        remarks = None if result.sbd is None else desk.remarks(result.sbd)
        ending = ending_of(
            result,
            store=means.opened.store,
            session=means.session,
            remarks=remarks,
            access=start.access,
            chip=watcher.seen.chip,
            board=desk.board,
        )
        return Ended(attempt_id=attempt_id, result=ending)

    def _lend(self, lent: LentCamera, attempt_id: str) -> LentCamera:
        with self._lock:
            self._camera = lent
        if self._stopping.is_set():
            lent.cancel()
        self._preview.show(lent, attempt_id)
        return lent

    def _checked(self, attempt_id: str, name: CheckName, check: Check) -> None:
        self._post(
            CheckDone(
                attempt_id=attempt_id,
                name=name.value,
                outcome=check.outcome,
                code=check.code,
                facts=dict(check.facts),
            )
        )
        camera = self._camera
        if camera is not None and name in _OF_THE_FACE and check.outcome is Outcome.PASSED:
            camera.go_on()

    def _progress(self, attempt_id: str, step: str, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise KeyboardInterrupt  # between two commands of the chip: the recorder enters that it was interrupted
        self._post(Progress(attempt_id=attempt_id, step=step, done=done, total=total))


def _bug(what: str, error: Exception) -> dict[str, str | int]:
    place = place_of(error)
    diagnostics.error("%s ended by %s at %s", what, type(error).__name__, place)
    return {"error": type(error).__name__, "place": place}
