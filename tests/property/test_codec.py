from __future__ import annotations

import contextlib

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions import codec
from sessions.errors import CanonicalFormError

KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=5)


@settings(max_examples=200, deadline=None)
@given(BODIES)
def test_one_value_one_form(body: dict[str, object]) -> None:
    data = codec.encode(body)
    assert data == rfc8785.dumps(body)
    assert codec.decode(data) == body
    assert codec.encode(codec.decode(data)) == data


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_a_flipped_bit_is_another_body_or_none(body: dict[str, object]) -> None:
    data = codec.encode(body)
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        with contextlib.suppress(CanonicalFormError):
            assert codec.decode(bytes(changed)) != body
