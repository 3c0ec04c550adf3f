"""Recordings of the victim: a film in fixed order that loops, and clips an operator starts after the prompt."""

import cv2
import numpy as np

from biometrics.candidate_screen import Prompt
from biometrics.frames import Image
from biometrics.scenes.head import Person
from biometrics.scenes.light import ScreenLight, drawn_light
from biometrics.scenes.motion import Manner, Performer
from biometrics.scenes.portraits import Portrait
from biometrics.scenes.studio import Studio
from biometrics.scenes.surface import Build

SCRIPT: tuple[Prompt, ...] = (
    "turn-left",
    "look-ahead",
    "turn-right",
    "look-ahead",
    "close-eyes",
    "open-eyes",
)


class Clip:
    """The victim, filmed at another time under another light, who did things in a fixed order. `length_s` long, then
    again from the start: the same frames, byte for byte."""

    def __init__(
        self, portrait: Portrait, random: np.random.Generator, *, share: float = 1.0, fps: float = 30.0
    ) -> None:
        """`share`: of the film's width that is shown, around its middle."""
        self._share = share
        self._person = Person(portrait, Build.drawn(random))
        centre = float(random.uniform(-0.2, 0.2)), float(random.uniform(0.5, 0.8))
        distance = float(random.uniform(7.6, 9.0))
        self._performer = Performer(random, manner=Manner(), distance=distance, centre=centre)
        self._studio = Studio(random, light=drawn_light("room", random))
        self._dark = ScreenLight(delay=0.0)
        self._fps = fps
        time = float(random.uniform(1.0, 3.0))
        for prompt in SCRIPT:
            self._performer.prompt(prompt, time)
            time += float(random.uniform(1.8, 3.0))
        self._count = int((time + 1.0) * fps)
        self._offset = int(random.integers(0, self._count))
        self._kept: dict[int, bytes] = {}

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self._count / self._fps

    def frame(self, time: float) -> Image:
        """Return what it shows at a time of the scene's clock, having been started at a random point."""
        index = (self._offset + int(time * self._fps + 1e-6)) % self._count
        data = self._kept.get(index)
        if data is None:
            data = self._film(index)
            self._kept[index] = data
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def _film(self, index: int) -> bytes:
        time = index / self._fps
        canvas = self._studio.begin(time, self._dark)
        self._person.draw(canvas, self._performer, time)
        image = _middle(self._studio.end(canvas), self._share)
        return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


class ChosenClips:
    """An operator with clips of each movement, who starts the one that is asked for and cuts back to rest."""

    def __init__(self, portrait: Portrait, random: np.random.Generator, *, share: float = 1.0) -> None:
        """`share`: of the film's width that is shown, around its middle."""
        self._random = random
        self._share = share
        self._person = Person(portrait, Build.drawn(random))
        centre = float(random.uniform(-0.2, 0.2)), float(random.uniform(0.5, 0.8))
        quick = Manner(onset=(0.15, 0.4))  # within the clip: it was cut shortly before the movement
        self._performer = Performer(
            random, manner=quick, distance=float(random.uniform(7.6, 9.0)), centre=centre
        )
        self._studio = Studio(random, light=drawn_light("room", random))
        self._dark = ScreenLight(delay=0.0)

    def prompt(self, prompt: Prompt, at: float) -> None:
        """Find the clip and start it: a person's reaction and a press of a key."""
        start = at + float(self._random.uniform(0.6, 1.4))
        if prompt in {"turn-left", "turn-right", "close-eyes"}:
            self._performer.cut_to(start)
        self._performer.prompt(prompt, start)

    def frame(self, time: float) -> Image:
        """Return what is shown at a time of the scene's clock."""
        canvas = self._studio.begin(time, self._dark)
        self._person.draw(canvas, self._performer, time)
        return _middle(self._studio.end(canvas), self._share)


def _middle(image: Image, share: float) -> Image:
    """Return the middle of a film: `share` of its width."""
    width = image.shape[1]
    keep = round(width * share)
    left = (width - keep) // 2
    return np.ascontiguousarray(image[:, left : left + keep])
