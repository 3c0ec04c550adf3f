"""Cards and weight files of a site, as an operator would write them."""

from hashlib import sha256
from pathlib import Path
from typing import Any

EMBEDDER = """name = "{name}"
kind = "embedder"
file = "{file}"
sha256 = "{sha256}"
licence = "{licence}"
source = "made for a test"
[input]
width = {side}
height = {side}
colour = "{colour}"
layout = "{layout}"
scale = {scale}
mean = {mean}
std = {std}
[alignment]
template = "arcface"
[template]
dimension = {dimension}
"""
PAD = """name = "{name}"
kind = "pad"
file = "{file}"
sha256 = "{sha256}"
licence = "Apache-2.0"
source = "made for a test"
[input]
width = 80
height = 80
colour = "bgr"
scale = 0.01
[crop]
scale = 2.7
[output]
count = 3
bona_fide = {bona_fide}
activation = "{activation}"
[threshold]
score = 0.5
source = "none: a test"
"""
_USUAL: dict[str, Any] = {
    "licence": "Apache-2.0", "side": 112, "colour": "rgb", "layout": "nchw", "scale": 1.0,
    "mean": [127.5, 127.5, 127.5], "std": [127.5, 127.5, 127.5], "dimension": 192,
    "bona_fide": 1, "activation": "softmax",
}  # fmt: skip


def put(folder: Path, name: str, weights: bytes, *, form: str = EMBEDDER, **values: Any) -> Path:
    """Write a card and its weight file into a folder, and return the card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(weights)
    given = {"name": name, "file": f"{name}.onnx", "sha256": sha256(weights).hexdigest(), **_USUAL, **values}
    card = folder / f"{name}.toml"
    card.write_text(form.format(**given), encoding="utf-8")
    return card
