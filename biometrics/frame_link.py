"""Messages between the station and its face process: each picture crosses once.

A request is a head (which pictures are new, which may be forgotten), a pickled body, then the new pictures' bytes. In
bodies a picture is only its key. An answer is a body alone; pictures of its request come back as keys, so that the
caller gets his own objects again. Pickle runs between these two processes only, and what the face process answers
may name no more than this package's own records.
"""

import pickle
import struct
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from importlib import import_module
from io import BytesIO
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from biometrics.errors import BiometricsError, ImageTooLargeError
from biometrics.frames import Frame, Image

REQUEST = struct.Struct(">II")  # bytes of head and body
ANSWER = struct.Struct(">I")  # bytes of the body
PICTURE_BYTES = 4096  # smaller arrays travel inside the body
MOST_BYTES = 128 * 1024 * 1024  # of one request's pictures
KEPT_BYTES = 48 * 1024 * 1024  # of pictures that the face process holds for the caller
MOST_ANSWER = 256 * 1024 * 1024
_PLAIN = {
    ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "bytearray"), ("builtins", "range"),
    ("collections", "OrderedDict"), ("collections", "Counter"),
    ("collections", "deque"), ("datetime", "datetime"), ("datetime", "date"), ("datetime", "timedelta"),
    ("datetime", "timezone"), ("_codecs", "encode"),
    ("numpy", "dtype"), ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}  # fmt: skip
_OWN = "biometrics"

Read = Callable[[int], bytes | bytearray]


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: Any, /) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A packed request: the parts to write, and the objects its keys stand for, by key."""

    parts: tuple[bytes | memoryview, ...] = field(repr=False)
    pictures: Mapping[int, Image] = field(repr=False)
    frames: Mapping[int, Frame] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class _Sent:
    key: int
    size: int
    image: "weakref.ref[Image]"


def _is_picture(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.nbytes >= PICTURE_BYTES


def _reduced(value: object) -> Any:
    """Return how a value that pickle alone cannot carry is carried."""
    if isinstance(value, BiometricsError):
        return rebuild_error, (type(value), dict(value.facts))
    if isinstance(value, MappingProxyType):
        return rebuild_mapping, (dict(value),)
    return NotImplemented


def rebuild_error(kind: type[BiometricsError], facts: Mapping[str, str | int]) -> BiometricsError:
    """Return the error again."""
    return kind(**facts)


def rebuild_mapping(content: dict[Any, Any]) -> Mapping[Any, Any]:
    """Return the read-only mapping again."""
    return MappingProxyType(content)


_REBUILD: Mapping[str, Callable[..., Any]] = {
    "rebuild_error": rebuild_error,
    "rebuild_mapping": rebuild_mapping,
}


# --- the station's side ---


class Outbox:
    """Packs requests for one face process and remembers which pictures it has. Not for several threads at once.

    A picture inside one of this package's records (`Frame`, `Reference`, `Live`) is known by identity and must not
    be written into; an array given by itself is sent anew every time.
    """

    def __init__(self) -> None:
        self._next = 1
        self._sent: dict[int, _Sent] = {}
        self._dead: deque[tuple[int, int]] = deque()

    def pack(self, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Request:
        """Return the request. Raises ImageTooLargeError(bytes, limit)."""
        drops = self._forget_dead()
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                drops += self._forget(id(argument))
        pickler = _RequestPickler(self._key)
        body = pickler.pack((name, arguments, dict(options)))
        size = sum(image.nbytes for _, image in pickler.fresh)
        if size > MOST_BYTES:
            self._sent.clear()
            raise ImageTooLargeError(bytes=size, limit=MOST_BYTES)
        drops += self._over(set(pickler.pictures))
        shapes = [(key, image.shape) for key, image in pickler.fresh]
        head = pickle.dumps((drops, shapes), protocol=5)
        bytes_of = tuple(np.ascontiguousarray(image).data.cast("B") for _, image in pickler.fresh)
        return Request(
            parts=(REQUEST.pack(len(head), len(body)) + head + body, *bytes_of),
            pictures=pickler.pictures,
            frames=pickler.frames,
        )

    def forget_all(self) -> None:
        """The face process holds no picture any more."""
        self._sent.clear()

    def _key(self, image: Image) -> tuple[int, bool]:
        """Return a picture's key, and whether the face process has still to be given it."""
        known = self._sent.get(id(image))
        if known is not None and known.image() is image:
            return known.key, False
        key, place, dead = self._next, id(image), self._dead
        self._next += 1
        kept = weakref.ref(image, lambda _gone: dead.append((place, key)))
        self._sent[place] = _Sent(key=key, size=image.nbytes, image=kept)
        return key, True

    def _forget_dead(self) -> list[int]:
        drops = []
        while self._dead:
            place, key = self._dead.popleft()
            drops.append(key)
            if (known := self._sent.get(place)) is not None and known.key == key:
                del self._sent[place]
        return drops

    def _forget(self, place: int) -> list[int]:
        known = self._sent.pop(place, None)
        return [] if known is None else [known.key]

    def _over(self, used: set[int]) -> list[int]:
        """Return the oldest pictures beyond what the face process should hold; never those of this request."""
        held = sum(sent.size for sent in self._sent.values())
        drops: list[int] = []
        for place, sent in tuple(self._sent.items()):
            if held <= KEPT_BYTES:
                break
            if sent.key not in used:
                held -= sent.size
                drops += self._forget(place)
        return drops


class _RequestPickler:
    """Pickles a body; `fresh` are the pictures to send along, in order."""

    def __init__(self, key: Callable[[Image], tuple[int, bool]]) -> None:
        self._key = key
        self.fresh: list[tuple[int, Image]] = []
        self.pictures: dict[int, Image] = {}
        self.frames: dict[int, Frame] = {}

    def pack(self, content: object) -> bytes:
        """Return the body."""
        return _pickled(content, self._name)

    def _name(self, value: object) -> Any:
        if isinstance(value, Frame) and _is_picture(value.image):
            key = self._picture(value.image)
            self.frames[key] = value
            return "frame", key, value.monotonic_s, value.number
        return ("picture", self._picture(value)) if _is_picture(value) else None

    def _picture(self, image: Any) -> int:
        key, is_new = self._key(image)
        if is_new:
            self.fresh.append((key, image))
        self.pictures[key] = image
        return key


def unpack_answer(body: bytes, request: Request) -> Any:
    """Return an answer's content, pictures of its request as the caller's own objects.

    Raises pickle.UnpicklingError for anything that is no record of this package."""
    return _AnswerUnpickler(body, request).load()


class _AnswerUnpickler(pickle.Unpickler):
    def __init__(self, body: bytes, request: Request) -> None:
        super().__init__(BytesIO(body))
        self._request = request

    def persistent_load(self, pid: Any) -> Any:
        table: Mapping[int, object] = self._request.frames if pid[0] == "frame" else self._request.pictures
        if pid[1] not in table:
            raise pickle.UnpicklingError("unknown picture")
        return table[pid[1]]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module == __name__ and name in _REBUILD:
            return _REBUILD[name]
        if module.split(".", maxsplit=1)[0] == _OWN and name.isidentifier():
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module and _is_record(found):
                return found
        raise pickle.UnpicklingError("not a record of this package")


def _is_record(kind: type) -> bool:
    return is_dataclass(kind) or issubclass(kind, (BiometricsError, Enum))


# --- the face process's side ---


class Inbox:
    """Reads requests and keeps their pictures until they are dropped; packs answers."""

    def __init__(self) -> None:
        self._pictures: dict[int, Image] = {}
        self._frames: dict[tuple[int, float, int], Frame] = {}

    @property
    def held(self) -> int:
        """How many pictures are kept."""
        return len(self._pictures)

    def take(self, read: Read) -> tuple[str, tuple[Any, ...], Mapping[str, Any]]:
        """Read one request: what to call, with what. Raises EOFError at the end."""
        head_size, body_size = REQUEST.unpack(read(REQUEST.size))
        drops, shapes = pickle.loads(read(head_size))  # noqa: S301  from our own station
        body = read(body_size)
        for key in drops:
            self._pictures.pop(key, None)
        self._frames = {name: frame for name, frame in self._frames.items() if name[0] in self._pictures}
        for key, shape in shapes:
            pixels = read(int(np.prod(shape)))
            self._pictures[key] = np.frombuffer(pixels, dtype=np.uint8).reshape(shape)
        name, arguments, options = _RequestUnpickler(bytes(body), self._find).load()
        return name, arguments, options

    def pack(self, content: object) -> bytes:
        """Return the answer's bytes; pictures that the station sent go back as their keys."""
        keys = {id(image): key for key, image in self._pictures.items()}

        def name_of(value: object) -> Any:
            if isinstance(value, Frame) and id(value.image) in keys:
                return "frame", keys[id(value.image)]
            return ("picture", keys[id(value)]) if _is_picture(value) and id(value) in keys else None

        body = _pickled(content, name_of)
        return ANSWER.pack(len(body)) + body

    def forget_all(self) -> None:
        """Hold no picture any more."""
        self._pictures.clear()
        self._frames.clear()

    def _find(self, pid: Any) -> Any:
        image = self._pictures[pid[1]]
        if pid[0] == "picture":
            return image
        name = pid[1:]
        if name not in self._frames:
            self._frames[name] = Frame(image=image, monotonic_s=pid[2], number=pid[3])
        return self._frames[name]


class _RequestUnpickler(pickle.Unpickler):
    def __init__(self, body: bytes, find: Callable[[Any], Any]) -> None:
        super().__init__(BytesIO(body))
        self._find = find

    def persistent_load(self, pid: Any) -> Any:
        return self._find(pid)


class _NamingPickler(pickle.Pickler):
    def __init__(self, file: BytesIO, name: Callable[[object], Any]) -> None:
        super().__init__(file, protocol=5)
        self._name = name

    def persistent_id(self, value: Any) -> Any:
        return self._name(value)

    def reducer_override(self, value: Any) -> Any:
        return _reduced(value)


def _pickled(content: object, name: Callable[[object], Any]) -> bytes:
    file = BytesIO()
    _NamingPickler(file, name).dump(content)
    return file.getvalue()
