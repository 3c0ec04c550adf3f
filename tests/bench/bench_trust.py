"""Passive authentication against a full trust store, and the store itself. Plain figures, no asserts."""

from __future__ import annotations

import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from readers.emrtd.evidence import GenuineChip, OpenedChip, RawChip, freeze
from readers.emrtd.passive_auth import require_chain, require_consistent, require_hashes
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.pki.trust_file import read_trust_file
from readers.softcard.personalise import ChipImage, personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from tests.support.softcard import NOW, connect, fake_jpeg, sign, trust_store, verify
from tests.support.trust_files import country_authority, list_signer, many, master_list

ANCHORS = 1000
MANY_ANCHORS = 5000
ROUNDS = 200
TARGET_MS = 20.0


def milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def fill(store: TrustStore, count: int) -> float:
    """Bring that many CSCAs in as one master list; return the milliseconds of plan and commit."""
    publisher = country_authority("DE", "CSCA publisher")
    octets = master_list(list_signer(publisher), [publisher.encoded, *many(count - 1, country="DE")])

    def bring_in() -> None:
        file = read_trust_file(octets)
        planned = store.plan_import(file, by="u1", second="u2", at=NOW, scope="passport")
        store.carry_out(planned, sign)

    return milliseconds(bring_in)


def document(image: ChipImage) -> tuple[OpenedChip, dict[str, bytes]]:
    """One card as it was read."""
    reader = connect(image)
    opened = reader.open(sample_holder("mau", today=NOW.date()).number.can)
    genuine = reader.require_genuine(require_consistent(opened), secrets.token_bytes(8))
    return opened, dict(reader.read(genuine).files)


def authenticate(opened: OpenedChip, files: dict[str, bytes], store: TrustStore) -> None:
    """The whole of passive authentication: SOD, hashes, chain, revocation."""
    genuine = GenuineChip(keys=require_consistent(opened), proven_by="nothing", facts=freeze({}))
    chip = require_hashes(RawChip(genuine=genuine, files=files, facts=freeze({})))
    require_chain(chip, store, NOW)


def measure(folder: Path) -> dict[str, float | int]:
    pki = training_pki(folder / "pki", now=NOW)
    opened, files = document(personalise(sample_holder("mau", today=NOW.date()), fake_jpeg(), pki, now=NOW))
    store = trust_store(folder / "store", pki)
    fill(store, ANCHORS - 1)
    opening = milliseconds(lambda: TrustStore.open(folder / "store", training=True, verify=verify))
    fresh = TrustStore.open(folder / "store", training=True, verify=verify)
    first = milliseconds(lambda: authenticate(opened, files, fresh))
    warm = [milliseconds(lambda: authenticate(opened, files, fresh)) for _ in range(ROUNDS)]
    large = TrustStore.create(folder / "large", training=False, sign=sign)
    importing = fill(large, MANY_ANCHORS)
    opening_many = milliseconds(lambda: TrustStore.open(folder / "large", training=False, verify=verify))
    median = statistics.median(warm)
    return {
        "anchors": len([item for item in fresh.list() if item.kind == "csca"]),
        "pa_first_ms": round(first, 2),
        "pa_median_ms": round(median, 2),
        "pa_p95_ms": round(sorted(warm)[int(0.95 * ROUNDS)], 2),
        "pa_target_ms": TARGET_MS,
        "pa_ratio_to_target": round(median / TARGET_MS, 3),
        "open_ms": round(opening, 1),
        f"open_{MANY_ANCHORS}_ms": round(opening_many, 1),
        f"import_{MANY_ANCHORS}_in_one_commit_s": round(importing / 1000, 2),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        print(json.dumps({"trust": measure(Path(folder))}, indent=2))


if __name__ == "__main__":
    main()
