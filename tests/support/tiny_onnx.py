"""Very small ONNX files, written byte by byte: nothing but this project reads them, so no library is needed."""

import struct
from collections.abc import Sequence

Field = tuple[int, int | bytes | str]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _message(*fields: Field) -> bytes:
    """Return a protobuf message: numbers as varints, texts and bytes with their length."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(data)) + data
    return out


def _ints(name: str, values: Sequence[int]) -> bytes:
    return _message((1, name), (20, 7), *((8, value) for value in values))


def _integer(name: str, value: int) -> bytes:
    return _message((1, name), (20, 2), (3, value))


def _node(kind: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    named: list[Field] = [(1, name) for name in inputs]
    return _message(
        *named, (2, output), (3, output), (4, kind), *((5, attribute) for attribute in attributes)
    )


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dims: list[Field] = [(1, _message((1, size) if isinstance(size, int) else (2, size))) for size in shape]
    return _message((1, name), (2, _message((1, _message((1, 1), (2, _message(*dims)))))))


def _model(nodes: Sequence[bytes], given: bytes, answer: bytes, constants: Sequence[bytes] = ()) -> bytes:
    whole: list[Field] = [(1, node) for node in nodes]
    graph = _message(
        *whole, (2, "tiny"), *((5, constant) for constant in constants), (11, given), (12, answer)
    )
    return _message((1, 7), (2, "tests"), (8, _message((1, ""), (2, 13))), (7, graph))


def embedder(*, side: int = 112, cells: int = 8, layout: str = "nchw", batch: int | str = "n") -> bytes:
    """Return a network whose features are the mean colours of `cells` × `cells` fields: 3 · cells² values."""
    nodes, source = [], "pixels"
    shape: list[int | str] = [batch, 3, side, side]
    if layout == "nhwc":
        nodes, source = [_node("Transpose", ["pixels"], "turned", _ints("perm", [0, 3, 1, 2]))], "turned"
        shape = [batch, side, side, 3]
    step = side // cells
    sizes = (_ints("kernel_shape", [step, step]), _ints("strides", [step, step]))
    nodes += [
        _node("AveragePool", [source], "fields", *sizes),
        _node("Flatten", ["fields"], "features", _integer("axis", 1)),
    ]
    return _model(nodes, _value("pixels", shape), _value("features", [batch, 3 * cells * cells]))


def pad(*, side: int = 80) -> bytes:
    """Return a network that answers three values: the mean of each channel."""
    nodes = [
        _node("GlobalAveragePool", ["pixels"], "means"),
        _node("Flatten", ["means"], "classes", _integer("axis", 1)),
    ]
    return _model(nodes, _value("pixels", ["n", 3, side, side]), _value("classes", ["n", 3]))


def greedy(*, side: int = 112) -> bytes:
    """Return a network that wants some terabytes: the picture, spread out by a stride of sixty thousand."""
    weights = _message(
        *((1, size) for size in (3, 1, 1, 1)), (2, 1), (8, "w"), (9, struct.pack("<3f", 1.0, 1.0, 1.0))
    )
    nodes = [
        _node("ConvTranspose", ["pixels", "w"], "large", _ints("strides", [60_000, 60_000])),
        _node("GlobalAveragePool", ["large"], "means"),
        _node("Flatten", ["means"], "features", _integer("axis", 1)),
    ]
    return _model(nodes, _value("pixels", [1, 3, side, side]), _value("features", [1, 1]), [weights])
