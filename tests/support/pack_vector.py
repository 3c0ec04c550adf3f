"""How tests/vectors/pack-1.pack was made: a small station with everything a pack can have. Run once; the file stays.

python -m tests.support.pack_vector FOLDER
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from sessions.checkpoint import Signer
from sessions.closing import close_session
from sessions.cosignature import Cosigner, Kind
from sessions.department import DepartmentPrivate
from sessions.pack_verify import Outside, verify_pack
from sessions.pack_write import Sheets, draft_pack
from sessions.pins import StationPins
from sessions.record import Second
from tests.support.packs import CERTIFICATE, PDF, attend, open_session, print_sheet
from tests.support.sessions_station import OPERATOR, Bench

SECOND = Second(user_id="nv09", role="chairman")


def make(folder: Path) -> None:
    """Write pack-1.pack and pack-1.json: what is needed to verify and open it."""
    private = DepartmentPrivate.generate("Sở Mẫu")
    witnesses = [
        Cosigner("witness.example/a", bytes(32)),
        Cosigner("witness.example/b", bytes(32), Kind.ML_DSA_44),
    ]
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(path=Path(work) / "station.db")
        new = Signer(bench.origin, bytes(range(32)))
        with bench.create() as store:
            earlier = open_session(store)
            attend(store, earlier, 5)
            session = open_session(store)
            attend(store, session, 0)
            seq = store.head().size - 1
            store.rotate_key(new, {"custody": "file", "reason": "yearly"}, operator=OPERATOR, second=SECOND)
            attend(store, earlier, 6)
            attend(store, session, 1)
            close_session(store, session, operator=OPERATOR)
            print_sheet(store, session)
            size = store.head().size
            text = store.note(size).partition("\n\n")[0] + "\n"
            store.add_cosignatures(size, [witness.cosign(text, 1_800_000_000) for witness in witnesses])
            targets = [{"seq": seq, "names": ["chip-portrait"]}]
            body = {
                "scope": "retention",
                "reason": "30 days",
                "session": session.session_id,
                "targets": targets,
            }

            def also(conn: object, by: int) -> None:
                row = (seq, "chip-portrait", by)
                conn.execute("INSERT INTO shredded (seq, name, by) VALUES (?, ?, ?)", row)  # type: ignore[attr-defined]

            store.append("shred", body, operator=OPERATOR, second=SECOND, also=also)
            store.append("view", {"what": "what comes after"}, operator=OPERATOR)
            draft = draft_pack(
                store,
                session.session_id,
                signer=new,
                department=private.public,
                sheets=Sheets(files=(PDF,), certificate=CERTIFICATE),
            )
            path = folder / "pack-1.pack"
            path.write_bytes(b"".join(draft.chunks()))
        pin = bench.bundle.signer(bench.origin).key.encode()
    keys = [witness.key for witness in witnesses]
    outside = Outside(pins=StationPins().add(pin), witnesses=keys, department=private)
    report = verify_pack(path, outside)
    facts = {
        "station": pin,
        "witnesses": [key.encode() for key in keys],
        "department": json.loads(private.bare()),
        "session": report.session,
        "size": report.size,
        "root": report.root,
        "counts": dict(report.counts),
        "cosigned": [list(pair) for pair in report.cosigned],
        "erased_entry": seq,
    }
    (folder / "pack-1.json").write_text(
        json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
