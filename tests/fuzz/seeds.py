"""What the fuzzers start from: files of the software card, its PKI, and every value of tests/vectors."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from readers.emrtd.access_key import Can
from readers.emrtd.evidence_file import export
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.support.evidence import evidence_of
from tests.support.softcard import NOW, fake_jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
MAX_SEED = 64 * 1024
SAMPLES = (
    "mau",
    "iso39794",
    "dg11-dg12",
    "cam",
    "ecdsa-aa",
    "ca-two-keys",
    "passport",
    "rsa-signer",
    "explicit-parameters",
)


@dataclass(frozen=True, slots=True)
class Material:
    """Files by name, the certificates and lists around them, and a whole read as an evidence file. `more`: files of
    other cards, by sample and name."""

    files: dict[str, bytes]
    more: dict[tuple[str, str], bytes]
    csca: bytes
    crl: bytes
    evidence: bytes

    def named(self, *names: str) -> list[bytes]:
        """The files of these names, of every card."""
        others = [octets for (_, name), octets in self.more.items() if name in names]
        return [self.files[name] for name in names if name in self.files] + others


@cache
def material() -> Material:
    """Genuine specimens with small portraits."""
    with TemporaryDirectory() as folder:
        pki = training_pki(Path(folder), now=NOW)
        images = {name: sample_card(name, fake_jpeg(300), pki, now=NOW) for name in SAMPLES}
    mau = images["mau"]
    return Material(
        files=dict(mau.files),
        more={
            (sample, name): octets for sample in SAMPLES[1:] for name, octets in images[sample].files.items()
        },
        csca=pki.csca.encoded,
        crl=pki.crl,
        evidence=export(evidence_of(mau, Can(mau.can))),
    )


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
