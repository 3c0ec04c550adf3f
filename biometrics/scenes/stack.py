"""Prints that change with the prompts: a pile of photographs of the victim, and a strip of paper over printed eyes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from biometrics.candidate_screen import Prompt
from biometrics.frames import Image
from biometrics.scenes.head import Person
from biometrics.scenes.light import ScreenLight, drawn_light
from biometrics.scenes.motion import Manner, Performer
from biometrics.scenes.portraits import CANVAS, EYE_PX, EYES_AT, Portrait
from biometrics.scenes.raycast import Lens, Pose
from biometrics.scenes.sheets import Print
from biometrics.scenes.studio import Studio
from biometrics.scenes.surface import Build

FRAMES: Final = 8  # a photograph is the mean of so many: a still camera has less noise
TURNED: Final = 27.0
POSED: Final = Pose(y=0.9, distance=6.0)
STILL: Final = Lens(width=960, height=720, focal=840.0)
ACROSS: Final = (-0.2, 0.2)  # rows that a strip covers, in eye distances about the pupils
STRIP: Final = 1.0  # half its length
Events = list[tuple[float, str]]


class Pile:
    """Four flat prints, ahead, turned to both sides, eyes closed; the asked one is shown after 0.4 to 0.9 s.
    `gap`: seconds without any print at each change."""

    def __init__(
        self, portrait: Portrait, random: np.random.Generator, performer: Performer, *, gap: float
    ) -> None:
        paper = int(random.integers(1 << 30))
        photographs = _photographs(portrait, random)
        self._prints = {name: Print(one, np.random.default_rng(paper)) for name, one in photographs.items()}
        self._random = random
        self._performer = performer
        self._gap = gap
        self._events: Events = [(float("-inf"), "look-ahead")]

    def prompt(self, prompt: Prompt, at: float) -> None:
        """Reach for the print that is asked for."""
        name = prompt if prompt in self._prints else "look-ahead"
        self._events.append((at + float(self._random.uniform(0.4, 0.9)), name))

    def hint(self, code: str, at: float) -> None:
        """Mend what can be mended."""
        self._performer.hint(code, at)

    def shoot(self, studio: Studio, time: float, screen: ScreenLight) -> Image:
        """Return the frame of a time."""
        past = [event for event in self._events if event[0] <= time]
        since, name = past[-1]
        before = past[-2][1] if len(past) > 1 else name
        canvas = studio.begin(time, screen)
        if name == before or time - since >= self._gap:
            self._prints[name].draw(canvas, self._performer, time)
        return studio.end(canvas)


class Strip:
    """A print that is turned as prompted, and a strip of paper laid over its eyes when they are to close.
    `printed`: "lids" (closed eyes are printed on it), "skin" or "white"."""

    def __init__(
        self,
        portrait: Portrait,
        random: np.random.Generator,
        performer: Performer,
        *,
        bend: float,
        printed: str,
    ) -> None:
        paper = int(random.integers(1 << 30))
        self._open, self._shut = (
            Print(one, np.random.default_rng(paper), bend=bend)
            for one in (portrait, _stripped(portrait, printed))
        )
        self._random = random
        self._performer = performer
        self._events: list[tuple[float, bool]] = []

    def prompt(self, prompt: Prompt, at: float) -> None:
        """Turn the print, lay the strip on it or take it away."""
        self._performer.prompt(prompt, at)
        if prompt == "close-eyes":
            self._events.append((at + float(self._random.uniform(0.4, 0.9)), True))
        elif prompt in {"open-eyes", "look-ahead", "done"}:
            self._events.append((at + float(self._random.uniform(0.3, 0.7)), False))

    def hint(self, code: str, at: float) -> None:
        """Mend what can be mended."""
        self._performer.hint(code, at)

    def shoot(self, studio: Studio, time: float, screen: ScreenLight) -> Image:
        """Return the frame of a time."""
        shut = next((over for at, over in reversed(self._events) if at <= time), False)
        canvas = studio.begin(time, screen)
        (self._shut if shut else self._open).draw(canvas, self._performer, time)
        return studio.end(canvas)


def _stripped(portrait: Portrait, printed: str) -> Portrait:
    if printed == "lids":
        return replace(portrait, image=portrait.closed)
    image = portrait.image.copy()
    (left, y), (right, _) = portrait.eyes
    unit = right - left
    middle = (left + right) // 2
    tone = (
        image[y + round(0.45 * unit) : y + round(0.65 * unit), left - 10 : left + 10]
        .reshape(-1, 3)
        .mean(axis=0)
    )
    rows = slice(y + round(ACROSS[0] * unit), y + round(ACROSS[1] * unit))
    image[rows, middle - round(STRIP * unit) : middle + round(STRIP * unit)] = (
        (225, 225, 225) if printed == "white" else tone
    )
    return replace(portrait, image=image)


class _Posed(Performer):
    """Somebody who holds a pose for a photograph."""

    def __init__(self, random: np.random.Generator, *, yaw: float, shut: float) -> None:
        super().__init__(random, manner=Manner(), distance=POSED.distance, centre=(POSED.x, POSED.y))
        self._held = replace(POSED, yaw=yaw)
        self._shut = shut

    def pose(self, time: float) -> Pose:
        """Return the held pose."""
        del time
        return self._held

    def closed(self, time: float) -> float:
        """Return how far the eyes are closed."""
        del time
        return self._shut

    def mouth(self, time: float) -> float:
        """Return a mouth at rest."""
        del time
        return 0.0


def _photographs(portrait: Portrait, random: np.random.Generator) -> Mapping[str, Portrait]:
    """Return photographs of the victim taken at another time, with the eyes where a portrait's are when ahead."""
    person = Person(portrait, Build.drawn(random))
    studio = Studio(random, light=drawn_light("room", random), lens=STILL)
    dark = ScreenLight(delay=0.0)
    per_e = STILL.focal / (POSED.distance - 0.15)
    scale = EYE_PX / per_e
    eyes = STILL.width / 2, STILL.height / 2 + per_e * (POSED.y - 1.5)
    matrix = np.array(
        [[scale, 0.0, EYES_AT[0] - scale * eyes[0]], [0.0, scale, EYES_AT[1] - scale * eyes[1]]]
    )
    taken: dict[str, Portrait] = {}
    time = 1.0
    for name, yaw, shut in (
        ("look-ahead", 0.0, 0.0),
        ("turn-left", TURNED, 0.0),
        ("turn-right", -TURNED, 0.0),
        ("close-eyes", 0.0, 1.0),
    ):
        frames = []
        for _ in range(FRAMES):
            canvas = studio.begin(time, dark)
            person.draw(canvas, _Posed(random, yaw=yaw, shut=shut), time)
            frames.append(studio.end(canvas).astype(np.float32))
            time += 1 / 15
        photograph = np.asarray(np.mean(frames, axis=0), np.uint8)
        framed = cv2.warpAffine(
            photograph, matrix, CANVAS, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        taken[name] = replace(portrait, image=np.asarray(framed, np.uint8))
    return taken
