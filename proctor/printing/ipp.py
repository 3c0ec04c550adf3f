"""As much of the Internet Printing Protocol as asking after printers and jobs takes (RFC 8010; CUPS's operations).

Requests and answers are bytes here; nothing is sent. Every length of an answer is checked, every count has a cap.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from proctor.printing.errors import AnswerError

GET_JOB, GET_JOBS, GET_PRINTER = 0x0009, 0x000A, 0x000B
CUPS_GET_DEFAULT, CUPS_GET_PRINTERS = 0x4001, 0x4002
NOT_FOUND: Final = 0x0406
_LAST_GOOD: Final = 0x00FF
_MAX_VALUES: Final = 200_000
_OPERATION, _JOB, _END, _PRINTER = 0x01, 0x02, 0x03, 0x04
_INTEGERS: Final = frozenset({0x21, 0x23})
_BOOLEAN, _NAME, _KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x22, 0x42, 0x44, 0x45, 0x47, 0x48
_TEXTS: Final = frozenset({0x41, 0x42, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49})

Value = int | bool | str
Group = Mapping[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The status of an answer, and its groups of jobs or printers: by name the values of each attribute."""

    status: int
    groups: tuple[Group, ...]

    @property
    def good(self) -> bool:
        """Whether the operation was done."""
        return self.status <= _LAST_GOOD


def request(
    operation: int,
    *,
    uri: tuple[str, str] | None = None,
    user: str = "",
    wanted: Sequence[str] = (),
    which: str = "",
    number: int = 1,
) -> bytes:
    """Return a request. `uri`: attribute and value of what is asked after; `wanted`: the attributes to be told.

    `user`: who asks; the names of jobs are told to their owner alone. `which`: of this user's jobs, "all" or others.
    """
    parts = [
        struct.pack(">BBHI", 2, 0, operation, number),
        bytes([_OPERATION]),
        _attribute(_CHARSET, "attributes-charset", "utf-8"),
        _attribute(_LANGUAGE, "attributes-natural-language", "en"),
    ]
    if uri is not None:
        parts.append(_attribute(_URI, *uri))
    if user:
        parts.append(_attribute(_NAME, "requesting-user-name", user))
    if which:
        parts += [_attribute(_KEYWORD, "which-jobs", which), _MY_JOBS]
    for place, name in enumerate(wanted):
        parts.append(_attribute(_KEYWORD, "" if place else "requested-attributes", name))
    parts.append(bytes([_END]))
    return b"".join(parts)


def _attribute(tag: int, name: str, value: str | bytes) -> bytes:
    label, data = name.encode(), value.encode() if isinstance(value, str) else value
    return struct.pack(">BH", tag, len(label)) + label + struct.pack(">H", len(data)) + data


_MY_JOBS: Final = _attribute(_BOOLEAN, "my-jobs", b"\x01")


def read(data: bytes) -> Answer:
    """Return an answer. Raises AnswerError for bytes that are none."""
    if len(data) < 8:
        raise AnswerError(why="ipp")
    status: int = struct.unpack_from(">H", data, 2)[0]
    groups: list[dict[str, tuple[Value, ...]]] = []
    kept: dict[str, tuple[Value, ...]] | None = None
    last = ""
    for tag, name, value in _values(data):
        if value is None:
            kept = {} if tag in {_JOB, _PRINTER} else None
            if kept is not None:
                groups.append(kept)
            continue
        last = name or last
        if kept is not None:
            kept[last] = (*kept.get(last, ()), value) if not name else (value,)
    return Answer(status=status, groups=tuple(groups))


def _values(data: bytes) -> Iterator[tuple[int, str, Value | None]]:
    """Yield (tag, name, value) of each attribute, and (tag, "", None) where a group begins."""
    place = 8
    for _ in range(_MAX_VALUES):
        if place >= len(data):
            break
        tag = data[place]
        place += 1
        if tag == _END:
            return
        if tag < 0x10:
            yield tag, "", None
            continue
        name, place = _counted(data, place)
        raw, place = _counted(data, place)
        yield tag, name.decode("utf-8", "replace"), _value(tag, raw)
    raise AnswerError(why="ipp")


def _counted(data: bytes, place: int) -> tuple[bytes, int]:
    if place + 2 > len(data):
        raise AnswerError(why="ipp")
    end = place + 2 + struct.unpack_from(">H", data, place)[0]
    if end > len(data):
        raise AnswerError(why="ipp")
    return data[place + 2 : end], end


def _value(tag: int, raw: bytes) -> Value:
    """Return a value: numbers and texts; of every other form (collections, ranges) only that there was one."""
    if tag in _INTEGERS:
        if len(raw) != 4:
            raise AnswerError(why="ipp")
        return int.from_bytes(raw, "big", signed=True)
    if tag == _BOOLEAN:
        return raw == b"\x01"
    return raw.decode("utf-8", "replace") if tag in _TEXTS else ""
