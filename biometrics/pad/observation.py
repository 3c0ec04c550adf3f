"""What one frame of a challenge shows, as numbers: small, cheap to send to another process, no picture."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from biometrics.detect import Points
from biometrics.template import Template

Box = tuple[float, float, float, float]  # x, y, width, height in pixels of the frame
Light = NDArray[
    np.float32
]  # (rows, columns, 3): mean linear value of blue, green, red over cells of the face, 0 to 1
Around = NDArray[
    np.uint8
]  # (rows, columns): grey of brows, nose and cheeks, 100 as bright as the cheeks: `eye_patch`
Eyes = NDArray[np.uint8]  # (2, ROWS, COLUMNS): grey around both eyes, 100 as bright as the cheek: `eye_patch`


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What to look for in a frame. `near`: where the face was last; None searches the whole frame.

    `points`: measure the light at these points; `search` False: do not look for the face anew. `others`: count further
    faces in the candidate's zone. `light`, `eyes`, `artefacts`: what to measure. `like`: also compare the face with
    this template.
    """

    near: Box | None = None
    points: Points | None = field(default=None, repr=False)
    search: bool = True
    others: bool = False
    light: bool = False
    eyes: bool = False
    artefacts: bool = False
    like: Template | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """Signs of a medium. `bezel`: share of a rectangle's sides found around the face, 0 to 1; `moire`: height of the
    highest regular peak in the face's fine pattern, in multiples of its surroundings."""

    bezel: float
    moire: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceSeen:
    """The candidate's face. `score`: the detector's, 0 to 1, or of the frame before when it was not searched."""

    box: Box
    points: Points = field(repr=False)
    score: float
    searched: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """One frame. `digest`: hash of all its pixels; `samples`: grey values at fixed scattered places, uint8;
    `others`: further faces in the zone, None when not counted; `similarity`: comparison score, -1 to 1."""

    number: int
    at_s: float
    size: tuple[int, int]
    digest: bytes = field(repr=False)
    samples: NDArray[np.uint8] = field(repr=False)
    brightness: float
    face: FaceSeen | None = None
    others: int | None = None
    light: Light | None = field(default=None, repr=False)
    eyes: Eyes | None = field(default=None, repr=False)
    around: Around | None = field(default=None, repr=False)
    artefacts: Artefacts | None = None
    similarity: float | None = None
