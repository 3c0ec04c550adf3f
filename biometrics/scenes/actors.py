"""Who or what stands before the camera: a candidate, or an attack and the person who shows it.

Every actor sees the prompts and does what it can with what it has. All randomness comes from the seed.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from biometrics.candidate_screen import Prompt
from biometrics.frames import Image
from biometrics.scenes.head import Person
from biometrics.scenes.light import ScreenLight
from biometrics.scenes.motion import Manner, Performer
from biometrics.scenes.portraits import Portrait
from biometrics.scenes.sheets import Print
from biometrics.scenes.studio import Canvas, Studio
from biometrics.scenes.surface import Build

PRINT_HOLDER = Manner(turn=(24.0, 36.0), takes=(0.6, 1.0), lids=False, shake=1.0)


class Actor(Protocol):
    """What a scene is about."""

    def prompt(self, prompt: Prompt, at: float) -> None:
        """See a prompt at a time of the scene's clock."""

    def hint(self, code: str, at: float) -> None:
        """See a hint."""

    def shoot(self, studio: Studio, time: float, screen: ScreenLight) -> Image:
        """Return the frame of a time. Times only grow."""


class Drawn(Protocol):
    """A thing that can be put into a picture as a performer moves it."""

    def draw(self, canvas: Canvas, performer: Performer, time: float) -> None:
        """Draw it."""


class Staged:
    """An actor who stands in the room."""

    def __init__(self, thing: Drawn, performer: Performer) -> None:
        self._thing = thing
        self._performer = performer

    def prompt(self, prompt: Prompt, at: float) -> None:
        """Do as it says."""
        self._performer.prompt(prompt, at)

    def hint(self, code: str, at: float) -> None:
        """Mend what can be mended."""
        self._performer.hint(code, at)

    def shoot(self, studio: Studio, time: float, screen: ScreenLight) -> Image:
        """Return the frame of a time."""
        canvas = studio.begin(time, screen)
        self._thing.draw(canvas, self._performer, time)
        return studio.end(canvas)


def bona_fide(portrait: Portrait, *, seed: int) -> Actor:
    """A candidate who does as asked, somewhat late and not exactly."""
    random = _random(seed, 1)
    person = Person(portrait, Build.drawn(random))
    centre = float(random.uniform(-0.35, 0.35)), float(random.uniform(0.55, 0.95))
    return Staged(
        person, Performer(random, manner=Manner(), distance=float(random.uniform(7.6, 9.6)), centre=centre)
    )


def flat_print(portrait: Portrait, *, seed: int) -> Actor:
    """An A4 print, life-size, held flat and turned as the prompts say."""
    random = _random(seed, 2)
    return _holding(Print(portrait, random), random)


def bent_print(portrait: Portrait, *, seed: int) -> Actor:
    """The same bent about the upright axis, as around a bottle or a head."""
    random = _random(seed, 3)
    return _holding(Print(portrait, random, bend=float(random.uniform(0.3, 0.8))), random)


def folded_print(portrait: Portrait, *, seed: int) -> Actor:
    """The same with a crease through the nose, both halves bent back."""
    random = _random(seed, 4)
    return _holding(Print(portrait, random, fold=float(random.uniform(0.3, 0.7))), random)


def _holding(thing: Drawn, random: np.random.Generator) -> Actor:
    centre = float(random.uniform(-0.3, 0.3)), float(random.uniform(-0.1, 0.3))
    distance = float(random.uniform(7.4, 9.4))
    return Staged(thing, Performer(random, manner=PRINT_HOLDER, distance=distance, centre=centre))


def _random(seed: int, kind: int) -> np.random.Generator:
    return np.random.default_rng([seed, kind])


Make = Callable[..., Actor]
SPECIES: Mapping[str, Make] = {
    "bona-fide": bona_fide,
    "flat-print": flat_print,
    "bent-print": bent_print,
    "folded-print": folded_print,
}
