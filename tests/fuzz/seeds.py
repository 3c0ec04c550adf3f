"""What the fuzzers start from: files of the software card, its PKI, and every value of tests/vectors."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from readers.emrtd.access_key import Can
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.emrtd.dh import GROUPS
from readers.emrtd.evidence_file import export
from readers.iso7816 import der, tlv
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.support.access_chip import algorithm, domain_info, pace_info
from tests.support.access_chip import infos as card_access_infos
from tests.support.evidence import evidence_of
from tests.support.proof_chip import auth_info, dh_spki, ec_spki, key_info, oid, spki
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


# --- shapes that once took long, or crashed ----------------------------------------------------------------


def agreement_keys() -> list[bytes]:
    """DG14 with primes just above a power of two, orders that are none, and a crowd of keys on one curve."""
    prime, small = (1 << 1024) + 1, GROUPS[0].p
    negative = tlv.encode(der.INTEGER, (1 - small).to_bytes(129, "big", signed=True))
    numbers = (der.encode_integer(small), der.encode_integer(5), negative)
    of_no_order = spki(oid("1.2.840.10046.2.1") + tlv.encode(der.SEQUENCE, *numbers), der.encode_integer(9))
    keys = [
        dh_spki(prime, 5, 7),
        dh_spki((1 << 2048) - 1, 2, 1 << 1000),
        dh_spki(small, GROUPS[0].g, GROUPS[0].power(7), q=GROUPS[0].q),
        of_no_order,
    ]
    infos = [[auth_info(1, 2), key_info(1, key)] for key in keys]
    curve = CURVES[17]
    infos += [
        [key_info(2, ec_spki(17, curve.multiply(number)), key_id=number) for number in range(1, count)]
        for count in (5, 30)
    ]
    return [tlv.encode(0x6E, tlv.encode(der.SET, *each)) for each in infos]


def many_domains() -> bytes:
    """EF.CardAccess with as many explicit domains, their generators compressed, and infos for them as fit."""
    curve = CURVES[17]
    size, point = curve.size, curve.generator
    compressed = algorithm(
        "1.2.840.10045.2.1",
        tlv.encode(
            der.SEQUENCE,
            der.encode_integer(1),
            tlv.encode(der.SEQUENCE, oid("1.2.840.10045.1.1"), der.encode_integer(curve.p)),
            tlv.encode(
                der.SEQUENCE,
                *(tlv.encode(der.OCTET_STRING, n.to_bytes(size, "big")) for n in (curve.a, curve.b)),
            ),
            tlv.encode(der.OCTET_STRING, bytes([2 + point.y % 2]) + curve.encode_x(point)),
            der.encode_integer(curve.n),
        ),
    )
    domains = [domain_info("ecdh-gm", compressed, number) for number in range(40, 49)]
    return card_access_infos(*domains, *[pace_info("ecdh-gm", CipherSuite.AES_128, None)] * 23)


def late_evidence() -> bytes:
    """An evidence file that says it was read on the last day there is."""
    return re.sub(rb'"at": "[0-9]{4}-[0-9]{2}-[0-9]{2}', b'"at": "9999-12-31', material().evidence, count=1)
