"""Builds every object of a station from options; no logic of its own beyond what is allowed where."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from random import Random, SystemRandom

from biometrics.candidate_screen import CandidateScreen
from biometrics.decode import PortraitDecoder
from biometrics.detect import Face
from biometrics.frames import Image
from biometrics.worker import FaceWorker
from proctor.attempt import (
    AttemptContext,
    AttemptResult,
    OnCheck,
    new_attempt_id,
    not_begun,
    run_attempt,
)
from proctor.blank_screen import BlankScreen
from proctor.cameras import CameraDesk
from proctor.chip_means import chip_desks, limits_of, reader_memory
from proctor.desks import (
    CardSource,
    ChipDesk,
    PassiveAuthDesk,
    Progress,
    SessionDesk,
    read_access,
)
from proctor.face_booth import FaceBooth, FaceMeans, FaceRules, Notice, OpenCamera
from proctor.face_gallery import SessionGallery
from proctor.face_models import dlib_setting
from proctor.face_search import SessionFaces, search_fmr_for
from proctor.faces_in_use import FacesInUse, faces_in_use
from proctor.pipeline import Station
from proctor.present import AccessText
from proctor.roots import OpenRoot
from proctor.texts import load_texts
from proctor.witness.cosigning import CosignWorker
from proctor.witness.cosigning import Outcome as Witnessed
from proctor.witness.settings import load_witnesses
from readers.cccd.access_plan import number_of
from readers.emrtd.pki.store import TrustStore
from readers.errors import ReaderError
from sessions.closing import require_open
from sessions.course.board import Board
from sessions.course.consent import require_consent
from sessions.course.day import require_not_paused, require_started
from sessions.course.gate import CHECK_IN, Gate, looked_at_for, require_in
from sessions.course.health import health_warnings
from sessions.course.progress import Progress as Course
from sessions.errors import StoreError
from sessions.record import Operator, SystemClock
from sessions.rules import Rules
from sessions.session import Session
from sessions.store import Receipt

ShowNotice = Callable[[str, str], None]
Around = Callable[[Station], Station]


def _as_it_is(station: Station) -> Station:
    return station


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What one candidate's attempt is made with. `screen`: the candidate's, where it is not the desk's (a scene);
    `skipped`: challenges that the candidate cannot or does not want to do."""

    access: AccessText
    source: CardSource
    open_camera: OpenCamera
    screen: CandidateScreen | None = None
    skipped: frozenset[str] = frozenset()
    attempt_id: str = field(default_factory=new_attempt_id)
    purpose: str = CHECK_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What a person should know of a candidate: codes of texts, and the components that are still owed."""

    codes: tuple[str, ...]
    owed: tuple[str, ...]


class Desk:
    """A staffed desk of one session at one component: everything that lives longer than one candidate.

    `room`: the room that this desk serves, where it serves one.
    """

    def __init__(
        self,
        opened: OpenRoot,
        session: Session,
        trust: TrustStore,
        *,
        means: FaceMeans,
        cameras: CameraDesk,
        show_notice: ShowNotice,
        on_entry: Callable[[], None] = lambda: None,
        witnessed: Callable[[], tuple[Witnessed, ...]] = lambda: (),
        room: str = "",
    ) -> None:
        """`on_entry`: called after each entry; `witnessed`: what each witness did last."""
        session.rules.require_may(opened.require_login().operator, "check-in")
        require_open(opened.store, session)
        self._opened = opened
        self._session = session
        self._trust = trust
        self._means = means
        self.cameras = cameras
        self._on_entry = on_entry
        self.witnessed = witnessed
        self._room = room
        self._board = Board(opened.store, session)
        self._clock = SystemClock()
        self._notice = Notice(
            version=session.rules.notice_version, text=load_texts("vi")["notice.text"], show=show_notice
        )

    @property
    def decoder(self) -> PortraitDecoder:
        """Decodes a chip's portrait for the screen, between the steps of an attempt: one thread uses a desk."""
        return self._means.decoder

    @property
    def board(self) -> Board:
        """Where everybody stands, as the desk keeps it: the desk's own thread alone asks."""
        return self._board

    def purpose_of(self, access: AccessText) -> str:
        """Return why whoever this code or number names is looked at now: to be let in, or again."""
        self._board.refresh()
        claimed = self._claimed(access)
        if claimed is None:
            return CHECK_IN
        return looked_at_for(self._board.standing(claimed), self._board.entries)

    def find_face(self, image: Image) -> Face:
        """Return where the face of a chip's portrait is, for the screen. Raises BiometricsError."""
        return self._means.faces.find_face(image)

    @property
    def rules(self) -> Rules:
        """The rules the session was opened under."""
        return self._session.rules

    def check_in(
        self,
        work: Transaction,
        *,
        on_check: OnCheck | None = None,
        on_progress: Progress | None = None,
        around: Around = _as_it_is,
    ) -> AttemptResult:
        """Begin an attempt in the log, run it, and commit how it ended. Card and camera are let go in any case.
        `around`: puts onlookers around the desks, who hand every call on and show what came of it.

        The chip's challenge is made of the tree head with that beginning in it. Raises SessionClosedError,
        SessionNotStartedError, SessionPausedError, ConsentRefusedError (of somebody who wants no picture: nothing is
        taken), NotYetAdmittedError (nobody is looked at again who was never let in), and StoreFullError where there
        is no room for its end.
        """
        claimed = self._require_may_begin(work)
        operator = self._opened.require_login().operator
        try:
            head = self._begin(work, operator, claimed)
        except StoreError as error:
            return not_begun(self._session, work.attempt_id, error)
        chip, trusting = self._chip(work, head, on_progress)
        booth = self._booth(work)
        station = self._station(chip, trusting, booth, purpose=work.purpose)
        context = self._context(work, operator, head)
        try:
            return run_attempt(around(station), context, attempt_id=work.attempt_id, on_check=on_check)
        finally:
            chip.close()
            booth.close()
            self._enter_cameras()
            self._on_entry()

    def _require_may_begin(self, work: Transaction) -> str | None:
        """Return whose attempt this will be, as `_claimed`. Raises as `check_in`; nothing is in the log yet."""
        store = self._opened.store
        claimed = self._claimed(work.access)
        if claimed is not None:
            self._board.refresh()
            require_consent(self._board.entries, claimed)
            if work.purpose != CHECK_IN:
                require_in(self._board.standing(claimed))
        require_open(store, self._session)
        require_not_paused(store, require_started(store, self._session))
        store.require_room()
        return claimed

    def _begin(self, work: Transaction, operator: Operator, claimed: str | None) -> Receipt:
        """Enter the beginning; return the tree head with it. Raises StoreError."""
        return self._opened.store.begin_attempt(
            work.attempt_id,
            session=self._session.session_id,
            component=self._session.component,
            operator=operator,
            sbd=claimed,
            purpose=work.purpose,
        )

    def _chip(
        self, work: Transaction, head: Receipt, on_progress: Progress | None
    ) -> tuple[ChipDesk, PassiveAuthDesk]:
        return chip_desks(
            work.access,
            work.source,
            self._trust,
            tree_root=head.root,
            training=self._opened.training,
            limits=limits_of(self.rules),
            memory=reader_memory(self._opened.root),
            on_progress=on_progress,
        )

    def _booth(self, work: Transaction) -> FaceBooth:
        return FaceBooth(
            notice=self._notice,
            open_camera=work.open_camera,
            means=self._means if work.screen is None else replace(self._means, screen=work.screen),
            rules=replace(FaceRules.of(self.rules), skipped=work.skipped),
            training=self._opened.training,
        )

    def _station(
        self, chip: ChipDesk, trusting: PassiveAuthDesk, booth: FaceBooth, *, purpose: str
    ) -> Station:
        gate = Gate(board=self._board, room=self._room, purpose=purpose)
        roster = SessionDesk(self._opened.store, self._session, gate)
        return Station(card=chip, trust=trusting, roster=roster, faces=booth)

    def _context(self, work: Transaction, operator: Operator, head: Receipt) -> AttemptContext:
        """Return what the attempt is entered under; the face process's restarts count from here."""
        before = self._means.restarts()
        return AttemptContext(
            store=self._opened.store,
            session=self._session,
            operator=operator,
            clock=self._clock,
            trust=dict(self._trust.facts),
            checkpoint_size=head.size,
            purpose=work.purpose,
            room=self._room,
            restarts=lambda: self._means.restarts() - before,
        )

    def _enter_cameras(self) -> None:
        """Enter what became of the camera; a log that takes nothing now is asked again after the next attempt."""
        with suppress(StoreError):
            self.cameras.enter()

    def remarks(self, sbd: str) -> Remarks:
        """Return what a person should know of a candidate beside the verdict; nobody is kept out by it."""
        self._board.refresh()
        session = self._board.session
        progress = Course.of(session, self._board.entries, only=sbd)
        seat = progress.seat(sbd)
        health = health_warnings(seat, self.rules, session.day)
        others = [f"result-warning.{code}" for code in progress.warnings(sbd) if f"{code}" not in health]
        return Remarks(codes=(*health, *others), owed=progress.owed(sbd))

    def _claimed(self, access: AccessText) -> str | None:
        """Whose attempt this will be, if the number that was typed or scanned is right; None where it is none."""
        try:
            source, _ = read_access(access)
        except ReaderError:
            return None
        number = None if source is None else number_of(source)
        seat = SessionDesk(self._opened.store, self._session, Gate(board=self._board)).claimed_seat(number)
        return None if seat is None else seat.sbd


@contextmanager
def open_desk(
    opened: OpenRoot,
    session: Session,
    trust: TrustStore,
    *,
    show_notice: ShowNotice,
    room: str = "",
    screen: CandidateScreen | None = None,
    random: Random | None = None,
    search_stops: bool = True,
) -> Iterator[Desk]:
    """Open a desk: start the face process and the portrait decoder, find which model and calibration are in use.

    `screen`: the candidate's; `random`: sides, colours and moments of the challenges, the system's by default;
    `search_stops`: False where a few specimen faces stand for everybody. Raises ModelMissingError and the like.
    """
    with ExitStack() as stack:
        used = faces_in_use(opened)
        faces = stack.enter_context(FaceWorker.start(**used.options, dlib=dlib_setting()))
        decoder = stack.enter_context(PortraitDecoder())
        cosigning = stack.enter_context(CosignWorker(opened.store, load_witnesses(opened.root, opened.store)))
        search = _search_of(opened, session, used, stops=search_stops)
        stack.callback(search.forget)
        means = FaceMeans(
            faces=faces,
            decoder=decoder,
            thresholds=used.thresholds(session.rules, search_fmr=search_fmr_for(session)),
            calibration=used.calibration,
            screen=screen or BlankScreen(),
            random=random or SystemRandom(),
            search=search,
            restarts=lambda: faces.restarts,
        )
        faces.warm_up()
        yield Desk(
            opened,
            session,
            trust,
            means=means,
            cameras=CameraDesk(opened.store, training=opened.training, session_id=session.session_id),
            show_notice=show_notice,
            on_entry=cosigning.kick,
            witnessed=lambda: cosigning.outcomes,
            room=room,
        )


def _search_of(opened: OpenRoot, session: Session, used: FacesInUse, *, stops: bool) -> SessionFaces:
    """Return the search in the session. What earlier desks left is read now, not while somebody waits."""
    gallery = SessionGallery(opened.store, session.session_id)
    gallery.refresh()
    return SessionFaces(gallery, session, weights_sha256=used.weights_sha256, stops=stops)
