"""The fast reader of bodies judges as the slow one does, whatever it has seen before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions import codec
from sessions.canonical import Shapes
from sessions.errors import CanonicalFormError
from sessions.record import CHECK_NAMES
from tests.support.sessions_station import record

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
leaves = st.one_of(texts, st.integers(-(2**60), 2**60), st.booleans(), st.none(), st.floats(allow_nan=False))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcé\n"), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(["a", "b", "kind", "é", ""]), values, max_size=4)


def judged(decode: Any, data: bytes, unread: str = "") -> Any:
    """What is made of bytes; the field that need not be read counts as read, if it is an object."""
    try:
        body = decode(data)
        return {**body, unread: {}} if isinstance(body.get(unread), dict) else body
    except CanonicalFormError:
        return "refused"


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=6), st.data())
def test_the_same_judgement(found: list[dict[str, Any]], data: st.DataObject) -> None:
    unread = data.draw(st.sampled_from(["", "a", "kind"]))
    shapes = Shapes(unread)
    for body in found:
        for options in ({"sort_keys": True}, {}, {"indent": 1}, {"ensure_ascii": True}):
            settings_of = {"ensure_ascii": False, "separators": (",", ":"), **options}
            text = json.dumps(body, **settings_of).encode()
            assert judged(shapes.decode, text, unread) == judged(codec.decode, text, unread)
            place = data.draw(st.integers(0, len(text)))
            other = data.draw(
                st.sampled_from([b"0", b" ", b"1", b",", b'"', b"-", b"}", b"\\", b"\xff", b"\x00", b""])
            )
            spoiled = text[:place] + other + text[place + data.draw(st.integers(0, 1)) :]
            assert judged(shapes.decode, spoiled, unread) == judged(codec.decode, spoiled, unread)


STEP = 7
"""Every so manieth byte; the four shapes begin at different ones."""


@pytest.mark.parametrize(
    ("unread", "kept"),
    [
        ("", ""),
        ("checks", "outcome"),
        pytest.param("checks", "", marks=pytest.mark.slow),
        pytest.param("facts", "", marks=pytest.mark.slow),
    ],
)
def test_changed_bytes_of_a_known_shape(unread: str, kept: str) -> None:
    """An attempt's body after others of its shape: bytes changed, left out and put in."""
    shapes = Shapes(unread, kept)
    for number in range(3):
        body = record(number).as_body()
        assert judged(shapes.decode, codec.encode(body), unread) == judged(
            codec.decode, codec.encode(body), unread
        )
    good = codec.encode(record(3).as_body())
    for place in range(len(unread) % STEP, len(good), STEP):
        for byte in b'0-" ,:}\xc3\x1fa.e':
            for spoiled in (
                good[:place] + bytes([byte]) + good[place + 1 :],
                good[:place] + bytes([byte]) + good[place:],
                good[:place] + good[place + 1 :],
            ):
                assert judged(shapes.decode, spoiled, unread) == judged(codec.decode, spoiled, unread)


@pytest.mark.parametrize("first", ["passed", "failed"])
def test_what_is_kept_of_an_object_is_read_of_every_body(first: str) -> None:
    """The outcomes of checks, whether a body is the first of its shape or a later one."""
    shapes = Shapes("checks", "outcome")
    outcomes = (first, "failed", "indeterminate", "passed")
    for number, outcome in enumerate(outcomes):
        body = record(number).as_body()
        body["checks"]["face-match"]["outcome"] = outcome
        body["checks"]["pad"]["facts"] = {"outcome": "no", "deep": [{"outcome": "no"}]}
        body["checks"]["note"] = "outcome"
        read = shapes.decode(codec.encode(body))
        if number:
            left = {name: {"outcome": "passed"} for name in CHECK_NAMES}
            assert read["checks"] == left | {"face-match": {"outcome": outcome}}
        assert {**read, "checks": 0} == {**body, "checks": 0}


def test_many_shapes_are_forgotten() -> None:
    shapes = Shapes()
    for number in range(2_500):
        data = codec.encode({f"field{number}": 1})
        assert shapes.decode(data) == codec.decode(data)


def test_numbers_beyond_the_limit() -> None:
    shapes = Shapes()
    for number in (1, 2**53 - 1, 2**53, 10**20, 10**5000, -1, -(2**53)):
        if number < 10**4000:
            data = json.dumps({"a": number}, separators=(",", ":")).encode()
        else:
            data = b'{"a":1' + b"0" * 5_000 + b"}"
        assert judged(shapes.decode, data) == judged(codec.decode, data)
