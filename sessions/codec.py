"""Bodies as bytes: RFC 8785, integers only, one value ↔ one byte string.

What is hashed is the stored bytes, never a re-encoding; `decode` refuses bytes that `encode` would not
produce, so the two are inverse in both directions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import rfc8785

from sessions.errors import CanonicalFormError

MAX_BODY_BYTES: Final = 262_144
_MAX_INT: Final = 2**53 - 1
_MAX_DEPTH: Final = 16


def encode(body: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 form of a body of objects, lists, strings and integers (|n| < 2**53).

    Raises CanonicalFormError for floats, booleans, null, keys outside printable ASCII, deep nesting, or more
    than MAX_BODY_BYTES.
    """
    _require_plain(body, 0)
    try:
        data = rfc8785.dumps(dict(body))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise CanonicalFormError(why="encoding") from None
    if len(data) > MAX_BODY_BYTES:
        raise CanonicalFormError(why="too-long", size=len(data))
    return data


def decode(data: bytes) -> dict[str, Any]:
    """Return the body of canonical bytes; raises CanonicalFormError for anything `encode` would not
    produce.
    """
    if len(data) > MAX_BODY_BYTES:
        raise CanonicalFormError(why="too-long", size=len(data))
    try:
        body = json.loads(
            data.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_unique
        )
    except (ValueError, RecursionError):
        raise CanonicalFormError(why="not-json") from None
    if not isinstance(body, dict):
        raise CanonicalFormError(why="not-an-object")
    if encode(body) != data:
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
    """Raise unless the value is made of the allowed types only."""
    if depth > _MAX_DEPTH:
        raise CanonicalFormError(why="too-deep")
    kind = type(value)
    if kind is str:
        return
    if kind is int:
        if abs(value) > _MAX_INT:
            raise CanonicalFormError(why="integer-too-large")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if type(key) is not str or not (key.isascii() and key.isprintable()):
                raise CanonicalFormError(why="key")
            _require_plain(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _require_plain(item, depth + 1)
    else:
        raise CanonicalFormError(why="type", type=kind.__name__)
