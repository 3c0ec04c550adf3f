"""One attempt, from the first check to the committed entry. The verdict leaves this module only once it is recorded."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from proctor.challenge import Challenge
from proctor.checks import CheckName, ChipVerdict
from proctor.pipeline import Proven, Station, check_in
from proctor.policy import Decision, decide
from proctor.recorder import INTERRUPTED, Recorder
from sessions.errors import StoreError
from sessions.record import AttemptRecord, Check, Clock, Operator, Verdict
from sessions.session import Session
from sessions.store import Receipt, Store

OnCheck = Callable[[CheckName, Check], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """What may be shown. `receipt` None: not recorded, and `verdict` does not show the decision."""

    attempt_id: str
    session_id: str
    sbd: str | None
    decision: Decision
    checks: Mapping[CheckName, Check]
    receipt: Receipt | None
    store_error: str | None
    total_ms: int

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped the attempt; it is recorded with what it had."""
        return any(check.code == INTERRUPTED for check in self.checks.values())

    @property
    def verdict(self) -> Verdict:
        """The verdict to show: an attempt without an entry goes to a person."""
        return self.decision.verdict if self.receipt is not None else Verdict.REFER


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptContext:
    """What an attempt is entered under. `checkpoint_size`: of the tree head in this attempt's challenge;
    `purpose`, `room` as in `AttemptRecord`; `restarts`: how often the face process had to be replaced since it began.
    """

    store: Store
    session: Session
    operator: Operator
    clock: Clock
    trust: Mapping[str, str | int]
    checkpoint_size: int
    purpose: str = "check-in"
    room: str = ""
    restarts: Callable[[], int] = lambda: 0


def new_attempt_id() -> str:
    """Return a fresh attempt id; made before the first check, so that a crash cannot make two of one."""
    return str(uuid.uuid4())


def run_attempt(
    station: Station, context: AttemptContext, *, attempt_id: str, on_check: OnCheck | None = None
) -> AttemptResult:
    """Run the pipeline of an attempt whose beginning is in the log, decide, and commit one entry."""
    begun, started = context.clock.now(), monotonic()
    recorder = Recorder(now=lambda: datetime.now(UTC), on_check=on_check)
    proven = check_in(station, recorder)
    checks = recorder.checks
    rules = context.session.rules
    decision = decide(
        checks,
        required=rules.required,
        refuse_on_failed=rules.refuse_on_failed,
        chip_at_best=rules.chip_at_best,
    )
    sbd, source = _candidate(proven, station)
    record = AttemptRecord(
        attempt_id=attempt_id,
        session_id=context.session.session_id,
        component=context.session.component,
        verdict=decision.verdict,
        reasons=decision.reasons,
        checks={name.value: check for name, check in checks.items()},
        chip_verdict=decision.chip.value,
        method="chip-face",
        operator=context.operator,
        moment=begun,
        rules_sha256=rules.sha256,
        roster_hash=context.session.roster_hash,
        sbd=sbd,
        trust=context.trust,
        facts={
            "sbd_source": source,
            "aa_checkpoint_size": context.checkpoint_size,
            "face_restarts": context.restarts(),
        },
        purpose=context.purpose,
        place=context.room,
    )
    receipt, store_error = _commit(
        context.store, record, evidence_of(proven, decision.chip, station.card.challenges)
    )
    return AttemptResult(
        attempt_id=attempt_id,
        session_id=record.session_id,
        sbd=record.sbd,
        decision=decision,
        checks=checks,
        receipt=receipt,
        store_error=store_error,
        total_ms=round((monotonic() - started) * 1000),
    )


def not_begun(session: Session, attempt_id: str, error: StoreError) -> AttemptResult:
    """Return the result of an attempt that was not begun, since its beginning could not be recorded: nothing was
    read, nobody was looked at, and a person decides."""
    recorder = Recorder(now=lambda: datetime.now(UTC))
    recorder.end(error.code)
    return AttemptResult(
        attempt_id=attempt_id,
        session_id=session.session_id,
        sbd=None,
        decision=Decision(verdict=Verdict.REFER, reasons=(), chip=ChipVerdict.UNREADABLE),
        checks=recorder.checks,
        receipt=None,
        store_error=error.code,
        total_ms=0,
    )


def _candidate(proven: Proven, station: Station) -> tuple[str | None, str]:
    """Return whose attempt this is, and how we know: by the chip, or only by the QR code or number that was given.

    A candidate whose chip fails stands on the sheet by that claim. No claim ever admits: `roster` asks the chip.
    """
    if proven.seat is not None:
        return proven.seat.sbd, "chip"
    claimed = station.roster.claimed_seat(station.card.claimed)
    return (None, "none") if claimed is None else (claimed.sbd, "claim")


def _commit(
    store: Store, record: AttemptRecord, evidence: Mapping[str, bytes]
) -> tuple[Receipt | None, str | None]:
    """Commit; a store that takes nothing has kept the attempt aside, and the verdict is not shown."""
    try:
        return store.append_attempt(record, evidence), None
    except StoreError as error:
        return None, error.code


def evidence_of(
    proven: Proven, chip: ChipVerdict, challenges: tuple[Challenge, ...] = ()
) -> dict[str, bytes]:
    """Return what a person needs to judge again: identity and portraits, for the encrypted evidence only.

    The chip's signatures are identity data too: they name the chip for its whole life. A chip portrait is kept only
    from a chip whose hashes were good; otherwise it may be anything. Of somebody who refuses pictures none is kept.
    """
    evidence: dict[str, bytes] = {}
    identity: dict[str, object] = {}
    if proven.present is not None and proven.present.number is not None:
        identity["asked_number"] = proven.present.number.value
    if proven.holder is not None and chip is not ChipVerdict.ALTERED:
        holder = proven.holder.holder
        identity |= {
            "number": holder.id_number,
            "name": holder.display_name,
            "birth": holder.birth.iso,
            "sex": holder.sex,
            "expiry": "" if holder.expiry is None else holder.expiry.isoformat(),
        }
        if proven.asked is not None:
            evidence["chip-portrait"] = proven.holder.portrait.image
    if challenges:
        identity["aa"] = _active_proofs(proven, challenges)
    if identity:
        evidence["identity"] = json.dumps(identity, ensure_ascii=False, sort_keys=True).encode()
    if proven.live is not None:
        evidence["live-portrait"] = proven.live.evidence_jpeg
    further = {"template": proven.template, "frames": proven.frames}
    return evidence | {name: data for name, data in further.items() if data is not None}


def _active_proofs(proven: Proven, challenges: tuple[Challenge, ...]) -> list[dict[str, str]]:
    """Every challenge with the 32 octets and the tree root it was made of, and the chip's answer where it was good."""
    proofs = () if proven.raw is None else proven.raw.genuine.active_proofs
    answers = {proof.challenge: proof.signature.hex() for proof in proofs}
    return [
        {"random": made.random.hex(), "root": made.root.hex(), "signature": answers.get(made.value, "")}
        for made in challenges
    ]
