"""Times of checking a sheet of 300 rows with portraits and three signatures, bare and at level B-LTA. Goal: 1 s.

Own judge and pyHanko, certificates judged with revocation lists; without a log. Wall-clock and process CPU time,
median of five. A table, then JSON. Nothing is asserted.
"""

import json
from datetime import UTC, datetime
from statistics import median
from time import perf_counter, process_time

from reports.attendance import Pictures
from reports.pdf import draw
from reports.signature import seal_pdf
from reports.verify_sheet import verify_sheet
from tests.bench.bench_sheet import portraits
from tests.support.reports_sheets import mixed_roll, sheet_of, signer, texts
from tests.support.signed_sheets import (
    AT,
    CERTIFICATE,
    KEY,
    believed,
    proofs,
    signed_by,
    stamped_by,
    with_store,
)
from tests.support.signing_pki import pki

ROWS, ROUNDS = 300, 5


def sheet() -> bytes:
    """A sheet with both portraits in every row, the station's seal and two officials' signatures."""
    chip, live = portraits(ROWS, (300, 400)), portraits(ROWS, (480, 640))
    pictures = Pictures(chip=lambda seq: chip[seq % ROWS], live=lambda seq: live[seq % ROWS])
    drawn = draw(sheet_of(mixed_roll(ROWS), pictures=pictures), signer())
    sealed = seal_pdf(drawn, key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())
    return signed_by(signed_by(sealed, pki().official), pki().other, 2)


def timed(pdf: bytes) -> dict[str, float]:
    wall, cpu = [], []
    for _ in range(ROUNDS):
        start, own = perf_counter(), process_time()
        found = verify_sheet(pdf, CERTIFICATE, believed(), at=datetime.now(UTC))
        wall.append(perf_counter() - start)
        cpu.append(process_time() - own)
        if not found.credible:
            raise RuntimeError(str(found.error))
    return {"wall_s": round(median(wall), 3), "cpu_s": round(median(cpu), 3), "octets": len(pdf)}


def main() -> None:
    three = sheet()
    archived = stamped_by(with_store(stamped_by(three, pki().tsa), proofs()), pki().tsa, 2)
    found = {"three signatures": timed(three), "the same, B-LTA": timed(archived)}
    for name, times in found.items():
        print(
            f"{name:20} {times['wall_s']:6.3f} s wall {times['cpu_s']:6.3f} s CPU {times['octets']:9,} octets"
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
