from __future__ import annotations

from typing import Any

import pytest
import rfc8785

from sessions import codec
from sessions.errors import CanonicalFormError


def test_encode_sorts_keys_and_keeps_utf8() -> None:
    assert codec.encode({"b": 1, "a": "Đỗ"}) == '{"a":"Đỗ","b":1}'.encode()


def test_round_trip_both_ways() -> None:
    body = {"z": [1, -2, {"k": '\u0001"\\'}], "a": {}, "n": 2**53 - 1}
    data = codec.encode(body)
    assert codec.decode(data) == body
    assert codec.encode(codec.decode(data)) == data == rfc8785.dumps(body)


@pytest.mark.parametrize(
    "value", [1.5, True, None, 2**53, float("nan"), b"x", {"é": 1}, {1: 2}, {"a\n": 1}, "\ud800"]
)
def test_encode_refuses(value: Any) -> None:
    with pytest.raises(CanonicalFormError):
        codec.encode({"a": value})


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":1e2}',
        b'{"a":NaN}',
        b'{"a":"\\u0041"}',
        b'{"a":null}',
        b'{"a":true}',
        b'{"a":9007199254740992}',
        b"[1]",
        b"",
        b"\xff",
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_decode_refuses_every_other_form(data: bytes) -> None:
    with pytest.raises(CanonicalFormError):
        codec.decode(data)


def test_too_deep_and_too_long() -> None:
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    with pytest.raises(CanonicalFormError, match="too-deep"):
        codec.encode({"a": deep})
    with pytest.raises(CanonicalFormError, match="too-long"):
        codec.encode({"a": "x" * codec.MAX_BODY_BYTES})
    with pytest.raises(CanonicalFormError, match="too-long"):
        codec.decode(b" " * (codec.MAX_BODY_BYTES + 1))
