"""Who looks on while an attempt runs: what the desk's screen learns of it on the way. Nothing here decides anything."""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as changed
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
from PIL import Image as Pillow

from biometrics.candidate_screen import CandidateScreen, Colour, Prompt
from biometrics.decode import PortraitDecoder
from biometrics.detect import Face
from biometrics.errors import BiometricsError
from biometrics.evidence import Live
from biometrics.frames import Image
from biometrics.notice import NoticeShown
from proctor.desk.events import Event, Hint, Pictures, Prompted
from proctor.pipeline import FaceDesk, RosterDesk, Station, TrustDesk
from proctor.present import CaptureGround, PresentCard, Whose
from readers.emrtd.evidence import ConsistentChip

Post = Callable[[Event], None]
SMALLEST_PART: Final = 0.5
"""Of the live picture's sides that stays at the least."""


class Told(Protocol):
    """The candidate's screen, as far as the desk needs it beside the challenges."""

    @property
    def can_flash(self) -> bool: ...
    @property
    def skip_asked(self) -> bool: ...
    def prompt(self, prompt: Prompt) -> None: ...
    def hint(self, code: str) -> None: ...
    def colour(self, rgb: Colour | None) -> None: ...
    def skip(self) -> None: ...
    def notice(self, version: str, text: str) -> None: ...
    def idle(self) -> None: ...


class DeskScreen:
    """The candidate's screen and the desk's at once: each prompt and hint is also an event of the attempt.

    `candidate` None: no screen faces the candidate; `scene`: a rendered candidate who sees the same."""

    def __init__(self, post: Post, candidate: Told | None) -> None:
        self._post = post
        self._candidate = candidate
        self._scene: CandidateScreen | None = None
        self._lock = Lock()
        self._attempt_id = ""
        self._asking = self._skip = False

    def begin(self, attempt_id: str, scene: CandidateScreen | None = None) -> None:
        """From now on everything is said of this attempt."""
        with self._lock:
            self._attempt_id, self._scene = attempt_id, scene
            self._asking = self._skip = False

    def end(self) -> None:
        """The attempt is over: nothing is said of it any more."""
        self.begin("")

    @property
    def can_flash(self) -> bool:
        """Whether somebody sees a colour."""
        return any(screen.can_flash for screen in self._screens())

    @property
    def skip_asked(self) -> bool:
        """Whether candidate or supervisor asked to go on without the challenge."""
        return self._skip or any(screen.skip_asked for screen in self._screens())

    def skip(self, attempt_id: str) -> None:
        """Go on without the challenge that is shown, if it is this attempt's."""
        with self._lock:
            if attempt_id == self._attempt_id and self._asking:
                self._skip = True

    def prompt(self, prompt: Prompt) -> None:
        """Show what to do."""
        with self._lock:
            self._asking = prompt != "done"
            self._skip = self._skip and self._asking
            attempt_id = self._attempt_id
        for screen in self._screens():
            screen.prompt(prompt)
        if attempt_id:
            self._post(Prompted(attempt_id=attempt_id, prompt=prompt))

    def hint(self, code: str) -> None:
        """Show what hinders the picture."""
        for screen in self._screens():
            screen.hint(code)
        if self._attempt_id:
            self._post(Hint(attempt_id=self._attempt_id, code=code))

    def colour(self, rgb: Colour | None) -> None:
        """Shed light on the face."""
        for screen in self._screens():
            screen.colour(rgb)

    def notice(self, version: str, text: str) -> None:
        """Put the notice before the candidate."""
        if self._candidate is not None:
            self._candidate.notice(version, text)

    def _screens(self) -> tuple[CandidateScreen, ...]:
        return tuple(screen for screen in (self._candidate, self._scene) if screen is not None)


@dataclass(slots=True)
class Seen:
    """What the screen needs of an attempt beside its checks; forgotten when its `Ended` is made."""

    chip: ConsistentChip | None = field(default=None, repr=False)


class WatchedTrust:
    """The trust desk; what it found consistent is seen."""

    def __init__(self, desk: TrustDesk, seen: Seen) -> None:
        self._desk = desk
        self._seen = seen
        self.require_consistent = desk.require_consistent
        self.require_chain = desk.require_chain
        self.require_agreement = desk.require_agreement

    def require_hashes(self, raw: Any) -> ConsistentChip:
        """As the desk's."""
        self._seen.chip = chip = self._desk.require_hashes(raw)
        return chip


class WatchedRoster:
    """The list; once it is clear that the chip's holder does not refuse pictures, the chip's is shown."""

    def __init__(self, desk: RosterDesk, show: Callable[[ConsistentChip], None]) -> None:
        self._desk = desk
        self._show = show
        self.claimed_seat = desk.claimed_seat
        self.require_seat = desk.require_seat
        self.require_first = desk.require_first

    def whose(self, seat: Any, number: Any) -> Whose:
        """As the desk's."""
        return self._desk.whose(seat, number)

    def consenting(self, present: PresentCard | None, holder: ConsistentChip | None) -> PresentCard | None:
        """As the desk's."""
        asked = self._desk.consenting(present, holder)
        if asked is not None and holder is not None:
            self._show(holder)
        return asked


class WatchedFaces:
    """The face desk; the live picture is shown as soon as it is taken."""

    def __init__(self, desk: FaceDesk, show: Callable[[Live], None]) -> None:
        self._desk = desk
        self._show = show
        self.require_notice = desk.require_notice
        self.look = desk.look
        self.ground = desk.ground
        self.require_match = desk.require_match
        self.challenges = desk.challenges
        self.require_single = desk.require_single
        self.template = desk.template
        self.frames = desk.frames

    def capture_live(self, notice: NoticeShown, ground: CaptureGround) -> Live:
        """As the desk's."""
        live = self._desk.capture_live(notice, ground)
        self._show(live)
        return live

    def newest(self, live: Live | None) -> Live | None:
        """As the desk's."""
        newest = self._desk.newest(live)
        if newest is not None and newest is not live:
            self._show(newest)
        return newest


class Watcher:
    """Puts the onlookers of one attempt around its desks, and posts its pictures."""

    def __init__(
        self,
        attempt_id: str,
        post: Post,
        decoder: PortraitDecoder,
        find_face: Callable[[Image], Face] | None = None,
    ) -> None:
        """`find_face`: where the face of the chip's portrait is, so that the live one is shown as large."""
        self.seen = Seen()
        self._find_face = find_face
        self._share = 0.0
        self._attempt_id = attempt_id
        self._post = post
        self._decoder = decoder

    def around(self, station: Station) -> Station:
        """Return the station with onlookers."""
        return changed(
            station,
            trust=WatchedTrust(station.trust, self.seen),
            roster=WatchedRoster(station.roster, self._chip),
            faces=WatchedFaces(station.faces, self._live),
        )

    def _chip(self, holder: ConsistentChip) -> None:
        try:
            image = self._decoder.decode(holder.portrait.image, holder.portrait.format)
        except BiometricsError:
            return  # the same error comes again where it is recorded, in the comparison
        self._post(Pictures(attempt_id=self._attempt_id, chip=as_png(image)))
        if self._find_face is not None:
            with suppress(BiometricsError):
                self._share = self._find_face(image).height / image.shape[0]

    def _live(self, live: Live) -> None:
        shown = live.evidence_jpeg
        if self._share:
            shown = as_large(shown, live.face.height / live.face.width, self._share)
        self._post(Pictures(attempt_id=self._attempt_id, live=shown))


def as_large(jpeg: bytes, proportion: float, share: float) -> bytes:
    """Return a live picture cut down until its face takes `share` of its height, as in the chip's; one whose face is
    that large already as it is. `proportion`: height of the face by its width, which is half of the picture's
    (`biometrics.crops.evidence_jpeg`). For the screen only."""
    picture = Pillow.open(io.BytesIO(jpeg))
    wide, high = picture.size
    part = max(SMALLEST_PART, proportion * wide / 2 / high / share)
    if part >= 1.0:
        return jpeg
    across, down = wide * (1 - part) / 2, high * (1 - part) / 2
    data = io.BytesIO()
    picture.crop((round(across), round(down), round(wide - across), round(high - down))).save(
        data, "JPEG", quality=92
    )
    return data.getvalue()


def as_png(image: "np.ndarray[Any, np.dtype[np.uint8]]") -> bytes:
    """Return a picture (H, W, 3; blue, green, red) as PNG."""
    data = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(image[:, :, ::-1])).save(data, "PNG", compress_level=1)
    return data.getvalue()
