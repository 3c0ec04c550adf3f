"""Synthetic observations: five points of a head or a sheet, patches of eyes, light on a face. No renderer, no model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from biometrics.camera_info import CameraInfo
from biometrics.candidate_screen import Colour, Prompt
from biometrics.errors import CameraGoneError
from biometrics.frames import Burst, Frame
from biometrics.notice import NoticeShown
from biometrics.pad.face_light import COLUMNS, ROWS
from biometrics.pad.observation import FaceSeen, Look, Observation
from tests.support.portraits import NOTICE

Array = NDArray[np.float64]
FPS = 15.0
# eyes, nose tip, corners of the mouth in eye distances; z towards the camera
HEAD = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.58, 0.42], [-0.4, 1.05, 0.03], [0.4, 1.05, 0.03]])
SHEET = HEAD * [1, 1, 0]


def points(
    shape: Array = HEAD, degrees: float = 0.0, *, scale: float = 70.0, noise: Array | None = None
) -> Array:
    """Return five points seen from 8 eye distances away; positive turns carry the nose to the image's right."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    turned = shape @ turn.T
    flat = turned[:, :2] * (8.0 / (8.0 - turned[:, 2:])) * scale + [320.0, 200.0]
    return flat if noise is None else flat + noise


def observed(at_s: float, face_points: Array | None, **changes: object) -> Observation:
    """Return an observation whose digest and samples are its own."""
    number = round(at_s * 1000) + 1
    random = np.random.default_rng(number)
    face = None
    if face_points is not None:
        low, high = face_points.min(axis=0), face_points.max(axis=0)
        box = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
        face = FaceSeen(box=box, points=face_points, score=0.9)
    seen = Observation(
        number=number,
        at_s=at_s,
        size=(640, 480),
        digest=number.to_bytes(8, "big"),
        samples=(100 + 3 * random.standard_normal(256)).astype(np.uint8),
        brightness=110.0,
        face=face,
        others=0,
    )
    return replace(seen, **changes)  # type: ignore[arg-type]


def eye_patches(openness: float, random: np.random.Generator, *, rims: bool = False) -> NDArray[np.uint8]:
    """Return both eyes' patches: skin, an iris with white beside it as far as it is open, lashes, rims of glasses."""
    rows, columns = np.mgrid[-12:12, -17:17]
    patch = np.full((24, 34), 100.0)
    height = 5.0 * max(openness, 0.25)  # lashes and creases are left
    inside = (np.abs(columns) < 9) & (np.abs(rows) < height)
    patch[inside] = 135.0
    patch[inside & (rows**2 + columns**2 < 25)] = 25.0
    patch[(np.abs(columns) < 9) & (np.abs(rows - (height if openness > 0.5 else 3)) < 1)] = 60.0
    if rims:
        patch[-4:] = patch[:3] = 20.0
    both = np.stack([patch, patch[:, ::-1]]) + random.normal(0, 3, (2, 24, 34))
    return np.asarray(np.clip(both, 0, 255), np.uint8)


def face_light(
    colour: Array, random: np.random.Generator, *, room: float = 1.0, gloss: float = 0.0
) -> NDArray[np.float32]:
    """Return the cells of a face with brows and bright skin. `colour`: linear red, green, blue of the screen times its
    strength; `gloss`: what is added regardless of the skin, as by the glass of a telephone."""
    albedo = np.full((ROWS, COLUMNS, 1), 0.4) * np.array([0.7, 0.85, 1.1])
    albedo[2:4, 2:10] *= 0.2
    albedo[9:10, 4:8] *= 0.5
    light = albedo * (room + (1.0 - gloss) * colour[::-1]) + gloss * 0.4 * colour[::-1]
    return np.asarray(light * 0.4 * (1 + random.normal(0, 0.002, light.shape)), np.float32)


class Screen:
    """A candidate's screen that remembers what it showed and when."""

    def __init__(
        self, clock: Callable[[], float], *, can_flash: bool = True, skip_after: int | None = None
    ) -> None:
        self.shown: list[tuple[float, Prompt | Colour | None]] = []
        self.can_flash = can_flash
        self._clock = clock
        self._skip_after = skip_after

    @property
    def skip_asked(self) -> bool:
        return self._skip_after is not None and len(self.shown) >= self._skip_after

    def prompt(self, prompt: Prompt) -> None:
        self.shown.append((self._clock(), prompt))

    def hint(self, code: str) -> None:
        del code

    def colour(self, rgb: Colour | None) -> None:
        self.shown.append((self._clock(), rgb))

    def last(self, delay_s: float, kinds: tuple[type, ...]) -> tuple[float, Prompt | Colour | None] | None:
        """Return what was on the screen `delay_s` ago among prompts (str) or colours (tuple)."""
        now = self._clock()
        past = [one for one in self.shown if one[0] <= now - delay_s and isinstance(one[1], kinds)]
        return past[-1] if past else None


class Camera:
    """A camera on a clock of its own: each frame takes 1 / fps; `ends_at_s` is when it goes away."""

    info = CameraInfo(kind="memory", physical=False)

    def __init__(self, *, fps: float = FPS, ends_at_s: float = float("inf")) -> None:
        self.time = 100.0
        self.frames = 0
        self._step = 1.0 / fps
        self._ends = ends_at_s
        self._image = np.full((48, 64, 3), 110, np.uint8)

    def now(self) -> float:
        return self.time

    def preview(self, notice: NoticeShown) -> Frame | None:
        return self.next_frame(notice)

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        assert notice is NOTICE
        self.time += min(self._step, deadline_s)
        if self._step > deadline_s or self.time - 100.0 > self._ends:
            raise CameraGoneError(reason="no-frame", kind="memory")
        self.frames += 1
        return Frame(image=self._image, monotonic_s=self.time, number=self.frames)

    def capture_burst(self, notice: NoticeShown, **_: object) -> Burst:
        return Burst(
            frames=tuple(self.next_frame(notice) for _ in range(5)), notice=notice, camera_kind="memory"
        )

    def pause(self) -> None:
        pass

    def close(self) -> None:
        pass


Act = Callable[[float, Look], Observation]


class Head:
    """A person (or a sheet) before the camera that does what the screen asks, after a moment."""

    def __init__(
        self,
        camera: Camera,
        screen: Screen,
        *,
        shape: Array = HEAD,
        obeys: bool = True,
        blinks: bool = True,
        lit: float = 0.05,
    ) -> None:
        self._camera, self._screen = camera, screen
        self._shape, self._obeys, self._shuts, self._lit = shape, obeys, blinks, lit
        self._random = np.random.default_rng(5)
        self._turned, self._opened = 0.0, 1.0
        self.looks = 0

    def observe(self, frame: Frame, look: Look) -> Observation:
        self.looks += 1
        at = frame.monotonic_s
        noise = self._random.normal(0, 1.2, (5, 2))
        return observed(
            at,
            points(self._shape, self._yaw(), noise=noise),
            eyes=eye_patches(self._open(), self._random),
            light=face_light(self._light(), self._random) if look.light else None,
            similarity=0.8 if look.like is not None else None,
        )

    def _yaw(self) -> float:
        asked = self._screen.last(0.45, (str,))
        to = (
            {"turn-left": 28.0, "turn-right": -28.0}.get(str(asked[1]), 0.0) if asked and self._obeys else 0.0
        )
        self._turned += float(np.clip(to - self._turned, -4.5, 4.5))  # 0.4 s for the whole way
        return self._turned

    def _open(self) -> float:
        asked = self._screen.last(0.4, (str,))
        to = 0.0 if asked and asked[1] == "close-eyes" and self._shuts else 1.0
        self._opened += float(np.clip(to - self._opened, -0.4, 0.4))
        return self._opened

    def _light(self) -> Array:
        now = self._screen.last(0.1, (tuple, type(None)))
        return np.zeros(3) if now is None or now[1] is None else (np.array(now[1]) / 255.0) ** 2.2 * self._lit

    def thresholds(self) -> object:
        class _Limits:
            refer = 0.4

        return _Limits()
