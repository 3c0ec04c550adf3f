"""What the fuzzers start from: files of the software card, its PKI, and every value of tests/vectors."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.support.softcard import NOW, fake_jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
MAX_SEED = 64 * 1024


@dataclass(frozen=True, slots=True)
class Material:
    """Files by name, and the certificates and lists around them."""

    files: dict[str, bytes]
    csca: bytes
    crl: bytes


@cache
def material() -> Material:
    """One genuine specimen with a small portrait."""
    with TemporaryDirectory() as folder:
        pki = training_pki(Path(folder), now=NOW)
    image = sample_card("mau", fake_jpeg(300), pki, now=NOW)
    return Material(files=dict(image.files), csca=pki.csca.encoded, crl=pki.crl)


@cache
def vectors() -> tuple[bytes, ...]:
    """Every hexadecimal value of tests/vectors."""
    found: set[bytes] = set()
    for path in sorted(VECTORS.glob("*.toml")):
        found.update(_octets(tomllib.loads(path.read_text(encoding="utf-8"))))
    return tuple(sorted(found))


def _octets(value: object) -> Iterator[bytes]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _octets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _octets(inner)
    elif isinstance(value, str):
        try:
            octets = bytes.fromhex(value)
        except ValueError:
            return
        if 4 <= len(octets) <= MAX_SEED:
            yield octets


def starting(tag: int) -> list[bytes]:
    """The values of tests/vectors that begin with this octet."""
    return [octets for octets in vectors() if octets[0] == tag]
