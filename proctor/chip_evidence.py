"""The evidence file of one chip read: made from what the pipeline proved, and written for nobody else to read."""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from proctor import __version__
from proctor.challenge import Challenge
from proctor.checks import CheckName
from proctor.desks import ChipDesk
from proctor.errors import CommandError
from proctor.pipeline import Proven
from proctor.policy import CHIP_CHECKS, chip_verdict
from proctor.recorder import Recorder
from readers.emrtd.evidence import ActiveProof, freeze
from readers.emrtd.evidence_file import Evidence, StoredCheck, StoredProof, export
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.steps import Step
from sessions.record import Check

READER_KINDS = ("pcsc", "software")


def evidence_of_read(
    proven: Proven,
    recorder: Recorder,
    *,
    steps: tuple[Step, ...],
    challenges: tuple[Challenge, ...],
    training: bool,
    read_at: datetime,
) -> Evidence | None:
    """Return the evidence of a read as far as it came; None when the chip was not opened and there is none.

    `challenges`: every one of this read, so that each answer is kept with what its challenge was made of. `read_at`:
    the station's time, UTC.
    """
    opened, raw, present = proven.opened, proven.raw, proven.present
    if opened is None or present is None:
        return None
    genuine = None if raw is None else raw.genuine
    makings = {challenge.value: challenge for challenge in challenges}
    return Evidence(
        read_at=read_at,
        program=f"proctor {__version__}",
        reader_kind=present.reader_kind if present.reader_kind in READER_KINDS else "software",
        training=training,
        verdict=chip_verdict(recorder.checks).value,
        proven_by="nothing" if genuine is None else genuine.proven_by,
        access=opened.access,
        files={**opened.files, **({} if raw is None else raw.files)},
        mapping=opened.mapping,
        proofs=tuple(
            _stored(proof, makings.get(proof.challenge))
            for proof in (() if genuine is None else genuine.active_proofs)
        ),
        checks=tuple(_kept(name, recorder.checks[name]) for name in CHIP_CHECKS),
        steps=steps,
    )


def _stored(proof: ActiveProof, making: Challenge | None) -> StoredProof:
    return StoredProof(
        challenge=proof.challenge,
        signature=proof.signature,
        random=None if making is None else making.random,
        root=None if making is None else making.root,
    )


def _kept(name: CheckName, check: Check) -> StoredCheck:
    return StoredCheck(
        name=name.value,
        outcome=check.outcome.value,
        code=check.code,
        started_at=check.started_at,
        duration_ms=check.duration_ms,
        facts=freeze(check.facts),
    )


def require_new(path: str | None) -> None:
    """Raise CommandError "evidence-exists" where a file would be overwritten: before the card is read, not after."""
    if path is not None and os.path.lexists(path):
        raise CommandError("evidence-exists", usage=True, file=path)


def write_evidence(path: str, proven: Proven, recorder: Recorder, desk: ChipDesk, trust: TrustStore) -> bool:
    """Write the evidence of a read into a new file that only its owner may read; False when there is none.

    Raises CommandError "evidence-exists", "cannot-write".
    """
    evidence = evidence_of_read(
        proven,
        recorder,
        steps=desk.steps,
        challenges=desk.challenges,
        training=trust.training,
        read_at=datetime.now(UTC),
    )
    if evidence is None:
        return False
    write_private(path, export(evidence))
    return True


def write_private(path: str, octets: bytes) -> None:
    """Write a new file with mode 0600, whole or not at all. Raises CommandError "evidence-exists", "cannot-write"."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise CommandError("evidence-exists", usage=True, file=path) from None
    except OSError:
        raise CommandError("cannot-write", file=path) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            Path(path).unlink()
        raise CommandError("cannot-write", file=path) from None
