"""How results look: as JSON objects and as lines for a person."""

from collections.abc import Iterable, Mapping
from typing import Any

from proctor.attempt import AttemptResult
from proctor.checks import CheckName
from proctor.texts import Texts, load_texts
from readers.emrtd.evidence import ConsistentChip
from readers.emrtd.steps import Step
from sessions.record import Check, Outcome


def checks_json(checks: Mapping[CheckName, Check]) -> dict[str, Any]:
    """Every check by name."""
    return {
        name.value: {
            "outcome": check.outcome.value,
            "code": check.code,
            "duration_ms": check.duration_ms,
            "facts": dict(check.facts),
        }
        for name, check in checks.items()
    }


def reason_json(code: str, facts: Mapping[str, str | int] | None = None) -> dict[str, str]:
    """One reason with its Vietnamese and English text."""
    return {"code": code, **{lang: load_texts(lang).say(code, **(facts or {})) for lang in ("vi", "en")}}


def reasons_json(codes: Iterable[str], checks: Mapping[CheckName, Check]) -> list[dict[str, str]]:
    """Reasons in order, each with the facts of the check it came from."""
    facts = {check.code: check.facts for check in checks.values()}
    return [reason_json(code, facts.get(code)) for code in codes]


def check_lines(checks: Mapping[CheckName, Check], texts: Texts) -> list[str]:
    """One line for each check that ran or was due."""
    lines = []
    for name, check in checks.items():
        if check.outcome is Outcome.NOT_PERFORMED and check.code in {"not-reached", "not-available"}:
            detail = ""
        elif check.outcome is Outcome.PASSED:
            detail = f"{check.duration_ms} ms"
        else:
            detail = texts.say(check.code, **check.facts)
        label, outcome = texts.say(f"check.{name}"), texts.say(f"outcome.{check.outcome}")
        lines.append(f"  {label}: {outcome}" + (f" ({detail})" if detail else ""))
    return lines


def step_line(step: Step, texts: Texts) -> str:
    """One step of a chip read in one line: what it was, how it ended, what it took."""
    ended = texts.say(f"outcome.{step.outcome}")
    if step.code:
        ended += f": {_step_reason(step.code, texts)}"
    return f"    {step.name:14} {step.duration_ms:6} ms {step.octets:7} B {step.apdus:4} APDU  {ended}"


def _step_reason(code: str, texts: Texts) -> str:
    """The shortest text there is; the code itself for the rest, which the lines above explain."""
    for key in (f"step.{code}", f"sheet.reason.{code}"):
        if key in texts:
            return texts[key]
    return code


def warnings_json(checks: Mapping[CheckName, Check]) -> list[dict[str, str]]:
    """What did not agree and decides nothing: codes of the cross-checks with their texts."""
    codes = str(checks[CheckName.CROSS_CHECK].facts.get("warnings", "")).split()
    return [reason_json(code) for code in codes]


def attempt_json(result: AttemptResult, *, training: bool) -> dict[str, Any]:
    """The result of `check-in`; a verdict that is not recorded is not shown."""
    reasons = reasons_json(result.decision.reasons, result.checks)
    if result.store_error is not None:
        why = {lang: load_texts(lang).say(result.store_error) for lang in ("vi", "en")}
        texts = {lang: load_texts(lang).say("record-not-written", why=why[lang]) for lang in why}
        reasons = [{"code": result.store_error, **texts}, *reasons]
    entry = None
    if result.receipt is not None:
        entry = {"seq": result.receipt.seq, "size": result.receipt.size, "root": result.receipt.root.hex()}
    return {
        "verdict": result.verdict.value,
        "chip_verdict": result.decision.chip.value,
        "reasons": reasons,
        "warnings": warnings_json(result.checks),
        "checks": checks_json(result.checks),
        "attempt": result.attempt_id,
        "session": result.session_id,
        "candidate": result.sbd,
        "entry": entry,
        "times_ms": {"total": result.total_ms},
        "training": training,
    }


def attempt_lines(result: AttemptResult, data: Mapping[str, Any], texts: Texts) -> list[str]:
    """The same for a person at a terminal: verdict first."""
    lines = [
        f"{result.verdict.value}: {texts.say(f'verdict.{result.verdict}')}",
        f"  {texts.say(f'chip-verdict.{result.decision.chip}')}",
    ]
    lines += [f"  - {reason[texts.language]}" for reason in data["reasons"]]
    if data["warnings"]:
        lines += [texts.say("warnings"), *(f"  ! {row[texts.language]}" for row in data["warnings"])]
    lines += check_lines(result.checks, texts)
    if result.receipt is not None:
        lines.append(texts.say("result.entry", seq=result.receipt.seq, root=result.receipt.root.hex()))
    return lines


def holder_json(chip: ConsistentChip) -> dict[str, Any]:
    """Whom the chip's hashed data names."""
    holder = chip.holder
    return {
        "number": holder.id_number,
        "name": holder.display_name,
        "birth": holder.birth.iso,
        "sex": holder.sex,
        "expiry": None if holder.expiry is None else holder.expiry.isoformat(),
        "document_number": holder.document_number,
        "portrait": {"format": chip.portrait.format, "bytes": len(chip.portrait.image)},
    }
