"""Where frames come from when it is no device: images in memory or in files."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol, Self

from biometrics.camera_info import IMAGE_SUFFIXES
from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.frames import Image

_NUMBER = re.compile(r"%0?(\d*)d")


class FrameSource(Protocol):
    """What a camera's thread reads. `open` raises CameraGoneError; only one thread uses a source."""

    def open(self) -> None:
        """Switch on. May be called again after `close`."""

    def drain(self) -> None:
        """Throw away what was buffered before reading was asked for."""

    def read(self) -> Image | None:
        """Return the next frame, None when there will be no more."""

    def close(self) -> None:
        """Switch off. May be called without `open`."""


class Pace:
    """When recorded frames are due: each an interval after the one before, whatever reading them took. Who comes later
    than that by another interval begins anew: nothing is caught up with."""

    def __init__(
        self,
        interval_s: float,
        *,
        clock: Callable[[], float] = monotonic,
        rest: Callable[[float], None] = sleep,
    ) -> None:
        self._interval_s = interval_s
        self._clock, self._rest = clock, rest
        self._due_s = float("-inf")

    def begin(self) -> None:
        """The next frame is due at once."""
        self._due_s = float("-inf")

    def wait(self) -> None:
        """Wait until the next frame is due."""
        now_s = self._clock()
        due_s = self._due_s + self._interval_s
        if now_s > due_s + self._interval_s:
            due_s = now_s
        self._due_s = due_s
        if due_s > now_s:
            self._rest(due_s - now_s)


class ImageSource:
    """Images one after another, from the start again when they end."""

    def __init__(
        self,
        images: Callable[[], Iterable[Image]],
        *,
        interval_s: float,
        close: Callable[[], None] | None = None,
    ) -> None:
        """`images` gives them anew for each round; `interval_s`: from one to the next."""
        self._images = images
        self._pace = Pace(interval_s)
        self._close = close
        self._round: Iterator[Image] = iter(())

    @classmethod
    def of_files(cls, files: Sequence[Path], *, interval_s: float = 1 / 30) -> Self:
        """Return a source of image files, each decoded within limits: `read` raises what decoding raises."""
        decoder = PortraitDecoder(FILE_LIMITS)
        return cls(
            lambda: (decoder.decode_file(file) for file in files), interval_s=interval_s, close=decoder.close
        )

    def open(self) -> None:
        """Start from the first image."""
        self._round = iter(())

    def drain(self) -> None:
        """Nothing is buffered; the next image is due at once."""
        self._pace.begin()

    def read(self) -> Image | None:
        """Return the next image when it is due: it is decoded before that. None when there are no images."""
        image = next(self._round, None)
        if image is None:
            self._round = iter(self._images())
            image = next(self._round, None)
        if image is not None:
            self._pace.wait()
        return image

    def close(self) -> None:
        """Forget the round and end the decoder."""
        self._round = iter(())
        if self._close is not None:
            self._close()


def sequence_files(spec: str) -> tuple[Path, ...] | None:
    """Return the images of a folder (by name), a %04d pattern (from 0 or 1) or one file; None for others."""
    path = Path(spec)
    if path.is_dir():
        return tuple(sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES))
    if _NUMBER.search(path.name):
        return tuple(_numbered(path))
    return (path,) if path.suffix.lower() in IMAGE_SUFFIXES else None


def _numbered(pattern: Path) -> Iterator[Path]:
    def file(number: int) -> Path:
        return pattern.with_name(
            _NUMBER.sub(lambda found: str(number).zfill(int(found[1] or 0)), pattern.name, count=1)
        )

    for number in count(0 if file(0).exists() else 1):
        if not file(number).exists():
            return
        yield file(number)
