"""A second person shows presence: their own chip card read and their face matched, at this station, at this moment.

The same desks as for a candidate, with the registered card in place of the roster. What came of it is an entry of its
own, good for one entry of two persons within ten minutes. No picture is kept.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any

from biometrics.decode import PortraitDecoder
from biometrics.thresholds import Thresholds, thresholds_for
from biometrics.worker import FaceWorker
from proctor.blank_screen import BlankScreen
from proctor.cameras import CameraDesk
from proctor.challenge import Challenge
from proctor.checks import CheckName as C
from proctor.chip_means import CARD_WAIT_S, card_source, chip_desks, limits_of, reader_memory
from proctor.face_booth import FaceBooth, FaceMeans, FaceRules, Notice
from proctor.face_models import dlib_setting
from proctor.faces_in_use import FacesInUse, faces_in_use
from proctor.pipeline import Proven, read_chip
from proctor.policy import NEVER_REFUSED, chip_verdict
from proctor.present import AccessText
from proctor.recorder import Recorder
from proctor.roots import OpenRoot
from proctor.softcards import CardWorkshop, open_workshop
from proctor.texts import load_texts
from proctor.trusting import open_logged_trust
from readers.emrtd.evidence import ConsistentChip
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.reading import ReadLimits
from sessions.people_changes import is_card_of
from sessions.people_errors import PresenceError, ProofMissingError
from sessions.record import Outcome, Second
from sessions.session import Session

APDU_S = 5.0
NOTICE_VERSION = "user-1"
"""The notice of those who work here: they registered their card themselves."""
NEEDED = tuple(name for name in C if name not in {*NEVER_REFUSED, C.DUPLICATE})
"""All of these pass, or nobody was present: a chip that proves nothing of itself is not enough here."""

ShowNotice = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whose presence is shown for what, with which reader and camera; `user` in the log."""

    user: str
    action: str
    access: AccessText = field(repr=False)
    reader: str
    camera: str
    wait_s: float = CARD_WAIT_S


def show_presence(
    opened: OpenRoot,
    presence: Presence,
    *,
    second: Second,
    session: Session | None,
    show_notice: ShowNotice,
) -> int:
    """Read the card, compare the face, enter what came of it, and return the entry's number. `second`: the same person,
    whose key is open: they sign that entry too.

    Raises ProofMissingError for a user without a registered card (in training any card of a specimen will do),
    PresenceError when it did not come out, and then that is entered too. Raises StoreError.
    """
    card = opened.store.people().cards.get(presence.user)
    if card is None and not opened.training:
        raise ProofMissingError(user=presence.user, proof="card-face")
    recorder = Recorder(now=lambda: datetime.now(UTC))
    with ExitStack() as stack:
        answers = _run(opened, presence, recorder, stack, card=card, session=session, show_notice=show_notice)
    checks = recorder.checks
    missing = next((name for name in NEEDED if checks[name].outcome is not Outcome.PASSED), None)
    body: dict[str, Any] = {
        "user": presence.user,
        "action": presence.action,
        "outcome": "passed" if missing is None else "failed",
        "chip_verdict": chip_verdict(checks).value,
        "results": {str(name): check.as_body() for name, check in checks.items()},
    }
    if card is not None:
        body["card"] = card
    if session is not None:
        body["session"] = session.session_id
    identity = {"identity": json.dumps({"aa": answers}).encode()} if answers else {}
    operator = opened.require_login().operator
    receipt = opened.store.append("presence", body, identity, operator=operator, second=second)
    if missing is not None:
        raise PresenceError(user=presence.user, check=missing.value, why=checks[missing].code)
    return receipt.seq


def _run(
    opened: OpenRoot,
    presence: Presence,
    recorder: Recorder,
    stack: ExitStack,
    *,
    card: int | None,
    session: Session | None,
    show_notice: ShowNotice,
) -> list[dict[str, str]]:
    """Carry it out, and return the chip's signed answers, for the evidence."""
    used = faces_in_use(opened)
    faces = stack.enter_context(FaceWorker.start(**used.options, dlib=dlib_setting()))
    decoder = stack.enter_context(PortraitDecoder())
    cameras = CameraDesk(
        opened.store, training=opened.training, session_id=None if session is None else session.session_id
    )
    trust, workshop = _trust_of(opened)
    desk, trusting = chip_desks(
        presence.access,
        card_source(
            presence.reader,
            training=opened.training,
            workshop=workshop,
            apdu_deadline_s=APDU_S if session is None else session.rules.deadlines.apdu_s,
            wait_s=presence.wait_s,
        ),
        trust,
        tree_root=opened.store.head().root,
        training=opened.training,
        limits=ReadLimits() if session is None else limits_of(session.rules),
        memory=reader_memory(opened.root),
    )
    stack.callback(desk.close)
    booth = FaceBooth(
        notice=Notice(version=NOTICE_VERSION, text=load_texts("vi")["presence.notice"], show=show_notice),
        open_camera=lambda: cameras.open(presence.camera),
        means=FaceMeans(
            faces=faces,
            decoder=decoder,
            thresholds=_thresholds(used, session),
            calibration=used.calibration,
            screen=BlankScreen(),
            random=SystemRandom(),
        ),
        rules=FaceRules(tries=1),
        training=opened.training,
    )
    stack.callback(cameras.enter)
    stack.callback(booth.close)
    notice = recorder.run(C.NOTICE, booth.require_notice)
    booth.look(notice)
    chip = read_chip(desk, trusting, recorder)
    own = OwnCard(opened, user=presence.user, card=card)
    mine = recorder.run(C.ROSTER, own.require, chip.holder)
    ground = None if mine is None else booth.ground(chip.present)
    live = recorder.run(C.FACE_CAPTURE, booth.capture_live, notice, ground)
    recorder.run(C.FACE_MATCH, booth.require_match, mine, live)
    return _answers(chip, desk.challenges)


def _answers(chip: Proven, challenges: tuple[Challenge, ...]) -> list[dict[str, str]]:
    """Every challenge as it was made, with the chip's answer where it was good; as of a candidate's chip."""
    proofs = () if chip.raw is None else chip.raw.genuine.active_proofs
    signed = {proof.challenge: proof.signature.hex() for proof in proofs}
    return [
        {"random": made.random.hex(), "root": made.root.hex(), "signature": signed.get(made.value, "")}
        for made in challenges
    ]


class OwnCard:
    """The check that a card is the one its holder registered, in the place of the roster."""

    def __init__(self, opened: OpenRoot, *, user: str, card: int | None) -> None:
        self._opened, self._user, self._card = opened, user, card

    def require(self, holder: ConsistentChip) -> ConsistentChip:
        """Return the chip; raises PresenceError for another person's card."""
        number = holder.holder.id_number
        if self._card is not None and not is_card_of(self._opened.store, self._card, number):
            raise PresenceError(user=self._user, why="other-card")
        return holder


def _thresholds(used: FacesInUse, session: Session | None) -> Thresholds:
    """Return the session's, or without one the usual ones."""
    if session is None:
        return thresholds_for(used.models.embedder, calibration=used.calibration)
    return used.thresholds(session.rules, search_fmr=session.rules.search_fmr)


def _trust_of(opened: OpenRoot) -> tuple[TrustStore, CardWorkshop | None]:
    if opened.training:
        workshop, trust = open_workshop(opened.root, opened.keys)
        return trust, workshop
    return open_logged_trust(opened.root, opened.keys, opened.store), None
