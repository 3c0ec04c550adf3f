"""Who or what stands before the camera: a candidate, or an attack and the person who shows it.

Every actor sees the prompts and does what it can with what it has. All randomness comes from the seed.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from biometrics.candidate_screen import Prompt
from biometrics.frames import Image
from biometrics.scenes.clips import ChosenClips, Clip
from biometrics.scenes.head import Person
from biometrics.scenes.light import ScreenLight
from biometrics.scenes.motion import Manner, Performer
from biometrics.scenes.phones import Display, Phone, still_content
from biometrics.scenes.portraits import Portrait
from biometrics.scenes.sheets import Print
from biometrics.scenes.stack import Pile, Strip
from biometrics.scenes.studio import Canvas, Studio
from biometrics.scenes.surface import Build

PRINT_HOLDER = Manner(turn=(24.0, 36.0), takes=(0.6, 1.0), lids=False, shake=1.0)

HELD_STILL = Manner(turn=(0.0, 4.0), takes=(0.6, 1.0), lids=False, shake=0.8)
FILM_SHARE = 0.36  # of a film's width, on an upright telephone


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
    return _holding(Print(portrait, random, bend=float(random.uniform(0.3, 1.2))), random)


def folded_print(portrait: Portrait, *, seed: int) -> Actor:
    """The same with a crease through the nose, both halves bent back."""
    random = _random(seed, 4)
    return _holding(Print(portrait, random, fold=float(random.uniform(0.3, 0.9))), random)


def phone_still(portrait: Portrait, *, seed: int) -> Actor:
    """A telephone that shows the portrait, turned as the prompts say."""
    random = _random(seed, 5)
    return _phone(still_content(portrait), random)


def phone_replay(portrait: Portrait, *, seed: int) -> Actor:
    """A telephone that plays a film of the victim: turns and closed eyes in fixed order, from a random point on."""
    random = _random(seed, 6)
    clip = Clip(portrait, random, share=FILM_SHARE)
    return _phone(clip.frame, random, still=True)


def phone_adaptive(portrait: Portrait, *, seed: int) -> Actor:
    """A telephone whose operator has a clip for each movement and starts it after the prompt. Known to be hard."""
    random = _random(seed, 7)
    clips = ChosenClips(portrait, random, share=FILM_SHARE)
    return _Operated(_phone(clips.frame, random, still=True), clips)


def injected_stream(portrait: Portrait, *, seed: int) -> Actor:
    """A film of the victim fed in instead of the camera; it knows nothing of prompts and light, and loops."""
    return _Injected(Clip(portrait, _random(seed, 8)).frame)


def injected_adaptive(portrait: Portrait, *, seed: int) -> Actor:
    """The same with an operator who starts clips after the prompts. Known to be hard but for the flash."""
    clips = ChosenClips(portrait, _random(seed, 9))
    return _Operated(_Injected(clips.frame), clips)


def print_stack(portrait: Portrait, *, seed: int) -> Actor:
    """Four flat prints, ahead, left, right and with closed eyes, changed on cue, with 0, 0.07 or 0.27 s between."""
    random = _random(seed, 10)
    centre = float(random.uniform(-0.3, 0.3)), float(random.uniform(-0.1, 0.3))
    holder = Performer(random, manner=HELD_STILL, distance=float(random.uniform(7.4, 9.0)), centre=centre)
    return Pile(portrait, random, holder, gap=float(random.choice([0.0, 0.07, 0.27])))


def eyes_strip(portrait: Portrait, *, seed: int) -> Actor:
    """A bent print, and a strip of paper laid over its eyes when they are to close: lids, skin or white on it."""
    random = _random(seed, 11)
    centre = float(random.uniform(-0.3, 0.3)), float(random.uniform(-0.1, 0.3))
    holder = Performer(random, manner=PRINT_HOLDER, distance=float(random.uniform(7.4, 9.4)), centre=centre)
    printed = str(random.choice(["lids", "skin", "white"]))
    return Strip(portrait, random, holder, bend=float(random.uniform(0.3, 1.2)), printed=printed)


class _Injected:
    """Frames that never saw this camera."""

    def __init__(self, frame: Callable[[float], Image]) -> None:
        self._frame = frame

    def prompt(self, prompt: Prompt, at: float) -> None:
        """Nobody is there to see it."""

    def hint(self, code: str, at: float) -> None:
        """Nobody is there to see it."""

    def shoot(self, studio: Studio, time: float, screen: ScreenLight) -> Image:
        """Return the film's frame."""
        del studio, screen
        return self._frame(time)


class _Operated:
    """An actor whose film follows the prompts."""

    def __init__(self, actor: Actor, clips: ChosenClips) -> None:
        self._actor = actor
        self._clips = clips

    def prompt(self, prompt: Prompt, at: float) -> None:
        """Let the operator see it."""
        self._clips.prompt(prompt, at)

    def hint(self, code: str, at: float) -> None:
        """Let the holder see it."""
        self._actor.hint(code, at)

    def shoot(self, studio: Studio, time: float, screen: ScreenLight) -> Image:
        """Return the frame of a time."""
        return self._actor.shoot(studio, time, screen)


def _phone(content: Callable[[float], Image], random: np.random.Generator, *, still: bool = False) -> Actor:
    phone = Phone(content=content, display=Display.drawn(random), phase=float(random.uniform(0, 6.28)))
    centre = float(random.uniform(-0.15, 0.15)), float(random.uniform(-0.05, 0.25))
    manner = HELD_STILL if still else PRINT_HOLDER
    distance = float(random.uniform(3.4, 4.4))
    return Staged(phone, Performer(random, manner=manner, distance=distance, centre=centre))


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
    "phone-still": phone_still,
    "phone-replay": phone_replay,
    "phone-adaptive": phone_adaptive,
    "injected-stream": injected_stream,
    "injected-adaptive": injected_adaptive,
    "print-stack": print_stack,
    "eyes-strip": eyes_strip,
}
