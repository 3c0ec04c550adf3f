"""`proctor chip verify`: the evidence of a read, verified again without the card."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from proctor.checks import CheckName, ChipVerdict
from proctor.commands.context import Context
from proctor.commands.show import holder_json, reason_json
from proctor.commands.trust_log import tell_log
from proctor.errors import CommandError
from proctor.files import read_file
from proctor.policy import chip_verdict
from proctor.roots import ensure_training_root
from proctor.softcards import open_workshop
from proctor.trusting import NOT_KEPT, real_trust
from readers.emrtd.evidence_check import NAMES, NOT_REACHED, Finding, Verified, verify_evidence
from readers.emrtd.evidence_file import MAX_OCTETS, ROOT_OCTETS, Evidence, read_evidence
from readers.emrtd.pki.store import TrustStore
from readers.errors import EvidenceFileError
from sessions.record import Check, Outcome

C = CheckName
BAD_FILE = 2
_LIMITS = ("evidence-says-station", "evidence-says-time")
_TRAINING = "evidence-says-training"
_ABOUT_ALL = ("whole", "time")
_ABOUT_PROOF = ("aa", "aa-challenge", "cam", "claims")
_ABOUT_TRUST = ("pa-trusted-now", "pa-trusted-then")


def verify(context: Context) -> int:
    """Verify an evidence file. Exit 0 when the chip is genuine as far as that can be shown again, 2 for a bad file."""
    options = context.options
    checkpoints = frozenset(_root_of(text) for text in options.checkpoint or ())
    try:
        evidence = read_evidence(read_file(options.file, MAX_OCTETS))
    except CommandError as error:
        context.fail(error)
        return BAD_FILE
    except EvidenceFileError as error:
        context.fail(CommandError.of(error.code, error.facts))
        return BAD_FILE
    at = datetime.now(UTC)
    trust, log = trust_of(context)
    verified = verify_evidence(evidence, trust, at, checkpoints=checkpoints)
    verdict = chip_verdict(as_checks(verified, at))
    _show(context, evidence, verified, verdict, log)
    return 0 if verdict is ChipVerdict.GENUINE else 1


def trust_of(context: Context) -> tuple[TrustStore, str]:
    """Return this machine's trust store, or one that trusts nobody where there is none; and whether it was compared
    with the log."""
    if context.options.training:
        root = ensure_training_root(context.places.training)
        return open_workshop(root, root.unlock())[1], NOT_KEPT
    trust, log = real_trust(context.places)
    return trust, tell_log(context, log)


def _root_of(text: str) -> bytes:
    """A checkpoint's root as it is printed (hexadecimal) or as a note has it (base64)."""
    try:
        root = bytes.fromhex(text) if len(text) == 2 * ROOT_OCTETS else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        root = b""
    if len(root) != ROOT_OCTETS:
        raise CommandError("checkpoint-invalid", usage=True)
    return root


def as_checks(verified: Verified, at: datetime) -> Mapping[CheckName, Check]:
    """Return the findings as the checks of a read, so that one table of verdicts serves both.

    Only what convinces somebody who was not there counts: Chip Authentication, PACE and the mapping do not.
    """
    findings = verified.findings
    unmade = Finding(name="", outcome="not-performed", code=NOT_REACHED)
    good = Finding(name="", outcome="passed", code="ok")
    rows = dict.fromkeys(CheckName, unmade)
    rows |= {
        C.CARD_ACCESS: good,
        C.CHIP_OPEN: _worst(findings, _ABOUT_ALL, "whole"),
        C.PA_KEYS: findings["pa-keys"],
        C.CHIP_GENUINE: _worst(findings, _ABOUT_PROOF, "aa"),
        C.CHIP_READ: good,
        C.PA_CONSISTENT: findings["pa-consistent"],
        C.PA_TRUSTED: _worst(findings, _ABOUT_TRUST, "pa-trusted-now"),
    }
    return MappingProxyType({name: _as_check(finding, at) for name, finding in rows.items()})


def _worst(findings: Mapping[str, Finding], names: tuple[str, ...], leading: str) -> Finding:
    """The first that failed, else the one that decides."""
    failed = (findings[name] for name in names if findings[name].outcome == Outcome.FAILED)
    return next(failed, findings[leading])


def _as_check(finding: Finding, at: datetime) -> Check:
    return Check(
        outcome=Outcome(finding.outcome),
        code=finding.code,
        started_at=at,
        duration_ms=0,
        facts=finding.facts,
    )


def _show(context: Context, evidence: Evidence, verified: Verified, verdict: ChipVerdict, log: str) -> None:
    texts, findings = context.texts, verified.findings
    spoken = (Outcome.FAILED, Outcome.INDETERMINATE)
    bad = [found for found in findings.values() if found.outcome in spoken or _leaves_unproven(found)]
    reasons = [reason_json(found.code, found.facts) for found in bad]
    says = [reason_json(code) for code in (*([_TRAINING] if evidence.training else []), *_LIMITS)]
    data: dict[str, Any] = {
        "verdict": verdict.value,
        "reasons": reasons,
        "checks": {
            name: {"outcome": found.outcome, "code": found.code, "facts": dict(found.facts)}
            for name, found in findings.items()
        },
        "says": says,
        "station": station_json(evidence),
        "training": context.options.training,
        "log": log,
    }
    lines = [f"{verdict.value}: {texts.say(f'chip-verdict.{verdict}')}"]
    lines += [f"  - {reason[texts.language]}" for reason in reasons]
    lines += [_line(context, findings[name]) for name in NAMES]
    lines.append(
        texts.say(
            "result.evidence",
            at=data["station"]["read_at"],
            verdict=evidence.verdict,
            not_done=", ".join(evidence.not_done) or "—",
        )
    )
    lines += [f"  ! {row[texts.language]}" for row in says]
    if context.options.show_holder and verified.chip is not None:
        data["holder"] = holder_json(verified.chip)
        lines += [f"  {name}: {value}" for name, value in data["holder"].items()]
    context.result(data, tuple(lines))


def _leaves_unproven(found: Finding) -> bool:
    """Whether the chip's own signed answer is missing: without it nobody can tell the chip from a copy again."""
    return found.name == "aa" and found.outcome == Outcome.NOT_PERFORMED and found.code != NOT_REACHED


def _line(context: Context, finding: Finding) -> str:
    texts = context.texts
    label, outcome = texts.say(f"evidence-check.{finding.name}"), texts.say(f"outcome.{finding.outcome}")
    silent = finding.outcome == Outcome.PASSED or finding.code == NOT_REACHED
    return f"  {label}: {outcome}" + ("" if silent else f" ({texts.say(finding.code, **finding.facts)})")


def station_json(evidence: Evidence) -> dict[str, Any]:
    """What the file says that its station saw and did, and what it did not do. Nobody else can vouch for it."""
    return {
        "read_at": evidence.read_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "program": evidence.program,
        "reader_kind": evidence.reader_kind,
        "training": evidence.training,
        "verdict": evidence.verdict,
        "proven_by": evidence.proven_by,
        "access": {
            "protocol": evidence.access.protocol,
            "password": evidence.access.password,
            "card_access": evidence.access.card_access,
        },
        "not_done": list(evidence.not_done),
        "checks": {
            row.name: {"outcome": row.outcome, "code": row.code, "duration_ms": row.duration_ms}
            for row in evidence.checks
        },
        "steps": [
            {"name": step.name, "outcome": step.outcome, "code": step.code, "duration_ms": step.duration_ms}
            for step in evidence.steps
        ],
    }
