"""A scene: an actor in a room, before a camera and the candidate's screen, which it sees and is lit by.

Time passes with the frames: nothing waits, and the same seed and the same prompts give the same frames.
"""

from threading import RLock

import numpy as np

from biometrics.candidate_screen import Colour, Prompt
from biometrics.frames import Image
from biometrics.scenes.actors import Actor
from biometrics.scenes.light import Light, ScreenLight, drawn_light
from biometrics.scenes.sensor import SensorTraits
from biometrics.scenes.studio import Studio


class Scene:
    """Implements `CandidateScreen`; `SceneCamera` takes its frames."""

    def __init__(
        self,
        actor: Actor,
        *,
        seed: int,
        light: str | Light = "room",
        fps: float = 30.0,
        traits: SensorTraits | None = None,
        can_flash: bool = True,
        skip_asked: bool = False,
        jpeg: bool = False,
    ) -> None:
        """`light`: a Light, or "dim", "room", "bright", "window". `traits`: the webcam; None: drawn from the seed.
        `skip_asked`: the candidate asks to go on without the challenge. `jpeg`: frames come compressed."""
        random = np.random.default_rng([seed, 0])
        drawn = drawn_light(light, random) if isinstance(light, str) else light
        self._studio = Studio(random, light=drawn, traits=traits or SensorTraits.drawn(random, jpeg=jpeg))
        self._actor = actor
        self._screen = ScreenLight(delay=float(random.uniform(0.02, 0.06)))
        self._fps = fps
        self._number = 0
        self._can_flash = can_flash
        self._skip_asked = skip_asked
        self._lock = RLock()
        self.shown: list[tuple[float, Prompt | Colour | None]] = []

    @property
    def fps(self) -> float:
        """Frames in a second."""
        return self._fps

    @property
    def can_flash(self) -> bool:
        """Whether this screen fills itself with colours."""
        return self._can_flash

    @property
    def skip_asked(self) -> bool:
        """Whether the candidate asks to go on without the challenge."""
        return self._skip_asked

    def now(self) -> float:
        """Return the time of the newest frame, in seconds."""
        return self._number / self._fps

    def prompt(self, prompt: Prompt) -> None:
        """Show what to do."""
        with self._lock:
            self.shown.append((self.now(), prompt))
            self._actor.prompt(prompt, self.now())

    def hint(self, code: str) -> None:
        """Show what hinders the picture."""
        with self._lock:
            self._actor.hint(code, self.now())

    def colour(self, rgb: Colour | None) -> None:
        """Fill the screen with a colour; None: back to the usual one."""
        with self._lock:
            self.shown.append((self.now(), rgb))
            self._screen.show(rgb, self.now())

    def next_image(self, skipped: int = 0) -> tuple[Image, float]:
        """Let the time of `skipped` frames and one more pass, and return that one and its time."""
        with self._lock:
            self._number += 1 + skipped
            time = self.now()
            return self._actor.shoot(self._studio, time, self._screen), time
