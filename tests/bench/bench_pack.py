"""A pack of 300 candidates: written (read back and verified included), verified, opened. Plain figures, no asserts."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sessions.closing import close_session
from sessions.files import sync_dir
from sessions.pack_file import write_pack
from sessions.pack_open import open_pack
from sessions.pack_verify import Outside, verify_pack
from sessions.pack_write import Sheets, draft_pack
from sessions.pins import StationPins
from tests.bench.bench_store import fresh_evidence
from tests.support.packs import CERTIFICATE, attend, department, open_session, print_sheet, roster_of
from tests.support.sessions_station import OPERATOR, Bench

CANDIDATES = 300
ROUNDS = 5
SHEET = b"%PDF-1.7\n" + bytes(3_000_000)


def timed(call: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def measure(folder: Path) -> dict[str, float | int]:
    """Fill a station with one session and take the median of some rounds."""
    bench = Bench(path=folder / "station.db")
    signer = bench.bundle.signer(bench.origin)
    pins = StationPins.of_fingerprint(signer.key.fingerprint)
    with bench.create() as store:
        store._db.conn.execute("PRAGMA synchronous = OFF")  # filling is not what is measured
        session = open_session(store, roster_of(CANDIDATES))
        for number in range(CANDIDATES):
            attend(store, session, number, fresh_evidence)
        close_session(store, session, operator=OPERATOR)
        print_sheet(store, session, SHEET)
        path = folder / "a.pack"

        def write() -> None:
            path.unlink(missing_ok=True)
            draft = draft_pack(
                store,
                session.session_id,
                signer=signer,
                department=department().public,
                sheets=Sheets(files=(SHEET,), certificate=CERTIFICATE),
            )
            write_pack(path, draft.chunks())
            report = verify_pack(path, Outside(pins=pins, pack_key=draft.pack_key))
            if not report.ok:
                raise SystemExit(f"{report}")
            sync_dir(folder)

        written = sorted(timed(write) for _ in range(ROUNDS))[ROUNDS // 2]
    outside = Outside(pins=bench.pins)
    verified = sorted(timed(lambda: verify_pack(path, outside)) for _ in range(ROUNDS))[ROUNDS // 2]
    private = Outside(pins=bench.pins, department=department())
    opened = timed(lambda: open_pack(path, folder / "open", private))
    return {
        "candidates": CANDIDATES,
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "written_s": round(written, 2),
        "verified_s": round(verified, 2),
        "opened_s": round(opened, 2),
    }


def main() -> None:
    """Print one line of JSON."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        print(json.dumps({"pack": measure(Path(folder))}, indent=2))


if __name__ == "__main__":
    main()
