"""A whole read of a chip: access, SOD, DG14, Chip Authentication, DG15, Active Authentication, DG1, DG13, DG2 of 15 kB.

How many commands it takes at short and at long answers; the software's share, that is the time without the card's own;
and how much longer it takes than the bits need on a simulated contactless link: once by adding up link and CPU, once
by really waiting for the link (which a busy machine makes longer). Then PACE's arithmetic alone. Tables, then JSON.
Nothing is asserted.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from readers.emrtd.access_key import Can
from readers.emrtd.pace_mapping import standard_domain
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.softcard.chip import SoftCard
from readers.softcard.in_process import InProcessConnection
from readers.softcard.link import LinkModel
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_card
from tests.support.softcard import NOW, fake_jpeg, trust_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.access_key import AccessKey
    from readers.emrtd.pki.store import TrustStore
    from readers.softcard.personalise import ChipImage

ROUNDS = 15
WARM_UP = 3
PORTRAIT_OCTETS = 14_900
GOAL_SHARE_S = 0.35
GOAL_RATIO = 1.10
GOAL_POINTS_MS = 25.0
SHORT = ReadLimits(block_octets=231, extended_length=False)
LONG = ReadLimits(block_octets=4096, extended_length=True)
LINKS = (LinkModel(kbit_s=424), LinkModel(kbit_s=424, apdu_ms=5.0))


class Watched:
    """A connection that adds up the card's own time, and what the commands need on a link.

    With `wait` it takes as long as the link, or as the software card where that is longer; `overrun_s` is how much
    longer, which is neither the link's time nor the reader's."""

    def __init__(self, card: SoftCard, model: LinkModel, *, wait: bool) -> None:
        self._inner = InProcessConnection(card)
        self._model, self._wait = model, wait
        self.name, self.atr = self._inner.name, self._inner.atr
        self.commands = 0
        self.card_s = self.card_cpu_s = self.physical_s = self.overrun_s = 0.0

    def transceive(self, command: bytes) -> bytes:
        """Pass on one command."""
        began, cpu = time.perf_counter(), time.process_time()
        answer = self._inner.transceive(command)
        took = time.perf_counter() - began
        self.card_cpu_s += time.process_time() - cpu
        needed = self._model.seconds(len(command), len(answer))
        self.commands += 1
        self.card_s += took
        self.physical_s += needed
        self.overrun_s += max(0.0, took - needed)
        if self._wait:
            _wait_until(began + needed)
        return answer

    def close(self) -> None:
        """Take the card away."""
        self._inner.close()


def _wait_until(moment: float) -> None:
    """Wait without sleeping: what a sleep overshoots would be counted against the reader."""
    while time.perf_counter() < moment:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One whole read: seconds, commands. cpu_s: of the software, which other programs do not lengthen."""

    commands: int
    software_s: float
    cpu_s: float
    physical_s: float
    ratio: float
    proven_by: str


def read(image: ChipImage, key: AccessKey, store: TrustStore, link: Watched, limits: ReadLimits) -> Run:
    """Read, verify and time one card."""
    began, cpu = time.perf_counter(), time.process_time()
    reader = ChipReader(link, randbytes=os.urandom, monotonic=time.monotonic, limits=limits)
    opened = reader.open(key)
    genuine = reader.require_genuine(require_consistent(opened), os.urandom(8))
    chip = require_hashes(reader.read(genuine))
    require_chain(chip, store, NOW)
    wall = time.perf_counter() - began
    cpu = time.process_time() - cpu
    return Run(
        commands=link.commands,
        software_s=wall - link.card_s,
        cpu_s=cpu - link.card_cpu_s,
        physical_s=link.physical_s,
        ratio=(wall - link.overrun_s) / link.physical_s,
        proven_by=chip.proven_by,
    )


def rounds(make: Callable[[], Run], count: int = ROUNDS) -> list[Run]:
    """Runs, the first ones not counted."""
    return [make() for _ in range(count + WARM_UP)][WARM_UP:]


def points_ms(parameter_id: int = 13, count: int = 50) -> float:
    """The reader's half of PACE with generic mapping: two key pairs, the mapping, the agreement."""
    domain = standard_domain(parameter_id)
    assert domain is not None
    times = []
    for _ in range(count):
        theirs = domain.key_pair(os.urandom)
        nonce = os.urandom(16)
        began = time.perf_counter()
        own = domain.key_pair(os.urandom)
        mapped = domain.map_generic(nonce, own, theirs.public)
        spent = time.perf_counter() - began
        other = mapped.key_pair(os.urandom)
        began = time.perf_counter()
        pair = mapped.key_pair(os.urandom)
        mapped.agree(pair, other.public)
        times.append(spent + time.perf_counter() - began)
    return 1000 * median(times)


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        pki = training_pki(Path(folder) / "pki", now=NOW)
        store = trust_store(Path(folder) / "store", pki)
        image = sample_card("mau", fake_jpeg(PORTRAIT_OCTETS), pki, now=NOW)
        key = Can(image.can)

        def runs(limits: ReadLimits, model: LinkModel, *, wait: bool, count: int = ROUNDS) -> list[Run]:
            return rounds(
                lambda: read(image, key, store, Watched(SoftCard(image), model, wait=wait), limits), count
            )

        found: dict[str, object] = {}
        print(f"whole read, DG2 of {len(image.files['DG2']):,} octets; medians of {ROUNDS}")
        for name, limits in (("short answers", SHORT), ("answers of 4,096 octets", LONG)):
            results = runs(limits, LINKS[0], wait=False)
            share = median(run.software_s for run in results)
            cpu = median(run.cpu_s for run in results)
            print(
                f"  {name:24} {results[0].commands:4} commands, proven by {results[0].proven_by}; "
                f"software share {share:.3f} s, of CPU {cpu:.3f} s   (goal ≤ {GOAL_SHARE_S})"
            )
            found[name] = {
                "commands": results[0].commands,
                "software_s": round(share, 4),
                "cpu_s": round(cpu, 4),
            }
            for model in LINKS:
                linked = runs(limits, model, wait=True, count=5)
                ratio, physical = (
                    median(run.ratio for run in linked),
                    median(run.physical_s for run in linked),
                )
                label = f"{model.kbit_s} kbit/s, card {model.apdu_ms:g} ms"
                added = (physical + cpu) / physical
                print(
                    f"    {label:24} {physical:.3f} s physical; by addition {added:.3f}, waited {ratio:.3f}"
                    f"   (goal ≤ {GOAL_RATIO})"
                )
                found[f"{name}, {label}"] = {
                    "physical_s": round(physical, 4),
                    "added": round(added, 4),
                    "ratio": round(ratio, 4),
                }
        points = points_ms()
        print(
            f"  PACE arithmetic, brainpoolP256r1, reader's half: {points:.1f} ms   (goal ≤ {GOAL_POINTS_MS:g})"
        )
        found["pace_points_ms"] = round(points, 2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
