import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import base45
from reports.errors import SealFormatError

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "base45.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("pair", VECTORS["pair"], ids=lambda pair: pair["text"])
def test_published_pairs(pair: dict[str, str]):
    assert base45.encode(bytes.fromhex(pair["bytes"])) == pair["text"]
    assert base45.decode(pair["text"]) == bytes.fromhex(pair["bytes"])


@pytest.mark.parametrize("refused", VECTORS["refused"], ids=lambda refused: refused["why"])
def test_text_that_no_bytes_encode_to_is_refused(refused: dict[str, str]):
    with pytest.raises(SealFormatError):
        base45.decode(refused["text"])


@given(st.binary(max_size=300))
def test_bytes_come_back(data: bytes):
    assert base45.decode(base45.encode(data)) == data


@given(st.text(max_size=40))
def test_any_text_is_decoded_to_bytes_that_encode_to_it_or_refused(text: str):
    with contextlib.suppress(SealFormatError):
        assert base45.encode(base45.decode(text)) == text
