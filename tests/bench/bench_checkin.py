"""The software's share of a check-in: card present to committed verdict, warm, broken down per check.

A software card without link time and a recorded camera, without challenges, which are the candidate's time and not the
software's; the frames' own 30 a second are part of the figure. A table, then JSON. Nothing is asserted.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from biometrics.camera import RecordedCamera
from biometrics.recorded import vary
from proctor.app import Transaction, open_desk
from proctor.attempt import AttemptResult
from proctor.checks import CheckName
from proctor.config import Places
from proctor.desks import CardSource
from proctor.present import AccessText
from proctor.roots import ensure_training_root, open_training
from proctor.softcards import open_workshop, specimen_faces
from proctor.training import candidates, roster_csv
from readers.softcard.chip import SoftCard
from readers.softcard.holder import qr_payload
from readers.softcard.in_process import InProcessConnection
from sessions.roster.csv_roster import read_roster
from sessions.session import create_session
from sessions.vietnam import today
from tests.support.plain_rules import plain_rules

ROUNDS = 25
WARM_UP = 3


def measure(folder: Path, rounds: int = ROUNDS) -> list[AttemptResult]:
    """Check in the same card `rounds` times, the first ones not counted; all but the first are duplicates."""
    root = ensure_training_root(Places.of(str(folder)).training)
    person = next(candidates(1, today()))
    face_image, face = specimen_faces(("hopper",))["hopper"]
    with open_training(root) as opened:
        workshop, trust = open_workshop(opened.root, opened.keys)
        session = create_session(
            opened.store,
            root_kind="training",
            roster=read_roster(roster_csv((person,))),
            rules=plain_rules(),
            component="theory",
            place="bench",
            day=datetime.now(UTC).date(),
            operator=opened.require_login().operator,
        )
        image = workshop.image(person.holder, workshop.portrait())
        results = []
        with open_desk(opened, session, trust, show_notice=lambda _version, _text: None) as desk:
            for seed in range(rounds + WARM_UP):
                frames = vary(face_image, seed=seed, face=face)
                work = Transaction(
                    access=AccessText("qr", qr_payload(person.holder)),
                    source=CardSource(kind="software", connect=lambda: InProcessConnection(SoftCard(image))),
                    open_camera=lambda frames=frames: RecordedCamera(frames),
                )
                results.append(desk.check_in(work))
    return results[WARM_UP:]


def main() -> None:
    """Print medians per check and of the whole, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder) / "root")
    rows = {name.value: median(r.checks[name].duration_ms for r in results) for name in CheckName}
    totals = sorted(result.total_ms for result in results)
    rows["between checks, commit"] = median(
        r.total_ms - sum(check.duration_ms for check in r.checks.values()) for r in results
    )
    print("check-in, software share, median ms")
    for name, value in rows.items():
        print(f"  {name:24} {value:8.0f}")
    print(f"  {'total':24} {median(totals):8.0f}   (goal ≤ 1000; p95 {totals[int(len(totals) * 0.95)]})")
    print(json.dumps({"median_ms": median(totals), "checks_ms": rows, "n": len(totals)}))


if __name__ == "__main__":
    main()
