"""Bodies as bytes: RFC 8785, integers only, one value ↔ one byte string.

What is hashed is the stored bytes, never a re-encoding; `decode` refuses bytes that `encode` would not
produce.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from sessions.errors import CanonicalFormError
from sessions.record import MAX_INT

MAX_BODY_BYTES: Final = 262_144
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False, check_circular=False
)
_ENCODED: Final[dict[type, Callable[[Any], str]]] = {str: encode_basestring, int: str}
"""What needs no encoder of its own."""
_MAX_DEPTH: Final = 16


def encode(body: Mapping[str, Any], *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the RFC 8785 form of a body of objects, lists, strings and integers (|n| < 2**53).

    Raises CanonicalFormError for floats, booleans, null, keys outside printable ASCII, deep nesting, or more
    than `limit` bytes.
    """
    return join(encode_fields(body), limit=limit)


def encode_fields(body: Mapping[str, Any]) -> dict[str, str]:
    """Return each field of a body in its canonical form; the part of encoding that needs no other field."""
    plain = dict(body)
    _require_plain(plain, 0)
    return {name: _ENCODED.get(type(value), _ENCODER.encode)(value) for name, value in plain.items()}


def join(fields: Mapping[str, str], *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the canonical object of encoded fields; raises CanonicalFormError."""
    pairs = (f"{encode_basestring(name)}:{fields[name]}" for name in sorted(fields))
    try:
        data = f"{{{','.join(pairs)}}}".encode()
    except UnicodeEncodeError:
        raise CanonicalFormError(why="encoding") from None
    if len(data) > limit:
        raise CanonicalFormError(why="too-long", size=len(data))
    return data


def decode(data: bytes, *, limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """Return the body of canonical bytes; raises CanonicalFormError for anything `encode` would not
    produce.
    """
    if len(data) > limit:
        raise CanonicalFormError(why="too-long", size=len(data))
    try:
        body = json.loads(
            data.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_unique
        )
    except (ValueError, RecursionError):
        raise CanonicalFormError(why="not-json") from None
    if not isinstance(body, dict):
        raise CanonicalFormError(why="not-an-object")
    if encode(body, limit=limit) != data:
        raise CanonicalFormError(why="other-bytes")
    return body


def _refuse(_text: str) -> NoReturn:
    raise CanonicalFormError(why="not-an-integer")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CanonicalFormError(why="duplicate-key")
    return found


def _require_plain(value: Any, depth: int) -> None:
    """Raise unless an object or list is made of the allowed types only."""
    if depth > _MAX_DEPTH:
        raise CanonicalFormError(why="too-deep")
    if type(value) is dict:
        _require_keys(value)
        value = value.values()
    for item in value:
        kind = type(item)
        if kind is str:
            continue
        if kind is int:
            if not -MAX_INT <= item <= MAX_INT:
                raise CanonicalFormError(why="integer-too-large")
        elif kind is dict or kind is list or kind is tuple:
            _require_plain(item, depth + 1)
        else:
            raise CanonicalFormError(why="type", type=kind.__name__)


def _require_keys(value: dict[Any, Any]) -> None:
    """Raise unless every key is printable ASCII: only then is code point order the order of RFC 8785."""
    try:
        joined = "".join(value)
    except TypeError:
        raise CanonicalFormError(why="key") from None
    if not (joined.isascii() and joined.isprintable()):
        raise CanonicalFormError(why="key")
