"""The bytes in which the templates of an attempt are kept, inside the encrypted store and nowhere else.

    proctor template 1 LF
    {"dimension":D,"model":"…","model_sha256":"…","rule":"…","vectors":["reference","probe"]} LF
    D × 4 octets for each vector, in that order: IEEE 754 binary32, little-endian

The second line is canonical JSON: keys sorted, no blanks, ASCII. For a second reader: docs/face-search.md.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from biometrics.errors import BiometricsError
from biometrics.template import Template

Kind = Literal["reference", "probe"]
KINDS: Final[tuple[Kind, ...]] = ("reference", "probe")
MAX_OCTETS: Final = 131_072
_MAGIC: Final = b"proctor template 1\n"
_MAX_HEADER: Final = 512
_DIMENSIONS: Final = range(16, 8193)
_LENGTH: Final = (
    1e-3  # how far from 1 the L2 norm of a stored vector may lie: rounding to binary32 stays far below
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = {"dimension": int, "model": str, "model_sha256": str, "rule": str, "vectors": list}


class TemplateBytesError(BiometricsError):
    """Stored bytes are no templates of this form. Fact `defect` says what is wrong, never what stands there."""

    code = "template-invalid"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Space:
    """What templates must have in common to be comparable: model, its weights, and the rule that makes them of frames.

    `rule` as the calibration states it: "mean", "mean+flip".
    """

    model: str
    model_sha256: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceTemplates:
    """The templates of one attempt: float32, shape (D,), L2 norm 1, by kind; at least one of them."""

    space: Space
    vectors: Mapping[Kind, NDArray[np.float32]] = field(repr=False)


def template_bytes(space: Space, *, reference: Template | None, probe: Template | None) -> bytes | None:
    """Return what is kept of an attempt, or None where neither template was made.

    Raises TemplateBytesError for a template of another model, of two dimensions or without length 1.
    """
    given = {"reference": reference, "probe": probe}
    found = {kind: template for kind in KINDS if (template := given[kind]) is not None}
    if not found:
        return None
    if any(template.model != space.model for template in found.values()):
        raise TemplateBytesError(defect="model")
    return encode(
        FaceTemplates(space=space, vectors={kind: template.vector for kind, template in found.items()})
    )


def encode(templates: FaceTemplates) -> bytes:
    """Return the bytes of templates. Raises TemplateBytesError for what `decode` would not take."""
    vectors = {kind: templates.vectors[kind] for kind in KINDS if kind in templates.vectors}
    if not vectors:
        raise TemplateBytesError(defect="vectors")
    fields = {
        "dimension": len(next(iter(vectors.values()))),
        "model": templates.space.model,
        "model_sha256": templates.space.model_sha256,
        "rule": templates.space.rule,
        "vectors": list(vectors),
    }
    octets = b"".join(np.asarray(vector, dtype="<f4").tobytes() for vector in vectors.values())
    data = _MAGIC + _line(fields) + octets
    decode(data)
    return data


def decode(data: bytes) -> FaceTemplates:
    """Return the templates of stored bytes. Strict: raises TemplateBytesError(defect) for anything else."""
    if len(data) > MAX_OCTETS:
        raise TemplateBytesError(defect="too-long")
    if not data.startswith(_MAGIC):
        raise TemplateBytesError(defect="form")
    end = data.find(b"\n", len(_MAGIC), len(_MAGIC) + _MAX_HEADER)
    fields = _header(data[len(_MAGIC) : end + 1])
    kinds, dimension = tuple(fields["vectors"]), fields["dimension"]
    octets = data[end + 1 :]
    if len(octets) != 4 * dimension * len(kinds):
        raise TemplateBytesError(defect="length")
    rows = np.frombuffer(octets, dtype="<f4").astype(np.float32).reshape(len(kinds), dimension)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    if not np.all(np.abs(lengths - 1.0) <= _LENGTH):  # also where one is no number
        raise TemplateBytesError(defect="norm")
    space = Space(model=fields["model"], model_sha256=fields["model_sha256"], rule=fields["rule"])
    return FaceTemplates(space=space, vectors=dict(zip(kinds, rows, strict=True)))


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _header(line: bytes) -> dict[str, Any]:
    """Return the fields of the second line if it is exactly the line that `encode` writes for them."""
    try:
        fields = json.loads(line.decode("ascii")) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        raise TemplateBytesError(defect="header") from None
    if not isinstance(fields, dict) or {name: type(value) for name, value in fields.items()} != _FIELDS:
        raise TemplateBytesError(defect="header")
    known = (
        _NAME.fullmatch(fields["model"])
        and _SHA256.fullmatch(fields["model_sha256"])
        and _NAME.fullmatch(fields["rule"])
        and fields["dimension"] in _DIMENSIONS
        and tuple(fields["vectors"]) in (KINDS, KINDS[:1], KINDS[1:])
    )
    if not known or _line(fields) != line:
        raise TemplateBytesError(defect="header")
    return fields
