"""The stored form of templates: exactly one, bounded, and nothing else is taken."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from biometrics.template import Template
from biometrics.template_code import (
    MAX_OCTETS,
    FaceTemplates,
    Space,
    TemplateBytesError,
    decode,
    encode,
    template_bytes,
)

SPACE = Space(model="sface", model_sha256="ab" * 32, rule="mean+flip")
MAGIC = b"proctor template 1\n"


def unit(seed: int, dimension: int = 128) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def template(seed: int, model: str = "sface") -> Template:
    return Template(vector=unit(seed), model=model)


def both() -> bytes:
    data = template_bytes(SPACE, reference=template(1), probe=template(2))
    assert data is not None
    return data


def test_what_is_written_is_read() -> None:
    read = decode(both())
    assert read.space == SPACE
    assert list(read.vectors) == ["reference", "probe"]
    assert np.array_equal(read.vectors["reference"], unit(1))
    assert np.array_equal(read.vectors["probe"], unit(2))
    assert encode(read) == both()


def test_the_form_is_what_the_docs_say() -> None:
    """Read without this package's code."""
    magic, header, rest = both().split(b"\n", 2)
    assert magic == b"proctor template 1"
    fields = json.loads(header)
    assert fields == {
        "dimension": 128,
        "model": "sface",
        "model_sha256": "ab" * 32,
        "rule": "mean+flip",
        "vectors": ["reference", "probe"],
    }
    assert len(rest) == 2 * 128 * 4
    assert np.array_equal(np.frombuffer(rest, "<f4", 128, 512), unit(2))


@pytest.mark.parametrize("kind", ["reference", "probe"])
def test_one_of_them_is_enough(kind: str) -> None:
    data = template_bytes(
        SPACE,
        reference=template(1) if kind == "reference" else None,
        probe=template(1) if kind == "probe" else None,
    )
    assert data is not None
    assert list(decode(data).vectors) == [kind]


def test_without_a_template_nothing_is_kept() -> None:
    assert template_bytes(SPACE, reference=None, probe=None) is None
    with pytest.raises(TemplateBytesError):
        encode(FaceTemplates(space=SPACE, vectors={}))


@pytest.mark.parametrize(
    ("vector", "model"),
    [
        (unit(1), "another"),
        (unit(1) * np.float32(1.01), "sface"),
        (np.zeros(128, np.float32), "sface"),
        (np.full(128, np.nan, np.float32), "sface"),
        (unit(1, 64), "sface"),
    ],
)
def test_what_does_not_belong_is_not_written(vector: NDArray[np.float32], model: str) -> None:
    with pytest.raises(TemplateBytesError):
        template_bytes(SPACE, reference=template(2), probe=Template(vector=vector, model=model))


HEADER = both()[len(MAGIC) :].split(b"\n", 1)[0]
BODY = both()[len(MAGIC) + len(HEADER) + 1 :]


def changed(**fields: object) -> bytes:
    line = json.dumps({**json.loads(HEADER), **fields}, sort_keys=True, separators=(",", ":"))
    return MAGIC + line.encode() + b"\n" + BODY


@pytest.mark.parametrize(
    ("data", "defect"),
    [
        (b"", "form"),
        (b"proctor template 2\n" + both()[len(MAGIC) :], "form"),
        (both()[:-1], "length"),
        (both() + b"\0", "length"),
        (both() + b"\0" * MAX_OCTETS, "too-long"),
        (MAGIC + b"x" * 600 + b"\n", "header"),
        (MAGIC + b"[" * 400 + b"\n", "header"),
        (MAGIC + b"\xff\n", "header"),
        (MAGIC + HEADER.replace(b",", b", ") + b"\n" + BODY, "header"),
        (MAGIC + HEADER[:-1] + b',"x":1}\n' + BODY, "header"),
        (changed(dimension=True), "header"),
        (changed(dimension=10**9), "header"),
        (changed(dimension=-128), "header"),
        (changed(dimension=64), "length"),
        (changed(model="sface/.."), "header"),
        (changed(model_sha256="AB" * 32), "header"),
        (changed(rule=""), "header"),
        (changed(vectors=["probe", "reference"]), "header"),
        (changed(vectors=["probe", "probe"]), "header"),
        (changed(vectors=[["probe"]]), "header"),
        (changed(vectors=[]), "header"),
        (MAGIC + HEADER + b"\n" + np.full(256, np.nan, "<f4").tobytes(), "norm"),
        (MAGIC + HEADER + b"\n" + np.full(256, np.inf, "<f4").tobytes(), "norm"),
        (MAGIC + HEADER + b"\n" + np.full(256, 3e38, "<f4").tobytes(), "norm"),
        (MAGIC + HEADER + b"\n" + bytes(1024), "norm"),
    ],
)
def test_everything_else_is_refused_by_name(data: bytes, defect: str) -> None:
    with pytest.raises(TemplateBytesError) as caught:
        decode(data)
    assert dict(caught.value.facts) == {"defect": defect}


@given(data=st.binary(max_size=400), head=st.booleans())
def test_no_bytes_end_otherwise(data: bytes, head: bool) -> None:
    with pytest.raises(TemplateBytesError):
        decode(MAGIC * head + data)


def test_nothing_shows_the_numbers() -> None:
    read = decode(both())
    assert "vectors" not in repr(read)
    assert str(float(read.vectors["probe"][0]))[:6] not in repr(read)
