"""A recorded presentation: what the camera saw and what the candidate's screen showed, as a folder.

`recording.toml` beside the frames (`0001.png`, …) and, where there is one, the reference portrait. Read with caps on
every count and size; pictures are decoded one at a time, in the decoder's own process.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

import cv2

from biometrics.candidate_screen import Colour, Prompt
from biometrics.decode import DecodeLimits
from biometrics.errors import BiometricsError
from biometrics.frames import Frame, FramesOnDemand, Image
from biometrics.pad.errors import RecordingError

Label = Literal["bona-fide", "attack"]
Source = Literal["rendered", "laboratory", "field"]

TABLE: Final = "recording.toml"
REFERENCE: Final = "reference.jpg"
VERSION: Final = 1
MAX_TABLE_BYTES: Final = 4_000_000
MAX_FRAMES: Final = 6_000
MAX_SHOWN: Final = 1_000
MAX_SPAN_MS: Final = 600_000
FRAME_LIMITS: Final = DecodeLimits(
    max_bytes=12 * 1024 * 1024,
    max_pixels=4_200_000,
    memory_mib=512,
    cpu_s=30,
    deadline_s=10.0,
    formats=("JPEG", "PNG"),
)
"""For the decoder that is given to `read_recording`: `PortraitDecoder(FRAME_LIMITS)`."""

_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FILE = re.compile(r"[0-9]{1,6}\.(png|jpg|jpeg)")
_KEYS = frozenset({"version", "label", "species", "subject", "source", "split", "frame"})
_MAY = frozenset({"shown", "reference"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the candidate's screen showed from `at_s` on: a prompt or a colour; neither: back to the usual screen."""

    at_s: float
    prompt: Prompt | None = None
    colour: Colour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One presentation. Times in seconds on the camera's clock. `species`: "bona-fide" or the PAI species' name;
    `subject`: a pseudonym; `split`: "tuning", "report" or a name of the site's own."""

    label: Label
    species: str
    subject: str
    source: Source
    split: str
    shown: tuple[Shown, ...]
    frames: Sequence[Frame] = field(repr=False)
    reference: bytes | None = field(default=None, repr=False)


class FrameDecoder(Protocol):
    """Turns a file into pixels: `biometrics.decode.PortraitDecoder`."""

    def decode_file(self, path: Path) -> Image:
        """Raises a BiometricsError."""


def read_recording(folder: Path, decoder: FrameDecoder) -> Recording:
    """Return the recording in `folder`. Raises RecordingError(file, key, why), at once for the table and missing
    files, on reading a frame for a picture that cannot be decoded."""
    table = _table(folder / TABLE)
    for key in sorted((table.keys() ^ _KEYS) - (table.keys() & _MAY)):
        raise _wrong(key, "unknown" if key in table else "missing")
    if table["version"] != VERSION or isinstance(table["version"], bool):
        raise _wrong("version", "value")
    return Recording(
        label=_one_of(table, "label", ("bona-fide", "attack")),
        species=_matching(table, "species", _WORD),
        subject=_matching(table, "subject", _SUBJECT),
        source=_one_of(table, "source", get_args(Source)),
        split=_matching(table, "split", _WORD),
        shown=_shown_list(table.get("shown", [])),
        frames=FramesOnDemand(
            [
                partial(_stored, decoder, path, at_s, number)
                for number, (at_s, path) in enumerate(_places(folder, table["frame"]), 1)
            ]
        ),
        reference=_reference(folder, table),
    )


def _stored(decoder: FrameDecoder, path: Path, at_s: float, number: int) -> Frame:
    """Return a frame of a folder. Raises RecordingError(file, why)."""
    try:
        image = decoder.decode_file(path)
    except BiometricsError as error:
        raise RecordingError(file=path.name, key="frame", why=error.code) from None
    return Frame(image=image, monotonic_s=at_s, number=number)


def write_recording(
    folder: Path, recording: Recording, *, suffix: Literal["png", "jpg"] = "png", quality: int = 95
) -> None:
    """Write a recording into `folder`, which must be new or empty. For recordings of consenting test persons only.

    Raises RecordingError(file, key, why) when the folder holds something or a value has no place in the table.
    """
    _require_empty(folder)
    lines = _head(recording)
    for shown in recording.shown:
        lines += ["", "[[shown]]", f"at_ms = {_ms(shown.at_s)}", *_what(shown)]
    for number, frame in enumerate(recording.frames, 1):
        name = f"{number:04d}.{suffix}"
        (folder / name).write_bytes(_encoded(frame.image, suffix, quality))
        lines += ["", "[[frame]]", f"at_ms = {_ms(frame.monotonic_s)}", f'file = "{name}"']
    if recording.reference is not None:
        (folder / REFERENCE).write_bytes(recording.reference)
    (folder / TABLE).write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RecordingError(file=folder.name, key="folder", why="not-empty")
    except OSError:
        raise RecordingError(file=folder.name, key="folder", why="unwritable") from None


def _head(recording: Recording) -> list[str]:
    words = {
        "label": recording.label,
        "species": recording.species,
        "subject": recording.subject,
        "source": recording.source,
        "split": recording.split,
    }
    for key, value in words.items():
        if not (_SUBJECT if key == "subject" else _WORD).fullmatch(value):
            raise _wrong(key, "value")
    lines = [f"version = {VERSION}", *(f'{key} = "{value}"' for key, value in words.items())]
    return lines if recording.reference is None else [*lines, f'reference = "{REFERENCE}"']


def _what(shown: Shown) -> list[str]:
    if shown.prompt is not None:
        return [f'prompt = "{shown.prompt}"']
    return (
        [] if shown.colour is None else [f"colour = [{', '.join(str(int(part)) for part in shown.colour)}]"]
    )


def _ms(at_s: float) -> int:
    return max(0, round(at_s * 1000))


def _encoded(image: Image, suffix: str, quality: int) -> bytes:
    how = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == "jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 1]
    _, data = cv2.imencode(f".{suffix}", image, how)
    return bytes(data)


def _table(path: Path) -> Mapping[str, Any]:
    try:
        if not path.is_file():  # a pipe or a device would hang
            raise RecordingError(file=path.name, key="", why="unreadable")
        with path.open("rb") as file:
            data = file.read(MAX_TABLE_BYTES + 1)
    except OSError:
        raise RecordingError(file=path.name, key="", why="unreadable") from None
    if len(data) > MAX_TABLE_BYTES:
        raise RecordingError(file=path.name, key="", why="too-large")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise RecordingError(file=path.name, key="", why="not-toml") from None


def _wrong(key: str, why: str) -> RecordingError:
    return RecordingError(file=TABLE, key=key, why=why)


def _one_of(table: Mapping[str, Any], key: str, values: Sequence[Any]) -> Any:
    if table[key] not in values:
        raise _wrong(key, "value")
    return table[key]


def _matching(table: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = table[key]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _wrong(key, "value")
    return value


def _rows(rows: object, key: str, most: int) -> list[Mapping[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(key, "type")
    if len(rows) > most:
        raise _wrong(key, "too-many")
    return rows


def _at(row: Mapping[str, Any], key: str, last: int) -> int:
    at = row.get("at_ms")
    if type(at) is not int or not 0 <= at <= 10**12 or at < last:
        raise _wrong(f"{key}.at_ms", "value")
    return at


def _shown_list(rows: object) -> tuple[Shown, ...]:
    shown: list[Shown] = []
    last = 0
    for number, row in enumerate(_rows(rows, "shown", MAX_SHOWN), 1):
        last = _at(row, f"shown[{number}]", last)
        if set(row) - {"at_ms", "prompt", "colour"} or {"prompt", "colour"} <= set(row):
            raise _wrong(f"shown[{number}]", "keys")
        prompt = row.get("prompt")
        if prompt is not None and prompt not in get_args(Prompt):
            raise _wrong(f"shown[{number}].prompt", "value")
        shown.append(Shown(at_s=last / 1000, prompt=prompt, colour=_colour(row.get("colour"), number)))
    return tuple(shown)


def _colour(value: object, number: int) -> Colour | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:
        raise _wrong(f"shown[{number}].colour", "value")
    if not all(type(part) is int and 0 <= part <= 255 for part in value):
        raise _wrong(f"shown[{number}].colour", "value")
    return value[0], value[1], value[2]


def _places(folder: Path, rows: object) -> list[tuple[float, Path]]:
    places: list[tuple[float, Path]] = []
    last = 0
    for number, row in enumerate(_rows(rows, "frame", MAX_FRAMES), 1):
        key = f"frame[{number}]"
        if set(row) != {"at_ms", "file"}:
            raise _wrong(key, "keys")
        at = _at(row, key, last + 1 if places else 0)
        name = row["file"]
        if not isinstance(name, str) or not _FILE.fullmatch(name):
            raise _wrong(f"{key}.file", "value")
        if not (folder / name).is_file():
            raise RecordingError(file=name, key=f"{key}.file", why="missing")
        places.append((at / 1000, folder / name))
        last = at
    if not places:
        raise _wrong("frame", "missing")
    if places[-1][0] - places[0][0] > MAX_SPAN_MS / 1000:
        raise _wrong("frame", "too-long")
    return places


def _reference(folder: Path, table: Mapping[str, Any]) -> bytes | None:
    if "reference" not in table:
        return None
    if table["reference"] != REFERENCE:
        raise _wrong("reference", "value")
    try:
        with (folder / REFERENCE).open("rb") as file:
            data = file.read(FRAME_LIMITS.max_bytes + 1)
    except OSError:
        raise RecordingError(file=REFERENCE, key="reference", why="missing") from None
    if len(data) > FRAME_LIMITS.max_bytes:
        raise RecordingError(file=REFERENCE, key="reference", why="too-large")
    return data
